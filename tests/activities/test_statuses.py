"""What a help desk's own names of a status mean here, by one rule for all of them."""

from activities.crm.statuses import meanings
from escalation.model.ticket import TicketStatus

OURS: dict[TicketStatus, str] = {"open": "1", "pending": "2", "solved": "4", "closed": "4"}


def test_two_of_ours_with_one_name_are_the_milder_unless_the_file_says_which() -> None:
    assert meanings(OURS, {"3": "open"}, said=False) == {"1": "open", "2": "pending", "4": "solved", "3": "open"}
    assert meanings(OURS, {"4": "closed"}, said=True)["4"] == "closed"


def test_what_is_usual_of_a_name_does_not_hold_where_the_file_gave_it_to_a_status_of_ours() -> None:
    ours: dict[TicketStatus, str] = {**OURS, "pending": "3"}
    assert meanings(ours, {"3": "open"}, said=False)["3"] == "pending"
