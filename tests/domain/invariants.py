"""What must hold at every moment of every escalation: the rules of design.md §6, as checks on states and events."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

from pydantic import TypeAdapter

from escalation.foresight.forecast import coming
from escalation.lifecycle import evolve, next_due
from escalation.lifecycle.approvals import actions as actions_asked
from escalation.lifecycle.approvals import quorum
from escalation.lifecycle.approvals.subject import applies, subject_digest
from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.details import markdown
from escalation.lifecycle.explanation import explanation
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.lifecycle.ownership.assistance import undocumented
from escalation.lifecycle.ownership.rights import rights
from escalation.lifecycle.situation import ledger_row, situation
from escalation.lifecycle.timeline.overview import overview
from escalation.lifecycle.timeline.unfinished import unfinished
from escalation.model import events as e
from escalation.model.actions import Action, AmendMessage, FindPeople, Notify
from escalation.model.commands import parse_command
from escalation.model.messages import MOST_ASKING
from escalation.model.records import MOST_HOLDS
from escalation.model.review import GOES_LIVE
from escalation.model.state import Escalation
from escalation.model.timeline import KEPT_ENTRIES, MOST_OPEN, MOST_SESSIONS
from escalation.people.directory import Directory
from escalation.playbook.help_desk import SolvedThere
from escalation.playbook.messages import MESSAGES
from escalation.playbook.messages.reasons import REASONS
from escalation.playbook.schema import ContextPart
from escalation.values import ENGINE, TIMER, ActorKind, kind_of
from tests.domain.builders import small

HUMAN_STEPS = (
    e.Acknowledged,
    e.PageDeclined,
    e.OwnerChanged,
    e.HandoffOffered,
    e.HandoffDeclined,
    e.GateDecided,
    e.HoldStarted,
    e.ResolutionProposed,
    e.ReviewSubmitted,
    e.ItemCompleted,
    e.ItemClaimed,
    e.ItemStarted,
    e.CheckDecided,
    e.Rated,
    e.EntryAccepted,
    e.EntryClosed,
    e.SessionOpened,
    e.SessionClosed,
    e.MilestoneReached,
    e.MilestoneUpdated,
    e.ReadConfirmed,
    e.NextStepsSent,
    e.LessonAdded,
    e.ChangeClaimed,
    e.ChangeLive,
    e.Labelled,
    e.AdviceGiven,
    e.MigrationAsked,
    e.Migrated,
    e.CommunicatorNamed,
    e.CommanderNamed,
    e.ResponsibilityAssigned,
    e.GroupJoined,
    e.GroupLeft,
    e.WorkDocumented,
    e.TeamAccepted,
    e.HandoverEdited,
)
"""Steps that only a person takes."""

AFTER_THE_END = (
    e.Receipted,
    e.MessageDelivered,
    e.MessageFailed,
    e.MessagesSettled,
    e.MessageNotAmended,
    e.CaseLinked,
    e.CaseFailed,
    e.CaseUpdateFailed,
    e.HeldReleased,
    e.CommandRefused,
    e.PeopleResolved,
    e.AutomationMessage,
    e.StatusTold,
    e.AutomationRan,
    e.NoteAdded,
    e.StatusTold,
)
"""Answers to what was said before the end, and what became of the last messages."""

DUES = 12
"""Within how many due instants somebody has to be told when nobody acts."""

EVENTS: TypeAdapter[list[e.Event]] = TypeAdapter(list[e.Event])
_SLIM = small()


def check(before: Escalation, state: Escalation, events: list[e.Event], actions: list[Action]) -> None:
    """Check a step: the state before and after, what happened, what the world was asked."""
    if not events:
        assert state is before
        assert not actions
        return
    steps = _steps(before, state, events)
    facts = derive(basis_of(state))
    _somebody_is_responsible(state)
    _offers_wait_for_who_is_left(before, state, events)
    _time_goes_on(state)
    _people_do_the_human_steps(state, events)
    _holds_are_few_and_of_people(state, events)
    _reasons_are_complete(state, events, facts)
    _packets_are_complete(steps)
    _only_the_open_round_is_paged(state, actions)
    _gates_stand_where_they_should(steps)
    _ends_are_ends(steps)
    _only_those_concerned_are_told(state, events, actions)
    _clocks_are_whole(state, facts)
    _updates_come_in_order(before, state, actions)
    _actions_are_done_once(steps, state)
    _entries_are_what_they_say(before, state, events)
    _statements_follow_each_other(steps)
    _texts_are_not_mixed(state, actions)
    _the_playbook_is_pinned(before, state, events)
    _incidents_are_run_to_their_end(before, state, events)
    _ais_do_what_they_may(steps)
    _the_audience_does_not_act(state, actions)
    _items_are_whole(steps, state)
    _messages_say_what_they_promise(actions)
    _engine_reasons_have_ids(events)
    _offers_can_be_sent(state, actions)
    _what_is_settled_is_said_once(before, state, events, actions)


Steps = list[tuple[Escalation, e.Event]]
"""Each event with the state before it."""


def _steps(before: Escalation, state: Escalation, events: list[e.Event]) -> Steps:
    """Pair each event with the state before it; the events make the state, and each carries the hash before it."""
    states = list(accumulate(events, evolve, initial=before))
    assert states[-1] == state
    steps = list(zip(states, events, strict=False))
    assert all((event.seq, event.prev) == (known.seq + 1, known.last_hash) for known, event in steps)
    return steps


def _offers_can_be_sent(state: Escalation, actions: list[Action]) -> None:
    """Every button sends a command that there is, with what it was asked on; what it lacks are fields of it."""
    for action in actions:
        if isinstance(action, Notify):
            assert action.escalation == state.id
            for offer in action.offers:
                assert action.matter
                missing = dict.fromkeys(offer.needs, "because of this")
                parse_command(offer.command, {"by": action.to, **offer.arguments, **missing})


def _what_is_settled_is_said_once(
    before: Escalation, state: Escalation, events: list[e.Event], actions: list[Action]
) -> None:
    """A message that asked is changed once, one that was taken once more; after the end there is neither."""
    arrived = {(each.key, each.to) for each in events if isinstance(each, e.MessageDelivered) and each.matter}
    known = {(each.key, each.to) for each in (*before.asking, *before.taken_up)} | arrived
    over = [(m.key, m.to) for each in events if isinstance(each, e.MessagesSettled) for m in each.messages]
    assert len(set(over)) == len(over) == sum(isinstance(action, AmendMessage) for action in actions)
    assert set(over) <= known
    assert not known.intersection(over) & {(each.key, each.to) for each in state.asking}
    assert not (state.ended and (state.asking or state.taken_up))
    assert len(state.taken_up) <= MOST_ASKING


def _messages_say_what_they_promise(actions: list[Action]) -> None:
    """Every template finds the values that are documented for its message, and nothing else may be relied upon."""
    for action in actions:
        if isinstance(action, Notify | AmendMessage):
            # Only what waited for people since before messages had ids goes out in plain English; nothing here did.
            assert action.template, f"no template: {action.summary}"
            said = MESSAGES[action.template].values
            assert set(action.values) == {name for name in said if "." not in name}, action.template
            reasons = {name for name, value in action.values.items() if _is_reason(value)}
            for whole in (
                name for name in action.values if isinstance(action.values[name], dict) and name not in reasons
            ):
                assert {f"{whole}.{part}" for part in action.values[whole]} == {
                    n for n in said if n.startswith(f"{whole}.")
                }


def _is_reason(value: object) -> bool:
    if not isinstance(value, dict) or "reason" not in value:
        return False
    assert set(value["values"]) == _DOCUMENTED[value["reason"]]
    return True


_DOCUMENTED = {str(name): set(known.values) for name, known in REASONS.items()}
_REASONED = (e.GateExpired, e.StatusOverdue, e.ReviewDraftOpened, e.FollowUpEnded, e.ItemReady, e.StakeholderConcerned)
"""Events whose reason is always the engine's own."""
_ENDED = (e.GateClosed, e.HandoffEnded, e.HoldEnded, e.DraftEnded, e.SeverityChanged, e.RecoveryEnded, e.ActionSettled)
"""Events whose reason is the engine's own where the engine itself acted."""


