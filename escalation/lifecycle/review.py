"""Stage review: what was learned is written down, and the escalation lives until its last action item is done."""

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow
from escalation.lifecycle import approval, grounds, permissions
from escalation.lifecycle.case import links
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.hindsight import labels, lessons
from escalation.lifecycle.statements import follow_up, summaries
from escalation.lifecycle.timeline import unfinished
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.review import ReviewStart
from escalation.playbook.schema import ReviewPart
from escalation.values import ENGINE, ActorKind, kind_of


def open_draft(draft: Draft) -> None:
    """Let the review be begun once it is stable, where the playbook says so; what it asks and when it is due stays."""
    state = draft.state
    policy = state.playbook.review
    if policy.starts is not ReviewStart.STABLE or state.review_draft is not None or not state.opened or state.ended:
        return
    if state.waits_for_confirmation:
        draft.record(
            e.ReviewDraftOpened, by=ENGINE, because=grounds.of("resolution_proposed", "a resolution is proposed")
        )
    elif policy.stable_when is not None and state.level is not None and state.review is None:
        compiled = condition(state.playbook, policy.stable_when)
        if compiled.true(derive(basis_of(state))):
            draft.record(
                e.ReviewDraftOpened,
                by=ENGINE,
                because=grounds.of("stable", f"it is stable: {policy.stable_when}", condition=policy.stable_when),
            )


def draft_part(draft: Draft, command: c.DraftReview) -> None:
    """Write a part before the review is handed in; an AI's words never replace a person's."""
    state = draft.state
    is_ai = kind_of(command.by) is ActorKind.AGENT
    if is_ai:
        permissions.require_member_or_requester(state, command.by)
    else:
        permissions.require_person(command.by, "draft_review")
        permissions.require_member(state, command.by)
    review = state.review
    if review is not None and review.submitted_by is not None:
        raise AlreadyDone(f"the review was submitted by {review.submitted_by} at {review.submitted_at:%Y-%m-%d %H:%M}")
    if review is None and state.review_draft is None:
        begins = "once it is stable" if state.playbook.review.starts is ReviewStart.STABLE else "once it is confirmed"
        raise NotNow(f"the review of {state.id} begins {begins}; it is waiting on {state.waiting_on}")
    before = state.review_draft.parts.get(command.part) if state.review_draft is not None else None
    if is_ai and before is not None and not before.by_ai:
        raise NotAllowed(f"{before.by} wrote {command.part} of the review, and an AI does not replace a person's words")
    draft.record(e.ReviewPartDrafted, part=command.part, text=command.text, by_ai=is_ai)


def begin_when_confirmed(draft: Draft) -> None:
    """Start the review once the resolution stands and no gate is left in front of it."""
    state = draft.state
    if state.resolution_state != "confirmed" or state.review is not None or state.ended:
        return
    # Facts that changed since it was proposed may have opened an approval that stands before the resolution.
    if not approval.blocking(state, "resolution", "review"):
        draft.record(e.ReviewStarted, by=ENGINE, due=draft.now + state.playbook.review.due)


def submit(draft: Draft, command: c.SubmitReview) -> None:
    """Hand in the review; what was said when it was resolved fills what is left out."""
    permissions.require_person(command.by, "submit_review")
    state = draft.state
    permissions.require_member(state, command.by)
    review = state.review
    if review is None:
        raise NotNow(f"{state.id} is not in review; it is waiting on {state.waiting_on}")
    if review.submitted_by is not None:
        raise AlreadyDone(f"the review was submitted by {review.submitted_by} at {review.submitted_at:%Y-%m-%d %H:%M}")
    resolution = state.resolution
    drafted = {ReviewPart(part): text for part, text in state.review_draft.parts.items()} if state.review_draft else {}
    learned = (*command.lessons, *(change.what for change in command.changes))
    if not learned:
        learned = (drafted[ReviewPart.LESSONS].text,) if ReviewPart.LESSONS in drafted else ()
        learned = learned or tuple(lesson.what for lesson in state.lessons.values())
    written = {ReviewPart.IMPACT: command.impact, ReviewPart.CAUSE: command.cause}
    written |= {ReviewPart.RESOLUTION: command.resolution}
    known = {
        ReviewPart.IMPACT: state.context.impact,
        ReviewPart.CAUSE: resolution.cause if resolution else "",
        ReviewPart.RESOLUTION: resolution.text if resolution else "",
    }
    said: dict[ReviewPart, object] = {
        part: text or (drafted[part].text if part in drafted else known[part]) for part, text in written.items()
    }
    said[ReviewPart.LESSONS] = learned
    missing = [str(part) for part in state.playbook.review.requires if not said[part]]
    if missing:
        raise Incomplete(f"the review lacks what the playbook requires: {', '.join(missing)}")
    # What was begun before this was computed replays as it was written.
    late = labels.lateness(state) if state.rules >= 1 else None
    draft.record(
        e.ReviewSubmitted,
        impact=said[ReviewPart.IMPACT],
        cause=said[ReviewPart.CAUSE],
        resolution=said[ReviewPart.RESOLUTION],
        lessons=learned,
        warranted=command.warranted,
        late=command.late,
        ai_would_have_been_right=command.ai_would_have_been_right,
        drafted_by_ai=tuple(
            str(part) for part, text in drafted.items() if text.by_ai and text.text in (said[part], *learned)
        ),
        late_by=late.delay.total_seconds() if late is not None else None,
        late_because=labels.said(late),
    )
    for change in command.changes:
        lessons.add(draft, change.what, change.kind, change.owner, change.due)
    for item in command.items:
        work_items.add(draft, item.title, item.owner, item.due)


def close_when_done(draft: Draft) -> None:
    """Close once the review is in and every action item is done, and whoever was asked how it went has said so."""
    state = draft.state
    review = state.review
    if review is None or review.submitted_at is None or state.open_items or state.unreviewed or state.ended:
        return
    if not summaries.all_filed(state) or state.approval_reviews or not follow_up.over(state):
        return
    if any(task.due is not None for task in state.automation_tasks.values()):
        return  # an action item whose owner is being looked up
    if state.feedback_round is not None and state.feedback_round.open:
        return
    if state.links and links.wait_for_children(draft):
        return
    if unfinished.wait_for_it(draft):
        return
    draft.record(
        e.Closed, by=ENGINE, because=grounds.of("review_done", "the review is in and every action item is done")
    )


def due(draft: Draft) -> None:
    """The review is late: its owner is reminded, every second time the accountable person too."""
    review = draft.state.review
    if review is not None:
        again = draft.now + draft.state.playbook.review.remind
        draft.record(e.ReviewChased, by=ENGINE, times=review.chased + 1, next_due=again)
