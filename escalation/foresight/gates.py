"""Can every approval be given, whoever owns the escalation, and is every use of the exception procedure looked at?"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from escalation.foresight.asking import Asking, Query
from escalation.foresight.foreseen import Foreseen, Report, Weight
from escalation.lifecycle.approvals import quorum
from escalation.lifecycle.targets import of_raci
from escalation.model.approval import Gate
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.playbook.schema import Stage
from escalation.values import Actor, Target, split_target

_STAGES = {
    "assignment": (Stage.TRIAGE,),
    "resolution": (Stage.RESOLUTION, Stage.APPROVAL),
    "review": (Stage.RESOLUTION, Stage.APPROVAL),
    "lowering": (Stage.TRIAGE, Stage.ASSIGNMENT, Stage.RESOLUTION, Stage.APPROVAL),
    "action": (Stage.TRIAGE, Stage.ASSIGNMENT, Stage.RESOLUTION, Stage.APPROVAL),
    "stand_down": (Stage.ASSIGNMENT, Stage.RESOLUTION, Stage.APPROVAL),
}
"""The stages an escalation may be in while it waits for an approval, by what the approval stands before."""


class _Able(NamedTuple):
    """How many can give an approval, and of how many."""

    able: int
    need: int
    about: str


class Gates:
    """Looks at every approval of a playbook, and at the exception procedure, instant by instant."""

    def __init__(self, asking: Asking, report: Report) -> None:
        self.asking = asking
        self.playbook = asking.playbook
        self.report = report
        self._enough: set[int] = set()
        """Gates that could be passed at some instant, whoever owned it."""

    def decidable(self, called: AbstractSet[Actor], at: datetime) -> None:
        """Look at one instant; ``called`` is everybody who may have taken it until then."""
        for index, gate in enumerate(self.playbook.gates):
            self._different(index, gate, at)
            for targets in self._meant(gate.approvers, gate):
                worst = min(self._with(gate, targets, called, at), key=lambda each: (each.able - each.need, each.able))
                if worst.able >= worst.need:
                    self._enough.add(index)
                    continue
                message = f"approval '{gate.id}' needs {worst.need} and only {worst.able} can give it{worst.about}"
                weight = Weight.WARNING if worst.able else Weight.ERROR
                self.report.say(weight, ("gates", index, "approvers"), "gate", message)
        self._looked_at(called, at)

    def end(self) -> None:
        """Say what only the whole time shows: an approval that too few can give at every instant is never given."""
        for index, gate in enumerate(self.playbook.gates):
            if index not in self._enough:
                self.report.worsen(("gates", index, "approvers"), "gate")
            if gate.deputies and gate.on_expiry is not Expiry.NEXT_DEPUTY:
                message = f"are never asked: silence at approval '{gate.id}' means {gate.on_expiry}, not next_deputy"
                finding = self.report.source.finding(("gates", index, "deputies"), message)
                self.report.add(Foreseen(Weight.WARNING, finding))

    def _different(self, index: int, gate: GatePolicy, at: datetime) -> None:
        """Warn where approvers and deputies are one and the same person, whose silence nobody makes up for."""
        if gate.on_expiry is not Expiry.NEXT_DEPUTY:
            return
        barred = self._barred(gate)
        chain: set[Actor] = set()
        for part in (gate.approvers, *((deputy,) for deputy in gate.deputies)):
            for targets in self._meant(part, gate):
                for query in self.asking.queries(targets, barred, choose=gate.choose):
                    answer = self.asking.ask(query, at)
                    chain |= set() if answer.fell_back else set(answer.people)
        if len(chain) == 1:
            (person,) = chain
            message = (
                f"are {person} alone, as its approvers are: nobody else is asked when approval '{gate.id}' is late"
            )
            self.report.say(Weight.WARNING, ("gates", index, "deputies"), "one_person", message)

    def _meant(self, targets: Sequence[Target], gate: GatePolicy) -> dict[tuple[Target, ...], None]:
        return dict.fromkeys(of_raci(self.playbook.raci[stage], targets) for stage in _STAGES[gate.before])

    def _with(
        self, gate: GatePolicy, targets: tuple[Target, ...], called: AbstractSet[Actor], at: datetime
    ) -> Iterator[_Able]:
        """Yield how many can give it, for every amount and whoever owns it.

        Who is not asked while nobody owns it changes nothing by owning it.
        """
        barred = self._barred(gate)
        for query in self.asking.queries(targets, barred, choose=gate.choose, at_least=gate.at_least):
            able, asked = self._able(gate, query, barred, at)
            yield able
            owners = asked & called if "owner" in gate.exclude and gate.before != "assignment" else ()
            for owner in sorted(owners):
                more = (*barred, owner)
                others = self.asking.queries(targets, more, choose=gate.choose, at_least=gate.at_least)
                same = next(each for each in others if each.about == query.about)
                able, _ = self._able(gate, same, more, at)
                yield able._replace(about=f"{query.about} when {owner} owns it")

    def _barred(self, gate: GatePolicy) -> tuple[Actor, ...]:
        """Return whom the gate bars by name, role or team."""
        named = (target for target in gate.exclude if target not in ("requester", "owner"))
        return tuple(sorted({actor for target in named for actor in self.asking.directory.members(target)}))

    def _able(
        self, gate: GatePolicy, query: Query, exclude: tuple[Actor, ...], at: datetime
    ) -> tuple[_Able, set[Actor]]:
        """Return how many can give it, and everybody who is asked in the end."""
        answer = self.asking.ask(query, at)
        asked: set[Actor] = set() if answer.fell_back else set(answer.people)
        able: set[Actor] = set() if answer.fell_back else set(answer.reachable)
        filled = frozenset[Target]() if answer.fell_back else answer.filled
        vacant = sum(target not in filled for target in query.search.targets)
        seats = self._seats(gate, query, exclude, at, len(asked) + vacant)
        need = quorum.needed(seats, gate)
        if gate.on_expiry is Expiry.NEXT_DEPUTY and (len(able) < need or "owner" in gate.exclude):
            for deputy in gate.deputies:
                # Whoever has enough authority for it may have been asked already: the deputy is another one.
                more = tuple(sorted(asked)) if split_target(deputy)[0] == "authority" else ()
                able |= self._deputies(gate, deputy, (*exclude, *more), query.about, at)
        if not gate.quorum:
            return _Able(len(able), need, query.about), asked | able
        deputies = dict.fromkeys((actor for actor in able if actor not in seats.roles), tuple(seats.places))
        whole = seats.changed({"roles": {**seats.roles, **deputies}})
        return _Able(quorum.covered(whole, gate, sorted(able)), need, query.about), asked | able

    def _seats(self, gate: GatePolicy, query: Query, exclude: tuple[Actor, ...], at: datetime, seats: int) -> Gate:
        """Return the gate as it would be once its approvers are known: how many seats, and who counts for whom."""
        roles: dict[Actor, tuple[Target, ...]] = {}
        places: dict[Target, int] = {}
        for share in gate.quorum:
            queries = self.asking.queries((share.of,), exclude, choose=gate.choose, at_least=gate.at_least)
            same = next((each for each in queries if each.about == query.about), queries[0])
            answer = self.asking.ask(same, at)
            found = () if answer.fell_back else answer.people
            places[share.of] = max(1, len(found))
            roles |= {actor: (*roles.get(actor, ()), share.of) for actor in found}
        return Gate(id=gate.id, round=1, digest="", opened_at=at, due=at, seats=seats, roles=roles, places=places)

    def _deputies(
        self, gate: GatePolicy, deputy: Target, exclude: tuple[Actor, ...], about: str, at: datetime
    ) -> set[Actor]:
        """Return who is asked in the end for a deputy, for the amount that a query is about."""
        found: set[Actor] = set()
        for targets in self._meant((deputy,), gate):
            for query in self.asking.queries(targets, exclude, choose=gate.choose):
                answer = self.asking.ask(query, at)
                if not answer.fell_back and query.about in ("", about):
                    found |= set(answer.reachable)
        return found

    # --- the exception procedure --------------------------------------------------------------------------------------

    def _looked_at(self, called: AbstractSet[Actor], at: datetime) -> None:
        """Look whether somebody else than who used the exception procedure is found to look at it."""
        bypass, members = self.playbook.bypass, self.asking.directory.members
        if bypass is None:
            return
        allowed = {actor for target in bypass.allowed for actor in members(target)} or called
        for stage in (Stage.ASSIGNMENT, Stage.RESOLUTION):
            (asked,) = of_raci(self.playbook.raci[stage], (bypass.review_by,))[:1]
            users = sorted(allowed & {*members(asked), *members(self.playbook.owner)})
            for user in users or ["nobody"]:
                for query in self.asking.queries((asked,), (user,)):
                    answer = self.asking.ask(query, at)
                    if answer.reachable and not answer.fell_back:
                        continue
                    who = f" but {user}, who may use it" if user in members(asked) else ""
                    message = f"nobody is found for {asked}{who}: others look at it instead, or nobody"
                    self.report.say(Weight.WARNING, ("bypass", "review_by"), "review", message)
                    return
