"""E-mail against a real SMTP server: what arrives, what is tried again, what is final, and what never leaves."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import ValidationError
from temporalio.testing import ActivityEnvironment

from activities.answer_links import AnswerLinks
from activities.connector import Secret, Tools
from activities.directory import DirectoryFile
from activities.http import open_client
from activities.notify import Notifications
from activities.notify.email import Email, server
from activities.notify.email.compose import MOST_TEXT
from activities.notify.email.config import EmailConfig
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import MessageKind, Notify, Offer
from escalation.people.directory import Directory, load_directory
from tests.support.mail import DROP, HANG, PASSWORD, USER, MailServer, certificate, open_mail_server
from tests.support.vendor import Vendor

ROOT = Path(__file__).parents[2]
ADDRESS = "eva.novak@lumina.example"
LINKS = AnswerLinks("https://escalations.lumina.example", ["k" * 40])
PAGE = Notify(
    key="escalation-chatbot-1/7/page",
    to="person:eva.novak",
    kind=MessageKind.PAGE,
    subject="[S1] Účet je zablokovaný",
    body="Proč:\n  - ai_limit: nejistá\nPřevezměte to.\n  escalate acknowledge escalation-chatbot-1 --by person:eva",
    escalation="escalation-chatbot-1",
    locale="cs",
    urgent=True,
    offers=(Offer(command="acknowledge"), Offer(command="decline", needs=("because",))),
)


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    async with open_mail_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    return certificate(tmp_path_factory.mktemp("tls"))


def config(port: int, **more: Any) -> EmailConfig:
    said = {"security": "none", "sender": "Escalations <escalations@lumina.example>", **more}
    return EmailConfig(kind="email", host="127.0.0.1", port=port, **said)


def channel(port: int, links: AnswerLinks | None = None, **more: Any) -> Email:
    return Email(config(port, **more), Tools("mail", open_client(), links))


# What arrives


async def test_a_page_arrives_with_its_words_unchanged_and_as_a_page(post: MailServer) -> None:
    receipt = await channel(post.port, reply_to="help@lumina.example").send(PAGE, ADDRESS)
    [kept] = post.kept
    assert (kept.sender, kept.to) == ("escalations@lumina.example", [ADDRESS])
    assert kept.text.rstrip("\n") == PAGE.body
    assert kept.mail["Subject"] == PAGE.subject
    assert kept.mail["Reply-To"] == "help@lumina.example"
    assert kept.mail.get_content_type() == "multipart/alternative"
    assert '<html lang="cs">' in kept.page
    assert all(f">{said}</" in kept.page for said in (PAGE.subject, "Proč:", "ai_limit: nejistá", "Převezměte to."))
    assert (receipt.channel, receipt.receipt_id, receipt.amendable) == ("mail", kept.mail["Message-ID"], False)


async def test_nobody_answers_it_automatically_and_filters_know_what_it_is(post: MailServer) -> None:
    await channel(post.port).send(PAGE, ADDRESS)
    headers = post.kept[0].mail
    assert headers["Auto-Submitted"] == "auto-generated"
    assert (headers["X-Escalation-Kind"], headers["Importance"]) == ("page", "high")
    assert post.kept[0].raw.isascii()


@pytest.mark.req("TAG-2")
async def test_what_is_said_of_one_escalation_to_one_person_is_one_thread_and_nobody_elses(post: MailServer) -> None:
    mail = channel(post.port)
    said = [
        PAGE,
        PAGE.changed({"key": "escalation-chatbot-1/9/taken", "kind": MessageKind.NEWS}),
        PAGE.changed({"key": "escalation-chatbot-1/7/other", "to": "person:petr.svoboda"}),
        PAGE.changed({"key": "escalation-chatbot-2/7/page", "escalation": "escalation-chatbot-2"}),
        PAGE.changed({"key": "digest/1", "escalation": ""}),
    ]
    for message in said:
        await mail.send(message, ADDRESS)
    parents = [kept.mail["References"] for kept in post.kept]
    assert parents == [kept.mail["In-Reply-To"] for kept in post.kept]
    assert parents[0] == parents[1]
    assert len(set(parents)) == 4
    assert parents[4] is None
    assert len({kept.mail["Message-ID"] for kept in post.kept}) == len(said)


async def test_ids_longer_than_a_line_stay_as_they_are(post: MailServer) -> None:
    domain = f"{'long-' * 10}department.lumina.example"
    await channel(post.port, sender=f"escalations@{domain}").send(PAGE, ADDRESS)
    unfolded = post.kept[0].raw.decode().replace("\r\n ", " ")
    parent = next(line for line in unfolded.splitlines() if line.startswith("References:"))
    assert parent.split(":")[1].strip() == post.kept[0].mail["In-Reply-To"]
    assert parent.endswith(f".thread@{domain}>")


async def test_no_value_can_add_a_header_or_break_the_subject(post: MailServer) -> None:
    evil = "[S1] one\r\nBcc: everybody@lumina.example\r\n\r\n<script>alert(1)</script>\x00\x1b[2J\ud800" + " word" * 200
    await channel(post.port).send(PAGE.changed({"subject": evil, "body": f"{evil}\x00"}), ADDRESS)
    [kept] = post.kept
    assert kept.mail["Bcc"] is None
    assert kept.to == [ADDRESS]
    assert len(kept.mail["Subject"]) <= 120
    assert kept.mail["Subject"].startswith("[S1] one Bcc: everybody@lumina.example <script>")
    assert "<script>" not in kept.page
    assert "\x00" not in kept.text


async def test_a_long_message_is_cut_at_a_line_and_says_where_the_whole_is(post: MailServer) -> None:
    body = "\n".join(f"line {number}: {'word ' * 10}".rstrip() for number in range(2_000))
    await channel(post.port).send(PAGE.changed({"body": body}), ADDRESS)
    kept, hint = post.kept[0].text.rstrip("\n").split("\n\n")
    assert len(kept) <= MOST_TEXT + 2
    assert body.startswith(f"{kept.removesuffix(' …')}\n")
    assert hint == "(zkráceno; celé znění: escalate show escalation-chatbot-1)"
    assert len(post.kept[0].page.encode()) < 300_000


async def test_each_answer_is_a_link_for_this_person_where_links_are_configured(post: MailServer) -> None:
    page = PAGE.changed({"respond_by": datetime.now(UTC) + timedelta(minutes=15)})
    await channel(post.port, LINKS).send(page, ADDRESS)
    await channel(post.port).send(page.changed({"key": "other"}), ADDRESS)
    with_links, without = post.kept
    links = [part.partition('"')[0] for part in with_links.page.split('href="')[1:]]
    answers = [LINKS.verify(urlsplit(link).path.rpartition("/")[2], datetime.now(UTC)) for link in links]
    assert [(each.to, each.offer) for each in answers] == [(page.to, offer) for offer in page.offers]
    assert all(f">{label}</a>" in with_links.page for label in ("Převzít", "Odmítnout"))
    assert "href" not in without.page
    assert without.text.rstrip("\n") == with_links.text.rstrip("\n") == page.body


async def test_a_mail_is_in_the_language_and_the_time_of_whoever_reads_it(post: MailServer) -> None:
    class Known:
        def current(self) -> Directory:
            return load_directory(ROOT / "examples" / "directory.yaml")

    taken = PAGE.changed(
        {
            "locale": "",
            "template": "page_taken",
            "values": {"id": "e-1", "severity": "S1", "about": "Účet", "owner": "person:petr.svoboda"},
            "respond_by": datetime(2036, 7, 1, 12, tzinfo=UTC),
        }
    )
    sending = Notifications(cast("DirectoryFile", Known()), {"email": channel(post.port, LINKS)})
    await ActivityEnvironment().run(sending.send, taken)
    [kept] = post.kept
    assert '<html lang="cs">' in kept.page
    assert "Petr Svoboda" in kept.text
    assert "Použít je lze do: út 1. 7. 2036 14:00 CEST." in kept.page


async def test_addresses_beyond_ascii_need_a_server_that_takes_them(post: MailServer) -> None:
    await channel(post.port).send(PAGE, "évá@žluťoučký.example")
    assert post.kept[0].to == ["évá@xn--luouk-uva4it5a4g.example"]
    async with open_mail_server(utf8=False) as older:
        await channel(older.port).send(PAGE, "eva@žluťoučký.example")
        with pytest.raises(RemoteRefused, match="SMTPUTF8"):
            await channel(older.port).send(PAGE, "évá@lumina.example")


@pytest.mark.parametrize(
    "address", ["eva", "eva@", "a b@c.example", "eva@x.example\r\nRCPT TO:<all@x.example>", "<eva@x.example>", "e@x..y"]
)
async def test_what_is_no_address_is_refused_and_not_repeated(post: MailServer, address: str) -> None:
    with pytest.raises(RemoteRefused) as refused:
        await channel(post.port).send(PAGE, address)
    assert str(refused.value) == "the contact point of person:eva.novak is no e-mail address"
    assert post.connections == 0


# What is tried again, and what is final


async def test_later_is_worth_another_try_and_no_is_final_with_codes_alone(post: MailServer) -> None:
    mail = channel(post.port)
    post.recipient = ["451 4.7.1 greylisted, eva.novak come back", "550 5.1.1 <eva.novak@lumina.example> unknown"]
    post.data = ["452 4.3.1 disk full", "554 5.7.1 looks like spam to me", "552 too large"]
    told = []
    for _ in range(5):
        with pytest.raises((RemoteUnavailable, RemoteRefused)) as failed:
            await mail.send(PAGE, ADDRESS)
        told.append((type(failed.value), str(failed.value)))
    assert told == [
        (RemoteUnavailable, "mail: the recipient was answered with 451 4.7.1"),
        (RemoteRefused, "mail: the recipient was refused with 550 5.1.1"),
        (RemoteUnavailable, "mail: the message was answered with 452 4.3.1"),
        (RemoteRefused, "mail: the message was refused with 554 5.7.1"),
        (RemoteRefused, "mail: the message was refused with 552"),
    ]
    await mail.send(PAGE, ADDRESS)
    assert len(post.kept) == 1


async def test_no_server_and_one_that_hangs_up_are_worth_another_try(post: MailServer) -> None:
    post.recipient = [DROP]
    with pytest.raises(RemoteUnavailable, match="no answer to the recipient"):
        await channel(post.port).send(PAGE, ADDRESS)
    async with open_mail_server() as gone:
        port = gone.port
    with pytest.raises(RemoteUnavailable, match=rf"no answer to the connection \(refused at 127.0.0.1:{port}\)"):
        await channel(port).send(PAGE, ADDRESS)
    assert post.kept == []


async def test_a_server_that_says_nothing_before_the_message_gets_nothing(
    post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ONE_STEP", 0.2)
    post.recipient = [HANG]
    with pytest.raises(RemoteUnavailable, match=r"in time|no answer to the recipient"):
        await channel(post.port).send(PAGE, ADDRESS)
    assert post.kept == []


async def test_a_lost_answer_leads_to_a_second_message_with_the_same_id(post: MailServer) -> None:
    mail = channel(post.port)
    post.data = [DROP]
    with pytest.raises(RemoteUnavailable, match="no answer to the message"):
        await mail.send(PAGE, ADDRESS)
    await mail.send(PAGE, ADDRESS)
    assert len(post.kept) == 2
    assert len({kept.mail["Message-ID"] for kept in post.kept}) == 1


async def test_what_was_delivered_is_not_delivered_again_by_the_same_worker(post: MailServer) -> None:
    mail = channel(post.port)
    first, again = await mail.send(PAGE, ADDRESS), await mail.send(PAGE, ADDRESS)
    await mail.send(PAGE, "second@lumina.example")
    assert first.receipt_id == again.receipt_id
    assert [kept.to for kept in post.kept] == [[ADDRESS], ["second@lumina.example"]]


async def test_two_tries_at_the_same_time_are_one_message(post: MailServer) -> None:
    mail = channel(post.port)
    await asyncio.gather(*(mail.send(PAGE, ADDRESS) for _ in range(4)))
    assert len(post.kept) == 1


async def test_a_page_cancelled_before_the_message_is_not_sent(post: MailServer) -> None:
    post.recipient = [HANG]
    sending = asyncio.create_task(channel(post.port).send(PAGE, ADDRESS))
    await asyncio.wait_for(post.waiting.wait(), 5)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert post.kept == []


async def test_an_answer_that_is_waited_for_survives_its_page(
    post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "AFTER", 0.5)
    mail = channel(post.port)
    post.data = [HANG]
    sending = asyncio.create_task(mail.send(PAGE, ADDRESS))
    await asyncio.wait_for(post.waiting.wait(), 5)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with pytest.raises(RemoteUnavailable, match="no answer to the message"):  # the same answer, not a second message
        await mail.send(PAGE, ADDRESS)
    assert len(post.kept) == 1


async def test_no_more_connections_are_open_than_configured(post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OPENING", 0.5)
    mail = channel(post.port, at_once=1)
    post.data = [HANG]
    monkeypatch.setattr(server, "AFTER", 1.5)
    first = asyncio.create_task(mail.send(PAGE, ADDRESS))
    await asyncio.wait_for(post.waiting.wait(), 5)
    with pytest.raises(RemoteUnavailable, match=r"no connection was free within|no connection to .* within"):
        await mail.send(PAGE.changed({"key": "other"}), ADDRESS)
    assert post.connections == 1
    with pytest.raises(RemoteUnavailable):
        await first
    await mail.send(PAGE.changed({"key": "other"}), ADDRESS)
    assert post.connections == 2


# TLS and signing in


async def test_starttls_and_tls_carry_it_and_name_and_password_are_checked(
    shown: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = shown
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    login: dict[str, Any] = {"user": USER, "password": Secret(env="SMTP_PASSWORD"), "trusted": trusted}
    async with open_mail_server(start_tls=context, sign_in=True) as one, open_mail_server(tls=context) as other:
        await channel(one.port, security="starttls", **login).send(PAGE, ADDRESS)
        await channel(other.port, security="tls", trusted=trusted).send(PAGE, ADDRESS)
        assert [kept.tls for kept in one.kept] == [True]
        assert (one.sign_ins, len(other.kept)) == ([USER], 1)
        monkeypatch.setenv("SMTP_PASSWORD", "wrong")
        login["password"] = Secret(env="SMTP_PASSWORD")
        with pytest.raises(RemoteRefused, match=r"^mail: signing in was refused with 535 5\.7\.8$"):
            await channel(one.port, security="starttls", **login).send(PAGE, ADDRESS)


REVOKED = {"access_token": "t-9", "expires_in": 3600}


async def test_a_token_signs_in_and_one_that_was_taken_back_is_had_anew_once_for_the_same_message(
    shown: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = shown
    monkeypatch.setenv("OAUTH", "a secret")
    tokens = Vendor(lambda _: httpx.Response(200, json={"access_token": f"t-{len(tokens.calls)}", "expires_in": 3600}))
    secret = {"env": "OAUTH"}
    oauth = {"url": "https://login.example/token", "id": secret, "secret": secret, "scope": "smtp/.default"}
    async with open_mail_server(start_tls=context, sign_in=True) as post:
        set_up = config(post.port, security="starttls", trusted=trusted, user=USER, oauth=oauth)
        mail = Email(set_up, Tools("mail", tokens.client()))
        await mail.send(PAGE, ADDRESS)
        await mail.send(PAGE.changed({"key": "other"}), ADDRESS)
        assert (len(post.kept), len(tokens.calls), tokens.form()["scope"]) == (2, 2, "smtp/.default")
        other = Email(set_up, Tools("mail", Vendor(lambda _: httpx.Response(200, json=REVOKED)).client()))
        before = len(post.sign_ins)
        with pytest.raises(RemoteRefused, match=r"signing in was refused with 535"):
            await other.send(PAGE, ADDRESS)
        assert len(post.sign_ins) - before == 2, "a new token that is refused too is final"


async def test_a_certificate_that_is_not_trusted_gets_nothing(shown: tuple[Path, ssl.SSLContext]) -> None:
    async with open_mail_server(start_tls=shown[1]) as one, open_mail_server(tls=shown[1]) as other:
        for security, port in (("starttls", one.port), ("tls", other.port)):
            with pytest.raises(RemoteUnavailable, match=r"the certificate of 127.0.0.1:\d+ is not trusted"):
                await channel(port, security=security).send(PAGE, ADDRESS)
        assert one.kept == other.kept == []


async def test_a_server_that_hides_starttls_gets_nothing(post: MailServer) -> None:
    with pytest.raises(RemoteRefused, match="does not offer STARTTLS"):
        await channel(post.port, security="starttls").send(PAGE, ADDRESS)
    assert post.kept == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"host": "smtp.example.org"}, "is for this machine only"),
        ({"user": "somebody"}, "expected user with either password or oauth"),
        ({"sender": "nobody"}, "is no e-mail address"),
        ({"sender": "A\nBcc: x <a@b.example>"}, "is no e-mail address"),
        ({"host": "smtp example"}, "is no name of a machine"),
        ({"proxy": Secret(env="HOME")}, "mail goes through no proxy"),
    ],
)
def test_a_configuration_that_cannot_work_or_would_leak_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EmailConfig.model_validate(
            {"kind": "email", "host": "127.0.0.1", "security": "none", "sender": "a@b.example", **more}
        )


async def test_a_check_signs_in_and_sends_nothing(post: MailServer) -> None:
    assert await channel(post.port).check() == (
        "mx.lumina.example: no encryption; takes the sender; offers SMTPUTF8, 8BITMIME, SIZE 32,768 KiB"
    )
    assert post.kept == []
