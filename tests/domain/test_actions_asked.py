"""Approvals of actions: asked before they are done, decided by people, used once and only for what was approved."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from escalation.approvals import ActionApprovals
from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, RequestRefused, Unknown
from escalation.lifecycle.approvals.actions import MOST_OPEN, action_digest
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import Situation, situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.schema import Playbook, Stage
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, HAL, IDA, KIM, Life, gated, opened

ACTIONS = {
    "refund": {
        "about": "money goes back to the customer",
        "arguments": {
            "amount": {"type": "number", "minimum": 0, "maximum": 5000},
            "reason": {"optional": True, "values": ["late", "broken"]},
        },
        "asked_by": ["agent:refund-bot"],
    },
    "close_account": {},
}
BIG = {
    "id": "big_refund",
    "title": "Pay back so much?",
    "before": "action",
    "when": 'action.name == "refund" && action.amount > 100.0',
    "valid_for": "30m",
}


def playbook(*more: dict[str, Any], **changed: Any) -> Playbook:
    """Return a playbook whose refunds over 100 need security's approval."""
    return gated({**BIG, **changed}, *more, actions=ACTIONS)


def asked(life: Life, amount: float = 250.0, by: str = BOT) -> str:
    """Ask for a refund and return its digest."""
    life.send(c.AskApproval(by=by, action="refund", arguments={"amount": amount}, because="charged twice"))
    return action_digest("refund", {"amount": amount})


def use(digest: str, approval: str = "a1", by: str = BOT) -> c.UseApproval:
    return c.UseApproval(by=by, approval=approval, digest=digest)


@pytest.mark.req("RACI-2")
def test_an_action_that_needs_approval_waits_for_people_is_done_once_and_never_again() -> None:
    life = opened(playbook()).taken_by(ANN)
    digest = asked(life)
    question = next(message for message in life.sent if message.kind is MessageKind.APPROVAL)
    assert question.to == HAL
    assert "agent:bot asks to do this: refund (money goes back to the customer) with amount=250" in question.body
    assert "Why: charged twice" in question.body
    assert "approve is a human step" in life.refused(NotAllowed, c.Approve(by=BOT, gate="big_refund.a1"))
    assert "a1 is not decided yet: it waits for big_refund.a1" in life.refused(NotNow, use(digest))
    life.send(c.Approve(by=HAL, gate="big_refund.a1"))
    news = life.sent[-1]
    assert (news.to, news.kind) == (BOT, MessageKind.NEWS)
    until = "use it once before 2026-11-20 10:30 UTC"
    assert f"may be done: approved by person:hal; {until}: use_approval a1 with digest {digest}" in news.body
    life.send(use(digest))
    assert "was used already: an approval counts once" in life.refused(AlreadyDone, use(digest))
    assert [type(event).__name__ for event in life.events if type(event).__name__.startswith("Action")] == [
        "ActionAsked",
        "ActionSettled",
        "ActionUsed",
    ]


def test_the_escalation_goes_on_while_an_action_waits() -> None:
    life = opened(playbook()).taken_by(ANN)
    asked(life)
    assert life.state.stage is Stage.RESOLUTION
    life.send(c.Resolve(by=ANN, resolution="done"))
    assert life.state.resolution_state == "proposed"


def test_an_agent_that_asks_and_asks_does_not_stand_in_for_an_owner_who_is_silent() -> None:
    levels = [{"id": "L1", "targets": ["team:desk"], "ack": "10m", "dwell": "8h", "ack_lasts": "2h"}]
    levels[0]["last_resort"] = "role:boss"
    triggers = [{"id": "unsure", "when": "ai_confidence < confidence.threshold"}]
    life = opened(gated(BIG, actions=ACTIONS, levels=levels, triggers=triggers)).taken_by(ANN)
    before = life.state.silent_due
    life.pass_time("30m")
    asked(life)
    life.send(c.Approve(by=HAL))
    assert life.state.silent_due == before


