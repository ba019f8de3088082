"""Every command of the registry is a command of the command line, read and checked by its own model."""

import re
from datetime import UTC, datetime
from importlib import import_module
from typing import get_args

import pytest
import typer

from escalation.errors import RequestRefused
from escalation.model import commands as c
from escalation.model.commands import COMMANDS
from escalation.people.example import example_file
from starter.cli import PARTS, build
from starter.commands import options_of, read_act
from tests.starter.conftest import Escalate

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def read(model: type[c.Act], **given: object) -> c.Act:
    return read_act(model, options_of(model), given, NOW)


def wrong(model: type[c.Act], **given: object) -> list[str]:
    with pytest.raises(RequestRefused) as refused:
        read(model, **given)
    return [f"{path}: {problem}" for path, problem in refused.value.problems]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_offers_every_field(command: str, escalate: Escalate) -> None:
    help_text = re.sub(r"[│\s]+", " ", escalate(command, "--help").out)
    model = COMMANDS[command]
    first_sentence = re.split(r"[:;.]", (model.__doc__ or "").replace("``", ""))[0]
    assert first_sentence in help_text
    for option in options_of(model).values():
        assert option.flag in help_text


@pytest.mark.parametrize("model", COMMANDS.values())
def test_the_help_of_an_option_says_nothing_twice(model: type[c.Act]) -> None:
    for option in options_of(model).values():
        said = get_args(option.parameter().annotation)[1].help
        first, *rest = [set(re.findall(r"[a-z]{4,}", part)) for part in said.lower().split("; ")]
        assert not any(len(first) > 2 and first <= part for part in rest), said


def test_an_option_that_may_be_repeated_says_so_once(escalate: Escalate) -> None:
    said = re.sub(r"[│\s]+", " ", escalate("add_item", "--help").out)
    assert "Who has to approve it, of a checklist item or a checkpoint; may be repeated" in said


def test_a_command_is_found_however_its_words_are_joined(escalate: Escalate) -> None:
    assert escalate("offer-handoff", "--help").out.count("hand") == escalate("offer_handoff", "--help").out.count(
        "hand"
    )


def test_a_person_may_be_named_without_the_kind_and_others_with_it() -> None:
    assert read(c.Acknowledge, by="eva.novak") == c.Acknowledge(by="person:eva.novak")
    assert read(c.Note, by="agent:bot", text="x") == c.Note(by="agent:bot", text="x")


def test_instants_are_read_in_words() -> None:
    command = read(c.AddItem, by="eva", title="mend it", owner="mei", due="2d")
    assert command == c.AddItem(
        by="person:eva", title="mend it", owner="person:mei", due=datetime(2026, 11, 22, 9, tzinfo=UTC)
    )


def test_facts_keep_their_types() -> None:
    facts = ["credit.amount=150", "flags.legal=true", 'affected_systems=["a", "b"]', "change.plan=restart it = now"]
    command = read(c.ChangeFacts, by="eva", facts=facts)
    assert isinstance(command, c.ChangeFacts)
    assert command.facts == {
        "credit.amount": 150.0,
        "flags.legal": True,
        "affected_systems": ("a", "b"),
        "change.plan": "restart it = now",
    }


def test_the_arguments_of_an_action_keep_their_types() -> None:
    command = read(c.AskApproval, by="agent:bot", action="refund", arguments=["amount=250", "note=late"], because="x")
    assert isinstance(command, c.AskApproval)
    assert command.arguments == {"amount": 250.0, "note": "late"}


def test_lists_are_repeated_and_parts_are_separated() -> None:
    command = read(
        c.SubmitReview,
        by="eva",
        lessons=["look", "listen"],
        items=["mend it | mei | 2026-11-24T10:00+00:00"],
        warranted=False,
    )
    assert isinstance(command, c.SubmitReview)
    assert command.lessons == ("look", "listen")
    assert [(item.title, item.owner) for item in command.items] == [("mend it", "person:mei")]
    assert command.items[0].due == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert command.warranted is False


