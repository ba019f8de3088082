"""What a message asks for can be answered on it, and what became of it is said on it: once, by whom and when."""

from typing import Any

from escalation.lifecycle import advance
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import AmendMessage, DeliveryReceipt, Fate, MessageKind, Notify, Offer
from escalation.model.commands import parse_command
from tests.domain.builders import ANN, BOB, CUSTOMER, CYD, HAL, START, Life, gated, opened, request, small

FOUND = c.PeopleFound.model_validate(
    {"purpose": "rung:L1/1", "found": {"people": [{"person": ANN, "via": "team:desk"}]}}
)


def asked(life: Life, to: str, kind: MessageKind) -> Notify:
    """The latest message of a kind to somebody."""
    return next(message for message in reversed(life.sent) if (message.to, message.kind) == (to, kind))


def commands(message: Notify) -> list[str]:
    return [offer.command for offer in message.offers]


def press(life: Life, message: Notify, offer: Offer, **filled: str) -> list[e.Event]:
    """Answer as a button does: with its arguments and with what was filled in."""
    assert set(filled) == set(offer.needs)
    return life.send(parse_command(offer.command, {"by": message.to, **offer.arguments, **filled}))


def amendable(playbook: Any = None) -> Life:
    life = Life(playbook or small())
    life.amendable = True
    life.open()
    return life


def said(life: Life) -> list[tuple[str, Fate, str | None]]:
    return [(change.to, change.fate, change.by) for change in life.amended]


# --- what is offered --------------------------------------------------------------------------------------------------


def test_every_message_says_which_escalation_it_is_of_and_a_page_offers_to_take_or_to_decline_it() -> None:
    life = opened(small())
    page = asked(life, ANN, MessageKind.PAGE)
    assert {message.escalation for message in life.sent} == {life.state.id}
    assert [(offer.command, offer.needs) for offer in page.offers] == [("acknowledge", ()), ("decline", ("because",))]
    press(life, page, page.offers[0])
    assert life.owner == ANN


def test_an_approval_offers_to_approve_what_was_seen_and_a_reason_is_needed_to_refuse_it() -> None:
    life = opened(gated({"when": "true"})).taken_by(ANN)
    question = asked(life, HAL, MessageKind.APPROVAL)
    seen = {"gate": "gate1", "digest": life.gate().digest}
    assert [(offer.command, offer.arguments, offer.needs) for offer in question.offers] == [
        ("approve", seen, ()),
        ("reject", seen, ("because",)),
        ("request_changes", {"gate": "gate1"}, ("because",)),
    ]
    press(life, question, question.offers[0])
    assert life.gate().state == "passed"


def test_where_an_approval_has_choices_each_of_them_is_offered() -> None:
    choices = [{"id": "credit", "about": "a credit"}, {"id": "refund", "about": "a refund"}]
    life = opened(gated({"when": "true", "choices": choices})).taken_by(ANN)
    offers = asked(life, HAL, MessageKind.APPROVAL).offers
    assert [offer.arguments.get("choice") for offer in offers] == ["credit", "refund", None, None]


def test_a_handoff_offers_to_accept_or_to_decline_it_and_a_claim_when_somebody_accepted_it_for_the_team() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.OfferHandoff(by=ANN, to="team:experts", because="databases", expectation="look"))
    offered = asked(life, CYD, MessageKind.PAGE)
    assert commands(offered) == ["accept_handoff", "decline_handoff"]
    life.send(c.AcceptHandoff(by=CYD, for_team=True))
    claim = asked(life, CYD, MessageKind.NEWS)
    press(life, claim, claim.offers[0])
    assert life.owner == CYD


