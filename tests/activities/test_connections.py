"""The connections file: what is refused when it is read, and what each connection says when it is tried."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from activities.connections import ConnectionsFile, open_connections, read_connections
from activities.http import open_client
from activities.notify.email.config import EmailConfig
from escalation import explain
from escalation.errors import DocumentError
from escalation.model.actions import MessageKind, Notify, Offer
from tests.support.mail import open_mail_server
from tests.support.vendor import Vendor

KEY = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "connections.yaml"


def findings(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as refused:
        read_connections(path)
    return [str(each).removeprefix(f"{path.parent}/") for each in refused.value.findings]


def test_a_secret_in_the_file_itself_is_refused_and_not_repeated(written: Path) -> None:
    written.write_text(f"connections:\n  ops: {{kind: webhook, url: 'https://ops.example/in', keys: [{KEY}]}}\n")
    said = " ".join(findings(written))
    assert "not the secret itself" in said
    assert KEY not in said


def test_every_secret_that_is_not_there_is_named_with_its_line(written: Path) -> None:
    written.write_text(
        "connections:\n"
        "  ops:\n"
        "    kind: webhook\n"
        "    url: https://ops.example/in\n"
        "    keys:\n"
        "      - {env: NOWHERE_TO_BE_FOUND}\n"
        "      - {file: /nowhere/key}\n"
    )
    assert findings(written) == [
        "connections.yaml:6: connections.ops.keys.0: the environment variable NOWHERE_TO_BE_FOUND is not set, or empty",
        "connections.yaml:7: connections.ops.keys.1: the file /nowhere/key cannot be read (FileNotFoundError)",
    ]


def test_a_secret_that_no_call_could_carry_is_said_with_its_line_and_not_repeated(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODD_TOKEN", "tok\u00e9n")
    monkeypatch.setenv("TWO_LINES", "one\ntwo")
    monkeypatch.setenv("PASSWORD", "hesl\u00ed\u010dko")
    written.write_text(
        "connections:\n"
        "  one: {kind: hubspot, token: {env: ODD_TOKEN}}\n"
        "  two: {kind: hubspot, token: {env: TWO_LINES}}\n"
        "  three: {kind: request_tracker, url: 'https://rt.example', queue: q, user: e, password: {env: PASSWORD}}\n"
    )
    odd, lines = findings(written)
    assert odd.startswith(
        "connections.yaml:2: connections.one.token: has a character that no token has; expected ASCII"
    )
    assert lines.startswith("connections.yaml:3: connections.two.token: has a line break")
    assert "tok" not in odd.replace("token", "")


def test_a_kind_that_there_is_not_is_named_with_its_line_and_with_the_one_that_was_meant(written: Path) -> None:
    written.write_text(
        "connections:\n  ops: {kind: webhok, url: 'https://ops.example'}\n  crm: {url: 'https://crm.example'}\n"
    )
    wrong, missing = findings(written)
    assert ":2: connections.ops.kind: `webhok` is not allowed; did you mean `webhook`? expected one of" in wrong
    assert ":3: connections.crm.kind: `kind` is missing; expected one of `apprise`" in missing


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ("kind: webhook, url: 'https://ops.example', key: x", "unknown key `key`; did you mean `keys`?"),
        (
            "kind: webhook, url: 'https://ops.example', zzz: x",
            "unknown key `zzz`; expected one of `keys`, `kind`, `proxy`, `title`, `trusted`, `url`",
        ),
        ("kind: email, security: starttsl, sendr: x", "unknown key `sendr`; did you mean `sender`?"),
        ("kind: hubspot, tokn: {env: TOKEN}", "unknown key `tokn`; did you mean `token`?"),
    ],
)
def test_the_keys_that_are_expected_in_place_of_an_unknown_one_are_those_of_the_connections_own_kind(
    written: Path, connection: str, said: str
) -> None:
    written.write_text(f"connections:\n  ops: {{{connection}}}\n")
    assert any(each.endswith(said) for each in findings(written))


def test_what_stands_where_a_kind_has_no_such_key_is_not_said_to_be_expected(written: Path) -> None:
    written.write_text("connections:\n  mail: {kind: email, host: mail.example, from: desk@example.org}\n")
    [found] = (each for each in findings(written) if "unknown key" in each)
    expected = set(re.findall(r"`(\w+)`", found.partition("expected")[2]))
    assert {"host", "sender"} <= expected
    assert expected <= set(EmailConfig.model_fields)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://ops.example/in", "is http"),
        ("https://bot:pass@ops.example/in", "carries a name, a password"),
        ("ops.example", "expected an address such as https://"),
        ("https://ops.example:port/", "no usable address"),
    ],
)
def test_an_address_that_would_leak_or_lead_nowhere_is_refused(written: Path, url: str, said: str) -> None:
    written.write_text(f"connections:\n  ops: {{kind: webhook, url: '{url}', keys: [{{env: HOME}}]}}\n")
    assert said in findings(written)[0]


def test_names_of_what_is_always_there_and_unknown_help_desks_are_refused(written: Path) -> None:
    written.write_text(
        "help_desk: desk\nconnections:\n  inbox: {kind: webhook, url: 'https://ops.example/in', keys: [{env: HOME}]}\n"
    )
    said = findings(written)
    assert "help_desk: no connection of a help desk has this name" in said[0]
    assert "inbox is the name of what is always there" in said[1]


def test_secrets_of_another_kind_are_named_with_their_lines_and_not_repeated(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "http://hooks.example/?sig=s3cret")
    written.write_text(
        "connections:\n"
        "  chat: {kind: teams, channels: {support: {env: WRONG}}, trusted: /nowhere.pem}\n"
        "  oncall: {kind: pagerduty, services: {support: {env: WRONG}}}\n"
        "  ops: {kind: webhook, url: 'https://ops.example/in', keys: [{env: WRONG}]}\n"
        "  tail: {kind: apprise, targets: {ops: {env: WRONG}}, proxy: {env: WRONG}}\n"
    )
    said = [each.removeprefix("connections.yaml:") for each in findings(written)]
    expected = (
        "2: connections.chat.channels.support: expected the https address that Teams shows",
        "2: connections.chat.trusted: /nowhere.pem holds no certificate authorities (FileNotFoundError)",
        "3: connections.oncall.services.support: expected the integration key of an Events API v2 integration",
        "4: connections.ops.keys.0: expected whsec_ and base64, as receivers have it",
        "5: connections.tail.proxy: Apprise knows none; set HTTPS_PROXY and REQUESTS_CA_BUNDLE",
    )
    assert len(said) == len(expected)
    assert all(each.startswith(begins) for each, begins in zip(said, expected, strict=True)), said
    assert "s3cret" not in " ".join(said)


def test_whatever_is_written_in_a_form_of_its_own_has_an_example_of_it() -> None:
    def forms(schema: object) -> Iterator[dict[str, object]]:
        if isinstance(schema, dict):
            if "pattern" in schema and "additionalProperties" not in schema:
                yield schema
            for each in schema.values():
                yield from forms(each)
        elif isinstance(schema, list):
            for each in schema:
                yield from forms(each)

    unsaid = [each for each in forms(ConnectionsFile.model_json_schema()) if not described(each)]
    assert unsaid == []


def described(schema: dict[str, object]) -> bool:
    return "examples" in schema or schema["pattern"] in explain._PATTERNS


@pytest.mark.parametrize(
    ("channel", "right", "wrong", "said"),
    [
        ("oncall", "support", "suport", "expected a service of oncall: support"),
        ("chat", "support", "19:abc@thread", "expected a channel of chat: support"),
        ("tail", "ops", "opps", "expected a target of tail: ops"),
        ("mail", "eva@example.org", "eva", "expected an e-mail address"),
        ("sms", "+420777123456", "777 123 456", "expected a number in its international form, such as +420777123456"),
        ("slack", "C0123ABC", "#support", "expected the id of a user (U...), the id of a channel (C...), or an e-mail"),
        ("ops", "anything at all", "", ""),
    ],
)
async def test_a_contact_point_that_leads_nowhere_is_told_by_its_channel_without_a_message(
    written: Path, monkeypatch: pytest.MonkeyPatch, channel: str, right: str, wrong: str, said: str
) -> None:
    secrets = {
        "KEY": KEY,
        "PD": "e93facc04764012d7bfb002500d5d1a6",
        "TEAMS": "https://hooks.example/?sig=s3cret",
        "TAIL": "json://a.example",
        "TOKEN": "xoxb-1",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    written.write_text(  # noqa: ASYNC240 - nobody waits for it
        "connections:\n"
        "  oncall: {kind: pagerduty, services: {support: {env: PD}}}\n"
        "  chat: {kind: teams, channels: {support: {env: TEAMS}}}\n"
        "  tail: {kind: apprise, targets: {ops: {env: TAIL}}}\n"
        "  mail: {kind: email, host: smtp.example.org, sender: esc@example.org}\n"
        "  sms: {kind: twilio, account: AC00000000000000000000000000000000, key: {env: KEY}, secret: {env: KEY},\n"
        "        sender: '+15005550006'}\n"
        "  slack: {kind: slack, token: {env: TOKEN}}\n"
        "  ops: {kind: webhook, url: 'https://ops.example/in', keys: [{env: KEY}]}\n"
    )
    async with open_client(Vendor(lambda _: httpx.Response(500))) as client:
        opened = open_connections(read_connections(written), client)
        assert opened.misaddressed(channel, right) == ""
        assert opened.misaddressed(channel, wrong).startswith(said)
        assert bool(said) == bool(opened.misaddressed(channel, wrong))
        await opened.close()


async def test_two_of_one_kind_are_two_connections_and_each_says_how_it_is(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_KEY", KEY)
    written.write_text(  # noqa: ASYNC240 - nobody waits for it
        "connections:\n"
        "  emea: {kind: webhook, url: 'https://emea.example/in', keys: [{env: HOOK_KEY}]}\n"
        "  apac: {kind: webhook, url: 'https://apac.example/in', keys: [{env: HOOK_KEY}]}\n"
    )

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(405 if request.url.host == "emea.example" else 503)

    async with open_client(Vendor(handler)) as client:
        opened = open_connections(read_connections(written), client)
        checked = await opened.check()
        await opened.close()
    assert [(each.name, each.kind, each.ok) for each in checked] == [
        ("emea", "webhook", True),
        ("apac", "webhook", False),
    ]
    assert checked[1].says == "apac: answered 503"


@pytest.mark.parametrize(
    ("status", "sheets", "desk"),
    [
        (
            401,
            "sheets: answered 401: the token or password is not taken",
            "desk: RT does not take the secret of engine (401)",
        ),
        (
            404,
            "sheets: answered 404: nothing is there; is the url right?",
            "desk: no RT answers there (404); is the url right?",
        ),
        (403, "sheets: answered 403", "desk: answered 403"),
    ],
)
async def test_a_check_says_what_a_wrong_secret_and_a_wrong_address_most_likely_are(
    written: Path, monkeypatch: pytest.MonkeyPatch, status: int, sheets: str, desk: str
) -> None:
    monkeypatch.setenv("TOKEN", "t")
    written.write_text(  # noqa: ASYNC240 - nobody waits for it
        "connections:\n"
        "  sheets: {kind: smartsheet, token: {env: TOKEN}}\n"
        "  desk: {kind: request_tracker, url: 'https://rt.example', queue: q, user: engine, token: {env: TOKEN}}\n"
    )
    async with open_client(Vendor(lambda _: httpx.Response(status))) as client:
        opened = open_connections(read_connections(written), client)
        checked = await opened.check()
        await opened.close()
    assert [each.says for each in checked] == [sheets, desk]


def test_links_need_https_and_keys_that_cannot_be_guessed(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_KEY", "short")
    written.write_text(
        "links:\n  url: https://escalations.example\n  keys:\n    - {env: LINK_KEY}\n    - {env: NOT_SET}\n"
    )
    assert findings(written) == [
        "connections.yaml:4: links.keys.0: expected at least 32 characters, such as of: openssl rand -hex 32",
        "connections.yaml:5: links.keys.1: the environment variable NOT_SET is not set, or empty",
    ]
    written.write_text("links: {url: 'http://escalations.example', keys: [{env: HOME}]}\n")
    assert "links.url: is http" in findings(written)[0]


async def test_a_mail_server_is_a_connection_with_links_and_is_checked_with_the_others(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_KEY", "k" * 32)
    async with open_mail_server() as post, open_client() as client:
        written.write_text(  # noqa: ASYNC240 - nobody waits for it
            "links: {url: 'https://escalations.example', keys: [{env: LINK_KEY}]}\n"
            "connections:\n"
            f"  email: {{kind: email, host: 127.0.0.1, port: {post.port}, security: none, sender: e@lumina.example}}\n"
        )
        opened = open_connections(read_connections(written), client)
        [checked] = await opened.check()
        assert (checked.kind, checked.ok) == ("email", True)
        asks = {"offers": (Offer(command="acknowledge"),), "escalation": "escalation-1"}
        page = Notify(key="k", to="person:eva", kind=MessageKind.PAGE, subject="s", body="b").changed(asks)
        await opened.notifiers["email"].send(page, "eva@lumina.example")
        assert 'href="https://escalations.example/answer/' in post.kept[0].page
        await opened.close()
