"""What conditions can say, alone and together: tried over the values at which they could change their mind."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, islice, product
from math import prod
from typing import NamedTuple

from escalation.lifecycle.facts import condition
from escalation.playbook.conditions import fact_types
from escalation.playbook.facts import FactType, FactValue
from escalation.playbook.schema import Playbook

TRIED = 20_000
"""At most so many combinations of values are tried for one condition."""
TRIED_TOGETHER = 6_000
"""At most so many combinations of values are tried for conditions that read the same facts."""
CASES = 4_096
"""At most so many cases are told apart."""

_TEXT = re.compile(r"""\"([^"\\]*)\"|'([^'\\]*)'""")
_NUMBER = re.compile(r"(?<![\w.\"'])-?\d+(?:\.\d+)?")
_COMPUTES = re.compile(
    r"\.?\b(size|matches|contains|startsWith|endsWith|all|exists|exists_one|map|filter)\s*\(|[+*/%?]"
)
"""What makes a condition change its mind at values that it does not name."""

Values = Mapping[str, FactValue]
Truths = tuple[bool, ...]


class Together(NamedTuple):
    """What some conditions can say together."""

    truths: tuple[Truths, ...]
    """Each way in which they can be true and false at once, one flag for each condition."""
    complete: bool
    """False: there were too many, and these are that none is true, and each alone."""


def never_true(playbook: Playbook, text: str) -> bool:
    """Tell that a condition is false for every combination of the values it speaks of, and of those beside them.

    A condition changes its mind only at values that it names, or that its playbook names for a field. Where there are
    more combinations than are tried, or it computes something, it counts as one that can be true.
    """
    if _computes(text):
        return False
    compiled = condition(playbook, text)
    tried = 0
    for facts in _combinations(playbook, [text], sorted(compiled.reads), {}, TRIED):
        tried += 1
        if compiled.true(facts):
            return False
    return tried < TRIED


class Reach:
    """What a playbook's conditions can say together; remembers what it has tried."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self._known: dict[object, Together] = {}

    def together(self, texts: Sequence[str], fixed: Values | None = None) -> Together:
        """Return every way in which conditions can be true and false at once, where some facts have these values.

        Conditions that read no fact in common are tried apart. One that computes something may be both at any time.
        """
        fixed = fixed or {}
        reads = [condition(self.playbook, text).reads - fixed.keys() for text in texts]
        parts = list(_connected(reads))
        found = [self._part([texts[index] for index in part], fixed) for part in parts]
        if not all(each.complete for each in found) or prod(len(each.truths) for each in found) > CASES:
            return Together(tuple(_one_by_one(len(texts), lambda index: self._part([texts[index]], fixed))), False)
        truths = []
        for several in product(*(each.truths for each in found)):
            row = [False] * len(texts)
            for part, values in zip(parts, several, strict=True):
                for index, value in zip(part, values, strict=True):
                    row[index] = value
            truths.append(tuple(row))
        return Together(tuple(sorted(set(truths), reverse=True)), True)

    def _part(self, texts: Sequence[str], fixed: Values) -> Together:
        compiled = [condition(self.playbook, text) for text in texts]
        read = {name for each in compiled for name in each.reads}
        given = {name: value for name, value in fixed.items() if name in read}
        key = (tuple(texts), tuple(sorted(given.items(), key=str)))
        if key not in self._known:
            self._known[key] = self._tried(texts, sorted(read - given.keys()), given)
        return self._known[key]

    def _tried(self, texts: Sequence[str], names: list[str], given: Values) -> Together:
        if any(map(_computes, texts)):
            free = 2 ** len(texts) <= CASES
            return Together(tuple(product((True, False), repeat=len(texts))) if free else (), free)
        compiled = [condition(self.playbook, text) for text in texts]
        tried, truths = 0, set()
        for facts in _combinations(self.playbook, texts, names, given, TRIED_TOGETHER):
            tried += 1
            truths.add(tuple(each.true(facts) for each in compiled))
        return Together(tuple(sorted(truths, reverse=True)), tried < TRIED_TOGETHER)


def _one_by_one(count: int, alone: Callable[[int], Together]) -> Iterator[Truths]:
    """Yield that none is true, and each alone; what is always true, or never, stays so."""
    each = [alone(index) for index in range(count)]
    can = [{truth[0] for truth in one.truths} if one.complete else {True, False} for one in each]
    least = tuple(values == {True} for values in can)
    yield least
    for index, values in enumerate(can):
        if values == {True, False}:
            yield (*least[:index], True, *least[index + 1 :])


def _connected(reads: Sequence[frozenset[str]]) -> Iterator[list[int]]:
    """Yield the places of those that belong together because they read the same facts, or others that do."""
    left = list(range(len(reads)))
    while left:
        part, names, grown = [left.pop(0)], set[str](), True
        names |= reads[part[0]]
        while grown:
            more = [index for index in left if reads[index] & names]
            grown = bool(more)
            part += more
            names.update(*(reads[index] for index in more))
            left = [index for index in left if index not in more]
        yield sorted(part)


def _computes(text: str) -> bool:
    return _COMPUTES.search(_TEXT.sub('""', text)) is not None


def _combinations(
    playbook: Playbook, texts: Sequence[str], names: Sequence[str], given: Values, most: int
) -> Iterator[dict[str, FactValue]]:
    types, text = fact_types(playbook), "\n".join(texts)
    choices = [_values(playbook, text, name, types[name]) for name in names]
    for values in islice(product(*choices), most):
        facts = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        yield {**given, **facts}


def _values(playbook: Playbook, text: str, name: str, kind: FactType) -> list[FactValue | None]:
    values: list[FactValue | None] = list(dict.fromkeys(_candidates(playbook, text, name, kind)))
    return [*values, None]


def _candidates(playbook: Playbook, text: str, name: str, kind: FactType) -> Iterator[FactValue]:
    words = list(dict.fromkeys(double or single for double, single in _TEXT.findall(text)))
    policy = playbook.fields.get(name)
    if kind is FactType.FLAG:
        yield from (True, False)
    elif kind is FactType.NUMBER:
        numbers = [float(number) for number in _NUMBER.findall(_TEXT.sub("", text))]
        # A threshold that another fact holds is a number like any other.
        tables = (playbook.confidence, *playbook.confidence_by_source.values()) if "confidence" in text else ()
        numbers += [threshold.below for table in tables for threshold in table.values()]
        low, high = (policy.minimum, policy.maximum) if policy is not None else (None, None)
        for number in (*numbers, 0.0, 1.0):
            for near in (number, number - 0.5, number + 0.5, number - 0.001, number + 0.001):
                if (low is None or near >= low) and (high is None or near <= high):
                    yield near
    elif kind is FactType.TEXT:
        allowed = list(policy.values) if policy is not None and policy.values else [*words, "something else"]
        if name == "severity":
            allowed = [level.name for level in playbook.severity.scale]
        yield from allowed
    else:
        yield from _lists(words)


_FEW_WORDS = 4


def _lists(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    if len(words) <= _FEW_WORDS:
        return chain.from_iterable(combinations(words, count) for count in range(len(words) + 1))
    return [(), *((word,) for word in words), tuple(words)]
