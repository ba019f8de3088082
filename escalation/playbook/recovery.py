"""Recovery scripts: what may mend a case by itself, while people are called as always."""

from escalation.playbook.parts import Condition
from escalation.values import Duration, Record, Slug


class RecoveryPolicy(Record):
    """A script that the worker runs when the condition is true; the first one that applies is taken, and no other."""

    id: Slug
    when: Condition
    script: Slug
    """Name of an executable file in the worker's folder of scripts."""
    within: Duration
    """How long one try may take; after that it is stopped and has failed."""
    approval: Slug | None = None
    """The approval that must have passed before it runs; None: it runs at once."""
    about: str = ""
    """What it mends, in words."""
