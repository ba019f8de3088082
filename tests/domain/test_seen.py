"""What people see of channels that refuse, of calls that are tried again, and of clocks once it has ended."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console
from temporalio.api.workflow.v1 import PendingActivityInfo

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import DeliveryReceipt, MessageKind, OpenCase
from escalation.model.trying import trying
from starter.render import situation as shown
from starter.story import say
from tests.domain.builders import ANN, BOT, CYD, START, Life, opened, small


def test_the_timeline_says_which_channels_did_not_take_a_page_and_the_state_does_not_keep_it() -> None:
    life = opened(small())
    over = ("mail: refused (550 5.1.1)", "ops: answered 500")
    receipt = DeliveryReceipt(channel="inbox", receipt_id="1", at=START, passed_over=over)
    life.send(c.Delivered(key="k", to=ANN, rung="L1/1", receipt=receipt))
    line = say(life.last(e.MessageDelivered))
    assert line.what.endswith("(inbox)")
    assert line.why == "not taken by mail: refused (550 5.1.1); ops: answered 500"
    assert life.state.receipts["k"].passed_over == ()


def test_what_is_tried_again_is_named_with_its_latest_failure() -> None:
    fresh, failing = PendingActivityInfo(attempt=1), PendingActivityInfo(attempt=5)
    failing.activity_type.name = "notify.send"
    failing.last_failure.message = "ops: answered 500"
    failing.next_attempt_schedule_time.FromDatetime(datetime(2026, 11, 20, 10, 1, tzinfo=UTC))
    [found] = trying([fresh, failing])
    assert str(found) == "a message: ops: answered 500 (tried 4 times)"
    assert found.next_at == datetime(2026, 11, 20, 10, 1, tzinfo=UTC)


def test_a_cancelled_escalation_has_no_clock_that_runs_and_waits_for_nobody_to_take_it() -> None:
    life = opened(small(clocks={"resolution": {"within": {"default": "2h"}}}))
    life.send(c.Cancel(by=ANN, because="opened by mistake"))
    here = situation(life.state, life.now)
    assert here.clocks
    assert {clock.state for clock in here.clocks} <= {"stopped", "met"}
    assert "stopped" in {clock.state for clock in here.clocks}
    console = Console(width=200, record=True, file=StringIO())
    console.print(shown(here, None, life.now))
    text = console.export_text()
    assert "nobody has taken it yet" not in text
    assert "running" not in text


# --- a ticket that was refused ----------------------------------------------------------------------------------------

REFUSED = c.CaseNotOpened(error="desk: answered 400 (X_CODE)")


def without_ticket() -> Life:
    life = Life(small(), answers=False)
    life.open()
    asked = life.pending.popleft()
    assert isinstance(asked, OpenCase)
    life.answer()
    life.taken_by(ANN)
    life.send(REFUSED)
    life.answer()
    return life


def test_a_refused_ticket_is_told_to_the_owner_once_and_stands_in_the_current_details() -> None:
    life = without_ticket()
    [news] = [message for message in life.sent if message.template == "news.ticket_refused"]
    assert (news.to, news.kind) == (ANN, MessageKind.NEWS)
    assert "there is no ticket: the help desk refused it (desk: answered 400 (X_CODE))" in news.body
    assert "open_ticket" in markdown(life.state, life.now)


def test_the_ticket_is_opened_anew_under_the_same_key_by_whoever_works_on_it_and_by_nobody_else() -> None:
    life = without_ticket()
    anew = c.OpenTicket(by=ANN, because="the field is there now")
    life.refused(NotAllowed, anew.model_copy(update={"by": BOT}))
    life.refused(NotAllowed, anew.model_copy(update={"by": CYD}))
    life.send(anew)
    asked = life.pending[-1]
    assert isinstance(asked, OpenCase)
    assert asked.key == life.state.case_key
    assert "still being asked" in life.refused(NotNow, anew)
    life.answer()
    assert life.state.case_link is not None
    assert "has ticket" in life.refused(NotNow, anew)
    assert situation(life.state, life.now).gaps == ()
    assert say(life.last(e.TicketAsked)).what == "the ticket is to be opened anew"


def test_a_ticket_that_people_opened_there_is_linked_by_its_number_and_none_is_opened() -> None:
    life = without_ticket()
    life.send(c.OpenTicket(by=ANN, ticket="4711", because="opened by hand"))
    asked = life.pending[-1]
    assert isinstance(asked, OpenCase)
    assert (asked.key, asked.ticket) == (life.state.case_key, "4711")
    assert "Why it was escalated" in asked.body


def test_what_began_under_earlier_rules_hears_nothing_new_of_a_refused_ticket() -> None:
    life = Life(small(), answers=False)
    life.open()
    life.pending.clear()
    life.state = life.state.changed({"rules": 1})
    life.send(REFUSED)
    assert not life.pending
