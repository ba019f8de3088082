"""Proves of a playbook and a directory that at every instant of the next days somebody is told, and can decide.

The parts: in which cases who is called (``cases``), asking the directory at every instant at which its answer may
change (``walk``, ``asking``), approvals (``gates``), the decision makers that are promised (``decision_makers``), what
is said in vain (``shadows``, ``timing``), and what the directory lacks (``gaps``).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from escalation.documents import Document
from escalation.foresight.asking import Asking
from escalation.foresight.cases import Cases
from escalation.foresight.decision_makers import DecisionMakers
from escalation.foresight.foreseen import Foreseen, Proof, Report, Weight
from escalation.foresight.gaps import gaps
from escalation.foresight.incidents import unled
from escalation.foresight.informed import silent, unheard
from escalation.foresight.misnamed import misnamed
from escalation.foresight.reach import Reach
from escalation.foresight.shadows import shadows
from escalation.foresight.timing import contradictions
from escalation.foresight.walk import Walk
from escalation.people.directory import Directory
from escalation.playbook.schema import Playbook

__all__ = ["Foreseen", "Proof", "Weight", "prove"]


def prove(
    playbook: Playbook,
    directory: Directory,
    start: datetime,
    days: int,
    *,
    document: Document | None = None,
    people: Document | None = None,
    channels: Collection[str] | None = None,
) -> Proof:
    """Find everything that would go wrong between an aware instant and so many days later; nothing is the proof.

    Args:
        playbook: it passed its own checks, and names only whom the directory has (``checks.check_against``).
        directory: the people.
        start: from when.
        days: for how many days of 24 hours.
        document: what the playbook was made of; with it the findings carry lines.
        people: what the directory was made of.
        channels: names of the channels that are connected; None: every channel counts as one.
    """
    source = document or Document(f"playbook {playbook.playbook}", {})
    end = start + timedelta(days=days)
    reach, report = Reach(playbook), Report(source)
    cases, asking = Cases(playbook, reach), Asking(playbook, directory, channels)
    instants = Walk(asking, cases, report).walk(start, end)
    if playbook.decision_makers:
        DecisionMakers(asking, cases, reach, report).walk(start, end)
    for found in (
        *shadows(playbook, cases, reach, source),
        *contradictions(playbook, source),
        *unheard(playbook, source),
        *silent(playbook, source),
        *unled(playbook, source),
        *misnamed(playbook, source),
        *gaps(asking, people or Document("directory", {}), start, end),
    ):
        report.add(found)
    return Proof(
        findings=report.findings(),
        severities=len(playbook.severity.scale),
        cases=cases.count,
        instants=instants,
        until=end,
        complete=cases.complete,
    )