def test_everything_that_is_wrong_is_named_at_once_by_its_option() -> None:
    found = wrong(c.PutOnHold, until="yesterday")
    assert [problem.partition(":")[0] for problem in found] == ["--until", "--by", "--because"]
    assert "expected how long from now" in found[0]


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (
            c.Rate,
            {"by": "eva", "score": "9"},
            "--score: a whole number that does not fit; expected a whole number from 1 to 5",
        ),
        (c.Rate, {"by": "eva", "score": "many"}, "--score: found text; expected a whole number from 1 to 5"),
        (c.ChangeFacts, {"by": "eva", "facts": ["x"]}, "--fact: `x` has no value; expected NAME=VALUE"),
        (
            c.OfferHandoff,
            {"by": "eva", "to": "x", "because": "y", "expectation": "z"},
            "--to: `x` is no target such as `person:eva` or `team:support`; did you mean `person:x`?",
        ),
        (c.SubmitReview, {"by": "eva", "items": ["a | mei | soon"]}, "--item: expected how long from now"),
        (
            c.SubmitReview,
            {"by": "eva", "items": ["a | mei"]},
            "--item: expected 'TITLE | OWNER | DUE'; `due` is missing",
        ),
        (
            c.SubmitReview,
            {"by": "eva", "items": ["a | mei | 2d", "Alert"]},
            "--item (number 2): expected 'TITLE | OWNER | DUE'; `owner` is missing, `due` is missing",
        ),
        (
            c.AddItem,
            {"by": "eva", "title": "x", "owner": "mei"},
            "--due: `due` is missing; expected how long from now (15m, 2d), a time (18:30, tomorrow 9:00)",
        ),
        (c.Escalate, {"by": "eva", "reason": "x", "because": "y"}, "--reason: `x` is not allowed; expected one of"),
    ],
)
def test_a_wrong_value_is_answered_with_its_option_and_what_was_expected(
    model: type[c.Act], given: dict[str, object], said: str
) -> None:
    (problem,) = wrong(model, **given)
    assert problem.startswith(said)


def test_a_wrong_command_reaches_no_server(escalate: Escalate) -> None:
    said = escalate("rate", "conv-1", "--score", "9", "--json", code=2)
    assert said.out == ""
    assert said.error["problems"] == [
        "--by: `by` is missing; expected an actor such as `person:eva` or `agent:support-bot`, or ESCALATION_BY",
        "--score: a whole number that does not fit; expected a whole number from 1 to 5",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add-item", "--title", "x", "--due", "2d", "--owner", "eva.novk"), "--owner: person:eva.novk is not in"),
        (("reassign", "--because", "x", "--to", "eva.novk"), "--to: person:eva.novk is not in the directory"),
        (("offer-handoff", "--because", "x", "--expectation", "y", "--to", "team:finanse"), "mean `team:finance`?"),
        (("submit-review", "--item", "call them | eva.novk | 2d"), "--item: person:eva.novk is not in the directory"),
    ],
)
def test_nothing_is_handed_to_somebody_whom_the_directory_of_the_settings_does_not_know(
    escalate: Escalate, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    command, *rest = arguments
    asked = (command, "e-1", "--by", "eva.novak", *rest)
    escalate(*asked, code=3)  # without a directory in the settings, who there is may be another matter at the worker
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(example_file()))
    refused = escalate(*asked, code=2).err
    assert said in refused
    assert "did you mean" in refused


def test_whoever_acts_is_in_the_directory_of_the_settings(escalate: Escalate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(example_file()))
    said = escalate("acknowledge", "e-1", "--by", "jana.kralov", code=2).err
    assert "--by: person:jana.kralov is not in the directory; did you mean `person:jana.kralova`?" in said
    escalate("confirm-resolution", "e-1", "--by", "agent:bot", code=3)


