"""What the packet does not have yet because an outside system has not answered, and which it is."""

from escalation.model.state import Escalation


def gaps(state: Escalation) -> tuple[str, ...]:
    """Name what is not known yet, and why; empty once the ticket and what is known of the customer are there."""
    if state.case is None or not state.opened:
        return ()
    link, desk = state.case_link, f"the help desk (for cases of {state.case.system})"
    parts = "customer snapshot and ticket" if state.customer is not None else "ticket"
    if link is None and state.case_error:
        anew = f"once that is mended: escalate open_ticket {state.id}"
        return (f"{parts}: not known, {desk} refused ({state.case_error}); {anew}",)
    if link is None:
        return (f"{parts}: not yet known, {desk} does not answer",)
    if link.later:
        return (f"customer snapshot: not yet known, {link.system or desk} does not answer",)
    if link.snapshot is None and state.customer is not None:
        return (f"customer snapshot: not known, {link.gap or f'{link.system or desk} has nothing of this customer'}",)
    return ()
