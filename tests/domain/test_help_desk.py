"""What people change on the ticket in the help desk: heard once, recorded, and what it means here."""

from typing import Any

import pytest

from escalation.documents import parse_document, validate
from escalation.errors import DocumentError, NotNow
from escalation.lifecycle.case.packet_views import packet
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CaseChange, CaseLink, CustomerSnapshot, MessageKind, OpenCase, UpdateCase
from escalation.playbook.load import shipped_folder
from escalation.playbook.schema import Playbook
from tests.domain.builders import ANN, CUSTOMER, EVE, START, Life, gated, opened, small


def change(key: str = "c1", **what: Any) -> c.CaseChanged:
    content = {"key": key, "case_key": "run-1/case", "at": START, "by": "agent 12"}
    return c.CaseChanged(system="desk", change=CaseChange.model_validate(content | what))


def owned(**changes: Any) -> Life:
    return opened(small(**changes)).taken_by(ANN)


def news(life: Life, to: str = ANN) -> str:
    return next(message.body for message in reversed(life.sent) if message.to == to).splitlines()[0]


# --- heard once -------------------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
def test_a_change_of_the_ticket_is_recorded_with_who_did_it_and_the_same_one_again_is_not() -> None:
    life = owned()
    life.send(change(status="pending", owner="12", note="looked at it"))
    event = life.last(e.TicketChanged)
    assert (event.by, event.editor, event.status, event.owner) == ("service:desk", "agent 12", "pending", "12")
    assert (event.note, event.public, event.means) == ("looked at it", False, "")
    seq = life.state.seq
    life.send(change(status="pending", owner="12", note="looked at it"))
    assert life.state.seq == seq
    assert situation(life.state, life.now).case_changed == (
        "pending in desk, changed there by agent 12, owner there: 12"
    )


def test_only_so_many_changes_are_known_and_the_latest_of_them_stay_known() -> None:
    life = owned()
    for number in range(130):
        life.send(change(f"c{number}", note="x"))
    assert life.state.ticket is not None
    assert len(life.state.ticket.seen) == 100
    seq = life.state.seq
    life.send(change("c129", note="x"))
    assert life.state.seq == seq


def test_a_change_of_the_ticket_of_an_earlier_escalation_is_refused_and_after_the_end_it_changes_nothing() -> None:
    life = owned()
    with pytest.raises(NotNow, match="another escalation of this case"):
        life.send(change(case_key="run-0/case", status="solved"))
    life.send(c.Cancel(by=ANN, because="a mistake"))
    seq = life.state.seq
    life.send(change(status="open"))
    assert life.state.seq == seq


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ({"by": "person:eva", "owner": "person:eva"}, "person:eva, owner there: person:eva"),
        ({"by": "automation"}, "an automation there"),
        ({"by": ""}, "somebody"),
        ({"by": "", "by_customer": True}, "the customer"),
    ],
)
def test_whoever_changed_it_is_called_alike_whatever_the_help_desk(what: dict[str, Any], shown: str) -> None:
    life = owned()
    life.send(change(status="solved", **what))
    assert situation(life.state, life.now).case_changed == f"solved in desk, changed there by {shown}"
    assert f"set to solved in desk by {shown.partition(',')[0]}" in news(life)


# --- what customers write there ---------------------------------------------------------------------------------------


def test_what_the_customer_writes_on_the_ticket_is_their_note_here_and_is_not_written_back() -> None:
    life = owned(
        keywords={"angry": {"en": ["furious"]}},
        triggers=[
            {"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"},
            {"id": "angry", "when": '"angry" in keywords'},
        ],
    )
    before = len(life.tickets)
    life.send(change(by_customer=True, public=True, note="I am furious", by=""))
    note = life.last(e.NoteAdded)
    assert (note.by, note.text) == (CUSTOMER, "I am furious")
    assert life.last(e.TicketChanged).note == ""
    assert "angry" in life.reasons
    assert any("the customer wrote: I am furious" in message.body for message in life.sent if message.to == ANN)
    assert not [each for each in life.tickets[before:] if isinstance(each, UpdateCase) and "furious" in each.note]


