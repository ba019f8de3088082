"""What happens: the rules of an escalation's life, one module for each stage and each concern.

``decide`` says what a command causes, ``evolve`` applies it (``advance`` does both at once), ``react`` says what the
world should now be told, ``next_due`` says when time itself becomes a command. Nothing else is offered.
"""

from escalation.lifecycle.agenda import next_due
from escalation.lifecycle.decide import advance, decide
from escalation.lifecycle.evolve import evolve
from escalation.lifecycle.react import react

__all__ = ["advance", "decide", "evolve", "next_due", "react"]
