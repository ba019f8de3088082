"""A page by e-mail: a server that says "later" first, a message that arrives once, a ladder that keeps its time."""

import asyncio
from pathlib import Path

import pytest

from escalation.model.commands import Acknowledge
from tests.support import requests
from tests.support.mail import Kept, MailServer, open_mail_server
from tests.support.rig import open_rig
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

PLAYBOOK = """
extends: customer-service-escalation
playbook: mailed
levels:
  - {id: L1, targets: ['person:eva.novak'], ack: 8s, repeat: 0}
  - {id: L2, targets: ['person:petr.svoboda'], ack: 1h}
"""
EVA, PETR = "eva.novak@lumina.example", "petr.svoboda@lumina.example"


@pytest.mark.req("INT-5")
async def test_a_page_by_mail_arrives_once_and_the_ladder_is_on_time(tmp_path: Path) -> None:
    async with open_mail_server() as post:
        connections = tmp_path / "connections.yaml"
        connections.write_text(
            "connections:\n"
            f"  email: {{kind: email, host: 127.0.0.1, port: {post.port}, security: none, sender: e@lumina.example}}\n"
        )
        contacts = {"eva.novak": ("email", EVA), "petr.svoboda": ("email", PETR)}
        environment = {"ESCALATION_CONNECTIONS": str(connections)}
        async with open_rig(
            tmp_path / "rig", contacts=contacts, playbooks={"mailed": PLAYBOOK}, environment=environment
        ) as rig:
            post.recipient = ["451 4.7.1 come back later"]
            begun = asyncio.get_running_loop().time()
            opened = await rig.client.open(requests.support("mail", playbook="mailed"))
            await eventually(lambda: mails(post, EVA), "the page is there", every=0.2)
            await eventually(lambda: mails(post, PETR), "the ladder goes on", every=0.2)
            [page], [next_page] = mails(post, EVA), mails(post, PETR)
            assert 1 <= page.at - begun < 6, "the second try, a second later"
            assert 8 <= next_page.at - begun < 12, "and no second later for it"
            assert 'lang="cs"' in page.page
            assert f"escalate acknowledge {opened.escalation_id} --by person:eva.novak" in page.text

            async def has_receipts() -> bool:
                receipts = (await rig.client.state(opened.escalation_id)).receipts.values()
                told = {each.receipt_id for each in receipts if each.channel == "email"}
                return {page.mail["Message-ID"], next_page.mail["Message-ID"]} <= told

            await eventually(has_receipts, "both are recorded as delivered", every=0.5)
            await rig.client.send(opened.escalation_id, Acknowledge(by="person:petr.svoboda"))
            assert len({kept.mail["Message-ID"] for kept in post.kept}) == len(post.kept), "nothing came twice"


def mails(post: MailServer, to: str) -> list[Kept]:
    return [kept for kept in post.kept if kept.to == [to]]
