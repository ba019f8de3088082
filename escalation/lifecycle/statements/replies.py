"""Answers of stakeholders: recorded, and asked for where one is expected and does not come.

A stakeholder answers for themselves; whoever speaks to them may record an answer that came another way.
"""

from escalation.calendars import later
from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements import stakeholders
from escalation.model import commands as c
from escalation.model import events as e
from escalation.values import ENGINE


def reply(draft: Draft, command: c.Reply) -> None:
    """Record an answer."""
    state, talk = draft.state, stakeholders.of(draft.state)
    permissions.refuse_concerned(state, command.by)
    own = tuple(name for name, each in talk.stakeholders.items() if command.by in each.people)
    if command.stakeholder is None:
        if not own:
            raise NotAllowed(
                f"{command.by} was sent no update of {state.id}; whoever speaks to the stakeholders records an answer "
                "for one of them (stakeholder)"
            )
        draft.record(e.ReplyRecorded, stakeholders=own, text=command.text)
        return
    standing = talk.stakeholders.get(command.stakeholder)
    if standing is None:
        raise Unknown(
            f"{state.id} concerns no stakeholder {command.stakeholder}; it concerns "
            f"{', '.join(talk.stakeholders) or 'none'}"
        )
    if not standing.version:
        raise NotNow(f"{command.stakeholder} was sent no update yet, so there is nothing to answer")
    for_themselves = command.stakeholder in own
    if not for_themselves:
        stakeholders.require_speaker(state, command.by, f"answering for {command.stakeholder}")
    draft.record(e.ReplyRecorded, stakeholders=(command.stakeholder,), text=command.text, on_behalf=not for_themselves)


REMINDED, GIVEN_UP = 1, 2
"""First they are reminded; then whoever speaks to them is told, and may ask in another way."""


def overdue(draft: Draft, name: str) -> None:
    """An answer did not come in time."""
    state, standing = draft.state, stakeholders.of(draft.state).stakeholders[name]
    policy, times = stakeholders.policy_of(state, name), standing.chased + 1
    again = None
    if policy is not None and policy.replies_within is not None and times < GIVEN_UP:
        again = later(state.playbook.calendar(policy.calendar), draft.now, policy.replies_within)
    draft.record(e.ReplyOverdue, by=ENGINE, stakeholder=name, times=times, next_due=again)
