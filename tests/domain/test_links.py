"""Two escalations that belong together: separate paths, one knows how the other stands, and nothing echoes."""

from __future__ import annotations

import pytest

from escalation.errors import NotAllowed, NotNow, TooLarge
from escalation.lifecycle.case.links import MOST_LINKS, above, open_children
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.parts import Relation
from escalation.model.state import Escalation
from escalation.playbook.schema import Playbook
from tests.domain.builders import (
    ANN,
    BOB,
    CUSTOMER,
    CYD,
    ITSM,
    PROCEDURE,
    SERVICE,
    START,
    Life,
    blank,
    opened,
    request,
    small,
)
from tests.domain.invariants import check_history

NAMED = small(
    statuses=[
        {"status": "In work", "stage": "resolution"},
        {"status": "To be confirmed", "stage": "resolution", "waiting_on": "customer"},
    ]
)


class Pair:
    """Two lives, and the messages between them."""

    def __init__(self, ours: Playbook, theirs: Playbook) -> None:
        self.a, self.b = Life(ours), Life(theirs)
        self.b.state = self.b.state.changed({"id": "escalation-web-2", "instance": "run-2"})
        self.a.open()
        self.b.open()
        self.carried = 0

    def carry(self) -> None:
        """Bring every message to the other one, until there is none."""
        while any(life.told_linked for life in (self.a, self.b)):
            for sender, receiver in ((self.a, self.b), (self.b, self.a)):
                while sender.told_linked:
                    news = sender.told_linked.pop(0)
                    assert news.to == receiver.state.id
                    self.carried += 1
                    assert self.carried < 50, "it echoes"
                    heard = c.LinkHeard(**news.model_dump(include=set(c.LinkHeard.model_fields) - {"by"}))
                    receiver.send(heard)
                    assert receiver.send(heard) == [], "the same message again"


@pytest.fixture
def pair() -> Pair:
    """The customer's case, linked with what is done about it inside."""
    linked = Pair(NAMED, NAMED)
    linked.a.taken_by(ANN)
    linked.b.taken_by(BOB)
    linked.a.send(c.Link(by=ANN, other=linked.b.state.id, relation="internal", because="the same outage"))
    linked.carry()
    return linked


@pytest.mark.req("EP-F14")
def test_both_carry_the_link_each_from_its_own_side_with_how_the_other_stands(pair: Pair) -> None:
    a, b = pair.a.state, pair.b.state
    assert (a.links[b.id].relation, b.links[a.id].relation) == ("internal", "external")
    assert (a.links[b.id].status, b.links[a.id].status) == (b.status, a.status)
    assert situation(a, pair.a.now).links == (f"{b.id} (internal): {b.status}",)
    assert BOB in pair.b.told(MessageKind.NEWS), "the owner there hears who was linked"
    assert pair.carried == 2, "that it is linked, and how the other one stands"


@pytest.mark.req("EP-F14")
def test_a_change_of_status_is_told_on_the_other_s_timeline_and_to_its_owner_and_nothing_echoes(pair: Pair) -> None:
    before, sent = pair.carried, len(pair.b.sent)
    level = pair.b.state.level
    pair.a.send(c.Resolve(by=ANN, resolution="paid again", cause="a batch was lost"))
    pair.carry()
    assert pair.carried == before + 1
    heard = pair.b.last(e.StatusHeard)
    assert (heard.other, heard.status) == (pair.a.state.id, "To be confirmed")
    assert pair.b.told(MessageKind.NEWS, since=sent) == [BOB]
    assert pair.b.state.level == level, "each goes its own way"


@pytest.mark.req("EP-F14")
def test_linking_twice_is_linking_once_and_either_side_takes_it_away(pair: Pair) -> None:
    again = c.Link(by=ANN, other=pair.b.state.id, relation="internal")
    assert pair.a.send(again) == []
    pair.b.send(c.Unlink(by=BOB, other=pair.a.state.id, because="not the same after all"))
    pair.carry()
    assert (pair.a.state.links, pair.b.state.links) == ({}, {})
    assert "not the same after all" in pair.a.last(e.LinkRemoved).because
    pair.a.send(c.Resolve(by=ANN, resolution="paid again", cause="a batch was lost"))
    assert pair.a.told_linked == []
    pair.a.refused(NotNow, c.Unlink(by=ANN, other=pair.b.state.id))


