"""Conditions: CEL expressions over typed facts, checked when the playbook loads and evaluated without I/O.

The only module that knows the CEL library. A condition is true only when CEL says ``true``: a fact that is missing, or
held with another type, makes the part that reads it unknown, and an unknown condition is not true. ``&&`` and ``||``
absorb the unknown as CEL defines: ``unknown || true`` is true, ``unknown && false`` is false.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from escalation.errors import ConditionError
from escalation.playbook.approval_facts import fact_types_of
from escalation.playbook.facts import FACTS, FactType, FactValue
from escalation.playbook.schema import Playbook

_CEL_TYPES: dict[FactType, Any] = {
    FactType.TEXT: cel.Type.STRING,
    FactType.NUMBER: cel.Type.DOUBLE,
    FactType.FLAG: cel.Type.BOOL,
    FactType.LIST: cel.Type.List(cel.Type.STRING),
}

_REFUSED = {
    "duration": "time never hides in a condition: declare it as ack, dwell, a clock or a deadline",
    "timestamp": "time never hides in a condition: declare it as ack, dwell, a clock or a deadline",
    "has": "a missing fact is never true, so there is nothing to ask: compare the fact itself",
    "dyn": "it would switch off the type check",
}

_STRING = re.compile(r"""[rRbB]{0,2}(\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CEL_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?=\n \||\nERROR|$)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '(.*?)'")
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '(.*)'", re.DOTALL)

_SIGNS = {"and": "&&", "or": "||", "not": "!", "=": "=="}

_SPOKEN_TYPES = {
    "string": "text",
    "double": "a number",
    "int": "a whole number",
    "uint": "a whole number",
    "bool": "a flag",
    "list(string)": "a list of texts",
    "null_type": "null",
}

FACT_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
"""What a name must look like (whole) so that a condition can read it."""

RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
"""Words of CEL: no part of a fact's name may be one of them."""


class FactTypes(Mapping[str, FactType]):
    """The names a playbook's conditions may read, with their types. Immutable, and cheap to use as a key."""

    def __init__(self, types: Mapping[str, FactType]) -> None:
        self._types = dict(types)
        self._hash = hash(frozenset(self._types.items()))
        self.compiled: dict[str, Compiled] = {}
        """The conditions that were compiled over these names, by their text."""

    def __getitem__(self, name: str) -> FactType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, FactTypes) and self._types == other._types)


_MANY_ANSWERS = 1_000


class Compiled:
    """A condition that passed the type check.

    ``text`` is what the playbook says, ``reads`` the names of the facts it reads: all of them, and no others.
    """

    __slots__ = ("_answers", "_expression", "_names", "reads", "text")

    def __init__(self, text: str, types: Mapping[str, FactType], expression: Any) -> None:
        self.text = text
        self.reads = frozenset(types)
        self._names = tuple((name, kind is FactType.FLAG) for name, kind in types.items())
        self._expression = expression
        self._answers: dict[tuple[object, ...], bool] = {}

    def true(self, facts: Mapping[str, FactValue]) -> bool:
        """Tell whether the condition is true of these facts; unknown, or of another type than declared, is not true."""
        values = []
        for name, flag in self._names:
            value: object = facts.get(name)
            if isinstance(value, bool) is not flag:
                value = None  # CEL would take a flag for a number, 0 or 1
            values.append(tuple(value) if isinstance(value, list) else value)
        # Most of what is asked was asked before of the same values, and CEL takes ten times as long as a look.
        known = tuple(values)
        answer = self._answers.get(known)
        if answer is None:
            if len(self._answers) >= _MANY_ANSWERS:
                self._answers.clear()
            answer = self._answers[known] = self._evaluate(known)
        return answer

    def _evaluate(self, values: tuple[object, ...]) -> bool:
        data = {
            name: list(value) if isinstance(value, tuple) else value
            for (name, _), value in zip(self._names, values, strict=True)
            if value is not None
        }
        return self._expression.eval(data=data).value() is True

    def __repr__(self) -> str:
        return f"Compiled({self.text!r})"


def compile_condition(text: str, types: Mapping[str, FactType]) -> Compiled:
    """Type-check a condition and make it ready to evaluate; the same text and types give the same object.

    Raises:
        ConditionError: with everything that is wrong with it, in words of the playbook's author.
    """
    known = types if isinstance(types, FactTypes) else FactTypes(types)
    compiled = known.compiled.get(text)
    if compiled is None:
        compiled = known.compiled[text] = _compile(text, known)
    return compiled


_MANY_PLAYBOOKS = 32
_BY_PLAYBOOK: dict[int, tuple[Playbook, FactTypes]] = {}
# A playbook has no cheap hash, and this is asked for every condition that is evaluated. Holding the playbook keeps its
# id from being given to another.


def fact_types(playbook: Playbook) -> FactTypes:
    """Return every name this playbook's conditions may read: the known facts and its own fields."""
    known = _BY_PLAYBOOK.get(id(playbook))
    if known is not None:
        return known[1]
    own = [(name, field.type) for name, field in playbook.fields.items()]
    types = _fact_types((*own, *fact_types_of(playbook.gates, playbook.actions.values()).items()))
    if len(_BY_PLAYBOOK) >= _MANY_PLAYBOOKS:
        _BY_PLAYBOOK.clear()
    _BY_PLAYBOOK[id(playbook)] = (playbook, types)
    return types


