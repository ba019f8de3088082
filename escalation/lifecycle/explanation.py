"""Why it was escalated, by which version of the playbook and of its thresholds."""

from collections.abc import Iterator

from escalation.lifecycle.automatic import critical
from escalation.lifecycle.communication import explain_reason
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.playbook.schema import DEFAULT_CONFIDENCE, Initiation, Timing
from escalation.values import Record, counted


class ThresholdUsed(Record):
    """The confidence below which a person had to see it, and who agreed to that."""

    name: str
    """``high``, or ``chatbot.high`` where it is the source's own; empty: the playbook names none."""
    below: float
    agreed_by: str = ""
    agreed_on: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        agreed = ", ".join(filter(None, (self.agreed_by, self.agreed_on)))
        how = f"agreed: {agreed}" if agreed else "nobody is named who agreed to it"
        return f"threshold {self.name or 'of every playbook'}: below {self.below:g}, {how}"


class Explanation(Record):
    """Why it was escalated, and by which version of the playbook."""

    id: str
    playbook: str
    playbook_version: int
    playbook_digest: str
    initiation: Initiation
    timing: Timing
    severity: str
    reasons: tuple[Reason, ...]
    in_words: tuple[str, ...]
    critical: str = ""
    """Why it is a critical incident, as the playbook declares; empty while it is none."""
    automations: tuple[str, ...] = ()
    """Which automations ran, and how often."""
    migrations: tuple[str, ...] = ()
    """From which version of the playbook to which it was moved; what came before it, the version before decided."""
    thresholds: tuple[ThresholdUsed, ...] = ()
    """By which the AI's confidence was judged too low, each once."""
    repeat_of: str | None = None


def explanation(state: Escalation) -> Explanation:
    """Say why it was escalated, with every reason and the pinned playbook."""
    return Explanation(
        id=state.id,
        playbook=state.playbook.playbook,
        playbook_version=state.playbook.version,
        playbook_digest=state.playbook_digest,
        initiation=state.initiation,
        timing=state.timing,
        severity=state.severity,
        reasons=state.reasons,
        in_words=tuple(explain_reason(reason) for reason in state.reasons),
        critical=critical.said(state),
        migrations=tuple(map(str, state.migrations)),
        automations=tuple(f"{name}: {counted(times, 'time')}" for name, times in state.automation_runs.items()),
        thresholds=tuple(dict.fromkeys(used for each in state.reasons for used in _thresholds(state, each))),
        repeat_of=state.repeat_of,
    )


def _thresholds(state: Escalation, reason: Reason) -> Iterator[ThresholdUsed]:
    """Yield the threshold that a reason read, if it read one, by the task risk of that moment."""
    if "confidence.threshold" not in reason.facts:
        return
    name, policy = state.playbook.threshold(state.source, reason.facts.get("task_risk"))
    below, by, on = (policy.below, policy.agreed_by, policy.agreed_on) if policy else (DEFAULT_CONFIDENCE, "", "")
    yield ThresholdUsed(name=name, below=below, agreed_by=by, agreed_on=on)