def test_one_that_ends_says_so_last_and_one_that_cannot_be_told_is_told_no_more(pair: Pair) -> None:
    pair.a.send(c.Cancel(by=ANN, because="opened by mistake"))
    assert pair.a.told_linked[-1].status == pair.a.state.status
    pair.carry()
    pair.b.send(c.LinkNotTold(other=pair.a.state.id, error="it has ended"))
    assert pair.b.last(e.LinkLost).because == "it has ended"
    assert pair.b.send(c.LinkNotTold(other=pair.a.state.id, error="it has ended")) == [], "recorded once"
    pair.b.send(c.Resolve(by=BOB, resolution="mended", cause="worn out"))
    assert pair.b.told_linked == []
    assert "not told any more: it has ended" in situation(pair.b.state, pair.b.now).links[0]
    pair.b.send(c.Link(by=BOB, other=pair.a.state.id, relation="external"))
    assert len(pair.b.told_linked) == 1, "linked by hand again, it is tried again"


def test_who_may_link_and_with_what() -> None:
    life = opened(small())
    life.refused(NotAllowed, c.Link(by=CYD, other="escalation-web-2"))
    assert "with itself" in life.refused(NotAllowed, c.Link(by=ANN, other=life.state.id))
    for number in range(MOST_LINKS):
        life.send(c.Link(by=ANN, other=f"escalation-web-{number}"))
    life.refused(TooLarge, c.Link(by=ANN, other="escalation-web-999"))


def test_a_customer_links_nothing() -> None:
    life = opened(NAMED, requested_by=CUSTOMER)
    said = life.refused(NotAllowed, c.Link(by=CUSTOMER, other="escalation-web-2", relation="related", because="same"))
    assert "linking is for those who work on it" in said


def test_a_case_about_somebody_is_not_linked_and_keeps_to_itself_how_it_stands(pair: Pair) -> None:
    pair.b.send(c.ChangeFacts(by=BOB, facts={"concerns": (ANN,)}))
    pair.carry()
    heard = len(pair.a.all(e.StatusHeard))
    pair.b.send(c.Resolve(by=BOB, resolution="mended", cause="worn out"))
    pair.carry()
    assert len(pair.a.all(e.StatusHeard)) == heard
    link = c.Link(by=BOB, other="escalation-web-9", relation="related", because="the same")
    assert "is about somebody and is not linked" in pair.b.refused(NotAllowed, link)
    with pytest.raises(NotAllowed, match="is about somebody"):
        pair.b.send(
            c.LinkHeard(
                key="k-1",
                other="escalation-web-9",
                what="linked",
                relation="related",
                status="In work",
                on_behalf_of=CYD,
            )
        )


def test_links_that_others_make_are_not_more_than_there_is_room_for() -> None:
    life = opened(small())
    news = [
        c.LinkHeard(key=f"{n}/1", other=f"web-{n}", what="linked", relation="related", status="x", on_behalf_of=ANN)
        for n in range(MOST_LINKS + 1)
    ]
    for each in news[:-1]:
        life.send(each)
    with pytest.raises(TooLarge):
        life.send(news[-1])
    assert life.send(news[0].model_copy(update={"key": "0/2"})), "whoever is linked already is heard"


def test_where_everybody_linked_is_lost_nothing_is_said_to_be_told() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Link(by=ANN, other="escalation-web-9"))
    life.send(c.LinkNotTold(other="escalation-web-9", error="it has ended"))
    life.send(c.Cancel(by=ANN, because="opened by mistake"))
    assert life.all(e.StatusTold) == []


def test_news_of_one_that_is_not_linked_changes_nothing() -> None:
    life = opened(small())
    news = c.LinkHeard(
        key="run-9/1/link", other="escalation-web-9", what="status", relation="related", status="x", on_behalf_of=ANN
    )
    assert life.send(news) == []
    assert life.send(news.model_copy(update={"what": "unlinked"})) == []


def test_an_escalation_without_links_records_nothing_of_its_status() -> None:
    life = opened(small()).resolved()
    assert not life.all(e.StatusTold)


@pytest.mark.req("EP-F14")
def test_what_is_seen_outside_is_answered_sooner_and_has_its_own_audience() -> None:
    limits = {}
    for scope in ("internal", "external"):
        life = Life(PROCEDURE)
        life.open(request(PROCEDURE, facts={"scope": scope}, initiation="manual"))
        limits[scope] = {name: clock.due - START for name, clock in life.state.clocks.items()}
    assert all(limits["external"][name] < limits["internal"][name] for name in limits["internal"])
    assert (SERVICE.audience, ITSM.audience) == ("external", "internal")
    assert (SERVICE.resolution.confirmed_by, ITSM.resolution.confirmed_by) == ("customer", "requester")
    case = Pair(SERVICE, ITSM)
    case.b.taken_by(case.b.rung.people[0])
    case.b.send(c.Link(by=case.b.owner, other=case.a.state.id, relation="external"))
    case.carry()
    case.b.pass_time("1m")
    assert case.a.state.links[case.b.state.id].relation == "internal"
    assert not [to for to in case.b.told() if to.startswith("customer:")], "inside nobody writes to the customer"


# --- nothing is below itself ------------------------------------------------------------------------------------------


