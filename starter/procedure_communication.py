"""Communication in a playbook's procedure: who is told from when on, by whom, how often, and what is said."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from escalation.lifecycle.statements.plan import plan
from escalation.playbook.communication import CommunicationPolicy, Rhythm, Stakeholder
from escalation.playbook.schema import Playbook
from escalation.values import format_duration
from starter import layout, sections
from starter.line import name, names


def communication(book: Playbook) -> RenderableType:
    """Show who is told, by whom and how often, and the plan."""
    policy = book.communication
    if policy is None:
        return Text()
    table = layout.columns("who", "audience", "target", "from", "answers within", "only when")
    for each in policy.stakeholders:
        layout.add(table, *_stakeholder(each), "")
    for kind in policy.key_people:
        for each in kind.stakeholders:
            layout.add(table, *_stakeholder(each), Text(kind.when, style="dim"))
    speaks = name(policy.communicator) if policy.communicator else "the owner"
    said = [Text(f"{speaks} speaks to them.")]
    said += [
        Text(f"{name(kind.communicator)} does when {kind.when}.") for kind in policy.key_people if kind.communicator
    ]
    said += [Text(f"At {severity} {_rhythm(rhythm)}.") for severity, rhythm in policy.cadence.items()]
    if policy.summaries is not None:
        points = ", ".join(policy.summaries.at).replace("_", " ")
        within = format_duration(policy.summaries.within)
        said.append(Text(f"A summary within {within} of: {points}; when {policy.summaries.when}."))
    said += [Text(each) for each in _statements(policy)]
    return Group(table, *said, sections.plan_table(plan(policy)))


def _statements(policy: CommunicationPolicy) -> Iterator[str]:
    if policy.release_by:
        yield f"Only {names(policy.release_by)} releases what is said; others write drafts."
    if policy.post_to:
        groups = ", ".join("the chat group of the level's team" if to == "team" else to for to in policy.post_to)
        yield f"Internal updates are posted in {groups} too."
    for each in policy.announcements:
        yield f"Text {each.id}: {each.text}"
    for milestone in policy.milestones:
        within, about = format_duration(milestone.update_within), f" ({milestone.about})" if milestone.about else ""
        yield f"Milestone {milestone.id}{about}: an update of at most {milestone.at_most} characters within {within}."
    for step in policy.follow_up:
        what = "the customer is asked how satisfied they are, twice at most" if step.ask else "the customer is told"
        yield f"{format_duration(step.after)} after the solution stands {what}."
    if policy.read_in:
        yield "Whoever joins later reads in one message where it stands."


def _stakeholder(each: Stakeholder) -> tuple[str, ...]:
    begins = " and ".join(filter(None, (each.from_severity, each.from_level))) or "the beginning"
    within = format_duration(each.replies_within) if each.replies_within else ""
    return (each.name, each.audience, name(each.target), begins, within)


def _rhythm(rhythm: Rhythm) -> str:
    of = f" of {rhythm.calendar} hours" if rhythm.calendar else ""
    every, chase = format_duration(rhythm.every), format_duration(rhythm.chase)
    return f"an update every {every}{of}; silence moves up every {chase}"