def test_what_staff_write_internally_is_no_note_of_the_customer() -> None:
    life = owned()
    life.send(change(note="the customer is furious"))
    assert life.all(e.NoteAdded) == []


@pytest.mark.parametrize("what", [{"note": "still broken", "public": True}, {"status": "open"}])
def test_a_customer_who_writes_or_opens_the_ticket_again_rejects_the_proposed_resolution(what: dict[str, Any]) -> None:
    life = owned()
    life.send(c.Resolve(by=ANN, resolution="mended", cause=""))
    life.send(change(by_customer=True, by="", **what))
    assert life.state.resolution_state == "rejected"
    assert len(life.all(e.ResolutionRejected)) == 1


def test_staff_who_open_the_ticket_again_leave_the_proposal_to_whoever_confirms_it_and_the_owner_is_told() -> None:
    life = owned()
    life.send(c.Resolve(by=ANN, resolution="mended", cause=""))
    life.send(change(status="open"))
    assert life.state.resolution_state == "proposed"
    assert "opened again in desk by agent 12" in news(life)


def test_where_nobody_knows_the_customer_their_words_count_all_the_same() -> None:
    life = Life(small())
    life.open(customer=None)
    life.taken_by(ANN)
    life.send(change(by_customer=True, public=True, note="still broken", by=""))
    assert life.last(e.NoteAdded).by == "service:desk"
    assert "the customer wrote: still broken" in news(life)


# --- solved there -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_ticket_that_was_solved_there_is_no_resolution_and_the_owner_hears_what_to_do(status: str) -> None:
    life = owned()
    before = len(life.tickets)
    life.send(change(status=status))
    assert life.state.resolution is None
    assert f"the ticket was set to {status} in desk by agent 12" in news(life)
    assert len(life.tickets) == before, "nothing is written back"


def test_while_nobody_owns_it_whoever_is_accountable_hears_of_it() -> None:
    life = opened(small())
    life.send(change(status="solved"))
    assert "set to solved in desk" in news(life, EVE)


def test_a_playbook_may_have_it_proposed_and_whoever_confirms_is_asked() -> None:
    life = owned(help_desk={"solved_there": "propose"})
    life.send(change(status="solved", note="paid again", public=True))
    assert life.state.resolution is not None
    assert (life.state.resolution_state, life.state.resolution.text) == ("proposed", "paid again")
    asked = life.tickets[-1]
    assert isinstance(asked, UpdateCase)
    assert (asked.public, asked.status) == (True, None), "people there gave it its status"
    life.send(c.ConfirmResolution(by=CUSTOMER))
    assert life.state.resolution_state == "confirmed"


def test_what_stands_before_a_resolution_stands_before_one_that_was_solved_there() -> None:
    life = opened(gated({"when": "true"}, help_desk={"solved_there": "propose"})).taken_by(ANN)
    life.send(change(status="solved"))
    assert life.state.resolution is None
    assert life.last(e.TicketChanged).means == "not_proposed"
    assert "approval gate1 waits for" in news(life)


def test_a_ticket_that_was_solved_while_the_resolution_waits_tells_nobody_anything_new() -> None:
    life = owned()
    life.send(c.Resolve(by=ANN, resolution="mended", cause=""))
    before = len(life.sent)
    life.send(change(status="solved"))
    assert life.sent[before:] == []


# --- where the ticket is ----------------------------------------------------------------------------------------------


@pytest.mark.req("WLF-17")
def test_every_update_says_which_system_the_ticket_is_in_and_its_own_id_as_soon_as_it_is_known() -> None:
    life = owned()
    life.send(c.Resolve(by=ANN, resolution="mended", cause=""))
    updates = [each for each in life.tickets if isinstance(each, UpdateCase)]
    assert {(each.case_key, each.case_system, each.ticket) for each in updates} == {("run-1/case", "helpdesk", "T-1")}


