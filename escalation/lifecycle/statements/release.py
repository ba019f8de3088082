"""Statements: which text which audience gets, drafts, and their release.

Everything that is said to stakeholders is one numbered statement of how it stands. Whoever releases one says it to all
of its audiences at once; a draft that was written before a later statement, or at another stage or severity, can no
longer be released. An AI may write a draft and never releases one.
"""

from datetime import datetime

from escalation.calendars import later
from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements import stakeholders
from escalation.lifecycle.work import action_lines, update_parts
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.model.statements import UpdateDraft
from escalation.playbook.communication import CommunicationPolicy, Rhythm
from escalation.playbook.schema import Stage
from escalation.values import ENGINE, GROUP, Actor, ActorKind, Addressee, Record, digest_of, kind_of, split_target

MOST_DRAFTS = 10
"""How many drafts may be open at once."""


class Statement(Record):
    """What is to be said, before anybody is told."""

    text: str = ""
    customer_text: str = ""
    audiences: tuple[str, ...]
    stage: Stage
    draft: str = ""
    drafted_by: Actor | None = None
    announced: tuple[str, ...] = ()


# --- who hears what ---------------------------------------------------------------------------------------------------


def known_audiences(state: Escalation, talk: Communication) -> tuple[str, ...]:
    """Name the audiences of its kind, and of everybody who is concerned already."""
    policy = state.playbook.communication
    declared = policy.concerned(policy.kind(talk.kind)) if policy is not None else ()
    named = (*(each.audience for each in declared), *(each.audience for each in talk.stakeholders.values()))
    return tuple(dict.fromkeys(named))


def choose(state: Escalation, command: c.PostUpdate | c.DraftUpdate) -> tuple[str, ...]:
    """Return the audiences that a text is for. None gets the text that is meant for the other side.

    Raises:
        NotAllowed: it says nothing, or nothing for an audience that it names.
        Unknown: there is no such audience.
    """
    talk, policy = stakeholders.of(state), state.playbook.communication
    if policy is None or not (command.text or command.customer_text):
        raise NotAllowed("it says nothing: expected text (for colleagues), customer_text (for customers), or both")
    known = known_audiences(state, talk)
    for name in command.audiences:
        if name not in known:
            raise Unknown(f"{state.id} has no audience {name}; it has {', '.join(known) or 'none'}")
        if not _text_for(policy, name, command):
            missing, given = ("customer_text", "text") if policy.for_customers(name) else ("text", "customer_text")
            raise NotAllowed(
                f"audience {name} reads {missing} and there is none; the {given} is for others and is never sent to it"
            )
    chosen = command.audiences or tuple(name for name in known if _text_for(policy, name, command))
    if known and not chosen:
        given = "text" if command.text else "customer_text"
        raise NotAllowed(f"no audience of {state.id} reads {given}; its audiences are {', '.join(known)}")
    return tuple(dict.fromkeys(chosen))


def _text_for(policy: CommunicationPolicy, audience: str, command: c.PostUpdate | c.DraftUpdate) -> str:
    return command.customer_text if policy.for_customers(audience) else command.text


def tell(draft: Draft, statement: Statement, kept: Rhythm | None, *, by: Actor | None = None) -> None:
    """Record a statement: its number, who is told, who is to answer or confirm, and when the next one is due."""
    state, talk = draft.state, stakeholders.of(draft.state)
    policy = state.playbook.communication
    told = tuple(name for name, each in talk.stakeholders.items() if each.audience in statement.audiences)
    answers, receipts = {}, {}
    for name in told:
        known, standing = stakeholders.policy_of(state, name), talk.stakeholders[name]
        due = stakeholders.reply_due(state, known, draft.now) if known is not None else None
        if due is not None and standing.reply_due is None:
            answers[name] = due
        receipt = stakeholders.receipt_due(state, standing.audience, draft.now)
        if receipt is not None and standing.receipt_due is None:
            receipts[name] = receipt
    customers = tuple(name for name in statement.audiences if policy is not None and policy.for_customers(name))
    since = _waits_since(talk, statement.audiences, draft.now)
    moves = kept is not None and not statement.announced and (talk.since is None or since > talk.since)
    calendar = state.playbook.calendar(kept.calendar) if kept is not None else None
    due = later(calendar, since, kept.every) if kept is not None and moves else None
    if due is not None and due <= draft.now:
        due = None  # another audience has waited longer than that already: it stays due
    draft.record(
        e.UpdatePosted,
        by=by,
        text=statement.text,
        audiences=statement.audiences,
        stage=statement.stage,
        told=told,
        reply_due=answers,
        since=since if due is not None else None,
        due=due,
        version=talk.version + 1,
        customer_text=statement.customer_text,
        customers=customers,
        groups=_groups(state) if len(customers) < len(statement.audiences) else (),
        receipt_due=receipts,
        draft=statement.draft,
        drafted_by=statement.drafted_by,
        announced=statement.announced,
    )


def _waits_since(talk: Communication, audiences: tuple[str, ...], now: datetime) -> datetime:
    """Return from when the audience has waited, once these are told, that has waited longest."""
    spoken = {name: update.heard_at for name, update in talk.updates.items() if update.heard_at is not None}
    heard = spoken | dict.fromkeys(audiences, now)
    waits = [max(talk.since or each.since, heard.get(each.audience, each.since)) for each in talk.stakeholders.values()]
    return min(waits, default=now)


