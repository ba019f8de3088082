"""What stakeholders read among colleagues, and what is asked of whoever speaks to them."""

from typing import Final

from escalation.playbook.messages.common import COMMON, FOUND, Message, news, staff

_WRITTEN: Final = {
    "drafted_by": "who wrote it, where that is somebody else",
    "ai": "true when that is no person",
}

STAKEHOLDERS: Final[dict[str, Message]] = {
    "update": Message(
        "a stakeholder is told how it stands",
        COMMON
        | {
            "name": "the stakeholder",
            "text": "the update",
            "at": "when it was posted",
            "by": "who posted it",
            "stage": "the engine's word for the stage then",
            "since": "from when on the receiver is told, where that is later",
            "because": "why from then on",
            "next_due": "when the next update is due",
            "reply_due": "until when an answer is expected",
            "receipt_due": "until when the receiver is to confirm that they have read it",
        }
        | _WRITTEN
        | FOUND,
    ),
    "update_group": Message(
        "an update is posted in a chat group",
        COMMON
        | {
            "text": "the update",
            "at": "when it was posted",
            "by": "who posted it",
            "stage": "the engine's word for the stage then",
            "audiences": "list of those it is for",
        }
        | _WRITTEN,
    ),
    "read_in": news(
        "somebody who comes later reads where it stands",
        because="what made them part of it, or why they are told",
        joined="true: they work on it; false: they are told as a stakeholder",
        gates="list of approvals that were decided: gate, state, because",
        skipped="list of what was skipped: what, by, because",
        resolution="what was done",
        resolution_by="who says so",
        resolution_state="proposed, confirmed, or rejected",
        milestones="list of milestones that were reached: name, at",
        hold_until="until when it is on hold",
        hold_because="why it is on hold",
        missing="list of parts that the packet lacks",
        pending="list of approvals that are waited for: gate, due, people",
        steps="list of open work items: item, owner, due, title",
        said="list of what was said last: audience, version, at, by, drafted_by, text",
        speakers="list of who speaks to the stakeholders",
        others="list of who else is part of it",
        more="how many entries of these lists are not here",
        reply_due="until when an answer is expected",
        receipt_due="until when the receiver is to confirm that they have read it",
    ),
    "reply_awaited": staff("a stakeholder is reminded of their answer"),
    "receipt_awaited": staff("a stakeholder is reminded to confirm that they have read it"),
    "next_steps": staff(
        "those who were there are sent what was agreed",
        by="who sends it",
        text="what was written to it",
        steps="list of the first twenty: item, owner, due, title, yours (true or false), the receiver's own first",
        count="how many there are",
        more="how many are not listed",
    ),
    "ended_update": staff("a stakeholder hears that it ended without a resolution"),
    "speak": Message(
        "somebody hears that they speak to the stakeholders",
        COMMON
        | {
            "stakeholders": "list of them",
            "due": "when the first update is due",
            "may_postpone": "true or false",
            "texts": "options of the command: the texts that they read",
        }
        | FOUND,
    ),
    "update_overdue": Message(
        "an update that has not come is asked for",
        COMMON
        | {
            "due": "when it was due",
            "times": "how often",
            "may_postpone": "true or false",
            "missing": "list of audiences that have none",
            "texts": "options of the command: the texts that these audiences read",
        }
        | FOUND,
    ),
    "draft_release": staff(
        "somebody is asked to read a draft of an update and to release it",
        draft="the draft's id",
        by="who wrote it",
        ai="true when that is no person",
        audiences="list of those it is for",
        stage="the engine's word for the stage that it speaks of",
        text="what colleagues are to read",
        customer_text="what customers are to read",
        digest="its fingerprint, for the command",
    ),
    "milestone_due": staff(
        "the short update after a milestone is asked for",
        milestone="which",
        at_most="how many characters it may have; 0: as many as are needed",
    ),
    "summary_due": staff("a summary is asked for", due="until when", point="the key point", accountable="who files it"),
}
