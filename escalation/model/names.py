"""What the workflow, its messages and its task queue are called; client and workflow agree on it."""

WORKFLOW = "Escalation"
TASK_QUEUE = "escalations"
HEAR_LINK = "hear_link"
"""Update by which a linked escalation says what changed there."""
OPEN = "open"
"""The update that opens, and the signal for callers that do not wait for its answer."""