def test_what_no_gate_concerns_is_allowed_at_once_recorded_and_used_once_too() -> None:
    life = opened(playbook())
    digest = asked(life, 80.0)
    assert life.state.gates == {}
    settled = life.last(e.ActionSettled)
    assert (settled.state, settled.because) == ("passed", "no approval is needed for it")
    life.send(use(digest))
    assert "used already" in life.refused(AlreadyDone, use(digest))


def test_an_approval_counts_only_for_its_action_its_arguments_its_asker_and_its_time() -> None:
    life = opened(playbook())
    digest = asked(life)
    life.send(c.Approve(by=HAL))
    other = action_digest("refund", {"amount": 251.0})
    assert "was given for another action or other arguments" in life.refused(NotAllowed, use(other))
    assert "was asked for by agent:bot, and nobody else uses it" in life.refused(NotAllowed, use(digest, by=ANN))
    assert "knows of no asked action a7; it knows a1" in life.refused(Unknown, use(digest, "a7"))
    life.now += timedelta(minutes=30)
    assert "could be used until 2026-11-20 10:30:00 UTC; ask again" in life.refused(NotNow, use(digest))
    asked(life)
    assert life.state.actions["a2"].state == "pending"


def test_a_rejected_or_withdrawn_action_is_not_done() -> None:
    life = opened(playbook())
    digest = asked(life)
    life.send(c.Reject(by=HAL, because="not our fault"))
    assert "a1 is rejected: approval big_refund.a1: rejected by person:hal: not our fault" in life.refused(
        NotNow, use(digest)
    )
    assert life.sent[-1].to == BOT
    asked(life)
    life.send(c.WithdrawApproval(by=BOT, approval="a2", because="the customer wrote again"))
    assert life.gate("big_refund.a2").state == "withdrawn"
    assert (life.sent[-1].to, "is not needed any more" in life.sent[-1].body) == (HAL, True)
    assert "a2 is withdrawn" in life.refused(NotNow, use(digest, "a2"))
    assert "there is nothing to withdraw" in life.refused(AlreadyDone, c.WithdrawApproval(by=BOT, approval="a2"))


def test_silence_that_denies_refuses_the_action_and_the_escalation_lives_on() -> None:
    life = opened(playbook(on_expiry="deny")).taken_by(ANN)
    asked(life)
    life.pass_time("1h")
    assert life.state.actions["a1"].state == "rejected"
    assert not life.state.ended


def test_what_was_to_be_approved_changes_and_the_approval_is_void_also_after_it_was_given() -> None:
    life = opened(playbook(subject=["topic"]), facts={"topic": "one"}).taken_by(ANN)
    digest = asked(life)
    life.send(c.Approve(by=HAL))
    life.send(c.ChangeFacts(by=ANN, facts={"topic": "two"}))
    assert "a1 is voided: what was to be approved has changed" in life.refused(NotNow, use(digest))


def test_a_gate_that_has_become_true_since_is_asked_before_the_action_is_done() -> None:
    legal = {"id": "legal", "before": "action", "when": "flags.legal", "valid_for": "1h"}
    life = opened(playbook(legal)).taken_by(ANN)
    digest = asked(life, 80.0)
    life.send(c.ChangeFacts(by=ANN, facts={"flags.legal": True}))
    assert "what is known needs legal as well; ask again" in life.refused(NotNow, use(digest))


def test_all_gates_that_are_true_must_pass_and_one_rejection_ends_the_others() -> None:
    finance = {**BIG, "id": "finance", "approvers": ["role:finance"], "valid_for": "10m"}
    life = opened(playbook(finance))
    asked(life)
    life.send(c.Approve(by=HAL, gate="big_refund.a1"))
    assert life.state.actions["a1"].state == "pending"
    life.send(c.Approve(by=IDA, gate="finance.a1"))
    assert life.state.actions["a1"].valid_until == life.now + timedelta(minutes=10)
    asked(life, 300.0)
    life.send(c.Reject(by=IDA, gate="finance.a2", because="no"))
    assert life.gate("big_refund.a2").state == "withdrawn"


