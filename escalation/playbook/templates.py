"""Templates of messages: Jinja, made small enough that no template can hang a worker. Only this module imports Jinja.

What is left of the language cannot run for long: no calls, no arithmetic, no assignments, loops only over lists that
were given, one within another at most, and a limited number of turns and characters for a whole message.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from escalation.explain import did_you_mean
from escalation.playbook.messages import PARTS, Message, top_level

MAX_SOURCE: Final = 10_000
"""Longest template, in characters."""
MAX_TEXT: Final = 50_000
"""Longest text that a template may make."""
MAX_TURNS: Final = 2_000
"""Most turns of all loops of one text."""

OWN_FILTERS: Final = (
    "instant",
    "duration",
    "plural",
    "choose",
    "listed",
    "commas",
    "spaced",
    "name",
    "shorten",
    "capital",
)
"""Filters for receivers; the activity that delivers gives them their language, zone and names."""
_GIVEN_FILTERS: Final = ("default", "first", "last", "length", "lower", "trim", "upper")
_TESTS: Final = ("defined", "none")
CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")
"""Plural forms, as Unicode names them."""

_ALLOWED: Final = (
    nodes.And,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Filter,
    nodes.For,
    nodes.Getattr,
    nodes.If,
    nodes.Include,
    nodes.Keyword,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
    nodes.Test,
)
_SAID: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "calls",
    nodes.Getitem: "[...]",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.BinExpr: "arithmetic",
    nodes.Extends: "extends",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Macro: "macro",
    nodes.List: "lists",
    nodes.Dict: "mappings",
    nodes.Tuple: "tuples",
}


class TemplateRefused(ValueError):
    """A template that may not be used; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _TooLong(ValueError):
    """A template makes more text, or takes more turns, than a message may have."""


class Templates:
    """Compiles templates with their filters and parts; ``html`` escapes what values say, for e-mail in HTML."""

    def __init__(
        self,
        filters: Mapping[str, Callable[..., Any]],
        parts: Mapping[str, str] | None = None,
        *,
        html: bool = False,
    ) -> None:
        env = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined,
            autoescape=html,
            trim_blocks=True,
            lstrip_blocks=True,
            loader=jinja2.DictLoader(dict(parts or {})),
        )
        env.globals.clear()
        env.filters = {name: env.filters[name] for name in _GIVEN_FILTERS} | dict(filters) | {"_turns": _turns}
        env.tests = {name: env.tests[name] for name in _TESTS}
        self._env = env

    def compile(self, source: str) -> jinja2.Template:
        """Compile one template.

        Raises:
            TemplateRefused: it is no template, or says what no template may say.
        """
        tree = self._parse(source)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_turns", [], [], None, None, lineno=loop.lineno)
        tree.set_environment(self._env)
        code = self._env.compile(tree)
        return jinja2.Template.from_code(self._env, code, self._env.make_globals(None))

    def _parse(self, source: str) -> nodes.Template:
        if len(source) > MAX_SOURCE:
            raise TemplateRefused(f"is longer than {MAX_SOURCE} characters", 1)
        try:
            tree = self._env.parse(source)
            # Before it is compiled: Jinja works out what is constant then, however large.
            for message, line in _forbidden(tree):
                raise TemplateRefused(message, line)
            self._env.compile(source)  # an unknown filter or test shows only here
        except jinja2.TemplateSyntaxError as error:
            raise TemplateRefused(f"is no template: {_said(error)}", error.lineno) from None
        return tree

    def problems(self, source: str, message: Message) -> Iterator[tuple[str, int]]:
        """Yield what is wrong with a template for a message, each with its line within the template."""
        try:
            tree = self._parse(source)
        except TemplateRefused as error:
            yield str(error), error.line
            return
        known = top_level(message)
        for name in sorted(meta.find_undeclared_variables(tree) - known):
            line = next((each.lineno for each in tree.find_all(nodes.Name) if each.name == name), 1)
            hint = did_you_mean(name, sorted(known)) or f"; it has {', '.join(sorted(known))}"
            yield f"this message has no value '{name}'{hint}", line
        for get in tree.find_all(nodes.Getattr):
            whole = get.node.name if isinstance(get.node, nodes.Name) else ""
            inner = [name.partition(".")[2] for name in message.values if name.startswith(f"{whole}.")]
            if inner and get.attr not in inner:
                hint = did_you_mean(get.attr, inner) or f"; it has {', '.join(sorted(inner))}"
                yield f"'{whole}' has no '{get.attr}'{hint}", get.lineno
        for include in tree.find_all(nodes.Include):
            part = include.template.value if isinstance(include.template, nodes.Const) else None
            if PARTS.get(part or "") not in known:
                yield f"this message has no part '{part}'", include.lineno


