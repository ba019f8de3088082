"""What the people of the demo do. Each acts only after the message reached them; each story says what must be true."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.facts import FactValue
from escalation.values import Actor
from starter.demo.scene import Scene
from starter.line import name

JANA, ZSOFIA, OLIVIA = "person:jana.kralova", "person:zsofia.nagy", "person:olivia.grant"
LINNEA, ERIK = "person:linnea.holm", "person:erik.lindqvist"
MARKETA, GERGO = "customer:c-17", "customer:c-88"

Crash = Callable[[], Awaitable[None]]
"""Kills the worker and starts another one."""


class Check(NamedTuple):
    """Something that must be true at the end."""

    what: str
    holds: bool


# --- a Czech VIP whose chatbot is 62 % sure ---------------------------------------------------------------------------


async def vip(scene: Scene) -> None:
    """Jana takes it, a colleague comes second and is told so, the customer confirms."""
    await scene.gets("page", JANA)
    await scene.act(c.Acknowledge(by=JANA), after=1.2)
    await scene.gets("page", ZSOFIA)
    await scene.is_refused(c.Acknowledge(by=ZSOFIA), after=0.8)
    await scene.act(c.Note(by=JANA, text="The refund job skipped this return; triggered by hand"), after=1.5)
    solved = "Refund of 4 300 CZK sent today, on the account tomorrow"
    await scene.act(c.Resolve(by=JANA, resolution=solved, cause="The refund job skips split orders"), after=1.5)
    await scene.gets("ticket", MARKETA)
    await scene.act(c.SubmitFeedback(by=MARKETA, score=4, comment="Konečně. Děkuji."), after=1.2)
    await scene.act(c.ConfirmResolution(by=MARKETA), after=0.5)
    await scene.gets("review", JANA)
    lesson = "Watch returns that stay unpaid for a week"
    await scene.act(c.SubmitReview(by=JANA, lessons=(lesson,), warranted=True), after=1.5)


def check_vip(scene: Scene) -> list[Check]:
    """Check the owner, the level, all three reasons, and the answer to whoever came second."""
    return [
        _owned_by(scene, JANA),
        _level(scene, "L2"),
        _reasons(scene, "low_confidence", "cancel_words", "vip"),
        Check("who came second was told by whom it was taken", any(JANA in said for said in scene.refusals)),
    ]


# --- a P0 alert whose first on-call does not answer -------------------------------------------------------------------


async def alert(scene: Scene, crash: Crash) -> None:
    """The first on-call sleeps, the second level takes it; the fix changes, so its approval has to be asked anew."""
    asleep = frozenset({(await scene.gets("page")).to})
    scene.board.say(scene.label, name(next(iter(asleep))), "does not answer (asleep)", "dim")
    page = await scene.gets("page", but=asleep)
    taker = page.to
    await scene.act(c.Acknowledge(by=taker), after=1.2)
    first = _digest((await scene.gets("approval", LINNEA)).body)
    plan = "promote the replica to primary; leave the old primary off"
    facts: dict[str, FactValue] = {"change.plan": plan}
    await scene.act(c.ChangeFacts(by=taker, facts=facts, because="a restart loses the last writes"), after=1.2)
    # She answers the mail she has open, which is about the old plan.
    await scene.is_refused(c.Approve(by=LINNEA, gate="emergency_change", digest=first), after=0.3)
    second = _digest((await scene.gets("approval", LINNEA)).body)
    await crash()
    approval = c.Approve(by=LINNEA, gate="emergency_change", digest=second, because="no write is lost this way")
    await scene.act(approval, after=0.8)
    await scene.gets("news", taker)
    done = "Replica promoted, checkout is back"
    await scene.act(c.Resolve(by=taker, resolution=done, cause="Disk of the primary failed"), after=1.5)
    await scene.gets("customer", scene.request.requested_by)
    await scene.act(c.ConfirmResolution(by=scene.request.requested_by, comment="the alert has cleared"), after=0.8)
    await scene.gets("review", taker)
    due = datetime.now(UTC) + timedelta(hours=1)
    item = c.ItemDraft(title="Replace the disk and build a new replica", owner=ERIK, due=due)
    lessons = ("The plan at hand lost writes: rehearse the promotion",)
    await scene.act(c.SubmitReview(by=taker, lessons=lessons, items=(item,), warranted=True), after=1.2)
    await scene.gets("item", ERIK)
    # Whoever did not approve it looks at the emergency approval; Erik does what the review asks of him.
    for each in (await scene.client.situation(scene.id)).items:
        result = "disk replaced, replica in sync" if each.owner == ERIK else "looked at it: the approval was right"
        await scene.act(c.CompleteItem(by=each.owner, item=each.id, result=result), after=1.2)


def _digest(body: str) -> str:
    """Read from the message what the approval would be bound to."""
    found = re.search(r"--digest (\w+)", body)
    return found.group(1) if found else ""


def check_alert(scene: Scene) -> list[Check]:
    """Check that silence led to the second level, and that only what was last planned was approved."""
    rungs = [event for event in scene.timeline if isinstance(event, e.RungOpened)]
    first = [d.to for d in scene.post.received if d.instance == scene.run_id and d.kind == "page"][:1]
    closed = {(v.round, v.state) for v in scene.timeline if isinstance(v, e.GateClosed)}
    owner = scene.situation.owner if scene.situation else None
    return [
        Check("the first on-call was silent, the owner is somebody else", bool(owner) and owner not in first),
        _level(scene, "L2"),
        Check("one round at L1, one at L2", [rung.rung.partition("/")[0] for rung in rungs] == ["L1", "L2"]),
        Check(
            "the approval of the old plan is void, that of the new one passed", closed == {(1, "voided"), (2, "passed")}
        ),
        Check("an answer about the old plan was refused", any("has changed since" in said for said in scene.refusals)),
        Check("every action item is done", scene.situation is not None and all(i.done for i in scene.situation.items)),
    ]


# --- a Hungarian customer who asks for a person and names the law -----------------------------------------------------


async def person(scene: Scene) -> None:
    """Zsófia takes it and hands it to Legal, who has to accept; the customer confirms."""
    await scene.gets("page", ZSOFIA)
    await scene.act(c.Acknowledge(by=ZSOFIA), after=2)
    offer = c.OfferHandoff(
        by=ZSOFIA,
        to="team:legal",
        because="he threatens legal action over his data",
        expectation="say whether the closure was lawful and what he may be told",
    )
    await scene.act(offer, after=1.5)
    await scene.gets("page", OLIVIA)
    await scene.act(c.AcceptHandoff(by=OLIVIA), after=1.5)
    await scene.act(c.Note(by=OLIVIA, text="The inactivity rule needs 30 days' notice; there was none"), after=1.5)
    solved = "Account open again with all invoices; apology and explanation sent"
    await scene.act(c.Resolve(by=OLIVIA, resolution=solved, cause="Closure without the agreed notice"), after=1.2)
    await scene.gets("ticket", GERGO)
    await scene.act(c.ConfirmResolution(by=GERGO, comment="Köszönöm, így rendben van."), after=1.2)
    await scene.gets("review", OLIVIA)
    await scene.act(c.Rate(by=OLIVIA, score=5, comment="everything needed was in the packet"), after=0.8)
    lessons = ("The closing job must check that the notice was sent",)
    await scene.act(c.SubmitReview(by=OLIVIA, lessons=lessons, warranted=True), after=0.8)


def check_person(scene: Scene) -> list[Check]:
    """Check that the hand-off was accepted before responsibility passed, and why a person was told at all."""
    owners = [event.owner for event in scene.timeline if isinstance(event, e.OwnerChanged)]
    return [
        _owned_by(scene, OLIVIA),
        Check("responsibility went from Zsófia to Legal, by acceptance", owners == [ZSOFIA, OLIVIA]),
        _level(scene, "L2"),
        _reasons(scene, "asked_for_human", "legal_words"),
    ]


# --- what every story must show ---------------------------------------------------------------------------------------


def check_all(scene: Scene) -> list[Check]:
    """Check that it is closed and that nobody got a message twice."""
    outcome = scene.situation.outcome if scene.situation else ""
    mine = [delivery for delivery in scene.post.received if delivery.instance == scene.run_id]
    texts = {(delivery.to, delivery.subject, delivery.body) for delivery in mine}
    keys = {delivery.key for delivery in mine}
    return [
        Check("closed", outcome == "closed"),
        Check(f"each of {len(mine)} messages reached its receiver once", len(mine) == len(texts) == len(keys) > 0),
    ]


def _owned_by(scene: Scene, person: Actor) -> Check:
    return Check(f"the owner is {name(person)}", scene.situation is not None and scene.situation.owner == person)


def _level(scene: Scene, level: str) -> Check:
    return Check(f"it ended at level {level}", scene.situation is not None and scene.situation.level == level)


def _reasons(scene: Scene, *wanted: str) -> Check:
    found = [reason.trigger for event in scene.timeline if isinstance(event, e.Opened) for reason in event.reasons]
    return Check(f"the reasons are {', '.join(wanted)}", found == list(wanted))
