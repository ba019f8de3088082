"""What the world answers to actions: people found, messages delivered, tickets; and signals that nobody could take."""

from collections.abc import Callable

from escalation.lifecycle import approval, assignment, grounds, triggers
from escalation.lifecycle.approvals import approval_reviews, delegation
from escalation.lifecycle.automatic import automations
from escalation.lifecycle.case import recusal
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.changes.communication import update_of
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, problems
from escalation.lifecycle.ladder import bypass, hours, shifts
from escalation.model import commands as c
from escalation.model import events as e
from escalation.people.found import People
from escalation.values import ENGINE


def people_found(draft: Draft, command: c.PeopleFound) -> None:
    """People were looked up: what waited for them goes on."""
    rung, found = draft.state.rung, command.found
    kind, _, reference = command.purpose.partition(":")
    calls = rung is not None and rung.id == reference and kind in ("rung", "hours")
    if calls and kind == "hours":
        found = hours.fresh(draft.state, found)
    task = draft.state.automation_tasks.get(reference) if kind == "automation" else None
    draft.record(e.PeopleResolved, purpose=command.purpose, found=found, tells=command.tells)
    if task is not None:
        automations.found(draft, task, found)
    if found.unknown:
        recusal.unknown(draft, found.unknown)
    for rotation, because in found.feeds.items():
        if rotation not in draft.state.failing_feeds and not draft.state.ended:
            draft.record(e.FeedFailing, by=ENGINE, rotation=rotation, because=because)
    if calls:
        if kind == "rung":  # once for each round: who is found at the release is told, whatever their own hours
            hours.hold(draft, found)
        assignment.over_when_nobody_is_left(draft)
    elif kind == "gate":
        if concerned(draft.state):
            approval.reconcile(draft)  # whom it is about may have become known while they were looked up
        approval.deputy_found(draft, reference, found)
    elif (goes_on := _GOES_ON.get(kind)) is not None:
        goes_on(draft, reference, found)


def _exceptions_found(draft: Draft, reference: str, found: People) -> None:
    if reference:
        bypass.to_review(draft, reference, found)


_GOES_ON: dict[str, Callable[[Draft, str, People], None]] = {
    shifts.SHIFT: lambda draft, _, found: shifts.found(draft, found),
    "handoff": shifts.next_found,
    bypass.ALLOWED: _exceptions_found,
    approval_reviews.PURPOSE: approval_reviews.to_review,
}
"""What waited for people, by what they were looked up for."""


def delivered(draft: Draft, command: c.Delivered) -> None:
    """A message arrived."""
    receipt = command.receipt
    # A digest is one message for many escalations: what becomes of one of them cannot be said on it.
    kept = receipt.amendable and not receipt.bundled and draft.state.rules >= 2
    matter = command.matter if kept else ""
    draft.record(e.MessageDelivered, key=command.key, to=command.to, rung=command.rung, receipt=receipt, matter=matter)
    _template_failed(draft, command.receipt.template_error)


def _template_failed(draft: Draft, failed: str) -> None:
    """Say once of each message that its template fails."""
    template = failed.partition(" ")[0]
    if failed and template not in draft.state.failing_templates and not draft.state.ended:
        draft.record(e.TemplateFailing, by=ENGINE, template=template, because=failed)


def amended(draft: Draft, command: c.Amended) -> None:
    """A message says what became of it; only that it could not is worth an event."""
    if command.error:
        draft.record(e.MessageNotAmended, key=command.key, to=command.to, channel=command.channel, error=command.error)
    _template_failed(draft, command.template_error)


def not_delivered(draft: Draft, command: c.NotDelivered) -> None:
    """A message did not arrive."""
    assignment.undelivered(draft, command)
    if command.unknown:
        delegation.give_back(draft, command.key, command.to, command.error)


def case_opened(draft: Draft, command: c.CaseOpened) -> None:
    """The ticket is there; a tier that only the CRM knows is a new fact."""
    before = draft.state.case_link
    draft.record(e.CaseLinked, link=command.link, completed=before is not None and before.later)
    state, snapshot = draft.state, command.link.snapshot
    known = state.facts.get("customer.tier") or (state.customer is not None and state.customer.tier)
    if snapshot is None or not snapshot.tier or known or state.ended:
        return
    # The CRM knows the tier that the requester did not: a new fact like any other.
    tier: Facts = {"customer.tier": snapshot.tier}
    wrong = problems(state.playbook, tier)
    if wrong:
        draft.record(e.NoteAdded, text=f"The tier that {snapshot.system} names is not used: {wrong[0][1]}.")
        return
    draft.record(e.FactsChanged, facts=tier, because=f"{snapshot.system} says so")
    triggers.settle(draft, tier.keys())


def case_not_opened(draft: Draft, command: c.CaseNotOpened) -> None:
    """The help desk refused the ticket."""
    draft.record(e.CaseFailed, error=command.error)


def case_updated(draft: Draft, command: c.CaseUpdated) -> None:
    """Only what the customer is asked or told there bears on what comes; the rest would only fill the history."""
    proposed = draft.state.resolution
    if proposed is not None and proposed.asked_at is None and command.public and draft.state.is_question(command.key):
        draft.record(e.QuestionPublished, key=command.key)
    talk, reference = draft.state.communication, update_of(command.key)
    if talk is not None and reference and command.public and talk.is_latest(reference):
        seq, _, name = reference.partition("/")
        draft.record(e.UpdateOnTicket, by=ENGINE, update=int(seq), stakeholder=name)
    _template_failed(draft, command.template_error)


def case_not_updated(draft: Draft, command: c.CaseNotUpdated) -> None:
    """The ticket could not be brought up to date."""
    draft.record(e.CaseUpdateFailed, key=command.key, error=command.error)


def signal_refused(draft: Draft, command: c.SignalRefused) -> None:
    """A signal could not be taken: that stands on the timeline."""
    draft.record(
        e.CommandRefused,
        by=ENGINE,
        command=command.name,
        because=grounds.again(command.error, command.grounds),
        sender=command.sender,
    )
