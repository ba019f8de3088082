"""Targets as the directory can resolve them: ``raci:`` means somebody else in each stage."""

from collections.abc import Iterable

from escalation.model.state import Escalation
from escalation.playbook.schema import Raci
from escalation.values import FINDABLE, Target, split_target


def expand(state: Escalation, targets: Iterable[Target]) -> tuple[Target, ...]:
    """Replace ``raci:accountable`` and ``raci:responsible`` by the targets the playbook names for the present stage.

    Where only ``owner``, ``requester`` or an AI is responsible, the accountable is: somebody has to be found.
    """
    named = tuple(dict.fromkeys(targets))
    # Most targets mean the same in every stage, and which one it is takes longer to tell than all of this.
    return of_raci(state.raci, named) if any(target.startswith("raci:") for target in named) else named


def of_raci(raci: Raci, targets: Iterable[Target]) -> tuple[Target, ...]:
    """The same with the responsibilities of a stage that need not be the present one."""
    return tuple(dict.fromkeys(each for target in targets for each in _expand(raci, target)))


def being_called(state: Escalation) -> tuple[Target, ...]:
    """Return whose people are being called to take it now; empty while no round is open."""
    return expand(state, state.rung.targets) if state.rung is not None else ()


def _expand(raci: Raci, target: Target) -> tuple[Target, ...]:
    kind, part = split_target(target)
    if kind != "raci":
        return (target,)
    named = raci.responsible if part == "responsible" else ()
    return tuple(who for who in named if split_target(who)[0] in FINDABLE) or (raci.accountable,)
