"""What follows on the ladder: whom to look for, who hears that it is taken, and how a hand-off ended."""

from collections.abc import Iterator

from escalation.lifecycle.approvals import approval_words as gate_words
from escalation.lifecycle.ladder import ladder_words, powers
from escalation.lifecycle.reactions import ownership
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tell_owner, tells
from escalation.lifecycle.sentences import sentence
from escalation.model import events as e
from escalation.model.actions import Action, FindPeople, MessageKind
from escalation.model.ladder import Rung
from escalation.model.state import Escalation
from escalation.playbook.schema import Stage
from escalation.values import ActorKind, kind_of


def _level_entered(state: Escalation, event: e.LevelEntered) -> Iterator[Action]:
    if state.level is not None and state.level.id == event.level:
        for target in powers.holders(state):
            summary = f"find {target}, who may escalate from {event.level}"
            yield find(state, event, f"{powers.POWER}:{target}", (target,), summary)


def _rung_opened(state: Escalation, event: e.RungOpened) -> Iterator[Action]:
    if state.rung is not None and state.rung.id == event.rung:
        yield _whom_to_page(state, event, state.rung, "rung")


def _pages_released(state: Escalation, event: e.PagesReleased) -> Iterator[Action]:
    if state.rung is not None and state.rung.id == event.rung:
        yield _whom_to_page(state, event, state.rung, "hours")


def _whom_to_page(state: Escalation, event: e.Event, rung: Rung, purpose: str) -> FindPeople:
    return find(
        state,
        event,
        f"{purpose}:{rung.id}",
        rung.targets,
        f"find whom to page: {', '.join(rung.targets)}",
        also=(state.raci.accountable, state.playbook.raci[Stage.RESOLUTION].accountable),
        fallback=rung.otherwise or state.playbook.owner,
        declined=state.declined,
        choose=rung.choose,
        page=True,
        worst=state.severity_rank == 0,
    )


def _feed_failing(state: Escalation, event: e.FeedFailing) -> Iterator[Action]:
    what = sentence("feed_failing", rotation=event.rotation, because=event.because)
    yield tells(state, event, what, (state.playbook.owner,), f"find the playbook's owner: {what}")


def _template_failing(state: Escalation, event: e.TemplateFailing) -> Iterator[Action]:
    what = sentence("template_failing", playbook=state.playbook.playbook, failed=event.template, because=event.because)
    yield tells(state, event, what, (state.playbook.owner,), f"find the playbook's owner: {what}")


def _owner_changed(state: Escalation, event: e.OwnerChanged) -> Iterator[Action]:
    # Whoever still has something to do here is not told that there is nothing to do.
    busy = {event.owner, event.by, *(item.owner for item in state.open_items)}
    busy.update(person for gate in state.pending_gates for person in gate.people)
    for person in (actor for actor in state.told if actor not in busy and kind_of(actor) is ActorKind.PERSON):
        text = ladder_words.taken(state, person)
        yield notify(state, event, person, MessageKind.NEWS, text, summary=f"tell {person} it is taken")
    yield from ownership.taken_by_a_person(state, event)


def _message_delivered(state: Escalation, event: e.MessageDelivered) -> Iterator[Action]:
    # A page that was on its way already when somebody took it: its receiver is told like all who had it before.
    late = event.rung is not None and state.rung is None and not state.ended
    if late and event.to not in owner_of(state):
        text = ladder_words.taken(state, event.to)
        yield notify(state, event, event.to, MessageKind.NEWS, text, summary=f"tell {event.to} it is taken")
    gate = state.question_of(event.key, event.to) if state.gates and state.rules >= 1 and not state.ended else None
    if gate is not None and gate_words.came_too_late(state, gate, event.key, event.to):
        text, what = gate_words.too_late(state, gate), f"{event.to}/over"
        summary = f"tell {event.to}: {gate.id} need not be decided any more"
        yield notify(state, event, event.to, MessageKind.NEWS, text, summary=summary, what=what)


def _handoff_offered(state: Escalation, event: e.HandoffOffered) -> Iterator[Action]:
    yield from ownership.whom_it_is_offered(state, event)
    if state.rules >= 2 and kind_of(event.by) is ActorKind.PERSON and event.by not in owner_of(state):
        what = ladder_words.offered_away(state, event)
        yield from tell_owner(state, event, what, summary=f"{event.by} offers it to {event.to}")


def _handoff_ended(state: Escalation, event: e.HandoffEnded) -> Iterator[Action]:
    if event.how != "accepted":
        what = ladder_words.handoff_ended(state, event)
        yield from tell_owner(state, event, what, summary=f"hand-off {event.how}")
    yield from ownership.withdrawn(state, event)


def _bypassed(state: Escalation, event: e.Bypassed) -> Iterator[Action]:
    policy = state.playbook.bypass
    if policy is not None:
        purpose, summary = f"bypass:{event.bypass}", f"find who looks at the skipping of {event.skipped}"
        yield find(state, event, purpose, (policy.review_by,), summary, exclude=(event.by,))


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.LevelEntered: _level_entered,
    e.RungOpened: _rung_opened,
    e.FeedFailing: _feed_failing,
    e.TemplateFailing: _template_failing,
    e.PagesReleased: _pages_released,
    e.Bypassed: _bypassed,
    e.OwnerChanged: _owner_changed,
    e.MessageDelivered: _message_delivered,
    e.HandoffOffered: _handoff_offered,
    e.HandoffDeclined: ownership.declined_by_one,
    e.HandoffEnded: _handoff_ended,
}
