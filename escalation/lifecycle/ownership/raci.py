"""RACI in action: as a stage begins, whoever is Consulted is asked for input and whoever is Informed is told.

Who that is, is looked up then. Nobody of the working group is told, nor anybody twice of the same stage. A stage that
is passed at once asks nobody. Whoever is consulted advises, and does not act.
"""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.values import ENGINE

MOST_ADVICE = 500


def follow(draft: Draft) -> None:
    """Say that a stage has begun, where somebody is to hear of it."""
    state, before = draft.state, draft.before
    # Recorded escalations told nobody, and have to replay so.
    if state.rules < 1 or not state.opened or state.ended:
        return
    if state.stage is before.stage and before.opened:
        return
    raci = state.playbook.raci[state.stage]
    if raci.consulted or raci.informed:
        draft.record(e.StageTold, by=ENGINE, stage=state.stage, consulted=raci.consulted, informed=raci.informed)


def advise(draft: Draft, command: c.Advise) -> None:
    """Take the input of somebody who was consulted, or of the working group."""
    state = draft.state
    permissions.refuse_concerned(state, command.by)
    if command.by not in state.ownership.consulted and command.by not in state.people:
        asked = ", ".join(state.ownership.consulted) or "nobody yet"
        raise NotAllowed(f"{command.by} was not consulted on {state.id}; these were: {asked}")
    if state.ownership.advice >= MOST_ADVICE:
        raise NotNow(f"{state.id} has {MOST_ADVICE} pieces of advice already; speak to {state.accountable}")
    draft.record(e.ConsultedAnswered, text=command.text)