def _engine_reasons_have_ids(events: list[e.Event]) -> None:
    """No reason that the engine gives itself is only English: whoever is told reads it in their language."""
    for event in events:
        if isinstance(event, _REASONED) or (isinstance(event, _ENDED) and event.by in (ENGINE, TIMER)):
            assert event.grounds is not None, f"{event.type}: {event.because}"
            assert set(event.grounds.values) == _DOCUMENTED[event.grounds.template]


def _somebody_is_responsible(state: Escalation) -> None:
    if state.opened_at is None or state.ended or state.owner is not None:
        return
    before_assignment = [gate for gate in state.pending_gates if state.playbook.gate(gate.id).before == "assignment"]  # type: ignore[union-attr]
    assert state.rung or state.handoff or state.input_request or before_assignment, "nobody owns it and nobody is asked"


def _offers_wait_for_who_is_left(before: Escalation, state: Escalation, events: list[e.Event]) -> None:
    """One no takes one out; an offer is declined only by the last of them, or by whom it was offered to by name."""
    offer = state.handoff
    if offer is not None:
        gone = [each.by for each in offer.declined]
        assert len(set(gone)) == len(gone)
        assert set(gone) <= set(offer.people)
        assert offer.asked or not gone, "an open offer that nobody is left to accept"
    now = before
    for event in events:
        open_one = now.handoff
        if isinstance(event, e.HandoffDeclined):
            assert open_one is not None
            assert event.by in open_one.asked
            assert set(event.left) == set(open_one.asked) - {event.by}
        if isinstance(event, e.HandoffEnded) and event.how == "declined":
            assert open_one is not None
            assert not open_one.asked or open_one.to == event.by or open_one.people == (event.by,)
            assert all(f"{each.by} ({each.because})" in event.because for each in open_one.declined)
        if isinstance(event, e.OwnerChanged) and event.handoff:
            assert open_one is not None
            assert open_one.refusal_of(event.owner) is None, "whoever declined it accepted it"
        now = evolve(now, event)


