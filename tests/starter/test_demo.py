"""`make demo` ends by itself, in time, with everything as it should be, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

PROJECT = Path(__file__).resolve().parents[2]


def leftovers(folder: Path) -> list[str]:
    listed = subprocess.run(["ps", "-ww", "-eo", "stat=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line and not line.startswith("Z")]


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TEMPORAL_", "ESCALATION_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "starter.demo"],
        env=environment | {"TMPDIR": str(folder), "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )


def test_the_demo_ends_with_three_closed_escalations(tmp_path: Path) -> None:
    assert tempfile.gettempdir()
    with start(tmp_path) as demo:
        said, _ = demo.communicate(timeout=150)
    assert demo.returncode == 0, said[-4000:]
    assert "All three ended as they should." in said
    assert "\x1b" not in said
    assert said.count("/history") == 3
    assert "WRONG" not in said
    # A killed worker, a late answer, an approval that went stale: all were met and said.
    assert "kill -9" in said
    assert "already taken by person:jana.kralova" in said
    assert "what you saw of emergency_change has changed since" in said
    # What had been foreseen came, and not before it was foreseen. How soon after: `make bench`.
    level = re.search(r"\+5\.0s\s+level L2 \(functional\)\s+came at \+(\d+\.\d)s", said)
    assert level is not None, said
    assert float(level[1]) >= 5.0
    assert leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_the_demo_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "receives page" in line:
                demo.send_signal(signal.SIGINT)
                break
        rest = demo.stdout.read()
        demo.wait(timeout=60)
    assert demo.returncode == 130
    assert rest.rstrip().endswith("Stopped.")
    assert "Traceback" not in rest
    assert leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
