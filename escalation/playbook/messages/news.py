"""News: one sentence about an escalation, after which it is said where it stands."""

from typing import Final

from escalation.playbook.messages.common import BECAUSE, Message, news

NEWS: Final[dict[str, Message]] = {
    "news.clock_warned": news("a limit is close", clock="the clock", due="its limit"),
    "news.clock_reminded": news("a reminder before a limit", clock="the clock", due="its limit"),
    "news.clock_breached": news("a limit has passed", clock="the clock"),
    "news.status_overdue": news("a status lasts too long", because=BECAUSE),
    "news.hold_ended": news("a hold has ended", because=BECAUSE),
    "news.lowering_ended": news(
        "what became of a milder severity that was asked for",
        asked="the severity asked for",
        how="lowered, refused, or overtaken",
        because=BECAUSE,
    ),
    "news.changes_requested": news(
        "an approver asks for changes", by="the approver", gate="the approval", title="what it asks", because=BECAUSE
    ),
    "news.gate_late": news(
        "nobody decided in time",
        gate="the approval",
        title="what it asks",
        because=BECAUSE,
        behaviour="what follows: halt, deny, escalate, approve, or keep",
    ),
    "news.gate_nobody": news("nobody who may decide could be found", gate="the approval", notes="in English"),
    "news.gate_vacant": news("an approval cannot be asked of everybody", gate="the approval", notes="in English"),
    "news.held_refused": news("a decision that came early could not be applied", command="it", because=BECAUSE),
    "news.signal_refused": news("a signal was refused", command="the command", because=BECAUSE),
    "news.reported_again": news("it was reported again while it waits", occurrences="how often by now"),
    "news.new_reasons": news("there are new reasons", reasons="list of trigger and because"),
    "news.concerned_unknown": news("the directory does not know whom it concerns", people="list of ids"),
    "news.severity_changed": news("the severity changed", previous="what it was", because=BECAUSE),
    "news.customer_wrote": news("the customer wrote", text="what they wrote"),
    "news.answered": news("a stakeholder answered", stakeholders="list of who", text="the answer"),
    "news.not_answered": news("a stakeholder has not answered", stakeholder="who"),
    "news.update_not_delivered": news(
        "an update did not arrive", stakeholder="for whom", person="to whom", error="why"
    ),
    "news.summary_late": news("a summary is late", summary="which"),
    "news.summary_to_file": news("a summary is to be filed", summary="which"),
    "news.resolution_unanswered": news("nobody answered the proposed resolution"),
    "news.question_again": news("the question whether it is solved is sent again"),
    "news.question_not_asked": news("somebody could not be asked whether it is solved", person="who", error=BECAUSE),
    "news.group_not_told": news("a chat group could not be told", group="which", error=BECAUSE),
    "news.resolution_rejected": news("the resolution was rejected", because=BECAUSE),
    "news.solution_proposed": news(
        "those who were told hear who solved it and how",
        by="who says so",
        text="the solution",
        due="until when it is asked whether that is so; empty where nobody is asked",
    ),
    "news.closed": news("those who were told hear that it is over", text="the solution"),
    "news.item_given_back": news(
        "an action item could not be given to somebody",
        item="the item",
        was="to whom",
        because=BECAUSE,
        owner="who has it now",
    ),
    "news.item_late": news(
        "a work item is late, or nobody has claimed it in time",
        item="which",
        title="what is to be done",
        offered="true when nobody has claimed it",
        owner="whose it is",
        due="when it was due",
        state="the engine's word",
        chased="how often it was reminded of",
    ),
    "news.review_late": news("the review is late"),
    "news.returned": news("it was returned", because=BECAUSE),
    "news.cancelled": news("it was cancelled", by="by whom", because=BECAUSE),
    "news.recovery_ended": news(
        "a recovery script has ended", script="which", ok="true when it has run", because="how it ended"
    ),
    "news.linked": news(
        "another escalation was linked", other="which", relation="what it is to this one", because=BECAUSE
    ),
    "news.unlinked": news("a link was taken away", other="which", because=BECAUSE),
    "news.link_status": news(
        "a linked escalation has another status", other="which", relation="what it is to this one", status="the status"
    ),
    "news.link_lost": news("a linked escalation cannot be told any more", other="which", because=BECAUSE),
    "news.handoff_declined": news(
        "one of several who were offered a hand-off declined it, and it stays open for the others",
        by="who declined",
        to_whom="to whom it was offered",
        words="why, in that person's own words",
        declined="list of who declined so far",
        left="list of who is still asked; empty: nobody is",
        due="until when they are asked",
    ),
    "news.handoff_ended": news(
        "a hand-off ended",
        how="declined, expired, withdrawn, or taken_outside",
        because=BECAUSE,
        to_whom="to whom it was offered",
        by="who ended it, where that was a person",
        words="why, in that person's own words",
        next_to="to whom it is offered now: the next period of an incident",
        next_due="until when they are asked",
    ),
    "news.handoff_offered": news(
        "the owner hears that somebody else offers it to others",
        by="who offers it",
        to_whom="to whom",
        because=BECAUSE,
        due="until when it can be accepted",
    ),
    "news.automation": news("an automation says something", text="what it says"),
    "news.feed_failing": news("a rotation's calendar fails", rotation="which", because=BECAUSE),
    "news.template_failing": news(
        "a template failed; other words went out in its place",
        playbook="whose template",
        failed="its message",
        because="which of its lines, and how",
    ),
    # Approvals and work that somebody does not have to decide or to wait for any more.
    "news.gate_over": news(
        "somebody who was asked need not decide any more",
        gate="the approval",
        title="what it asks",
        how="decided, emergency, skipped, voided, or withdrawn",
        because=BECAUSE,
    ),
    "news.seat_given_back": news(
        "whom a decision was passed on to is not known", gate="the approval", was="whom", because=BECAUSE
    ),
    "news.action_refused": news(
        "whoever asked for an action hears that it may not be done",
        approval="the id under which it was asked",
        action="the action",
        how="rejected, voided, or withdrawn",
        because=BECAUSE,
    ),
    "news.item_blocked": news("a work item cannot go on", item="which", title="what is to be done", because=BECAUSE),
    "news.item_reassigned": news(
        "somebody else has a work item", item="which", title="what is to be done", owner="who", because=BECAUSE
    ),
    "news.item_postponed": news(
        "a work item is due later", item="which", title="what is to be done", due="when", because=BECAUSE
    ),
    "news.item_done": news(
        "somebody else did a work item", item="which", title="what is to be done", by="who", result="what came of it"
    ),
    "news.item_dropped": news(
        "a work item need not be done", item="which", title="what is to be done", because=BECAUSE
    ),
    "news.item_decided": news(
        "what was submitted for a work item was decided on",
        item="which",
        title="what was to be done",
        approved="true or false",
        defect="how bad the defect is: critical, serious, or minor",
        because=BECAUSE,
    ),
    "news.dependency_fails": news("something that work depends on does not hold", item="which", because=BECAUSE),
    "news.input_answered": news(
        "something that was asked for is there", item="which", title="what is to be done", text="the answer"
    ),
    # Ownership.
    "news.informed": news("somebody hears that a stage has begun", stage="the engine's word for it"),
    "news.advised": news("somebody who was consulted answered", by="who", text="what they know"),
    "news.role_given": news(
        "somebody was named for a part",
        by="by whom",
        role="communicator or commander",
        because=BECAUSE,
        first_update="until when the first update of the incident is demanded; empty: it is there",
        first_update_late="true when that has passed",
        update_due="when the next update to the stakeholders is due",
        update_late="true when that has passed",
        texts="options of the command post_update: the texts that they read; empty for a commander",
        leads="true when the receiver commands an incident that is declared",
    ),
    "news.role_passed": news(
        "somebody hears that another one has the part that they had",
        who="who has it",
        role="communicator or commander",
        because=BECAUSE,
    ),
    "news.responsibility_given": news("somebody looks after something", who="whom it was given to", duty="what"),
    "news.group_joined": news("somebody was added to the working group", by="by whom", because=BECAUSE),
    "news.team_accepted": news(
        "a hand-off was accepted for a team, and one of it has to claim it",
        by="who accepted it",
        mine="true for whoever accepted it",
        team="the team",
        due="until when one of it has to claim it",
        accountable="who is responsible until then, and stays so when nobody does",
    ),
    "news.handover_edited": news("what remains for the next shift was written anew", text="what remains"),
    "news.handoff_withdrawn": news("a hand-off that was offered was withdrawn", because=BECAUSE),
    "news.children_awaited": news("it cannot be closed before other escalations", others="list of which"),
    "news.unfinished_awaited": news(
        "it cannot be closed over blockers and live sessions", waits="list of which, and whose they are"
    ),
    # Statements.
    "news.draft_ended": news(
        "a draft was not sent", draft="which", how="dropped, outdated, or rewritten", because=BECAUSE
    ),
    "news.not_confirmed": news(
        "a stakeholder has not confirmed to have read it", stakeholder="which", people="list of who was reminded"
    ),
    "news.milestone_reached": news(
        "a milestone was reached",
        milestone="which",
        meaning="what it means",
        by="who says so",
        due="when its update is due",
        before="list of earlier ones that were not reached",
    ),
    "news.milestone_late": news("the update of a milestone is late", milestone="which", times="how often asked for"),
    "news.no_feedback": news("the customer gave no feedback", because="why nobody waits for it any longer"),
    # The timeline. A link is the permanent reference of an entry; whatever an AI wrote is called so.
    "news.mentioned": news(
        "somebody is mentioned", by="who wrote it", via="as what", link="where", text="what", ai="true when an AI did"
    ),
    "news.mention_barred": news(
        "somebody who is mentioned is not told, because the case is about them", people="list of who", link="where"
    ),
    "news.mention_unknown": news(
        "nobody was found for a mention", targets="list of whom", link="where", notes="list of why, in English"
    ),
    "news.blocker": news("a blocker was posted", by="by whom", link="where", text="what", ai="true when an AI did"),
    "news.entry_closed": news(
        "a question was answered, or a blocker resolved",
        kind="question or blocker",
        by="by whom",
        link="which",
        text="how",
    ),
    "news.commented": news(
        "an entry has a comment",
        by="by whom",
        link="where",
        entry="number of the entry",
        text="what",
        ai="true when an AI did",
    ),
    "news.session_invite": news(
        "somebody is invited to a live session", by="by whom", session="its id", title="its title", url="how to join"
    ),
    # The review, and the playbook that an escalation goes by.
    "news.change_not_live": news(
        "the change of a lesson is not live", lesson="which", live_as="as what it was to be", because=BECAUSE
    ),
    "news.not_moved": news(
        "it stays with its version of the playbook", version="which", digest="its fingerprint", because=BECAUSE
    ),
    "news.moved": news(
        "it goes on by another version of its playbook",
        version="which",
        digest="its fingerprint",
        because=BECAUSE,
        effects="list of what changes for this escalation, in English",
        differences="list of what differs in the playbook, in English",
    ),
    # Incidents.
    "news.incident_declared": news("an incident was declared", because=BECAUSE),
    "news.incident_updated": news(
        "the update that everybody relies on is there",
        number="which; from 2 on it takes the place of the one before",
        happened="what happened",
        affected="who is affected",
        urgent="why it is urgent",
        recording="where it is recorded",
    ),
    "news.priorities_set": news(
        "what comes first was set", by="by whom", version="which time", first="list of what comes first"
    ),
    "news.period_begun": news("an operational period begins", number="which", until="when it ends", leader="who leads"),
    "news.stand_down_refused": news("the incident is not stood down", because=BECAUSE),
    "news.stood_down": news("the incident is stood down", because=BECAUSE),
    "news.ticket_refused": news("the help desk refused the ticket for good", error="why"),
    "news.ticket_solved": news(
        "somebody solved or closed the ticket in the help desk", system="which", editor="who", status="what it is now"
    ),
    "news.ticket_reopened": news(
        "somebody opened the ticket again while a solution waits to be confirmed", system="which", editor="who"
    ),
    "news.ticket_not_proposed": news(
        "the ticket was solved in the help desk, which cannot be proposed as the solution",
        system="which",
        editor="who",
        status="what it is now",
        because=BECAUSE,
    ),
}
"""By id."""
