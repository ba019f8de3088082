"""``react(state, events)``: what the outside world should now be told or asked, because of what happened.

Each action's key is made from the escalation's instance and the sequence number of the event that caused it, so that
the same event always gives the same key: it is the idempotency key in every system it reaches.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from escalation.lifecycle import communication as words
from escalation.lifecycle.targets import expand
from escalation.model import events as e
from escalation.model.actions import Action, FindPeople, MessageKind, Notify, OpenCase, UpdateCase
from escalation.model.state import QUESTION, Escalation
from escalation.playbook.schema import Expiry, GatePolicy, Stage
from escalation.values import Actor, ActorKind, kind_of


def react(state: Escalation, events: Iterable[e.Event]) -> list[Action]:
    """Return the actions that follow from events, in order.

    Args:
        state: after all of the events.
        events: what a command caused.
    """
    actions: list[Action] = []
    for event in events:
        reaction = _REACTIONS.get(type(event))
        if reaction is not None:
            actions += reaction(state, event)
    return actions


def case_key(state: Escalation) -> str:
    """Return the external id under which the ticket is found again."""
    return f"{state.instance}/case"


def _key(state: Escalation, event: e.Event, what: str) -> str:
    return f"{state.instance}/{event.seq}/{what}"


_ASKING = (MessageKind.PAGE, MessageKind.APPROVAL)


def _notify(
    state: Escalation,
    event: e.Event,
    to: Actor,
    kind: MessageKind,
    text: words.Words,
    *,
    summary: str,
    rung: str | None = None,
    what: str = "",
) -> Notify:
    return Notify(
        key=_key(state, event, what or to),
        to=to,
        kind=kind,
        subject=text[0],
        body=text[1],
        urgent=kind in (MessageKind.PAGE, MessageKind.APPROVAL) and state.severity_rank <= 1,
        rung=rung,
        asks=event.purpose if isinstance(event, e.PeopleResolved) and kind in _ASKING else None,
        respond_by=state.rung.due if rung is not None and state.rung is not None else None,
        summary=summary,
    )


def _find(
    state: Escalation, event: e.Event, purpose: str, targets: Iterable[str], summary: str, **more: Any
) -> FindPeople:
    return FindPeople(
        key=_key(state, event, purpose),
        purpose=purpose,
        targets=expand(state, targets),
        fallback=state.playbook.owner,
        summary=summary,
        **more,
    )


def _tell_accountable(state: Escalation, event: e.Event, what: str) -> Iterator[Action]:
    """Tell whoever is accountable for this stage, beside the owner; ``what`` is found again in the answer."""
    yield _find(state, event, f"tell:{what}", (state.raci.accountable,), f"find who is accountable: {what}")


def _owner(state: Escalation) -> Iterator[Actor]:
    if state.owner is not None:
        yield state.owner.actor


def _opened(state: Escalation, event: e.Opened) -> Iterator[Action]:
    yield OpenCase(
        key=case_key(state),
        case=event.case,
        customer=event.customer,
        subject=words.headline(state),
        description=state.context.summary,
        body=words.packet(state),
        severity=event.severity,
        summary=f"open or link the ticket of {event.case.system} {event.case.id}",
    )


def _joined(state: Escalation, event: e.Joined) -> Iterator[Action]:
    # While it waits the owner might not look: told at the 2nd, 4th, 8th ... report, so that a storm stays quiet.
    waits = state.hold is not None or state.resolution_state in ("proposed", "confirmed")
    count = state.occurrences
    if not waits or count & (count - 1):
        return
    for owner in _owner(state):
        text = words.news(state, f"reported again while it waits on {state.waiting_on}: {count} times now")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: reported again")


def _reasons_added(state: Escalation, event: e.ReasonsAdded) -> Iterator[Action]:
    for owner in _owner(state):
        text = words.news(state, f"new reasons: {'; '.join(words.explain_reason(reason) for reason in event.reasons)}")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: new reasons")


def _severity_changed(state: Escalation, event: e.SeverityChanged) -> Iterator[Action]:
    for owner in _owner(state):
        if owner != event.by:
            text = words.news(state, f"the severity is {event.severity} now, it was {event.previous}: {event.because}")
            yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: {event.severity} now")


def _note_added(state: Escalation, event: e.NoteAdded) -> Iterator[Action]:
    # Colleagues read the timeline; a customer who writes waits for somebody to notice.
    if kind_of(event.by) is not ActorKind.CUSTOMER:
        return
    for owner in _owner(state):
        text = words.news(state, f"the customer wrote: {event.text[:2_000]}")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: the customer wrote")


def _input_requested(state: Escalation, event: e.InputRequested) -> Iterator[Action]:
    if kind_of(event.of) is ActorKind.CUSTOMER:
        text = words.input_request_for_customer(event.parts, event.due)
    else:
        text = words.input_request(state, event.parts, event.due)
    yield _notify(state, event, event.of, MessageKind.INPUT, text, summary=f"ask {event.of} for missing input")


def _rung_opened(state: Escalation, event: e.RungOpened) -> Iterator[Action]:
    if state.rung is None or state.rung.id != event.rung:
        return
    yield _find(
        state,
        event,
        f"rung:{event.rung}",
        event.targets,
        f"find whom to page: {', '.join(event.targets)}",
        also=(state.raci.accountable, state.playbook.raci[Stage.RESOLUTION].accountable),
    )


def _people_resolved(state: Escalation, event: e.PeopleResolved) -> Iterator[Action]:
    purpose, _, reference = event.purpose.partition(":")
    react_to = {"rung": _page, "gate": _ask, "handoff": _offer, "tell": _tell}.get(purpose)
    if react_to is not None:
        yield from react_to(state, event, reference)


def _page(state: Escalation, event: e.PeopleResolved, rung_id: str) -> Iterator[Action]:
    rung = state.rung
    if rung is None or rung.id != rung_id:
        return
    for found in event.found.people:
        why = f"{found.via}{f' ({found.note})' if found.note else ''}; round {rung.round} at {rung.level}"
        text = words.page(state, found.person, why + words.instead(event.found))
        summary = f"page {found.person} ({rung.level}, round {rung.round})"
        yield _notify(state, event, found.person, MessageKind.PAGE, text, summary=summary, rung=rung.id)


def _ask(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    gate = state.gate_asked(reference)
    policy = state.playbook.gate(gate.id) if gate else None
    if gate is None or policy is None:
        return
    if event.found.fell_back:
        # Whoever is told instead may not decide: the playbook's owner is no department that has to agree.
        what = f"nobody who may decide {gate.id} could be found: {' '.join(event.found.notes)}"
        for found in event.found.people:
            text = words.news(state, what)
            yield _notify(state, event, found.person, MessageKind.WARNING, text, summary=f"tell {found.person}: {what}")
        return
    for found in event.found.people:
        text = words.approval(state, gate, policy, found.person)
        summary = f"ask {found.person} to decide {gate.id}"
        yield _notify(state, event, found.person, MessageKind.APPROVAL, text, summary=summary)
    if gate.vacant and reference == f"{gate.id}/{gate.round}":
        what = f"approval {gate.id} cannot be asked of everybody: {' '.join(event.found.notes)}"
        for owner in _owner(state):
            # The owner may be an approver too: two messages, and two keys.
            text, summary = words.news(state, what), f"tell {owner}: {what}"
            yield _notify(state, event, owner, MessageKind.WARNING, text, summary=summary, what="vacant")


def _offer(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    offer = state.handoff
    if offer is None or offer.id != reference:
        return
    for found in event.found.people:
        text = words.handoff(state, offer, found.person, words.instead(event.found))
        yield _notify(state, event, found.person, MessageKind.PAGE, text, summary=f"offer hand-off to {found.person}")


def _tell(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    text = words.news(state, reference)
    for found in event.found.people:
        if state.owner is None or found.person != state.owner.actor:
            yield _notify(
                state, event, found.person, MessageKind.WARNING, text, summary=f"tell {found.person}: {reference}"
            )


def _owner_changed(state: Escalation, event: e.OwnerChanged) -> Iterator[Action]:
    # Whoever still has something to do here is not told that there is nothing to do.
    busy = {event.owner, event.by, *(item.owner for item in state.open_items)}
    busy.update(person for gate in state.pending_gates for person in gate.people)
    for person in (actor for actor in state.told if actor not in busy and kind_of(actor) is ActorKind.PERSON):
        yield _notify(state, event, person, MessageKind.NEWS, words.taken(state), summary=f"tell {person} it is taken")


def _handoff_offered(state: Escalation, event: e.HandoffOffered) -> Iterator[Action]:
    summary = f"find {event.to} for a hand-off"
    yield _find(state, event, f"handoff:{event.handoff}", (event.to,), summary, exclude=tuple(_owner(state)))


def _handoff_ended(state: Escalation, event: e.HandoffEnded) -> Iterator[Action]:
    for owner in _owner(state):
        text = words.news(state, f"the hand-off was {event.how}: {event.because}. You stay responsible")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: hand-off {event.how}")


def _gate_opened(state: Escalation, event: e.GateOpened) -> Iterator[Action]:
    policy = state.playbook.gate(event.gate)
    if policy is not None:
        purpose, summary = f"gate:{event.gate}/{event.round}", f"find who decides {event.gate}"
        yield _find(state, event, purpose, event.targets, summary, exclude=_excluded(state, policy))


def _excluded(state: Escalation, policy: GatePolicy) -> tuple[Actor, ...]:
    requester = (state.requested_by,) if "requester" in policy.exclude else ()
    return (*requester, *(_owner(state) if "owner" in policy.exclude else ()))


def _gate_decided(state: Escalation, event: e.GateDecided) -> Iterator[Action]:
    if event.decision != "changes_requested":
        return
    for owner in _owner(state):
        text = words.news(state, f"{event.by} asks for changes before approving {event.gate}: {event.because}")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: changes requested")


def _gate_closed(state: Escalation, event: e.GateClosed) -> Iterator[Action]:
    gate = state.gates.get(event.gate)
    if gate is None or gate.round != event.round:
        return
    told = list(_owner(state)) or [state.requested_by]
    for actor in told:
        if kind_of(actor) is ActorKind.CUSTOMER:
            continue  # what approvers say to each other is not for customers; they hear how it ends
        summary = f"tell {actor}: {event.gate} {event.state}"
        yield _notify(state, event, actor, MessageKind.NEWS, words.gate_closed(state, gate), summary=summary)


def _gate_expired(state: Escalation, event: e.GateExpired) -> Iterator[Action]:
    policy, gate = state.playbook.gate(event.gate), state.gates.get(event.gate)
    if policy is None or gate is None:
        return
    if event.behaviour == Expiry.NEXT_DEPUTY:
        deputy = policy.deputies[gate.deputies_asked - 1]
        purpose, summary = f"gate:{event.gate}/{event.round}/{deputy}", f"find deputy for {event.gate}"
        yield _find(state, event, purpose, (deputy,), summary, exclude=_excluded(state, policy))
        return
    # Silence that denies or approves must reach somebody too, or it would be a decision that nobody knows of.
    what = f"approval {event.gate} is late: {event.because}; the playbook says {event.behaviour}"
    yield from _tell_accountable(state, event, what)
    for owner in _owner(state):
        yield _notify(
            state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: {what}"
        )


def _clock_warned(state: Escalation, event: e.ClockWarned) -> Iterator[Action]:
    clock = state.clocks[event.clock]
    what = f"{event.clock} is close to its limit, {words.instant(clock.due)}"
    if state.owner is None:
        yield from _tell_accountable(state, event, what)
    for owner in _owner(state):
        yield _notify(
            state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"warn {owner}: {what}"
        )


def _clock_breached(state: Escalation, event: e.ClockBreached) -> Iterator[Action]:
    what = f"{event.clock} passed its limit"
    yield from _tell_accountable(state, event, what)
    for owner in _owner(state):
        yield _notify(
            state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: {what}"
        )


def _hold_ended(state: Escalation, event: e.HoldEnded) -> Iterator[Action]:
    for owner in _owner(state):
        if owner != event.by:
            text = words.news(state, f"the hold has ended: {event.because}. Work goes on")
            yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: the hold has ended")


def _resolution_proposed(state: Escalation, event: e.ResolutionProposed) -> Iterator[Action]:
    resolution = state.resolution
    if resolution is None or event.confirm_due is None:
        return
    yield from _ask_whether_solved(state, event, by_ticket=True)


def _ask_whether_solved(state: Escalation, event: e.Event, *, by_ticket: bool) -> Iterator[Action]:
    text = words.resolution_proposed(state)
    asks_customer = state.customer_confirms
    # The customer reads the ticket's public note: one message, not two. Without a ticket, or while the help desk is
    # down, they are told directly: their silence may be read as consent.
    reads_ticket = asks_customer and by_ticket and state.case_link is not None
    if by_ticket:
        yield _update(state, event, note=text[1], public=reads_ticket, status="pending")
    if not reads_ticket:
        to = f"customer:{state.customer.id}" if asks_customer and state.customer else state.requested_by
        summary = "ask whether the resolution is accepted"
        yield _notify(state, event, to, MessageKind.CUSTOMER, text, summary=summary, what=QUESTION)


def _resolution_unanswered(state: Escalation, event: e.ResolutionUnanswered) -> Iterator[Action]:
    for owner in _owner(state):
        what = (
            "nobody answered the proposed resolution in time; please ask again"
            if event.asked
            else "nobody is known to have been asked whether it is solved; the question is sent again, please ask too"
        )
        text = words.news(state, what)
        yield _notify(state, event, owner, MessageKind.WARNING, text, summary=f"tell {owner}: no answer yet")
    if not event.asked:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _case_update_failed(state: Escalation, event: e.CaseUpdateFailed) -> Iterator[Action]:
    if state.is_question(event.key) and state.case_link is not None and state.customer_confirms:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _message_failed(state: Escalation, event: e.MessageFailed) -> Iterator[Action]:
    if not state.is_question(event.key):
        return
    what = f"{event.to} could not be asked whether it is solved ({event.error}); please ask them yourself"
    for owner in _owner(state):
        yield _notify(
            state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: not asked"
        )


def _resolution_rejected(state: Escalation, event: e.ResolutionRejected) -> Iterator[Action]:
    for owner in _owner(state):
        text = words.news(state, f"the resolution was rejected: {event.because}")
        yield _notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: resolution rejected")
    yield _update(state, event, note=f"The proposed resolution was rejected: {event.because}", status="open")


def _review_started(state: Escalation, event: e.ReviewStarted) -> Iterator[Action]:
    for owner in _owner(state):
        text = words.review_due(state)
        yield _notify(state, event, owner, MessageKind.REVIEW, text, summary=f"ask {owner} for the review")


def _review_chased(state: Escalation, event: e.ReviewChased) -> Iterator[Action]:
    for owner in _owner(state):
        text = words.review_due(state)
        yield _notify(state, event, owner, MessageKind.REVIEW, text, summary=f"remind {owner} of the review")
    if event.times % 2 == 0:
        yield from _tell_accountable(state, event, "the review is late")


def _item_added(state: Escalation, event: e.ItemAdded) -> Iterator[Action]:
    text = words.item_due(state, state.items[event.item])
    yield _notify(
        state, event, event.owner, MessageKind.ITEM, text, summary=f"give action item {event.item} to {event.owner}"
    )


def _item_chased(state: Escalation, event: e.ItemChased) -> Iterator[Action]:
    item = state.items[event.item]
    text = words.item_due(state, item)
    yield _notify(state, event, item.owner, MessageKind.ITEM, text, summary=f"remind {item.owner} of {item.id}")
    if event.times % 2 == 0:
        yield from _tell_accountable(state, event, f"action item {item.id} is late")


def _held_released(state: Escalation, event: e.HeldReleased) -> Iterator[Action]:
    if event.refused:
        text = words.news(state, f"your {event.command} was kept, but could not be applied: {event.refused}")
        yield _notify(
            state, event, event.by, MessageKind.NEWS, text, summary=f"tell {event.by}: {event.command} refused"
        )


def _command_refused(state: Escalation, event: e.CommandRefused) -> Iterator[Action]:
    if event.sender is not None and event.sender in state.people:
        text = words.news(state, f"your signal {event.command} was refused: {event.because}")
        summary = f"tell {event.sender}: {event.command} refused"
        yield _notify(state, event, event.sender, MessageKind.NEWS, text, summary=summary)


def _closed(state: Escalation, event: e.Closed) -> Iterator[Action]:
    resolution = state.resolution.text if state.resolution else event.because
    if event.returned:
        if kind_of(state.requested_by) is ActorKind.CUSTOMER:
            kind, text = MessageKind.CUSTOMER, words.returned_for_customer()
        else:
            kind, text = MessageKind.NEWS, words.news(state, event.because)
        yield _notify(state, event, state.requested_by, kind, text, summary="tell the requester: returned")
    yield _update(state, event, note=f"Closed: {resolution}", status="closed")


def _cancelled(state: Escalation, event: e.Cancelled) -> Iterator[Action]:
    text = words.news(state, f"cancelled by {event.by}: {event.because}")
    concerned = dict.fromkeys((*state.told, state.requested_by))
    for actor in concerned:
        if kind_of(actor) is ActorKind.CUSTOMER:
            ended = words.ended_for_customer()
            yield _notify(state, event, actor, MessageKind.CUSTOMER, ended, summary="tell the customer that it ended")
        elif actor != event.by:
            yield _notify(state, event, actor, MessageKind.NEWS, text, summary=f"tell {actor}: cancelled")
    yield _update(state, event, note=f"Cancelled: {event.because}", status="closed")


def _update(
    state: Escalation,
    event: e.Event,
    *,
    note: str,
    status: Literal["open", "pending", "solved", "closed"],
    public: bool = False,
) -> UpdateCase:
    return UpdateCase(
        key=_key(state, event, "case"),
        case_key=case_key(state),
        note=note,
        public=public,
        status=status,
        owner=state.owner.actor if state.owner else None,
        summary=f"ticket: {status}",
    )


_REACTIONS: dict[type, Callable[[Escalation, Any], Iterator[Action]]] = {
    e.Opened: _opened,
    e.Joined: _joined,
    e.ReasonsAdded: _reasons_added,
    e.SeverityChanged: _severity_changed,
    e.NoteAdded: _note_added,
    e.InputRequested: _input_requested,
    e.RungOpened: _rung_opened,
    e.PeopleResolved: _people_resolved,
    e.OwnerChanged: _owner_changed,
    e.HandoffOffered: _handoff_offered,
    e.HandoffEnded: _handoff_ended,
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.GateExpired: _gate_expired,
    e.ClockWarned: _clock_warned,
    e.ClockBreached: _clock_breached,
    e.HoldEnded: _hold_ended,
    e.CaseUpdateFailed: _case_update_failed,
    e.MessageFailed: _message_failed,
    e.ResolutionProposed: _resolution_proposed,
    e.ResolutionUnanswered: _resolution_unanswered,
    e.ResolutionRejected: _resolution_rejected,
    e.ReviewStarted: _review_started,
    e.ReviewChased: _review_chased,
    e.ItemAdded: _item_added,
    e.ItemChased: _item_chased,
    e.HeldReleased: _held_released,
    e.CommandRefused: _command_refused,
    e.Closed: _closed,
    e.Cancelled: _cancelled,
}
