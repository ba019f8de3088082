"""Patterns: what the escalations of a period say together of triggers, sources and whoever escalates what too often.

Each group that goes beyond what was declared as usual leads to one suggestion: a change of a threshold, a trigger or a
playbook, or training for people. Customers are counted together and never named.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from escalation.lifecycle.hindsight.lookback import Lookback
from escalation.model.audit import Leads, Pattern, PatternReview, Suggestion, Usual
from escalation.values import ActorKind, kind_of

READ = ("opened", "labelled", "review_submitted", "closed")
"""Kinds of events that a pattern is made of."""
_MOST = 100
"""Patterns, and suggestions, of one report."""
_PEOPLE = frozenset({"team", "requester"})


class Case(NamedTuple):
    """One escalation that was opened in the period."""

    seen: Lookback
    triggers: tuple[str, ...]
    teams: tuple[str, ...]
    """Of whoever escalated."""


def patterns(cases: Sequence[Case], usual: Usual) -> PatternReview:
    """Count escalations by source, trigger and whoever escalated; say what goes beyond the usual."""
    groups: dict[tuple[str, str], list[Lookback]] = {}
    habits: dict[tuple[str, str], list[Lookback]] = {}
    for case in cases:
        for group in _groups(case):
            groups.setdefault(group, []).append(case.seen)
        for trigger in case.triggers:
            habits.setdefault((_requester(case.seen), f"{case.seen.playbook}: {trigger}"), []).append(case.seen)
    found = [_pattern(by, of, seen) for (by, of), seen in groups.items()]
    found.sort(key=lambda each: (-each.escalations, each.by, each.of))
    often = [_pattern(who, what, seen) for (who, what), seen in habits.items()]
    often.sort(key=lambda each: (-each.escalations, each.by, each.of))
    suggestions = [
        *(_too_often(each.by, each, usual) for each in often if each.escalations > usual.times),
        *(said for each in found if each.escalations >= usual.at_least for said in _beyond(each, usual)),
    ]
    return PatternReview(
        escalations=len(cases),
        patterns=tuple(found[:_MOST]),
        suggestions=tuple(suggestions[:_MOST]),
        left_out=max(0, len(found) - _MOST) + max(0, len(suggestions) - _MOST),
    )


def _groups(case: Case) -> Iterator[tuple[str, str]]:
    yield "source", case.seen.source
    yield "requester kind", str(kind_of(case.seen.requested_by))
    yield "requester", _requester(case.seen)
    for trigger in dict.fromkeys(case.triggers):
        yield "trigger", f"{case.seen.playbook}: {trigger}"
    for team in case.teams:
        yield "team", f"team:{team}"


def _requester(seen: Lookback) -> str:
    return "customers" if kind_of(seen.requested_by) is ActorKind.CUSTOMER else seen.requested_by


def _pattern(by: str, of: str, seen: list[Lookback]) -> Pattern:
    return Pattern(
        by=by,
        of=of,
        escalations=len(seen),
        unwarranted=sum(each.could_have_stayed for each in seen),
        late=sum(each.late is True for each in seen),
        ai_right=sum(each.ai_would_have_been_right is True for each in seen),
    )


def _too_often(who: str, habit: Pattern, usual: Usual) -> Suggestion:
    """Say what to do about somebody who escalates the same too often."""
    said = (
        f"{who} escalated {habit.escalations} times because of {habit.of}; more than {usual.times} is unusual, and "
        f"{habit.unwarranted} of them could have stayed."
    )
    if _is_beyond(habit.unwarranted, habit, usual.unwarranted):
        if who.startswith("person:"):
            return Suggestion(
                leads=Leads.TRAINING, of=who, says=f"{said} Train {who} on what this trigger is for, and what is not."
            )
        advice = "Raise the trigger's threshold, or narrow its condition, so that it is true less often."
        return Suggestion(leads=Leads.IMPROVEMENT, of=habit.of, says=f"{said} {advice}")
    advice = "Look for the cause behind the others, and whether the playbook should settle them earlier."
    return Suggestion(leads=Leads.IMPROVEMENT, of=habit.of, says=f"{said} {advice}")


def _beyond(group: Pattern, usual: Usual) -> Iterator[Suggestion]:
    """Say what to do about a group whose shares go beyond the usual."""
    leads = Leads.TRAINING if _trained(group) else Leads.IMPROVEMENT
    for count, share, what, advice in (
        (group.unwarranted, usual.unwarranted, "could have stayed", _UNWARRANTED),
        (group.late, usual.late, "came late", _LATE),
        (group.ai_right, usual.ai_right, "would have been answered rightly by the AI", _AI_RIGHT),
    ):
        to_do = advice.get("people" if leads is Leads.TRAINING else group.by)
        if to_do is not None and _is_beyond(count, group, share):
            said = f"{count} of {group.escalations} escalations of {group.by} {group.of} {what}"
            said = f"{said}; more than {share:.0%} is unusual."
            yield Suggestion(leads=leads, of=group.of, says=f"{said} {to_do}")


def _trained(group: Pattern) -> bool:
    return group.by in _PEOPLE and group.of.partition(":")[0] in ("team", "person")


def _is_beyond(count: int, group: Pattern, share: float) -> bool:
    return count > share * group.escalations


_UNWARRANTED = {
    "people": "Train them on when to escalate, and what they may settle themselves.",
    "trigger": "Raise its threshold, or narrow its condition.",
    "source": "Look at what this source escalates for, and have its playbook ask for more before people are called.",
}
_LATE = {
    "people": "Train them to hand over as soon as a trigger is true.",
    "trigger": "Lower its threshold, or have its facts reported earlier.",
    "source": "Have this source report its facts earlier.",
}
_AI_RIGHT = {
    "trigger": "Let the AI go on in such cases: change the threshold of its confidence, or the trigger.",
    "source": "Let the AI of this source answer more by itself: change the threshold of its confidence.",
}
"""For each kind of group what to do; what is missing is said of another group already."""
