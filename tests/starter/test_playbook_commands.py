"""`escalate playbook` lists, explains and checks the rules without a server."""

import json
import re
from pathlib import Path
from textwrap import dedent

import pytest

from escalation.people.example import example_file
from escalation.playbook.load import load_playbook, shipped_folder
from tests.starter.conftest import Escalate

BROKEN = """\
extends: customer-service-escalation
playbook: customer-service-escalation
levelz: []
triggers:
  - {id: vip, when: 'customer.teir == "vip"'}
"""
NOBODY = """\
extends: customer-service-escalation
playbook: customer-service-escalation
levels:
  - {id: L1, targets: [team:nosuch]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, text: str) -> str:
    (folder / "customer-service-escalation.yaml").write_text(text)
    return str(folder)


@pytest.mark.req("WHY-10")
def test_a_fresh_install_lists_playbooks_that_can_be_used_at_once(escalate: Escalate) -> None:
    listed = {row["name"]: row for row in escalate("playbook", "list", "--json").json}
    assert set(listed) == {"customer-service-escalation", "it-service-management", "escalation-procedure"}
    assert {row["state"] for row in listed.values()} == {"ok"}
    assert "customer-service-escalation" in escalate("playbook", "list").out


def test_a_broken_playbook_is_listed_with_every_finding_and_what_a_worker_does_meanwhile(
    escalate: Escalate, folder: Path
) -> None:
    said = escalate("playbook", "list", "--playbooks", write(folder, BROKEN)).out
    assert "customer-service-escalation.yaml:3: levelz: unknown key `levelz`; did you mean `levels`?" in said
    assert "customer-service-escalation.yaml:5: triggers." in said
    assert "did you mean 'customer.tier'?" in said
    assert "A running worker goes on with the last good version" in said
    assert "it-service-management" in said


@pytest.mark.req("IMP-1")
def test_lint_names_every_finding_of_an_override_and_exits_with_1(escalate: Escalate, folder: Path) -> None:
    said = escalate("playbook", "lint", "--playbooks", write(folder, BROKEN), "--json", code=1).json
    assert [finding["line"] for finding in said["customer-service-escalation"]] == [3, 5]
    assert said["it-service-management"] == []


@pytest.mark.req("IMP-1")
def test_an_override_of_a_few_lines_keeps_everything_else(escalate: Escalate, folder: Path) -> None:
    text = "extends: customer-service-escalation\nplaybook: customer-service-escalation\nhold_at_most: 5h\n"
    shown = escalate(
        "playbook", "show", "customer-service-escalation", "--playbooks", write(folder, text), "--json"
    ).json["playbook"]
    shipped = load_playbook("customer-service-escalation", shipped_folder()).model_dump(mode="json")
    assert shown["hold_at_most"] == "18000s" != shipped["hold_at_most"]
    assert {key for key in shipped if shipped[key] != shown[key]} == {"hold_at_most"}


def test_lint_finds_whom_the_directory_does_not_know(escalate: Escalate, folder: Path) -> None:
    write(folder, NOBODY)
    said = escalate("playbook", "lint", str(folder / "customer-service-escalation.yaml"), code=1).out
    assert ":4: levels.0.targets.0: a level without contact: the directory has no team 'nosuch'" in said


def test_lint_says_from_which_instant_nobody_would_be_there(escalate: Escalate, folder: Path) -> None:
    shipped = example_file().read_text()
    away = "{start: 2020-01-01T00:00:00Z, end: 2099-01-01T00:00:00Z, why: left}"
    everybody = re.sub(r"(?m)^(  - id: [a-z]+\.[a-z]+)$", rf"\1\n    away: [{away}]", shipped)
    assert everybody != shipped
    (folder / "people.yaml").write_text(everybody)
    said = escalate("playbook", "lint", "it-service-management", "--directory", str(folder / "people.yaml"), code=1).out
    assert "nobody is told, not even" in said
    assert "30d in all" in said
    found = escalate(
        *("playbook", "lint", "--directory", str(folder / "people.yaml"), "--days", "2", "--json"), code=1
    ).json["customer-service-escalation"]
    assert {each["weight"] for each in found} == {"error"}
    assert {each["lasts_seconds"] for each in found if each["path"].startswith("levels")} == {2 * 86400.0}


def test_lint_is_content_with_what_is_shipped(escalate: Escalate) -> None:
    first, second, *rest = escalate("playbook", "lint").out.splitlines()
    assert first.strip() == "customer-service-escalation: ok"
    assert re.fullmatch(
        r"  4 severities × \d+ cases × \d+ instants until .* UTC: somebody is told at every one", second
    )
    assert [line.strip() for line in rest[::2]] == ["escalation-procedure: ok", "it-service-management: ok"]


@pytest.mark.parametrize("command", ["show", "lint"])
def test_a_playbook_that_is_not_there_is_wrong_usage_and_the_others_are_named(escalate: Escalate, command: str) -> None:
    said = escalate("playbook", command, "custom-service-escalation", code=2)
    assert "there is no playbook 'custom-service-escalation'; did you mean `customer-service-escalation`?" in said.err


@pytest.mark.req("WHY-4")
@pytest.mark.parametrize("name", ["customer-service-escalation", "it-service-management", "escalation-procedure"])
def test_a_playbook_is_shown_as_a_procedure_to_read(escalate: Escalate, name: str) -> None:
    said = escalate("playbook", "show", name).out
    playbook = load_playbook(name, shipped_folder())
    for heading in (
        "When a person must see it",
        "How bad it is",
        "What must travel along",
        "Who is told",
        "How long it may take",
        "Who answers for it",
        "When it is over",
    ):
        assert heading in said
    words = [trigger.id for trigger in playbook.triggers] + [level.id for level in playbook.levels]
    words += [gate.id for gate in playbook.gates] + [level.name for level in playbook.severity.scale]
    assert [word for word in words if word not in said] == []
    assert (playbook.levels[-1].last_resort or "").partition(":")[2] in said


def test_the_schema_explains_keys_and_lets_an_override_leave_out_anything(escalate: Escalate) -> None:
    schema = escalate("playbook", "schema").json
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["anyOf"][0] == {"required": ["extends"]}
    assert "hold_at_most" in schema["anyOf"][1]["required"]
    assert schema["$defs"]["LevelPolicy"]["properties"]["ack"]["description"].startswith("How long one round of pages")
    assert schema["$defs"]["Automation"]["anyOf"][0] == {"required": ["use"]}
    json.dumps(schema)


AUTOMATED = """\
extends: it-service-management
playbook: it-service-management
critical_incident: {when: severity.rank == 0.0, because: the organisation stands still}
automations:
  - {id: late, use: overdue-told, which: [resolution], then: [{id: tell, to: [GROUP]}]}
