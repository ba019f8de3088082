"""What channels share: the command that answers, how to see the whole of a text, the page of an escalation."""

from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field, StringConstraints

from activities.notify.phrases import phrases
from escalation.model.actions import Notify, Offer

_FLAGS: Final = {"true": "--{}", "false": "--not-{}"}

EscalationPage = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s{}]+\{escalation\}[^\s{}]*$", max_length=500),
    Field(examples=["https://board.example.org/{escalation}"]),
]
"""Address of an escalation's page, with ``{escalation}`` where its id stands."""


def page_of(page: EscalationPage | None, escalation: str) -> str | None:
    """Return the address of an escalation's page; None where there is none."""
    return page.replace("{escalation}", quote(escalation, safe="")) if page and escalation else None


def whole(message: Notify) -> str:
    """Say in the message's language how to see what had to be cut; nothing for a message of no escalation."""
    if not message.escalation:
        return ""
    return phrases(message.locale).shortened.format(command=f"escalate show {message.escalation}")


def for_whom(message: Notify) -> Notify:
    """Return a message that says for whom it is, where others read it too; unchanged where it is for them all."""
    if not message.to_name:
        return message
    return message.changed({"body": f"{phrases(message.locale).for_whom.format(name=message.to_name)}\n{message.body}"})


def command(message: Notify, offer: Offer) -> str:
    """Write an offer as the command that answers it; what the receiver must say themselves is ``'...'``."""
    words = ["escalate", offer.command, message.escalation, f"--by {message.to}"]
    for name, value in offer.arguments.items():
        flag = name.replace("_", "-")
        words.append(_FLAGS[value].format(flag) if value in _FLAGS else f"--{flag} {value}")
    return " ".join([*words, *(f"--{name.replace('_', '-')} '...'" for name in offer.needs)])
