"""One system behind one address: what its connector calls. Signs, renews what was refused, reads page after page."""

import json as jsonlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from activities.auth import Auth, Fixed
from activities.http import Answer, Reason, call
from escalation.errors import RemoteRefused

MOST_PAGES: Final = 20
"""So many pages of a list are read; whoever asks for more asks too vaguely."""
NONE: Final[frozenset[int]] = frozenset()


class Remote:
    """A system with one base address, one way to sign, and one way to name its refusals.

    Methods raise as ``activities.http.call`` does. A call that is answered 401 is made once more where the signature
    can be renewed; nothing else is tried twice here.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        system: str,
        base: str,
        auth: Auth | None = None,
        *,
        reason: Reason | None = None,
        also_retry: frozenset[int] = NONE,
        later: frozenset[str] = frozenset(),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.system = system
        self._client = client
        self._base = base.rstrip("/")
        self._auth = auth or Fixed()
        self._reason = reason
        self._also_retry = also_retry
        self._later = later
        self._headers = {"Accept": "application/json", **(headers or {})}

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = NONE,
    ) -> Answer:
        """Make one call; ``path`` begins with a slash, or is a whole address of the same host (a next page)."""
        url = self._url(path) + (f"?{urlencode(query)}" if query else "")
        content, kind = _content(json, form)
        signed = await self._auth.headers()
        for again in (True, False):
            sent = {**self._headers, **kind, **signed, **(headers or {})}
            try:
                return await call(
                    self._client,
                    method,
                    url,
                    system=self.system,
                    content=content,
                    headers=sent,
                    also_retry=self._also_retry,
                    accept=accept,
                    reason=self._reason,
                    later=self._later,
                )
            except RemoteRefused as error:
                if error.status != httpx.codes.UNAUTHORIZED or not again or not self._auth.renew(signed):
                    raise
                signed = await self._auth.headers()
        raise AssertionError("the second try returns or raises")

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """Return what is there as JSON; None where nothing is (404)."""
        answer = await self.ask("GET", path, query=query, accept=frozenset({404}))
        return None if answer.status == httpx.codes.NOT_FOUND else answer.json()

    async def send(self, method: str, path: str, json: object, **more: Any) -> Any:
        """Send JSON and return the answer's; None where it has no body. ``more`` goes to ``ask`` as it is."""
        answer = await self.ask(method, path, json=json, **more)
        return answer.json() if answer.body else None

    async def pages(
        self, path: str, following: Callable[[Any], str | None], query: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[Any]:
        """Yield the pages of a list as JSON; ``following`` finds in each where the next one is, None at the end."""
        here: str | None = path
        for _ in range(MOST_PAGES):
            page = (await self.ask("GET", here, query=query if here == path else None)).json() if here else None
            if page is None:
                return
            yield page
            here = following(page)

    def _url(self, path: str) -> str:
        if path.startswith("/"):
            # Quoting leaves dots as they are, and a client takes such a segment for a way up.
            if {".", ".."} & set(path.partition("?")[0].split("/")):
                raise RemoteRefused(
                    f"{self.system}: an id of . or .. leads elsewhere than it says, and is not followed"
                )
            return self._base + path
        # A next page may be named as a whole address. Only to the same host: the signature goes along.
        if _origin(path) != _origin(self._base):
            raise RemoteRefused(f"{self.system}: the answer leads to another host, which is not followed")
        return path


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port


def _content(json: object, form: Mapping[str, str] | None) -> tuple[bytes | None, dict[str, str]]:
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if json is not None:
        return jsonlib.dumps(json, ensure_ascii=False).encode(), {"Content-Type": "application/json"}
    return None, {}
