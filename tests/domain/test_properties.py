"""Whatever people, machines and time do to an escalation, in whatever order: the rules of design.md §6 hold.

Hypothesis draws a string of bytes; two of them choose what happens next. So a failing sequence shrinks to the few steps
that matter, and thousands of sequences take a minute. ``HYPOTHESIS_PROFILE=deep`` runs 50,000.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from escalation.errors import EscalationError
from escalation.lifecycle import advance, next_due, react
from escalation.lifecycle.work import item_powers
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import (
    Action,
    AmendMessage,
    CaseChange,
    CaseLink,
    CustomerSnapshot,
    DeliveryReceipt,
    FindPeople,
    LoadPlaybook,
    Notify,
    OpenCase,
    RecoveryResult,
    RunRecovery,
    TellLinked,
)
from escalation.model.items import Item
from escalation.model.request import Attachment, Attempt
from escalation.model.said import Said
from escalation.model.timeline import EntryKind
from escalation.people.directory import Directory
from escalation.people.found import People
from escalation.playbook.schema import LoadedPlaybook, Playbook, fingerprint
from tests.domain.builders import (
    ANN,
    BOB,
    BOT,
    COMPANY,
    CUSTOMER,
    CYD,
    EVE,
    FAY,
    HAL,
    IDA,
    ITSM,
    JOY,
    OFFICE,
    PROCEDURE,
    SERVICE,
    START,
    blank,
    find,
    request,
    small,
)
from tests.domain.invariants import check, check_foresight, check_history, check_views
from tests.support.choices import Choices
from tests.support.generated import company as made_up_company
from tests.support.generated import full_policy, playbook

T = TypeVar("T")
Fitting = tuple[str, str, dict[str, Any]]
"""A command, who sends it, and what it says beside what is made up."""

STRANGERS = (
    "person:stranger",
    "agent:other",
    "service:crm",
    "customer:c-2",
    "system:engine",
    "system:timer",
)

FACTS: dict[str, tuple[Any, ...]] = {
    "ai_confidence": (0.1, 0.8, 0.99, 1.5),
    "task_risk": ("low", "standard", "high", "unheard of"),
    "request_type": ("billing", "legal", "other"),
    "credit.amount": (50.0, 150.0, 5000.0, "much"),
    "amount": (50.0, 150.0),
    "plan": ("restart it", "replace it"),
    "topic": ("one", "two"),
    "change.plan": ("restart it", "replace it"),
    "change.rollback": ("start it again",),
    "record_type": ("change", "incident", "service_request"),
    "escalation_type": ("access", "alert"),
    "concerns": ("person:ann", "person:p0", "person:nobody"),
    "flags.security": (True, False),
    "flags.legal": (True, False, 1.0),
    "flags.business_major": (True,),
    "alert.severity": ("critical", "high"),
    "impact": ("org_wide", "team"),
    "urgency": ("now", "plan"),
    "sentiment": (-0.9, 0.9),
    "overload": (True,),
    "attempts.standard_done": (True,),
    "reason": ("no_authority", "no_expertise", "other"),
    "customer.tier": ("vip", "standard"),
    "exception.because": ("", "the regulator is at the door"),
    "severity": ("P0",),
    "level": ("L9",),
    "no.such.fact": (1.0,),
}

ITEM_COMMANDS = (
    "claim_item",
    "start_item",
    "block_item",
    "drop_item",
    "reassign_item",
    "postpone_item",
    "complete_item",
    "complete_item",
    "submit_check",
    "approve_check",
    "reject_check",
    "confirm_checkpoint",
    "report_check",
    "answer_input",
)

JUMPS = tuple(timedelta(minutes=minutes) for minutes in (0, 0.1, 7, 60, 540, 2880))


TIME = "time passes"
LINKED = "another case says"
_WAITS: dict[str, Any] = {"kind": EntryKind.QUESTION, "text": "@person:ann, why?", "draft": None}
_BLOCKS: dict[str, Any] = {"kind": EntryKind.BLOCKER, "text": "no access", "draft": None}
_CHECKED: dict[str, Any] = {"kind": "checklist", "approvers": ("team:desk", "role:head"), "blocked_by": ()}
_WRITES: dict[str, Any] = {"draft": True, "kind": EntryKind.DECISION}
Thread = tuple[str | tuple[str, dict[str, Any]], ...]
THREADS: tuple[Thread, ...] = (
    ("declare_incident", "report_baseline", "file_in_plan", "set_priorities", "stand_down", "approve"),
    ("declare_incident", TIME, "accept_handoff", TIME, "report_baseline", "file_in_plan", "stand_down", TIME),
    ("ask_approval", "approve", "approve", "use_approval"),
    ("ask_approval", "delegate_approval", "approve", "withdraw_approval"),
    ("ask_approval", "request_changes", "reject"),
    (("offer_handoff", {"to": "team:experts"}), "edit_handover", ("accept_handoff", {"for_team": True}), "claim"),
    ("offer_handoff", "accept_handoff", "offer_handoff", "decline_handoff", "offer_handoff", "withdraw_handoff"),
    (TIME, TIME, "edit_handover", TIME, "edit_handover", "accept_handoff"),
    (TIME, "document_work", ("document_work", {"executes": "team:desk", "approves": None}), "complete_activity"),
    (("post_entry", _WRITES), "edit_entry", "release_entry", "link_entry", "comment", "react_entry"),
    (("post_entry", _WAITS), "answer_entry", ("post_entry", _BLOCKS), "resolve_entry", "accept_entry"),
    (("post_entry", _BLOCKS), "open_session", "resolve", "confirm_resolution", "submit_review", TIME, "close_session"),
    ("draft_update", "release_update", "confirm_read", "reply", "postpone_update"),
    ("milestone", TIME, ("milestone", {"text": "it was the batch"}), "draft_update", "drop_draft"),
    (("post_update", {"text": "as before", "audiences": ()}), TIME, "confirm_read", "reply", "post_update"),
    ("hold", TIME, "resume", "request_input", "answer_input", "hold", "resume"),
    (("change_facts", {"facts": {"topic": "two"}}), TIME, ("change_facts", {"facts": {"topic": "one"}})),
    ("add_item", "claim_item", "start_item", "block_item", "postpone_item", "reassign_item", "drop_item"),
    (("add_item", _CHECKED), "submit_check", "reject_check", "submit_check", "approve_check", "complete_item"),
    (("add_item", {"kind": "checkpoint"}), "confirm_checkpoint", "send_follow_up", TIME),
    (("add_item", {"kind": "dependency"}), "report_check", ("add_item", {"owner": "team:experts"}), "claim_item"),
    ("document_work", "draft", "complete_activity", "advise"),
    ("place_legal_hold", "release_legal_hold", "add_to_group", "leave"),
    ("bypass", TIME),
    (("change_severity", {"severity": "P0"}), "bypass", TIME, "bypass"),
    ("open_ticket", "open_ticket"),
    (("change_facts", {"facts": {"concerns": "person:ghost"}}), TIME, "reassign", TIME),
    (TIME, "name_communicator", "name_commander", "assign_responsibility", "add_to_group", "record_call_transfer"),
    (("add_item", {"owner": "person:ghost"}), TIME, "change_due", TIME, TIME),
    ("resolve", "confirm_resolution", "draft_review", "add_lesson", "complete_change", "submit_review", TIME, TIME),
    (("post_update", {"text": "as before -> mend it -> soon", "audiences": ()}), ("note", {"text": "-> soon"})),
    (("link", {"relation": "child"}), LINKED, LINKED, "resolve", "confirm_resolution", "submit_review", "unlink"),
    (("link", {"relation": "child"}), ("link", {"other": "escalation-web-8", "relation": "parent"}), LINKED, LINKED),
    ("resolve", "reject_resolution", "resolve", "confirm_resolution", "rate", "submit_feedback", "label"),
    ("resolve", "confirm_resolution", "add_lesson", "submit_review", "complete_change", TIME),
    ("resolve", "confirm_resolution", "submit_review", "submit_participant_feedback", "close"),
    ("resolve", "confirm_resolution", TIME, TIME, "file_summary"),
    ("change_severity", TIME, "give_back"),
    ("change_severity", "approve", "cancel"),
    ("migrate", "advise_requester", TIME),
)
"""What people do one after the other; the world answers in between, and at any point something else may come."""

RARE = (
    "declare_incident",
    "ask_approval",
    "document_work",
    "open_ticket",
    "draft_update",
    "milestone",
    "bypass",
    "hold",
)
"""What few playbooks know, or few states allow."""

_BEYOND = ("level:L1", "level:L2", "system:jira", "agent:bot")


MET: Counter[str] = Counter()
"""How often each kind of event occurred, and each command was accepted, in all lives so far."""

BY_CHANCE = 5
"""So many kinds may stay away from one run beside those that follow: any change of the rules draws other lives."""
SELDOM = frozenset(
    (
        "accept_handoff",
        "case_update_failed",
        "change_not_live",
        "children_awaited",
        "claim",
        "clock_paused",
        "clock_resumed",
        "close",
        "concerned_unknown",
        "decline_handoff",
        "declined",
        "delegate_approval",
        "edit_handover",
        "exception_used",
        "feed_failing",
        "file_summary",
        "follow_up_ended",
        "hand_over_begun",
        "handover_edited",
        "input_provided",
        "join",
        "legal_hold_released",
        "link_lost",
        "message_not_amended",
        "migration_refused",
        "pages_released",
        "participant_feedback_given",
        "provide_input",
        "reasons_added",
        "release_legal_hold",
        "rung_moved",
        "seat_delegated",
        "seat_given_back",
        "severity_lowering_asked",
        "severity_lowering_ended",
        "shift_handed_over",
        "stand_down_asked",
        "stand_down_refused",
        "submit_participant_feedback",
        "summary_filed",
        "summary_missed",
        "team_accepted",
        "template_failing",
    )
)
"""What occurs fewer than four times, or never, in the lives that are counted: chance may take it away at any change.

