"""The timeline on the command line: entries with references, the overview, search, export, proof; on a real stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model import events as e
from starter.embedded import EmbeddedStack
from starter.line import Weight
from starter.story import say, tell
from starter.trail import _recorded
from tests.domain.builders import ANN, BOT
from tests.domain.test_timeline import brought, post, recording, taken
from tests.starter.conftest import Escalate, eventually

RequestFile = Callable[..., str]


@pytest.mark.e2e
@pytest.mark.req("TAG-1", "BRN-5", "SYN-14")
def test_what_people_write_is_found_shown_exported_and_proved(
    escalate: Escalate, on_stack: EmbeddedStack, request_file: RequestFile, tmp_path: Path
) -> None:
    escalation = escalate("open", request_file(), "--json").json["escalation_id"]
    jana = ("--by", "jana.kralova")
    eventually(escalate, "show", escalation, holds=lambda here: "person:jana.kralova" in here["who_acts_next"])
    escalate("acknowledge", escalation, *jana)
    blocker = ("--kind", "blocker", "--text", "no access to the vault, @person:ghost")
    made = escalate("post_entry", escalation, *jana, *blocker, "--json").json["ref"]
    seq = int(made.rpartition("#")[2])
    clip = ("--kind", "recording", "--url", "https://clips.example/1", "--about", "cause", "--length", "2m")
    refused = escalate("post_entry", escalation, *jana, *clip, code=1)
    assert "a recording needs recorded" in refused.err
    escalate("post_entry", escalation, *jana, *clip, "--recorded", "told", "--watch-first", "--link", "case")
    escalate("comment", escalation, *jana, "--entry", str(seq), "--text", "asked for the key")

    here = escalate("overview", escalation, "--json").json
    assert [each["text"] for each in here["blockers"]] == ["no access to the vault, @person:ghost"]
    assert here["recordings"][0]["baseline"] is True
    assert "no access to the vault" in escalate("overview", escalation).out
    assert "Blockers" in escalate("show", escalation).out

    packet = escalate("packet", escalation, "--json").json
    assert packet["version"] >= 1
    assert packet["parts"]["summary"]["by"] == "agent:support-bot"
    assert "Who supplied it" in escalate("packet", escalation).out

    reference = here["blockers"][0]["ref"]
    assert reference == f"{escalation}#{seq}"
    entry = escalate("show", reference, "--json").json
    assert (entry["ref"], entry["unaltered"]) == (reference, True)
    shown = escalate("show", reference).out
    assert "unaltered" in shown
    assert "asked for the key" in shown

    (hit,) = escalate("search", escalation, "VAULT", "access", "--kind", "blocker", "--since", "1h", "--json").json
    assert hit["ref"] == reference
    assert "Nothing was found" in escalate("search", escalation, "unheard-of").out
    assert "is no instant" in escalate("search", escalation, "x", "--since", "soon", code=2).err
    told = eventually(
        escalate, "inbox", "jana.kralova", holds=lambda got: any("person:ghost" in m["body"] for m in got)
    )
    assert any("person:ghost" in message["body"] and reference in message["body"] for message in told)

    assert eventually_recorded(escalation)
    file = tmp_path / "trail.jsonl"
    escalate("export", escalation, "--to", str(file))
    assert escalate("verify", str(file), "--json").json["unaltered"] is True
    file.write_text(file.read_text().replace("no access to the vault", "full access to the vault"))
    altered = escalate("verify", str(file), code=1)
    assert f"line {seq + 1}: was altered" in altered.err
    read = escalate("export", escalation, "--markdown").out
    assert f"**#{seq}**" in read
    assert "owner: (none) -> person:jana.kralova" in read


def eventually_recorded(escalation: str) -> bool:
    return any(_recorded(escalation) for _ in range(200))


def test_a_file_that_is_no_export_is_refused(escalate: Escalate, tmp_path: Path) -> None:
    assert "cannot be read" in escalate("verify", str(tmp_path / "none.jsonl"), code=1).err
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"hello": 1}))
    assert "not the first line of an export" in escalate("verify", str(other), code=1).err


def test_the_story_says_of_an_entry_what_it_is_where_it_comes_from_and_that_an_ai_wrote_it() -> None:
    life = taken()
    post(life, "decision", "refund it", by=BOT, provider="acme", model="m-1")
    life.send(brought("the batch ran twice"))
    life.send(recording(links=("case",)))
    ai, chat, clip = (say(event) for event in life.all(e.EntryPosted))
    assert ai.what == "AI output (acme m-1), accepted by nobody: decision: refund it"
    assert chat.what == "note: the batch ran twice"
    assert chat.why == "from chat 1718.22; brought by service:chat for bob"
    assert clip.what.startswith("recording (triage, 2m): ")
    assert clip.why == "belongs to case"
    assert ANN.removeprefix("person:") in [line.who for line in tell(life.events, Weight.DETAIL)]
