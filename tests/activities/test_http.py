"""The HTTP foundation: what each kind of answer becomes, against a real socket where the wire matters."""

import asyncio
import json
import logging
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from activities import http
from activities.http import MAX_BODY, Answer, call, open_client, retry_after
from escalation.errors import RemoteRefused, RemoteUnavailable
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.vendor import Vendor

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def distrusted(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as opened:
        yield opened


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
async def test_a_4xx_is_final(client: httpx.AsyncClient, sink: FaultSink, status: int) -> None:
    sink.script = [Reply(status, body=b'{"error": "Jana Novakova is blocked"}')]
    with pytest.raises(RemoteRefused, match=f"chat: answered {status}") as refused:
        await call(client, "POST", sink.hook, system="chat")
    assert "Jana" not in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert len(sink.journal) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_later_and_server_errors_are_worth_another_try_but_the_transport_makes_none(
    client: httpx.AsyncClient, sink: FaultSink, status: int
) -> None:
    sink.script = [Reply(status)]
    with pytest.raises(RemoteUnavailable, match=f"chat: answered {status}") as unavailable:
        await call(client, "POST", sink.hook, system="chat")
    assert unavailable.value.retry_after is None
    assert len(sink.journal) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_what_the_remote_system_asks_to_wait_is_carried(
    client: httpx.AsyncClient, sink: FaultSink, status: int
) -> None:
    sink.script = [Reply(status, {"Retry-After": "4"})]
    with pytest.raises(RemoteUnavailable, match="asks to wait 4 s") as unavailable:
        await call(client, "POST", sink.hook, system="chat")
    assert unavailable.value.retry_after == timedelta(seconds=4)


async def test_a_status_that_this_system_means_as_later_can_be_named(
    client: httpx.AsyncClient, sink: FaultSink
) -> None:
    sink.script = [Reply(409)]
    with pytest.raises(RemoteUnavailable):
        await call(client, "POST", sink.hook, system="chat", also_retry=frozenset({409}))


async def test_a_redirect_is_refused_and_not_followed(client: httpx.AsyncClient, sink: FaultSink) -> None:
    sink.script = [Reply(307, {"Location": "/elsewhere"})]
    with pytest.raises(RemoteRefused, match="a redirect; configure the address it leads to"):
        await call(client, "POST", sink.hook, system="chat")
    assert len(sink.journal) == 1


async def test_a_dropped_connection_is_worth_another_try(client: httpx.AsyncClient, sink: FaultSink) -> None:
    sink.script = [Reply(drop=True)]
    with pytest.raises(RemoteUnavailable, match=r"no answer to POST \(127.0.0.1:\d+ broke off, or speaks no HTTP\)"):
        await call(client, "POST", sink.hook, system="chat")


async def test_a_port_where_nobody_listens_is_worth_another_try(client: httpx.AsyncClient) -> None:
    async with open_fault_sink() as gone:
        url = gone.hook
    with pytest.raises(RemoteUnavailable, match=r"no answer to POST \(refused at 127.0.0.1:\d+\)$"):
        await call(client, "POST", url, system="chat")


async def test_an_answer_that_does_not_come_is_worth_another_try(
    client: httpx.AsyncClient, sink: FaultSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "WHOLE_CALL", 0.1)
    sink.script = [Reply(delay=60)]
    with pytest.raises(
        RemoteUnavailable, match=r"no answer to POST \(no whole answer from 127.0.0.1:\d+ within 0.1 s\)"
    ):
        await call(client, "POST", sink.hook, system="chat")


async def test_https_where_http_is_spoken_is_told_apart(client: httpx.AsyncClient) -> None:
    async def answered(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answered, "127.0.0.1", 0) as plain:
        address = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/"
        with pytest.raises(RemoteUnavailable, match=r"\(TLS with 127.0.0.1:\d+ failed; does it speak TLS at all\?\)$"):
            await call(client, "POST", address, system="chat")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the name ops.example is not known"),
        (ConnectionRefusedError(111, "bot:s3cret"), "refused at ops.example:443"),
        (ssl.SSLError(1, "wrong version"), "TLS with ops.example:443 failed; does it speak TLS at all?"),
        (distrusted(18), "the certificate of ops.example:443 is not trusted; a connection's `trusted` names the file"),
        (distrusted(10), "the certificate of ops.example:443 has expired"),
        (distrusted(62), "the certificate of ops.example:443 is of another name"),
        (httpx.ConnectTimeout("x"), "no connection to ops.example:443 within 3 s"),
        (httpx.ReadTimeout("x"), "nothing from ops.example:443 within 10 s"),
        (httpx.ReadError("x"), "ops.example:443 broke off"),
        (OSError("x"), "no connection to ops.example:443"),
    ],
)
async def test_why_nobody_answered_is_said_in_words_with_host_and_port_and_nothing_else_of_the_address(
    error: Exception, said: str
) -> None:
    def silent(_: httpx.Request) -> httpx.Response:
        if isinstance(error, httpx.TransportError):
            raise error
        raise httpx.ConnectError("no") from error

    with pytest.raises(RemoteUnavailable) as found:
        await call(Vendor(silent).client(), "POST", "https://bot:s3cret@ops.example/s3cret?t=s3cret", system="chat")
    assert str(found.value).startswith(f"chat: no answer to POST ({said}")
    assert "s3cret" not in str(found.value)