def _groups(state: Escalation) -> tuple[Addressee, ...]:
    """Return the chat groups in which it is posted: none hears of a case that is about somebody."""
    policy, level = state.playbook.communication, state.level_policy
    if policy is None or not policy.post_to or concerned(state):
        return ()
    called = [split_target(each) for each in level.targets] if level is not None else []
    teams = tuple(f"{GROUP}:{name}" for kind, name in called if kind == "team")
    named = (group for each in policy.post_to for group in (teams if each == "team" else (each,)))
    return tuple(dict.fromkeys(named))


# --- who may ----------------------------------------------------------------------------------------------------------


def require_releaser(state: Escalation, actor: Actor, act: str) -> None:
    """Refuse whoever may not say something to stakeholders: where the playbook names who releases, only they may.

    Raises:
        NotAllowed: naming who may.
    """
    policy, talk = state.playbook.communication, stakeholders.of(state)
    if policy is None or not policy.release_by:
        stakeholders.require_speaker(state, actor, act)
        return
    permissions.require_person(actor, act)
    if actor in talk.releasers:
        permissions.require_member(state, actor)
        return
    who = ", ".join(talk.releasers or policy.release_by)
    raise NotAllowed(f"{actor} does not release what is said of {state.id}; {who} does. Write a draft: draft_update")


# --- drafts -----------------------------------------------------------------------------------------------------------


def write(draft: Draft, command: c.DraftUpdate) -> None:
    """Write a draft, in place of an earlier one or beside it."""
    state, talk = draft.state, stakeholders.of(draft.state)
    permissions.require_member_or_requester(state, command.by)
    if kind_of(command.by) not in (ActorKind.PERSON, ActorKind.AGENT):
        raise NotAllowed(f"{command.by} writes no drafts; a person does, or an AI (agent:NAME)")
    audiences = choose(state, command)
    update_parts.require(state, command)
    if command.replaces is not None:
        known = _known(state, talk, command.replaces)
        if not known.ended:
            because = grounds.of("written_anew", f"{command.by} wrote it anew", who=command.by)
            draft.record(e.DraftEnded, draft=known.id, how="rewritten", because=because)
    elif len(talk.open_drafts) >= MOST_DRAFTS:
        open_ones = ", ".join(each.id for each in talk.open_drafts)
        raise NotNow(f"{MOST_DRAFTS} drafts are open already ({open_ones}): release one, drop one, or replace one")
    stage, identifier = command.stage or state.stage, f"d{talk.drafted + 1}"
    said = "\x00".join((identifier, command.text, command.customer_text, ",".join(audiences), stage))
    draft.record(
        e.DraftMade,
        draft=identifier,
        text=command.text,
        customer_text=command.customer_text,
        audiences=audiences,
        stage=stage,
        digest=digest_of(said),
        replaces=command.replaces or "",
    )


def release(draft: Draft, command: c.ReleaseUpdate) -> None:
    """Send a draft to its audiences."""
    state, talk = draft.state, stakeholders.of(draft.state)
    require_releaser(state, command.by, "release_update")
    known = _known(state, talk, command.draft)
    if known.ended:
        raise AlreadyDone(
            f"draft {known.id} cannot be released: {known.ended}; write it anew (draft_update, replaces {known.id})"
        )
    if command.digest != known.digest:
        raise NotAllowed(f"draft {known.id} has digest {known.digest}, not {command.digest}: read it again first")
    statement = Statement(
        text=known.text,
        customer_text=known.customer_text,
        audiences=known.audiences,
        stage=known.stage,
        draft=known.id,
        drafted_by=known.by if known.by != command.by else None,
    )
    tell(draft, statement, stakeholders.rhythm(state))
    action_lines.follow(draft, known.text, known.by)


def drop(draft: Draft, command: c.DropDraft) -> None:
    """Give up a draft: whoever wrote it, or releases."""
    state, talk = draft.state, stakeholders.of(draft.state)
    known = _known(state, talk, command.draft)
    if command.by == known.by:
        permissions.refuse_concerned(state, command.by)
    else:
        require_releaser(state, command.by, "drop_draft")
    if known.ended:
        raise AlreadyDone(f"draft {known.id} is over: {known.ended}")
    draft.record(e.DraftEnded, draft=known.id, how="dropped", because=command.because)


def _known(state: Escalation, talk: Communication, identifier: str) -> UpdateDraft:
    known = talk.drafts.get(identifier)
    if known is None:
        raise Unknown(f"{state.id} has no draft {identifier}; it has {', '.join(talk.drafts) or 'none'}")
    return known


def follow(draft: Draft) -> None:
    """End the drafts that say how it stood before this command."""
    talk = draft.state.communication
    for each in talk.open_drafts if talk is not None else ():
        because = _outdated(draft.state, each)
        if because:
            draft.record(e.DraftEnded, by=ENGINE, draft=each.id, how="outdated", because=because)


def _outdated(state: Escalation, written: UpdateDraft) -> str:
    """Say why a draft no longer says how it stands; empty while it does."""
    talk = stakeholders.of(state)
    for name in written.audiences:
        latest = talk.updates.get(name)
        if latest is not None and latest.seq > written.seq:
            english = f"{name} was sent version {latest.version} since it was written"
            return grounds.of("sent_since", english, audience=name, version=latest.version)
    if state.stage is not written.as_of:
        english = f"it was written in stage {written.as_of}, and it is in {state.stage} now"
        return grounds.of("stage_since", english, stage=written.as_of, now=state.stage)
    if state.severity != written.severity:
        english = f"it was written at severity {written.severity}, and that is {state.severity} now"
        return grounds.of("severity_since", english, severity=written.severity, now=state.severity)
    return ""
