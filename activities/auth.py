"""How a call proves who makes it: tokens, basic authentication, OAuth 2 client credentials that renew themselves."""

import asyncio
import base64
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import httpx

from activities.http import call
from escalation.errors import Unreadable

EARLY: Final = 60.0
"""Seconds before its end at which a token is not used any more."""


class Auth(Protocol):
    """Something that a call is signed with."""

    async def headers(self) -> Mapping[str, str]:
        """Return the headers of the next call. Raises as ``activities.http.call`` does where a token must be had."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget headers that were answered with 401; True when the next ones may be others."""
        ...


class Fixed:
    """Headers that never change: another try would be refused too."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self._headers = dict(headers or {})

    async def headers(self) -> Mapping[str, str]:
        """Return them."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - there are no others
        """Tell that nothing can be renewed."""
        return False


def bearer(token: str, scheme: str = "Bearer") -> Fixed:
    """Sign with a token; ``scheme`` is the word before it."""
    return Fixed({"Authorization": f"{scheme} {token}"})


def basic(user: str, password: str) -> Fixed:
    """Sign with name and password (RFC 7617)."""
    return Fixed({"Authorization": f"Basic {_pair(user, password)}"})


class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4): one token for all calls, had anew before it ends or when refused.

    ``in_body`` sends id and secret as form fields, for servers that do not take them as basic authentication.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        user: str,
        password: str,
        *,
        system: str,
        scope: str = "",
        in_body: bool = False,
    ) -> None:
        self._client = client
        self._url = url
        self._system = system
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        if in_body:
            form |= {"client_id": user, "client_secret": password}
        self._form = urlencode(form).encode()
        self._signed = {} if in_body else {"Authorization": f"Basic {_pair(quote(user), quote(password))}"}
        self._token = ""
        self._until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """Return the token's header; whoever comes while it is had waits for the same one."""
        async with self._one_at_a_time:
            if not self._token or monotonic() >= self._until:
                await self._have()
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget the token, unless it was replaced meanwhile."""
        if refused.get("Authorization") == f"Bearer {self._token}":
            self._token = ""
        return True

    async def _have(self) -> None:
        answer = await call(
            self._client,
            "POST",
            self._url,
            system=f"{self._system} (token)",
            content=self._form,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **self._signed},
            reason=lambda said: said["error"],
        )
        said: Any = answer.json()
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
            raise Unreadable(f"{self._system} (token): the answer has no usable access_token")
        lasts = said.get("expires_in")
        self._token = token
        self._until = monotonic() + (max(float(lasts) - EARLY, 0.0) if isinstance(lasts, int | float) else 3600.0)


def _pair(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
