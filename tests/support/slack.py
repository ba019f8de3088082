"""A workspace of Slack within the test's own process: keeps what is posted, as the documentation says Slack does."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import httpx

from tests.support.contracts import assert_keeps, contract

CONTRACT: Final = "slack-web.openapi3.json"
SCOPES: Final = "chat:write,im:write,im:history,channels:history,groups:history,users:read.email"
EVA: Final = "U0EVA00001"
NOT_DESCRIBED: Final = {"metadata", "include_all_metadata"}
"""Documented today, and younger than the published description."""


class Workspace:
    """Answers as Slack; ``posts`` are its messages in order, ``fails`` says which call is answered by what instead."""

    def __init__(self, *, described: bool = False) -> None:
        self.posts: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.scopes = SCOPES
        self.fails: dict[str, list[httpx.Response | str | Exception]] = {}
        """By method: an answer, a code, or what breaks the connection after the call was carried out."""
        self._described = described

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2]
        self.asked.append(method)
        if self._described:
            as_described(request)
        fails = self.fails.get(method, [])
        failure = fails.pop(0) if fails else None
        if isinstance(failure, httpx.Response):
            return failure
        if isinstance(failure, str):
            return httpx.Response(200, json={"ok": False, "error": failure})
        answer = self._answer(method, _fields(request))
        if failure is not None:
            raise failure
        return httpx.Response(200, json=answer, headers={"X-OAuth-Scopes": self.scopes})

    def _answer(self, method: str, fields: dict[str, str]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"ok": True, "user": "escalations", "team": "Acme"}
            case "users.lookupByEmail" if fields["email"] == "eva@acme.example":
                return {"ok": True, "user": {"id": EVA}}
            case "users.lookupByEmail":
                return {"ok": False, "error": "users_not_found"}
            case "conversations.open":
                return {"ok": True, "channel": {"id": fields["users"].replace("U", "D", 1)}}
            case "chat.postMessage":
                return self._post(fields)
            case "chat.update":
                return self._update(fields)
            case "conversations.history":
                return self._page(self._of(fields), fields)
            case "conversations.replies":
                return self._replies(fields)
            case _:
                return {"ok": True}

    def _post(self, fields: dict[str, str]) -> dict[str, Any]:
        post: dict[str, Any] = {
            "channel": fields["channel"],
            "ts": f"{1_800_000_000 + len(self.posts)}.000100",
            "text": fields["text"],
            "blocks": [{**block, "block_id": f"b{place}"} for place, block in enumerate(json.loads(fields["blocks"]))],
            "metadata": json.loads(fields["metadata"]),
        }
        if "thread_ts" in fields:
            post |= {"thread_ts": fields["thread_ts"], "broadcast": fields["reply_broadcast"] == "true"}
        self.posts.append(post)
        return {"ok": True, "channel": post["channel"], "ts": post["ts"], "message": post}

    def _update(self, fields: dict[str, str]) -> dict[str, Any]:
        for post in self.posts:
            if (post["channel"], post["ts"]) == (fields["channel"], fields["ts"]):
                post |= {"text": fields["text"], "blocks": json.loads(fields["blocks"])}
                post |= {"metadata": json.loads(fields["metadata"])}
                return {"ok": True, "channel": post["channel"], "ts": post["ts"], "text": post["text"]}
        return {"ok": False, "error": "message_not_found"}

    def _of(self, fields: dict[str, str]) -> list[dict[str, Any]]:
        """What a conversation shows, newest first: no replies that stay in their thread."""
        shown = [post for post in self.posts if post["channel"] == fields["channel"]]
        shown = [post for post in shown if "thread_ts" not in post or post["broadcast"]]
        return [post for post in reversed(shown) if float(post["ts"]) <= float(fields.get("latest", "inf"))]

    def _replies(self, fields: dict[str, str]) -> dict[str, Any]:
        here = [post for post in self.posts if post["channel"] == fields["channel"]]
        named = next((post for post in here if post["ts"] == fields["ts"]), None)
        if named is None:
            return {"ok": False, "error": "thread_not_found"}
        parent = named.get("thread_ts", named["ts"])
        thread = [post for post in here if parent in {post["ts"], post.get("thread_ts")}]
        within = [
            post
            for post in thread
            if post["ts"] == parent
            or float(fields["oldest"]) <= float(post["ts"]) <= float(fields.get("latest", "inf"))
        ]
        return self._page(within, fields)

    def _page(self, posts: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
        start, most = int(fields.get("cursor", "0")), int(fields["limit"])
        whole = fields.get("include_all_metadata") == "true"
        messages = [
            {name: value for name, value in post.items() if whole or name != "metadata"}
            for post in posts[start : start + most]
        ]
        cursor = str(start + most) if start + most < len(posts) else ""
        return {"ok": True, "messages": messages, "response_metadata": {"next_cursor": cursor}}


def as_described(request: httpx.Request) -> None:
    """Hold a request against Slack's published description.

    That passes the token as a header or a field ``token``; it is sent as ``Authorization``, as Slack documents today
    (docs.slack.dev/apis/web-api). It would let any name pass, so names that it does not know are refused here, all but
    ``NOT_DESCRIBED``.
    """
    verb, known = _known(contract(CONTRACT), request.url.path, request.method)
    unknown = set(_fields(request)) - known - NOT_DESCRIBED
    assert not unknown, f"{request.url.path} knows no {', '.join(sorted(unknown))}"
    if verb != request.method:  # Slack takes both; one of them is described
        query = request.url.copy_merge_params(_fields(request))
        request = httpx.Request(verb, query, headers={"Authorization": request.headers["Authorization"]})
    assert_keeps(with_token(request), CONTRACT)


def with_token(request: httpx.Request) -> httpx.Request:
    """Return a request with its token where the description wants it too."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    url = request.url.copy_merge_params({"token": token}) if request.method == "GET" else request.url
    return httpx.Request(request.method, url, content=request.content, headers={**request.headers, "token": token})


@cache
def _known(file: Path, path: str, verb: str) -> tuple[str, set[str]]:
    """Return the verb by which a method of Slack's is described, and the names that it knows."""
    operations = json.loads(file.read_text())["paths"][path.removeprefix("/api")]
    verb = verb if verb.lower() in operations else next(iter(operations)).upper()
    operation = operations[verb.lower()]
    names = {each["name"] for each in operation.get("parameters", ())}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        names |= set(content["schema"]["properties"])
    return verb, names


def _fields(request: httpx.Request) -> dict[str, str]:
    written = request.content.decode() if request.method == "POST" else request.url.query.decode()
    return {name: values[-1] for name, values in parse_qs(written, keep_blank_values=True).items()}