"""


def test_the_shipped_automations_are_listed_and_those_of_a_playbook_shown(escalate: Escalate, folder: Path) -> None:
    listed = {row["id"]: row for row in escalate("playbook", "automations", "--json").json}
    assert listed["critical-opened"]["on"] == ["opened"]
    (folder / "it-service-management.yaml").write_text(AUTOMATED.replace("GROUP", "group:platform-ops"))
    said = " ".join(escalate("playbook", "show", "it-service-management", "--playbooks", str(folder)).out.split())
    assert "What is a critical incident" in said
    assert "the organisation stands still: severity.rank == 0.0" in said
    assert "send: group:platform-ops; Overdue: {happened}" in said


def test_a_chat_group_that_no_team_has_is_named_with_its_line(escalate: Escalate, folder: Path) -> None:
    path = folder / "it-service-management.yaml"
    arguments = ("playbook", "lint", "it-service-management", "--playbooks", str(folder), "--directory")
    path.write_text(AUTOMATED.replace("GROUP", "group:platform-ops"))
    escalate(*arguments, str(example_file()))
    path.write_text(AUTOMATED.replace("GROUP", "group:legal"))
    said = escalate(*arguments, str(example_file()), code=1).out
    assert ":5: automations.0.then.0.to.0: the directory has no team with a chat group called 'legal'" in said


def test_a_playbook_that_chooses_among_people_says_so_as_a_procedure(escalate: Escalate, folder: Path) -> None:
    text = NOBODY.replace("[team:nosuch]}", "[team:support-frontline], choose: {by: [skill, least_loaded], take: 2}}")
    said = escalate("playbook", "show", "customer-service-escalation", "--playbooks", write(folder, text)).out
    assert "team:support-frontline: 2 of them, by skill, least loaded" in " ".join(said.split())


@pytest.mark.req("EP-O4")
def test_show_says_what_a_level_answers_for_who_may_hand_it_up_and_what_is_promised(
    escalate: Escalate, folder: Path
) -> None:
    text = """\
extends: escalation-procedure
playbook: escalation-procedure
levels:
  - id: first_contact
    responsible_for: [known problems]
    may_escalate: [{who: [owner, 'role:shift-lead'], to: [specialist], reasons: [no_expertise]}]
confidence_by_source:
  chatbot: {high: {below: 0.97, agreed_by: quality board, agreed_on: "2026-11-21"}}
"""
    (folder / "escalation-procedure.yaml").write_text(text)
    said = " ".join(escalate("playbook", "show", str(folder / "escalation-procedure.yaml")).out.split())
    for words in ("known problems", "spend up to 20000", "of chatbot", "0.97 (quality board, 2026-11-21)"):
        assert words in said
    whole = escalate("playbook", "show", str(folder / "escalation-procedure.yaml"), "--json").json["playbook"]
    assert whole["levels"][0]["may_escalate"] == [
        {"who": ["owner", "role:shift-lead"], "to": ["specialist"], "reasons": ["no_expertise"]}
    ]


def test_what_few_playbooks_say_is_shown_as_well(escalate: Escalate, folder: Path) -> None:
    text = """
    extends: it-service-management
    playbook: mine
    severity:
      scale: [{name: P0}, {name: P1}, {name: P2}, {name: P3, waits_for_hours: true}]
    levels:
      - {id: L1, ack_lasts: 45m, channels: [inbox]}
    gates:
      - {id: change_approval, exclude: [owner]}
    statuses:
      - {status: In progress, stage: resolution, within: 2d, then: level_up}
    recoveries:
      - {id: restart, when: job.failures > 2.0, script: restart-job, within: 5m, about: it hangs}
    clocks:
      resolution: {remind: [1h]}
    """
    path = folder / "mine.yaml"
    path.write_text(dedent(text))
    said = " ".join(escalate("playbook", "show", str(path)).out.split())
    for part in (
        "(its pages wait for working hours)",
        "L1: by inbox first; a sign of life of the owner every 45m",
        "all, not the owner",
        "In progress 2d it goes up a level",
        "restart it hangs job.failures > 2.0 restart-job 5m none",
        "it goes up a level; reminded 1h before",
        "On hold it may be for",
    ):
        assert part in said