def _time_goes_on(state: Escalation) -> None:
    due = next_due(state)
    if state.opened_at is None or state.ended:
        assert due is None
    else:
        assert due is not None, f"nothing will ever happen: {state.stage}, waiting on {state.waiting_on}"
        assert due.summary


def _holds_are_few_and_of_people(state: Escalation, events: list[e.Event]) -> None:
    references = [hold.reference for hold in state.legal_holds]
    assert len(references) == len(set(references)) <= MOST_HOLDS
    for event in events:
        if isinstance(event, e.LegalHoldPlaced | e.LegalHoldReleased):
            assert kind_of(event.by) is ActorKind.PERSON
            assert (event.reference in references) is isinstance(event, e.LegalHoldPlaced)


def _people_do_the_human_steps(state: Escalation, events: list[e.Event]) -> None:
    # Somebody of the help desk has solved the ticket there, and the playbook has that proposed.
    solved_there = any(isinstance(event, e.TicketChanged) and event.means == "proposed" for event in events)
    assert not solved_there or state.playbook.help_desk.solved_there is SolvedThere.PROPOSE
    for event in events:
        if isinstance(event, e.ResolutionProposed) and solved_there:
            continue
        if isinstance(event, HUMAN_STEPS) and not (
            isinstance(event, e.HandoffOffered) and (event.shift or event.period)
        ):
            assert kind_of(event.by) is ActorKind.PERSON, f"{event.type} by {event.by}"
        if isinstance(event, e.OwnerChanged):
            assert kind_of(event.owner) is ActorKind.PERSON
            assert event.because


def _reasons_are_complete(state: Escalation, events: list[e.Event], facts: Facts) -> None:
    for event in events:
        if isinstance(event, e.Opened | e.Declined):
            assert event.playbook_digest == state.playbook_digest
    if not state.opened or state.ended:
        return
    true = {trigger.id for trigger in state.playbook.triggers if condition(state.playbook, trigger.when).true(facts)}
    known = [reason.trigger for reason in state.reasons]
    assert true <= set(known), f"not recorded: {true - set(known)}"
    assert len(known) == len(set(known))
    worst = min(
        (
            state.playbook.severity.rank(found.name)
            for rule in state.playbook.severity.rules
            if condition(state.playbook, rule.when).true(facts)
            and (found := state.playbook.severity.find(rule.severity)) is not None
        ),
        default=None,
    )
    by_hand = [event for event in state.tail if isinstance(event, e.SeverityChanged) and event.by.startswith("person:")]
    assert worst is None or by_hand or state.severity_rank <= worst, "a severity rule is true and was not followed"