def test_a_chosen_way_comes_with_the_approval() -> None:
    life = opened(playbook(choices=[{"id": "money"}, {"id": "voucher"}]))
    asked(life)
    life.send(c.Approve(by=HAL, choice="voucher"))
    assert situation(life.state, life.now).actions[0].choice == "voucher"


def test_an_owner_who_would_decide_on_own_work_has_the_action_asked_of_others() -> None:
    life = opened(playbook(approvers=["team:desk", "role:security"], exclude=["owner"]))
    asked(life)
    life.taken_by(ANN)
    assert (life.gate("big_refund.a1").round, life.gate("big_refund.a1").people) == (2, (BOB, HAL))
    life.send(c.Approve(by=BOB))
    assert life.state.actions["a1"].state == "passed"


def test_what_is_wrong_with_an_action_is_said_and_nothing_is_asked() -> None:
    life = opened(playbook())
    wrong = c.AskApproval(by=BOT, action="refnud", arguments={}, because="x")
    assert "playbook small declares no action refnud" in life.refused(Unknown, wrong)
    arguments: dict[str, Any] = {"amuont": 1.0, "reason": "because"}
    said = life.refused(Incomplete, c.AskApproval(by=BOT, action="refund", arguments=arguments, because="x"))
    assert "amuont: refund has no such argument" in said
    assert "reason: must be one of late, broken" in said
    assert "amount: is missing" in said
    many = c.AskApproval(by=BOT, action="refund", arguments={"amount": "much"}, because="x")
    assert "amount: must be a number" in life.refused(Incomplete, many)
    for actor in (CUSTOMER, KIM, "agent:else"):
        life.refused(NotAllowed, c.AskApproval(by=actor, action="close_account", because="x"))
    assert life.state.actions == {}


def test_who_is_named_for_an_action_may_ask_for_it_and_hears_the_outcome() -> None:
    life = opened(playbook())
    asked(life, by="agent:refund-bot")
    life.send(c.Approve(by=HAL))
    assert life.sent[-1].to == "agent:refund-bot"


def test_the_same_thing_is_asked_once_and_only_so_many_are_open() -> None:
    life = opened(playbook())
    asked(life)
    again = c.AskApproval(by=BOT, action="refund", arguments={"amount": 250}, because="again")
    assert "you asked for exactly this already: a1 is pending" in life.refused(AlreadyDone, again)
    for number in range(MOST_OPEN - 1):
        asked(life, 300.0 + number)
    assert f"{MOST_OPEN} actions are asked for" in life.refused(
        NotNow, c.AskApproval(by=BOT, action="refund", arguments={"amount": 1.0}, because="x")
    )
    for number in range(3 * MOST_OPEN):
        life.send(c.WithdrawApproval(by=BOT, approval=f"a{number + 1}"))
        asked(life, 1000.0 + number)
    assert len(life.state.actions) <= 2 * MOST_OPEN + 1
    assert len(life.state.gates) <= 2 * MOST_OPEN + 1


def test_a_decision_about_an_action_that_was_never_asked_for_is_refused() -> None:
    life = opened(playbook())
    assert "approval big_refund.a3 is not open" in life.refused(NotNow, c.Approve(by=HAL, gate="big_refund.a3"))
    assert "approval big_refund is not open" in life.refused(NotNow, c.Approve(by=HAL, gate="big_refund"))


def test_once_it_is_in_review_nothing_is_asked_any_more_and_nobody_decides_in_vain() -> None:
    life = opened(playbook()).taken_by(ANN)
    asked(life)
    life.resolved()
    assert (life.state.actions["a1"].state, life.gate("big_refund.a1").state) == ("withdrawn", "withdrawn")
    late = c.AskApproval(by=BOT, action="refund", arguments={"amount": 1.0}, because="x")
    assert "is in review" in life.refused(NotNow, late)


