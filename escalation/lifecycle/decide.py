"""``decide(state, command, now)``: what a command causes. All rules are reached from the one table here.

A rule records events or raises a ``DomainError``. What follows from events, whoever caused them, is done afterwards in
one place: leaving triage, opening and voiding gates, applying decisions that came early, stopping clocks, starting the
review, closing.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from escalation.errors import TooLarge
from escalation.lifecycle import (
    agenda,
    answers,
    approval,
    assignment,
    closing,
    early,
    migration,
    permissions,
    resolution,
    review,
    settled,
    triage,
    triggers,
)
from escalation.lifecycle.approvals import actions, choices, delegation, lowering
from escalation.lifecycle.automatic import automations, critical, recovery
from escalation.lifecycle.case import help_desk, information, links, packet, recusal, ticket
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import reads
from escalation.lifecycle.hindsight import feedback, labels, lessons
from escalation.lifecycle.incident import baseline, mode, periods, plan, priorities
from escalation.lifecycle.ladder import bypass, handoff, shifts, silence
from escalation.lifecycle.ownership import assistance, holder, raci, roles
from escalation.lifecycle.statements import follow_up, milestones, receipts, release, replies, summaries, updates
from escalation.lifecycle.timeline import comments, entries, holds, sessions
from escalation.lifecycle.timing import clocks, dwell
from escalation.lifecycle.work import (
    checklists,
    checkpoints,
    dependencies,
    input_requests,
    item_steps,
    work_items,
    work_templates,
)
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Remembered
from escalation.model.state import Escalation


def decide(state: Escalation, command: c.Command, now: datetime) -> list[e.Event]:
    """Return what a command causes, as events in order; empty when it changes nothing. See ``advance``."""
    return advance(state, command, now)[1]


def advance(state: Escalation, command: c.Command, now: datetime) -> tuple[Escalation, list[e.Event]]:
    """Decide and evolve at once: the state after a command, and the events that lead there.

    The rules see the state that each of their events makes, so it is there already; ``reduce(evolve, events, state)``
    is the same state.

    Pure: the same state, command and instant give the same events.

    Args:
        state: as the events so far have made it.
        command: of a person, a service, time, or an action's result.
        now: the present instant, with a time zone.

    Raises:
        DomainError: a rule refuses the command; the message says why and what would be possible.
        RequestRefused: a request to open does not fit its playbook.
    """
    identity = ""
    if isinstance(command, c.Act):
        identity = _identity(command)
        if identity and accepted_before(state, command) is not None:
            return state, []
        if not isinstance(command, c.Cancel):
            # The engine itself cancels when the run is cancelled in Temporal; the shell refuses that from outside.
            permissions.refuse_engine(command.by)
        permissions.require_open(state)
        if state.playbook.activities or state.playbook.before_work is not None:
            assistance.require_allowed(state, command, now)
        if early.must_wait(state, command):
            draft = Draft(state, command.by, now, identity)
            early.keep(draft, command)
            _require_room(draft, command)
            return draft.state, draft.events
    elif state.ended and not _counts_after_the_end(state, command):
        return state, []
    draft = Draft(state, command.by, now, identity)
    _rule(draft, command)
    if draft.events:
        _follow_up(draft, command)
    if type(command) in _KEPT_WORDS:
        _require_room(draft, command)
    return draft.state, draft.events


MOST_BYTES = 1_200_000
"""How large a state may become, as JSON, without its latest events: continue-as-new has to carry it (2 MiB)."""

_GROWS = frozenset(
    {
        c.ProvideInput,
        c.AddItem,
        c.SubmitReview,
        c.ChangeFacts,
        c.PutOnHold,
        c.PostUpdate,
        c.Link,
        c.AskApproval,
        c.DraftReview,
        c.AddLesson,
        c.PostEntry,
        c.DraftUpdate,
        c.BlockItem,
        c.RequestInput,
        c.ReportBaseline,
        c.FileInPlan,
        c.Rate,
        c.Bypass,
        c.DropDraft,
        c.EditEntry,
        c.LinkEntry,
        c.OpenSession,
        c.CloseSession,
        c.Migrate,
    }
)
"""Commands whose words stay in the state for good. What the world answers is none: refused, it would be lost."""

_DECIDES = frozenset({c.Approve, c.Reject, c.RequestChanges, c.DelegateApproval})
"""Their words stay too, but what is short is never refused: however full the state is, people decide."""

_KEPT_WORDS = _GROWS | _DECIDES


_LARGE, _EVERY = 4_000, 16
"""A command over so many bytes is measured at once; smaller ones only every so many events, since measuring is slow."""


def _require_room(draft: Draft, command: c.Command) -> None:
    state = draft.state
    seldom = state.seq // _EVERY == draft.before.seq // _EVERY or type(command) in _DECIDES
    if seldom and len(command.model_dump_json()) < _LARGE:
        return
    size = len(state.model_dump_json(exclude={"tail", "playbook"}).encode())
    if size > MOST_BYTES:
        raise TooLarge(
            f"with this {state.id} would hold {size:,} bytes and the limit is {MOST_BYTES:,}; store large material "
            "elsewhere and attach its URL"
        )


def accepted_before(state: Escalation, command: c.Act) -> Remembered | None:
    """Return when the same command of the same actor with the same id was accepted; None when it was not."""
    identity = _identity(command)
    return next((known for known in state.remembered if identity and known.command == identity), None)


def _identity(command: c.Act) -> str:
    # Bound to who and what: an id that two people, or two kinds of command, happen to share hides nothing.
    return f"{c.NAMES[type(command)]}/{command.by}/{command.command_id}" if command.command_id else ""


_AFTER_THE_END = (
    c.Open,
    c.Delivered,
    c.NotDelivered,
    c.Amended,
    c.CaseOpened,
    c.CaseNotOpened,
    c.CaseNotUpdated,
    c.SignalRefused,
)


def _counts_after_the_end(state: Escalation, command: c.Command) -> bool:
    """A repeat; the last messages, who is to have them and what became of them; signals that came too late."""
    if isinstance(command, c.PeopleFound):
        posted = state.rules >= 1 and command.purpose.startswith("update:")  # said before the end, and still on its way
        return posted or command.purpose.startswith(("tell:", "automation:", "mention:"))
    return isinstance(command, _AFTER_THE_END)


# --- what follows, whoever caused it ----------------------------------------------------------------------------------

_BEARS_ON_GATES = {
    e.Opened,
    e.Joined,
    e.InputProvided,
    e.ExceptionUsed,
    e.FactsChanged,
    e.SeverityChanged,
    e.SeverityLoweringAsked,
    e.StandDownAsked,
    e.LevelEntered,
    e.OwnerChanged,
    e.ResolutionProposed,
    e.ResolutionConfirmed,
    e.ResolutionRejected,
    e.Migrated,
}


def _follow_up(draft: Draft, command: c.Command) -> None:
    """Do what follows from events. What is not there, and what the playbook has no word on, is not even asked for."""
    followed = draft.state.playbook.followed
    _go_on(draft, command, followed)
    _settle_hops(draft)
    if draft.state.resolution is not None:
        review.begin_when_confirmed(draft)
    _as_the_playbook_has_it(draft, command, followed)
    if draft.state.review is not None:
        _close_when_done(draft)
    if draft.state.actions:
        actions.follow(draft)
    if "timed_statuses" in followed:
        dwell.follow(draft)
    if "tells_of_stages" in followed:
        raci.follow(draft)
    if draft.state.held and draft.state.ended:
        early.release(draft, _rule)
    if draft.state.links:
        links.follow(draft)
    if draft.state.asking or draft.state.taken_up:
        settled.follow(draft)


def _go_on(draft: Draft, command: c.Command, followed: AbstractSet[str]) -> None:
    """Let go on what waited for this: the packet, approvals, early decisions, the ladder."""
    if draft.state.input_request is not None:
        packet.let_through(draft)
    if draft.before.rung is not None:
        silence.broken(draft, command)
    _reconcile_since(draft, 0)
    if draft.state.held:
        seen = len(draft.events)
        early.release(draft, _rule)
        _reconcile_since(draft, seen)
    if "choosing_gates" in followed:
        choices.follow(draft)
    if draft.state.lowering is not None:
        seen = len(draft.events)
        lowering.settle(draft)
        _reconcile_since(draft, seen)
    if draft.state.level is None and draft.state.opened:
        triage.proceed(draft)
    seen = len(draft.events)
    if "recoveries" in followed:
        recovery.follow(draft)
    recusal.follow(draft)
    _reconcile_since(draft, seen)
    _settle_level(draft)
    if "drafts_reviews" in followed:
        review.open_draft(draft)


def _close_when_done(draft: Draft) -> None:
    closing_from = len(draft.events)
    review.close_when_done(draft)
    if len(draft.events) > closing_from:
        automations.follow(draft, closing_from)


def _as_the_playbook_has_it(draft: Draft, command: c.Command, followed: AbstractSet[str]) -> None:
    """Let speak what the playbook has a section for; one that has none pays nothing for it."""
    if "critical_incident" in followed:
        critical.follow(draft)
    if "work" in followed:
        work_templates.follow(draft)
    if "incident" in followed:
        _run_incident(draft)
    if "automations" in followed:
        _automate(draft)
    clocks.follow(draft, command)
    if "communication" in followed:
        updates.follow(draft)
    if draft.state.review is not None:
        feedback.follow(draft)


def _automate(draft: Draft) -> None:
    """Let the automations run for what has happened, and see to what follows from that; it starts no others."""
    seen, level = len(draft.events), draft.state.level
    automations.follow(draft)
    if len(draft.events) == seen:
        return
    packet.let_through(draft)
    _reconcile_since(draft, seen)
    if draft.state.opened and draft.state.level is None:
        triage.proceed(draft)
    recovery.follow(draft)
    if draft.state.level != level:
        _settle_level(draft)
    review.begin_when_confirmed(draft)
    critical.follow(draft)
    _run_incident(draft)


def _run_incident(draft: Draft) -> None:
    if draft.state.playbook.incident is None:
        return
    mode.settle(draft)
    mode.follow(draft)
    periods.follow(draft)


def _reconcile_since(draft: Draft, seen: int) -> None:
    if len(draft.events) == seen or not draft.state.playbook.gates:
        return
    fresh = draft.events[seen:]
    if not _BEARS_ON_GATES.isdisjoint(map(type, fresh)) or (draft.state.rules >= 2 and any(map(_has_keywords, fresh))):
        approval.reconcile(draft)


def _has_keywords(event: e.Event) -> bool:
    return isinstance(event, e.NoteAdded) and bool(event.words)


def _settle_hops(draft: Draft) -> None:
    """How often it was handed on is a fact too."""
    if "handoffs" in reads(draft.state.playbook) and draft.state.hops != draft.before.hops:
        seen = len(draft.events)
        triggers.settle(draft, {"handoffs"})
        _reconcile_since(draft, seen)


def _settle_level(draft: Draft) -> None:
    """The level is a fact too: what reads it is evaluated again, at each level that this leads to."""
    known = draft.before.level
    if draft.state.level is known or "level" not in reads(draft.state.playbook):
        return
    while (level := draft.state.level) is not None and (known is None or level.id != known.id):
        known = level
        seen = len(draft.events)
        triggers.settle(draft, {"level"})
        _reconcile_since(draft, seen)


_RULES: dict[type, Callable[[Draft, Any], None]] = {
    c.Open: triage.open_or_join,
    c.TimePassed: lambda draft, _: agenda.pass_time(draft),
    c.PeopleFound: answers.people_found,
    c.Delivered: answers.delivered,
    c.NotDelivered: answers.not_delivered,
    c.Amended: answers.amended,
    c.CaseOpened: answers.case_opened,
    c.CaseNotOpened: answers.case_not_opened,
    c.CaseUpdated: answers.case_updated,
    c.CaseNotUpdated: answers.case_not_updated,
    c.CaseChanged: help_desk.changed,
    c.RecoveryRan: recovery.ended,
    c.SignalRefused: answers.signal_refused,
    c.Acknowledge: assignment.acknowledge,
    c.Claim: handoff.claim,
    c.Decline: assignment.decline,
    c.Reassign: handoff.reassign,
    c.OfferHandoff: handoff.offer,
    c.AcceptHandoff: handoff.accept,
    c.DeclineHandoff: handoff.decline,
    c.WithdrawHandoff: handoff.withdraw,
    c.EditHandover: shifts.edit,
    c.GiveBack: holder.give_back,
    c.RecordCallTransfer: holder.record_call_transfer,
    c.NameCommunicator: roles.name_communicator,
    c.NameCommander: roles.name_commander,
    c.AssignResponsibility: roles.assign_responsibility,
    c.Join: roles.join,
    c.Leave: roles.leave,
    c.AddToGroup: roles.add_to_group,
    c.Advise: raci.advise,
    c.Draft: assistance.draft_work,
    c.CompleteActivity: assistance.complete,
    c.DocumentWork: assistance.document,
    c.Escalate: handoff.escalate,
    c.ChangeSeverity: information.change_severity,
    c.ChangeDue: information.change_due,
    c.ChangeFacts: information.change_facts,
    c.Note: information.note,
    c.Attach: information.attach,
    c.ProvideInput: information.provide_input,
    c.PutOnHold: resolution.hold,
    c.Resume: resolution.resume,
    c.Approve: approval.approve,
    c.Reject: approval.reject,
    c.RequestChanges: approval.request_changes,
    c.DelegateApproval: delegation.delegate,
    c.AskApproval: actions.ask,
    c.UseApproval: actions.use,
    c.WithdrawApproval: actions.withdraw,
    c.Resolve: resolution.resolve,
    c.ConfirmResolution: resolution.confirm,
    c.RejectResolution: resolution.reject,
    c.AddItem: work_items.add_item,
    c.CompleteItem: work_items.complete,
    c.ClaimItem: item_steps.claim,
    c.StartItem: item_steps.start,
    c.BlockItem: item_steps.block,
    c.DropItem: item_steps.drop,
    c.ReassignItem: item_steps.reassign,
    c.PostponeItem: item_steps.postpone,
    c.SubmitCheck: checklists.submit,
    c.ApproveCheck: checklists.approve,
    c.RejectCheck: checklists.reject,
    c.ConfirmCheckpoint: checkpoints.confirm,
    c.ReportCheck: dependencies.report,
    c.RequestInput: input_requests.ask,
    c.AnswerInput: input_requests.answer,
    c.SubmitReview: review.submit,
    c.Rate: closing.rate,
    c.SubmitFeedback: closing.submit_feedback,
    c.Cancel: closing.cancel,
    c.Bypass: bypass.use,
    c.PostUpdate: updates.post,
    c.PostponeUpdate: updates.postpone,
    c.Reply: replies.reply,
    c.FileSummary: summaries.file,
    c.DraftUpdate: release.write,
    c.ReleaseUpdate: release.release,
    c.DropDraft: release.drop,
    c.ConfirmRead: receipts.confirm,
    c.ReachMilestone: milestones.reach,
    c.SendFollowUp: follow_up.send_next_steps,
    c.Link: links.link,
    c.Unlink: links.unlink,
    c.PostEntry: entries.post,
    c.EditEntry: entries.edit,
    c.ReleaseEntry: entries.release,
    c.AcceptEntry: entries.accept,
    c.LinkEntry: entries.link,
    c.AnswerEntry: entries.answer,
    c.ResolveEntry: entries.resolve,
    c.Comment: comments.comment,
    c.ReactEntry: comments.react,
    c.MarkSeen: comments.mark_seen,
    c.OpenTicket: ticket.open_anew,
    c.OpenSession: sessions.open_session,
    c.CloseSession: sessions.close_session,
    c.PlaceLegalHold: holds.place,
    c.ReleaseLegalHold: holds.release,
    c.LinkHeard: links.heard,
    c.LinkTold: lambda *_: None,
    c.LinkNotTold: links.not_told,
    c.DraftReview: review.draft_part,
    c.AddLesson: lessons.add_lesson,
    c.CompleteChange: lessons.complete_change,
    c.Label: labels.label,
    c.AdviseRequester: feedback.advise_requester,
    c.SubmitParticipantFeedback: feedback.submit,
    c.Close: closing.close,
    c.Migrate: migration.ask,
    c.PlaybookLoaded: migration.loaded,
    c.DeclareIncident: mode.declare,
    c.StandDown: mode.stand_down,
    c.ReportBaseline: baseline.report,
    c.FileInPlan: plan.file,
    c.SetPriorities: priorities.set_them,
}


def _rule(draft: Draft, command: c.Command) -> None:
    _RULES[type(command)](draft, command)
