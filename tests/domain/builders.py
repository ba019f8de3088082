"""What the tests of the rules are made of: playbooks, requests, a directory, and a life that can be led through them.

Nothing here waits or talks to anybody: ``Life`` stands in for the shell and for the world around it.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from escalation.documents import parse_document
from escalation.errors import DomainError
from escalation.lifecycle import advance, next_due, react
from escalation.lifecycle.agenda import Due
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import (
    Action,
    AmendMessage,
    CaseLink,
    CustomerSnapshot,
    DeliveryReceipt,
    FindPeople,
    LoadPlaybook,
    MessageKind,
    Notify,
    OpenCase,
    RunRecovery,
    TellLinked,
    UpdateCase,
)
from escalation.model.approval import Gate
from escalation.model.ladder import Rung
from escalation.model.request import Receipt, Request, parse_request
from escalation.model.state import Escalation
from escalation.people.directory import Directory, check_directory, load_directory
from escalation.people.found import People
from escalation.playbook.load import Shelf, shipped_folder
from escalation.playbook.schema import RULES, LoadedPlaybook, Playbook
from escalation.values import digest_of

START = datetime(2026, 11, 20, 10, tzinfo=UTC)

T = TypeVar("T", bound=e.EventBase)

_SHELF = Shelf(shipped_folder())
SERVICE, ITSM, PROCEDURE = (
    _SHELF.get(name).playbook
    for name in ("customer-service-escalation", "it-service-management", "escalation-procedure")
)
COMPANY = load_directory(Path(__file__).parents[2] / "examples" / "directory.yaml")
"""The people whom the shipped playbooks name."""

ANN, BOB, CYD, DAN, EVE, FAY, GUS, HAL, IDA, JOY, KIM = (
    f"person:{name}" for name in ("ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ida", "joy", "kim")
)
BOT, CUSTOMER = "agent:bot", "customer:c-1"


def _office() -> Directory:
    names = ("ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ida", "joy", "kim")
    contact = "contacts: [{channel: inbox, address: a}]"
    people = "\n".join(f"  - {{id: {name}, name: {name}, time_zone: Europe/London, {contact}}}" for name in names)
    return check_directory(
        parse_document(
            f"""\
people:
{people}
teams:
  - {{id: desk, name: Desk, members: [ann, bob]}}
  - {{id: experts, name: Experts, members: [cyd, dan]}}
roles:
  lead: {{holders: [eve]}}
  boss: {{holders: [fay]}}
  playbook-owner: {{holders: [gus]}}
  security: {{holders: [hal]}}
  finance: {{holders: [ida]}}
  deputy: {{holders: [joy]}}
  second-deputy: {{holders: [kim]}}
