"""Laws of an offer to several: whatever they answer, in whatever order, and whoever joins or leaves them meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.errors import AlreadyDone, DomainError, NotNow
from escalation.lifecycle import react
from escalation.model import commands as c
from escalation.model import events as e
from escalation.people.directory import Directory
from tests.domain.builders import ANN, BOB, CYD, DAN, EVE, FAY, HAL, OFFICE, Life, blank, small
from tests.domain.invariants import check, check_history, check_views
from tests.support.choices import Choices

LAWS = settings(max_examples=40, deadline=None, derandomize=True)
ANSWERS = st.binary(min_size=10, max_size=120)
EXPERTS = ("cyd", "dan", "fay", "hal")
PEOPLE = (CYD, DAN, FAY, HAL, CYD, DAN, FAY, HAL, BOB, EVE)


def company(experts: tuple[str, ...]) -> Directory:
    teams = (team.changed({"members": experts}) if team.id == "experts" else team for team in OFFICE.teams)
    return OFFICE.changed({"teams": tuple(teams)})


class Watched(Life):
    """A life whose every step is held against the rules that always hold."""

    def _apply(self, command: c.Command) -> None:
        before, known = self.state, len(self.events)
        super()._apply(command)
        fresh = self.events[known:]
        check(before, self.state, fresh, react(self.state, fresh))


def offered() -> Watched:
    life = Watched(small(), directory=company(EXPERTS))
    life.open()
    life.taken_by(ANN)
    offer(life)
    return life


def offer(life: Life, to: str = "team:experts") -> None:
    life.send(c.OfferHandoff(by=life.owner, to=to, because="theirs", expectation="an answer by noon"))


def move(life: Life, choose: Choices) -> None:
    """Make one move of somebody, or of the world."""
    by = choose.of(PEOPLE)
    no = c.DeclineHandoff(by=by, because=f"{by} cannot")
    moves: tuple[Callable[[], object], ...] = (
        *[lambda: life.send(no)] * 6,
        lambda: life.send(c.AcceptHandoff(by=by)),
        lambda: life.send(c.AcceptHandoff(by=by, for_team=True)),
        lambda: life.send(c.Claim(by=by, because=choose.of(("", "mine")))),
        lambda: life.send(c.WithdrawHandoff(by=life.owner, because="found it")),
        lambda: offer(life, choose.of(("team:experts", "team:experts", "level:L2", "role:lead", FAY))),
        lambda: life.pass_time(choose.of(("1m", "4m", "11m"))),
        lambda: setattr(life, "directory", company(tuple(choose.some(EXPERTS)))),
        lambda: life.send(c.ChangeFacts(by=life.owner, facts={"concerns": (by,)}, because="it is about them")),
    )
    with suppress(DomainError):  # what is refused changes nothing
        choose.of(moves)()


@LAWS
@given(data=ANSWERS)
def test_the_rules_hold_whatever_a_team_answers(data: bytes) -> None:
    life, choose = offered(), Choices(data)
    while not choose.over:
        move(life, choose)
    check_views(life.state)
    check_history(blank(life.state.playbook), life.state, life.events)


@LAWS
@given(noes=st.lists(st.sampled_from((CYD, DAN, FAY, HAL)), max_size=8), waits=st.integers(0, 1))
def test_an_offer_stays_as_it_is_until_the_last_no_and_then_is_declined_with_every_reason(
    noes: list[str], waits: int
) -> None:
    life = offered()
    due, said = life.due, list(dict.fromkeys(noes))
    for person in noes:
        life.pass_time(timedelta(minutes=waits))
        with suppress(AlreadyDone, NotNow):
            life.send(c.DeclineHandoff(by=person, because=f"{person} cannot"))
    assert life.owner == ANN
    assert [event.by for event in life.all(e.HandoffDeclined)] == said
    if len(said) < len(EXPERTS):
        assert life.state.handoff is not None
        assert (life.due, set(life.state.handoff.asked)) == (due, {CYD, DAN, FAY, HAL} - set(said))
    else:
        ended = life.last(e.HandoffEnded)
        assert (life.state.handoff, ended.how) == (None, "declined")
        assert all(f"{person} ({person} cannot)" in ended.because for person in said)


@LAWS
@given(noes=st.sets(st.sampled_from((CYD, DAN, FAY, HAL)), max_size=3), left=st.sets(st.sampled_from(EXPERTS)))
def test_whoever_was_asked_and_has_not_declined_may_accept_also_after_leaving_the_team(
    noes: set[str], left: set[str]
) -> None:
    life = offered()
    for person in sorted(noes):
        life.send(c.DeclineHandoff(by=person, because="no"))
    life.directory = company(tuple(each for each in EXPERTS if each not in left) or ("bob",))
    receiver = next(person for person in (CYD, DAN, FAY, HAL) if person not in noes)
    life.send(c.AcceptHandoff(by=receiver))
    assert (life.owner, life.last(e.OwnerChanged).handoff) == (receiver, "h1")
