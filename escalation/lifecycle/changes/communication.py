"""What the events around stakeholders change: who is concerned, the rhythm, latest updates, replies, summaries."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.lifecycle.changes.statements import ended
from escalation.model import events as e
from escalation.model.communication import KEPT_SUMMARIES, Communication, Standing, Summary, Update
from escalation.model.state import Escalation
from escalation.playbook.audiences import CUSTOMER
from escalation.values import Actor


def _talk(state: Escalation, **changes: Any) -> Changes:
    return {"communication": with_(state.communication or Communication(), **changes)}


def _standing(state: Escalation, name: str, **changes: Any) -> Changes:
    talk = state.communication
    if talk is None or name not in talk.stakeholders:
        return {}
    return _talk(state, stakeholders={**talk.stakeholders, name: with_(talk.stakeholders[name], **changes)})


def _key_people_named(state: Escalation, event: e.KeyPeopleNamed) -> Changes:
    return _talk(state, kind=event.key_people, named=True)


def _stakeholder_concerned(state: Escalation, event: e.StakeholderConcerned) -> Changes:
    talk = state.communication or Communication()
    standing = new(
        Standing,
        audience=event.audience,
        target=event.target,
        since=event.at,
        because=event.because,
        grounds=event.grounds,
        version=event.version,
        reply_due=event.reply_due,
        people=(event.customer,) if event.customer is not None else (),
        found_for=event.version,
        receipt_due=event.receipt_due,
    )
    return _talk(state, stakeholders={**talk.stakeholders, event.stakeholder: standing})


def _update_scheduled(state: Escalation, event: e.UpdateScheduled) -> Changes:
    changes: dict[str, Any] = {"due": event.due, "next_due": event.next_due}
    if event.was_due is None:
        changes["since"] = event.at
    if event.due is None:
        changes |= {"chased": 0, "postponed": ""}
    return _talk(state, **changes)


def _update_posted(state: Escalation, event: e.UpdatePosted) -> Changes:
    talk = state.communication or Communication()
    standings = {
        name: _told(each, event, name) if name in event.told else each for name, each in talk.stakeholders.items()
    }
    changes: dict[str, Any] = {
        "updates": {**talk.updates, **{name: _update(talk, event, name) for name in event.audiences}},
        "stakeholders": standings,
        "version": event.version or talk.version + 1,
    }
    if event.draft:
        changes["drafts"] = ended(talk, event.draft, f"released as version {event.version}")
    if event.due is not None:
        changes |= {"since": event.since, "due": event.due, "next_due": event.due, "chased": 0, "postponed": ""}
    return _talk(state, **changes)


def _update(talk: Communication, event: e.UpdatePosted, audience: str) -> Update:
    """Return a statement as one of its audiences has it."""
    before = talk.updates.get(audience)
    return new(
        Update,
        seq=event.seq,
        at=event.at,
        by=event.by,
        text=event.customer_text if audience in event.customers else event.text,
        stage=event.stage,
        version=event.version,
        drafted_by=event.drafted_by,
        automatic=bool(event.announced),
        spoken_at=before.heard_at if event.announced and before is not None else None,
    )


def _told(standing: Standing, event: e.UpdatePosted, name: str) -> Standing:
    standing = with_(standing, version=event.seq, reached=(), read_by=())
    if standing.target == CUSTOMER:
        standing = with_(standing, found_for=event.seq)
    if name in event.receipt_due:
        standing = with_(standing, receipt_due=event.receipt_due[name], receipt_chased=0)
    if name not in event.reply_due:
        return standing
    return with_(standing, reply_due=event.reply_due[name], chased=0)


def _update_postponed(state: Escalation, event: e.UpdatePostponed) -> Changes:
    return _talk(state, due=event.due, next_due=event.due, chased=0, postponed=event.because)


def _update_overdue(state: Escalation, event: e.UpdateOverdue) -> Changes:
    return _talk(state, chased=event.times, next_due=event.next_due)


def _reply_recorded(state: Escalation, event: e.ReplyRecorded) -> Changes:
    changes: Changes = {}
    for name in event.stakeholders:
        answered = _standing(
            state.changed(changes), name, reply_due=None, chased=0, replied_at=event.at, replied_by=event.by
        )
        changes |= answered
    return changes


def _reply_overdue(state: Escalation, event: e.ReplyOverdue) -> Changes:
    return _standing(state, event.stakeholder, reply_due=event.next_due, chased=event.times)


def _summary_required(state: Escalation, event: e.SummaryRequired) -> Changes:
    talk = state.communication or Communication()
    summary = new(Summary, id=event.summary, point=event.point, next_due=event.due)
    summaries = {**talk.summaries, event.summary: summary}
    if state.rules >= 2:
        filed = [each.id for each in summaries.values() if each.filed_at is not None]
        summaries = {name: each for name, each in summaries.items() if name not in filed[:-KEPT_SUMMARIES]}
    return _talk(state, summaries=summaries, required=talk.required + 1)


def _summary(state: Escalation, identifier: str, **changes: Any) -> Changes:
    talk = state.communication
    if talk is None or identifier not in talk.summaries:
        return {}
    return _talk(state, summaries={**talk.summaries, identifier: with_(talk.summaries[identifier], **changes)})


def _summary_overdue(state: Escalation, event: e.SummaryOverdue) -> Changes:
    return _summary(state, event.summary, chased=event.times, next_due=event.next_due)


def _summary_filed(state: Escalation, event: e.SummaryFiled) -> Changes:
    changes: Changes = {}
    for identifier in event.summaries:
        filed = {"filed_at": event.at, "filed_by": event.by, "filed_as": event.seq}
        changes |= _summary(state.changed(changes), identifier, **filed)
    return changes


# --- what the world answers -------------------------------------------------------------------------------------------


def people_found(state: Escalation, event: e.PeopleResolved) -> Changes:
    """Whoever is only told does not join the working group; whoever is asked to speak may do so from now on."""
    kind, _, reference = event.purpose.partition(":")
    found = tuple(each.person for each in event.found.people)
    talk = state.communication
    if talk is None:
        return {}
    if kind == "update":
        if not talk.is_latest(reference):
            return {}
        name = reference.partition("/")[2]
        version = talk.stakeholders[name].version
        told = [each.reached for each in talk.stakeholders.values() if version and each.version == version]
        reached = tuple(person for person in found if any(person in already for already in told))
        return _standing(state, name, people=found, found_for=version, reached=reached)
    if kind == "release":
        releasers = () if event.found.fell_back else (*found, *event.found.also)
        return _talk(state, releasers=tuple(dict.fromkeys((*talk.releasers, *releasers))))
    speakers = dict.fromkeys((*talk.communicators, *found, *event.found.also))
    return _talk(state, communicators=tuple(speakers))


def is_update(key: str) -> bool:
    """Tell whether a message's key is that of an update: whoever has one hears of the next, and not of who owns it."""
    return bool(update_of(key))