All of it can occur without Temporal. It needs what these lives seldom come to: a shift's end that is owned, office
hours that begin, a seat passed on, a clock that waits, a feed that fails.
"""


class World:
    """An escalation that anything may happen to, checked after each step."""

    def __init__(self, playbook: Playbook, directory: Directory, choose: Choices) -> None:
        self.choose = choose
        self.directory = directory
        self.blank = self.state = blank(playbook)
        self.now = START
        self.about = 0
        self.smooth = False
        self.looks = True
        self.pending: deque[Action] = deque()
        self.events: list[e.Event] = []
        self.log: list[tuple[c.Command, datetime]] = []
        self.said: list[str] = []
        """What became of each of the log."""
        self.refuses = False
        """Whether the help desk opens no ticket."""

    def step(self) -> None:
        """Let one thing happen: what, who and how come from two bytes."""
        drawn, self.choose = self.choose, self.choose.spread()
        self.something_happens()
        if self.choose.number(24) == 23:
            check_views(self.state)
            check_foresight(self.state, self.directory)
        self.choose = drawn

    def something_happens(self) -> None:
        if self.state.opened_at is None:
            self.apply(c.Open(request=self.request(opens=True)))
            return
        # What the world owes an answer to comes late, fails, or is answered at once: without that nothing gets far.
        happens = self.choose.number(20)
        if happens < 2 and self.pending:
            self.answer()
        elif happens < 4 and self.pending:
            self.world_answers()
        elif happens < 9:
            self.go_on_with(self.thread())
        elif happens < 15:
            self.somebody_acts()
        elif happens < 17:
            self.time_passes()
        elif happens < 18:
            self.nobody_acts()
        else:
            self.something_else()

    def thread(self) -> Thread:
        """Choose what people do next, of what can be begun now; mostly what few playbooks know."""
        one = self.choose.of([person for person in self.state.people if person.startswith("person:")] or [ANN])
        known = {name for matter in self.matters for name, _, _ in matter(one)} | {TIME}
        able = [each for each in THREADS if (each[0] if isinstance(each[0], str) else each[0][0]) in known]
        rare = [each for each in able if each[0] in RARE]
        return self.choose.of((rare if self.choose.chance(50) else able) or able)

    def go_on_with(self, thread: Thread) -> None:
        """Somebody does one thing after another; of what cannot be done now they leave out most."""
        for each in thread:
            name, more = each if isinstance(each, tuple) else (each, {})
            if self.state.ended:
                return
            if name == TIME:
                self.nobody_acts()
            elif name == LINKED:
                self.linked_says()
            elif name in ITEM_COMMANDS:
                self.item_goes_on(name)
            else:
                group = [person for person in self.state.people if person.startswith("person:")] or [ANN]
                one = self.choose.of(group)
                known = [each for matter in self.matters for each in matter(one) if each[0] == name]
                if known or self.choose.chance(30):
                    _, by, fits = self.choose.of(known) if known else (name, self.holder, {})
                    self.apply(c.COMMANDS[name](by=by, **{**self.content(name), **fits, **more}))
            if self.choose.chance(80):
                self.world_answers()

    def item_goes_on(self, name: str) -> None:
        """The youngest item is worked on by those who may."""
        if self.state.open_items or self.choose.chance(10):
            item = self.state.open_items[-1] if self.state.open_items else None
            by, content = self.holder, self.content(name)
            if item is not None:
                content["item"] = item.id
                by = self.worker(item)
                if name in ("approve_check", "reject_check") and item.approval is not None:
                    by = self.choose.of(item.approval.deciders or (by,))
            self.apply(c.COMMANDS[name](by=by, **content))

    def come(self, far: int) -> None:
        """Lead it as far as it comes when all goes well: 1 people are told, 2 it is taken, 3 resolved, 4 confirmed."""
        first: dict[str, Any] = {}
        if self.directory is not COMPANY and (severe := self.choose.of((None, None, 0, -1))) is not None:
            first["severity"] = self.state.playbook.severity.scale[severe].name
            first["facts"] = {"topic": self.choose.of(("one", "two"))}
        steps: tuple[Callable[[], c.Command], ...] = (
            lambda: c.Open(request=request(self.state.playbook, request_id="r-0", **first)),
            lambda: c.Acknowledge(by=self.state.rung.people[0] if self.state.rung is not None else ANN),
            lambda: c.Resolve(by=self.holder, resolution="paid again", cause="a batch was lost"),
            lambda: c.ConfirmResolution(by=CUSTOMER if self.state.customer is not None else self.state.requested_by),
        )
        for make in steps[:far]:
            self.apply(make())
            self.world_answers()
            for gate in self.state.pending_gates:
                for person in gate.people:
                    known = self.state.gates[gate.id]
                    policy = self.state.playbook.gate(gate.id)
                    choice = policy.choices[0].id if policy is not None and policy.choices else None
                    if known.state == "pending":
                        self.apply(c.Approve(by=person, gate=gate.id, digest=known.digest, choice=choice))
                self.world_answers()

    @property
    def holder(self) -> str:
        """The owner; while there is none, somebody of the desk."""
        return self.state.owner.actor if self.state.owner is not None else ANN

    def world_answers(self) -> None:
        """Everything that is owed an answer gets it at once, and all goes well."""
        self.choose, choose, self.smooth = Choices(b""), self.choose, True
        for _ in range(60):
            if not self.pending:
                break
            if isinstance(self.pending[0], AmendMessage | TellLinked):
                self.pending.popleft()  # that this went well changes nothing
            else:
                self.answer()
        self.choose, self.smooth = choose, False

    def nobody_acts(self) -> None:
        """Time goes on from one due instant to the next, and the world answers."""
        for _ in range(1 + self.choose.number(3)):
            if (due := next_due(self.state)) is None:
                return
            self.now = max(self.now, due.at)
            self.apply(c.TimePassed())
            self.world_answers()

    def apply(self, command: c.Command) -> None:
        before = self.state
        self.log.append((command, self.now))
        try:
            self.state, events = advance(before, command, self.now)
        except EscalationError as error:
            self.said.append(f"refused: {error}")
            self.state = before
            return
        actions = react(self.state, events)
        self.said.append(", ".join(event.type for event in events))
        self.events += events
        MET.update(event.type for event in events)
        if isinstance(command, c.Act) and events:
            MET[c.NAMES[type(command)]] += 1
        self.pending += actions
        # That what was sent arrives is looked at where it comes one by one; here it comes with all the rest.
        if self.looks and not (self.smooth and all(type(event) is e.MessageDelivered for event in events)):
            check(before, self.state, events, actions)

    # --- the world ---

    def answer(self) -> None:
        index = self.choose.number(min(len(self.pending), 4))
        action = self.pending[index]
        del self.pending[index]
        result = self.result_of(action)
        if result is not None:
            self.apply(result)

    def result_of(self, action: Action) -> c.Internal | None:
        fails = self.choose.chance(15) or (isinstance(action, Notify) and action.to == "person:ghost")
        if isinstance(action, FindPeople):
            nobody = People(people=(), fell_back=True, notes=("nobody could be found",))
            found = nobody if fails else find(self.directory, action, self.now)
            if self.choose.chance(10):
                broken = {"feeds": {"desk": "it cannot be read"}, "unknown": ("person:ghost",)}
                found = found.model_copy(update={name: broken[name] for name in [self.choose.of(tuple(broken))]})
            return c.PeopleFound(purpose=action.purpose, found=found, tells=action.tells)
        if isinstance(action, Notify):
            if fails:
                unknown = action.to == "person:ghost" or self.choose.chance(20)
                error = "no such address"
                return c.NotDelivered(key=action.key, to=action.to, rung=action.rung, error=error, unknown=unknown)
            template = "page has no value for x" if self.choose.chance(8) else ""
            receipt = DeliveryReceipt(
                channel="inbox",
                receipt_id=action.key,
                at=self.now,
                template_error=template,
                thread=f"t{self.choose.number(3)}",
                amendable=self.choose.over or self.choose.chance(50),
            )
            return c.Delivered(key=action.key, to=action.to, rung=action.rung, receipt=receipt, matter=action.matter)
        if isinstance(action, OpenCase):
            if fails or self.refuses:
                return c.CaseNotOpened(error="the help desk refused")
            tier = self.choose.of(("", "vip", "standard", "platinum"))
            snapshot = CustomerSnapshot(fetched_at=self.now, system="crm", tier=tier)
            known = CaseLink(ticket="T-1", snapshot=snapshot)
            later = action.linked is None and self.choose.chance(20)
            return c.CaseOpened(link=CaseLink(ticket="T-1", later=True) if later else known)
        if isinstance(action, RunRecovery):
            code = int(fails)
            said = Said(template="script_ended", values={"code": code})
            result = RecoveryResult(ok=not fails, because=f"it ended with {code}", grounds=said)
            return c.RecoveryRan(result=result)
        if isinstance(action, LoadPlaybook):
            return c.PlaybookLoaded(purpose=action.purpose, **self.shelf(fails=fails))
        if isinstance(action, AmendMessage):
            error = "the message is not there any more" if fails else ""
            return c.Amended(key=action.key, to=action.to, channel=action.channel, error=error)
        if isinstance(action, TellLinked):
            return c.LinkNotTold(other=action.to, error="it has ended") if fails else c.LinkTold(key=action.key)
        if fails:
            return c.CaseNotUpdated(key=action.key, error="the help desk refused")
        return c.CaseUpdated(key=action.key, public=action.public)

    def shelf(self, *, fails: bool) -> dict[str, Any]:
        """What stands on the shelf when another version is asked for: other times, other approvals, other levels."""
        if fails:
            return {"error": "it is broken"}
        now = self.state.playbook
        levels = tuple(level.changed({"ack": level.ack / 2, "dwell": level.dwell * 2}) for level in now.levels)
        first = levels[0].changed({"id": "front"})
        changes: dict[str, Any] = self.choose.of(
            (
                {"levels": levels},
                {"levels": (first, *levels[1:]) if not (now.paths or now.matrix or now.routing) else levels},
                {"gates": tuple(gate.changed({"deadline": gate.deadline * 2}) for gate in now.gates)},
                {"clocks": {name: each.changed({"warn_at": 0.5}) for name, each in now.clocks.items()}},
                {"communication": None},
                {"status": "retired"},
                {},
            )
        )
        # Through its JSON: what a record computes once must not be that of the version before.
        found = Playbook.model_validate_json(now.changed({"version": now.version + 1, **changes}).model_dump_json())
        return {"loaded": LoadedPlaybook(playbook=found, digest=fingerprint(found))}

    def time_passes(self) -> None:
        due = next_due(self.state)
        how = self.choose.number(8)
        if due is None or how == 7:
            self.now += self.choose.of(JUMPS)
        elif how == 6:
            just_before = due.at - timedelta(microseconds=1)
            if just_before > self.now:
                self.now = just_before
                assert advance(self.state, c.TimePassed(), self.now)[1] == [], "something happened before it was due"
            return
        else:
            self.now = max(self.now, due.at)
        seq = self.state.seq
        self.apply(c.TimePassed())
        if due is not None and due.at <= self.now and not self.state.ended:
            assert self.state.seq > seq, f"{due.kind} fell due and nothing happened"
            assert next_due(self.state) != due, f"{due.kind} is due again and again"

    def something_else(self) -> None:
        what = self.choose.number(6)
        if what == 5:
            self.apply(c.CaseChanged(system="desk", change=self.ticket_change()))
        elif what == 4:
            self.linked_says()
        elif what == 0:
            self.apply(c.Open(request=self.request(opens=False), repeat_of=None))
        elif what == 1:
            self.apply(c.SignalRefused(name="approve", error="malformed"))
        elif what == 2:
            self.apply(c.PeopleFound(purpose="rung:L9/9", found=People(people=())))
        else:
            self.apply(c.NotDelivered(key="old", to=ANN, rung="L1/1", error="too late"))
            for other in list(self.state.links)[:1]:
                self.apply(c.LinkNotTold(other=other, error="it has ended"))

    def linked_says(self) -> None:
        """A case that is linked, or one that is not, says how it stands."""
        other = self.choose.of((*self.state.links, "escalation-web-7"))
        known = self.state.links.get(other)
        status = self.choose.of(("is worked on", "closed"))
        heard = c.LinkHeard(
            other=other,
            what=self.choose.of(("status", "status", "status", "linked", "unlinked")),
            relation=known.relation if known is not None else self.choose.of(("related", "parent", "child")),
            above=self.choose.of(((), ("escalation-web-8",), ("escalation-web-9",))),
            status=status,
            key=str(self.choose.number(20)),
            on_behalf_of=ANN,
            ended=status == "closed",
        )
        self.apply(heard)

    def ticket_change(self) -> CaseChange:
        choose = self.choose
        return CaseChange(
            key=str(choose.number(9)),
            case_key=choose.of(("run-1/case", "run-1/case", "run-0/case")),
            at=self.now,
            by=choose.of(("", "agent 12")),
            by_customer=choose.chance(40),
            status=choose.of((None, "open", "pending", "solved", "closed")),
            owner=choose.of((None, "", "12")),
            note=choose.of(("", "I will cancel", "hello again")),
            public=choose.chance(50),
        )

    # --- people and services ---

    def request(self, *, opens: bool) -> Any:
        choose = self.choose
        changes: dict[str, Any] = {"request_id": f"r-{choose.number(4)}"}
        if choose.chance(20):
            changes["requested_by"] = choose.of((CUSTOMER, ANN, HAL, "person:eva.novak", "service:alerts"))
        if choose.chance(20):
            changes["initiation"] = choose.of(("customer_request", "manual", "rule"))
        if choose.chance(20):
            changes["context"] = {choose.of(("summary", "impact", "attempted_solutions")): None}
        if choose.chance(20):
            text = choose.of(("I will cancel", "my lawyer will write to you", "hello again"))
            changes["context"] = {"conversation": [{"author": "customer", "text": text}]}
        if choose.chance(15):
            changes["customer"] = choose.of((None, {"id": "c-1", "tier": "vip"}, {"id": "c-1"}))
        if choose.chance(15):
            changes["severity"] = choose.of(("P0", "critical", "P2", "normal", "nonsense"))
        if not opens or choose.chance(60):
            changes["facts"] = self.facts(2)
        if opens and choose.chance(10):
            changes["facts"] = {"ai_confidence": 0.99}
        return request(self.state.playbook, **changes)

    def facts(self, most: int) -> dict[str, Any]:
        everything = tuple(FACTS)
        gates = self.state.playbook.gates
        asked = tuple(name for name in FACTS if any(name in gate.subject or name in gate.when for gate in gates))
        pools = [everything, asked or everything]
        chosen = [self.choose.of(self.choose.of(pools)) for _ in range(1 + self.choose.number(most))]
        return {name: self.choose.of(FACTS[name]) for name in chosen}

    def actor(self) -> str:
        """Anybody, but mostly somebody whose word counts now."""
        state, choose = self.state, self.choose
        concerned: list[str] = list(state.communication.releasers) if state.communication is not None else []
        if state.rung is not None:
            concerned += state.rung.people
        if state.owner is not None:
            concerned.append(state.owner.actor)
        if state.handoff is not None:
            concerned += state.handoff.people
        for gate in state.pending_gates:
            concerned += gate.people
        pools = [
            concerned or [ANN],
            concerned or [BOB],
            list(state.people) or [EVE],
            [state.requested_by, CUSTOMER, BOT],
        ]
        if choose.chance(20):
            return choose.of((*STRANGERS, ANN, CYD, FAY, IDA, JOY))
        return choose.of(choose.of(pools))

    def somebody_acts(self) -> None:
        if self.state.open_items and self.choose.chance(35):
            self.somebody_works()
            return
        fitting = self.fitting() if self.choose.chance(60) else ()
        if fitting:
            name, by, more = self.choose.of(fitting)
            self.apply(c.COMMANDS[name](by=by, **{**self.content(name), **more}))
            return
        name = self.choose.of(self.sensible()) if self.choose.chance(65) else self.choose.of(tuple(c.COMMANDS))
        if name == "cancel" and self.choose.chance(70):
            name = "note"  # there is more to see in a life that goes on
        command = c.COMMANDS[name](by=self.actor(), **self.content(name))
        if self.choose.chance(10):
            command = command.model_copy(update={"command_id": f"command-{self.choose.number(3)}"})
        self.apply(command)

    def somebody_works(self) -> None:
        """Mostly with the item that is theirs, and with what brings it on."""
        item = self.choose.of(self.state.open_items)
        name = self.choose.of(ITEM_COMMANDS) if self.choose.chance(60) else item_powers.command_of(item)
        if item.pending and self.choose.chance(60):
            name = self.choose.of(("approve_check", "reject_check"))
        content = self.content(name)
        if self.choose.chance(80):
            content["item"] = item.id
        self.apply(c.COMMANDS[name](by=self.worker(item), **content))

    def fitting(self) -> tuple[tuple[str, str, dict[str, Any]], ...]:
        """What those whose turn it is could do now, in one of the matters: mostly the one that this life is about."""
        group = [person for person in self.state.people if person.startswith("person:")] or [ANN]
        one = self.choose.of(group)
        about = self.about if self.choose.chance(50) else self.choose.number(len(self.matters))
        return tuple(self.matters[about](one) or self.of_calls(one))

    @property
    def matters(self) -> tuple[Callable[[str], list[Fitting]], ...]:
        """What people could be about; each takes somebody of the working group."""
        return (
            self.of_calls,
            self.of_work,
            self.of_entries,
            self.of_statements,
            self.of_incident,
            self.of_ends,
            self.of_facts,
        )

    def of_facts(self, one: str) -> list[Fitting]:
        """What changes what the rules read."""
        scale = self.state.playbook.severity.scale
        names: list[Fitting] = [("change_facts", one, {}), ("change_facts", one, {"facts": {"topic": "one"}})]
        names += [("change_facts", one, {"facts": {"topic": "two"}}), ("note", one, {}), ("change_due", one, {})]
        names.append(("change_severity", self.holder, {"severity": self.choose.of(scale).name}))
        names.append(("migrate", one, {"to": "latest", "levels": {}, "drop": ()}))
        if self.state.input_request is not None:
            names.append(("provide_input", one, {}))
        return names

    def of_calls(self, one: str) -> list[Fitting]:
        """Whoever is called, asked for an approval or offered it, and whoever may go around them."""
        state = self.state
        found: list[Fitting] = []
        if state.rung is not None:
            called = self.choose.of((*state.rung.people, one))
            found += [(name, called, {}) for name in ("acknowledge", "acknowledge", "decline")]
        for gate in state.pending_gates:
            if gate.people:
                by, on = self.choose.of(gate.people), {"gate": gate.id, "digest": gate.digest}
                found += [("approve", by, on), ("reject", by, on)]
                found.append(("delegate_approval", by, {"gate": gate.id}))
                found.append(("request_changes", by, {"gate": gate.id}))
        if state.handoff is not None:
            by = self.choose.of(state.handoff.people or (one,))
            name = self.choose.of(("accept_handoff", "decline_handoff", "accept_handoff"))
            found.append((name, by, {"for_team": self.choose.chance(50)} if name == "accept_handoff" else {}))
            found.append(("withdraw_handoff", self.holder, {}))
            if state.handoff.shift:
                found.append(("edit_handover", self.holder, {}))
        if state.playbook.bypass is not None and state.level is not None and state.review is None:
            by = self.choose.of(state.may_bypass or (one,))
            if state.level.index + 1 < len(state.playbook.levels):
                found.append(("bypass", by, {"level": state.playbook.levels[-1].id, "gate": None}))
            found += [("bypass", by, {"level": None, "gate": gate.id}) for gate in state.pending_gates]
        if state.owner is not None and state.review is None:
            own = ("give_back", "hold", "reassign", "offer_handoff", "escalate", "change_due", "change_severity")
            named = ("name_communicator", "name_commander", "assign_responsibility", "request_input")
            found += [(name, self.holder, {}) for name in (*own, *named)]
        if state.hold is not None:
            found.append(("resume", self.holder, {}))
        if state.playbook.actions:
            found.append(("ask_approval", one, {"action": "refund", "arguments": {"amount": 500.0}}))
            found.append(("ask_approval", one, {}))
        found += [("use_approval", each.by, {"approval": each.id, "digest": each.digest}) for each in self.granted()]
        found += [("withdraw_approval", each.by, {"approval": each.id}) for each in state.actions.values()]
        return found

    def of_work(self, one: str) -> list[Fitting]:
        """The working group, its items, its drafts, its links."""
        state = self.state
        told = [actor for actor in state.ownership.audience if actor not in state.people]
        found: list[Fitting] = [("join", who, {}) for who in told[:1]]
        found += [("advise", who, {}) for who in state.ownership.consulted[:1]]
        found += [(name, one, {}) for name in ("leave", "add_item", "link")]
        found += [(name, one, {}) for name in ("attach", "add_to_group", "record_call_transfer")]
        found += [("unlink", one, {"other": other}) for other in list(state.links)[:1]]
        if state.playbook.activities:
            found += [("draft", BOT, {}), ("complete_activity", one, {"activity": "digest"})]
            drafts = list(state.ownership.drafts.values())[:2]
            found += [("complete_activity", one, {"activity": each.activity, "draft": each.id}) for each in drafts]
        if state.playbook.before_work is not None:
            found.append(("document_work", one, {"executes": "team:desk", "approves": "role:head"}))
        if state.case_link is None and state.case_error:
            found += [("open_ticket", one, {}), ("open_ticket", one, {})]
        by = self.choose.of((*state.may_hold, one))
        found.append(("place_legal_hold", by, {}))
        found += [("release_legal_hold", by, {"reference": hold.reference}) for hold in state.legal_holds]
        return found

    def of_entries(self, one: str) -> list[Fitting]:
        """Entries of the timeline and live sessions."""
        timeline = self.state.timeline
        found: list[Fitting] = [("post_entry", self.choose.of((one, BOT)), {}), ("post_entry", one, {"draft": True})]
        found += [("open_session", one, {}), ("mark_seen", one, {})]
        if timeline is None:
            return found
        for seq, each in list(timeline.refs.items())[-3:]:
            found += [(name, one, {"entry": seq}) for name in ("link_entry", "comment", "react_entry")]
            if each.ai:
                found.append(("accept_entry", one, {"entry": seq}))
            if each.draft:
                found += [("edit_entry", each.by, {"entry": seq}), ("release_entry", each.by, {"entry": seq})]
        found += [
            ("answer_entry" if each.kind is EntryKind.QUESTION else "resolve_entry", one, {"entry": seq})
            for seq, each in timeline.open.items()
        ]
        found += [
            ("close_session", one, {"session": name, "decisions": ("we wait",), "none": ("items",)})
            for name in timeline.sessions
        ]
        return found

    def of_statements(self, one: str) -> list[Fitting]:
        """Statements, who releases them, who answers them."""
        talk, policy = self.state.communication, self.state.playbook.communication
        if talk is None or policy is None:
            return []
        found: list[Fitting] = [(name, one, {}) for name in ("post_update", "draft_update", "postpone_update")]
        stakeholders = [each for each in talk.stakeholders.values() if each.people]
        found += [("reply", each.people[0], {}) for each in stakeholders[:2]]
        found += [
            ("confirm_read", each.people[0], {})
            for each in stakeholders
            if policy.audience(each.audience).receipt is not None
        ]
        found += [("milestone", one, {"name": each.id}) for each in policy.milestones[:2]]
        for each in talk.drafts.values():
            if talk.releasers and not each.ended:
                by = self.choose.of(talk.releasers)
                found += [("release_update", by, {"draft": each.id, "digest": each.digest})] * 2
                found.append(("drop_draft", by, {"draft": each.id}))
        if talk.unfiled:
            found.append(("file_summary", one, {"which": None}))
        return found

    def of_incident(self, one: str) -> list[Fitting]:
        """Whoever runs the incident, or could declare one."""
        state = self.state
        if state.playbook.incident is None or state.owner is None:
            return []
        if state.incident is None or not state.incident.declared:
            return [("declare_incident", self.choose.of((self.holder, one)), {})] * 2
        leads = self.choose.of((state.ownership.commander or self.holder, self.holder))
        names = ("report_baseline", "file_in_plan", "file_in_plan", "set_priorities", "stand_down", "stand_down")
        return [(name, leads, {}) for name in names]

    def of_ends(self, one: str) -> list[Fitting]:
        """Resolving, confirming, reviewing, and what customers and participants say of it."""
        state = self.state
        asker = CUSTOMER if state.customer is not None else state.requested_by
        found: list[Fitting] = [("submit_feedback", asker, {})] if self.choose.chance(20) else []
        if state.open_items:
            found.append(("send_follow_up", one, {}))
        if state.resolution_state == "proposed":
            found += [("confirm_resolution", asker, {}), ("reject_resolution", asker, {})]
        elif state.owner is not None and state.review is None:
            found += [("resolve", self.holder, {})] * 2
        if state.review is not None or state.review_draft is not None:
            lesson = self.choose.of(self.lessons()[1:])
            found += [(name, one, {}) for name in ("draft_review", "label", "advise_requester", "rate")]
            found += [("add_lesson", one, lesson), ("submit_review", self.holder, {})]
        version = f"v{state.playbook.version + 1}"
        for each in state.lessons.values():
            found += [("complete_change", one, {"lesson": each.id, "live_as": version})]
        if state.feedback_round is not None and state.feedback_round.open:
            found += [("submit_participant_feedback", by, {}) for by in state.feedback_round.unanswered]
            found.append(("close", self.choose.of((one, state.accountable)), {}))
        return found

    def granted(self) -> list[Any]:
        return [asked for asked in self.state.actions.values() if asked.state == "passed"]

    def worker(self, item: Item) -> str:
        """Mostly somebody who may do something with a work item."""
        deciders = item.approval.deciders if item.approval is not None else ()
        able = (item.owner, *item.people, *deciders, *item.confirmed_by, self.state.accountable)
        able = tuple(actor for actor in able if not item_powers.is_target(actor))
        return self.choose.of(able) if able and self.choose.chance(80) else self.actor()

    def sensible(self) -> tuple[str, ...]:
        """What is likely to be accepted where it stands."""
        state = self.state
        if state.input_request is not None:
            return ("provide_input", "provide_input", "change_facts", "note")
        if state.actions and self.choose.chance(30):
            return ("use_approval", "use_approval", "withdraw_approval", "ask_approval")
        if state.pending_gates and self.choose.chance(70):
            return ("approve", "approve", "reject", "request_changes", "change_facts", "delegate_approval")
        if state.playbook.actions and self.choose.chance(20):
            return ("ask_approval",)
        if state.owner is None:
            return ("acknowledge", "acknowledge", "claim", "decline", "resolve", "escalate", "change_facts")
        if state.review is not None:
            summary = ("file_summary",) if state.communication is not None and state.communication.unfiled else ()
            asked = state.feedback_round
            saying = ("submit_participant_feedback", "close") if asked is not None and asked.open else ("label",)
            changing = ("complete_change", "complete_change") if state.lessons else ("add_lesson",)
            some = ("submit_review", "complete_item", "add_item", "complete_item", "rate", "draft_review")
            return (*some, *saying, *changing, *summary)
        if state.resolution_state == "proposed":
            return ("confirm_resolution", "confirm_resolution", "reject_resolution", "change_facts")
        handing = ("accept_handoff", "accept_handoff", "decline_handoff") if state.handoff is not None else ()
        talking: tuple[str, ...] = ("post_update", "reply", "postpone_update") if state.communication else ()
        if talking and state.playbook.communication is not None and state.playbook.communication.milestones:
            talking += ("draft_update", "release_update", "release_update", "milestone", "confirm_read")
        parts = ("draft", "complete_activity", "document_work", "offer_handoff", "add_to_group", "give_back")
        running: tuple[str, ...] = ()
        if state.incident is not None and state.incident.declared:
            running = ("report_baseline", "file_in_plan", "file_in_plan", "set_priorities", "stand_down", "stand_down")
        elif state.playbook.incident is not None:
            running = ("declare_incident",)
        return (
            *handing,
            *talking,
            *running,
            self.choose.of(parts),
            "resolve",
            "resolve",
            "change_facts",
            "hold",
            "resume",
            "escalate",
            "reassign",
            "change_severity",
            "migrate",
            "post_entry",
            *(
                ("comment", "accept_entry", "answer_entry", "resolve_entry", "close_session", "release_entry")
                if state.timeline is not None and self.choose.chance(40)
                else ()
            ),
        )

    def content(self, name: str) -> dict[str, Any]:
        make: dict[str, Callable[[], dict[str, Any]]] = {
            "claim": lambda: {"because": self.choose.of(("I know it", ""))},
            "reassign": lambda: {"to": self.choose.of((ANN, BOB, EVE, BOT, "person:ghost"))},
            "offer_handoff": lambda: {
                "to": self.choose.of(
                    ("team:experts", "team:support-specialists", "role:it-lead", "team:ghosts", *_BEYOND)
                ),
                "expectation": "an answer by noon",
                "reason": self.choose.of(("other", "no_authority")),
                **self.choose.of(({}, {"task": "trace it", "due": self.now + self.choose.of(JUMPS)})),
            },
            "escalate": lambda: {
                "reason": self.choose.of(("no_authority", "no_expertise", "no_resources", "other")),
                "level": self.choose.of((None, None, None, *(level.id for level in self.state.playbook.levels), "L9")),
                "path": self.choose.of((None, None, None, None, *(path.id for path in self.state.playbook.paths))),
            },
            "bypass": lambda: {
                "level": self.choose.of((None, *(level.id for level in self.state.playbook.levels))),
                "gate": self.choose.of((None, None, *(gate.id for gate in self.state.playbook.gates))),
            },
            "change_severity": lambda: {
                "severity": self.choose.of(("P0", "P1", "P2", "critical", "high", "normal", "?"))
            },
            "change_facts": lambda: {"facts": self.facts(2)},
            "change_due": lambda: {"due_at": self.choose.of((None, self.now + self.choose.of(JUMPS)))},
            "note": lambda: {
                "text": self.choose.of(
                    ("looking at it", "-> mend it -> 2h", "-> soon", "I want to cancel", "my lawyer says no")
                )
            },
            "attach": lambda: {"attachment": Attachment(title="log", url="https://files.example/1")},
            "hold": lambda: {"until": self.choose.of((None, None, *(self.now + jump for jump in JUMPS)))},
            "provide_input": self.input,
            "approve": lambda: {
                **self.decision(),
                "choice": self.choose.of((None, "one", "one", "two")),
                "emergency": self.choose.chance(15),
            },
            "delegate_approval": lambda: {
                "gate": self.decision()["gate"],
                "to": self.choose.of((ANN, EVE, JOY, "person:p1", "person:p2", "person:ghost")),
            },
            "ask_approval": lambda: {
                "action": self.choose.of(("refund", "refund", "refund", "restart", "no_such_action")),
                "arguments": self.choose.of(({"amount": 5.0}, {"amount": 500.0}, {"amount": 501.0}, {})),
            },
            "use_approval": self.asked,
            "withdraw_approval": lambda: {"approval": self.asked()["approval"]},
            "reject": self.decision,
            "request_changes": lambda: {"gate": self.decision().get("gate")},
            "resolve": lambda: {"resolution": self.choose.of(("paid again", "restarted")), "cause": "a batch was lost"},
            "add_item": lambda: {
                "title": "mend it",
                "owner": self.choose.of((ANN, EVE, BOT, "team:experts")),
                "due": self.now + self.choose.of(JUMPS),
                "kind": self.choose.of(("action", "action", "checklist", "checkpoint", "dependency", "input")),
                "blocked_by": self.items(30),
                "blocks": self.items(20),
                "before": self.choose.of((None, None, None, "resolution")),
                "approvers": self.choose.of(((), (), ("team:desk",))),
            },
            "block_item": lambda: {"blocked_by": self.items(60)},
            "reassign_item": lambda: {"to": self.choose.of((ANN, BOB, BOT, "team:experts", "person:ghost"))},
            "postpone_item": lambda: {"due": self.now + self.choose.of(JUMPS)},
            "submit_check": lambda: {"content": self.choose.of(("40 Nm", "35 Nm"))},
            "reject_check": lambda: {"severity": self.choose.of(("critical", "minor"))},
            "report_check": lambda: {"ok": self.choose.chance(60)},
            "request_input": lambda: {
                "of": self.choose.of((ANN, CUSTOMER, "team:experts", "service:crm", BOT)),
                "what": "a number",
                "cause": self.choose.of(("human_review", "missing_data", "system_confirmation")),
                "due": self.now + self.choose.of(JUMPS),
                "item": self.choose.of((None, *self.state.items)),
            },
            "answer_input": lambda: {"text": "seven"},
            "cancel": lambda: self.choose.of(({}, {"drop_items": True}, {"hand_items_to": ANN})),
            "submit_review": lambda: {
                "impact": "one customer",
                "lessons": self.choose.of((("watch it",), ("watch it",), ())),
                "items": self.choose.of(
                    ((), ({"title": "mend it", "owner": ANN, "due": self.now + self.choose.of(JUMPS)},))
                ),
                "changes": self.choose.of(((), tuple({"what": "say it", **each} for each in self.lessons()[1:2]))),
            },
            "post_update": self.statement,
            "draft_update": lambda: {
                **self.statement(),
                "replaces": self.choose.of((None, None, "d1", "d2")),
            },
            "release_update": self.released,
            "drop_draft": lambda: {"draft": self.released()["draft"]},
            "milestone": lambda: {
                "name": self.choose.of(("found", "mended", "nothing")),
                "text": self.choose.of(("", "it was the batch", "x" * 600)),
            },
            "postpone_update": lambda: {"until": self.now + self.choose.of(JUMPS)},
            "reply": lambda: {
                "text": "seen",
                "stakeholder": self.choose.of((None, None, "board", "executives", "press")),
            },
            "file_summary": lambda: {"text": "all of it", "which": self.choose.of((None, None, "s1", "s9"))},
            "link": lambda: {
                "other": self.choose.of(("escalation-web-7", "escalation-web-8", self.state.id)),
                "relation": self.choose.of(("internal", "external", "related", "parent", "child")),
            },
            "open_ticket": lambda: {"ticket": self.choose.of(("", "4711"))},
            "unlink": lambda: {"other": self.choose.of((*self.state.links, "escalation-web-9"))},
            "draft_review": lambda: {
                "part": self.choose.of(("impact", "cause", "lessons")),
                "text": self.choose.of(("a batch was lost", "nobody looked")),
            },
            "add_lesson": lambda: {"what": "watch it", **self.choose.of(self.lessons())},
            "complete_change": lambda: {
                "lesson": self.choose.of((*self.state.lessons, "l9")),
                "live_as": self.choose.of(("", "v2", f"v{self.state.playbook.version + 1}", "0123456789abcdef")),
            },
            "label": lambda: self.choose.of(({"warranted": True}, {"late": False}, {})),
            "advise_requester": lambda: {"text": "say what you tried"},
            "submit_participant_feedback": lambda: {"score": 3},
            "migrate": lambda: {
                "to": self.choose.of(("latest", "latest", "v2", "v9")),
                "levels": self.choose.of(({}, {self.state.playbook.levels[0].id: "front"})),
                "drop": self.choose.of(((), (), ("topic",), tuple(self.state.gates))),
            },
            "rate": lambda: self.choose.of(({"score": 4}, {"score": 2, "preparation": 1, "advice": "more logs"})),
            "post_entry": self.entry,
            "edit_entry": lambda: {"entry": self.written(), "text": "in other words"},
            "release_entry": lambda: {"entry": self.written()},
            "accept_entry": lambda: {"entry": self.written()},
            "link_entry": lambda: {"entry": self.written(), "links": (self.choose.of(("case", "item:i1", "entry:3")),)},
            "answer_entry": lambda: {"entry": self.written(), "text": "because of the batch"},
            "resolve_entry": lambda: {"entry": self.written(), "text": "access granted"},
            "comment": lambda: {"entry": self.written(), "text": self.choose.of(("why?", "@person:ann, @team:desk?"))},
            "react_entry": lambda: {"entry": self.written(), "mark": "agree", "off": self.choose.chance(30)},
            "place_legal_hold": lambda: {"reference": self.choose.of(("M-1", "M-2"))},
            "release_legal_hold": lambda: {"reference": self.choose.of(("M-1", "M-2"))},
            "mark_seen": lambda: {"up_to": self.choose.of((None, 1, self.state.seq or 1))},
            "open_session": lambda: {
                "join_url": "https://meet.example/1",
                "participants": self.choose.of(((), (ANN, EVE), ("person:ghost",))),
            },
            "close_session": lambda: self.choose.of(
                ({"none": ("decisions", "items")}, {"decisions": ("we wait",), "none": ("items",)}, {})
            ),
            "report_baseline": lambda: {"what_happened": "down", "who_is_affected": "all", "why_urgent": "a sale"},
            "file_in_plan": self.plan_line,
            "set_priorities": lambda: {"priorities": self.choose.of((("one",), ("two", "one")))},
            "accept_handoff": lambda: {
                "for_team": self.choose.chance(20),
                "reference": self.choose.of(("", "OPS-7")),
                "packet_version": self.choose.of((None, None, 1)),
            },
            "edit_handover": lambda: {"text": "look at the log"},
            "give_back": lambda: {"guidance": "offer the form"},
            "name_communicator": lambda: {"who": self.choose.of((ANN, BOB, BOT))},
            "name_commander": lambda: {"who": self.choose.of((ANN, EVE, BOT))},
            "assign_responsibility": lambda: {"who": self.choose.of((ANN, "team:experts")), "what": "the bank"},
            "add_to_group": lambda: {"who": self.choose.of((CYD, "person:ghost", BOT))},
            "advise": lambda: {"text": "ask the bank"},
            "draft": lambda: {"activity": self.choose.of(("reply_text", "digest")), "text": "Dear Jana"},
            "complete_activity": lambda: {
                "activity": self.choose.of(("reply_text", "digest", "other")),
                "result": "sent",
                "draft": self.choose.of((None, None, *self.state.ownership.drafts)),
            },
            "document_work": lambda: {
                "executes": self.choose.of((None, "team:desk")),
                "approves": self.choose.of((None, "role:head", "team:desk")),
            },
            "record_call_transfer": lambda: {"call": "77", "giver": "a", "receiver": "b", "kind": "warm"},
            "submit_feedback": lambda: {"score": 5},
        }
        content = make[name]() if name in make else {}
        if name in ITEM_COMMANDS:
            content["item"] = self.choose.of((*(item.id for item in self.state.open_items), *self.state.items, "i9"))
        if "because" in c.COMMANDS[name].model_fields and "because" not in content:
            content["because"] = "it seemed right"
        return content

    def asked(self) -> dict[str, Any]:
        name = self.choose.of((*self.state.actions, "a9"))
        known = self.state.actions.get(name)
        return {"approval": name, "digest": self.choose.of((known.digest if known else "", "0123456789abcdef"))}

    def entry(self) -> dict[str, Any]:
        kind = self.choose.of(tuple(EntryKind))
        content: dict[str, Any] = {
            "kind": kind,
            "text": self.choose.of(("it is so", "@team:desk and @person:ghost, look at it")),
            "draft": self.choose.of((None, None, True)),
        }
        if kind in (EntryKind.RECORDING, EntryKind.LINK):
            content["url"] = "https://clips.example/1"
        if kind is EntryKind.RECORDING:
            content |= {"about": "triage", "length": timedelta(minutes=2), "recorded": "told"}
        return content

    def written(self) -> int:
        """A number of something that was written, or of nothing."""
        refs = self.state.timeline.refs if self.state.timeline is not None else {}
        return self.choose.of((*list(refs)[-4:], 1, 999))

    def statement(self) -> dict[str, Any]:
        texts = self.choose.of((("as before", ""), ("as before", "good news"), ("", "good news")))
        audiences = self.choose.of(((), (), ("management",), ("customers",), ("press",)))
        return {"text": texts[0], "customer_text": texts[1], "audiences": audiences}

    def released(self) -> dict[str, Any]:
        drafts = tuple(self.state.communication.drafts.values()) if self.state.communication is not None else ()
        known = self.choose.of(drafts) if drafts else None
        return {"draft": known.id if known else "d9", "digest": known.digest if known else "0123"}

    def items(self, percent: int) -> tuple[str, ...]:
        known = tuple(self.state.items)
        return (self.choose.of(known),) if known and self.choose.chance(percent) else ()

    def input(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            "summary": "all of it",
            "impact": "one customer",
            "constraints": "by noon",
            "help_needed": "a decision",
            "attempted_solutions": (Attempt(what="a restart", result="no"),),
        }
        if self.choose.chance(50):
            given = {name: given[name] for name in [self.choose.of(tuple(given))]}
        if self.choose.chance(40):
            given["facts"] = self.facts(3)
        return given

    def lessons(self) -> tuple[dict[str, Any], ...]:
        due = self.now + self.choose.of(JUMPS)
        kinds = ("playbook", "directory", "training")
        return ({"kind": "none"}, *({"kind": kind, "owner": ANN, "due": due} for kind in kinds))

    def plan_line(self) -> dict[str, Any]:
        incident, choose = self.state.incident, self.choose
        lines = tuple(line.id for line in incident.plan) if incident is not None else ()
        kinds = {"assessment": "situation_summary", "execution": "execution_plan", "approval": "approval_checkpoints"}
        typed = choose.of(tuple(kinds))
        section = kinds[typed] if choose.chance(80) else choose.of(tuple(kinds.values()))
        content: dict[str, Any] = {"typed": typed, "section": section, "text": "look again"}
        if typed == "execution":
            due = self.now + choose.of(JUMPS)
            content |= {"owner": choose.of((ANN, EVE, BOT)), "due": due, "behind": choose.of((None, None, *lines))}
        elif typed == "approval":
            content["gate"] = choose.of((*(gate.id for gate in self.state.playbook.gates), "no-such-gate"))
        else:
            content["replaces"] = choose.of((None, None, *lines))
        return content

    def decision(self) -> dict[str, Any]:
        gates = [gate.id for gate in self.state.playbook.gates]
        pending = [gate.id for gate in self.state.pending_gates]
        gate = self.choose.of((*pending, *pending, *pending, None, *gates, "no-such-gate"))
        known = self.state.gates.get(gate or "")
        digest = self.choose.of((None, known.digest if known else None, "0123456789abcdef"))
        return {"gate": gate, "digest": digest}


def lead(playbook: Playbook, directory: Directory, choose: Choices) -> None:
    """Lead one escalation as the choices say, and check it at every step; half of them also as a whole."""
    whole, far = choose.chance(30), choose.of((0, 0, 1, 2, 2, 2, 2, 3, 4))
    world = World(playbook, directory, choose)
    world.about, world.refuses = choose.number(7), choose.chance(15)
    if directory is not COMPANY:
        world.now += timedelta(hours=choose.of((0, 0, 5, 11, 16)))
    if far:
        world.looks = whole  # how it begins is the same in many lives: some of them are looked at
        begun(world, far)
        world.looks = True
    try:
        world.step()
        while not choose.over:
            world.step()
        if whole:
            check_as_a_whole(world)
    except BaseException:
        for (command, at), said in zip(world.log, (*world.said, "it broke"), strict=False):
            note(f"{at - START} {command!r}"[:300] + f"\n   {said}")
        raise


def begun(world: World, far: int) -> None:
    """Have it come so far; with a shipped playbook that is done once, and checked once, for all of its lives."""
    if world.directory is not COMPANY:
        world.come(far)
        return
    key = (world.state.playbook.playbook, far)
    if key not in _BEGUN:
        first = World(world.state.playbook, COMPANY, Choices(b""))
        first.come(far)
        check_as_a_whole(first)
        _BEGUN[key] = first
    world.blank = world.state = _BEGUN[key].state
    world.now = _BEGUN[key].now
    world.pending = deque(_BEGUN[key].pending)


_BEGUN: dict[tuple[str, int], World] = {}


def check_as_a_whole(world: World) -> None:
    """Look at it from every side, see that time alone leads to somebody, read it back, and repeat it."""
    check_views(world.state)
    check_foresight(world.state, world.directory)
    check_history(world.blank, world.state, world.events)
    again, repeated = world.blank, []
    for command, now in world.log:
        try:
            again, events = advance(again, command, now)
            repeated += events
        except EscalationError:
            continue
    assert repeated == world.events, "the same commands gave other events"


SHIPPED = {playbook.playbook: playbook for playbook in (SERVICE, ITSM, PROCEDURE)}
PROFILE = settings(settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "rules")))
HAPPENINGS = st.binary(min_size=5, max_size=100)
MORE_HAPPENINGS = st.binary(min_size=9, max_size=150)


def lives(share: float) -> settings:
    """Return how long to look: so large a share of what the profile says, for lives that cost more or less."""
    return settings(PROFILE, max_examples=round(PROFILE.max_examples * share))


@pytest.mark.req("DEF-7")
@pytest.mark.parametrize("name", SHIPPED)
@lives(1.06)
@given(data=HAPPENINGS)
def test_the_rules_hold_for_a_shipped_playbook_whatever_happens(name: str, data: bytes) -> None:
    lead(SHIPPED[name], COMPANY, Choices(data))


@lives(1.06)
@given(shape=st.binary(min_size=60, max_size=90), data=HAPPENINGS)
def test_the_rules_hold_for_any_small_playbook_whatever_happens(shape: bytes, data: bytes) -> None:
    lead(generated(Choices(shape)), OFFICE, Choices(data))


def test_the_rules_hold_for_any_company_and_any_policy_and_nearly_everything_that_can_happen_does() -> None:
    MET.clear()
    any_company_and_any_policy()
    kinds = {kind.model_fields["type"].default: kind for kind in get_args(get_args(e.KnownEvent)[0])}
    assert kinds.keys() | c.COMMANDS.keys() >= SELDOM
    gone = sorted((kinds.keys() | c.COMMANDS.keys()) - MET.keys() - SELDOM)
    assert len(gone) <= BY_CHANCE, f"events that no longer occur, commands that are no longer accepted: {gone}"


@lives(0.6)
@given(shape=st.binary(min_size=250, max_size=350), data=MORE_HAPPENINGS)
def any_company_and_any_policy(shape: bytes, data: bytes) -> None:
    made_up = Choices(shape)
    company = Directory.model_validate(made_up_company(made_up))  # valid, and without its lines ten times as fast
    lead(playbook(full_policy(made_up)), company, Choices(data))


def generated(choose: Choices) -> Playbook:
    """Make up a playbook: its ladder, gates, clocks, and what silence means."""
    levels = [
        {
            "id": f"L{n}",
            "targets": [choose.of(("team:desk", "team:experts", "role:lead", "team:nobody"))],
            "ack": choose.of(("10m", "1h")),
            "repeat": choose.number(3),
            "dwell": choose.of(("2h", "1d")),
            "up_when": choose.of((None, 'topic == "two"', "attempts.count >= 2.0")),
        }
        for n in range(1, 2 + choose.number(3))
    ]
    levels[-1]["last_resort"] = choose.of(("role:boss", "role:nobody"))
    triggers: list[dict[str, Any]] = [
        {"id": "unsure", "when": "ai_confidence < confidence.threshold", "initiation": "ai_limit"},
        {"id": "worst", "when": "severity.rank == 0.0", "level": levels[-1]["id"]},
        {"id": "legal", "when": 'flags.legal || "legal" in keywords', "severity": choose.of((None, "P0"))},
        {"id": "again", "when": "occurrences >= 2.0 || repeat"},
        {"id": "here", "when": f'level == "{levels[-1]["id"]}"'},
    ]
    gates = [
        {
            "id": f"gate{n}",
            "before": choose.of(("resolution", "assignment", "review")),
            "when": choose.of(("true", "amount > 100.0", 'topic == "two"', "severity.rank == 0.0")),
            "approvers": [
                choose.of(("role:security", "team:desk", "team:nobody")),
                choose.of(("role:finance", "role:lead")),
            ],
            "need": choose.of((1, 2, "all")),
            "exclude": choose.of(((), ("requester",), ("owner",), ("requester", "owner"))),
            "subject": choose.of(((), ("amount",), ("amount", "plan"))),
            "deadline": choose.of(("30m", "4h")),
            "on_expiry": choose.of(("deny", "halt", "escalate", "next_deputy", "approve")),
            "delegation": {"depth": choose.of((0, 1, 2))},
            "because": "somebody has to",
            "deputies": choose.of((("role:deputy",), ("role:deputy", "role:second-deputy"))),
        }
        for n in range(1, 1 + choose.number(4))
    ]
    clocks = {
        name: {
            "within": choose.of(({"default": "1h"}, {"P0": "10m", "default": "3h"}, {"P0": "30m", "P1": "2d"})),
            "pause_on_hold": choose.chance(50),
            "on_breach": choose.of(("level_up", "tell")),
            "starts": choose.of(("trigger", "first_contact")),
        }
        for name in ("acknowledge", "first_human_response", "resolution")
        if choose.chance(60)
    }
    return small(
        levels=levels,
        triggers=triggers,
        gates=gates,
        clocks=clocks,
        keywords={"legal": {"en": ["lawyer"]}},
        context={
            "required": choose.of((["summary"], ["summary", "impact"], ["crm_snapshot", "attempted_solutions"])),
            "complete_within": "10m",
            "incomplete_allowed": choose.of((None, "severity.rank == 0.0")),
        },
        resolution={
            "confirmed_by": choose.of(("customer", "requester", "nobody")),
            "confirm_within": "1d",
            "on_silence": choose.of(("confirmed", "owner_told")),
            "rejected_level": choose.of((None, levels[-1]["id"])),
        },
        routing=[{"when": 'topic == "two"', "targets": ["team:experts"]}],
        **_ways(choose, levels),
    )


OFFICE_HOURS = {"time_zone": "Europe/London", "week": {"monday": ["09:00-17:00"], "friday": ["08:00-12:00"]}}


def _ways(choose: Choices, levels: list[dict[str, Any]]) -> dict[str, Any]:
    """Make up the ways through the ladder: paths, a matrix, hours, an exception procedure."""
    ids = [level["id"] for level in levels]
    changes: dict[str, Any] = {"calendars": {"office": OFFICE_HOURS}}
    if choose.chance(40):
        levels[0]["calendar"] = "office"
    if choose.chance(40):
        first = {"id": "legal", "when": choose.of(("flags.legal", 'topic == "two"')), "levels": ids[-1:]}
        then = {"then": "usual"} if choose.chance(30) else {}
        changes["paths"] = [{**first, **then}, {"id": "usual", "levels": ids}]
    if choose.chance(50):
        changes["matrix"] = [
            {"severity": ["P0"], "level": ids[0], "ack": choose.of(("5m", "2h")), "targets": ["role:lead"]},
            {"severity": ["P0", "P1"], "after": choose.of(("45m", "3h")), "level": ids[-1]},
            {
                "severity": ["P1", "P2"],
                "after": "2h",
                "targets": ["role:boss"],
                "when": choose.of((None, "flags.legal")),
            },
        ]
    if choose.chance(40):
        changes["bypass"] = {
            "when": choose.of(("true", "severity.rank == 0.0")),
            "allowed": choose.of(((), ("role:security", "team:nobody"))),
            "review_by": choose.of(("role:boss", "team:desk", "role:nobody")),
            "review_within": "2d",
        }
    return changes