def test_facts_of_an_action_cannot_be_stated() -> None:
    life = opened(playbook()).taken_by(ANN)
    assert "comes with an approval" in life.refused(Incomplete, c.ChangeFacts(by=ANN, facts={"action.amount": 1.0}))


# --- for programs ---------------------------------------------------------------------------------------------------


class _Direct:
    """A client whose escalation lives in this process."""

    def __init__(self, life: Life) -> None:
        self.life = life

    async def send(self, escalation: str, command: c.Act) -> c.Answer:
        self.life.send(command)
        return c.Answer(message="", at=self.life.now, seq=self.life.state.seq)

    async def situation(self, escalation: str) -> Situation:
        return situation(self.life.state, self.life.now)


def test_a_program_asks_waits_uses_it_once_and_is_refused_the_second_time() -> None:
    life = opened(playbook())
    approvals = ActionApprovals(_Direct(life), by=BOT)

    async def refund() -> None:
        mine = await approvals.ask(life.state.id, "refund", {"amount": 250}, because="charged twice")
        assert await approvals.ask(life.state.id, "refund", {"amount": 250.0}, because="asked twice") == mine
        assert (await approvals.outcome(mine, within=timedelta(0))).state == "pending"
        life.send(c.Approve(by=HAL))
        assert (await approvals.outcome(mine, within=timedelta(0))).may_be_done
        await approvals.use(mine)
        with pytest.raises(AlreadyDone):
            await approvals.use(mine)
        second = await approvals.ask(life.state.id, "refund", {"amount": 250}, because="once more")
        assert second.approval == "a2"
        await approvals.withdraw(second)
        assert not (await approvals.outcome(second, within=timedelta(0))).may_be_done

    asyncio.run(refund())


def test_whoever_asks_for_an_action_does_not_decide_on_it_nor_gets_the_seat_of_who_does() -> None:
    life = opened(playbook(approvers=["team:desk"], delegation={"depth": 1})).taken_by(ANN)
    asked(life, by=ANN)
    assert life.gate("big_refund.a1").people == (BOB,)
    said = "person:ann asked for this and may not decide big_refund (separation of duties)"
    assert life.refused(NotAllowed, c.Approve(by=ANN, gate="big_refund.a1")) == said
    passed_on = c.DelegateApproval(by=BOB, gate="big_refund.a1", to=ANN, because="away")
    assert life.refused(NotAllowed, passed_on) == said
    life.send(c.Approve(by=BOB, gate="big_refund.a1"))
    assert life.state.actions["a1"].state == "passed"


def test_what_silence_leads_to_is_said_as_it_is_done_while_a_solution_waits() -> None:
    life = opened(playbook(on_expiry="escalate")).taken_by(ANN)
    asked(life)
    life.send(c.Resolve(by=ANN, resolution="paid back"))
    assert "it stays blocked" in life.due.summary
    life.next()
    assert (life.last(e.GateExpired).behaviour, life.level) == ("halt", "L1")


def test_a_digest_of_the_wrong_thing_is_told_apart_from_one_that_has_changed() -> None:
    life = opened(playbook()).taken_by(ANN)
    digest = asked(life)
    gate = life.state.gates["big_refund.a1"].digest
    assert "is the digest of action a1" in life.refused(NotNow, c.Approve(by=HAL, gate="big_refund.a1", digest=digest))
    assert "has changed since" in life.refused(NotNow, c.Approve(by=HAL, gate="big_refund.a1", digest="0000"))
    assert "open ones: big_refund.a1" in life.refused(NotNow, c.Approve(by=HAL, gate="big_refund"))
    assert "a1 is an action" in life.refused(Unknown, c.Approve(by=HAL, gate="a1"))
    life.send(c.Approve(by=HAL, gate="big_refund.a1", digest=gate))
    assert "people decide big_refund.a1 with" in life.refused(NotAllowed, use(gate))


