"""Calls of Slack's Web API, and what its refusals mean.

Every method takes form fields or a query ("Content types" of each method under docs.slack.dev/reference/methods); that
is what all of them have in common, and what Slack's published description describes. Structured fields (``blocks``,
``metadata``, ``view``) are JSON within a field.

A refusal is a 200 with ``ok: false`` and a code. Most are final; those of ``LATER`` say that Slack could not, not that
it would not (docs.slack.dev/reference/methods, "Errors" of each method). A limit that is reached is usually a 429.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from activities.auth import bearer
from activities.connector import Tools
from activities.http import Answer, code_of, retry_after
from escalation.errors import RemoteRefused, RemoteUnavailable

LATER: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "org_login_required",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Codes that are worth another try; the two of ``org`` and ``team`` are a workspace that is moving."""

Field = str | int | bool | list[Any] | dict[str, Any]


class Api:
    """Slack's Web API as one app of one workspace sees it."""

    def __init__(self, tools: Tools, url: str, token: str) -> None:
        self._remote = tools.remote(url, bearer(token), reason=lambda said: said["error"])

    async def read(self, method: str, **fields: Field) -> dict[str, Any]:
        """Call a method that reads. Raises as ``activities.http.call`` does."""
        return (await self.answer("GET", method, fields))[0]

    async def write(self, method: str, **fields: Field) -> dict[str, Any]:
        """Call a method that writes. Raises as ``activities.http.call`` does."""
        return (await self.answer("POST", method, fields))[0]

    async def answer(self, verb: str, method: str, fields: Mapping[str, Field]) -> tuple[dict[str, Any], Answer]:
        """Call a method; return what it says, and the answer that it came with.

        Raises:
            RemoteUnavailable: worth another try.
            RemoteRefused: anything else that is not ``ok``; carries Slack's code and never what was sent.
        """
        sent = {name: _written(value) for name, value in fields.items()}
        reads = verb == "GET"
        answer = await self._remote.ask(verb, f"/{method}", query=sent if reads else None, form=None if reads else sent)
        said = answer.json()
        if isinstance(said, dict) and said.get("ok") is True:
            return said, answer
        code = code_of(said.get("error")) if isinstance(said, dict) else ""
        where = f"{self._remote.system}: {method}"
        if code in LATER:
            wait = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
            raise RemoteUnavailable(f"{where}: answered {code}", retry_after=wait)
        raise RemoteRefused(f"{where}: refused ({code or 'without a code'})", answer.status, code)


def _written(value: Field) -> str:
    if isinstance(value, str):
        return value
    # Compact: Slack counts the characters of what it gets.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
