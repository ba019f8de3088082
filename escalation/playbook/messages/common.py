"""What messages have in common: the values of the escalation, its packet, where it stands, and who was found."""

from typing import Final, NamedTuple

PACKET: Final = "packet"
"""Part that writes the context packet, for messages that have the value of this name."""
WHERE: Final = "where"
"""Part that says where it stands, for messages that have the value of this name."""
PARTS: Final = {PACKET: PACKET, "background": PACKET, WHERE: WHERE}
"""Every part, and the value that a message needs for it; ``background`` is the packet without what is asked."""

COMMON: Final = {
    "id": "the escalation",
    "severity": "its severity, as the playbook names it",
    "about": "what it is about, in one line",
}
PACKET_VALUES: Final = {
    "packet": "the context packet",
    "packet.help_needed": "what is asked",
    "packet.customer": "whom it is about: name, tier; empty where nobody is named",
    "packet.case": "the case in the outside system: system, id, url",
    "packet.ticket": "its ticket: number, url; empty while none is known, or where the case is the ticket",
    "packet.reasons": "list of trigger, because, in_words (because, where the playbook has words for it and not "
    "only a condition), facts (list of name=value), words (what was said)",
    "packet.summary": "the summary",
    "packet.impact": "the impact",
    "packet.constraints": "the constraints",
    "packet.brought": "facts that the case must bring along: list of name, about (as the playbook says), value",
    "packet.tried": "what was tried: list of what and result",
    "packet.turns": "how many turns the conversation has",
    "packet.last_by": "who wrote its last one",
    "packet.last_text": "what they wrote",
    "packet.due": "the case's own due instant",
    "packet.crm": "what the CRM knew: tier, company, open_tickets, at (when asked); empty: nothing yet",
    "packet.missing": "parts that are missing",
    "packet.exception": "why it was sent incomplete",
    "packet.incident": "the incident: since, because, period, period_ends; number (of its update), at, by, happened, "
    "affected, urgent, recording; first (list of what comes first), first_by. Empty while none is declared",
    "packet.repeat": "true when an escalation with the same key was closed before",
}
WHERE_VALUES: Final = {
    "where": "where it stands",
    "where.status": "the status, as the playbook names it",
    "where.level": "the level",
    "where.accountable": "who answers for it",
    "where.called": "list of who is being called",
    "where.lowering": "the milder severity that waits for its approval",
    "where.incident": "since when it is an incident",
    "where.ended": "true when it has ended",
    "where.outcome": "how it ended",
    "where.because": "why it ended so",
    "where.stage": "the engine's word for the stage",
    "where.waiting_on": "the engine's word for whose move it is",
}
FOUND: Final = {
    "fell_back": "true when nobody else could be found",
    "notes": "list of what could not be found, in English",
}


class Message(NamedTuple):
    """One message."""

    about: str
    values: dict[str, str]
    """Name to meaning; ``a.b`` is the part ``b`` of ``a``. ``to``, the receiver, is there beside these."""
    of_playbook: bool = True
    """False: it is about escalations of several playbooks, so none can have words of its own for it."""


def staff(about: str, **values: str) -> Message:
    """Return a message to those who work on it."""
    return Message(about, COMMON | values)


def with_packet(about: str, **values: str) -> Message:
    """Return a message that has all that is needed to decide."""
    return Message(about, COMMON | values | PACKET_VALUES)


def news(about: str, **values: str) -> Message:
    """Return one sentence about an escalation, and where it stands."""
    return Message(about, COMMON | values | WHERE_VALUES)


BECAUSE: Final = "why"
