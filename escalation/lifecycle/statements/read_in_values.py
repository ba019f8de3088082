"""Where it stands for whoever comes later, as values: the same as ``read_in_words`` writes, as bounded."""

from typing import Any, Final

from escalation.lifecycle import grounds
from escalation.model.communication import Communication
from escalation.model.state import Escalation

MOST: Final = 10
"""How many entries of one kind it has."""
LONGEST: Final = 300
"""How much of somebody's own words it repeats."""


def brief_values(state: Escalation) -> dict[str, Any]:
    """Return what was decided, what is open, what was said last, and who does what."""
    talk, resolution = state.communication or Communication(), state.resolution
    lists: dict[str, list[Any]] = {
        "gates": [
            {"gate": gate.id, "state": gate.state, "because": grounds.again(_short(gate.because), gate.grounds)}
            for gate in state.gates.values()
            if gate.state not in ("pending", "voided")
        ],
        "skipped": [{"what": used.skipped, "by": used.by, "because": _short(used.because)} for used in state.bypasses],
        "milestones": [{"name": name, "at": reached.reached_at} for name, reached in talk.milestones.items()],
        "missing": list(state.missing),
        "pending": [{"gate": gate.id, "due": gate.due, "people": gate.people} for gate in state.pending_gates],
        "steps": [
            {"item": item.id, "owner": item.owner, "due": item.due, "title": _short(item.title)}
            for item in sorted(state.open_items, key=lambda item: item.due)
        ],
        "said": _said(state, talk),
        "speakers": list(talk.communicators),
        "others": [actor for actor in state.people if actor != state.accountable],
    }
    short: dict[str, Any] = {name: entries[:MOST] for name, entries in lists.items()}
    return grounds.plain(
        {
            **short,
            "more": sum(max(0, len(entries) - MOST) for entries in lists.values()),
            "resolution": _short(resolution.text) if resolution is not None else "",
            "resolution_by": resolution.by if resolution is not None else "",
            "resolution_state": resolution.state if resolution is not None else "",
            "hold_until": state.hold.until if state.hold is not None else "",
            "hold_because": _short(state.hold.because) if state.hold is not None else "",
        }
    )


def _said(state: Escalation, talk: Communication) -> list[dict[str, Any]]:
    policy = state.playbook.communication
    return [
        {
            "audience": audience,
            "version": said.version,
            "at": said.at,
            "by": said.by,
            "drafted_by": said.drafted_by,
            "text": _short(said.text),
        }
        for audience, said in sorted(talk.updates.items(), key=lambda known: -known[1].seq)
        if policy is not None and not policy.for_customers(audience)
    ]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
