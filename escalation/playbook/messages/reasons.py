"""Reasons that the engine gives itself: what each says, and the values of which its words are made.

They stand inside messages (``because``, ``ready`` and their kin), in the receiver's language. A template of the
playbook's own writes ``{{ because }}`` for any reason, whoever gave it.
"""

from typing import Final, Literal, NamedTuple

ReasonId = Literal[
    "again_after_solved",
    "again_as_bad",
    "all_declined",
    "approval_refused",
    "approved_alone",
    "approved_by",
    "approved_by_silence",
    "asked_and_allowed",
    "asked_twice",
    "became",
    "by_automation",
    "called_as_deputy",
    "called_as_deputy_of_spared",
    "called_in_later_turn",
    "called_in_place",
    "called_though_declined",
    "called_though_spent",
    "cancelled",
    "concerned",
    "condition_false",
    "condition_over",
    "condition_true",
    "crm_knows_nothing",
    "crm_refused",
    "crm_silent",
    "customer_again",
    "customer_answered",
    "declined_by",
    "denied_by_silence",
    "dependency_holds",
    "has_next_shift",
    "hold_over",
    "incomplete_allowed",
    "input_there",
    "is_already",
    "item_approved",
    "item_confirmed",
    "item_done",
    "item_not_awaited",
    "no_approval_needed",
    "no_such_version",
    "nobody_agreed",
    "nobody_decided",
    "nobody_decided_nor_deputy",
    "not_accepted",
    "not_accepted_before",
    "not_accepted_in_shift",
    "not_claimed",
    "not_supplied",
    "not_supplied_within",
    "offered_instead",
    "out_of_reach",
    "owns_it",
    "period_ends",
    "policy_changed",
    "refused_already_done",
    "refused_incomplete",
    "refused_not_allowed",
    "refused_not_now",
    "refused_too_large",
    "refused_unknown",
    "rejected_by",
    "remains",
    "resolution_proposed",
    "resumed",
    "returned_guided",
    "review_done",
    "rule_asks",
    "script_ended",
    "script_stopped",
    "sent_since",
    "several",
    "severity_since",
    "shift_ends",
    "skipped_by",
    "solved",
    "stable",
    "stage_since",
    "status_lasts",
    "still_old_version",
    "subject_changed",
    "taken_outside",
    "too_few_left",
    "version_not_active",
    "withdrawn_by",
    "written_anew",
]
"""A misspelt one is found by mypy, and by a test."""

_WHO: Final = "who it was"
_WITHIN: Final = "how long there was time, in seconds"
_WHY: Final = "why, where that is known"
_CONDITION: Final = "the playbook's condition"
_ITEM: Final = "the work item"
_REFUSAL: Final = "the refusal itself, in English"


class Reason(NamedTuple):
    """One reason."""

    about: str
    values: dict[str, str]


def _reason(about: str, **values: str) -> Reason:
    return Reason(about, values)


