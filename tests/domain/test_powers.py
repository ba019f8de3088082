"""What a level answers for, and who may hand it up from there: to whom, and why."""

from __future__ import annotations

from typing import Any

import pytest

from escalation.documents import parse_document
from escalation.errors import NotAllowed
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.playbook.checks import check, check_against
from escalation.playbook.facts import FactValue
from tests.domain.builders import ANN, BOB, BOT, CYD, EVE, FAY, JOY, OFFICE, Life, opened, small

LEVELS: list[dict[str, Any]] = [level.model_dump() for level in small().levels]
POWERS = [
    {"who": ["owner"], "to": ["L2"], "reasons": ["no_expertise", "no_resources"]},
    {"who": ["role:deputy"], "to": ["L2", "L3"]},
]


def playbook(*powers: dict[str, Any], **level: Any) -> Any:
    return small(levels=[{**LEVELS[0], "may_escalate": powers or POWERS, **level}, *LEVELS[1:]])


def up(by: str, reason: str = "no_expertise", **more: Any) -> c.Escalate:
    return c.Escalate.model_validate({"by": by, "reason": reason, "because": "it takes more", **more})


@pytest.mark.req("EP-O4")
def test_whoever_has_the_power_hands_it_up_and_others_are_told_who_may() -> None:
    life = opened(playbook()).taken_by(ANN)
    said = life.refused(NotAllowed, up(BOB))
    assert said == f"{BOB} may not escalate from L1 to L2 for no_expertise; owner ({ANN}), role:deputy ({JOY}) may"
    life.send(up(ANN))
    assert life.level == "L2"


@pytest.mark.req("EP-O4")
def test_a_power_is_for_some_levels_and_reasons_only() -> None:
    life = opened(playbook()).taken_by(ANN)
    assert f"role:deputy ({JOY}) may" in life.refused(NotAllowed, up(ANN, "no_authority"))
    assert f"from L1 to L3 for no_expertise; role:deputy ({JOY}) may" in life.refused(NotAllowed, up(ANN, level="L3"))
    life.send(up(JOY, "no_authority", level="L3"))
    assert life.level == "L3", "who holds the role was never called, and may"


def test_a_power_is_not_gone_around_by_stating_the_reason_as_a_fact() -> None:
    level = {"up_when": 'reason == "no_expertise"'}
    life = opened(playbook(**level)).taken_by(ANN)
    facts: dict[str, FactValue] = {"reason": "no_expertise"}
    assert f"{BOB} may not escalate" in life.refused(NotAllowed, c.ChangeFacts(by=BOB, facts=facts))
    life.send(c.ChangeFacts(by=ANN, facts=facts))
    assert life.level == "L2"


def test_who_is_only_told_in_the_place_of_a_power_s_holder_has_no_power() -> None:
    absent = {name: role for name, role in OFFICE.roles.items() if name != "deputy"}
    life = Life(playbook({"who": ["role:deputy"]}), directory=OFFICE.changed({"roles": absent}))
    life.open()
    life.taken_by(ANN)
    said = life.refused(NotAllowed, up(ANN))
    assert said.endswith("; role:deputy may"), "nobody of them was found"
    life.refused(NotAllowed, up("person:gus"))


def test_what_nobody_may_do_by_hand_is_said_with_what_may_be_done() -> None:
    life = opened(playbook({"who": ["owner"], "to": ["L2"]})).taken_by(ANN)
    said = life.refused(NotAllowed, up(ANN, level="L3"))
    assert said == "nobody may escalate from L1 to L3 for no_expertise by hand; these may: owner to L2"


def test_whoever_is_called_and_whoever_asked_may_where_the_level_says_so() -> None:
    life = opened(playbook({"who": ["called"], "reasons": ["no_resources"]}, {"who": ["requester"]}))
    life.refused(NotAllowed, up(ANN))
    life.send(up(BOT))
    assert life.level == "L2"
    assert life.send(up(CYD)), "L2 says nothing: whoever works on it may"


def test_a_path_is_judged_by_the_level_it_begins_at_and_the_end_by_its_own_name() -> None:
    levels = [*LEVELS[:2], {**LEVELS[2], "may_escalate": [{"who": ["role:boss"], "to": ["L3"]}]}]
    levels[0] = {**LEVELS[0], "may_escalate": [{"to": ["L2"]}]}
    paths = [
        {"id": "short", "when": 'topic == "x"', "levels": ["L3"]},
        {"id": "usual", "levels": ["L1", "L2", "L3"]},
    ]
    life = opened(small(levels=levels, paths=paths)).taken_by(ANN)
    assert "from L1 to L3" in life.refused(NotAllowed, up(ANN, path="short"))
    life.send(up(ANN))
    life.send(up(CYD, "no_authority"))
    assert life.level == "L3"
    life.taken_by(EVE)
    assert "to the last resort of L3" in life.refused(NotAllowed, up(EVE))
    life.send(up(FAY))
    assert life.rung.last_resort


def test_the_playbook_s_own_criteria_ask_nobody_for_permission() -> None:
    life = opened(playbook({"who": ["role:deputy"]}))
    life.pass_time("21m")
    assert life.level == "L2"


@pytest.mark.req("EP-O4")
def test_the_page_says_what_the_level_answers_for_and_who_may_hand_it_up() -> None:
    life = opened(playbook(responsible_for=["first answer", "known problems"]))
    page = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    assert "L1 answers for: first answer, known problems" in page.body
    assert "May escalate from here: owner to L2 for no_expertise, no_resources; role:deputy to L2, L3" in page.body


def test_a_playbook_without_powers_looks_nobody_up_and_refuses_nobody() -> None:
    life = opened(small()).taken_by(ANN)
    assert not [each for each in life.all(e.PeopleResolved) if each.purpose.startswith("power")]
    life.send(up(BOB))
    assert life.level == "L2"


def test_names_in_powers_are_checked_with_their_lines() -> None:
    document = parse_document(
        """\
levels:
  - id: L1
    targets: [team:desk]
  - id: L2
    targets: [team:desk]
    may_escalate:
      - {who: [ownr], to: [L1]}
      - {who: ['role:nobody'], to: [L4]}
""",
        "p.yaml",
    )
    found = {(each.line, each.path): each.message for each in check(document) if "may_escalate" in each.path}
    assert {path for _, path in found} == {
        "levels.1.may_escalate.0.who.0",
        "levels.1.may_escalate.0.to.0",
        "levels.1.may_escalate.1.to.0",
    }
    assert "'L1' is below L2: this only goes up" in found[7, "levels.1.may_escalate.0.to.0"]
    unknown = check_against(playbook({"who": ["role:nobody"]}), lambda target: bool(OFFICE.members(target)))
    assert [each.message for each in unknown if "may_escalate" in each.path] == ["the directory has no role 'nobody'"]
