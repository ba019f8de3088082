"""How long a playbook's escalations are kept in the ledger, and who may forbid that they are deleted."""

from escalation.values import Duration, Record, Target


class RetentionPolicy(Record):
    """The declared period of the records."""

    keep: Duration | None = None
    """How long after the end the ledger keeps events and row, such as 2555d for seven years; None: for ever."""
    hold_by: tuple[Target, ...] = ()
    """Who may place and release a legal hold beside the owner."""