REASONS: Final[dict[ReasonId, Reason]] = {
    # Approvals.
    "approved_by": _reason("enough people approved", people="list of who", choice="what was chosen"),
    "approved_alone": _reason("one person approved in an emergency", who=_WHO, choice="what was chosen", because=_WHY),
    "approved_by_silence": _reason("nobody decided, and the playbook approves then", waited="a reason", because=_WHY),
    "denied_by_silence": _reason("nobody decided, and the playbook denies then", waited="a reason"),
    "nobody_agreed": _reason("nobody decided in time, and some did not agree", within=_WITHIN, people="list of them"),
    "nobody_decided": _reason("nobody decided in time", within=_WITHIN),
    "nobody_decided_nor_deputy": _reason("neither did any deputy", within=_WITHIN),
    "rejected_by": _reason("enough people rejected", people="list of who", because=_WHY),
    "out_of_reach": _reason("too few are left to approve", votes="list of choices, each with its votes"),
    "skipped_by": _reason("it was skipped in an emergency", who=_WHO, because=_WHY),
    "subject_changed": _reason("what was to be approved has changed"),
    "policy_changed": _reason("the playbook says something else now"),
    "condition_over": _reason("its condition is no longer true"),
    "too_few_left": _reason("the case concerns too many of those who may decide"),
    "owns_it": _reason("whoever was to decide is the owner now", who=_WHO),
    "no_approval_needed": _reason("no approval is needed any more"),
    "approval_refused": _reason("an approval was refused", gate="the approval", because=_WHY),
    "withdrawn_by": _reason("somebody took it back", who=_WHO, because=_WHY),
    "solved": _reason("it is solved already"),
    "asked_and_allowed": _reason(
        "somebody asked for it, and it was allowed", because=_WHY, by="who asked", allowed="a reason"
    ),
    "is_already": _reason("the severity is that already", severity="the severity"),
    "became": _reason("the severity has changed since", severity="the severity"),
    # Hand-offs.
    "has_next_shift": _reason("the owner has the next shift too", who=_WHO),
    "shift_ends": _reason("somebody's shift ends", who=_WHO, at="when"),
    "declined_by": _reason("somebody declined what others were offered too", by="who", because="why, in their words"),
    "offered_instead": _reason("it is offered to somebody else instead", by="by whom", to_whom="to whom"),
    "period_ends": _reason("an operational period ends", number="which", at="when"),
    "all_declined": _reason("everybody who was asked declined", refusals="list of refusals: by, words"),
    "not_accepted": _reason("nobody accepted", within=_WITHIN),
    "not_accepted_before": _reason("nobody accepted before an instant", at="when"),
    "not_accepted_in_shift": _reason("nobody accepted before the shift ended"),
    "not_claimed": _reason("nobody of the team claimed it", by="who accepted", team="the team", within=_WITHIN),
    "taken_outside": _reason(
        "an outside system took it", team="the system", reference="its id there", by="who says so"
    ),
    # Time, facts and severity.
    "status_lasts": _reason("a status lasts", status="the status", lasted="how long, in seconds"),
    "hold_over": _reason("the hold has come to its end"),
    "resumed": _reason("somebody ended the hold", who=_WHO),
    "rule_asks": _reason("a rule of the playbook asks for it"),
    "by_automation": _reason("an automation did it", automation="which"),
    "again_as_bad": _reason("it was reported again, as this bad"),
    "again_after_solved": _reason("it was reported again after it was thought to be solved"),
    "customer_again": _reason("the customer reported it again while its resolution waited to be confirmed"),
    # The packet.
    "incomplete_allowed": _reason("the playbook lets it through incomplete", condition=_CONDITION),
    "not_supplied": _reason("nobody supplied parts", parts="list of parts"),
    "not_supplied_within": _reason("parts did not come in time", who=_WHO, parts="list of parts", within=_WITHIN),
    "crm_knows_nothing": _reason("the CRM does not know the customer"),
    "crm_refused": _reason("the CRM refused"),
    "crm_silent": _reason("the CRM has not answered yet"),
    # Work.
    "item_done": _reason("a work item is done", item=_ITEM, detail="what came of it"),
    "item_approved": _reason("what was submitted is approved", item=_ITEM),
    "item_confirmed": _reason("a checkpoint is confirmed", item=_ITEM, detail="what was said to it"),
    "item_not_awaited": _reason("a work item is not waited for any more", item=_ITEM, because=_WHY),
    "input_there": _reason("something that was asked for is there", item=_ITEM),
    "dependency_holds": _reason("a dependency holds", item=_ITEM, detail="what was said to it"),
    "condition_true": _reason("a condition is true", condition=_CONDITION),
    "condition_false": _reason("a condition is not true", condition=_CONDITION),
    "cancelled": _reason("the escalation was cancelled", because=_WHY),
    "returned_guided": _reason("it was returned with guidance", because=_WHY),
    "script_ended": _reason("a script ended by itself", code="its exit code"),
    "script_stopped": _reason("a script was stopped", after="after how long, in seconds"),
    # Why somebody is called.
    "called_as_deputy": _reason("somebody is away, and this is the deputy", who="who is away", at="until when"),
    "called_as_deputy_of_spared": _reason("somebody had too many pages, and this is the deputy", who=_WHO),
    "called_in_later_turn": _reason("whoever has the shift cannot be called, and this is the next turn", who=_WHO),
    "called_in_place": _reason("somebody stands in for whoever has the shift"),
    "called_though_declined": _reason("they declined before, but there is nobody else"),
    "called_though_spent": _reason("they had too many pages, but there is nobody else"),
    # What a rule refused: English has its words, other languages say of what kind it is.
    "refused_already_done": _reason("it was done before", detail=_REFUSAL),
    "refused_incomplete": _reason("something required is missing", detail=_REFUSAL),
    "refused_not_allowed": _reason("whoever asked may not do that", detail=_REFUSAL),
    "refused_not_now": _reason("it has no meaning as things stand", detail=_REFUSAL),
    "refused_too_large": _reason("it does not fit", detail=_REFUSAL),
    "refused_unknown": _reason("it names what is not there", detail=_REFUSAL),
    # Statements, feedback and the review.
    "concerned": _reason(
        "a stakeholder is concerned", severity="the severity", level="the level", kind="the kind of key people"
    ),
    "written_anew": _reason("somebody wrote it anew", who=_WHO),
    "sent_since": _reason("a newer version was sent", audience="to whom", version="which"),
    "stage_since": _reason("the stage has changed since", stage="the stage then", now="the stage now"),
    "severity_since": _reason("the severity has changed since", severity="the severity then", now="the severity now"),
    "asked_twice": _reason("no answer came, although asked twice"),
    "customer_answered": _reason("the customer has answered"),
    "resolution_proposed": _reason("a resolution is proposed"),
    "stable": _reason("it counts as stable", condition=_CONDITION),
    "review_done": _reason("the review is in and every action item is done"),
    "no_such_version": _reason(
        "there is no such version of the playbook",
        version="the version",
        used="the version in use",
        digest="its fingerprint",
    ),
    "still_old_version": _reason(
        "the version in use is the one it was learned with", used="the version in use", digest="its fingerprint"
    ),
    "version_not_active": _reason("the version is not active yet", used="the version", status="its status"),
    "remains": _reason(
        "what remains to be done, for whoever has it next",
        period="the operational period to be led; 0: none",
        first="list of what comes first",
        items="list of open work items: item, title, owner, due",
        gates="list of approvals that are waited for: gate, who (list), due",
        clocks="list of limits: clock, due",
        hold_until="until when it is on hold",
        hold_because="why it is on hold",
        missing="list of parts that the packet lacks",
        rejected="list of approvals that were rejected",
    ),
    "several": _reason("several reasons at once", reasons="list of reasons"),
}
"""By id."""
