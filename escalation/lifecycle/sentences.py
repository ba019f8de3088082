"""News in one sentence each: in plain English, and as what every language says (``playbook.messages``)."""

from collections.abc import Mapping
from typing import Any, Final

from escalation.lifecycle.message_values import Sentence
from escalation.model.ticket import called
from escalation.playbook.messages.ids import NewsId

_ENGLISH: Final[Mapping[NewsId, str]] = {
    "clock_warned": "{clock} is close to its limit, {due}",
    "clock_reminded": "reminder: the limit of {clock} is {due}",
    "clock_breached": "{clock} passed its limit",
    "status_overdue": "reminder: it is {because} now",
    "hold_ended": "the hold has ended: {because}. Work goes on",
    "changes_requested": "{by} asks for changes before approving {gate}: {because}",
    "gate_late": "approval {gate} is late: {because}; the playbook says {behaviour}",
    "gate_nobody": "nobody who may decide {gate} could be found: {notes}",
    "gate_vacant": "approval {gate} cannot be asked of everybody: {notes}",
    "held_refused": "your {command} was kept, but could not be applied: {because}",
    "signal_refused": "your signal {command} was refused: {because}",
    "concerned_unknown": "concerns names {people}, whom the directory does not know: that bars nobody. "
    "Name them again by their id (change_facts)",
    "severity_changed": "the severity is {severity} now, it was {previous}: {because}",
    "customer_wrote": "the customer wrote: {text}",
    "answered": "answer of {stakeholders}: {text}",
    "not_answered": "stakeholder {stakeholder} has not answered, although reminded",
    "update_not_delivered": "the update for {stakeholder} did not reach {person} ({error})",
    "summary_late": "summary {summary} is late",
    "summary_to_file": "summary {summary} is to be filed",
    "resolution_unanswered": "nobody answered the proposed resolution in time; please ask again",
    "question_again": "nobody is known to have been asked whether it is solved; the question is sent again, please ask "
    "too",
    "question_not_asked": "{person} could not be asked whether it is solved ({error}); please ask them yourself",
    "group_not_told": "the chat group {group} could not be told ({error})",
    "resolution_rejected": "the resolution was rejected: {because}",
    "review_late": "the review is late",
    "returned": "{because}",
    "cancelled": "cancelled by {by}: {because}",
    "linked": "{other} is linked with it now ({relation}): {because}",
    "unlinked": "{other} is not linked with it any more: {because}",
    "link_lost": "the linked {other} cannot be told any more: {because}",
    "automation": "{text}",
    "feed_failing": "the calendar of rotation {rotation} fails: {because}. Please mend it",
    "advised": "{by} advises: {text}",
    "change_not_live": "the change of lesson {lesson} is not live as {live_as}: {because}",
    "children_awaited": "it is closed when these have ended, or are unlinked with a reason: {others}",
    "draft_ended": "your draft {draft} was not sent, {how}: {because}",
    "handoff_withdrawn": "the hand-off that was offered to you was withdrawn: {because}",
    "handover_edited": "what remains for the next shift was written anew: {text}",
    "incident_declared": "incident declared: {because}",
    "input_answered": "input {item} ({title}) is there: {text}",
    "item_blocked": "work item {item} ({title}) is blocked: {because}",
    "item_dropped": "work item {item} ({title}) is dropped: {because}",
    "item_postponed": "work item {item} ({title}) is due {due} now: {because}",
    "item_reassigned": "work item {item} ({title}) is that of {owner} now: {because}",
    "mention_barred": "{people} is not told of {link}: the case is about them",
    "milestone_late": "the update of milestone {milestone} is late, asked for {times} times",
    "no_feedback": "the customer gave no feedback: {because}",
    "not_moved": "it stays with v{version} of its playbook ({digest}): {because}",
    "responsibility_given": "{who} looks after this from now on: {duty}",
    "stand_down_refused": "the incident is not stood down: {because}",
    "stood_down": "the incident is stood down: {because}",
    "template_failing": "playbook {playbook}: the template of message {failed} fails; other words went out in its "
    "place, so nobody missed it. Please mend it: {because}",
    "unfinished_awaited": "it is closed when these are over: {waits}",
    "ticket_refused": "there is no ticket: the help desk refused it ({error}). Once that is mended, have it opened, or "
    "link one (open_ticket)",
    "ticket_solved": "the ticket was set to {status} in {system} by {editor}; here it goes on. If it is solved, say "
    "how (resolve)",
    "ticket_reopened": "the ticket was opened again in {system} by {editor}, while the proposed solution waits to be "
    "confirmed. Please ask whoever confirms it",
    "ticket_not_proposed": "the ticket was set to {status} in {system} by {editor}, but cannot be proposed as solved: "
    "{because}",
}


def sentence(what: NewsId, **values: Any) -> Sentence:
    """Say something as a message of its own: ``sentence("clock_breached", clock="resolution")``."""
    return Sentence.of(what, _ENGLISH[what], values)


def of_ticket(what: NewsId, *, editor: str, **values: Any) -> Sentence:
    """Say what somebody did to the ticket in the help desk."""
    return told(what, _ENGLISH[what].format_map({**values, "editor": called(editor)}), editor=editor, **values)


def told(what: NewsId, english: str, **values: Any) -> Sentence:
    """Say something whose plain English depends on more than its values."""
    return Sentence.of(what, english.replace("{", "{{").replace("}", "}}"), values)
