"""`escalate connections` prepares a system only when it is asked to, and says what came of it."""

from pathlib import Path

import pytest

from starter.embedded import free_ports
from tests.starter.conftest import Escalate


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("A_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (port,) = free_ports(1)
    path = tmp_path / "connections.yaml"
    path.write_text(
        "connections:\n"
        "  ops: {kind: webhook, url: 'https://ops.example/in', keys: [{env: A_SECRET}]}\n"
        f"  crm: {{kind: hubspot, url: 'http://127.0.0.1:{port}', token: {{env: A_SECRET}}}}\n"
    )
    return str(path)


def test_a_connection_that_needs_nothing_says_so(escalate: Escalate, file: str) -> None:
    said = escalate("connections", "prepare", "ops", "--file", file)
    assert said.out.strip() == "needs nothing to be prepared"


def test_what_could_not_be_prepared_is_told_and_the_exit_says_so(escalate: Escalate, file: str) -> None:
    said = escalate("connections", "prepare", "crm", "--file", file, "--json", code=1)
    assert said.json["says"] == "crm: no answer to GET (ConnectError)"


def test_a_connection_that_is_not_there_is_a_wrong_use(escalate: Escalate, file: str) -> None:
    said = escalate("connections", "prepare", "opps", "--file", file, code=2)
    assert "no connection is called opps; did you mean `ops`?; known: ops, crm" in " ".join(said.err.split())


def test_a_channel_that_nothing_connects_is_said_once_with_whom_it_would_not_reach(
    escalate: Escalate, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "directory.yaml"
    contacts = "[{{channel: opps, address: a}}, {{channel: inbox, address: p{0}}}, {{channel: crm, address: a}}]"
    one = f"  - {{{{id: p{{0}}, name: P, time_zone: Europe/Prague, contacts: {contacts}}}}}\n"
    directory.write_text("people:\n" + "".join(one.format(number) for number in range(5)))
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(directory))
    said = escalate("connections", "check", "--file", file, "--json", code=1)
    [unknown] = (each for each in said.json["contact_points"] if each.startswith("opps"))
    assert any(
        each.startswith("crm is a hubspot, no channel, and a contact point of") for each in said.json["contact_points"]
    )
    assert unknown == (
        "opps is the name of no connection, and a contact point of person:p0, person:p1, person:p2 and 2 more; "
        "did you mean `ops`?"
    )