def test_silence_that_denies_an_action_is_said_in_a_sentence() -> None:
    life = opened(playbook(deadline="1h", on_expiry="deny")).taken_by(ANN)
    digest = asked(life)
    while life.state.actions["a1"].state == "pending":
        life.next()
    assert "approval big_refund.a1: nobody decided within 1h" in life.refused(NotNow, use(digest))


async def test_who_asks_for_an_action_in_a_wrong_form_hears_what_was_expected() -> None:
    wrong = ActionApprovals(Quiet(), by="refund-bot")
    with pytest.raises(RequestRefused) as refused:
        await wrong.ask("escalation-x", "refund", {"amount": 250.0}, because="")
    assert [path for path, _ in refused.value.problems] == ["by", "because"]
    assert "agent:support-bot" in str(refused.value)


class Quiet:
    """A client that nothing may reach."""

    async def send(self, escalation: str, command: c.Act) -> c.Answer:
        raise AssertionError(f"{command} was sent to {escalation}")

    async def situation(self, escalation: str) -> Situation:
        raise AssertionError(f"{escalation} was asked")


# --- who is asked -----------------------------------------------------------------------------------------------------


@pytest.mark.req("CON-1")
def test_whoever_is_asked_beside_the_owner_is_named_until_they_have_decided() -> None:
    life = opened(playbook(approvers=["team:experts", "person:hal"])).taken_by(ANN)
    asked(life)
    asked(life, 300.0)
    here = situation(life.state, life.now)
    assert (here.who_acts_next, here.why) == ((ANN,), "the owner works on it")
    assert here.also_asked == {"big_refund.a1": (CYD, DAN, HAL), "big_refund.a2": (CYD, DAN, HAL)}
    assert "**Also asked:** person:cyd, person:dan, person:hal (big_refund.a1); " in markdown(life.state, life.now)
    life.send(c.Approve(by=HAL, gate="big_refund.a1"))
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="it is theirs", expectation="an answer"))
    assert situation(life.state, life.now).also_asked == {
        "big_refund.a2": (CYD, DAN, HAL),
        "hand-off": (CYD, DAN),
    }
    life.send(c.DeclineHandoff(by=CYD, because="on leave"))
    assert situation(life.state, life.now).also_asked["hand-off"] == (DAN,)


def test_whose_turn_it_is_anyway_is_not_named_twice() -> None:
    life = opened(gated({"when": "true"})).taken_by(ANN)
    here = situation(life.state, life.now)
    assert (here.who_acts_next, here.also_asked) == ((HAL,), {})


def test_whoever_names_the_approval_without_its_action_is_told_which_one_they_probably_mean() -> None:
    life = opened(playbook()).taken_by(ANN)
    asked(life)
    refused = c.Approve(by=HAL, gate="big_refund")
    assert life.refused(NotNow, refused) == "approval big_refund is not open; open ones: big_refund.a1"
    about = "(refund (money goes back to the customer) with amount=250, asked for by agent:bot)"
    said = f"big_refund is asked for each action anew; did you mean `big_refund.a1` {about}?"
    assert life.told_why_not(NotNow, refused) == said
    stranger = life.told_why_not(NotNow, c.Approve(by=KIM, gate="big_refund"))
    assert stranger == "big_refund is asked for each action anew; did you mean `big_refund.a1`?"
    asked(life, 300.0)
    assert "`big_refund.a1`" in life.told_why_not(NotNow, refused)
    assert "amount=300" in life.told_why_not(NotNow, refused)
    assert "big_refund.a2 (refund" in life.told_why_not(NotNow, c.Approve(by=HAL))


def test_an_excluded_owner_hears_everything_that_bars_them() -> None:
    life = opened(playbook(approvers=["team:experts", "person:hal"], exclude=["person:ann", "owner"])).taken_by(ANN)
    asked(life, by=ANN)
    assert life.told_why_not(NotAllowed, c.Approve(by=ANN, gate="big_refund.a1")) == (
        "person:ann may not decide big_refund.a1: they are named in `exclude` of big_refund in the playbook, and they "
        "asked for it, and they own this escalation (separation of duties)"
    )
