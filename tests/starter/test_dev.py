"""`escalate dev` says where it is, serves other commands, ends on Ctrl-C, and goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from starter.embedded import free_ports
from tests.starter.conftest import EXAMPLES, Escalate

pytestmark = pytest.mark.e2e


def dev(folder: Path, *options: str) -> subprocess.Popen[str]:
    port, ui_port = free_ports(2)
    ports = ("--port", str(port), "--ui-port", str(ui_port))
    return subprocess.Popen(
        [sys.executable, "-m", "starter.cli", "dev", "--data", str(folder), *ports, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=EXAMPLES.parent,
        env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent)},
    )


def until(running: subprocess.Popen[str], words: str) -> str:
    """Read what it prints up to a line with these words; return the line."""
    assert running.stdout is not None
    line = next((line for line in running.stdout if words in line), None)
    assert line is not None, f"it ended without saying: {words}"
    return line


def test_dev_serves_other_commands_stops_on_ctrl_c_and_keeps_everything_for_the_next_start(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    with dev(folder, "--json") as running:
        assert running.stdout is not None
        said = json.loads(running.stdout.readline())
        assert said["data"] == str(folder)
        monkeypatch.setenv("TEMPORAL_ADDRESS", said["address"])
        escalation = escalate("open", str(EXAMPLES / "vip-refund.json"), "--json").json["escalation_id"]
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)
    assert running.returncode == 0
    escalate("show", escalation, code=3)
    with dev(folder) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line.startswith("Stop: Ctrl-C"):
                break
        text = "".join(lines)
        address = text.partition("export TEMPORAL_ADDRESS=")[2].split()[0]
        assert f"export ESCALATION_DATA={folder}" in text
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        assert escalate("show", escalation, "--json").json["stage"] == "assignment"
        running.send_signal(signal.SIGTERM)
        rest = running.stdout.read()
        running.wait(timeout=60)
    assert running.returncode == 0
    assert f"Everything is kept in {folder}/ for the next start." in rest


@pytest.mark.parametrize("option", ["--directory", "--playbooks"])
def test_dev_does_not_start_with_what_is_not_there(escalate: Escalate, option: str) -> None:
    assert f"{option}: there is no nosuch" in escalate("dev", option, "nosuch", code=2).err


def test_dev_starts_nothing_with_connections_that_cannot_be_used_and_says_what_their_check_says(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = tmp_path / "connections.yaml", tmp_path / "data"
    file.write_text("connections:\n  ops: {kind: webhok}\n")
    monkeypatch.setenv("ESCALATION_CONNECTIONS", str(file))
    checked = escalate("connections", "check", "--json", code=1).error
    assert escalate("dev", "--data", str(data), "--json", code=1).error == checked
    assert "did you mean `webhook`" in checked["problems"][0]
    assert not data.exists()
