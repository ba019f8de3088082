"""Announcements: texts of the playbook's that go to an audience by themselves, as a stage begins or something happens.

They were agreed with the playbook, so nobody releases them; they are statements as all others, with the next number.
They are no sign of life of whoever speaks: the rhythm of updates goes on as if they had not been sent.
"""

import re
from collections.abc import Iterator

from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements import release
from escalation.lifecycle.statements.stakeholders import of
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.audiences import FOR_CUSTOMERS, Announcement, Occasion
from escalation.playbook.communication import CommunicationPolicy
from escalation.values import ENGINE

_HAPPENED: dict[type[e.EventBase], Occasion] = {
    e.Opened: Occasion.OPENED,
    e.LevelEntered: Occasion.LEVEL_ENTERED,
    e.SeverityChanged: Occasion.SEVERITY_CHANGED,
    e.OwnerChanged: Occasion.OWNER_CHANGED,
    e.BecameCritical: Occasion.BECAME_CRITICAL,
    e.HoldStarted: Occasion.HOLD_STARTED,
    e.ResolutionProposed: Occasion.RESOLUTION_PROPOSED,
    e.ResolutionRejected: Occasion.RESOLUTION_REJECTED,
}


def follow(draft: Draft, policy: CommunicationPolicy) -> None:
    """Send what this command gives occasion to: one message to each audience, however many texts it is made of."""
    due = list(_due(draft, policy))
    concerned = {each.audience for each in of(draft.state).stakeholders.values()}
    for audience in dict.fromkeys(each.audience for each in due if each.audience in concerned):
        said = [each for each in due if each.audience == audience]
        customers = policy.for_customers(audience)
        text = "\n".join(written(draft.state, each, customers=customers) for each in said)
        statement = release.Statement(
            text="" if customers else text,
            customer_text=text if customers else "",
            audiences=(audience,),
            stage=draft.state.stage,
            announced=tuple(each.id for each in said),
        )
        release.tell(draft, statement, None, by=ENGINE)


def _due(draft: Draft, policy: CommunicationPolicy) -> Iterator[Announcement]:
    happened = {_HAPPENED[type(event)] for event in draft.events if type(event) in _HAPPENED}
    entered = draft.state.stage if not draft.before.opened or draft.before.stage is not draft.state.stage else None
    for each in policy.announcements:
        if entered in each.stages or not happened.isdisjoint(each.on):
            yield each


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def written(state: Escalation, announcement: Announcement, *, customers: bool) -> str:
    """Return the text, with what stands in for its placeholders; a value is never read as one."""
    about = state.context.summary.strip().splitlines()
    known = {
        "case": state.case.id if state.case is not None else state.id,
        "id": state.id,
        "summary": about[0][:200] if about else state.id,
        "severity": state.severity,
        "stage": str(state.stage),
        "level": state.level.id if state.level is not None else "no level yet",
        "owner": state.accountable,
    }
    if customers:
        known = {name: known[name] for name in FOR_CUSTOMERS}
    return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), announcement.text)
