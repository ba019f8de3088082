"""What outside systems send, on the real server: one escalation for what comes twice, one entry for a recording."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from escalation.intake import AnyIntake, take
from escalation.intake.rows import read_csv
from escalation.model import commands as c
from escalation.model.events import EntryPosted
from escalation.model.timeline import EntryKind
from escalation.receiving import Report, take_in
from tests.support import payloads
from tests.support.waiting import eventually
from tests.workflows.world import ANN, World

INTAKE: TypeAdapter[AnyIntake] = TypeAdapter(AnyIntake)


def who(stated: str) -> str | None:
    return {"ann@example.org": "ann", "u024": "ann"}.get(stated.lower())


async def bring(world: World, intake: dict[str, Any], payload: Any, name: str = "outside") -> Report:
    """Take in what a system sent, and know what was opened, so that it is replayed."""
    report = await take_in(world.client, take(name, INTAKE.validate_python(intake), payload, who=who))
    world.opened |= {each.escalation for each in report.done}
    return report


def entries(events: list[Any], kind: EntryKind) -> list[EntryPosted]:
    return [event for event in events if isinstance(event, EntryPosted) and event.kind is kind]


@pytest.mark.req("LA-CH8", "CAP-6")
async def test_a_mention_twice_is_one_escalation_and_a_recording_lands_on_it_and_on_what_is_linked(
    world: World,
) -> None:
    social = {"reads": "meta", "request": {"playbook": "tested", "source": world.settings.task_queue}}
    payload = payloads.meta(payloads.comment(), payloads.comment("77_6", message="nobody answers"))
    once, again = await bring(world, social, payload), await bring(world, social, payload)
    assert [each.outcome for each in once.done] == ["opened", "joined"]
    assert once.done == again.done, "the same payload again gets its first answers"
    (case,) = {each.escalation for each in (*once.done, *again.done)}
    state = await world.client.state(case)
    assert state.occurrences == 2
    assert state.case is not None
    assert state.case.url == "https://www.facebook.com/77_5"
    assert state.customer is not None
    assert state.customer.name == "Jana Nováková"
    assert [turn.text for turn in state.context.conversation] == [
        "I was charged twice, please call me",
        "nobody answers",
    ]

    fault, seen_outside = await world.opened_id("fault"), await world.opened_id("outside")
    await world.send(
        case,
        c.Acknowledge(by=ANN),
        c.Link(by=ANN, other=fault),
        c.Link(by=ANN, other=seen_outside, relation="external"),
    )
    meetings = {"reads": "zoom", "about": "triage", "recorded": "told"}
    zoom = payloads.zoom(f"[{case}] triage")
    report = await bring(world, meetings, zoom, "meetings")
    assert [each.escalation for each in report.done] == [case, fault], "not what customers see"
    assert await bring(world, meetings, zoom, "meetings") == report
    for identifier in (case, fault):
        (entry,) = entries(await world.timeline(identifier), EntryKind.RECORDING)
        assert (entry.url, entry.author) == ("https://zoom.example/rec/share/abc", ANN)
        assert entry.transcript_url == "https://zoom.example/rec/play/f2"
    (entry,) = entries(await world.timeline(case), EntryKind.RECORDING)
    assert entry.links == (f"escalation:{fault}",)
    assert not entries(await world.timeline(seen_outside), EntryKind.RECORDING)

    # Longer than the playbook allows: it stands there as a link, once.
    long = payloads.zoom(f"[{case}] the whole call", uuid="long==", recording_files=[], duration=52)
    for _ in range(2):
        assert not (await bring(world, meetings, long, "meetings")).wrong
    (link,) = entries(await world.timeline(case), EntryKind.LINK)
    assert (link.url, link.text) == ("https://zoom.example/rec/share/abc", "a recording of 52m")


@pytest.mark.req("CAP-4")
async def test_an_update_reaches_the_escalation_it_names_and_every_open_one_of_a_queue(world: World) -> None:
    one, key = await world.opened_id("one"), f"{world.settings.task_queue}/one"
    await world.send(one, c.Acknowledge(by=ANN))
    command = {"text": f"{key} the batch ran twice", "user_id": "U024", "trigger_id": "13345"}
    for _ in range(2):
        report = await bring(world, {"reads": "chat"}, command, "chat")
        assert [each.escalation for each in report.done] == [one]
    (entry,) = entries(await world.timeline(one), EntryKind.NOTE)
    assert (entry.text, entry.author, entry.by) == ("the batch ran twice", ANN, "service:chat")

    # A queue is a team; what the server can list is a moment behind.
    team = f"line-{world.settings.task_queue}"
    queued = f"extends: tested\nplaybook: queued\nlevels:\n  - {{id: L1, targets: ['team:{team}']}}\n"
    (world.playbooks / "queued.yaml").write_text(queued)
    ours = {(await world.open(key, playbook="queued")).escalation_id for key in ("two", "three")}
    query = f"EscalationTeam = '{team}'"

    async def listed() -> bool:
        return {each async for each in world.client.list(query)} == ours

    await eventually(listed, "both are listed under their team", every=1)
    report = await bring(world, {"reads": "chat"}, command | {"text": f"team:{team} the bank is down"}, "chat")
    assert {each.escalation for each in report.done} == ours
    for identifier in ours:
        (entry,) = entries(await world.timeline(identifier), EntryKind.NOTE)
        assert entry.text == "the bank is down"
    report = await bring(world, {"reads": "chat"}, command | {"text": "team:nobodys hello?"}, "chat")
    assert "has no open escalation" in str(report.wrong)

    nobody = {"escalation": "web/nowhere", "by": ANN, "text": "hello?", "id": "1"}
    report = await bring(world, {"reads": "update"}, nobody, "api")
    assert "no escalation has the id escalation-web-nowhere" in str(report.wrong)


@pytest.mark.req("SMX-5")
async def test_a_row_opens_once_and_what_is_wrong_with_another_keeps_it_not_back(world: World) -> None:
    intake = {
        "reads": "rows",
        "key": "Ticket",
        "types": {"Amount": "number"},
        "request": {
            "playbook": "tested",
            "source": world.settings.task_queue,
            "facts": {"ai_limit": True, "amount": "{Amount}"},
            "context": {"summary": "{Summary}"},
        },
    }

    def sheet(amount: str) -> Any:
        return read_csv(f"Ticket,Amount,Summary\nT-1,{amount},Broken\nT-2,a lot,Too\n".encode(), "Ticket")

    first = await bring(world, intake, sheet("10"))
    second = await bring(world, intake, sheet("20"))
    assert [each.outcome for each in first.done] == ["opened"]
    assert [each.escalation for each in second.done] == [first.done[0].escalation]
    assert (await world.client.state(first.done[0].escalation)).occurrences == 1
    assert [(each.where, each.problems[0][0]) for each in second.wrong] == [("row 3", "column Amount")]
