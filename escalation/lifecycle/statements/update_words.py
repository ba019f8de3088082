"""The words around stakeholders: updates as they read them, what is asked of whoever speaks, what will happen.

All audiences are told the same facts of one update, so that two of them can never be told different things.
"""

from datetime import datetime

from escalation.calendars import later
from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import headline, instead, text
from escalation.lifecycle.message_values import Words, instant
from escalation.lifecycle.statements.missing import audiences, missing, texts
from escalation.lifecycle.statements.stakeholders import communicator, policy_of, rhythm
from escalation.lifecycle.statements.statement_words import by_whom
from escalation.lifecycle.statements.updates import asked
from escalation.model import events as e
from escalation.model.communication import Communication, Standing, Summary, Update
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import Actor, ActorKind, kind_of


def update(state: Escalation, name: str, said: Update, person: Actor, found: People, *, now: datetime) -> Words:
    """Tell a stakeholder how it stands; whoever is concerned later than it was posted reads since when, and why."""
    talk = state.communication or Communication()
    standing = talk.stakeholders[name]
    who = by_whom(said.by, said.drafted_by)
    severity = f"Its severity is {state.severity} now."
    lines = [
        said.text,
        "",
        f"As of {instant(said.at)}, by {who}; stage {said.stage}{instead(found)}. {severity}",
    ]
    if standing.since > said.at:
        lines.insert(0, f"You are told from now on ({standing.because}). This is the latest update:")
    next_due = _next_due(state, said, now)
    if next_due is not None:
        lines.append(f"The next update is due {instant(next_due)}.")
    if standing.reply_due is not None:
        lines.append(f"Please answer before {instant(standing.reply_due)}.")
        lines.append(f"  escalate reply {state.id} --by {person} --text '...'")
    if standing.receipt_due is not None:
        lines.append(f"Please read what belongs to it, and confirm that before {instant(standing.receipt_due)}.")
        lines.append(f"  escalate show {state.id}")
        lines.append(f"  escalate confirm_read {state.id} --by {person}")
    later = standing.since > said.at
    words = text(
        state,
        "update",
        f"{headline(state)} - update for {name}",
        "\n".join(lines),
        name=name,
        text=said.text,
        at=said.at,
        by=said.by,
        stage=said.stage,
        since=standing.since if later else None,
        because=grounds.again(standing.because, standing.grounds) if later else "",
        drafted_by=said.drafted_by,
        ai=_by_ai(said.drafted_by),
        next_due=next_due,
        reply_due=standing.reply_due,
        receipt_due=standing.receipt_due,
    )
    return words._replace(values=words.values | values.found(found))


def _next_due(state: Escalation, said: Update, now: datetime) -> datetime | None:
    """Return when this audience hears next; None where nothing is promised any more.

    What is due already is so for the sake of others, who were told less.
    """
    talk, kept, incident = state.communication, rhythm(state), state.incident
    if talk is None or talk.due is None or kept is None or (incident is not None and not incident.declared):
        return None
    due = talk.due if talk.due > now else later(state.playbook.calendar(kept.calendar), said.at, kept.every)
    return due if due > now else None


def posted(state: Escalation, event: e.UpdatePosted) -> Words:
    """Post an update in a chat group."""
    who, whom = by_whom(event.by, event.drafted_by), [name for name in event.audiences if name not in event.customers]
    as_of = f"As of {instant(event.at)}, by {who}; stage {event.stage}, for {', '.join(whom)}."
    body = f"{event.text}\n\n{as_of}"
    return text(
        state,
        "update_group",
        f"{headline(state)} - update",
        body,
        text=event.text,
        at=event.at,
        by=event.by,
        stage=event.stage,
        audiences=whom,
        drafted_by=event.drafted_by,
        ai=_by_ai(event.drafted_by),
    )


def _by_ai(writer: Actor | None) -> bool:
    return writer is not None and kind_of(writer) is ActorKind.AGENT


def ended(state: Escalation) -> Words:
    """Tell a stakeholder that it ended without a resolution; why is for those who worked on it."""
    body = f"{state.id} was ended without a resolution. No further updates come."
    return text(state, "ended_update", f"{headline(state)} - ended", body)


