"""Checks of activities, delegations, what stands before work, and the hand-over of shifts.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import items, mapping, one_of

_BY_AUTOMATION = {"raise_severity": "change_severity", "comment": "note", "add_action_item": "add_item"}
"""What an automation does, and the command that a person would send for it."""


def check_ownership(document: Document) -> Iterator[Finding]:
    """Yield what contradicts itself in who may do what."""
    activities = mapping(document, "activities")
    yield from _activities(document, activities)
    yield from _delegations(document, activities)
    policy = mapping(document, "before_work")
    if policy.get("executes") and policy.get("executes") == policy.get("approves"):
        yield document.finding(
            ("before_work", "approves"),
            f"'{policy['approves']}' would give the final approval to its own work: name somebody else than executes",
        )


def _activities(document: Document, activities: dict[str, object]) -> Iterator[Finding]:
    for name, activity in activities.items():
        if not isinstance(activity, dict):
            continue
        if activity.get("human_required") is True and activity.get("ai") == "may_do":
            yield document.finding(
                ("activities", name, "ai"),
                "contradicts human_required: expected may_assist (an AI drafts, a person completes it) or never",
            )
        if activity.get("recurring") is True and activity.get("ai") != "may_do":
            yield document.finding(
                ("activities", name, "recurring"), "says nothing where no AI may do it: expected ai: may_do beside it"
            )
    people_only = {name for name, each in activities.items() if isinstance(each, dict) and each.get("human_required")}
    if "approve" in people_only:
        for index, gate in enumerate(items(document, "gates")):
            if gate.get("on_expiry") == "approve":
                yield document.finding(
                    ("gates", index, "on_expiry"),
                    "time would approve what only a person may (activities.approve.human_required): expected halt, "
                    "deny, escalate or next_deputy",
                )
    for path, does in document.each("automations.*.then.*.do"):
        command = _BY_AUTOMATION.get(does) if isinstance(does, str) else None
        if command in people_only:
            yield document.finding(
                path, f"a rule would do what only a person may (activities.{command}.human_required): leave it out"
            )


def _delegations(document: Document, activities: dict[str, object]) -> Iterator[Finding]:
    for index, delegation in enumerate(items(document, "delegations")):
        path = ("delegations", index)
        name = delegation.get("activity")
        if not isinstance(name, str):
            continue
        activity = activities.get(name)
        if activity is None:
            hint = did_you_mean(name, list(activities)) or f"; there is {one_of(activities)}"
            yield document.finding((*path, "activity"), f"there is no activity '{name}' under activities{hint}")
        elif isinstance(activity, dict) and activity.get("ai") != "may_do":
            yield document.finding(
                (*path, "activity"), f"'{name}' is not for an AI to do (activities.{name}.ai): expected may_do there"
            )
        if (delegation.get("approved_by") is None) is not (delegation.get("approved_on") is None):
            yield document.finding(
                path, "is approved by half: expected approved_by and approved_on, or neither while it is proposed"
            )
        for key in ("accountable", "approved_by"):
            if str(delegation.get(key)).startswith("agent:"):
                yield document.finding(
                    (*path, key), "a person answers for what an AI does: name a person, role or team"
                )
