"""What a schema cannot say of a playbook: everything that would only show when an escalation is already under way.

Each check reads the document as it was written and tolerates any shape, so that all findings of a file come at once,
also those behind a misspelt key. Whether a value has the right shape at all is the schema's concern.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location
from escalation.holidays import holiday_findings
from escalation.playbook.check_automations import check_automations
from escalation.playbook.check_choosing import check_choosing
from escalation.playbook.check_communication import check_communication
from escalation.playbook.check_gates import check_gates
from escalation.playbook.check_incident import check_incident
from escalation.playbook.check_organisation import authorities, check_organisation
from escalation.playbook.check_ownership import check_ownership
from escalation.playbook.check_paths import check_paths
from escalation.playbook.check_records import check_records
from escalation.playbook.check_review import check_review
from escalation.playbook.check_statements import check_statements
from escalation.playbook.check_time import check_time
from escalation.playbook.check_words import check_words, ids, items, mapping, one_of, types_of
from escalation.playbook.check_work import check_work
from escalation.playbook.facts import FactType
from escalation.playbook.schema import Playbook, Stage
from escalation.values import Target, parse_duration

TARGETS = (
    "owner",
    "levels.*.targets.*",
    "levels.*.last_resort",
    "routing.*.targets.*",
    "gates.*.approvers.*",
    "gates.*.deputies.*",
    "gates.*.exclude.*",
    "gates.*.emergency.who.*",
    "gates.*.emergency.review_by",
    "clocks.*.tell.*",
    "raci.*.accountable",
    "matrix.*.targets.*",
    "bypass.allowed.*",
    "bypass.review_by",
    "communication.communicator",
    "communication.stakeholders.*.target",
    "communication.key_people.*.communicator",
    "communication.key_people.*.stakeholders.*.target",
    "communication.release_by.*",
    "communication.post_to.*",
    "automations.*.then.*.to.*",
    "automations.*.then.*.owner",
    "automations.*.then.*.otherwise",
    "incident.may_declare.*",
    "incident.periods.to",
    "activities.*.oversight",
    "delegations.*.accountable",
    "delegations.*.approved_by",
    "before_work.executes",
    "before_work.approves",
    "shift_handover.to",
    "work.*.owner",
    "work.*.approvers.*",
    "retention.hold_by.*",
)
"""Where targets stand in a playbook."""

_TARGET = re.compile(r"(person|team|role|oncall|authority|raci|group):\S+")
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
_IN_RACI = re.compile(rf"owner|requester|customer|(person|team|role|oncall|authority|agent):{_NAME}")
_RACI_LETTERS = ("responsible", "accountable", "consulted", "informed")
_RACI_FOUND = ("accountable", "responsible")
"""Parts of RACI that may stand as a target: consulted and informed are told, never called to take it."""
_RACI_WORDS = ("owner", "requester", "customer")
_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)


def check(document: Document) -> list[Finding]:
    """Return everything wrong with a playbook beyond its shape, in the order of the lines."""
    types = types_of(document)
    found = [
        *check_words(document, types),
        *_unique(document, "triggers", "id"),
        *_context(document),
        *_levels(document),
        *check_paths(document),
        *check_organisation(document),
        *_targets(document),
        *check_choosing(document, types),
        *_unique(document, "gates", "id"),
        *_unique(document, "recoveries", "id"),
        *_recoveries(document),
        *_gates(document, types),
        *check_gates(document, types),
        *check_time(document, types),
        *check_review(document),
        *check_records(document),
        *check_communication(document),
        *check_statements(document),
        *check_incident(document),
        *_unique(document, "automations", "id"),
        *check_automations(document),
        *check_ownership(document),
        *_unique(document, "work", "id"),
        *check_work(document),
        *_templates(document),
        *holiday_findings(document, "calendars.*"),
        *_statuses(document),
        *_raci(document),
    ]
    return sorted(found, key=lambda finding: (finding.file, finding.line))


def _templates(document: Document) -> Iterator[Finding]:
    if not mapping(document, "templates"):
        return
    from escalation.playbook.check_templates import check_templates  # Jinja is loaded by who has templates

    yield from check_templates(document)


def check_against(
    playbook: Playbook, directory_targets: Callable[[Target], bool], document: Document | None = None
) -> list[Finding]:
    """Return the places where a playbook names somebody the directory cannot find.

    ``directory_targets`` says whether a target exists in the directory. With the document the findings carry lines.
    """
    source = document or Document(f"playbook {playbook.playbook}", playbook.model_dump(mode="json"))
    found = []
    for path, target in (*_named_people(source), *authorities(source)):
        kind, _, name = target.partition(":")
        if kind != "raci" and not directory_targets(target):
            level = "a level without contact: " if path[0] == "levels" and path[2] != "may_escalate" else ""
            what = "team with a chat group called" if kind == "group" else kind
            found.append(source.finding(path, f"{level}the directory has no {what} '{name}'"))
    return found


def _named_people(document: Document) -> Iterator[tuple[Location, str]]:
    for pattern in (*TARGETS, "levels.*.may_escalate.*.who.*", *(f"raci.*.{letter}.*" for letter in _RACI_LETTERS)):
        for path, value in document.each(pattern):
            if isinstance(value, str) and _TARGET.fullmatch(value):
                yield path, value


# --- the ladder -------------------------------------------------------------------------------------------------------


def _unique(document: Document, section: str, key: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items(document, section)):
        name = item.get(key)
        if isinstance(name, str) and name in seen:
            yield document.finding((section, index), f"{key} '{name}' is used twice under {section}")
        elif isinstance(name, str):
            seen.add(name)


def _context(document: Document) -> Iterator[Finding]:
    if not isinstance(document.data, dict):
        return
    section = document.data.get("context")
    if section is None:
        yield document.finding(
            ("context",),
            "the section context is missing: a playbook that says where an escalation goes must also say what travels "
            "with it (required, complete_within)",
        )
    elif isinstance(section, dict) and section.get("required") == []:
        yield document.finding(("context", "required"), "names no part that must travel with an escalation")


def _recoveries(document: Document) -> Iterator[Finding]:
    known = ids(document, "gates")
    before = {str(gate.get("id")): str(gate.get("before")) for gate in items(document, "gates")}
    for index, recovery in enumerate(items(document, "recoveries")):
        approval, path = recovery.get("approval"), ("recoveries", index, "approval")
        if isinstance(approval, str) and approval not in known:
            yield document.finding(path, f"there is no approval '{approval}'; this playbook has {one_of(known)}")
        elif isinstance(approval, str) and (why := _TOO_LATE.get(before[approval])):
            yield document.finding(
                path, f"'{approval}' is asked {why}: name an approval before the assignment or the resolution"
            )


_TOO_LATE = {
    "review": "once it is solved, and the script would never begin",
    "lowering": "for a milder severity alone, and says nothing of a script",
    "action": "for single actions, and says nothing of a script",
    "stand_down": "to stand an incident down, and says nothing of a script",
}
"""Approvals that no script can wait for, and why not."""


def _levels(document: Document) -> Iterator[Finding]:
    yield from _unique(document, "levels", "id")
    levels = items(document, "levels")
    for index, level in enumerate(levels):
        if not level.get("targets"):
            yield document.finding(
                ("levels", index, "targets"),
                "a level without contact: name at least one person, team, role or rotation",
            )
        ack, dwell = parse_duration(level.get("ack")), parse_duration(level.get("dwell"))
        if isinstance(ack, timedelta) and isinstance(dwell, timedelta) and ack > dwell:
            yield document.finding(("levels", index, "ack"), "is longer than dwell: it would never be waited for")
    if levels and not levels[-1].get("last_resort"):
        yield document.finding(
            ("levels", len(levels) - 1, "last_resort"),
            "a path that ends nowhere: the last level must name who is told when nobody there answers",
        )
    known = ids(document, "levels")
    for pattern in ("triggers.*.level", "routing.*.level", "resolution.rejected_level"):
        for path, name in document.each(pattern):
            if isinstance(name, str) and known and name not in known:
                yield document.finding(path, f"there is no level '{name}'; the ladder has {one_of(known)}")


def _targets(document: Document) -> Iterator[Finding]:
    for pattern in TARGETS:
        for path, value in document.each(pattern):
            if not isinstance(value, str):
                continue
            kind, _, name = value.partition(":")
            if kind == "queue":
                yield document.finding(
                    path,
                    f"'{value}' is a queue, and in a queue nobody is responsible: assign to one person, team, role or "
                    "rotation (person: team: role: oncall: authority:)",
                )
            elif kind == "raci" and path == ("owner",):
                yield document.finding(
                    path,
                    f"'{value}' changes with the stage: the owner is told when nobody else can be found; name a "
                    "person, team, role or rotation",
                )
            elif kind == "raci" and name not in _RACI_FOUND:
                yield document.finding(
                    path,
                    f"'{value}' names no part of RACI that can be called; expected raci: with {one_of(_RACI_FOUND)}",
                )


# --- gates, calendars, statuses, responsibilities ---------------------------------------------------------------------


def _gates(document: Document, types: Mapping[str, FactType]) -> Iterator[Finding]:
    for index, gate in enumerate(items(document, "gates")):
        path = ("gates", index)
        subject = gate.get("subject")
        for at, name in enumerate(subject if isinstance(subject, list) else []):
            if isinstance(name, str) and name not in types:
                yield document.finding((*path, "subject", at), f"there is no fact '{name}'; declare it under fields")
        if gate.get("before", "resolution") == "resolution" and not subject:
            yield document.finding(
                (*path, "subject"),
                "once this gate is rejected nothing could open it again: name the facts that are approved; when one "
                "changes, it is asked anew",
            )
        expiry = gate.get("on_expiry")
        if expiry == "approve" and not str(gate.get("because") or "").strip():
            yield document.finding(
                (*path, "on_expiry"), "silence must not read as approval: say in because why it may here"
            )
        if expiry == "next_deputy" and not gate.get("deputies"):
            yield document.finding((*path, "on_expiry"), "there is no next deputy: name at least one under deputies")
        approvers, need = gate.get("approvers"), gate.get("need", 1)
        if (
            isinstance(approvers, list)
            and type(need) is int
            and need > len(approvers)
            and all(str(approver).startswith("person:") for approver in approvers)
        ):
            yield document.finding((*path, "need"), f"{need} must approve and only {len(approvers)} can")


def _statuses(document: Document) -> Iterator[Finding]:
    yield from _unique(document, "statuses", "status")
    seen: dict[tuple[object, object], object] = {}
    for index, status in enumerate(items(document, "statuses")):
        place = (str(status.get("stage")), str(status.get("waiting_on")))
        if place in seen and status.get("stage"):
            yield document.finding(
                ("statuses", index), f"'{seen[place]}' already names this stage and whoever is waited on"
            )
        seen.setdefault(place, status.get("status"))


def _raci(document: Document) -> Iterator[Finding]:
    rows = mapping(document, "raci")
    missing = [str(stage) for stage in _STAGES if stage not in rows]
    if missing:
        yield document.finding(("raci",), f"no row for {one_of(missing)}: every stage needs one")
    for stage, row in rows.items():
        if not isinstance(row, dict):
            continue
        yield from _raci_accountable(document, ("raci", stage), row.get("accountable"))
        if not row.get("responsible"):
            yield document.finding(("raci", stage, "responsible"), "at least one Responsible, got 0")
        for letter in ("responsible", "consulted", "informed"):
            who = row.get(letter)
            for index, one in enumerate(who if isinstance(who, list) else []):
                if isinstance(one, str) and not _IN_RACI.fullmatch(one):
                    yield document.finding(
                        ("raci", stage, letter, index),
                        f"'{one}' is nobody: expected a target (person: team: role: oncall: authority:), agent:NAME, "
                        f"or {one_of(_RACI_WORDS)}",
                    )


def _raci_accountable(document: Document, path: Location, accountable: object) -> Iterator[Finding]:
    path = (*path, "accountable")
    if isinstance(accountable, list):
        yield document.finding(path, f"exactly one Accountable, got {len(accountable)}")
    elif accountable is None:
        yield document.finding(path, "exactly one Accountable, got 0")
    elif str(accountable).startswith("agent:"):
        yield document.finding(
            path, "an AI may be responsible, but a person answers for it: name a person, role or team"
        )
    elif str(accountable).startswith("raci:"):
        yield document.finding(path, "points back at this table: name a person, role or team")
