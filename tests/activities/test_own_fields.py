"""Fields of an organisation's own: one form for every help desk, and what is wrong is said with its line."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from activities.connections import read_connections
from activities.crm.own_fields import Filling, filled, refilled
from escalation.errors import DocumentError
from escalation.model.actions import UpdateCase
from escalation.model.request import Customer
from tests.support import tickets

DESKS = {
    "hubspot": "token: {env: TOKEN}",
    "zendesk": "url: https://acme.zendesk.com\n    bearer: {env: TOKEN}",
    "salesforce": "url: https://acme.my.salesforce.com\n    client_id: {env: TOKEN}\n    client_secret: {env: TOKEN}\n"
    "    user: 005000000000001AAA",
}
FIELD = {"hubspot": "area", "zendesk": '"360001"', "salesforce": "Area__c"}


def refused(kind: str, text: str, tmp_path: Path) -> str:
    file = tmp_path / "connections.yaml"
    file.write_text(
        f"connections:\n  desk:\n    kind: {kind}\n    {DESKS[kind]}\n    fields:\n      {FIELD[kind]}: {text}\n"
    )
    with pytest.raises(DocumentError) as error:
        read_connections(file)
    line = file.read_text().splitlines().index(f"      {FIELD[kind]}: {text}") + 1
    assert f":{line}" in str(error.value) or f"line {line}" in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", DESKS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("facts.category", 'expected "{facts.category}" for what it names'),
        ("case.id", 'expected "{case_id}" for what it names'),
        ("severity", 'expected "{severity}" for what it names'),
        ('"{case.id}"', "{case.id} is not known there; expected case_id"),
        ('"{customer_phone}"', "{customer_phone} is not known there; expected case_id"),
        ('"{facts.amount"', "has a brace without its other one"),
        ('"{severity} of facts.amount}"', "has a brace without its other one"),
        ('"{{severity}}"', "has a brace without its other one"),
    ],
)
def test_a_name_without_braces_or_one_that_means_nothing_is_refused_with_its_line_by_every_help_desk(
    kind: str, text: str, expected: str, tmp_path: Path
) -> None:
    assert expected in refused(kind, text, tmp_path)


def test_a_text_without_names_is_written_as_it_stands() -> None:
    assert filled({"origin": "escalation"}, tickets.opening("k")) == {"origin": "escalation"}


def test_names_in_braces_are_replaced_and_what_comes_out_empty_is_left_out() -> None:
    action = tickets.opening(
        "k",
        customer=Customer(id="c-1", tier="vip", company="Acme"),
        facts={"amount": 12.5, "vip": True, "tags": ("a", "b")},
    )
    fields = {
        "who": "{customer_company} ({customer_tier})",
        "said": "{facts.amount}, {facts.vip}, {facts.tags}",
        "language": "{customer_locale}",
        "nobody": "{facts.unheard}",
    }
    assert filled(fields, action) == {"who": "Acme (vip)", "said": "12.5, true, a;b"}


def test_only_fields_that_name_nothing_but_the_severity_follow_it() -> None:
    fields = {"a": "now {severity}", "b": "{severity} of {case_system}", "c": "fixed"}
    assert refilled(fields, UpdateCase(key="k", case_key="c", severity="P2")) == {"a": "now P2"}
    assert refilled(fields, UpdateCase(key="k", case_key="c")) == {}


def test_a_filling_has_two_hundred_characters_at_most() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Filling).validate_python("x" * 201)
