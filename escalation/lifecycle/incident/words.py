"""The words around an incident: what is demanded, what everybody relies on, and what comes first."""

from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Words, headline, instant, instead, text
from escalation.lifecycle.incident.incident_lines import baseline_lines, priority_lines
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import Actor


def first_update(state: Escalation, person: Actor, times: int, found: People | None = None) -> Words:
    """Demand the first update, or ask for it again."""
    incident, policy = state.incident, state.playbook.incident
    due = incident.first_update_due if incident is not None else None
    first = policy.first_update if policy is not None else None
    asked = "is missing" if times else f"is demanded before {instant(due)}" if due is not None else "is demanded"
    again = f" and has been asked for {times} times" if times > 1 else ""
    note = instead(found) if found is not None else ""
    short = f" {first.most_characters:,} characters at most." if first is not None else ""
    body = (
        f"The first update of this incident {asked}{again}{note}. Everybody relies on it.\n"
        f"Say what happened, who is affected (users, systems, customers), and why it is urgent.{short}\n"
        f"  escalate report_baseline {state.id} --by {person} --what-happened '...' --who-is-affected '...' "
        "--why-urgent '...'"
    )
    words = text(
        state,
        "first_update",
        f"{headline(state)} - first update {'overdue' if times else 'demanded'}",
        body,
        due=due,
        times=times,
        at_most=first.most_characters if first is not None else 0,
    )
    return words._replace(values=words.values | values.found(found))


def baseline(state: Escalation) -> str:
    """Write what everybody relies on now."""
    return "\n".join(baseline_lines(state))


def priorities(state: Escalation) -> str:
    """Write what comes first now."""
    return "\n".join(priority_lines(state))
