"""Who may speak of the records is looked up where the playbook names them."""

from collections.abc import Iterator

from escalation.lifecycle.reactions.common import find
from escalation.lifecycle.timeline.holds import ALLOWED
from escalation.model import events as e
from escalation.model.actions import Action
from escalation.model.state import Escalation


def who_may_hold(state: Escalation, event: e.Event) -> Iterator[Action]:
    """Find those whom the playbook lets place and release legal holds."""
    policy = state.playbook.retention
    if policy is not None and policy.hold_by:
        yield find(state, event, ALLOWED, policy.hold_by, "find who may place a legal hold")