def test_what_is_empty_is_called_so_and_a_link_is_asked_for_as_one() -> None:
    for text in ("", "   "):
        (problem,) = wrong(c.Reassign, by="eva.novak", to="jana.kralova", because=text)
        assert problem.startswith("--because: is empty; expected text"), problem
    given = {"what_happened": "x", "who_is_affected": "y", "why_urgent": "z"}
    (problem,) = wrong(c.ReportBaseline, by="eva.novak", recording="notaurl", **given)
    assert problem == "--recording: text that does not fit; expected a link such as `https://meet.example/77`"


def test_whom_the_directory_knows_may_be_given_something(escalate: Escalate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(example_file()))
    escalate("reassign", "e-1", "--by", "eva.novak", "--because", "x", "--to", "jana.kralova", code=3)
    escalate(
        "offer-handoff", "e-1", "--by", "eva.novak", "--because", "x", "--expectation", "y", "--to", "role:ceo", code=3
    )


def test_whoever_is_nearly_named_is_guessed_by_the_name_and_not_by_the_kind(
    escalate: Escalate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(example_file()))
    said = escalate("acknowledge", "e-1", "--by", "nobody.here", code=2).err
    assert "--by: person:nobody.here is not in the directory\n" in said
    wrong_kind = escalate("offer-handoff", "e-1", "--by", "eva.novak", "--to", "team:jana.kralova", code=2).err
    assert "did you mean" not in wrong_kind  # what is missing is said first
    rest = ("--by", "eva.novak", "--because", "x", "--expectation", "y")
    wrong_kind = escalate("offer-handoff", "e-1", *rest, "--to", "team:jana.kralova", code=2).err
    assert "did you mean `person:jana.kralova`?" in wrong_kind


def test_where_a_target_is_meant_a_person_may_be_named_without_the_kind(
    escalate: Escalate, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("offer-handoff", "e-1", "--by", "eva.novak", "--because", "x", "--expectation", "y", "--to")
    assert "did you mean `person:jana.kralova`?" in escalate(*asked, "jana.kralova", code=2).err
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(example_file()))
    escalate(*asked, "jana.kralova", code=3)  # known, hence sent
    assert "did you mean `person:jana.kralova`?" in escalate(*asked, "jana.kralov", code=2).err
    assert "did you mean `team:finance`?" in escalate(*asked, "finance", code=2).err


@pytest.mark.req("EP-F14")
def test_two_escalations_are_linked_by_their_ids_and_what_the_other_one_is() -> None:
    command = read(c.Link, by="eva.novak", other="web-2", relation="external", because="the same outage")
    assert command == c.Link(
        by="person:eva.novak", other="escalation-web-2", relation="external", because="the same outage"
    )
    options = options_of(c.Link)
    assert (options["other"].flag, options["relation"].flag) == ("OTHER", "--as")


def names_in(app: typer.Typer) -> list[str]:
    groups = [each.typer_instance.info.name for each in app.registered_groups if each.typer_instance is not None]
    return [str(name) for name in (*(each.name for each in app.registered_commands), *groups)]


@pytest.mark.parametrize("part", PARTS)
def test_each_module_of_the_command_line_has_the_commands_that_the_table_says(part: str) -> None:
    app = typer.Typer()
    import_module(f"starter.{part}").add_commands(app)
    of_the_registry = [name for name in c.COMMANDS if name != "migrate"]
    assert names_in(app) == (of_the_registry if part == "commands" else list(PARTS[part]))


def test_a_command_that_was_typed_is_there_and_with_it_no_other_modules() -> None:
    assert names_in(build("offer-handoff")) == ["offer_handoff"]
    assert names_in(build("list")) == list(PARTS["views"])
    assert names_in(build("oncall")) == ["oncall"]


def test_the_help_and_what_was_mistyped_have_every_command() -> None:
    every = {name for part in PARTS.values() for name in part} | {*c.COMMANDS}
    assert {*names_in(build())} == {*names_in(build("--help"))} == {*names_in(build("acknowlege"))} == every


def test_no_command_hides_another_of_the_same_name() -> None:
    named = [each.name for each in build().registered_commands]
    assert sorted(named, key=str) == sorted(set(named), key=str)