def _packets_are_complete(steps: Steps) -> None:
    for state, event in steps:
        if isinstance(event, e.LevelEntered):
            owed = [part for part in state.missing if part != ContextPart.CRM_SNAPSHOT]
            assert state.level is not None or not owed or state.exception, f"people are told without {owed}"
            assert event.because
        if isinstance(event, e.HandoffOffered):
            assert event.because
            assert event.expectation


def _only_the_open_round_is_paged(state: Escalation, actions: list[Action]) -> None:
    for action in actions:
        if isinstance(action, Notify) and action.rung is not None:
            assert state.rung is not None
            assert action.rung == state.rung.id
    assert len({action.key for action in actions}) == len(actions), "two actions share an idempotency key"


def _gates_stand_where_they_should(steps: Steps) -> None:
    for state, event in steps:
        if isinstance(event, e.ResolutionProposed):
            _are_passed(state, "resolution")
        if isinstance(event, e.ReviewStarted):
            _are_passed(state, "resolution", "review")
        if isinstance(event, e.LevelEntered) and state.level is None:
            _are_passed(state, "assignment")
        if isinstance(event, e.GateClosed) and event.state == "passed":
            gate, policy = state.gates[event.gate], state.playbook.gate(event.gate)
            assert policy is not None
            approved = {vote.by for vote in gate.votes if vote.decision == "approved" and vote.digest == gate.digest}
            assert event.emergency or approved <= set(gate.people)
            assert approved.isdisjoint(gate.excluded), "approved by somebody who is excluded"
            assert approved.isdisjoint(each.by for each in gate.delegations if each.by not in gate.people)
            enough = quorum.is_reached(gate, policy, event.choice) or (
                event.emergency and event.by in (gate.emergency or ())
            )
            skipped = any(isinstance(other, e.Bypassed) and other.seq < event.seq for _, other in steps)
            assert enough or skipped or event.by == "system:engine", "passed with too few approvals"
            assert skipped or bool(event.choice) is bool(policy.choices)
            if event.by == "system:engine":
                assert policy.on_expiry == "approve"
                assert skipped or all(vote.decision == "approved" for vote in gate.votes)
            if "owner" in policy.exclude and state.owner is not None and not skipped:
                last = gate.votes[-1].by if gate.votes else ""
                assert last != state.owner.actor


def _actions_are_done_once(steps: Steps, state: Escalation) -> None:
    """What is used was passed just before, by all of its approvals; and what is kept of actions is bounded."""
    for now, event in steps:
        if isinstance(event, e.ActionUsed):
            asked = now.actions[event.approval]
            assert (asked.state, asked.by) == ("passed", event.by)
            assert asked.valid_until is None or event.at < asked.valid_until
            assert all(now.gates[name].state == "passed" for name in asked.gates)
        if isinstance(event, e.GateDecided):
            assert all(each.by != event.by for each in now.actions.values() if event.gate in each.gates)
    assert len(state.actions) <= 2 * actions_asked.MOST_OPEN + 1
    known = {name for asked in state.actions.values() for name in asked.gates}
    assert all(name in known for name in state.gates if name not in {gate.id for gate in state.playbook.gates})


def _are_passed(state: Escalation, *places: str) -> None:
    facts = derive(basis_of(state))
    for policy in state.playbook.gates:
        if policy.before not in places:
            continue
        gate = state.gates.get(policy.id)
        assert gate is None or gate.state not in ("pending", "rejected"), (
            f"{policy.id} is {gate.state} and was passed by"
        )
        if applies(state, policy) and condition(state.playbook, policy.when).true(facts):
            assert gate is not None, f"{policy.id} was never asked for"
            assert gate.state == "passed"
            assert gate.digest == subject_digest(state, policy, facts), f"{policy.id} was given for something else"


def _ends_are_ends(steps: Steps) -> None:
    for state, event in steps:
        if isinstance(event, e.Closed) and not event.returned:
            assert state.resolution_state == "confirmed"
            assert state.review is not None
            assert state.review.submitted_at is not None
            assert not state.open_items
            assert state.feedback_round is None or not state.feedback_round.open
            assert all(lesson.live_as for lesson in state.lessons.values() if lesson.kind in GOES_LIVE)
        if state.ended:
            automated = getattr(event, "automation", "")  # one that listens to the end runs after it
            assert automated or isinstance(event, AFTER_THE_END), f"{event.type} after the end"


