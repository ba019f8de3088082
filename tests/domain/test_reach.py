"""How people want to be reached: quiet hours and what breaks them, and the channels of each kind of message."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from escalation.documents import parse_document
from escalation.errors import DocumentError
from escalation.model.actions import MessageKind
from escalation.people.directory import Contact, Person, check_directory
from escalation.people.reach import MessageFor


def eva(**more: Any) -> Person:
    contacts = [{"channel": name, "address": name} for name in ("slack", "email", "sms")]
    plain = {"id": "eva", "name": "Eva", "time_zone": "Europe/Prague", "contacts": contacts}
    return Person.model_validate(plain | more)


def prague(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+01:00")


def test_the_kinds_of_messages_are_those_that_people_get() -> None:
    assert {str(kind) for kind in MessageFor} == {str(kind) for kind in MessageKind} - {"customer"}


@pytest.mark.parametrize(
    ("kind", "first", "order"),
    [
        ("page", (), "sms slack email"),
        ("news", (), "email slack sms"),
        ("review", (), "slack email sms"),
        ("page", ("email",), "email sms slack"),
        ("page", ("pager",), "sms slack email"),
    ],
)
def test_each_kind_of_message_has_its_channels_first_and_all_others_after_them(
    kind: str, first: tuple[str, ...], order: str
) -> None:
    person = eva(channels={"page": ["sms", "slack"], "news": ["email"]})
    assert [contact.channel for contact in person.points(kind, first)] == order.split()


NIGHT = {"hours": ["22:00-07:00"]}


@pytest.mark.parametrize(
    ("quiet", "kind", "urgent", "at", "until"),
    [
        (None, "news", False, "2026-11-20T23:00", None),
        (NIGHT, "news", False, "2026-11-20T21:59", None),
        (NIGHT, "news", False, "2026-11-20T22:00", "2026-11-21T07:00"),
        (NIGHT, "news", False, "2026-11-21T06:59", "2026-11-21T07:00"),
        (NIGHT, "news", False, "2026-11-21T07:00", None),
        (NIGHT, "page", True, "2026-11-21T03:00", None),
        (NIGHT, "page", False, "2026-11-21T03:00", "2026-11-21T07:00"),
        ({**NIGHT, "unless": "asked"}, "page", False, "2026-11-21T03:00", None),
        ({**NIGHT, "unless": "asked"}, "approval", False, "2026-11-21T03:00", None),
        ({**NIGHT, "unless": "asked"}, "warning", False, "2026-11-21T03:00", "2026-11-21T07:00"),
        ({"hours": ["22:00-24:00", "00:00-06:00"]}, "news", False, "2026-11-20T23:00", "2026-11-21T06:00"),
    ],
)
def test_in_quiet_hours_only_what_is_urgent_goes_and_the_rest_waits_for_their_end(
    quiet: dict[str, Any] | None, kind: str, urgent: bool, at: str, until: str | None
) -> None:
    found = eva(quiet=quiet).quiet_until(kind, prague(at), urgent=urgent)
    assert found == (prague(until) if until else None)


def test_quiet_hours_follow_the_persons_own_clock_when_it_is_changed() -> None:
    night = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert eva(quiet=NIGHT).quiet_until("news", night, urgent=False) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_quiet_hours_that_leave_no_day_are_refused_with_the_reason() -> None:
    with pytest.raises(ValidationError, match="quiet for more than 16 hours"):
        eva(quiet={"hours": ["07:00-24:00"]})


def test_a_mistake_in_how_somebody_is_reached_names_its_line() -> None:
    text = """\
people:
  - id: eva
    name: Eva
    time_zone: Europe/Prague
    contacts: [{channel: inbox, address: eva, limit: {messages: 20, within: 10m}}]
    channels: {pages: [sms]}
"""
    with pytest.raises(DocumentError, match=r"d\.yaml:6.*pages"):
        check_directory(parse_document(text, "d.yaml"))


def test_a_channel_on_which_a_person_has_no_contact_is_refused_with_its_line() -> None:
    text = """\
people:
  - id: eva
    name: Eva
    time_zone: Europe/Prague
    contacts: [{channel: inbox, address: eva}]
    channels: {page: [sms]}
"""
    with pytest.raises(DocumentError, match=r"d\.yaml:6.*no contact of this person is on channel `sms`; expected one"):
        check_directory(parse_document(text, "d.yaml"))


def test_a_contact_without_a_limit_has_none() -> None:
    assert Contact(channel="inbox", address="eva").limit is None
