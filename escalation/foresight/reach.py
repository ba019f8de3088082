"""Whether a condition can be true at all: tried over the values at which it could change its mind."""

import re
from collections.abc import Iterator
from itertools import islice, product

from escalation.lifecycle.facts import condition
from escalation.playbook.conditions import fact_types
from escalation.playbook.facts import FactType, FactValue
from escalation.playbook.schema import Playbook

TRIED = 20_000
"""At most so many combinations of values are tried."""

_TEXT = re.compile(r"""\"([^"\\]*)\"|'([^'\\]*)'""")
_NUMBER = re.compile(r"(?<![\w.\"'])-?\d+(?:\.\d+)?")


def never_true(playbook: Playbook, text: str) -> bool:
    """Tell that a condition is false for every combination of the values it speaks of, and of those beside them.

    A condition changes its mind only at values that it names, or that its playbook names for a field. Where there are
    more combinations than are tried, it counts as one that can be true.
    """
    if "size(" in text:
        return False  # how many there are is not a value that it names
    compiled = condition(playbook, text)
    names = sorted(compiled.reads)
    types = fact_types(playbook)
    choices = [_values(playbook, text, name, types[name]) for name in names]
    tried = 0
    for values in islice(product(*choices), TRIED):
        tried += 1
        facts = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if compiled.true(facts):
            return False
    return tried < TRIED


def _values(playbook: Playbook, text: str, name: str, kind: FactType) -> list[FactValue | None]:
    values: list[FactValue | None] = list(dict.fromkeys(_candidates(playbook, text, name, kind)))
    return [*values, None]


def _candidates(playbook: Playbook, text: str, name: str, kind: FactType) -> Iterator[FactValue]:
    words = [double or single for double, single in _TEXT.findall(text)]
    policy = playbook.fields.get(name)
    if kind is FactType.FLAG:
        yield from (True, False)
    elif kind is FactType.NUMBER:
        numbers = [float(number) for number in _NUMBER.findall(_TEXT.sub("", text))]
        # A threshold that another fact holds is a number like any other.
        numbers += [threshold.below for threshold in playbook.confidence.values()] if "confidence" in text else []
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
        yield ()
        yield from ((word,) for word in words)
        yield tuple(words)
