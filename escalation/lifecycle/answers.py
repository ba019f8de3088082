"""What the world answers to actions: people found, messages delivered, tickets; and signals that nobody could take."""

from escalation.lifecycle import approval, assignment, automations, bypass, hours, recusal, shifts, triggers
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, problems
from escalation.lifecycle.needs import concerned
from escalation.model import commands as c
from escalation.model import events as e
from escalation.values import ENGINE


def people_found(draft: Draft, command: c.PeopleFound) -> None:
    """People were looked up: what waited for them goes on."""
    rung, found = draft.state.rung, command.found
    kind, _, reference = command.purpose.partition(":")
    calls = rung is not None and rung.id == reference and kind in ("rung", "hours")
    if calls and kind == "hours":
        found = hours.fresh(draft.state, found)
    task = draft.state.automation_tasks.get(reference) if kind == "automation" else None
    draft.record(e.PeopleResolved, purpose=command.purpose, found=found)
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
    elif kind == "gate" and concerned(draft.state):
        approval.reconcile(draft)  # whom it is about may have become known while they were looked up
    elif kind == shifts.SHIFT:
        shifts.found(draft, found)
    elif kind == "handoff":
        shifts.next_found(draft, reference, found)
    elif kind == bypass.ALLOWED and reference:
        bypass.to_review(draft, reference, found)


def delivered(draft: Draft, command: c.Delivered) -> None:
    """A message arrived."""
    draft.record(e.MessageDelivered, key=command.key, to=command.to, rung=command.rung, receipt=command.receipt)


def case_opened(draft: Draft, command: c.CaseOpened) -> None:
    """The ticket is there; a tier that only the CRM knows is a new fact."""
    draft.record(e.CaseLinked, link=command.link)
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
    """Only the question to the customer bears on what comes; that the rest was mirrored would only fill the history."""
    proposed = draft.state.resolution
    if proposed is not None and proposed.asked_at is None and command.public and draft.state.is_question(command.key):
        draft.record(e.QuestionPublished, key=command.key)


def case_not_updated(draft: Draft, command: c.CaseNotUpdated) -> None:
    """The ticket could not be brought up to date."""
    draft.record(e.CaseUpdateFailed, key=command.key, error=command.error)


def signal_refused(draft: Draft, command: c.SignalRefused) -> None:
    """A signal could not be taken: that stands on the timeline."""
    draft.record(e.CommandRefused, by=ENGINE, command=command.name, because=command.error, sender=command.sender)
