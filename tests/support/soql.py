"""As much of SOQL as a test double needs: a query read by its grammar, so that a wrongly quoted value shows."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

Row = dict[str, Any]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<at>\d{4}-\d\d-\d\dT[\d:]+Z)|(?P<number>\d+)"
    r"|(?P<word>[A-Za-z][\w.]*)|(?P<sign>!=|>=|<=|[=><(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class Malformed(Exception):
    """What Salesforce answers with MALFORMED_QUERY."""


class Query:
    """A query that was read."""

    def __init__(self, soql: str) -> None:
        self._tokens = self._cut(soql)
        self._expect("SELECT")
        self.fields = [self._next()[1]]
        while self._took(","):
            self.fields.append(self._next()[1])
        self._expect("FROM")
        self.sobject = self._next()[1]
        self.where: Callable[[Row], bool] = self._any() if self._took("WHERE") else lambda _: True
        self.order: list[tuple[str, bool]] = []
        if self._took("ORDER"):
            self._expect("BY")
            self.order.append(self._direction())
            while self._took(","):
                self.order.append(self._direction())
        self.limit = int(self._next()[1]) if self._took("LIMIT") else 2000
        if self._tokens:
            raise Malformed(f"unexpected {self._tokens[0][1]}")

    def run(self, rows: list[Row]) -> list[Row]:
        """Return the rows that are asked for, with the fields that are."""
        found = [row for row in rows if self.where(row)]
        for field, descending in reversed(self.order):
            found.sort(key=lambda row: value(row, field), reverse=descending)
        return [self._chosen(row) for row in found[: self.limit]]

    def _chosen(self, row: Row) -> Row:
        chosen: Row = {"attributes": {"type": self.sobject}}
        for field in self.fields:
            here, *path = field.split(".")
            place = chosen
            for name in path:
                place = place.setdefault(here, {})
                here = name
            place[here] = value(row, field)
        return chosen

    def _cut(self, soql: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        while soql[place:].strip():
            found = _TOKEN.match(soql, place)
            if found is None:
                raise Malformed(f"unexpected token at {place}")
            tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()
        return tokens

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise Malformed("unexpected end")
        return self._tokens.pop(0)

    def _took(self, word: str) -> bool:
        if self._tokens and self._tokens[0][0] != "text" and self._tokens[0][1] == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise Malformed(f"expected {word}")

    def _direction(self) -> tuple[str, bool]:
        field = self._next()[1]
        descending = self._took("DESC")
        return field, descending or (self._took("ASC") and False)

    def _any(self) -> Callable[[Row], bool]:
        parts = [self._all()]
        while self._took("OR"):
            parts.append(self._all())
        return lambda row: any(part(row) for part in parts)

    def _all(self) -> Callable[[Row], bool]:
        parts = [self._one()]
        while self._took("AND"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Callable[[Row], bool]:
        if self._took("("):
            inner = self._any()
            self._expect(")")
            return inner
        field, sign = self._next()[1], self._next()[1]
        if sign == "IN":
            self._expect("(")
            wanted = [self._value()]
            while self._took(","):
                wanted.append(self._value())
            self._expect(")")
            return lambda row: value(row, field) in wanted
        if sign == "LIKE":
            pattern = re.escape(str(self._value())).replace("%", ".*").replace("_", ".")
            return lambda row: re.fullmatch(pattern, str(value(row, field)), re.DOTALL | re.IGNORECASE) is not None
        asked = self._value()
        compare: dict[str, Callable[[Any, Any], bool]] = {
            "=": lambda a, b: a == b,
            "!=": lambda a, b: a != b,
            ">": lambda a, b: a is not None and a > b,
            "<": lambda a, b: a is not None and a < b,
        }
        if sign not in compare:
            raise Malformed(f"unexpected {sign}")
        return lambda row: compare[sign](_comparable(value(row, field)), asked)

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
        if kind == "at":
            return datetime.fromisoformat(text)
        if kind == "number":
            return int(text)
        if text in {"null", "true", "false"}:
            return {"null": None, "true": True, "false": False}[text]
        raise Malformed(f"unexpected {text}")


def value(row: Row, field: str) -> Any:
    """Return a field, also of a record that is referred to."""
    found: Any = row
    for name in field.split("."):
        found = found.get(name) if found is not None else None
    return found


def _comparable(found: Any) -> Any:
    """An instant of a record is a text such as ``2026-11-22T09:00:00.000+0000``."""
    return datetime.fromisoformat(found) if isinstance(found, str) and found.endswith("+0000") else found