def test_work_offers_what_brings_it_on_and_a_question_for_input_its_answer() -> None:
    life = opened(small()).taken_by(ANN)
    due = life.now.replace(hour=23)
    life.send(c.AddItem(by=ANN, title="look", owner="team:desk", due=due))
    assert commands(asked(life, BOB, MessageKind.ITEM)) == ["claim_item"]
    life.send(c.AddItem(by=ANN, title="mend", owner=BOB, due=due))
    mine = asked(life, BOB, MessageKind.ITEM)
    assert mine.offers == (Offer(command="complete_item", arguments={"item": "i2"}),)
    life.send(c.RequestInput(by=ANN, of=CUSTOMER, what="which order?", due=due))
    question = asked(life, CUSTOMER, MessageKind.CUSTOMER)
    press(life, question, question.offers[0], text="order 7")
    assert not life.state.items["i3"].open


def test_missing_parts_of_the_packet_can_be_supplied_and_the_proposed_resolution_confirmed_or_rejected() -> None:
    life = opened(small(), context={"summary": None})
    question = asked(life, "agent:bot", MessageKind.INPUT)
    assert question.offers == (Offer(command="provide_input", needs=("summary",)),)
    press(life, question, question.offers[0], summary="it is broken")
    assert life.state.level is not None

    life = Life(small(), answers=False)
    life.open()
    life.pending.clear()
    life.send(FOUND)
    life.pending.clear()
    life.send(c.Acknowledge(by=ANN))
    life.send(c.Resolve(by=ANN, resolution="done", cause=""))
    (asks,) = [m for m in life.pending if isinstance(m, Notify) and m.to == CUSTOMER]
    assert commands(asks) == ["confirm_resolution", "reject_resolution"]
    press(life, asks, asks.offers[1], because="it is not")
    assert life.state.resolution_state == "rejected"


def test_news_offers_nothing() -> None:
    life = opened(small()).taken_by(ANN)
    news = asked(life, BOB, MessageKind.NEWS)
    assert (news.offers, news.matter) == ((), "")


# --- threads ----------------------------------------------------------------------------------------------------------


def test_what_a_channel_calls_the_thread_is_kept_for_each_receiver() -> None:
    life = amendable()
    assert life.state.threads == {ANN: {"inbox": f"t/{ANN}"}, BOB: {"inbox": f"t/{BOB}"}}
    assert opened(small()).state.threads == {}


def test_a_message_goes_with_its_receivers_own_threads_and_those_of_everybody_else_apart_and_once() -> None:
    known = {ANN: {"chat": "c1", "mail": "m1"}, BOB: {"chat": "c2"}, CYD: {"chat": "c2"}, HAL: {"chat": "c3"}}
    message = asked(amendable(), BOB, MessageKind.PAGE).within(known)
    assert message.threads == {"chat": "c2"}
    assert message.other_threads == {"chat": ("c1", "c2", "c3"), "mail": ("m1",)}
    assert message.known_threads == ("c2", "c1", "c3", "m1")


def test_only_so_many_receivers_threads_are_kept_the_latest() -> None:
    state = amendable().state
    for number in range(120):
        receipt = DeliveryReceipt(channel="chat", receipt_id="r", at=START, thread="x")
        state, _ = advance(state, c.Delivered(key=f"k{number}", to=f"person:p{number}", receipt=receipt), START)
    assert len(state.threads) == 100
    assert "person:p119" in state.threads
    assert ANN not in state.threads


# --- what became of it ------------------------------------------------------------------------------------------------


def test_when_somebody_takes_it_every_page_of_it_says_who_did() -> None:
    life = amendable().taken_by(ANN)
    assert sorted(said(life)) == [(ANN, Fate.TAKEN, ANN), (BOB, Fate.TAKEN, ANN)]
    change = life.amended[0]
    assert change.template == "settled.taken"
    assert change.body == "Taken by person:ann (2026-11-20 10:00 UTC)."
    assert life.state.asking == ()
    life.send(c.Note(by=ANN, text="on it"))
    assert len(life.amended) == 2, "said once"