def _forbidden(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Yield what a template says and may not, each with its line."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            what = next((said for kind, said in _SAID.items() if isinstance(node, kind)), type(node).__name__.lower())
            yield f"{what} may not be used in a message; there are values, filters, if and for", node.lineno
        elif isinstance(node, nodes.For):
            if not isinstance(node.iter, nodes.Name | nodes.Getattr):
                yield "for may go over a value only, as in: for part in parts", node.lineno
            if any(True for inner in node.find_all(nodes.For) for _ in inner.find_all(nodes.For)):
                yield "for may stand within one other for, and no deeper", node.lineno
        elif isinstance(node, nodes.Include):
            part = node.template.value if isinstance(node.template, nodes.Const) else None
            if part not in PARTS:
                *others, last = PARTS
                yield f"include may name {', '.join(others)} or {last}, in quotes", node.lineno
        elif isinstance(node, nodes.Filter):
            yield from _forms(node)


def _forms(node: nodes.Filter) -> Iterator[tuple[str, int]]:
    if node.name not in ("plural", "choose"):
        return
    if node.args or node.dyn_args is not None or node.dyn_kwargs is not None:
        yield f"{node.name} takes its forms by name only", node.lineno
    if node.name == "plural":
        forms = [each.key for each in node.kwargs]
        if unknown := next((form for form in forms if form not in CATEGORIES), None):
            yield f"there is no plural form '{unknown}'; expected {', '.join(CATEGORIES)}", node.lineno
        if "other" not in forms:
            yield "plural needs the form 'other'", node.lineno


def _said(error: jinja2.TemplateSyntaxError) -> str:
    said = (error.message or "").rstrip(".")
    _, is_filter, rest = said.partition("No filter named '")
    if not is_filter:
        return said
    name = rest.partition("'")[0]
    known = (*OWN_FILTERS, *_GIVEN_FILTERS)
    return f"there is no filter '{name}'{did_you_mean(name, known) or '; there are ' + ', '.join(sorted(known))}"


BUDGET: Final = "_budget"


@jinja2.pass_context
def _turns(context: Any, items: Any) -> Iterator[Any]:
    """Go over a list, as long as the text has turns left."""
    if isinstance(items, str | Mapping):
        raise TypeError("only a list can be gone over")
    left = context[BUDGET]
    for item in items:
        if not left:
            raise _TooLong(f"takes more than {MAX_TURNS} turns")
        left.pop()
        yield item


def checker() -> Templates:
    """Return what checks templates where they are read: with the names of the filters, and nothing that they do."""

    def stands_in(value: Any, *_: Any, **__: Any) -> Any:
        return value

    return Templates(dict.fromkeys(OWN_FILTERS, stands_in))


def render(template: jinja2.Template, values: Mapping[str, Any]) -> str:
    """Make a text.

    Raises:
        Exception: whatever a template may run into, such as a value that is not there.
    """
    pieces, size = [], 0
    for piece in template.generate(values, **{BUDGET: [None] * MAX_TURNS}):
        size += len(piece)
        if size > MAX_TEXT:
            raise _TooLong(f"makes more than {MAX_TEXT} characters")
        pieces.append(piece)
    return "".join(pieces)
