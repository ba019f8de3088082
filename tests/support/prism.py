"""Prism, the mock server that answers by an OpenAPI description and refuses what the description does not allow.

It is looked for on the path and in ESCALATION_PRISM (the program itself), else installed by npm, once for this machine,
into a folder of its own under the temporary folder.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from starter.embedded import free_ports

PACKAGE = "@stoplight/prism-cli@5.14.2"
_INSTALL_WITHIN = 180
_START_WITHIN = 60


def prism() -> str:
    """Return the program; skips the test where it cannot be had."""
    named = os.environ.get("ESCALATION_PRISM") or shutil.which("prism")
    if named:
        return named
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Prism is not installed, and there is no npm to install it")
    folder = Path(tempfile.gettempdir()) / "escalation-prism"
    folder.mkdir(exist_ok=True)
    program = folder / "node_modules" / ".bin" / "prism"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two processes of tests one installs it
        if not program.exists():
            command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_WITHIN, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip(f"npm did not install Prism within {_INSTALL_WITHIN} s")
            if done.returncode != 0 or not program.exists():
                pytest.skip(f"npm cannot install Prism here: {done.stderr.strip()[-200:]}")
    return str(program)


@contextmanager
def mocking(description: Path, *more: str) -> Iterator[str]:
    """Yield the address of a mock server of a description."""
    (port,) = free_ports(1)
    command = [prism(), "mock", "-h", "127.0.0.1", "-p", str(port), *more, str(description)]
    log = description.with_suffix(".log")
    with log.open("w") as written:
        server = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT)
    try:
        patience = time.monotonic() + _START_WITHIN
        while "is listening" not in log.read_text():
            assert server.poll() is None, log.read_text()[-500:]
            assert time.monotonic() < patience, f"Prism did not listen within {_START_WITHIN} s"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def refused(answer: httpx.Response) -> str:
    """Return why Prism does not take a request; empty where it does. Any other error is one of the description."""
    if answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        return answer.text[:1_000]
    return ""
