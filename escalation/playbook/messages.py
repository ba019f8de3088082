"""Every message that is sent: what it is for, and the values from which its words are made.

The rules say *what* is said: a message's id and its values. A template, the shipped one of a language or the playbook's
own, puts it into words when it is delivered. A value that a message has is always there; what is not known is empty.
Instants are ISO 8601 text until ``|instant`` writes them for the receiver.
"""

from typing import Final, NamedTuple

PACKET: Final = "packet"
"""Part that writes the context packet, for messages that have the value of this name."""
WHERE: Final = "where"
"""Part that says where it stands, for messages that have the value of this name."""
PARTS: Final = (PACKET, WHERE)

_COMMON: Final = {
    "id": "the escalation",
    "severity": "its severity, as the playbook names it",
    "about": "what it is about, in one line",
}
_PACKET: Final = {
    "packet": "the context packet",
    "packet.help_needed": "what is asked",
    "packet.reasons": "list of trigger, because, facts (list of name=value), words (what was said)",
    "packet.summary": "the summary",
    "packet.impact": "the impact",
    "packet.constraints": "the constraints",
    "packet.brought": "facts that the case must bring along: list of name and value",
    "packet.tried": "what was tried: list of what and result",
    "packet.turns": "how many turns the conversation has",
    "packet.last_by": "who wrote its last one",
    "packet.last_text": "what they wrote",
    "packet.due": "the case's own due instant",
    "packet.missing": "parts that are missing",
    "packet.exception": "why it was sent incomplete",
    "packet.repeat": "true when an escalation with the same key was closed before",
}
_WHERE: Final = {
    "where": "where it stands",
    "where.status": "the status, as the playbook names it",
    "where.level": "the level",
    "where.accountable": "who answers for it",
    "where.called": "list of who is being called",
    "where.lowering": "the milder severity that waits for its approval",
    "where.ended": "true when it has ended",
    "where.outcome": "how it ended",
    "where.because": "why it ended so",
    "where.stage": "the engine's word for the stage",
    "where.waiting_on": "the engine's word for whose move it is",
}
_FOUND: Final = {
    "fell_back": "true when nobody else could be found",
    "notes": "list of what could not be found, in English",
}


class Message(NamedTuple):
    """One message."""

    about: str
    values: dict[str, str]
    """Name to meaning; ``a.b`` is the part ``b`` of ``a``. ``to``, the receiver, is there beside these."""
    of_playbook: bool = True
    """False: it is about escalations of several playbooks, so none can have words of its own for it."""


def _staff(about: str, **values: str) -> Message:
    return Message(about, _COMMON | values)


def _with_packet(about: str, **values: str) -> Message:
    return Message(about, _COMMON | values | _PACKET)


def _news(about: str, **values: str) -> Message:
    return Message(about, _COMMON | values | _WHERE)


_BECAUSE: Final = "why"

