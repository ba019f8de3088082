"""`escalate connections` prepares a system only when it is asked to, and says what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from starter.embedded import free_ports
from tests.starter.conftest import Escalate


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Serve an address that answers everything with one status."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST = do_HEAD  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


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
    assert said.json["says"].startswith("crm: no answer to GET (refused at 127.0.0.1:")


@pytest.mark.parametrize(
    ("status", "line", "code"),
    [(404, "1 connection, 1 unsure", 1), (302, "1 connection, 1 failing", 1), (405, "1 connection", 0)],
)
def test_a_webhook_that_would_lose_messages_is_seen_in_the_table_and_in_the_exit(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, line: str, code: int
) -> None:
    monkeypatch.setenv("A_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (tmp_path / "directory.yaml").write_text(
        "people:\n  - {id: eva, name: Eva, time_zone: Europe/Prague, contacts: [{channel: inbox, address: eva}]}\n"
    )
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(tmp_path / "directory.yaml"))
    with answering(status) as url:
        path = tmp_path / "connections.yaml"
        path.write_text(f"connections:\n  ops: {{kind: webhook, url: '{url}', keys: [{{env: A_SECRET}}]}}\n")
        assert line in escalate("connections", "check", "--file", str(path), code=code).out


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
