"""The client as a service meets it: what is wrong comes as one kind of error, with the path and what was expected."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    WorkflowQueryFailedError,
)

from escalation.client import EscalationClient
from escalation.errors import NotNow, RequestRefused, Unreachable
from escalation.model.commands import Acknowledge, Reassign, parse_command
from escalation.model.request import Request, parse_request
from escalation.playbook.load import Shelf, shipped_folder
from starter.embedded import EmbeddedStack
from tests.starter.conftest import EXAMPLES


def refusal(name: str, data: Any) -> dict[str, str]:
    with pytest.raises(RequestRefused) as caught:
        parse_command(name, data)
    return dict(caught.value.problems)


def asking(playbook: str) -> Request:
    request = parse_request((EXAMPLES / "vip-refund.json").read_bytes())
    return request.model_copy(update={"playbook": playbook})


def without_server(*folders: Path) -> EscalationClient:
    return EscalationClient(cast("Client", None), playbooks=Shelf(*folders, shipped_folder()))


def test_a_command_is_read_from_a_mapping_or_from_json() -> None:
    assert parse_command("acknowledge", {"by": "person:eva"}) == Acknowledge(by="person:eva")
    text = b'{"by": "person:eva", "to": "person:jan", "because": "knows it"}'
    assert parse_command("reassign", text) == Reassign(by="person:eva", to="person:jan", because="knows it")


def test_every_wrong_path_of_a_command_is_named_with_what_was_expected_and_no_value() -> None:
    said = refusal("reassign", {"by": "eva the secret", "to": "person:jan", "surprise": 1})
    assert said.keys() == {"by", "because", "surprise"}
    assert "expected" in said["by"]
    assert "person:" in said["by"]
    assert "missing" in said["because"]
    assert "secret" not in str(said)


@pytest.mark.parametrize("data", ["{", b"\xff", "[]", "7"])
def test_what_is_no_command_at_all_is_refused_too(data: str | bytes) -> None:
    assert "expected" in refusal("acknowledge", data)[""]


def test_an_unknown_command_is_answered_with_a_guess() -> None:
    assert refusal("acknowlege", {})[""] == "there is no command `acknowlege`; did you mean `acknowledge`?"


def test_a_playbook_that_is_not_known_here_is_a_wrong_request() -> None:
    with pytest.raises(RequestRefused) as caught:
        without_server().consider(asking("customer-servic-escalation"))
    ((path, problem),) = caught.value.problems
    assert path == "playbook"
    assert problem.startswith("there is no playbook 'customer-servic-escalation'; did you mean")


def test_a_playbook_that_is_broken_here_is_a_wrong_request_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("extends: customer-service-escalation\nplaybook: own\nlevels: 7\n")
    with pytest.raises(RequestRefused) as caught:
        without_server(tmp_path).consider(asking("own"))
    assert {path for path, _ in caught.value.problems} == {"playbook"}
    assert str(caught.value).startswith(f"playbook: {file}:3: levels")


class Answers(Interceptor):
    """In place of a server: the failures that a worker gives for answers, in turn; then there are no rights."""

    def __init__(self, *failures: str) -> None:
        self.left = list(failures)

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - Temporal's name
        return Answer(next, self.left)


class Answer(OutboundInterceptor):
    """Fails as often as there is a failure left."""

    def __init__(self, beyond: OutboundInterceptor, left: list[str]) -> None:
        super().__init__(beyond)
        self._left = left

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - Temporal's name
        if self._left:
            raise WorkflowQueryFailedError(self._left.pop(0))
        return []


async def asked(answers: Answers) -> list[Any]:
    temporal = await Client.connect("127.0.0.1:1", lazy=True, interceptors=[answers])
    client = EscalationClient(temporal, answer_within=timedelta(seconds=0.5))
    return list(await client.rights("escalation-chatbot-conv-1"))


DEADLOCK = "[TMPRL1101] Potential deadlock detected: workflow didn't yield within 2 second(s)."
"""As a worker on a starved machine answered a question."""


async def test_a_question_that_a_worker_had_no_time_for_is_asked_again() -> None:
    assert await asked(Answers(DEADLOCK)) == []


async def test_a_question_that_no_worker_ever_has_time_for_names_what_the_worker_said() -> None:
    with pytest.raises(Unreachable, match=r"failed on it \(\[TMPRL1101\] .*its log says why"):
        await asked(Answers(*[DEADLOCK] * 100))


async def test_what_the_workflow_itself_refuses_to_answer_is_not_asked_again() -> None:
    answers = Answers("there is no incident", DEADLOCK)
    with pytest.raises(NotNow, match="there is no incident"):
        await asked(answers)
    assert answers.left == [DEADLOCK]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1", "no Temporal server answers at 127.0.0.1:1; start one with 'escalate dev'"),
        ("temporal:http", "temporal:http is not the address of a Temporal server .* expected HOST:PORT"),
    ],
)
async def test_an_address_given_in_code_comes_before_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:2")
    with pytest.raises(Unreachable, match=said):
        await EscalationClient.connect(address)


@pytest.mark.e2e
async def test_a_worker_refuses_with_the_same_paths(on_stack: EmbeddedStack) -> None:
    client = await EscalationClient.connect()
    with pytest.raises(RequestRefused) as caught:
        await client.open(asking("nosuch"))
    assert [path for path, _ in caught.value.problems] == ["playbook"]
    assert "there is no playbook 'nosuch'" in caught.value.problems[0][1]
    wrong = asking("customer-service-escalation").model_copy(update={"facts": {"nonsense": 1, "ai_confidence": 62}})
    with pytest.raises(RequestRefused) as refused:
        await client.open(wrong)
    assert {path for path, _ in refused.value.problems} == {"facts.nonsense", "facts.ai_confidence"}