def _only_those_concerned_are_told(state: Escalation, events: list[e.Event], actions: list[Action]) -> None:
    """Nothing leaves to a person without access; an early decision is answered to whoever sent it."""
    concerned = {*state.people, *state.told, state.requested_by, *(asked.by for asked in state.actions.values())}
    concerned |= {event.by for event in events if isinstance(event, e.HeldReleased)}
    concerned.update(state.ownership.audience)
    if state.communication is not None:
        concerned.update(person for each in state.communication.stakeholders.values() for person in each.people)
    if state.timeline is not None:
        concerned.update(state.timeline.readers)
    concerned |= {group for event in events if isinstance(event, e.UpdatePosted) for group in event.groups}
    if state.customer is not None:
        concerned.add(f"customer:{state.customer.id}")
    for action in actions:
        if isinstance(action, Notify):
            assert action.to in concerned, f"{action.summary}: {action.to} has nothing to do with it"
            if kind_of(action.to) is ActorKind.CUSTOMER:
                said = [event.because for event in events if isinstance(event, e.Cancelled)]
                assert not any(words in action.body for words in said if action.to != state.requested_by)


def _clocks_are_whole(state: Escalation, facts: Facts) -> None:
    waits = (
        state.ended
        or state.hold is not None
        or state.input_request is not None
        or state.resolution_state in ("proposed", "confirmed")
    )
    for clock in state.clocks.values():
        policy = state.playbook.clocks[clock.name]
        waits = waits or (policy.when is not None and not condition(state.playbook, policy.when).true(facts))
        assert list(clock.reminders) == sorted(clock.reminders)
        assert all(at < clock.due for at in clock.reminders)
        assert clock.started_at <= clock.warn_due <= clock.due
        assert clock.warned or not clock.breached
        assert all(pause.until is not None and pause.until >= pause.since for pause in clock.pauses[:-1])
        assert waits or clock.stopped_at is not None or not clock.paused, f"{clock.name} is paused and nobody waits"
    if state.hold is not None:
        assert state.hold.until > state.hold.since


def _updates_come_in_order(before: Escalation, state: Escalation, actions: list[Action]) -> None:
    """Nobody is sent an update that is older than the latest of their audience, and silence is always noticed."""
    talk = state.communication
    if talk is None:
        return
    for action in actions:
        if isinstance(action, Notify) and (action.asks or "").startswith("update:"):
            seq, _, name = action.asks.removeprefix("update:").partition("/")  # type: ignore[union-attr]
            said = talk.updates.get(talk.stakeholders[name].audience)
            assert (said.seq if said else 0) == int(seq), "an older update after a newer one"
    for audience, update in before.communication.updates.items() if before.communication is not None else ():
        assert talk.updates[audience].seq >= update.seq
    assert (talk.due is None) == (talk.next_due is None)
    if talk.due is not None and talk.next_due is not None:
        assert talk.chased or talk.next_due == talk.due
    kept = state.playbook.communication.rhythm(state.severity) if state.playbook.communication is not None else None
    working = state.opened and not state.ended and state.review is None and not state.waits_for_confirmation
    assert not working or kept is None or talk.due is not None, "no update is due, and nobody said why"
    if state.outcome == "closed":
        assert not talk.unfiled, "closed without a summary that is required"
    if state.outcome == "closed" and before.outcome != "closed":
        assert all(each.next_due is None for each in talk.follow_ups.values()), "closed before the customer was asked"


def _statements_follow_each_other(steps: Steps) -> None:
    """Of one audience no statement has a lower version after a higher, and no draft is older than what it got last."""
    for state, event in steps:
        if isinstance(event, e.UpdatePosted):
            talk = state.communication
            assert talk is not None
            assert event.version == talk.version + 1
            assert event.announced or kind_of(event.by) is ActorKind.PERSON, "released by nobody"
            written = talk.drafts[event.draft] if event.draft else None
            for audience in event.audiences:
                known = talk.updates.get(audience)
                assert known is None or known.version < event.version
                assert written is None or known is None or known.seq < written.seq, "a draft from before it"
            assert written is None or not written.ended
            assert written is None or (state.stage, state.severity) == (written.as_of, written.severity)


