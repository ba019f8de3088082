"""Escalations by their search attributes: one call to the server, no question to any workflow."""

from datetime import datetime
from typing import Any, NamedTuple

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError

from escalation.errors import RequestRefused, Unreachable
from escalation.model.names import WORKFLOW
from starter import sheets
from starter.session import connect
from workflows import search_attributes as attributes


class Filter(NamedTuple):
    """What to look for; empty means any."""

    stage: str = ""
    owner: str = ""
    severity: str = ""
    level: str = ""
    team: str = ""
    playbook: str = ""
    source: str = ""
    waiting_on: str = ""
    breached: bool = False
    every: bool = False
    """Ended ones too."""

    @property
    def any(self) -> bool:
        """Whether anything was asked for in particular."""
        return self != Filter()

    def query(self) -> str:
        """Write it as a visibility query.

        Raises:
            RequestRefused: a value holds what the query language would read as its own.
        """
        parts = [f"WorkflowType = '{WORKFLOW}'"]
        if not self.every and self.stage != "closed":
            parts.append("ExecutionStatus = 'Running'")
        for field, key in _KEYS.items():
            value = getattr(self, field)
            if any(char in value for char in "'\"\\"):
                raise RequestRefused([(f"--{field.replace('_', '-')}", "quotes and backslashes are not allowed here")])
            if value:
                parts.append(f"{key.name} = '{value}'")
        if self.breached:
            parts.append(f"{attributes.BREACHED.name} = true")
        return " AND ".join(parts)


class Listed(NamedTuple):
    """One escalation as the list shows it."""

    id: str
    run_id: str
    stage: str
    status: str
    severity: str
    level: str
    owner: str
    """Empty while nobody has taken it."""
    waiting_on: str
    playbook: str
    source: str
    reasons: tuple[str, ...]
    breached: bool
    next_due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None


def sheet(rows: list[Listed]) -> str:
    """Write the list as CSV: instants in ISO form, reasons separated by spaces."""
    return sheets.write(Listed._fields, ([_text(value) for value in row] for row in rows))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


_KEYS = {
    "stage": attributes.STAGE,
    "owner": attributes.OWNER,
    "severity": attributes.SEVERITY,
    "level": attributes.LEVEL,
    "team": attributes.TEAM,
    "playbook": attributes.PLAYBOOK,
    "source": attributes.SOURCE,
    "waiting_on": attributes.WAITING_ON,
}


async def look_up(wanted: Filter, limit: int) -> list[Listed]:
    """Return what matches, the latest first.

    Raises:
        Unreachable: no server answers, or no worker has ever registered the search attributes there.
    """
    query = wanted.query()
    client = (await connect()).temporal
    try:
        return [_listed(found) async for found in client.list_workflows(query, limit=limit)]
    except RPCError as error:
        raise Unreachable(
            f"the server at {client.service_client.config.target_host} cannot list escalations: {error.message}. "
            "A worker registers the search attributes when it starts: 'python -m worker' (or 'escalate dev')"
        ) from error


def _listed(found: WorkflowExecution) -> Listed:
    def value(key: Any, absent: Any) -> Any:
        said = found.typed_search_attributes.get(key)
        return absent if said is None else said

    ended = found.status is not WorkflowExecutionStatus.RUNNING
    return Listed(
        id=found.id,
        run_id=found.run_id,
        stage=value(attributes.STAGE, ""),
        # Terminated in Temporal: the escalation never said that it ended.
        status=value(attributes.STATUS, "") if not ended or value(attributes.STAGE, "") == "closed" else _ending(found),
        severity=value(attributes.SEVERITY, ""),
        level=value(attributes.LEVEL, ""),
        owner=value(attributes.OWNER, ""),
        waiting_on=value(attributes.WAITING_ON, ""),
        playbook=value(attributes.PLAYBOOK, ""),
        source=value(attributes.SOURCE, ""),
        reasons=tuple(value(attributes.REASONS, ())),
        breached=bool(value(attributes.BREACHED, False)),
        next_due_at=None if ended else value(attributes.NEXT_DUE_AT, None),
        opened_at=found.start_time,
        closed_at=found.close_time,
    )


def _ending(found: WorkflowExecution) -> str:
    return f"{found.status.name.lower().replace('_', ' ')} in Temporal" if found.status else ""
