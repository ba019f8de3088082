"""A message as e-mail: headers, the words as plain text, and the same as a page (RFC 5322, 2046, 3834).

Two ids hold everything together, and both are derived, so that every worker makes the same ones and nothing is kept.
The message's own is made of its key: whatever sees it twice can tell. The thread's is made of the escalation and the
receiver: every message names it as its parent. No message bears it. Were the first one to bear it, two that are on
their way at the same time would have the same id, and one of them be taken for a repetition of the other. Gmail counts
that too, where the subjects are alike ("Threading changes in Gmail conversation view", Workspace Updates, 2019).
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from activities.answer_links import AnswerLinks
from activities.notify.answer_buttons import linked
from activities.notify.email.config import EmailConfig, mailbox, split_address
from activities.notify.email.headers import policy
from activities.notify.email.page import page_of
from activities.notify.email.server import Envelope
from activities.notify.languages import SUBJECT, shorten
from activities.notify.texts import whole
from escalation.errors import RemoteRefused
from escalation.model.actions import Notify
from escalation.values import digest_of

MOST_TEXT: Final = 30_000
"""Characters of a message's words; some readers show no more than about 100 kB of a page."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_POLICY: Final = policy()


def message_id(key: str, domain: str) -> str:
    """Return the id of the message with this key."""
    return f"<{digest_of(key)}@{domain}>"


def thread_id(message: Notify, domain: str) -> str:
    """Return the id that all messages of one escalation to one receiver name as their parent."""
    return f"<{digest_of(f'{message.escalation} {message.to}')}.thread@{domain}>"


def compose(message: Notify, address: str, config: EmailConfig, links: AnswerLinks | None, now: datetime) -> Envelope:
    """Make the e-mail, and say who hands it to whom.

    Raises:
        RemoteRefused: the contact point is no e-mail address; it is not repeated.
    """
    split = split_address(address)
    if split is None:
        raise RemoteRefused(f"the contact point of {message.to} is no e-mail address")
    sender, to = mailbox(config.sender), Address("", *split)
    beyond_ascii = not to.username.isascii()
    subject, text = shorten(_printable(message.subject), SUBJECT), _text(message)
    mail = EmailMessage(policy=_POLICY.clone(utf8=True) if beyond_ascii else _POLICY)
    mail["From"] = sender
    mail["To"] = to
    if config.reply_to is not None:
        mail["Reply-To"] = mailbox(config.reply_to)
    mail["Subject"] = subject
    mail["Date"] = now
    mail["Message-ID"] = message_id(message.key, sender.domain)
    if message.escalation:
        parent = thread_id(message, sender.domain)
        mail["In-Reply-To"] = parent
        mail["References"] = parent
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail["X-Escalation-Kind"] = str(message.kind)
    if message.urgent:
        mail["Importance"] = "high"
    mail.set_content(text, cte="quoted-printable")
    page = page_of(subject, text, message.locale, linked(message, links, now))
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    return Envelope(sender.addr_spec, to.addr_spec, mail.as_bytes(), utf8=beyond_ascii)


def _text(message: Notify) -> str:
    """Return the message's words as they are, but for what no mail may carry, and for their length."""
    text = _printable(message.body)
    if len(text) <= MOST_TEXT:
        return text
    kept = text[:MOST_TEXT].rpartition("\n")[0] or text[:MOST_TEXT]
    return f"{kept} …\n\n{whole(message)}".rstrip()


def _printable(text: str) -> str:
    """Leave out control characters and halves of characters; lines end in one way."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines)