@lru_cache(maxsize=256)
def _fact_types(fields: tuple[tuple[str, FactType], ...]) -> FactTypes:
    own = {name: kind for name, kind in fields if usable(name)}
    return FactTypes({**own, **{name: fact.type for name, fact in FACTS.items()}})


def usable(name: str) -> bool:
    """Tell whether a condition can read a fact of this name."""
    return FACT_NAME.fullmatch(name) is not None and RESERVED.isdisjoint(name.split("."))


@lru_cache(maxsize=64)
def _environment(types: FactTypes) -> Any:
    return cel.NewEnv(variables={name: _CEL_TYPES[kind] for name, kind in types.items()})


@lru_cache(maxsize=4_096)
def _compile(text: str, types: FactTypes) -> Compiled:
    code = _code_of(text)
    refused = [f"{name}(...) is not allowed: {why}" for name, why in _REFUSED.items() if _calls(name, code)]
    if refused:
        raise ConditionError(text, tuple(refused))
    try:
        expression = _environment(types).compile(text)
    except RuntimeError as error:
        raise ConditionError(text, _explain(str(error), text, types)) from None
    if expression.return_type() != cel.Type.BOOL:
        kind = expression.return_type().name().lower()
        raise ConditionError(
            text, (f"a condition is true or false, and this one is {_spoken(kind)}: compare it with something",)
        )
    return Compiled(text, {name: types[name] for name in _reads(text, code, types)}, expression)


def _code_of(text: str) -> str:
    """Return the expression without its string literals and comments."""
    return _COMMENT.sub(" ", _STRING.sub('""', text))


def _calls(function: str, code: str) -> bool:
    return re.search(rf"\b{function}\s*\(", code) is not None


def _reads(text: str, code: str, types: FactTypes) -> frozenset[str]:
    """Find what is read: a name is read when the expression no longer compiles without it."""
    candidates = [name for name in types if name in code]
    read = set()
    for name in candidates:
        others = {other: _CEL_TYPES[types[other]] for other in candidates if other != name}
        try:
            cel.NewEnv(variables=others).compile(text)
        except RuntimeError:
            read.add(name)
    return frozenset(read)


def _explain(report: str, text: str, types: FactTypes) -> tuple[str, ...]:
    """Translate what the CEL library reports into sentences for the author of a playbook."""
    found = _CEL_ERROR.findall(report)
    if not found:
        return ("it is nested too deeply" if "recursion" in report else report,)
    lines = text.splitlines() or [""]
    problems: list[str] = []
    for line, column, raw in found:
        source, message = lines[min(int(line), len(lines)) - 1], raw.removesuffix(" [INVALID_ARGUMENT]").strip()
        problems.append(_explain_one(message, source, int(column) - 1, types))
        if message.startswith("Syntax error"):
            break  # what follows a syntax error is only its echo
    return tuple(dict.fromkeys(problems))


def _explain_one(message: str, source: str, at: int, types: FactTypes) -> str:
    where = f"at character {at + 1}"
    undeclared = _UNDECLARED.match(message)
    if undeclared or message.startswith("expression of type"):
        return _unknown(undeclared[1] if undeclared else "", source, at, types)
    overload = _OVERLOAD.match(message)
    if overload:
        operator = overload[1].strip("_").replace("@in", "in").replace("_", "")
        operands = [part.strip() for part in overload[2][1:-1].split(",")]
        if {"int", "double"} <= {part.removeprefix("list(").removesuffix(")") for part in operands}:
            number = _literal_near(source, at)
            wanted = f"write {number}.0" if number else "write 100.0 and not 100"
            return f"{where}: numbers are written with a decimal point: {wanted}"
        return f"{where}: '{operator}' does not work on {' and '.join(_spoken(part) for part in operands)}"
    if message.startswith("Syntax error"):
        rest = source[at : at + 20].strip()
        word = "not" if source[:at].rstrip().endswith("not") else rest.partition(" ")[0]
        hint = f": write '{_SIGNS[word]}' instead of '{word}'" if word in _SIGNS else ""
        return f"{where}: cannot be read {f'near {rest!r}' if rest else 'where the expression ends'}{hint}"
    return f"{where}: {message}"


def _unknown(reported: str, source: str, at: int, types: FactTypes) -> str:
    """Name what is not known at this place, and the known name closest to it."""
    if reported and source[at:].startswith("("):
        return f"at character {at + 1}: there is no function '{reported}' for what it is called on"
    match = next((match for match in _NAME.finditer(source) if match.start() <= at < match.end()), None)
    name = match[0] if match else reported
    place = (match.start() if match else at) + 1
    close = get_close_matches(name, types, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'?" if close else "docs/playbooks.md lists every name, and fields declares more"
    return f"at character {place}: there is no fact '{name}'; {hint}"


def _literal_near(source: str, at: int) -> str:
    """Find the whole number that an operator at this place compares with."""
    numbers = re.finditer(r"(?<![\w.])\d+(?![\w.])", source)
    nearest = min(numbers, key=lambda match: min(abs(match.start() - at), abs(match.end() - at)), default=None)
    return nearest[0] if nearest else ""


def _spoken(kind: str) -> str:
    return _SPOKEN_TYPES.get(kind, kind)
