"""The commands of people and services, each made from its entry in ``COMMANDS``: ``escalate acknowledge ID --by eva``.

A field becomes an option of the same name; a list is an option that may be repeated (in the singular). The model's own
JSON schema says how each is read, and the model itself checks them, so everything that is wrong is said at once.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

import typer
from pydantic import ValidationError

from escalation.errors import DocumentError, RequestRefused
from escalation.explain import Problem, did_you_mean, explain
from escalation.model.commands import COMMANDS, Act, Answer
from escalation.values import Actor, Holder, ItemOwner, Party, Reader, Receiver, Target
from starter.docstrings import field_docs
from starter.session import AsJson, EscalationId, connect_to_send, full_id, load, run, say
from starter.when import EXPECTED, parse_instant

PANELS = {
    "ladder": "Take it, pass it on",
    "ownership": "Take it, pass it on",
    "case": "Say what is new",
    "timeline": "Write on the timeline",
    "approval": "Approve, ask for approval",
    "items": "Work items",
    "communication": "Keep stakeholders informed",
    "statements": "Keep stakeholders informed",
    "incident": "Run an incident",
    "work": "Resolve, review, close",
    "review": "Resolve, review, close",
    "records": "Keep records",
}
"""Under which heading the commands of each module of the registry stand in the help."""

_Schema = Mapping[str, Any]
_ACTOR = get_args(Actor)[1].pattern
_NAMES_A_PERSON = (_ACTOR, get_args(Holder)[1].pattern)
_NAMES_A_TARGET = {get_args(kind)[1].pattern for kind in (Party, Receiver, Target, Reader, ItemOwner)}
_SEPARATOR = "|"
_BY = "ESCALATION_BY"
_OF_THEIR_OWN = ("migrate",)
"""Commands that have a program of their own: it can say before what they would do."""
_FOUND_ELSEWHERE = ("raci", "authority", "customer", "service", "agent")
"""Kinds of receivers that a directory does not list by name."""
_SECOND = "other"
"""The field that is a second escalation: it stands behind the first, without an option."""
_PLACES = {
    _SECOND: "OTHER",
    "relation": "--as",
    "ai_would_have_been_right": "--ai-right",
    "priorities": "--priority",
    "baseline": "--watch-first",
}
_WORDS = {
    "by": "who acts: a person's id, or agent:ID, service:ID, customer:ID",
    "because": "why, in a sentence",
    "to": "who is to have it",
    "expectation": "what is expected of them",
    "owner": "who is to do it",
    "text": "what to write",
    "severity": "a name or alias on the playbook's scale",
    "facts": 'a fact; its value is a number, true, false, ["a", "list"] or text',
    "due": "2d, tomorrow 9:00, 2026-11-24 14:00",
    "until": "2h, 18:30, 2026-11-24 14:00",
    "summary": "what it is about",
    "impact": "who is affected, and how much",
    "constraints": "what must not be done, and until when",
    "help_needed": "what is asked of people",
    "cause": "why it happened",
    "resolution": "how it was solved",
    "attachment": "what it is, and where",
    "attempted_solutions": "what was tried, and what came of it",
    "items": "an action item",
    "lessons": "something learned",
    "score": "1 to 5, 5 is best",
    "item": "its id, such as i1",
    "result": "what came of it",
    "comment": "in your own words",
    "gate": "which approval",
    "level": "which level; without it, the next",
    "reason": "what is lacking here",
    "title": "what is to be done",
    "audiences": "who is to hear it",
    "stakeholder": "whose answer it is",
    "customer_text": "what customers are to read",
    "replaces": "the id of what it takes the place of, such as d1 or p1",
    "name": "which milestone",
    "which": "its id, such as s1",
    "blocked_by": "an item that has to be done first",
    "blocks": "an item that waits for it",
    "label": "of which integration, system or team it is",
    "area": "what kind of task it is",
    "approvers": "who has to approve it",
    "content": "what was done or found, or where that stands",
    "digest": "of what you have read",
    "detail": "what is to be known of it",
    "of": "who has to supply it: a person, team, customer or service",
    "hand_items_to": "who has its open work items from then on",
    "typed": "assessment, execution or approval",
    "behind": "the checkpoint that must be passed first, such as p2",
    "priorities": "the most important first",
    "other": "the id of the other escalation",
    "changes": "a lesson that leads to a change: playbook, directory, rule, training, fix",
    "lesson": "its id, such as l1",
    "part": "which part of the review",
    "entry": "its number on the timeline, as in ID#12",
    "kind": "what kind it is",
    "url": "where it is",
    "mark": "which reaction",
    "join_url": "where people join",
    "action": "what is to be done, as the playbook names it",
    "arguments": "an argument of it",
    "approval": "its id, such as a1",
    "who": "who it is",
    "what": "what it is about",
    "guidance": "what the AI is to go on with",
    "activity": "as the playbook names it",
    "draft": "its id, such as d1",
    "executes": "who carries the work out",
    "approves": "who gives the final approval",
    "task": "what is to be done",
    "assignee": "who is to do it",
    "handoff": "its id, such as h1",
    "call": "its id in the telephone system",
    "giver": "who had it",
    "receiver": "who has it now",
    "at": "2026-11-24T10:45+01:00",
    "packet_version": "the version that was read",
}

_SAID_BY_THE_MODEL = (
    *("approvers", "assignee", "audiences", "behind", "blocked_by", "blocks", "call", "changes", "content", "digest"),
    *("hand_items_to", "label", "packet_version"),
)
"""Fields of which a model that says anything says the same as ``_WORDS``, and more."""
_SAID_HERE = ("of", "replaces")
"""Fields of which ``_WORDS`` say the same as the model, and more."""


def add_commands(app: typer.Typer) -> None:
    """Register every command of the registry under its own name."""
    for command in COMMANDS:
        add_command(app, command)


def add_command(app: typer.Typer, typed: str) -> bool:
    """Register one command, however its words are joined; return whether the registry has it."""
    command = typed.replace("-", "_")
    model = COMMANDS.get(command)
    if model is None or command in _OF_THEIR_OWN:
        return False
    app.command(command, rich_help_panel=PANELS[model.__module__.rpartition(".")[2]])(_program(command, model))
    return True


def _program(command: str, model: type[Act]) -> Callable[..., None]:
    options = options_of(model)

    def program(escalation: str, as_json: bool, **given: Any) -> None:
        act = read_act(model, options, given, datetime.now(UTC))
        require_known(act, options)
        answer = run(_send(full_id(escalation), act))
        entry = f"\n{answer.ref}" if answer.ref else ""
        say(answer, answer.message + entry, as_json=as_json)

    parameters = [
        inspect.Parameter("escalation", inspect.Parameter.KEYWORD_ONLY, annotation=EscalationId),
        # Who, what, why, as the fields stand; what only programs use comes last.
        *(options[field].parameter() for field in sorted(options, key="command_id".__eq__)),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, annotation=AsJson, default=False),
    ]
    program.__name__ = command
    program.__doc__ = inspect.getdoc(model)
    program.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    program.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    return program


async def _send(escalation: str, act: Act) -> Answer:
    return await (await connect_to_send()).send(escalation, act)


class Option:
    """One field of a command as an option: how it is spelt, and how its text is read."""

    def __init__(self, field: str, schema: _Schema, definitions: _Schema, docs: str, *, required: bool) -> None:
        self.field = field
        self._definitions = definitions
        self._schema = self._followed(schema)
        self._required = required
        self._member = self._followed(self._schema["items"]) if self._kind == "array" else None
        spelt = field.removesuffix("s") if self.repeated else field
        self.flag = _PLACES.get(field) or f"--{spelt.replace('_', '-')}"
        own = "" if docs and field in _SAID_BY_THE_MODEL else _WORDS.get(field, "")
        said = [own, "" if own and field in _SAID_HERE else docs.rstrip(".")]
        self._docs = "; ".join(filter(None, [*said, "may be repeated" if self.repeated else ""]))

    @property
    def repeated(self) -> bool:
        """Whether it may be given several times."""
        return self._kind == "array" or "additionalProperties" in self._schema

    @property
    def form(self) -> str:
        """How the parts of one value are written, of an option that has parts; else empty."""
        schema = self._member or self._schema
        if "properties" not in schema:
            return ""
        return f"'{f' {_SEPARATOR} '.join(field.upper() for field in schema['properties'])}'"

    @property
    def is_instant(self) -> bool:
        """Whether its value is a moment."""
        return self._schema.get("format") == "date-time"

    def parameter(self) -> inspect.Parameter:
        """Return what typer makes the option of. None is required there: the model names all that is missing."""
        if self.field == _SECOND:
            place = typer.Argument(metavar=self.flag, help=self._docs, show_default=False)
            return inspect.Parameter(self.field, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, place])
        flag = self._kind == "boolean"
        option = typer.Option(
            f"{self.flag}/--not-{self.flag[2:]}" if flag else self.flag,
            help=self._docs + (" (required)" if self._required else ""),
            metavar=None if flag else self._metavar(),
            envvar=_BY if self.field == "by" else None,
            show_envvar=False,
        )
        kind: Any = bool if flag else list[str] if self.repeated else str
        return inspect.Parameter(
            self.field, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind | None, option], default=None
        )

    def read(self, given: Any, now: datetime) -> Any:
        """Turn text into what the model checks; raises ValueError where people write otherwise than the model reads."""
        if self.field == _SECOND:
            return full_id(given)
        if "additionalProperties" in self._schema:
            return dict(_fact(text) for text in given)
        if self._member is not None:
            return [self._read(text, self._member, now) for text in given]
        return self._read(given, self._schema, now)

    @property
    def _kind(self) -> str:
        return str(self._schema.get("type", ""))

    def _followed(self, schema: _Schema) -> _Schema:
        """Return the schema behind a reference, and of something that may be absent the schema of what is there."""
        if "$ref" in schema:
            return self._followed(self._definitions[schema["$ref"].rpartition("/")[2]])
        present = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
        return self._followed(present[0]) if len(present) == 1 else schema

    def _read(self, text: Any, schema: _Schema, now: datetime) -> Any:
        if not isinstance(text, str):
            return text
        if "properties" in schema:
            return self._parts(text, schema["properties"], now)
        pattern = str(schema.get("pattern", ""))
        if pattern in _NAMES_A_PERSON:
            return text if ":" in text else f"person:{text}"
        if pattern in _NAMES_A_TARGET and ":" not in text and not re.search(pattern, text):
            return _target(text)
        if schema.get("format") == "date-time":
            return None if text.strip().lower() == "none" else parse_instant(text, now)
        return int(text) if schema.get("type") == "integer" and text.lstrip("-").isdecimal() else text

    def _parts(self, text: str, properties: _Schema, now: datetime) -> Any:
        """Read ``A | B | C`` as the fields of a model, in their order."""
        parts = [part.strip() for part in text.split(_SEPARATOR)]
        named = zip(properties.items(), parts, strict=False)
        return {field: self._read(part, self._followed(schema), now) for (field, schema), part in named}

    def _metavar(self) -> str:
        schema = self._member or self._schema
        if "additionalProperties" in schema:
            return "NAME=VALUE"
        if self.form:
            return self.form
        if "enum" in schema:
            return "|".join(map(str, schema["enum"]))
        if schema.get("pattern") in _NAMES_A_PERSON:
            return "PERSON"
        return {"date-time": "WHEN"}.get(schema.get("format", ""), "NUMBER" if self._kind == "integer" else "TEXT")


def options_of(model: type[Act]) -> dict[str, Option]:
    """Return the options of a command, by field."""
    schema = model.model_json_schema()
    docs, definitions = field_docs(model), schema.get("$defs", {})
    return {
        field: Option(field, part, definitions, docs.get(field, ""), required=field in schema.get("required", ()))
        for field, part in schema["properties"].items()
    }


def read_act(model: type[Act], options: Mapping[str, Option], given: Mapping[str, Any], now: datetime) -> Act:
    """Make the command of what was typed.

    Raises:
        RequestRefused: naming every option that is wrong or missing.
    """
    data: dict[str, Any] = {}
    problems: dict[str, tuple[str, str]] = {}
    for field, value in given.items():
        if value is not None and value != []:
            try:
                data[field] = options[field].read(value, now)
            except ValueError as error:
                problems[field] = (options[field].flag, str(error))
    data = json.loads(json.dumps(data, default=str))
    try:
        act = model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        wrong = [problem for problem in explain(data, model, error.errors()) if problem.path[0] not in problems]
        raise RequestRefused([*problems.values(), *_typed(options, wrong)]) from None
    if problems:
        raise RequestRefused(list(problems.values()))
    return act


def _known() -> list[str] | None:
    """Return everybody whom the directory of the settings knows; nothing without one that is named and can be read."""
    settings = load()
    if "directory" not in settings.model_fields_set:
        return None
    # Not loaded by commands that name nobody, nor where no directory is named.
    from escalation.people.directory import load_directory
    from starter.people import names_of

    try:
        return names_of(load_directory(settings.directory))
    except DocumentError:
        return None  # a worker goes on with the last good version, which is not known here


def _target(text: str) -> str:
    """Complete an id without its kind where a target is meant; raises ValueError, saying what was probably meant."""
    from starter.people import as_target

    known = _known()
    target = as_target(text, known or ())
    if target != text or not text.strip():
        return target
    meant = did_you_mean(text, known or (f"person:{text}",))
    raise ValueError(f"`{text[:64]}` is no target such as `person:eva` or `team:support`{meant}")


_ELSEWHERE = ("level", "system", "agent")
"""Kinds of receivers that stand in no directory."""


def require_known(act: Act, options: Mapping[str, Option]) -> None:
    """Refuse to hand anything to somebody whom the directory does not know, where the settings name a directory.

    Without one named, who there is may be another matter where the worker runs: there it is found out on delivery.

    Raises:
        RequestRefused: naming the option, and who was probably meant.
    """
    targets = [
        (field, getattr(act, field))
        for field in ("owner", "to", "of", "who", "assignee", "hand_items_to")
        if getattr(act, field, None)
    ]
    targets = [(field, target) for field, target in targets if target.partition(":")[0] not in _ELSEWHERE]
    targets += [("by", act.by)] if act.by.startswith("person:") else []
    targets += [(field, each.owner) for field in ("items", "changes") for each in getattr(act, field, ())]
    targets = [(field, target) for field, target in targets if target is not None]
    if not targets:
        return
    known = _known()
    if known is None:
        return
    wrong = [
        (options[field].flag, f"{target} is not in the directory{did_you_mean(target, known)}")
        for field, target in targets
        if target not in known and target.partition(":")[0] not in _FOUND_ELSEWHERE
    ]
    if wrong:
        raise RequestRefused(wrong)


def _typed(options: Mapping[str, Option], wrong: Sequence[Problem]) -> list[tuple[str, str]]:
    """Say of problems with the model's data what was to be typed; those with parts of one value are one."""
    found: dict[str, str] = {}
    for path, message in wrong:
        option = options.get(str(path[0])) if path else None
        if option is None:
            found[".".join(map(str, path))] = message
        elif option.form and len(path) > 1:
            *place, part = path[1:]
            where = option.flag + (f" (number {int(place[0]) + 1})" if place and place[0] else "")
            form, missing = f"expected {option.form}", message.startswith(f"`{part}` is missing")
            said = message.partition(";")[0] if missing else f"{str(part).upper()}: {message}"
            found[where] = f"{found[where]}, {said}" if where in found else f"{form}; {said}"
        else:
            found[" ".join([option.flag, ".".join(map(str, path[1:]))]).strip()] = _as_typed(option, message)
    return list(found.items())


def _as_typed(option: Option, message: str) -> str:
    said, expected, _ = message.partition("; expected ")
    if option.is_instant and expected:
        return f"{said}; {EXPECTED}"
    return f"{message}, or {_BY}" if option.field == "by" and said.endswith("is missing") else message


def _fact(text: str) -> tuple[str, Any]:
    fact, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"`{fact[:64]}` has no value; expected NAME=VALUE")
    try:
        return fact.strip(), json.loads(value)
    except ValueError:
        return fact.strip(), value
