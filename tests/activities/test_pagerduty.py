"""PagerDuty: what opens an incident, what ends it, and which of its answers are final."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.connector import Secret, Tools
from activities.http import open_client
from activities.notify.pagerduty import LONGEST_KEY, LONGEST_SUMMARY, PagerDuty, PagerDutyConfig
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import AmendMessage, Fate, MessageKind, Notify, Offer
from tests.support.contracts import assert_keeps, contract
from tests.support.prism import mocking
from tests.support.vendor import Vendor

SPEC = "pagerduty-events-v2.openapi.json"
KEYS = {"support": "e93facc04764012d7bfb002500d5d1a6", "billing": "f93facc04764012d7bfb002500d5d1a7"}
PAGE = Notify(
    key="i-1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Card payments fail - please acknowledge",
    body="The customer says: my PIN is 1234.",
    values={"severity": "S1"},
    urgent=True,
    rung="L1/2",
    respond_by=datetime(2026, 11, 22, 17, tzinfo=UTC),
    escalation="chat-4711",
    offers=(Offer(command="acknowledge"), Offer(command="decline", needs=("because",))),
)


def accepted(_: httpx.Request) -> httpx.Response:
    return httpx.Response(202, json={"status": "success", "message": "Event processed", "dedup_key": "k"})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    def opened(vendor: Vendor, **config: Any) -> PagerDuty:
        for service, key in KEYS.items():
            monkeypatch.setenv(f"PD_{service}", key)
        services = {service: Secret(env=f"PD_{service}") for service in KEYS}
        read = PagerDutyConfig(kind="pagerduty", services=services, **config)
        return PagerDuty(read, Tools("oncall", vendor.client()))

    return opened


def amended(receipt_id: str, fate: Fate) -> AmendMessage:
    return AmendMessage(
        key="i-1/9/x",
        to="person:eva",
        channel="oncall",
        receipt_id=receipt_id,
        fate=fate,
        body="Taken by Eva.",
        escalation="chat-4711",
    )


async def test_a_page_opens_an_incident_at_the_service_that_the_contact_point_names(opened: Any) -> None:
    vendor = Vendor(accepted)
    receipt = await opened(vendor, page="https://board.example/e/{escalation}").send(PAGE, "support")
    event = vendor.sent()
    assert_keeps(vendor.calls[0], SPEC)
    assert str(vendor.calls[0].url) == "https://events.pagerduty.com/v2/enqueue"
    assert (event["event_action"], event["routing_key"]) == ("trigger", KEYS["support"])
    assert event["dedup_key"] == receipt.receipt_id
    assert (receipt.channel, receipt.amendable) == ("oncall", True)
    assert (event["payload"]["severity"], event["payload"]["group"]) == ("critical", "chat-4711")
    assert event["links"] == [{"href": "https://board.example/e/chat-4711", "text": "chat-4711"}]
    assert event["payload"]["custom_details"]["answers"] == [
        "escalate acknowledge chat-4711 --by person:eva",
        "escalate decline chat-4711 --by person:eva --because '...'",
    ]


async def test_an_incident_says_what_is_asked_why_and_by_when_in_words_and_nothing_that_anybody_said(
    opened: Any,
) -> None:
    vendor = Vendor(accepted)
    reasons = [
        {
            "trigger": "low_confidence",
            "in_words": "the AI is less sure than usual",
            "facts": ["x=0.62"],
            "words": ["ne"],
        },
        {"trigger": "is_vip", "in_words": "", "because": "customer.tier == 'vip'", "words": ["zruším"]},
    ]
    packet = {"reasons": reasons, "customer": {"name": "Markéta"}, "last_text": "zruším"}
    page = PAGE.changed(
        {
            "locale": "cs",
            "time_zone": "Europe/Prague",
            "respond_by": datetime(2026, 11, 22, 20, 35, tzinfo=UTC),
            "values": {"packet": packet, "goes_on": "again"},
        }
    )
    await opened(vendor).send(page, "support")
    details = vendor.sent()["payload"]["custom_details"]
    assert details["asked"] == PAGE.subject
    assert details["why"] == ["the AI is less sure than usual", "is vip"]
    assert details["respond_by"] == "2026-11-22T20:35:00+00:00"
    assert details["respond_by_local"] == "ne 22. 11. 2026 21:35 CET"
    assert details["without_an_answer"] == "Bez odpovědi se Vám ozveme znovu."
    assert not any(word in str(details) for word in ("Markéta", "zruším", "0.62"))


async def test_the_same_page_is_the_same_alert_however_often_it_is_asked_and_another_receivers_is_not(
    opened: Any,
) -> None:
    vendor = Vendor(accepted)
    first, again = opened(vendor), opened(vendor)  # two workers
    await first.send(PAGE, "support")
    await again.send(PAGE, "support")
    await first.send(PAGE.changed({"key": "i-1/7/person:jan", "to": "person:jan"}), "support")
    await first.send(PAGE.changed({"key": "i-2/7/person:eva"}), "support")  # the same id, opened anew
    one, two, jans, anew = (vendor.sent(place)["dedup_key"] for place in range(4))
    assert one == two
    assert len({one, jans, anew}) == 3


@pytest.mark.parametrize(
    ("fate", "action"),
    [
        (Fate.TAKEN, "acknowledge"),
        (Fate.DECIDED, "resolve"),
        (Fate.WITHDRAWN, "resolve"),
        (Fate.ENDED, "resolve"),
    ],
)
async def test_what_became_of_a_page_ends_its_incident_at_the_same_service(
    opened: Any, fate: Fate, action: str
) -> None:
    vendor = Vendor(accepted)
    channel = opened(vendor)
    receipt = await channel.send(PAGE, "billing")
    await channel.amend(amended(receipt.receipt_id, fate))
    assert_keeps(vendor.calls[1], SPEC)
    assert vendor.sent() == {
        "routing_key": KEYS["billing"],
        "event_action": action,
        "dedup_key": vendor.sent(0)["dedup_key"],
    }


async def test_an_incident_that_was_acknowledged_is_resolved_at_the_end_under_the_same_key(opened: Any) -> None:
    vendor = Vendor(accepted)
    channel = opened(vendor)
    receipt = await channel.send(PAGE, "billing")
    for fate in (Fate.TAKEN, Fate.ENDED):
        await channel.amend(amended(receipt.receipt_id, fate))
    assert [vendor.sent(place)["event_action"] for place in range(3)] == ["trigger", "acknowledge", "resolve"]
    assert len({vendor.sent(place)["dedup_key"] for place in range(3)}) == 1


async def test_a_service_that_pages_again_what_is_only_acknowledged_can_have_it_resolved(opened: Any) -> None:
    vendor = Vendor(accepted)
    await opened(vendor, taken="resolve").amend(amended("support/k/chat-4711", Fate.TAKEN))
    assert vendor.sent()["event_action"] == "resolve"


async def test_what_customers_said_goes_along_only_where_that_was_chosen_and_then_bounded(opened: Any) -> None:
    vendor = Vendor(accepted)
    await opened(vendor).send(PAGE, "support")
    assert "1234" not in vendor.calls[0].content.decode()
    long = PAGE.changed({"body": f"PIN 1234 {'word ' * 100_000}"})
    await opened(vendor, details="packet").send(long, "support")
    assert "1234" in vendor.sent()["payload"]["custom_details"]["packet"]
    assert len(vendor.calls[1].content) < 30_000


async def test_long_texts_and_ids_are_cut_to_what_pagerduty_takes(opened: Any) -> None:
    vendor = Vendor(accepted)
    await opened(vendor).send(PAGE.changed({"subject": "word " * 900, "escalation": "e" * 900}), "support")
    event = vendor.sent()
    assert len(event["dedup_key"]) == LONGEST_KEY
    assert len(event["payload"]["summary"]) <= LONGEST_SUMMARY
    assert event["payload"]["summary"].endswith("word …")


@pytest.mark.req("SUP-11")
async def test_what_is_not_urgent_is_no_critical_incident_and_playbooks_severities_can_be_mapped(opened: Any) -> None:
    vendor = Vendor(accepted)
    routine = PAGE.changed({"urgent": False, "values": {"severity": "S3"}})
    await opened(vendor).send(routine, "support")
    await opened(vendor, severities={"S3": "info"}).send(routine, "support")
    assert [vendor.sent(place)["payload"]["severity"] for place in (0, 1)] == ["warning", "info"]


@pytest.mark.req("SUP-11")
async def test_news_never_open_an_incident(opened: Any) -> None:
    vendor = Vendor(accepted)
    with pytest.raises(RemoteRefused, match="oncall: takes messages of the kinds page, not news"):
        await opened(vendor).send(PAGE.changed({"kind": MessageKind.NEWS}), "support")
    assert vendor.calls == []


async def test_a_contact_point_that_names_no_service_is_refused_without_repeating_it(opened: Any) -> None:
    with pytest.raises(RemoteRefused, match=r"is the name of none of its services \(support, billing\)") as refused:
        await opened(Vendor(accepted)).send(PAGE, "420777123456")
    assert "420777" not in str(refused.value)


async def test_an_invalid_event_is_final_and_only_its_short_name_is_repeated(opened: Any) -> None:
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": ["'summary' is My PIN"]}
    vendor = Vendor(lambda _: httpx.Response(400, json=said))
    with pytest.raises(RemoteRefused) as refused:
        await opened(vendor).send(PAGE, "support")
    assert str(refused.value) == "oncall: answered 400 (invalid_event)"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429),
        httpx.Response(500, json={"status": "Internal Server Error", "message": "x"}),
        httpx.Response(503),
        httpx.Response(202, json={"status": "throttled"}),
        httpx.Response(200, text="<html>Log in to this network</html>"),
    ],
)
async def test_later_and_whatever_is_no_success_is_tried_again(opened: Any, answer: httpx.Response) -> None:
    with pytest.raises(RemoteUnavailable):
        await opened(Vendor(lambda _: answer)).send(PAGE, "support")


async def test_pagerduty_asks_to_wait_and_that_is_kept(opened: Any) -> None:
    vendor = Vendor(lambda _: httpx.Response(429, headers={"Retry-After": "30"}))
    with pytest.raises(RemoteUnavailable) as later:
        await opened(vendor).send(PAGE, "support")
    assert later.value.retry_after is not None
    assert later.value.retry_after.total_seconds() == 30


async def test_the_check_pages_nobody_and_says_what_it_cannot_try(opened: Any) -> None:
    vendor = Vendor(lambda _: httpx.Response(405))
    assert "only a page can try them" in await opened(vendor).check()
    assert [call.method for call in vendor.calls] == ["HEAD"]
    with pytest.raises(RemoteUnavailable):
        await opened(Vendor(lambda _: httpx.Response(503))).check()


async def test_a_page_whose_answer_was_lost_can_be_ended_by_its_key_alone(opened: Any) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["event_action"] == "trigger":
            raise httpx.ReadTimeout("", request=request)
        return accepted(request)

    vendor = Vendor(lost)
    channel = opened(vendor)
    with pytest.raises(RemoteUnavailable):
        await channel.send(PAGE, "support")
    receipt = await channel.found(PAGE, "support")
    await channel.amend(amended(receipt.receipt_id, Fate.WITHDRAWN))
    assert [vendor.sent(place)["event_action"] for place in (0, 1)] == ["trigger", "resolve"]
    assert vendor.sent(0)["dedup_key"] == vendor.sent(1)["dedup_key"]


@pytest.mark.timeout(120)
async def test_a_mock_made_of_pagerdutys_own_description_takes_a_page_and_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Prism serves the paths without the base of the description's servers.
    description = json.loads(contract(SPEC).read_text())
    description["paths"] = {f"/v2{path}": each for path, each in description["paths"].items()}
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(description | {"servers": [{"url": "/"}]}))
    monkeypatch.setenv("PD", KEYS["support"])
    with mocking(spec, "--errors") as url:
        async with open_client() as client:
            config = PagerDutyConfig(kind="pagerduty", services={"support": Secret(env="PD")}, url=url)
            channel = PagerDuty(config, Tools("oncall", client))
            receipt = await channel.send(PAGE, "support")
            await channel.amend(amended(receipt.receipt_id, Fate.WITHDRAWN))
            assert (await channel.check()).startswith("answers")
