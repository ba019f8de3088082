"""Stage review: what was learned is written down, and the escalation lives until its last action item is done."""

from escalation.errors import AlreadyDone, Incomplete, NotNow
from escalation.lifecycle import approval, links, permissions, summaries, work_items
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.schema import ReviewPart
from escalation.values import ENGINE


def begin_when_confirmed(draft: Draft) -> None:
    """Start the review once the resolution stands and no gate is left in front of it."""
    state = draft.state
    if state.review is not None or state.ended or state.resolution_state != "confirmed":
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
    said: dict[ReviewPart, object] = {
        ReviewPart.IMPACT: command.impact or state.context.impact,
        ReviewPart.CAUSE: command.cause or (resolution.cause if resolution else ""),
        ReviewPart.RESOLUTION: command.resolution or (resolution.text if resolution else ""),
        ReviewPart.LESSONS: command.lessons,
    }
    missing = [str(part) for part in state.playbook.review.requires if not said[part]]
    if missing:
        raise Incomplete(f"the review lacks what the playbook requires: {', '.join(missing)}")
    draft.record(
        e.ReviewSubmitted,
        impact=said[ReviewPart.IMPACT],
        cause=said[ReviewPart.CAUSE],
        resolution=said[ReviewPart.RESOLUTION],
        lessons=command.lessons,
        warranted=command.warranted,
    )
    for item in command.items:
        work_items.add(draft, item.title, item.owner, item.due)


def close_when_done(draft: Draft) -> None:
    """Close once the review is in and every action item is done."""
    state = draft.state
    review = state.review
    if review is None or review.submitted_at is None or state.open_items or state.unreviewed or state.ended:
        return
    if not summaries.all_filed(state):
        return
    if any(task.due is not None for task in state.automation_tasks.values()):
        return  # an action item whose owner is being looked up
    if state.links and links.wait_for_children(draft):
        return
    draft.record(e.Closed, by=ENGINE, because="the review is in and every action item is done")


def due(draft: Draft) -> None:
    """The review is late: its owner is reminded, every second time the accountable person too."""
    review = draft.state.review
    if review is not None:
        again = draft.now + draft.state.playbook.review.remind
        draft.record(e.ReviewChased, by=ENGINE, times=review.chased + 1, next_due=again)
