"""Whether an escalation ends in a silence when it is led through its life: the judge of what the linter says.

It asks nothing of the linter: the rules run forward in a world in which nobody answers, or only one person does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from escalation.model import commands as c
from escalation.model import events as e
from escalation.people.directory import Directory
from escalation.people.search import Search
from escalation.playbook.schema import Playbook
from escalation.values import Actor
from tests.domain.builders import Life

CHANNELS = ("inbox", "webhook")
"""What is connected in the world of these lives."""
PATIENCE = timedelta(days=30)
"""Who waits so long for somebody's working hours is never told."""
STEPS = 80


def reachable(directory: Directory, people: Sequence[Actor]) -> list[Actor]:
    """Return those of some people who have a contact point on a connected channel."""
    found = ((actor, directory.person(actor)) for actor in people)
    return [actor for actor, person in found if person and any(each.channel in CHANNELS for each in person.contacts)]


def unanswered(playbook: Playbook, directory: Directory, at: datetime) -> bool:
    """Tell whether at an instant nobody is found whom the playbook calls in every case: at its end, or accountable."""
    always = (playbook.levels[-1].last_resort, *(row.accountable for row in playbook.raci.values()), playbook.owner)
    asked = [target for target in dict.fromkeys(always) if target is not None]
    found = (directory.find(Search(targets=(target,), fallback=playbook.owner), at).people for target in asked)
    return any(not reachable(directory, [each.person for each in people]) for people in found)


def silences(playbook: Playbook, directory: Directory, at: datetime, opening: dict[str, Any]) -> Iterator[str]:
    """Yield how an escalation that is opened at an instant ends in a silence, if it does, each with who had taken it.

    Once with nobody who answers, up to the last resort; once for each of some who were called then, who takes it.
    """
    life = _opened(playbook, directory, at, opening)
    _climb(life)
    yield from _heard_of(life)
    if any(gate.before != "assignment" for gate in playbook.gates):
        for person in _called(life):
            life = _opened(playbook, directory, at, opening)
            _climb(life, to=person)
            if life.state.rung is not None and person in life.state.rung.people:
                life.send(c.Acknowledge(by=person))
                _wait_for_deputies(life)
                yield from (f"{said}, {person} has it" for said in _heard_of(life))


def _opened(playbook: Playbook, directory: Directory, at: datetime, opening: dict[str, Any]) -> Life:
    everybody = [person.actor for person in directory.people]
    mute = tuple(actor for actor in everybody if not reachable(directory, [actor]))
    life = Life(playbook, directory=directory, now=at, unreachable=mute)
    life.open(**opening)
    return life


def _called(life: Life) -> list[Actor]:
    """Return the first and the last who were called."""
    found = [each.found.people for each in life.all(e.PeopleResolved) if each.purpose.startswith("rung:")]
    people = list(dict.fromkeys(each.person for several in found for each in several))
    return list(dict.fromkeys((*people[:2], *people[-1:])))


def _climb(life: Life, to: Actor | None = None) -> None:
    """Let time pass until somebody is called; the last resort was called twice; there is nothing more to wait for."""
    for _ in range(STEPS):
        if to is not None and life.state.rung is not None and to in life.state.rung.people:
            return
        if life.state.ended or life.now - (life.state.opened_at or life.now) > PATIENCE:
            return
        if sum(each.last_resort for each in life.all(e.RungOpened)) > 1:
            return
        life.next()


def _wait_for_deputies(life: Life) -> None:
    for _ in range(STEPS):
        gates = life.state.pending_gates
        policies = [life.state.playbook.gate(gate.id) for gate in gates]
        left = [p for g, p in zip(gates, policies, strict=True) if p and g.deputies_asked < len(p.deputies)]
        if not any(policy.on_expiry == "next_deputy" for policy in left):
            return
        life.next()


def _heard_of(life: Life) -> Iterator[str]:
    """Yield the rounds and approvals for which nobody was found who can be reached, and what goes on for ever."""
    rounds: dict[str, list[Actor]] = {}
    gates: dict[str, list[Actor]] = {}
    for event in life.all(e.PeopleResolved):
        kind, _, about = event.purpose.partition(":")
        found = reachable(life.directory, [each.person for each in event.found.people])
        if kind == "rung":
            rounds.setdefault(about, []).extend(found)
        elif kind == "gate":
            gates.setdefault(about.split("/")[0], []).extend(() if event.found.fell_back else found)
    yield from (f"nobody was found for round {about}" for about, found in rounds.items() if not found)
    yield from (f"nobody can decide {about}" for about, found in gates.items() if not found)
    state = life.state
    if not state.ended and state.level is not None and state.owner is None and state.rung is None:
        yield f"nobody is called any more at {state.level.id}"
    yield from _waited_for_ever(life)


def _waited_for_ever(life: Life) -> Iterator[str]:
    """Yield the rounds whose people were all to be told when their hours begin, and these did not."""
    held = {event.rung for event in life.all(e.PagesHeld)}
    told: dict[str | None, datetime] = {}
    for event in life.all(e.MessageDelivered):
        told.setdefault(event.rung, event.at)
    over = {before.rung: after.at for before, after in pairwise(life.all(e.RungOpened))}
    for opened in life.all(e.RungOpened):
        until = told.get(opened.rung) or over.get(opened.rung) or life.now
        if opened.rung in held and until - opened.at > PATIENCE:
            yield f"round {opened.rung} waits for hours that do not begin"