@pytest.mark.parametrize(("system", "where"), [("zendesk", "zendesk"), ("", "helpdesk")])
def test_every_update_names_the_help_desk_that_the_ticket_was_opened_in(system: str, where: str) -> None:
    life = owned()
    life.state = life.state.changed({"case_link": CaseLink(ticket="4711", system=system)})
    life.send(c.Cancel(by=ANN, because="a mistake"))
    update = life.tickets[-1]
    assert isinstance(update, UpdateCase)
    assert (update.system, update.ticket) == (where, "4711")


# --- what is not known yet --------------------------------------------------------------------------------------------


def test_while_the_crm_does_not_answer_the_packet_says_what_is_missing_and_people_are_called_all_the_same() -> None:
    life = Life(small(), answers=False)
    life.open()
    missing = ("customer snapshot and ticket: not yet known, the help desk (for cases of helpdesk) does not answer",)
    assert packet(life.state).gaps == situation(life.state, life.now).gaps == missing
    assert life.state.rung is not None
    snapshot = CustomerSnapshot(fetched_at=START, system="crm", tier="vip")
    life.send(c.CaseOpened(link=CaseLink(ticket="T-9", snapshot=snapshot)))
    assert packet(life.state).gaps == ()
    assert packet(life.state).snapshot == snapshot


@pytest.mark.req("WLF-16")
def test_a_ticket_is_linked_before_the_customer_can_be_had_who_is_fetched_beside_it_and_filled_in() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.clear()
    link = CaseLink(ticket="T-9", system="desk", later=True)
    life.send(c.CaseOpened(link=link))
    assert packet(life.state).gaps == ("customer snapshot: not yet known, desk does not answer",)
    (again,) = (action for action in life.pending if isinstance(action, OpenCase))
    assert (again.key, again.linked, again.customer) == (life.state.case_key, link, life.state.customer)
    life.pending.clear()
    snapshot = CustomerSnapshot(fetched_at=START, system="desk", tier="vip")
    life.send(c.CaseOpened(link=link.changed({"snapshot": snapshot, "later": False})))
    assert packet(life.state).gaps == ()
    assert [event.completed for event in life.events if isinstance(event, e.CaseLinked)] == [False, True]
    assert not [action for action in life.pending if isinstance(action, OpenCase)]


def test_a_crm_that_refuses_is_named_and_so_is_one_that_opens_the_ticket_and_tells_nothing_of_the_customer() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.send(c.CaseNotOpened(error="desk: answered 403"))
    desk = "the help desk (for cases of helpdesk)"
    anew = "once that is mended: escalate open_ticket escalation-chatbot-conv-1"
    assert packet(life.state).gaps == (
        f"customer snapshot and ticket: not known, {desk} refused (desk: answered 403); {anew}",
    )
    life.send(c.CaseOpened(link=CaseLink(ticket="T-9", gap="desk: answered 403")))
    assert packet(life.state).gaps == ("customer snapshot: not known, desk: answered 403",)


def test_a_customers_question_is_no_message_to_them_where_they_read_it_on_the_ticket() -> None:
    life = owned(help_desk={"solved_there": "propose"})
    life.send(change(status="solved"))
    assert life.told(MessageKind.CUSTOMER) == []


def test_a_playbook_that_says_something_else_of_a_solved_ticket_is_refused_with_its_line() -> None:
    text = shipped_folder().joinpath("customer-service-escalation.yaml").read_text(encoding="utf-8")
    wrong = parse_document(f"{text}\nhelp_desk:\n  solved_there: closes\n", "p.yaml")
    with pytest.raises(DocumentError, match=r"p\.yaml:\d+.*help_desk\.solved_there.*tell"):
        validate(wrong, Playbook)
