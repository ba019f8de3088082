"""The request: as strict as the contract is, every wrong path named at once, no value ever repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from escalation.errors import RequestRefused
from escalation.model.request import MAX_REQUEST_BYTES, check_size, parse_request
from tests.domain.builders import SERVICE, request


def data(**changes: Any) -> dict[str, Any]:
    complete: dict[str, Any] = json.loads(request(SERVICE).model_dump_json())
    return {**complete, **changes}


def problems(given: dict[str, Any] | str | bytes) -> dict[str, str]:
    with pytest.raises(RequestRefused) as caught:
        parse_request(given)
    return dict(caught.value.problems)


def test_text_bytes_and_a_mapping_are_read_alike() -> None:
    text = json.dumps(data())
    assert parse_request(text) == parse_request(text.encode()) == parse_request(data())


def test_a_request_is_written_as_it_is_read() -> None:
    asked = parse_request(data(facts={"ai_confidence": 1, "flags.legal": True, "affected_systems": ["a", "b"]}))
    assert asked.facts == {"ai_confidence": 1.0, "flags.legal": True, "affected_systems": ("a", "b")}
    assert isinstance(asked.facts["flags.legal"], bool)
    assert parse_request(asked.model_dump_json()) == asked


@pytest.mark.parametrize(
    "missing", ["playbook", "source", "dedup_key", "request_id", "case", "initiation", "requested_by"]
)
def test_what_is_required_is_named_when_it_is_missing(missing: str) -> None:
    given = data()
    del given[missing]
    assert missing in problems(given)


def test_every_wrong_path_is_named_at_once() -> None:
    given = data(
        mood="bad",
        source="chat bot",
        requested_by="bot",
        initiation="boredom",
        case={"system": "helpdesk", "id": "1", "colour": "red"},
        context={"summary": "x", "conversation": [{"author": "customer", "text": "hi", "tone": "angry"}]},
    )
    assert set(problems(given)) == {
        "mood",
        "source",
        "requested_by",
        "initiation",
        "case.colour",
        "context.conversation.0.tone",
    }


def test_it_says_what_was_expected_and_which_key_was_probably_meant() -> None:
    wrong = problems(data(iniation="rule", dedup_key="two words", customer={"id": "c-1", "teir": "vip"}, case="4711"))
    assert wrong == {
        "iniation": "unknown key `iniation`; did you mean `initiation`?",
        "dedup_key": "text that does not fit; expected text without spaces",
        "customer.teir": "unknown key `teir`; did you mean `tier`?",
        "case": "found text; expected a mapping with `system`, `id`",
    }


def test_what_the_customer_said_is_in_no_error() -> None:
    secret = "my card number is 4711"
    given = data(customer={"id": "c 1", "name": secret}, context={"summary": 5, "conversation": [{"text": secret}]})
    with pytest.raises(RequestRefused) as caught:
        parse_request(given)
    assert secret not in str(caught.value)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"hello"', b"\xff\xfe"])
def test_what_is_no_request_at_all_is_refused_the_same_way(text: str | bytes) -> None:
    assert problems(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_fact_is_a_number_that_can_be_written_again(number: str) -> None:
    text = json.dumps(data(facts={"sentiment": 0})).replace('"sentiment": 0', f'"sentiment": {number}')
    assert any(path.startswith("facts.sentiment") for path in problems(text))


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-20T10:00:00", "soon"]
)
def test_an_instant_has_a_time_zone_and_lies_where_calendars_reach(at: str) -> None:
    assert "case.opened_at" in problems(data(case={"system": "helpdesk", "id": "1", "opened_at": at}))
    turn = {"author": "customer", "text": "hi", "at": at}
    assert "context.conversation.0.at" in problems(data(context={"conversation": [turn]}))


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "x" * 201])
def test_keys_hold_no_spaces_and_have_an_end(key: str) -> None:
    assert {"dedup_key", "request_id"} <= set(problems(data(dedup_key=key, request_id=key)))
    assert parse_request(data(dedup_key="Ügy/4711:ž%")).dedup_key == "Ügy/4711:ž%"


def test_what_is_too_large_is_refused_with_its_size_the_limit_and_the_part_to_store_elsewhere() -> None:
    turns = [{"author": "customer", "text": "ž" * 20_000}] * 30
    found = problems(data(context={"summary": "x", "conversation": turns}))
    assert list(found) == ["context.conversation"]
    assert "the limit is 1,000,000" in found["context.conversation"]
    assert "context.attachments as a URL" in found["context.conversation"]
    assert check_size(parse_request(data())) < MAX_REQUEST_BYTES


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "https://" + "x" * 2001, "https://a b"])
def test_an_attachment_is_a_reference_that_can_be_opened(url: str) -> None:
    assert "context.attachments.0.url" in problems(data(context={"attachments": [{"title": "log", "url": url}]}))