async def test_where_a_proxy_is_on_the_way_it_may_be_the_one_that_refused() -> None:
    async with open_fault_sink() as gone:
        proxy = gone.url
    async with open_client(proxy=proxy) as client:
        with pytest.raises(RemoteUnavailable, match="it goes through a proxy, which may be meant"):
            await call(client, "POST", "http://ops.example/in", system="chat")


@pytest.mark.parametrize("address", ["not a url", "ftp://example.org/x", "http://", "https://[::1", "x" * 70_000])
async def test_an_address_that_is_no_http_url_is_refused_without_repeating_it(
    client: httpx.AsyncClient, address: str
) -> None:
    with pytest.raises(RemoteRefused, match="chat: the address is not a usable http or https URL") as refused:
        await call(client, "POST", address, system="chat")
    assert address not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_success_with_too_large_a_body_is_still_a_success_whose_body_cannot_be_read(
    client: httpx.AsyncClient, sink: FaultSink
) -> None:
    sink.script = [Reply(200, body=b"x" * (MAX_BODY + 1))]
    answer = await call(client, "POST", sink.hook, system="chat")
    assert answer.status == 200
    with pytest.raises(RemoteRefused, match="over 1,048,576 bytes, or compressed"):
        answer.json()


async def test_a_compressed_body_is_not_asked_for_and_never_unfolded(
    client: httpx.AsyncClient, sink: FaultSink
) -> None:
    sink.script = [Reply(200, {"Content-Encoding": "deflate"}, body=zlib.compress(b"0" * 5_000_000))]
    answer = await call(client, "POST", sink.hook, system="chat")
    assert sink.journal[0].headers["accept-encoding"] == "identity"
    assert answer.body is None


async def test_an_answer_that_is_not_json_is_refused_without_repeating_it(
    client: httpx.AsyncClient, sink: FaultSink
) -> None:
    sink.script = [Reply(200, body=b"Jana Novakova")]
    answer = await call(client, "GET", sink.hook, system="crm")
    with pytest.raises(RemoteRefused, match="crm: the answer of 13 bytes is not JSON") as refused:
        answer.json()
    assert "Jana" not in str(refused.value)


async def test_addresses_with_their_secrets_stay_out_of_the_logs(
    client: httpx.AsyncClient, sink: FaultSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await call(client, "POST", sink.hook, system="chat")
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("4", 4, id="seconds"),
        pytest.param(" 120 ", 120, id="spaces"),
        pytest.param("Fri, 20 Nov 2026 09:00:30 GMT", 30, id="date"),
        pytest.param("Fri, 20 Nov 2026 08:59:00 GMT", None, id="past"),
        pytest.param("0", None, id="zero"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
        pytest.param("9" * 40, None, id="absurd"),
        pytest.param("Fri, 20 Nov 2027 09:00:00 GMT", 3600, id="a year is an hour"),
        pytest.param("²", None, id="not an ASCII digit"),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(header, NOW) == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb'"a \ud83d b"', "a \ufffd b"),
        (rb'"\udc00"', "\ufffd"),
        (b'"\xed\xa0\xbd"', "\ufffd"),
        (rb'"\ud83d\ude00 \u010d"', "\U0001f600 \u010d"),
        (rb'{"\ud83d": ["\ud83d", 1, null]}', {"\ufffd": ["\ufffd", 1, None]}),
    ],
)
def test_half_an_emoji_is_replaced_so_that_what_was_answered_can_be_written_down(written: bytes, read: object) -> None:
    found = Answer("desk", 200, written).json()
    assert found == read
    json.dumps(found, ensure_ascii=False).encode()


def test_an_answer_that_is_nested_beyond_all_reason_is_refused() -> None:
    with pytest.raises(RemoteRefused, match="desk: the answer of 400,000 bytes is not JSON"):
        Answer("desk", 200, b"[" * 200_000 + b"]" * 200_000).json()
