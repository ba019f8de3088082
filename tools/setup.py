"""Install the locked dependencies and this project into a virtual environment; `make` runs it when the lock changed.

Standard library only: it runs on the system's interpreter, before anything is installed.
"""

import hashlib
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
# Only wheels: a source package would pull in a compiler and build tools that no hash pins.
LOCKED = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(LOCK)]
# The build backend is in the lock, so building the project needs no isolated environment and no download.
PROJECT = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
SECONDS_BETWEEN_LINES = 5.0


class SetupFailed(Exception):
    """Setting up stopped; the message says at what and what to try."""


def main() -> int:
    """Take the environment's folder and the stamp file to write; return the exit code."""
    venv, stamp = (Path(argument).resolve() for argument in sys.argv[1:3])
    started = time.monotonic()
    try:
        create(venv)
        digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if not (stamp.exists() and stamp.read_text() == digest):
            stamp.unlink(missing_ok=True)
            pip(venv, LOCKED, packages=len(re.findall(r"^[a-z0-9].*==", LOCK.read_text(), re.MULTILINE)))
        pip(venv, PROJECT, packages=0)
        stamp.write_text(digest)
    except SetupFailed as failure:
        print(f"Setup failed: {failure}", file=sys.stderr)
        return 1
    print(f"Ready after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def create(venv: Path) -> None:
    """Create the environment, also in place of one whose interpreter is gone or too old."""
    python = venv / "bin" / "python"
    probe = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    if python.exists() and subprocess.run(probe, check=False, capture_output=True).returncode == 0:
        return
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Setting up {venv.name} with Python {version}: once, a minute or two.", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SetupFailed(
            f"{sys.executable} could not create {venv.name}. Some systems pack this apart "
            f"(Debian, Ubuntu: apt install python3-venv).\n{done.stdout}{done.stderr}"
        )


def pip(venv: Path, arguments: list[str], *, packages: int) -> None:
    """Run `pip install`, its output in a log, with a line of progress now and then."""
    log = venv / "setup.log"
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    tail: deque[str] = deque(maxlen=15)
    progress = Progress(packages)
    with (
        log.open("a", encoding="utf-8") as record,
        subprocess.Popen(
            [*command, "--progress-bar", "off", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101  (it is a pipe, which the type cannot say)
        for line in process.stdout:
            record.write(line)
            tail.append(line)
            progress.follow(line)
    if process.returncode != 0:
        raise SetupFailed(
            f"pip ended with {process.returncode}. It needs a package index; `pip config list` shows what is set.\n"
            f"The end of {log}:\n{''.join(tail)}"
        )


class Progress:
    """Says calmly how far pip is: a line every few seconds, none for what is over at once."""

    def __init__(self, packages: int) -> None:
        """Take the number of packages to expect; 0 says nothing."""
        self.packages = packages
        self.seen = 0
        self.last = time.monotonic()

    def follow(self, line: str) -> None:
        """Read one line of pip's output."""
        if line.startswith("Collecting "):
            self.seen += 1
            if time.monotonic() - self.last > SECONDS_BETWEEN_LINES:
                self.say(f"fetched {self.seen} of {self.packages} packages")
        elif line.startswith("Installing collected"):
            self.say("installing them")

    def say(self, text: str) -> None:
        """Print one line."""
        if self.packages:
            print(f"  {text}", flush=True)
            self.last = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