def _texts_are_not_mixed(state: Escalation, actions: list[Action]) -> None:
    """No customer's audience reads the internal text, and nothing but the customers' text is public."""
    policy, talk = state.playbook.communication, state.communication
    if policy is None or talk is None:
        return
    for action in actions:
        update = getattr(action, "key", "").partition("/update:")[2]
        name = update.split("/")[1] if update else ""
        if name and not isinstance(action, FindPeople):
            text = action.body if isinstance(action, Notify) else getattr(action, "note", "")
            customers = policy.for_customers(talk.stakeholders[name].audience)
            assert not (customers and "as before" in text), "colleagues' words for customers"
            assert customers or "good news" not in text, "customers' words for colleagues"


def _entries_are_what_they_say(before: Escalation, state: Escalation, events: list[e.Event]) -> None:
    """AI output is marked, what is kept is bounded."""
    for event in events:
        if isinstance(event, e.EntryPosted | e.Commented) and event.by.startswith("agent:"):
            assert event.ai, f"{event.type} by an AI is not marked"
    assert state.packet_version >= before.packet_version
    assert all(part.version <= state.packet_version for part in state.packet_parts.values())
    if any(isinstance(event, e.Closed) and not event.returned for event in events):
        assert not unfinished(state), "closed over a blocker or a live session"
    timeline = state.timeline
    if timeline is not None:
        assert len(timeline.refs) <= KEPT_ENTRIES
        assert len(timeline.open) <= MOST_OPEN
        assert len(timeline.sessions) <= MOST_SESSIONS
        assert all(up_to <= state.seq for up_to in timeline.seen.values())


def _the_playbook_is_pinned(before: Escalation, state: Escalation, events: list[e.Event]) -> None:
    """It changes by a person's own wish alone; and nothing that the escalation holds names what the new one lacks."""
    moved = [event for event in events if isinstance(event, e.Migrated)]
    assert (before.playbook_digest != state.playbook_digest) == bool(moved)
    assert (before.playbook is state.playbook) or moved
    if moved:
        assert state.level is None or state.playbook.levels[state.level.index].id == state.level.id
        assert all(state.playbook.gate(name) is not None for name in state.gates)
        assert set(state.clocks) <= set(state.playbook.clocks)
        assert not state.path or state.playbook.path(state.path) is not None


def _incidents_are_run_to_their_end(before: Escalation, state: Escalation, events: list[e.Event]) -> None:
    """While one is declared nothing is over but by a person who stands it down, and somebody leads every period."""
    incident, policy = state.incident, state.playbook.incident
    if incident is None or policy is None:
        return
    known = before.incident
    for event in events:
        if isinstance(event, e.StoodDown):
            assert kind_of(event.asked_by) is ActorKind.PERSON
            gate = state.gates.get(policy.stand_down.gate or "")
            asked = known is not None and known.standing_down is not None
            assert not asked or (gate is not None and gate.state in ("passed", "withdrawn"))
        if isinstance(event, e.PeriodEnded) and incident.declared and policy.periods is not None:
            assert event.accepted_by is not None, "a period ended and nobody took the next one"
            assert kind_of(event.accepted_by) is ActorKind.PERSON
    if incident.declared and not state.ended:
        assert state.review is None, "it is in review, and the incident goes on"
        assert (incident.period is not None) == (policy.periods is not None)
        assert incident.baseline is not None or policy.first_update is None or incident.first_update_due is not None
        if incident.period is not None and incident.period.handing_over and state.owner is not None:
            assert state.handoff is not None, "a period comes to its end and nobody is offered the next one"
    if known is not None and known.number == incident.number and known.baseline is not None:
        assert incident.baseline is not None
        assert incident.baseline.number >= known.baseline.number
    assert all(line.item in state.items for line in incident.plan if line.section == "execution_plan")
    assert all(not line.item for line in incident.plan if line.section != "execution_plan")


def _ais_do_what_they_may(steps: Steps) -> None:
    """What a person has to do no AI does, nor starts work before it is documented who does what."""
    for state, event in steps:
        policy = state.playbook.activities.get(event.activity) if isinstance(event, e.ActivityDone) else None
        if policy is not None and kind_of(event.by) is not ActorKind.PERSON:
            assert policy.ai_completes
            assert not policy.recurring or event.delegated  # type: ignore[union-attr]
        if isinstance(event, e.ResolutionProposed | e.ActivityDone | e.RecoveryStarted):
            assert not undocumented(state), "work started that was not documented"


