"""`escalate consider` answers "may the AI go on?" by the rules of the playbook, without a server."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.starter.conftest import EXAMPLES, Escalate


@pytest.mark.req("WLF-4")
def test_confidence_strictly_below_the_threshold_escalates_and_the_threshold_itself_does_not(
    escalate: Escalate, request_file: Callable[..., str]
) -> None:
    def considered(confidence: float) -> Any:
        facts = {"ai_confidence": confidence, "task_risk": "standard", "request_type": "other"}
        return escalate("consider", request_file("ai-may-go-on", facts=facts), "--json").json

    assert considered(0.80)["outcome"] == "declined"
    below = considered(0.79)
    assert below["outcome"] != "declined"
    (reason,) = below["reasons"]
    assert reason["trigger"] == "low_confidence"
    assert (reason["facts"]["ai_confidence"], reason["facts"]["confidence.threshold"]) == (0.79, 0.8)


@pytest.mark.req("WLF-5")
@pytest.mark.parametrize(
    ("example", "trigger", "words"),
    [("vip-refund", "cancel_words", ["zruším"]), ("asks-for-a-person", "legal_words", ["jogi", "jogi útra"])],
)
def test_a_listed_word_escalates_in_its_inflected_form_and_is_recorded(
    escalate: Escalate, example: str, trigger: str, words: list[str]
) -> None:
    reasons = escalate("consider", str(EXAMPLES / f"{example}.json"), "--json").json["reasons"]
    assert {reason["trigger"]: reason["words"] for reason in reasons}[trigger] == words


@pytest.mark.parametrize("example", ["vip-refund", "p0-alert", "asks-for-a-person"])
def test_the_examples_would_be_escalated_and_say_why(escalate: Escalate, example: str) -> None:
    said = escalate("consider", str(EXAMPLES / f"{example}.json")).out
    assert said.startswith("a person must see this: it would be escalated")
    assert "Why" in said


def test_a_request_may_come_by_a_pipe(escalate: Escalate, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (EXAMPLES / "ai-may-go-on.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert "the AI may go on" in escalate("consider", "-").out


def test_every_wrong_path_of_a_request_is_named_and_no_value_is_repeated(escalate: Escalate, tmp_path: Path) -> None:
    data = json.loads((EXAMPLES / "vip-refund.json").read_text())
    data["surprise"] = "a secret"
    data["customer"]["id"] = ""
    del data["source"]
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(data))
    said = escalate("consider", str(file), "--json", code=2).error["problems"]
    assert {problem.partition(":")[0] for problem in said} == {"surprise", "customer.id", "source"}
    assert "a secret" not in str(said)


def test_facts_that_do_not_fit_the_playbook_are_named_together(
    escalate: Escalate, request_file: Callable[..., str]
) -> None:
    file = request_file(facts={"ai_confidence": 62, "task_risk": "huge", "request_type": "other"})
    said = escalate("consider", file, code=2).err
    assert "facts.ai_confidence: must be between 0 and 1" in said
    assert "facts.task_risk: must be one of low, standard, high" in said


def test_what_is_wrong_elsewhere_hides_no_wrong_fact(escalate: Escalate, request_file: Callable[..., str]) -> None:
    file = request_file(timing="soon", facts={"task_risk": "huge", "mood": "bad"})
    said = escalate("consider", file, "--json", code=2).error["problems"]
    assert [problem.partition(":")[0] for problem in said] == ["timing", "facts.task_risk", "facts.mood"]


def test_an_unknown_playbook_is_a_wrong_request_with_a_guess(
    escalate: Escalate, request_file: Callable[..., str]
) -> None:
    said = escalate("consider", request_file(playbook="customer-servic-escalation"), code=2).err
    assert "playbook: there is no playbook 'customer-servic-escalation'; did you mean" in said
    assert "ESCALATION_PLAYBOOKS" in said


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), ("{", "Invalid JSON")])
def test_a_file_that_is_no_request_is_wrong_usage(
    escalate: Escalate, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "request.json"
    if content is not None:
        file.write_text(content)
    refused = escalate("consider", str(file), code=2).err
    assert said in refused
    assert f"{file}: " in refused


def test_a_request_is_forecast_for_christmas_eve_without_a_server(
    escalate: Escalate, request_file: Callable[..., str]
) -> None:
    asked = str(EXAMPLES / "vip-refund.json")
    steps = escalate(
        *("forecast", "--request", asked, "--at", "2026-12-24T22:00+01:00", "--until", "2h", "--json")
    ).json
    assert steps[0]["at"] == "2026-12-24T21:00:00+00:00"
    calls = [step for step in steps if step["key"].startswith("rung_opened")]
    assert calls[0]["at"] == "2026-12-24T21:00:00+00:00"
    assert "person:tomas.dvorak" in calls[0]["who"]
    unknown = escalate("forecast", "--request", request_file("vip-refund", playbook="customer-service"), code=2).err
    assert "playbook: there is no playbook 'customer-service'" in unknown
    said = escalate("forecast", code=2).err
    assert "expected either the ID of an escalation or --request FILE" in said
    assert "`some day` is no instant" in escalate("forecast", "--request", asked, "--at", "some day", code=2).err
