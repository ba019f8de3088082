"""Facts that approvals bring: what was chosen, and the arguments of an action that somebody wants to do.

``approval.GATE.choice`` is known while the gate is passed; ``action.NAME`` only to the condition of a gate before an
action, and only while that action is asked for.
"""

from collections.abc import Iterable

from escalation.playbook.facts import FactType
from escalation.playbook.gates import ActionPolicy, GatePolicy

ACTION = "action."
APPROVAL = "approval."


def choice_fact(gate_id: str) -> str:
    """Return the name of the fact that holds what was chosen."""
    return f"{APPROVAL}{gate_id}.choice"


def argument_fact(argument: str) -> str:
    """Return the name under which conditions read an argument."""
    return f"{ACTION}{argument}"


def fact_types_of(gates: Iterable[GatePolicy], actions: Iterable[ActionPolicy]) -> dict[str, FactType]:
    """Return the facts that these gates and actions bring."""
    chosen = {choice_fact(gate.id): FactType.TEXT for gate in gates if gate.choices and gate.before != "action"}
    return chosen | {
        argument_fact(name): argument.type for action in actions for name, argument in action.arguments.items()
    }