def test_a_page_that_arrives_after_it_was_taken_says_so_at_once() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.clear()
    life.send(FOUND)
    life.send(c.Acknowledge(by=ANN))
    life.pending.clear()
    receipt = DeliveryReceipt(channel="chat", receipt_id="r7", at=START, amendable=True)
    life.send(c.Delivered(key="run-1/9/p", to=BOB, rung="L1/1", receipt=receipt, matter="rung:L1/1"))
    (change,) = [action for action in life.pending if isinstance(action, AmendMessage)]
    assert (change.to, change.fate, change.by, change.receipt_id) == (BOB, Fate.TAKEN, ANN, "r7")


def test_what_was_taken_says_once_more_that_it_is_resolved_and_not_before_that_is_confirmed() -> None:
    life = amendable().taken_by(ANN)
    del life.amended[:]
    life.send(c.Resolve(by=ANN, resolution="done", cause="a fuse"))
    assert said(life) == [], "it may be rejected, and work goes on"
    life.send(c.ConfirmResolution(by=CUSTOMER))
    resolved = [each for each in life.amended if each.template == "settled.resolved"]
    assert sorted((each.to, each.fate, each.by) for each in resolved) == [
        (ANN, Fate.ENDED, ANN),
        (BOB, Fate.ENDED, ANN),
    ]
    assert resolved[0].body == "Resolved by person:ann (2026-11-20 10:00 UTC)."
    assert life.state.taken_up == ()


def test_a_rejected_resolution_leaves_what_was_taken_as_it_is_until_the_end() -> None:
    life = amendable().taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="done", cause="a fuse"))
    life.send(c.RejectResolution(by=CUSTOMER, because="it is not"))
    pages = {(each.key, each.to) for each in life.state.taken_up}
    assert {to for _, to in pages} >= {ANN, BOB}
    del life.amended[:]
    life.send(c.Cancel(by=ANN, because="a mistake"))
    assert {fate for _, fate, _ in said(life)} == {Fate.ENDED}
    assert len(life.amended) >= len(pages)
    assert life.state.taken_up == ()


def test_a_page_that_arrives_after_all_is_over_says_only_that() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.clear()
    life.send(FOUND)
    life.send(c.Acknowledge(by=ANN))
    life.send(c.Cancel(by=ANN, because="a mistake"))
    life.pending.clear()
    receipt = DeliveryReceipt(channel="chat", receipt_id="r7", at=START, amendable=True)
    life.send(c.Delivered(key="run-1/9/p", to=BOB, rung="L1/1", receipt=receipt, matter="rung:L1/1"))
    (change,) = [action for action in life.pending if isinstance(action, AmendMessage)]
    assert (change.to, change.fate, change.template) == (BOB, Fate.ENDED, "settled.ended")
    assert life.state.taken_up == ()


def test_work_that_somebody_took_says_that_it_is_done_on_every_message_that_offered_it() -> None:
    life = amendable().taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="look", owner="team:desk", due=life.now.replace(hour=23)))
    life.send(c.ClaimItem(by=BOB, item="i1"))
    del life.amended[:]
    life.send(c.CompleteItem(by=BOB, item="i1"))
    assert sorted(said(life)) == [(ANN, Fate.DECIDED, BOB), (BOB, Fate.DECIDED, BOB)]


def test_whom_it_is_about_by_then_hears_at_the_end_only_that_it_has_ended() -> None:
    life = amendable().taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": (BOB,)}, because="it is about him"))
    del life.amended[:]
    life.send(c.Resolve(by=ANN, resolution="done", cause="a fuse"))
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert {(each.fate, each.by, each.template) for each in life.amended if each.to == BOB} == {
        (Fate.ENDED, None, "settled.ended")
    }


