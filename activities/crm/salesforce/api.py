"""The parts of Salesforce's REST API that the connector uses.

developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest, whose pages are named where a rule comes from.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from activities.http import code_of
from activities.remote import MOST_PAGES, Remote
from escalation.errors import RemoteRefused, RemoteUnavailable, Unreadable

LATER: Final = frozenset({"REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"})
"""Codes that mean "later", the first of them under 403 ("Status Codes and Error Responses")."""
TAKEN: Final = "DUPLICATE_VALUE"
"""Somebody else has just given this value of a unique field to another record."""
MULTIPLE: Final = frozenset({300})
NOT_THERE: Final = frozenset({404})
HALTED: Final = "PROCESSING_HALTED"
"""What a part of a composite call says that was only rolled back with the others."""
Record = dict[str, Any]
_NAMES: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
_BOUND: Final = re.compile(r":([a-z_]+)")


class Name(str):
    """API name of an object or a field, also of a record that is referred to: stands in a query as it is."""

    __slots__ = ()

    def __new__(cls, name: str) -> Self:
        """Make one of a text that is nothing else."""
        if not _NAMES.fullmatch(name):
            raise ValueError("expected the API name of an object or a field")
        return super().__new__(cls, name)


Value = str | int | datetime | Sequence[str]


def bound(soql: str, values: Mapping[str, Value]) -> str:
    """Return a query with its values in place of ``:name``: the only place where values become part of one."""
    return _BOUND.sub(lambda found: _written(values[found[1]]), soql)


def _written(value: Value) -> str:
    """Write a value (SOQL and SOSL Reference, "Reserved Characters", "Date Formats and Date Literals")."""
    if isinstance(value, Name | int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(value, str):
        return ", ".join(map(_written, value))
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"


def reason(said: Any) -> object:
    """Find the code of a refusal: its body is a list of errors."""
    return said[0]["errorCode"]


class Api:
    """One organisation. Raises as ``Remote`` does."""

    def __init__(self, remote: Remote, version: str) -> None:
        self.system = remote.system
        self._remote = remote
        self._root = f"/services/data/v{version}"

    async def identity(self) -> str:
        """Return the address that names the user, where the answer has it ("Resources by Version")."""
        said = await self._remote.get(f"{self._root}/")
        return str(said.get("identity") or "") if isinstance(said, dict) else ""

    async def query(self, soql: str, **values: Value) -> tuple[list[Record], datetime]:
        """Return the records of a query, page after page, and when it was asked, by Salesforce's clock ("Query").

        ``values`` take the places of ``:name``.
        """
        answer = await self._remote.ask("GET", f"{self._root}/query", query={"q": bound(soql, values)})
        asked, said = _date(answer.headers, self.system), answer.json()
        records: list[Record] = []
        for _ in range(MOST_PAGES):
            if not isinstance(said, dict) or not isinstance(said.get("records"), list):
                raise Unreadable(f"{self.system}: the answer is not in the form that Salesforce documents")
            records += said["records"]
            following = said.get("nextRecordsUrl")
            if said.get("done", True) or not following:
                break
            said = (await self._remote.ask("GET", str(following))).json()
        return records, asked

    async def one(self, soql: str, **values: Value) -> Record | None:
        """Return the first record of a query; None where there is none."""
        records, _ = await self.query(soql, **values)
        return records[0] if records else None

    async def find(self, sobject: str, field: str, value: str, fields: str) -> Record | None:
        """Return the record with an external id ("sObject Rows by External ID"); None where there is none.

        Raises:
            RemoteRefused: several have it, so the field is not unique; besides what ``Remote`` raises.
        """
        path = f"{self._root}/sobjects/{sobject}/{field}/{quote(value, safe='')}"
        answer = await self._remote.ask("GET", path, query={"fields": fields}, accept=NOT_THERE | MULTIPLE)
        if answer.status == httpx.codes.NOT_FOUND:
            return None
        self._single(answer.status, field)
        found = answer.json()
        if not isinstance(found, dict) or not found.get("Id"):
            raise Unreadable(f"{self.system}: the answer is not in the form that Salesforce documents")
        return found

    async def upsert(self, sobject: str, field: str, value: str, fields: Mapping[str, Any]) -> None:
        """Create the record with an external id; 201, or 200 and 204 where it was there ("Upsert Records")."""
        path = f"{self._root}/sobjects/{sobject}/{field}/{quote(value, safe='')}"
        answer = await self._remote.ask("PATCH", path, json=fields, accept=MULTIPLE)
        self._single(answer.status, field)

    async def together(self, *parts: tuple[str, str, Mapping[str, Any]]) -> None:
        """Make several changes, all or none ("Composite", ``allOrNone``): method, path below the version, and body.

        The answer is 200 also where a part was refused: each part has a status and a body of its own. An owner who is
        set stays: without the header an assignment rule could give the case to another ("Assignment Rule Header").
        """
        asked = [
            {
                "method": method,
                "url": f"{self._root}{path}",
                "httpHeaders": {"Sforce-Auto-Assign": "FALSE"},
                "referenceId": f"part{place}",
                "body": body,
            }
            for place, (method, path, body) in enumerate(parts)
        ]
        said = await self._remote.send(
            "POST", f"{self._root}/composite", {"allOrNone": True, "compositeRequest": asked}
        )
        answers = said.get("compositeResponse") if isinstance(said, dict) else None
        if not isinstance(answers, list) or len(answers) != len(asked):
            raise Unreadable(f"{self.system}: the answer is not in the form that Salesforce documents")
        failed = [
            (each.get("httpStatusCode"), _code(each)) for each in answers if each.get("httpStatusCode", 500) >= 400
        ]
        if failed:
            status, code = next((each for each in failed if each[1] != HALTED), failed[0])
            if code in LATER or status >= 500:
                raise RemoteUnavailable(f"{self.system}: answered {status} ({code})")
            raise RemoteRefused(f"{self.system}: answered {status} ({code})", status, code)

    def _single(self, status: int, field: str) -> None:
        if status in MULTIPLE:
            raise RemoteRefused(
                f"{self.system}: several records have the same {field}; make the field Unique and merge them", status
            )


def _code(part: Mapping[str, Any]) -> str:
    try:
        return code_of(reason(part.get("body")))
    except (LookupError, TypeError):
        return ""


def _date(headers: Mapping[str, str], system: str) -> datetime:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        raise RemoteUnavailable(f"{system}: the answer has no Date") from None