def update_of(key: str) -> str:
    """Return which update, for whom, a message is (``seq/name``), from its key; empty when it is none."""
    return key.partition("/update:")[2].rpartition("/")[0]


def delivered(state: Escalation, key: str, to: Actor) -> Changes:
    """Note to whom of a stakeholder's people the latest update is known to have come."""
    talk = state.communication
    reference = update_of(key)
    if talk is None or not talk.is_latest(reference):
        return {}
    own = reference.partition("/")[2]
    version = talk.stakeholders[own].version
    # One message serves everybody's stakeholders that a person stands for.
    standings = {
        name: with_(each, reached=tuple(dict.fromkeys((*each.reached, to))))
        if name == own or (version and each.version == version == each.found_for and to in each.people)
        else each
        for name, each in talk.stakeholders.items()
    }
    return _talk(state, stakeholders=standings)


CHANGES: dict[type[e.EventBase], Change] = {
    e.KeyPeopleNamed: _key_people_named,
    e.StakeholderConcerned: _stakeholder_concerned,
    e.UpdateScheduled: _update_scheduled,
    e.UpdatePosted: _update_posted,
    e.UpdatePostponed: _update_postponed,
    e.UpdateOverdue: _update_overdue,
    e.ReplyRecorded: _reply_recorded,
    e.ReplyOverdue: _reply_overdue,
    e.SummaryRequired: _summary_required,
    e.SummaryOverdue: _summary_overdue,
    e.SummaryFiled: _summary_filed,
}
