"""What a run begins with and what it leaves behind: a fresh state, a repeat's, what is carried over, the summary."""

from temporalio import workflow

from escalation.model.request import Receipt
from escalation.model.start import Carried, Summary
from escalation.model.state import Escalation
from escalation.playbook.schema import LoadedPlaybook, shared
from workflows.deliveries import Deliveries
from workflows.journal import Journal


def fresh(loaded: LoadedPlaybook, repeats: int, answers: dict[str, Receipt]) -> Escalation:
    """Return the state before anything happened; ``repeats`` counts those that began in this run before."""
    info = workflow.info()
    return Escalation(
        id=info.workflow_id,
        instance=info.first_execution_run_id + (f".{repeats}" if repeats else ""),
        playbook=shared(loaded.playbook, loaded.digest),
        playbook_digest=loaded.digest,
        rules=loaded.rules,
        answers=answers,
    )


def taken_over(carried: Carried) -> Escalation:
    """Return the state that the run before handed over."""
    state = carried.state
    return state.model_copy(update={"playbook": shared(state.playbook, state.playbook_digest)})


def carry(state: Escalation, deliveries: Deliveries, journal: Journal, repeats: int) -> Carried:
    """Return what the next run needs."""
    return Carried(
        state=state,
        pending=deliveries.left_over,
        journal=tuple(journal.chapters),
        repeats=repeats,
    )


def summary_of(state: Escalation) -> Summary:
    """Return what a finished run says of how it ended."""
    return Summary(
        escalation_id=state.id,
        instance=state.instance,
        outcome=state.outcome,
        because=state.outcome_because,
        events=state.seq,
        answers=state.answers,
        closed_at=state.closed_at,
    )