def test_of_what_was_taken_only_so_many_messages_are_kept_the_latest() -> None:
    state = amendable().taken_by(ANN).state
    for number in range(120):
        receipt = DeliveryReceipt(channel="chat", receipt_id="r", at=START, amendable=True)
        late = c.Delivered(key=f"k{number}", to=f"person:p{number}", receipt=receipt, matter="rung:L1/1")
        state, _ = advance(state, late, START)
    assert len(state.taken_up) == 100
    assert state.taken_up[-1].to == "person:p119"


def test_pages_of_a_round_that_nobody_took_and_those_of_one_who_declined_say_so() -> None:
    life = amendable()
    life.send(c.Decline(by=BOB, because="on a plane"))
    assert said(life) == [(BOB, Fate.WITHDRAWN, BOB)]
    life.next()
    assert said(life)[1:] == [(ANN, Fate.WITHDRAWN, None)]
    assert life.amended[-1].template == "settled.moved_on"


def test_an_approval_says_how_it_was_decided_to_all_who_were_asked() -> None:
    life = amendable(gated({"when": "true", "approvers": ["team:experts"], "needs": 1})).taken_by(ANN)
    before = len(life.amended)
    life.send(c.Reject(by=CYD, gate="gate1", because="too much"))
    assert sorted(said(life)[before:]) == [(CYD, Fate.DECIDED, CYD), ("person:dan", Fate.DECIDED, CYD)]


def test_handoffs_and_work_say_who_took_them_and_that_they_are_done() -> None:
    life = amendable().taken_by(ANN)
    del life.amended[:]
    life.send(c.OfferHandoff(by=ANN, to=CYD, because="databases", expectation="look"))
    life.send(c.DeclineHandoff(by=CYD, because="busy"))
    assert said(life) == [(CYD, Fate.WITHDRAWN, CYD)]
    life.send(c.AddItem(by=ANN, title="look", owner="team:desk", due=life.now.replace(hour=23)))
    life.send(c.ClaimItem(by=BOB, item="i1"))
    assert said(life)[1:] == [(ANN, Fate.TAKEN, BOB), (BOB, Fate.TAKEN, BOB)]
    life.send(c.AddItem(by=ANN, title="mend", owner=BOB, due=life.now.replace(hour=23)))
    life.send(c.CompleteItem(by=BOB, item="i2"))
    assert said(life)[3:] == [(BOB, Fate.DECIDED, BOB)]


def test_a_cancelled_escalation_leaves_no_message_that_still_asks() -> None:
    life = amendable()
    life.send(c.Cancel(by=ANN, because="a mistake"))
    assert {fate for _, fate, _ in said(life)} == {Fate.ENDED}
    assert life.state.asking == ()


def test_whom_it_is_about_hears_on_their_page_that_no_answer_is_needed_and_never_who_took_it() -> None:
    life = amendable()
    life.send(c.ChangeFacts(by=ANN, facts={"concerns": (BOB,)}, because="it is about him"))
    assert said(life) == [(BOB, Fate.WITHDRAWN, None)]
    life.taken_by(ANN)
    assert said(life)[1:] == [(ANN, Fate.TAKEN, ANN)]


def test_a_message_that_cannot_be_changed_is_said_on_the_timeline_and_one_that_could_leaves_no_event() -> None:
    life = amendable().taken_by(ANN)
    seq = life.state.seq
    life.send(c.Amended(key="k", to=BOB, channel="chat"))
    assert life.state.seq == seq
    life.send(c.Amended(key="k", to=BOB, channel="chat", error="RemoteRefused: it is gone"))
    assert life.last(e.MessageNotAmended).error == "RemoteRefused: it is gone"


def test_channels_that_change_nothing_and_lives_that_began_before_have_nothing_to_settle() -> None:
    life = opened(small()).taken_by(ANN)
    assert life.all(e.MessagesSettled) == []
    life = Life(small())
    life.state = life.state.changed({"rules": 1})
    life.amendable = True
    life.open(request(small()))
    life.taken_by(ANN)
    assert life.all(e.MessagesSettled) == []
