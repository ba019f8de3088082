"""The command line as people and scripts use it: in this process, where that shows the same, on a real stack."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from starter import cli
from starter.embedded import EmbeddedStack

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Said(NamedTuple):
    """What a command printed."""

    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


Escalate = Callable[..., Said]


def eventually(escalate: Escalate, *arguments: str, holds: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is as expected: visibility and deliveries come a moment after the command's answer."""
    for _ in range(200):
        answer = escalate(*arguments, "--json").json
        if holds(answer):
            return answer
    raise AssertionError(f"{arguments}: {answer}")


@pytest.fixture
def escalate(capsys: pytest.CaptureFixture[str]) -> Escalate:
    """Run a command and expect its exit code."""

    def run(*arguments: str, code: int = 0) -> Said:
        capsys.readouterr()
        outcome = cli.outcome(list(arguments))
        said = Said(*capsys.readouterr())
        assert outcome == code, f"exit {outcome}\n{said.out}\n{said.err}"
        return said

    return run


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, no settings and no data but those a test names."""
    for key in [key for key in os.environ if key.startswith(("TEMPORAL_", "ESCALATION_"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("ESCALATION_DATA", "/nonexistent")


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    async with EmbeddedStack.run(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def on_stack(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> EmbeddedStack:
    """Let commands find the stack, as `escalate dev` would have them find it."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", stack.address)
    monkeypatch.setenv("ESCALATION_DATA", str(stack.folder))
    return stack


@pytest.fixture
def request_file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Write an example request with a key of the test's own; return the path."""

    def write(example: str = "vip-refund", **changes: Any) -> str:
        data = json.loads((EXAMPLES / f"{example}.json").read_text())
        key = f"{request.node.name}-{len(list(tmp_path.iterdir()))}"
        data |= {"dedup_key": key, "request_id": key, "case": data["case"] | {"id": key}} | changes
        file = tmp_path / f"{key}.json"
        file.write_text(json.dumps(data))
        return str(file)

    return write