def speak(state: Escalation, person: Actor, found: People) -> Words:
    """Tell somebody that they speak to the stakeholders, and until when."""
    due = state.communication.due if state.communication is not None else None
    until = f"The first update is due {instant(due)}.\n" if due is not None else ""
    whom = ", ".join(standing for standing in _standings(state))
    told, nobody = f" ({whom})" if whom else "", audiences(state)
    body = f"You speak to the stakeholders of {state.id}{told}{instead(found)}.\n{until}{_how(state, person, nobody)}"
    words = text(
        state,
        "speak",
        f"{headline(state)} - you speak to its stakeholders",
        body,
        stakeholders=list(_standings(state)),
        due=due,
        may_postpone=_may_postpone(state),
        texts=texts(state, nobody),
    )
    return words._replace(values=words.values | values.found(found))


def overdue(state: Escalation, times: int, person: Actor, now: datetime, found: People | None = None) -> Words:
    """Ask for an update that has not come, or not to everybody."""
    lacking = missing(state, now)
    due = state.communication.due if state.communication is not None else None
    since = f"An update to the stakeholders was due {instant(due)}" if due is not None else "An update is due"
    note = instead(found) if found is not None else ""
    again = f" and has been asked for {times} times" if times > 1 else ""
    for_whom = f" These have none: {', '.join(lacking)}." if lacking else ""
    body = f"{since}{again}{note}.{for_whom} Please say how it stands.\n{_how(state, person, lacking)}"
    words = text(
        state,
        "update_overdue",
        f"{headline(state)} - an update is overdue",
        body,
        due=due,
        times=times,
        may_postpone=_may_postpone(state),
        missing=list(lacking),
        texts=texts(state, lacking),
    )
    return words._replace(values=words.values | values.found(found))


def _may_postpone(state: Escalation) -> bool:
    """An update is put off once."""
    return state.communication is None or not state.communication.postponed


def _how(state: Escalation, person: Actor, lacking: tuple[str, ...]) -> str:
    post = f"  escalate post_update {state.id} --by {person} {texts(state, lacking)}"
    if not _may_postpone(state):
        return post
    return f"{post}\n  escalate postpone_update {state.id} --by {person} --until ... --because '...'"


def reply_awaited(state: Escalation, person: Actor) -> Words:
    """Remind a stakeholder of the answer that is expected of them."""
    body = (
        f"Your answer to the latest update of {state.id} is late.\n"
        f"  escalate reply {state.id} --by {person} --text '...'"
    )
    return text(state, "reply_awaited", f"{headline(state)} - please answer", body)


def summary(state: Escalation, required: Summary) -> Words:
    """Ask for a summary."""
    body = (
        f"A summary of {state.id} is to be filed before {instant(required.next_due)} (key point: {_point(required)}).\n"
        f"  escalate file_summary {state.id} --by {state.accountable} --text '...'"
    )
    return text(
        state,
        "summary_due",
        f"{headline(state)} - summary due",
        body,
        due=required.next_due,
        point=required.point,
        accountable=state.accountable,
    )


def _point(required: Summary) -> str:
    return str(required.point).replace("_", " ")


def _standings(state: Escalation) -> dict[str, Standing]:
    return state.communication.stakeholders if state.communication is not None else {}


# --- what will be, and what happens then ------------------------------------------------------------------------------


def says_update(state: Escalation, _: str) -> str:
    """Say what happens when no update comes."""
    times = (state.communication.chased if state.communication is not None else 0) + 1
    if times == 1:
        return f"no update to the stakeholders has come: remind {communicator(state)}"
    return f"still no update to the stakeholders: ask {', '.join(asked(state, times))}"


def says_reply(state: Escalation, name: str) -> str:
    """Say what happens when a stakeholder does not answer."""
    standing = _standings(state)[name]
    policy = policy_of(state, name)
    whom = ", ".join(standing.people) or (policy.target if policy is not None else name)
    return f"{name} has not answered: {f'tell {communicator(state)}' if standing.chased else f'remind {whom}'}"


def says_summary(state: Escalation, identifier: str) -> str:
    """Say what happens when a summary is not filed."""
    required = state.communication.summaries[identifier] if state.communication is not None else None
    point = _point(required) if required is not None else identifier
    return f"the summary of this point is not filed ({point}): remind {state.accountable}"