class Family:
    """Several lives, and the messages between them; one that refuses what it hears is told no more, as in the shell."""

    def __init__(self, *names: str) -> None:
        self.lives: dict[str, Life] = {}
        for name in names:
            life = self.lives[f"escalation-web-{name}"] = Life(NAMED)
            life.state = life.state.changed({"id": f"escalation-web-{name}", "instance": f"run-{name}"})
            life.open()
            life.taken_by(ANN)

    def __getitem__(self, name: str) -> Life:
        return self.lives[f"escalation-web-{name}"]

    def link(self, name: str, other: str, relation: Relation = "child") -> None:
        self[name].send(c.Link(by=ANN, other=f"escalation-web-{other}", relation=relation))

    def carry(self) -> None:
        for _ in range(50):
            waiting = [(life, life.told_linked.pop(0)) for life in self.lives.values() if life.told_linked]
            if not waiting:
                return
            for sender, news in waiting:
                heard = c.LinkHeard(**news.model_dump(include=set(c.LinkHeard.model_fields) - {"by"}))
                try:
                    self.lives[news.to].send(heard)
                except NotAllowed as error:
                    sender.send(c.LinkNotTold(other=news.to, error=str(error)))
        raise AssertionError("it echoes")

    def waits_for(self, name: str) -> tuple[str, ...]:
        return open_children(self[name].state)


@pytest.mark.parametrize("other", ["b", "c"])
def test_none_is_put_below_what_is_below_it_however_many_there_are_between(other: str) -> None:
    family = Family("a", "b", "c")
    family.link("b", "c")
    family.carry()
    family.link("a", "b")
    family.carry()
    assert above(family["c"].state) == ("escalation-web-b", "escalation-web-a"), "what came later is told downwards"
    said = family[other].refused(NotAllowed, c.Link(by=ANN, other="escalation-web-a", relation="child"))
    assert "escalation-web-a" in said
    assert "link them as related" in said


def test_what_is_put_above_one_that_is_above_it_is_refused_there_and_whoever_asked_is_told() -> None:
    family = Family("a", "b", "c")
    family.link("a", "b")
    family.link("b", "c")
    family.carry()
    family.link("a", "c", "parent")
    family.carry()
    lost = family["a"].last(e.LinkLost)
    assert (lost.other, "is above escalation-web-c already" in lost.because) == ("escalation-web-c", True)
    assert family.waits_for("c") == ()
    assert (family.waits_for("a"), family.waits_for("b")) == (("escalation-web-b",), ("escalation-web-c",))


def test_what_was_unlinked_between_them_does_not_stand_in_the_way() -> None:
    family = Family("a", "b", "c")
    family.link("a", "b")
    family.link("b", "c")
    family.carry()
    family["a"].send(c.Unlink(by=ANN, other="escalation-web-b", because="its own work"))
    family.carry()
    family.link("c", "a")
    family.carry()
    assert above(family["a"].state) == ("escalation-web-c", "escalation-web-b")


def test_parent_and_child_change_places_only_when_they_were_unlinked() -> None:
    family = Family("a", "b")
    family.link("a", "b")
    family.carry()
    said = family["a"].refused(NotAllowed, c.Link(by=ANN, other="escalation-web-b", relation="parent"))
    assert "unlink them first" in said
    family.link("b", "a", "related")
    family.carry()
    family.link("b", "a")
    family.carry()
    assert family.waits_for("b") == ("escalation-web-a",)


@pytest.mark.parametrize("relation", ["child", "parent"])
@pytest.mark.parametrize("names", ["ab", "abc", "abcd"])
def test_a_circle_that_is_made_at_the_same_moment_on_all_sides_is_cut_and_nobody_waits_for_ever(
    names: str, relation: Relation
) -> None:
    family = Family(*names)
    for name, other in zip(names, names[1:] + names[0], strict=True):
        family.link(name, other, relation)
    family.carry()
    assert any(life.all(e.LinkLost) for life in family.lives.values())
    left = {name: set(family.waits_for(name)) for name in names}
    while free := [name for name, waits in left.items() if not waits]:
        for name in free:
            del left[name]
        for waits in left.values():
            waits -= {f"escalation-web-{name}" for name in free}
    assert not left, "these wait for each other"
    for life in family.lives.values():
        check_history(_blank(life), life.state, life.events)


def _blank(life: Life) -> Escalation:
    return blank(life.state.playbook).changed({"id": life.state.id, "instance": life.state.instance})


def test_one_of_older_rules_goes_on_as_it_was_recorded() -> None:
    family = Family("a", "b")
    for name in "ab":
        family[name].state = family[name].state.changed({"rules": 1})
    family.link("a", "b")
    family.carry()
    family.link("b", "a")
    family.carry()
    assert family.waits_for("b") == ("escalation-web-a",)
