"""What asks somebody to decide or to act, and what becomes of such a question."""

from typing import Final

from escalation.playbook.messages.common import BECAUSE, COMMON, FOUND, PACKET_VALUES, Message, staff, with_packet

ASKS: Final[dict[str, Message]] = {
    "page": Message(
        "somebody is asked to take it",
        COMMON
        | {
            "via": "the target through which the receiver was found",
            "via_kind": "what that target is: person, team, role, oncall, or authority",
            "shift_ends": "when the shift ends because of which the receiver was found",
            "note": "why this person, in English",
            "level": "the level that calls",
            "round": "which round of pages at this level, from 1",
            "waited_since": "since when it has waited for the receiver's working hours",
            "responsible_for": "list of what the level answers for",
            "powers": "list of who may escalate from here, to where and why",
            "silent": "who took it and was not heard of since",
            "owner": "who has it already, and keeps it until somebody else takes it",
            "until": "until when it is to be taken",
            "then": "what ends then: next (the round), up or late (the limit to acknowledge)",
            "goes_on": "what happens if nobody takes it: again, level, path, or resort",
            "goes_to": "that level or path, or the target that is the last resort",
            "round_ends": "when the round ends",
        }
        | FOUND
        | PACKET_VALUES,
    ),
    "page_taken": staff(
        "whoever was paged hears that somebody has it",
        owner="who has it",
        stays="what stays with the receiver: nothing, commander, communicator, or asked (for something else)",
    ),
    "nobody_left": Message("there is nobody who may take it; says nothing of the case", {"playbook": "the playbook"}),
    "digest": Message(
        "pages that waited for the same person's working hours, as one",
        {
            "count": "how many escalations",
            "pages": "list of subject and commands of each, the worst first",
            "more": "how many are not listed",
        },
        of_playbook=False,
    ),
    "approval": with_packet(
        "an approver is asked to decide",
        gate="the approval's id",
        title="the approval's title",
        subject="what is approved: list of name and value",
        again="true when what was approved before has changed",
        deputy="true when the receiver is asked because others were silent",
        delegated_by="who passed the decision on to the receiver",
        delegated_because="why",
        action="the action that somebody asks to do",
        action_about="what it is",
        action_by="who asks",
        action_because=BECAUSE,
        arguments="its arguments: list of name and value",
        lowering_by="who asks for a milder severity",
        lowering_to="the severity that is asked for",
        lowering_because="why it is asked for",
        stand_down_by="who asks to stand the incident down",
        stand_down_because="why",
        plan_steps="how many steps its execution plan has",
        plan_done="how many of them are done",
        refused="why that was refused when it was asked last",
        choices="the ways to approve it: list of id and meaning; empty where there is one only",
        need="how many must approve",
        seats="of how many",
        shares="whose approval it needs, where each of several has a share: list of target and need",
        may_delegate="true when the receiver may pass the decision on",
        requested_by="who opened the escalation",
        owner="who works on it",
        due="until when to decide",
        on_expiry="what follows then: halt, deny, escalate, next_deputy, approve, or keep",
        digest="fingerprint of what is approved, for the commands",
    ),
    "gate_closed": staff(
        "the owner hears how an approval ended",
        gate="the approval's id",
        title="the approval's title",
        how="passed, rejected, voided, withdrawn, or skipped",
        choice="as what it was approved, where there were choices",
        because=BECAUSE,
    ),
    "action_allowed": staff(
        "whoever asked for an action hears that it may be done",
        approval="the id under which it was asked",
        action="the action",
        because=BECAUSE,
        until="until when it may be used",
        digest="fingerprint of what was approved, for the command",
    ),
    "input_request": staff("the requester is asked for what is missing", parts="list of what is missing", due="when"),
    "item_input": staff(
        "the requester is asked for something that the work waits for",
        item="the item's id",
        title="what is asked for",
        due="until when",
        again="how often it was reminded of because it is late",
    ),
    "consulted": with_packet(
        "somebody is asked for what they know", stage="the engine's word for the stage that has begun"
    ),
    "handoff": Message(
        "somebody is offered responsibility",
        COMMON
        | {
            "by": "who offers it",
            "because": BECAUSE,
            "expectation": "what is expected",
            "accountable": "who stays responsible until it is accepted",
            "due": "until when to accept",
            "task": "the task that goes with it",
            "task_due": "until when",
            "assignee": "whose task it is",
            "reason": "why not here: no_authority, no_expertise, no_resources; empty: something else",
            "moved": "how often it has passed from one owner to another before",
            "version": "which version of the packet this is",
        }
        | FOUND
        | PACKET_VALUES,
    ),
    "item": staff(
        "a work item is given or offered, reminded of, or can be begun",
        item="the item's id",
        title="what is to be done",
        kind="action, checklist, checkpoint, dependency, or input",
        due="until when",
        ready="why nothing stands before it any more; empty: it could be begun before, or cannot yet",
        chased="how often it was reminded of because it is late",
        given_by="who gave it, where that is somebody else",
        automation="which automation gave it",
        waits="what it waits for: list of item, kind, owner, state",
        failed="why its check fails",
        defect="how bad a defect it is: critical, serious, or minor",
        offered="true when somebody has to claim it",
        command="the command that ends it, or with which it is claimed, but for who it is by",
    ),
    "item_approval": staff(
        "somebody is asked to decide on what was submitted for a work item",
        item="the item's id",
        title="what was to be done",
        kind="action, checklist, checkpoint, dependency, or input",
        by="who submitted it",
        content="what they submitted",
        digest="its fingerprint, for the commands",
        again="how often whoever may decide was reminded",
    ),
    "work_draft": staff(
        "somebody is asked to look at a draft of a colleague or an AI",
        draft="the draft's id",
        activity="what it is a draft of",
        by="who made it",
        ai="true when that is no person",
        text="the draft",
    ),
    "first_update": Message(
        "the first update of an incident is asked for",
        COMMON
        | {
            "due": "until when",
            "times": "how often it was missed",
            "at_most": "how many characters it may have; 0: as many as are needed",
        }
        | FOUND,
    ),
    "session_open": staff(
        "whoever opened a live session is asked what came of it",
        session="its id",
        since="since when it is open",
        by="who opened it",
    ),
    "review_due": staff(
        "the review is asked for", due="until when", parts="list of what it must answer", accountable="who submits it"
    ),
    "review_draft": staff("the owner hears that the review may be begun", because="why, in English"),
    "feedback": staff("somebody who took part is asked how it went", due="until when"),
    "given_back": staff("the AI that asked has the case again", guidance="what to do", because=BECAUSE),
    "advice": staff("whoever escalated reads what could be better next time", by="who worked on it", text="the advice"),
}
