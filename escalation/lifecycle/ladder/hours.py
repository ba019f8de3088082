"""Working hours of people: a page that can wait does so until they begin, and is then decided anew.

The playbook says at which severities pages wait (``waits_for_hours``), the directory when a person works. Who is told
at once, because their hours are open or they have none, is told at once; the others when theirs begin, if nobody has
taken it by then. Whoever should be told is looked up again at that instant: the shift may have passed on meanwhile.
They are told then even if they do not work themselves: a rotation that always hands over to people who sleep must not
hold a page for ever.
"""

from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import paths
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import ENGINE


def can_wait(state: Escalation) -> bool:
    """Tell whether pages at its severity wait for working hours."""
    return state.playbook.severity.scale[state.severity_rank].waits_for_hours


def fresh(state: Escalation, found: People) -> People:
    """Leave out whom the open round has called already, or calls when their hours begin."""
    called = state.rung.people if state.rung is not None else ()
    return found.changed({"people": tuple(each for each in found.people if each.person not in called)})


def hold(draft: Draft, found: People) -> None:
    """Keep back the pages of those who do not work now, where the severity can wait.

    When that is everybody, the round waits for them: its time to answer, and the time at the level, begin with the
    first one's hours.
    """
    state = draft.state
    rung, policy, level = state.rung, state.level_policy, state.level
    if rung is None or policy is None or level is None or not can_wait(state):
        return
    until = {each.person: at for each in found.people if (at := each.opens_at) is not None and at > draft.now}
    if not until:
        return
    draft.record(e.PagesHeld, by=ENGINE, rung=rung.id, until=until)
    held = {**rung.held, **until}
    if set(rung.people) <= held.keys():
        begins = min(held.values())
        step = paths.step(state, policy, rung.opened_at)
        draft.record(
            e.RungMoved,
            by=ENGINE,
            rung=rung.id,
            due=step.ack_due(begins),
            was_due=rung.due,
            dwell_due=max(level.dwell_due, step.dwell_due(begins)),
            because="nobody who is called works now, and it can wait",
        )


def begin(draft: Draft) -> None:
    """Somebody's working hours begin: their page is due, if it is still theirs."""
    rung = draft.state.rung
    if rung is not None:
        people = tuple(person for person, at in rung.held.items() if at <= draft.now)
        draft.record(e.PagesReleased, by=ENGINE, rung=rung.id, people=people)
