"""The words around statements: what customers read, drafts to be released, receipts, milestones, next steps."""

from escalation.lifecycle import grounds
from escalation.lifecycle.communication import Text, Words, headline, instant, text
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.sentences import told
from escalation.lifecycle.statements.receipts import GIVEN_UP, unread
from escalation.lifecycle.statements.stakeholders import communicator
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.statements import FollowUp, UpdateDraft
from escalation.values import Actor, ActorKind, counted, kind_of

MOST_STEPS = 20
"""How many next steps one message lists."""


def answer_of_customer() -> Words:
    """Remind a customer of the answer that is expected of them."""
    body = "We have asked you something about your case. Please answer our latest message."
    return Text("Your case: please answer", body, "reply_awaited_customer")


def by_whom(person: Actor, drafted_by: Actor | None) -> str:
    """Say who released something, and who wrote it where that was somebody else; an AI is named as one."""
    if drafted_by is None:
        return person
    ai = ", an AI" if kind_of(drafted_by) is ActorKind.AGENT else ""
    return f"{person}, written by {drafted_by}{ai}"


def to_release(state: Escalation, written: UpdateDraft, person: Actor) -> Words:
    """Ask somebody to read a draft and release it."""
    ai = " (an AI: a person has to release it)" if kind_of(written.by) is ActorKind.AGENT else ""
    parts = [f"Draft {written.id} by {written.by}{ai}, for {', '.join(written.audiences)}; stage {written.stage}."]
    if written.text:
        parts.append(f"For colleagues:\n{written.text}")
    if written.customer_text:
        parts.append(f"For customers:\n{written.customer_text}")
    parts.append(
        f"  escalate release_update {state.id} --by {person} --draft {written.id} --digest {written.digest}\n"
        f"  escalate drop_draft {state.id} --by {person} --draft {written.id} --because '...'"
    )
    return text(
        state,
        "draft_release",
        f"{headline(state)} - draft {written.id} to be released",
        "\n\n".join(parts),
        draft=written.id,
        by=written.by,
        ai=kind_of(written.by) is ActorKind.AGENT,
        audiences=written.audiences,
        stage=written.stage,
        text=written.text,
        customer_text=written.customer_text,
        digest=written.digest,
    )


def please_confirm(state: Escalation, person: Actor) -> Words:
    """Remind somebody to confirm that they have read what they were sent."""
    body = (
        f"Please read the latest update of {state.id} and what belongs to it, and confirm that you have.\n"
        f"  escalate show {state.id}\n"
        f"  escalate confirm_read {state.id} --by {person}"
    )
    return text(state, "receipt_awaited", f"{headline(state)} - please confirm that you have read it", body)


def reached(event: e.MilestoneReached) -> Sentence:
    """Say that a milestone was reached, and which earlier ones were not."""
    about = f" ({event.about})" if event.about else ""
    before = f"; not reached before it: {', '.join(event.before)}" if event.before else ""
    return told(
        "milestone_reached",
        f"milestone {event.milestone}{about} reached by {event.by}, update due {instant(event.due)}{before}",
        milestone=event.milestone,
        meaning=event.about,
        by=event.by,
        due=event.due,
        before=event.before,
    )


def milestone_awaited(state: Escalation, event: e.MilestoneOverdue, person: Actor) -> Words:
    """Ask for the short update after a milestone."""
    policy = state.playbook.communication
    known = policy.milestone(event.milestone) if policy is not None else None
    most = f" in at most {known.at_most} characters" if known is not None else ""
    body = (
        f"Milestone {event.milestone} was reached and its update has not come. Please say how it stands{most}.\n"
        f"  escalate milestone {state.id} --by {person} --name {event.milestone} --text '...'"
    )
    return text(
        state,
        "milestone_due",
        f"{headline(state)} - update of milestone {event.milestone} is late",
        body,
        milestone=event.milestone,
        at_most=known.at_most if known is not None else 0,
    )


def next_steps(state: Escalation, event: e.NextStepsSent, person: Actor) -> Words:
    """List what was agreed: what, who, until when; the reader's own first."""
    items = [state.items[name] for name in event.items if name in state.items]
    items.sort(key=lambda item: (item.owner != person, item.due))
    lines = [event.text] if event.text else []
    lines.append(f"Agreed next steps of {state.id}, sent by {event.by}:")
    for item in items[:MOST_STEPS]:
        whose = "you" if item.owner == person else item.owner
        lines.append(f"  - {item.id} {whose}, until {instant(item.due)}: {item.title[:200]}")
    if len(items) > MOST_STEPS:
        lines.append(f"  and {len(items) - MOST_STEPS} more: escalate show {state.id}")
    steps = [
        {
            "item": item.id,
            "owner": item.owner,
            "due": item.due,
            "title": item.title[:200],
            "yours": item.owner == person,
        }
        for item in items[:MOST_STEPS]
    ]
    subject, more = f"{headline(state)} - {counted(len(items), 'next step')}", max(0, len(items) - MOST_STEPS)
    if kind_of(person) is ActorKind.CUSTOMER:
        theirs = [{name: step[name] for name in ("title", "due", "yours")} for step in steps]
        said = grounds.plain({"text": event.text, "steps": theirs, "more": more})
        return Text(subject, "\n".join(lines), "next_steps_customer", said)
    return text(
        state,
        "next_steps",
        subject,
        "\n".join(lines),
        by=event.by,
        text=event.text,
        steps=steps,
        count=len(items),
        more=more,
    )


def follow_up(event: e.FollowUpSent) -> Words:
    """Tell a customer something after the solution, or ask how satisfied they are."""
    if event.next_due is None:
        return Text("Your case: afterwards", event.text, "customer_news", grounds.plain({"text": event.text}))
    again = "We have not heard from you yet. " if event.times > 1 else ""
    asked = event.text or "How satisfied are you with how your case was solved?"
    body = f"{again}{asked}\nPlease answer with a number from 1 (not at all) to 5."
    said = grounds.plain({"text": event.text, "again": event.times > 1})
    return Text("Your case: how satisfied are you?", body, "satisfaction_customer", said)


# --- what will be, and what happens then ------------------------------------------------------------------------------


def says_receipt(state: Escalation, name: str) -> str:
    """Say what happens when a stakeholder does not confirm."""
    talk = state.communication
    if talk is None:
        return ""
    standing = talk.stakeholders[name]
    whom = ", ".join(unread(standing)) or name
    then = f", tell {communicator(state)}" if standing.receipt_chased + 1 >= GIVEN_UP else ""
    return f"{name} has not confirmed to have read it: remind {whom}{then}"


def says_milestone(state: Escalation, identifier: str) -> str:
    """Say what happens when the update after a milestone does not come."""
    known = state.communication.milestones.get(identifier) if state.communication is not None else None
    again = f", asked for {known.chased} times" if known is not None and known.chased else ""
    higher = ", and somebody higher" if known is not None and known.chased else ""
    return f"no update of milestone {identifier} has come{again}: remind {state.accountable}{higher}"


def says_follow_up(state: Escalation, identifier: str) -> str:
    """Say what the customer is sent then."""
    known = state.communication.follow_ups.get(identifier) if state.communication is not None else None
    return says_follow_up_of(known) if known is not None else ""


def says_follow_up_of(known: FollowUp) -> str:
    """Say of a follow-up what the customer is sent next."""
    if not known.asks:
        return "follow up with the customer"
    if known.sent > 1:
        return "the customer has not answered, though asked twice: nobody waits for it any longer"
    return f"ask the customer how satisfied they are{' once more' if known.sent else ''}"
