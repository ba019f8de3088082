"""The report of an audit in words, for whoever has it and for Temporal's UI."""

from escalation.model.audit import AuditReport, Leads
from escalation.values import counted

_SAID = 25
"""Findings, and suggestions, that a message names; all are in the workflow's result."""


def headline(report: AuditReport) -> str:
    """Say in one line what was found."""
    return (
        f"Audit of {report.period}: {counted(len(report.findings), 'finding')} in {len(report.audited)} of "
        f"{counted(report.of, 'escalation')}, {counted(len(report.review.suggestions), 'suggestion')}"
    )


def text(report: AuditReport) -> str:
    """Write the report."""
    findings = [f"- {one.escalation_id}: {finding.says} ({finding.check})" for one, finding in report.findings]
    parts = [_part("What does not meet the standards", findings)]
    for leads, title in ((Leads.IMPROVEMENT, "Improvements"), (Leads.TRAINING, "Training needs")):
        parts.append(_part(title, [f"- {each.says}" for each in report.review.suggestions if each.leads is leads]))
    counted_by = [
        f"- {each.by} {each.of}: {each.escalations}, {each.unwarranted} could have stayed, {each.late} late, "
        f"the AI right in {each.ai_right}"
        for each in report.review.patterns
    ]
    opened = f"{counted(report.review.escalations, 'escalation')} opened in the period"
    return "\n\n".join((headline(report), *parts, _part(opened, counted_by)))


def _part(title: str, lines: list[str]) -> str:
    more = [f"- and {len(lines) - _SAID} more"] if len(lines) > _SAID else []
    return "\n".join((f"{title}:", *(lines[:_SAID] or ["- none"]), *more))
