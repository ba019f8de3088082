"""Nothing is written on a ticket that is not that of the case: it may be a stranger's, who would read it."""

from escalation.errors import RemoteRefused
from escalation.model.actions import UpdateCase

NOT_OURS = "NOT_THE_TICKET_OF_THE_CASE"


def anothers(system: str, action: UpdateCase) -> RemoteRefused:
    """Return the refusal of an update whose ticket does not carry the case's external id."""
    return RemoteRefused(
        f"{system}: the ticket that is named does not carry {action.case_key}, so nothing was written on it; expected "
        "the one that was opened or linked under this external id, which nobody may take away from it",
        reason=NOT_OURS,
    )
