"""Stage triage: is this for a person, how bad is it, what is missing, and where does it start?

``judge_request`` answers that without anything having happened, for the client's ``consider`` and for its priorities;
opening uses the very same function.
"""

from datetime import datetime
from typing import NamedTuple

from escalation.errors import NotNow, RequestRefused
from escalation.lifecycle import approval, assignment, grounds, resolution, triggers
from escalation.lifecycle.case import needs, packet
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import (
    Basis,
    Facts,
    condition,
    derive,
    heard,
    missing_fields,
    missing_parts,
    request_problems,
)
from escalation.lifecycle.timing import clocks
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.request import MAX_REQUEST_BYTES, Outcome, Reason, Request, Turn, fingerprint
from escalation.playbook.schema import ContextPart, Initiation, Playbook
from escalation.values import ENGINE


class Assessment(NamedTuple):
    """What the playbook says of a request."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    severity: str
    severity_rank: int
    level: str
    missing: tuple[str, ...]
    """Parts and fields that the requester still has to supply."""
    exception: str
    """Why people are told although something is missing; empty when they are not, or when nothing is."""
    because: str
    facts: Facts
    stated: Facts
    """Facts to keep: those of the request, and the category where the playbook's rules named it."""
    words: dict[str, tuple[str, ...]]
    """Keyword list to the words that matched what the customer said."""


def judge_request(
    playbook: Playbook, request: Request, *, repeat: bool = False, now: datetime | None = None
) -> Assessment:
    """Decide what would become of a request, by the same rules that decide when it is opened.

    Raises:
        RequestRefused: when facts or severity do not fit the playbook, or its due date is too far from ``now`` (where
            that is given), naming every wrong path.
    """
    problems = request_problems(playbook, request, now)
    if problems:
        raise RequestRefused(problems)
    words = heard(playbook, request.context.conversation, request.customer)
    basis = Basis(
        playbook=playbook,
        stated=request.facts,
        customer=request.customer,
        context=request.context,
        words=words,
        source=request.source,
        initiation=request.initiation,
        timing=request.timing,
        repeat=repeat,
    )
    facts = derive(basis)
    given = needs.with_more_concerned(playbook.defaults.get(needs.CONCERNS), request.facts)
    stated = {**given, **_category(playbook, facts)}
    facts = {**facts, **stated} if stated != request.facts else facts
    judgement = triggers.judge(playbook, facts, words, request.severity)
    rank = playbook.severity.rank(judgement.severity)
    facts = {**facts, "severity": judgement.severity, "severity.rank": float(rank)}
    level = playbook.levels[judgement.level].id
    if not judgement.reasons:
        because = f"no trigger of playbook {playbook.playbook} is true; it has {len(playbook.triggers)}"
        return Assessment(Outcome.DECLINED, (), judgement.severity, rank, level, (), "", because, facts, stated, words)
    missing = packet.owed(
        (*missing_parts(playbook, request.customer, request.context, snapshot=True), *missing_fields(playbook, facts))
    )
    exception = ""
    outcome = Outcome.OPENED
    because = "; ".join(f"{reason.trigger}: {reason.because}" for reason in judgement.reasons)
    if missing:
        allowed = playbook.context.incomplete_allowed
        if allowed is not None and condition(playbook, allowed).true(facts):
            exception = f"the playbook lets it through incomplete when {allowed}"
        else:
            outcome = Outcome.NEEDS_INPUT
            because = f"the packet lacks {', '.join(missing)}"
    return Assessment(
        outcome, judgement.reasons, judgement.severity, rank, level, missing, exception, because, facts, stated, words
    )


def _category(playbook: Playbook, facts: Facts) -> Facts:
    """Name the category of what came without one, by the first rule that is true."""
    if playbook.category is None or "category" in facts:
        return {}
    first = next((rule for rule in playbook.category.rules if condition(playbook, rule.when).true(facts)), None)
    return {"category": first.category} if first is not None else {}


def open_or_join(draft: Draft, command: c.Open) -> None:
    """Answer a request: open, join what is open, ask for what is missing, or decline.

    The answer is in ``state.answers[request_id]``; a request id that has one changes nothing (``Receipt.again``).

    Raises:
        NotNow: it has ended; a repeat begins with a state of its own.
    """
    request = command.request
    if request.request_id in draft.state.answers:
        return
    if draft.state.ended:
        raise NotNow(f"{draft.state.id} has ended: {draft.state.outcome}; a new request begins a new escalation")
    if draft.state.opened:
        _join(draft, request)
    else:
        _open(draft, request, command.repeat_of)


