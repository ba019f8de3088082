"""Where it stands in one message for whoever comes later: decided, open, said last, who does what; always bounded."""

from collections.abc import Iterator

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Words, headline, instant, situation, text
from escalation.lifecycle.statements.read_in_values import brief_values
from escalation.lifecycle.statements.statement_words import by_whom
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.values import Actor

MOST = 10
"""How many lines of one kind it has."""
LONGEST = 300
"""How much of somebody's own words it repeats."""


def joined(state: Escalation, person: Actor) -> Words:
    """Read in whoever has joined the working group: ``people`` says what made them part of it."""
    why = state.people.get(person, "")
    body = f"You are part of {state.id} now ({why}).\n{brief(state)}"
    return _read_in(state, body, because=why, joined=True, reply_due=None, receipt_due=None)


def concerned(state: Escalation, name: str, person: Actor) -> Words:
    """Read in a stakeholder who is concerned later."""
    standing = state.communication.stakeholders[name] if state.communication is not None else None
    why = f" ({standing.because})" if standing is not None else ""
    parts = [f"You are told from now on{why}.", brief(state)]
    if standing is not None and standing.reply_due is not None:
        parts.append(f"Please answer before {instant(standing.reply_due)}.")
        parts.append(f"  escalate reply {state.id} --by {person} --text '...'")
    if standing is not None and standing.receipt_due is not None:
        parts.append(f"Please confirm before {instant(standing.receipt_due)} that you have read this.")
        parts.append(f"  escalate confirm_read {state.id} --by {person}")
    return _read_in(
        state,
        "\n".join(parts),
        because=grounds.again(standing.because, standing.grounds) if standing is not None else "",
        joined=False,
        reply_due=standing.reply_due if standing is not None else None,
        receipt_due=standing.receipt_due if standing is not None else None,
    )


def _read_in(state: Escalation, body: str, **more: object) -> Words:
    said = text(state, "read_in", f"{headline(state)} - where it stands", body, **more)
    return said._replace(values=said.values | values.where(state) | brief_values(state))


def brief(state: Escalation) -> str:
    """Write where it stands, for whoever comes later; for colleagues only."""
    sections = (
        ("Decided", _decided(state)),
        ("Open", _open(state)),
        ("Said last", _said(state)),
        ("Who does what", _who(state)),
    )
    parts = [f"Where it stands: {situation(state)}"]
    for title, lines in sections:
        told = list(lines)
        if told:
            more = [f"  and {len(told) - MOST} more: escalate show {state.id}"] if len(told) > MOST else []
            parts += [f"{title}:", *(f"  - {line}" for line in told[:MOST]), *more]
    return "\n".join(parts)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _decided(state: Escalation) -> Iterator[str]:
    yield f"severity {state.severity}" + (f", critical: {_short(state.critical.because)}" if state.critical else "")
    for gate in state.gates.values():
        if gate.state not in ("pending", "voided"):
            yield f"approval {gate.id}: {gate.state}, {_short(gate.because)}"
    for used in state.bypasses:
        yield f"{used.skipped} skipped by {used.by}: {_short(used.because)}"
    if state.resolution is not None:
        yield f"resolution {state.resolution.state}, by {state.resolution.by}: {_short(state.resolution.text)}"
    talk = state.communication or Communication()
    for name, reached in talk.milestones.items():
        yield f"milestone {name} reached {instant(reached.reached_at)}"


def _open(state: Escalation) -> Iterator[str]:
    if state.hold is not None:
        yield f"on hold until {instant(state.hold.until)}: {_short(state.hold.because)}"
    if state.missing:
        yield f"missing from the packet: {', '.join(state.missing)}"
    for gate in state.pending_gates:
        yield f"approval {gate.id}, until {instant(gate.due)}: {', '.join(gate.people) or 'approvers are looked up'}"
    for item in sorted(state.open_items, key=lambda item: item.due):
        yield f"action item {item.id} of {item.owner}, until {instant(item.due)}: {_short(item.title)}"


def _said(state: Escalation) -> Iterator[str]:
    talk, policy = state.communication or Communication(), state.playbook.communication
    for audience, said in sorted(talk.updates.items(), key=lambda known: -known[1].seq):
        if policy is not None and not policy.for_customers(audience):
            who = by_whom(said.by, said.drafted_by)
            yield f"version {said.version} to {audience}, {instant(said.at)} by {who}: {_short(said.text)}"


def _who(state: Escalation) -> Iterator[str]:
    yield f"accountable: {state.accountable}"
    if state.communication is not None and state.communication.communicators:
        yield f"speaks to the stakeholders: {', '.join(state.communication.communicators[:MOST])}"
    others = [actor for actor in state.people if actor != state.accountable]
    if others:
        more = f" and {len(others) - MOST} more" if len(others) > MOST else ""
        yield f"also part of it: {', '.join(others[:MOST])}{more}"