def _the_audience_does_not_act(state: Escalation, actions: list[Action]) -> None:
    """Whoever works on it is not told what they know already, and no shift is handed over that nobody owns."""
    for action in actions:
        if isinstance(action, Notify) and "/raci/" in action.key:
            assert action.to not in state.people
    assert state.ownership.shift is None or state.owner is not None
    assert state.handoff is None or state.owner is not None, "an offer, and nobody who stays responsible"


def _items_are_whole(steps: Steps, state: Escalation) -> None:
    """What is waited for is open and knows it, nobody approves their own work, and no end leaves an item to nobody."""
    for item in state.items.values():
        for other in (*item.blocked_by, *item.awaits):
            assert state.items[other].open, f"{item.id} waits for {other}, which is over"
            assert item.id in state.items[other].blocks
        assert item.open or not item.waits
        assert not item.pending or item.open
    assert _can_be_done_in_some_order(state), "items wait for each other in a circle"
    for at_work, event in steps:
        if isinstance(event, e.CheckDecided):
            check = at_work.items[event.item].approval
            assert check is not None
            assert event.by in check.deciders
            assert event.by != check.submitted_by
            assert event.digest == check.digest
        if isinstance(event, e.ItemCompleted | e.CheckpointConfirmed | e.ResolutionProposed):
            waits = at_work.items[event.item].waits if not isinstance(event, e.ResolutionProposed) else False
            assert not waits, f"{event.type} over what comes first"
        if isinstance(event, e.ResolutionProposed):
            assert not any(item.before for item in at_work.open_items), "resolved over work that stands before it"
        if isinstance(event, e.Cancelled) or (isinstance(event, e.Closed) and event.returned):
            left = [item.id for item in at_work.open_items if not item.handed_on and not item.bypass]
            assert not left, f"ended over {left}"


def _can_be_done_in_some_order(state: Escalation) -> bool:
    left = {item.id: {*item.blocked_by, *item.awaits} for item in state.open_items}
    while free := [name for name, first in left.items() if not first & left.keys()]:
        for name in free:
            del left[name]
    return not left


def check_views(state: Escalation) -> None:
    """Every view of it can be given, and none disagrees about who acts next."""
    now = state.tail[-1].at if state.tail else None
    if now is None or state.case is None:
        return
    here = situation(state, now)
    assert here.who_acts_next or state.ended
    assert here.status
    assert here.ownership is not None
    assert (here.ownership.holder == "human") == (state.owner is not None and not state.ended)
    assert all(right.decision and right.who for right in rights(state))
    assert markdown(state, now)
    assert packet(state).complete == (not state.missing)
    assert overview(state).id == state.id
    assert len(explanation(state).in_words) == len(state.reasons)
    row = ledger_row(state)
    assert (row.next_due_at is None) == (next_due(state) is None)


def check_foresight(state: Escalation, directory: Directory) -> None:
    """When time alone passes, some person is told before many due instants have come, unless a person ended it."""
    if state.opened_at is None or state.ended:
        return
    future: list[e.Event] = []
    for event, _ in coming(state, directory, state.tail[-1].at + timedelta(days=3650), steps=DUES):
        told = isinstance(event, e.MessageDelivered) and event.to.startswith("person:")
        if told or (isinstance(event, e.Closed) and event.by.startswith("person:")):
            return
        future.append(event)
    raise AssertionError(f"nobody is told for {DUES} dues: {[event.type for event in future]}")


def check_history(blank: Escalation, state: Escalation, events: list[e.Event]) -> None:
    """The events rebuild the state, also from their JSON, and each carries the hash of the one before."""
    _steps(blank, state, events)
    # Playbooks are read back from their JSON where they are loaded; the largest part of a state is not read here.
    read = Escalation.model_validate_json(state.changed({"playbook": _SLIM}).model_dump_json())
    read = read.changed({"playbook": state.playbook})
    assert read == state
    assert next_due(read) == next_due(state)
    kept = len(state.tail) >= len(events)
    again = list(read.tail[len(read.tail) - len(events) :]) if kept else EVENTS.validate_json(EVENTS.dump_json(events))
    assert again == events
    assert [blank.last_hash, *(e.hash_of(event) for event in again)] == [*(ev.prev for ev in events), state.last_hash]
