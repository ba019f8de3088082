"""What a person writes elsewhere for the timeline: a chat command, an e-mail, a record of another system.

Whoever calls this has made sure that it comes from there: signatures of chat systems and senders of e-mails are
verified where they arrive. The author is who the directory, or the intake's ``people``, knows by what is stated.
"""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final

from escalation.errors import RequestRefused
from escalation.intake.payloads import Part, cut, read, read_at, require
from escalation.intake.taken import Finding, Found
from escalation.model.ids import named, named_in
from escalation.model.timeline import EntryKind, Source

SOURCES: Final = {"chat": Source.CHAT, "email": Source.EMAIL, "update": Source.WEB}
_QUOTED: Final = re.compile(r"^(>|-{2,} ?Original Message|_{10,}$|On .{1,300}wrote:$|-- $)")


class Update(Part):
    """What is known of an update; the fields that an intake may say the places of."""

    escalation: str
    """Its id, SOURCE/KEY, or ``team:NAME`` for every open one of that queue."""
    by: str
    """Who wrote it: ``person:ID``, or what the directory or ``people`` knows them by."""
    text: str
    id: str
    """Its id there: the same id again is the same entry."""
    kind: EntryKind | None = None
    link: str = ""


class _Command(Part):
    """A slash command of Slack, or what is sent like one."""

    text: str
    user_id: str
    trigger_id: str


def chat(payload: Any) -> Found:
    """Read a chat command: the first word of its text names the escalation or the queue, the rest is the update."""
    command = read(_Command, payload, "a chat command")
    word, _, words = command.text.strip().partition(" ")
    if not word or not words.strip():
        raise RequestRefused([("text", "expected the escalation and the update, such as: web-7 the batch ran twice")])
    update = Update(escalation=named(word), by=command.user_id, text=words.strip(), id=command.trigger_id)
    return _one("command", update)


def email(raw: bytes) -> Found:
    """Read an e-mail: its subject names the escalation or the queue, its own words above what it quotes are the update.

    Raises:
        RequestRefused: what it lacks.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the policy makes these
    if str(mail.get("Auto-Submitted", "no")).lower() != "no":
        gathered = Finding()
        gathered.pass_over("e-mail", "written by a machine")
        return gathered.found
    there, (_, sender) = named_in(str(mail.get("Subject", ""))), parseaddr(str(mail.get("From", "")))
    identifier = "".join(str(mail.get("Message-ID", "")).split()).strip("<>")
    words = _words(mail)
    require(
        ("Subject", there, "names no escalation; expected its id or [SOURCE/KEY], such as [web/7], or [team:NAME]"),
        ("From", sender, "has no address"),
        ("Message-ID", identifier, "is missing; expected what tells this e-mail from others"),
        ("text", words, "is empty; expected plain text above what is quoted"),
    )
    return _one("e-mail", Update(escalation=there or "", by=sender, text=words, id=identifier))


def record(payload: Any, fields: dict[str, str]) -> Found:
    """Read a JSON record whose fields stand at the places that an intake says, or under their own names."""
    update = read_at(Update, payload, fields, "an update")
    return _one("update", update.changed({"escalation": named(update.escalation)}))


def _one(where: str, update: Update) -> Found:
    gathered = Finding()
    gathered.take(where, update.changed({"text": cut(update.text)}).model_dump())
    return gathered.found


def _words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    try:
        lines = str(body.get_content()).splitlines() if body is not None else []
    except (LookupError, ValueError):  # an encoding that nobody knows
        return ""
    own = []
    for line in lines:
        if _QUOTED.match(line):
            break
        own.append(line)
    return "\n".join(own).strip()
