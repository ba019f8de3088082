"""An escalation's life on the command line, against a real server and a worker in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from starter.embedded import EmbeddedStack
from tests.starter.conftest import EXAMPLES, Escalate, eventually

pytestmark = pytest.mark.e2e

RequestFile = Callable[..., str]


def opened(escalate: Escalate, file: str) -> str:
    receipt = escalate("open", file, "--json").json
    assert receipt["outcome"] == "opened"
    return str(receipt["escalation_id"])


@pytest.mark.req("CSP-2", "CON-1")
def test_one_look_says_who_acts_next_and_why_what_happens_otherwise_and_how_long_is_left(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    here = eventually(escalate, "show", escalation, holds=lambda here: len(here["who_acts_next"]) == 3)
    assert "person:jana.kralova" in here["who_acts_next"]
    assert here["why"] == "somebody is to take it: round L2/1"
    assert here["next"]["what"].startswith("nobody has acknowledged round L2")
    assert {clock["name"] for clock in here["clocks"]} == {"acknowledge", "first_human_response", "resolution"}
    assert all(clock["remaining"] > 0 for clock in here["clocks"])
    assert [reason["trigger"] for reason in here["explanation"]["reasons"]] == ["low_confidence", "cancel_words", "vip"]
    shown = escalate("show", escalation).out
    assert "acts next" in shown
    assert "jana.kralova" in shown
    assert f"{datetime.now().astimezone().tzname()} (in " in shown


@pytest.mark.req("WHY-10")
def test_an_escalation_goes_from_open_to_closed_by_commands_alone(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    eventually(escalate, "inbox", "jana.kralova", holds=lambda got: any(escalation in m["body"] for m in got))
    short = escalation.removeprefix("escalation-")
    assert "waiting on owner" in escalate("acknowledge", short, "--by", "jana.kralova").out
    assert escalate("note", short, "--by", "jana.kralova", "--text", "on it", "--json").json["accepted"] is True
    escalate("change_facts", short, "--by", "jana.kralova", "--fact", "credit.amount=150")
    blocked = escalate("resolve", short, "--by", "jana.kralova", "--resolution", "refunded", code=1)
    assert "approval goodwill_credit waits for" in blocked.err
    eventually(escalate, "show", short, holds=lambda here: here["who_acts_next"] == ["person:petr.svoboda"])
    escalate("approve", short, "--by", "petr.svoboda")
    escalate("resolve", short, "--by", "jana.kralova", "--resolution", "refunded", "--cause", "job stuck")
    escalate("confirm-resolution", short, "--by", "customer:c-17")
    item = "alert on stuck refunds | erik.lindqvist | 7d"
    escalate("submit_review", short, "--by", "jana.kralova", "--lesson", "watch the job", "--item", item)
    ended = escalate("complete_item", short, "--by", "erik.lindqvist", "--item", "i1", "--json").json
    assert "has ended: closed" in ended["message"]
    story = escalate("timeline", short).out
    for words in ("opened as P1", "owner: jana.kralova", "goodwill_credit passed", "lessons: watch the job", "closed"):
        assert words in story
    kinds = [event["type"] for event in escalate("timeline", short, "--json").json]
    after = set(kinds[kinds.index("closed") + 1 :])
    assert after <= {"message_delivered", "message_failed", "message_not_amended"}, "only what was on its way"
    refused = escalate("note", short, "--by", "jana.kralova", "--text", "late", code=1)
    assert "has ended" in refused.err
    assert "has ended" in escalate("forecast", short, code=1).err


def test_who_comes_second_and_who_may_not_are_told_why(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    eventually(escalate, "show", escalation, holds=lambda here: len(here["who_acts_next"]) == 3)
    escalate("acknowledge", escalation, "--by", "jana.kralova")
    second = escalate("acknowledge", escalation, "--by", "zsofia.nagy", "--json", code=1)
    assert second.out == ""
    assert second.error["error"] == "AlreadyDone"
    assert second.error["problems"][0].startswith("already taken by person:jana.kralova at ")
    machine = escalate("acknowledge", escalation, "--by", "agent:bot", code=1)
    assert "acknowledge is a human step: agent:bot is not a person" in machine.err
    stranger = escalate("resolve", escalation, "--by", "olivia.grant", "--resolution", "x", code=1)
    assert "is not in the working group" in stranger.err


def test_the_same_command_id_gets_its_first_answer(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    note = ("note", escalation, "--by", "agent:support-bot", "--text", "once", "--command-id", "n-1", "--json")
    assert escalate(*note).json["seq"] == escalate(*note).json["seq"]


def test_the_same_request_gets_its_first_answer_and_another_one_joins(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    file = request_file()
    first = escalate("open", file, "--json").json
    assert escalate("open", file, "--json").json == first
    again = json.loads(Path(file).read_text()) | {"request_id": "another"}
    Path(file).write_text(json.dumps(again))
    joined = escalate("open", file, "--json").json
    assert (joined["outcome"], joined["escalation_id"]) == ("joined", first["escalation_id"])


@pytest.mark.req("ITSM-7", "EP-P2")
def test_the_list_is_filtered_by_what_the_search_attributes_say(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    vip, alert = opened(escalate, request_file()), opened(escalate, request_file("p0-alert"))

    def ids(*filters: str) -> set[str]:
        return {row["id"] for row in escalate("list", *filters, "--limit", "500", "--json").json}

    eventually(
        escalate, "list", "--severity", "P0", "--limit", "500", holds=lambda rows: alert in {row["id"] for row in rows}
    )
    eventually(escalate, "show", vip, holds=lambda here: len(here["who_acts_next"]) == 3)
    assert alert in ids("--playbook", "it-service-management", "--stage", "assignment", "--waiting-on", "responder")
    assert vip not in ids("--severity", "P0")
    escalate("acknowledge", vip, "--by", "jana.kralova")
    mine = eventually(
        escalate, "list", "--owner", "jana.kralova", "--limit", "500", holds=lambda rows: vip in {r["id"] for r in rows}
    )
    row = next(row for row in mine if row["id"] == vip)
    assert (row["severity"], row["level"], row["status"], row["waiting_on"]) == ("P1", "L2", "In progress", "owner")
    assert datetime.fromisoformat(row["next_due_at"]).tzinfo is not None
    escalate("cancel", alert, "--by", "agent:alert-triage", "--because", "a false alarm")
    escalate("cancel", vip, "--by", "jana.kralova", "--because", "a duplicate")
    eventually(escalate, "list", "--limit", "500", holds=lambda rows: vip not in {row["id"] for row in rows})
    assert vip in ids("--all", "--stage", "closed")
    assert vip in escalate("list", "--all", "--limit", "500").out


def test_a_filter_that_cannot_be_is_wrong_usage(escalate: Escalate, on_stack: EmbeddedStack) -> None:
    escalate("list", "--stage", "nosuch", code=2)
    assert "--owner: quotes and backslashes" in escalate("list", "--owner", "x' OR '1'='1", code=2).err


def test_a_forecast_names_each_step_with_instant_people_and_reason(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    eventually(escalate, "show", escalation, holds=lambda here: len(here["who_acts_next"]) == 3)
    steps = escalate("forecast", escalation, "--until", "2h", "--json").json
    calls = [step for step in steps if step["key"].startswith("rung_opened")]
    assert [call["who"] for call in calls[1:3]] == [["person:petr.svoboda"], ["person:priya.shah"]]
    assert calls[1]["why"].startswith("nobody acknowledged at L2 within 10m")
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    shown = escalate("forecast", escalation, "--until", "2h").out
    assert "petr.svoboda" in shown
    assert "in 14m" in shown
    assert "`soon` is no instant" in escalate("forecast", escalation, "--until", "soon", code=2).err


def test_watch_tells_every_event_once_and_ends_with_the_escalation(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile
) -> None:
    escalation = opened(escalate, request_file())
    eventually(escalate, "show", escalation, holds=lambda here: len(here["who_acts_next"]) == 3)
    escalate("claim", escalation, "--by", "jana.kralova")
    escalate("cancel", escalation, "--by", "jana.kralova", "--because", "a duplicate")
    lines = escalate("watch", escalation).out.splitlines()
    assert len(lines) == len(set(lines)) > 4
    assert lines[-1].endswith("jana.kralova: cancelled - a duplicate")
    seqs = [json.loads(line)["seq"] for line in escalate("watch", escalation, "--json").out.splitlines()]
    assert seqs == list(range(1, seqs[-1] + 1))


def test_an_unknown_escalation_is_answered_with_where_to_look(escalate: Escalate, on_stack: EmbeddedStack) -> None:
    for command in ("show", "timeline", "forecast"):
        said = escalate(command, "nosuch", code=1).err
        assert "no escalation has the id escalation-nosuch; 'escalate list' names the open ones" in said


def test_the_inbox_shows_each_persons_messages_and_says_where_it_looked(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    escalation = opened(escalate, request_file("asks-for-a-person"))
    got = eventually(escalate, "inbox", "zsofia.nagy", holds=lambda got: any(escalation in m["body"] for m in got))
    assert {message["to"] for message in got} == {"person:zsofia.nagy"}
    assert f"escalate acknowledge {escalation} --by person:zsofia.nagy" in escalate("inbox", "zsofia.nagy").out
    assert "person:nobody is not in the directory, and has no messages" in escalate("inbox", "nobody", code=1).err
    monkeypatch.setenv("ESCALATION_DATA", "/nonexistent")
    assert "there is no inbox in /nonexistent/" in escalate("inbox", code=1).err


# --- programs as scripts meet them ------------------------------------------------------------------------------------


def program(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("TEMPORAL_", "ESCALATION_"))}
    return subprocess.run(
        [sys.executable, "-m", "starter.cli", *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=EXAMPLES.parent,
    )


def test_a_script_can_trust_the_exit_code(stack: EmbeddedStack, request_file: RequestFile) -> None:
    reaches = {"TEMPORAL_ADDRESS": stack.address}
    done = program("open", request_file(), "--json", environment=reaches)
    assert done.returncode == 0, done.stderr
    escalation = json.loads(done.stdout)["escalation_id"]
    refused = program("acknowledge", escalation, "--by", "agent:bot", environment=reaches)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert program("acknowledge", escalation, environment=reaches).returncode == 2
    assert program("acknowledged", escalation, environment=reaches).returncode == 2


def test_a_server_that_is_not_there_is_exit_3_with_how_to_start_it() -> None:
    said = program("list", environment={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert (said.returncode, said.stdout) == (3, "")
    assert "no Temporal server answers at 127.0.0.1:1; start one with 'escalate dev'" in said.stderr


def test_wrong_settings_are_named_by_their_keys() -> None:
    said = program("list", environment={"ESCALATION_LOG_LEVEL": "loud"})
    assert said.returncode == 2
    assert "ESCALATION_LOG_LEVEL" in said.stderr
    assert "loud" not in said.stderr


def test_the_program_of_the_readme_opens_an_escalation(stack: EmbeddedStack) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "open_escalation.py")],
        env=os.environ | {"TEMPORAL_ADDRESS": stack.address, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("opened: escalation-chatbot-conv-5001, P2 at L1\n  low_confidence: ")
