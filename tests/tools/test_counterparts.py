"""Installing the tests' counterparts never fails a run, whatever the machine allows."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "counterparts.sh"


def run(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script where these programs answer as given, and the machine's own for the rest."""
    for name, body in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    path = f"{folder}:/usr/bin:/bin"
    return subprocess.run([SCRIPT], env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({"id": "echo 1000", "sudo": "exit 1"}, "not root and no sudo; tests skip without: request-tracker5"),
        ({"id": "echo 1000", "sudo": "exit 0"}, "installed after"),
        ({"id": "echo 1000", "sudo": 'case "$*" in *apt-get*) echo no network; exit 100;; esac'}, "could not be"),
    ],
)
def test_a_machine_that_does_not_let_us_install_is_told_and_the_run_goes_on(
    tmp_path: Path, programs: dict[str, str], says: str
) -> None:
    done = run(tmp_path, apt_get="exit 1", dpkg_query="exit 1", **programs)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


def test_what_is_there_is_not_installed_again(tmp_path: Path) -> None:
    found = run(tmp_path, apt_get="exit 1", dpkg_query="printf installed", id="echo 1000", sudo="exit 1")
    assert found.returncode == 0
    assert "request-tracker5" not in found.stdout