""",
            "office.yaml",
        )
    )


OFFICE = _office()
"""The people of ``small``: ann and bob at the desk, cyd and dan the experts, eve the lead, fay the boss."""

_SMALL: dict[str, Any] = {
    "playbook": "small",
    "version": 1,
    "title": "Small",
    "owner": "role:playbook-owner",
    "fields": {"amount": {"type": "number"}, "plan": {"type": "text"}, "topic": {"type": "text"}},
    "severity": {
        "scale": [{"name": "P0", "aliases": ["critical"]}, {"name": "P1", "aliases": ["high"]}, {"name": "P2"}],
        "default": "P1",
        "rules": [{"when": "flags.security", "severity": "P0"}],
    },
    "triggers": [
        {"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"},
        {"id": "by_hand", "when": 'initiation == "manual"', "initiation": "manual"},
        {"id": "legal", "when": "flags.legal", "level": "L2"},
    ],
    "context": {"required": ["summary"], "complete_within": "10m"},
    "levels": [
        {"id": "L1", "targets": ["team:desk"], "ack": "10m", "repeat": 1, "dwell": "2h"},
        {"id": "L2", "targets": ["team:experts"], "ack": "15m", "dwell": "4h"},
        {
            "id": "L3",
            "targets": ["role:lead"],
            "ack": "20m",
            "dwell": "8h",
            "axis": "hierarchical",
            "last_resort": "role:boss",
        },
    ],
    "raci": {
        stage: {"responsible": ["owner"], "accountable": "role:lead"}
        for stage in ("triage", "assignment", "approval", "resolution", "review")
    },
    "resolution": {"confirmed_by": "customer", "confirm_within": "1d"},
    "review": {"due": "2d", "remind": "1d"},
    "hold_at_most": "3d",
}


def small(**changes: Any) -> Playbook:
    """Return a playbook of three levels without gates and clocks; ``changes`` replace whole sections."""
    return Playbook.model_validate({**_SMALL, **changes})


def gated(*gates: dict[str, Any], **changes: Any) -> Playbook:
    """Return ``small`` with gates; each says only what matters, the rest is one approver from security."""
    usual = {"approvers": ["role:security"], "deadline": "1h"}
    return small(gates=[{"id": f"gate{n}", **usual, **gate} for n, gate in enumerate(gates, start=1)], **changes)


CONTEXT: dict[str, Any] = {
    "summary": "The refund has not arrived",
    "conversation": [{"author": "customer", "text": "Where is my money?"}],
    "attempted_solutions": [{"what": "sent the status page", "result": "it says paid"}],
    "impact": "one customer waits",
    "constraints": "before Friday",
    "help_needed": "find the payment",
}

_FACTS: dict[str, dict[str, Any]] = {
    SERVICE.playbook: {"ai_confidence": 0.62, "task_risk": "standard", "request_type": "other"},
    ITSM.playbook: {
        "record_type": "incident",
        "escalation_type": "alert",
        "impact": "team",
        "urgency": "today",
        "affected_systems": ["shop"],
        "ai_triggered": True,
        "alert.severity": "high",
    },
    PROCEDURE.playbook: {"category": "technical", "scope": "external"},
    "generated": {"ai_limit": True},
}


def request(playbook: Playbook, **changes: Any) -> Request:
    """Return a request that opens an escalation at once; ``facts`` and ``context`` are laid over the usual ones."""
    facts = {**_FACTS.get(playbook.playbook, {"ai_confidence": 0.62}), **changes.pop("facts", {})}
    context = {**CONTEXT, **changes.pop("context", {})}
    return parse_request(
        {
            "playbook": playbook.playbook,
            "source": "chatbot",
            "dedup_key": "conv-1",
            "request_id": "r-1",
            "case": {"system": "helpdesk", "id": "4711", "opened_at": (START - timedelta(minutes=30)).isoformat()},
            "initiation": "manual" if playbook.playbook == PROCEDURE.playbook else "ai_limit",
            "requested_by": BOT,
            "customer": {"id": "c-1", "name": "Jana", "tier": "standard", "locale": "en"},
            "facts": {name: value for name, value in facts.items() if value is not None},
            "context": {name: value for name, value in context.items() if value is not None},
            **changes,
        }
    )


STILL_LEVELS = [
    {"id": "L1", "targets": ["team:desk"], "ack": "30d", "dwell": "60d"},
    {"id": "L2", "targets": ["team:experts"], "ack": "30d", "dwell": "60d"},
    {"id": "L3", "targets": ["role:lead"], "ack": "30d", "dwell": "60d", "last_resort": "role:boss"},
]
"""Levels that stay as they are, so that what a test is about moves alone."""


def blank(playbook: Playbook) -> Escalation:
    """Return the state before anything happened."""
    return Escalation(
        id="escalation-chatbot-conv-1",
        instance="run-1",
        playbook=playbook,
        playbook_digest=digest_of(playbook.model_dump_json()),
        rules=RULES,
    )


class Life:
    """One escalation, and the world around it: a directory, channels that deliver, a help desk.

    ``answers=False`` leaves every action in ``pending``, as if the world had not answered yet; ``answer`` lets it.
    Whoever is in ``unreachable`` gets no message.
    """

    def __init__(
        self,
        playbook: Playbook,
        *,
        directory: Directory | None = None,
        now: datetime = START,
        answers: bool = True,
        unreachable: tuple[str, ...] = (),
        crm: CaseLink | None = None,
    ) -> None:
        self.state = blank(playbook)
        self.now = now
        self.answers = answers
        self.unreachable = unreachable
        self.directory = directory or (OFFICE if playbook.playbook == "small" else COMPANY)
        self.crm = crm or CaseLink(ticket="T-1", snapshot=CustomerSnapshot(fetched_at=now, system="crm"))
        self.pending: deque[Action] = deque()
        self.events: list[e.Event] = []
        self.sent: list[Notify] = []
        self.tickets: list[OpenCase | UpdateCase] = []
        self.scripts: list[RunRecovery] = []
        self.script_result: c.RecoveryRan | None = None
        """How recovery scripts end at once; None: they go on."""
        self.told_linked: list[TellLinked] = []
        self.amendable = False
        """Whether its channel can change messages, and has threads."""
        self.amended: list[AmendMessage] = []
        self.shelf: LoadedPlaybook | None = None
        """What is loaded when a playbook is asked for; None: nothing can be."""
        self.looked_up: list[FindPeople] = []

    # --- what is said to it ---

    def open(self, changed: Request | None = None, /, **changes: Any) -> Receipt:
        """Open it (or join it) and return the receipt."""
        asked = changed or request(self.state.playbook, **changes)
        self.send(c.Open(request=asked))
        return self.state.answers[asked.request_id]

    def send(self, command: c.Command) -> list[e.Event]:
        """Send a command; return its events and those of the answers it led to."""
        before = len(self.events)
        self._apply(command)
        if self.answers:
            self.answer()
        return self.events[before:]

    def refused(self, kind: type[DomainError], command: c.Act) -> str:
        """Send a command that must be refused with this kind of error; return what it says."""
        before = self.state
        with pytest.raises(kind) as caught:
            advance(self.state, command, self.now)
        assert type(caught.value) is kind
        assert self.state is before
        return str(caught.value)

    def told_why_not(self, kind: type[DomainError], command: c.Act) -> str:
        """Send a command that must be refused; return what whoever waits for the answer is told."""
        with pytest.raises(kind) as caught:
            advance(self.state, command, self.now)
        return caught.value.said

    def pass_time(self, duration: timedelta | str) -> list[e.Event]:
        """Let time pass, with everything that falls due in it."""
        until = self.now + minutes(duration)
        before = len(self.events)
        while (due := next_due(self.state)) is not None and due.at <= until:
            self.now = max(self.now, due.at)
            self.send(c.TimePassed())
        self.now = until
        return self.events[before:]

    def next(self) -> list[e.Event]:
        """Go to the next due instant and let happen what is due."""
        self.now = max(self.now, self.due.at)
        return self.send(c.TimePassed())

    def answer(self) -> None:
        """Let the world answer every pending action, and the actions that follow."""
        while self.pending:
            result = self._perform(self.pending.popleft())
            if result is not None:
                self._apply(result)

    def taken_by(self, person: str) -> Life:
        """Have somebody acknowledge; return the life itself."""
        self.send(c.Acknowledge(by=person))
        return self

    def resolved(self, person: str = ANN, resolution: str = "paid again") -> Life:
        """Have it taken, resolved and confirmed; return the life itself."""
        if self.state.owner is None:
            self.taken_by(person)
        self.send(c.Resolve(by=person, resolution=resolution, cause="a batch was lost"))
        self.send(c.ConfirmResolution(by=CUSTOMER))
        return self

    # --- what is to be seen of it ---

    @property
    def due(self) -> Due:
        """The next due instant."""
        due = next_due(self.state)
        assert due is not None
        return due

    @property
    def rung(self) -> Rung:
        """The open round."""
        assert self.state.rung is not None
        return self.state.rung

    @property
    def level(self) -> str:
        """The id of the present level; empty before there is one."""
        return self.state.level.id if self.state.level else ""

    @property
    def owner(self) -> str:
        """The owner; empty while there is none."""
        return self.state.owner.actor if self.state.owner else ""

    @property
    def reasons(self) -> list[str]:
        """The triggers that were true."""
        return [reason.trigger for reason in self.state.reasons]

    def gate(self, name: str = "gate1") -> Gate:
        """A gate in its present round."""
        return self.state.gates[name]

    def all(self, kind: type[T]) -> list[T]:
        """Every event of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[T]) -> T:
        """The latest event of a kind."""
        return self.all(kind)[-1]

    def told(self, *kinds: MessageKind, since: int = 0) -> list[str]:
        """Who was sent a message of these kinds (any, when none is named), in order."""
        return [message.to for message in self.sent[since:] if not kinds or message.kind in kinds]

    # --- the world ---

    def _apply(self, command: c.Command) -> None:
        self.state, events = advance(self.state, command, self.now)
        self.events += events
        if any(isinstance(event, e.OwnerChanged | e.Closed | e.Cancelled) for event in events):
            self.pending = deque(a for a in self.pending if not (isinstance(a, Notify) and a.rung is not None))
        self.pending += react(self.state, events)

    def _perform(self, action: Action) -> c.Internal | None:
        if isinstance(action, FindPeople):
            self.looked_up.append(action)
            return c.PeopleFound(
                purpose=action.purpose, found=find(self.directory, action, self.now), tells=action.tells
            )
        if isinstance(action, Notify):
            if action.to in self.unreachable:
                return c.NotDelivered(key=action.key, to=action.to, rung=action.rung, error="no such address")
            self.sent.append(action)
            receipt = DeliveryReceipt(
                channel="inbox",
                receipt_id=action.key,
                at=self.now,
                thread=f"t/{action.to}" if self.amendable else "",
                amendable=self.amendable,
            )
            return c.Delivered(key=action.key, to=action.to, rung=action.rung, receipt=receipt, matter=action.matter)
        if isinstance(action, AmendMessage):
            self.amended.append(action)
            return c.Amended(key=action.key, to=action.to, channel=action.channel)
        if isinstance(action, RunRecovery):
            self.scripts.append(action)
            return self.script_result
        if isinstance(action, LoadPlaybook):
            error = "" if self.shelf is not None else "there is no such playbook"
            return c.PlaybookLoaded(purpose=action.purpose, loaded=self.shelf, error=error)
        if isinstance(action, TellLinked):
            self.told_linked.append(action)
            return c.LinkTold(key=action.key)
        self.tickets.append(action)
        if isinstance(action, OpenCase):
            return c.CaseOpened(link=self.crm)
        return c.CaseUpdated(key=action.key, public=action.public)


def find(directory: Directory, action: FindPeople, at: datetime) -> People:
    """Find people as the activity does."""
    return directory.find(action, at if action.at is None else max(action.at, at))


def opened(playbook: Playbook, /, **changes: Any) -> Life:
    """Return a life whose request was answered and whose first round was sent."""
    life = Life(playbook)
    life.open(**changes)
    return life


def minutes(duration: timedelta | str) -> timedelta:
    """Read ``10m``, ``2h`` or ``1d`` as a timedelta."""
    if isinstance(duration, timedelta):
        return duration
    return timedelta(
        **{{"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[duration[-1]]: float(duration[:-1])}
    )