def _open(draft: Draft, request: Request, repeat_of: str | None) -> None:
    state = draft.state
    playbook = state.playbook
    found = judge_request(playbook, request, repeat=repeat_of is not None, now=draft.now)
    if found.outcome is Outcome.DECLINED:
        draft.record(
            e.Declined,
            by=request.requested_by,
            request_id=request.request_id,
            playbook=playbook.playbook,
            playbook_digest=state.playbook_digest,
            source=request.source,
            dedup_key=request.dedup_key,
            case=request.case,
            customer_id=request.customer.id if request.customer else "",
            initiation=request.initiation,
            timing=request.timing,
            requested_by=request.requested_by,
            facts=found.stated,
            severity=found.severity,
            because=found.because,
        )
        _answer(draft, request, found.outcome, found.because)
        return
    pending = missing_parts(playbook, request.customer, request.context, snapshot=False)
    snapshot = (str(ContextPart.CRM_SNAPSHOT),) if ContextPart.CRM_SNAPSHOT in pending else ()
    draft.record(
        e.Opened,
        by=request.requested_by,
        request_id=request.request_id,
        playbook=playbook.playbook,
        playbook_digest=state.playbook_digest,
        source=request.source,
        dedup_key=request.dedup_key,
        case=request.case,
        customer=request.customer,
        initiation=request.initiation,
        timing=request.timing,
        requested_by=request.requested_by,
        reason=request.reason,
        facts=found.stated,
        context=request.context,
        words=found.words,
        severity=found.severity,
        reasons=found.reasons,
        level=found.level,
        missing=(*found.missing, *snapshot),
        exception=found.exception,
        repeat_of=repeat_of,
        facts_since=request.facts_since,
        due_at=request.due_at,
    )
    clocks.start(draft)
    if found.outcome is Outcome.NEEDS_INPUT:
        draft.record(
            e.InputRequested,
            by=ENGINE,
            parts=found.missing,
            of=request.requested_by,
            due=draft.now + playbook.context.complete_within,
        )
    else:
        proceed(draft)
    _answer(draft, request, found.outcome, found.because)


def proceed(draft: Draft) -> None:
    """Leave triage: through the gates that stand before assignment, then onto the ladder."""
    state = draft.state
    if state.level is not None or state.input_request is not None or state.ended:
        return
    approval.reconcile(draft)
    if approval.blocking(draft.state, "assignment"):
        return
    because = "; ".join(reason.trigger for reason in draft.state.reasons)
    assignment.choose_path(draft)
    axis = next((reason.axis for reason in draft.state.reasons if reason.axis is not None), None)
    assignment.enter_at_least(draft, triggers.level_for(draft.state), because, axis)


def _join(draft: Draft, request: Request) -> None:
    """The same thing again: one more occurrence, with whatever is new. What was thought to be solved is not."""
    problems = request_problems(draft.state.playbook, request, draft.now)
    if problems:
        raise RequestRefused(problems)
    facts = needs.with_more_concerned(needs.concerned(draft.state), dict(request.facts))
    if request.initiation is Initiation.CUSTOMER_REQUEST:
        facts["customer.requested_human"] = True
    known = set(draft.state.context.conversation)
    fresh = tuple(turn for turn in request.context.conversation if turn not in known)
    size = sum(len(turn.text) for turn in (*known, *fresh))
    fits = size <= MAX_REQUEST_BYTES // 2
    draft.record(
        e.Joined,
        by=request.requested_by,
        request_id=request.request_id,
        requested_by=request.requested_by,
        facts=facts,
        summary=request.context.summary,
        conversation=fresh if fits else (),
        words=heard(draft.state.playbook, fresh, draft.state.customer),
        left_out=0 if fits else len(fresh),
    )
    changed = {*facts, *packet.FACTS, "occurrences"}
    if request.severity is not None and triggers.worsen(
        draft, request.severity, grounds.of("again_as_bad", "reported again as this bad")
    ):
        changed |= {"severity", "severity.rank"}
    _due_earlier(draft, request)
    packet.catch_up(draft, request.context, request.customer)
    triggers.settle(draft, changed)
    _contradict(draft, request, fresh)
    _reopen(draft, request)
    count = draft.state.occurrences
    because = f"joined {draft.state.id}, open since {draft.state.opened_at:%Y-%m-%d %H:%M %Z}: occurrence {count}"
    if request.playbook != draft.state.playbook.playbook:
        because += f"; it goes on by {draft.state.playbook.playbook}, the playbook it was opened with"
    _answer(draft, request, Outcome.JOINED, because)


def _due_earlier(draft: Draft, request: Request) -> None:
    """The earlier of two due dates counts: whoever reports it again does not give others more time."""
    known, stated = draft.state.due_at, request.due_at
    if stated is None or (known is not None and known <= stated):
        return
    because = "reported again with an earlier due date" if known is not None else "reported again with a due date"
    draft.record(e.DueChanged, by=request.requested_by, previous=known, due_at=stated, because=because)
    clocks.due_date_moved(draft)


def _answer(draft: Draft, request: Request, outcome: Outcome, because: str) -> None:
    draft.record(
        e.Receipted,
        by=ENGINE,
        request_id=request.request_id,
        outcome=outcome,
        because=because,
        request_digest=fingerprint(request),
    )


def _contradict(draft: Draft, request: Request, fresh: tuple[Turn, ...]) -> None:
    """A customer who comes again while a solution is proposed has answered: their silence confirms nothing."""
    comes_from_customer = request.initiation is Initiation.CUSTOMER_REQUEST or any(
        turn.author == "customer" for turn in fresh
    )
    if comes_from_customer:
        english = "the customer reported it again while the resolution waited to be confirmed"
        because = grounds.of("customer_again", english)
        resolution.contradicted(draft, request.requested_by, because)


def _reopen(draft: Draft, request: Request) -> None:
    """Call people again when it was in review: a report of something that is not over must reach somebody."""
    state = draft.state
    if state.review is None or state.level is None:
        return
    because = grounds.of("again_after_solved", "reported again after it was thought to be solved")
    draft.record(e.ResolutionRejected, by=request.requested_by, because=because)
    assignment.enter_level(draft, state.level.index, because)