MESSAGES: Final[dict[str, Message]] = {
    "page": Message(
        "somebody is asked to take it",
        _COMMON
        | {
            "via": "the target through which the receiver was found",
            "note": "why this person, in English",
            "level": "the level that calls",
            "round": "which round of pages at this level, from 1",
            "waited_since": "since when it has waited for the receiver's working hours",
            "responsible_for": "list of what the level answers for",
            "powers": "list of who may escalate from here, to where and why",
            "silent": "who took it and was not heard of since",
            "until": "until when it is to be taken",
            "then": "what happens after that: next, up, or late",
            "round_ends": "when the round ends",
        }
        | _FOUND
        | _PACKET,
    ),
    "page_taken": _staff("whoever was paged hears that somebody has it", owner="who has it"),
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
    "approval": _with_packet(
        "an approver is asked to decide",
        gate="the approval's id",
        title="the approval's title",
        subject="what is approved: list of name and value",
        again="true when what was approved before has changed",
        lowering_by="who asks for a milder severity",
        lowering_to="the severity that is asked for",
        lowering_because="why it is asked for",
        requested_by="who opened the escalation",
        owner="who works on it",
        due="until when to decide",
        on_expiry="what follows then: halt, deny, escalate, next_deputy, or approve",
        digest="fingerprint of what is approved, for the commands",
    ),
    "gate_closed": _staff(
        "the owner hears how an approval ended",
        gate="the approval's id",
        title="the approval's title",
        how="passed, rejected, voided, withdrawn, or skipped",
        because=_BECAUSE,
    ),
    "input_request": _staff("the requester is asked for what is missing", parts="list of what is missing", due="when"),
    "input_request_customer": Message(
        "a customer is asked for what is missing", {"parts": "list of what is missing", "due": "until when"}
    ),
    "customer_news": Message("a customer is told what an automation says", {"text": "what it says"}),
    "handoff": Message(
        "somebody is offered responsibility",
        _COMMON
        | {
            "by": "who offers it",
            "because": _BECAUSE,
            "expectation": "what is expected",
            "accountable": "who stays responsible until it is accepted",
            "due": "until when to accept",
        }
        | _FOUND
        | _PACKET,
    ),
    "resolution_proposed": Message(
        "whoever confirms is asked whether it is solved",
        {"text": "what was done", "due": "until when an answer is expected"},
    ),
    "ended_customer": Message("a customer hears that it ended without a solution", {}),
    "returned_customer": Message("a customer hears that their request is not passed on", {}),
    "review_due": _staff(
        "the review is asked for", due="until when", parts="list of what it must answer", accountable="who submits it"
    ),
    "item": _staff(
        "an action item is given, or reminded of",
        item="the item's id",
        title="what is to be done",
        due="until when",
        chased="how often it was reminded of",
        given_by="who gave it, where that is somebody else",
    ),
    "update": Message(
        "a stakeholder is told how it stands",
        _COMMON
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
        }
        | _FOUND,
    ),
    "ended_update": _staff("a stakeholder hears that it ended without a resolution"),
    "speak": Message(
        "somebody hears that they speak to the stakeholders",
        _COMMON
        | {"stakeholders": "list of them", "due": "when the first update is due", "may_postpone": "true or false"}
        | _FOUND,
    ),
    "update_overdue": Message(
        "an update that has not come is asked for",
        _COMMON | {"due": "when it was due", "times": "how often", "may_postpone": "true or false"} | _FOUND,
    ),
    "reply_awaited": _staff("a stakeholder is reminded of their answer"),
    "summary_due": _staff(
        "a summary is asked for", due="until when", point="the key point", accountable="who files it"
    ),
    "news.clock_warned": _news("a limit is close", clock="the clock", due="its limit"),
    "news.clock_reminded": _news("a reminder before a limit", clock="the clock", due="its limit"),
    "news.clock_breached": _news("a limit has passed", clock="the clock"),
    "news.status_overdue": _news("a status lasts too long", because=_BECAUSE),
    "news.hold_ended": _news("a hold has ended", because=_BECAUSE),
    "news.lowering_ended": _news(
        "what became of a milder severity that was asked for",
        asked="the severity asked for",
        how="lowered, refused, or overtaken",
        because=_BECAUSE,
    ),
    "news.changes_requested": _news(
        "an approver asks for changes", by="the approver", gate="the approval", because=_BECAUSE
    ),
    "news.gate_late": _news(
        "nobody decided in time",
        gate="the approval",
        because=_BECAUSE,
        behaviour="what follows: halt, deny, escalate, or approve",
    ),
    "news.gate_nobody": _news("nobody who may decide could be found", gate="the approval", notes="in English"),
    "news.gate_vacant": _news("an approval cannot be asked of everybody", gate="the approval", notes="in English"),
    "news.held_refused": _news("a decision that came early could not be applied", command="it", because=_BECAUSE),
    "news.signal_refused": _news("a signal was refused", command="the command", because=_BECAUSE),
    "news.reported_again": _news("it was reported again while it waits", occurrences="how often by now"),
    "news.new_reasons": _news("there are new reasons", reasons="list of trigger and because"),
    "news.concerned_unknown": _news("the directory does not know whom it concerns", people="list of ids"),
    "news.severity_changed": _news("the severity changed", previous="what it was", because=_BECAUSE),
    "news.customer_wrote": _news("the customer wrote", text="what they wrote"),
    "news.answered": _news("a stakeholder answered", stakeholders="list of who", text="the answer"),
    "news.not_answered": _news("a stakeholder has not answered", stakeholder="who"),
    "news.update_not_delivered": _news(
        "an update did not arrive", stakeholder="for whom", person="to whom", error="why"
    ),
    "news.summary_late": _news("a summary is late", summary="which"),
    "news.summary_to_file": _news("a summary is to be filed", summary="which"),
    "news.resolution_unanswered": _news("nobody answered the proposed resolution"),
    "news.question_again": _news("the question whether it is solved is sent again"),
    "news.question_not_asked": _news("somebody could not be asked whether it is solved", person="who", error=_BECAUSE),
    "news.group_not_told": _news("a chat group could not be told", group="which", error=_BECAUSE),
    "news.resolution_rejected": _news("the resolution was rejected", because=_BECAUSE),
    "news.item_given_back": _news(
        "an action item could not be given to somebody",
        item="the item",
        was="to whom",
        because=_BECAUSE,
        owner="who has it now",
    ),
    "news.item_late": _news("an action item is late", item="which"),
    "news.review_late": _news("the review is late"),
    "news.returned": _news("it was returned", because=_BECAUSE),
    "news.cancelled": _news("it was cancelled", by="by whom", because=_BECAUSE),
    "news.recovery_ended": _news(
        "a recovery script has ended", script="which", ok="true when it has run", because="how it ended"
    ),
    "news.linked": _news(
        "another escalation was linked", other="which", relation="what it is to this one", because=_BECAUSE
    ),
    "news.unlinked": _news("a link was taken away", other="which", because=_BECAUSE),
    "news.link_status": _news(
        "a linked escalation has another status", other="which", relation="what it is to this one", status="the status"
    ),
    "news.link_lost": _news("a linked escalation cannot be told any more", other="which", because=_BECAUSE),
    "news.handoff_ended": _news("a hand-off ended", how="declined, expired, or withdrawn", because=_BECAUSE),
    "news.automation": _news("an automation says something", text="what it says"),
    "news.feed_failing": _news("a rotation's calendar fails", rotation="which", because=_BECAUSE),
    "news.template_failing": _news(
        "a template failed; the plain words went out", failed="its message", because=_BECAUSE
    ),
}
"""By id. Ids beginning with ``news.`` are one sentence about an escalation; where it stands follows."""


def top_level(message: Message) -> set[str]:
    """Return the names that a template of this message may use."""
    return {"to", *(name for name in message.values if "." not in name)}
