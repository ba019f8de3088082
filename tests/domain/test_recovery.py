"""Recovery scripts: whether one may mend it is decided and recorded, people are called all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from escalation.documents import Document
from escalation.lifecycle.details import markdown
from escalation.lifecycle.situation import situation
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind, RecoveryResult
from escalation.playbook.checks import check
from escalation.playbook.schema import Playbook
from starter.story import say
from tests.domain.builders import ANN, BOB, BOT, CUSTOMER, CYD, DAN, IDA, Life, gated, opened, small

RESTART: dict[str, Any] = {
    "id": "restart",
    "about": "the job hangs",
    "when": 'topic == "job"',
    "script": "restart-job",
    "within": "5m",
}


def with_scripts(**changes: Any) -> Playbook:
    return small(recoveries=[{**RESTART, **changes}])


def hanging(playbook: Playbook) -> Life:
    return opened(playbook, facts={"topic": "job"})


@pytest.mark.req("SAG-5")
def test_that_a_script_may_mend_it_is_recorded_with_its_facts_and_it_runs_while_people_are_called() -> None:
    life = hanging(with_scripts())
    decided = life.last(e.RecoveryDecided)
    assert (decided.recovery, decided.because, decided.facts) == ("restart", "the job hangs", {"topic": "job"})
    (run,) = life.scripts
    assert (run.script, run.within, run.facts["topic"]) == ("restart-job", timedelta(minutes=5), "job")
    assert run.key.startswith(f"{life.state.instance}/")
    assert life.told(MessageKind.PAGE) == [ANN, BOB]
    assert situation(life.state, life.now).recovery == "script restart-job runs: the job hangs"
    assert "**Recovery:** script restart-job runs" in markdown(life.state, life.now)


@pytest.mark.req("SAG-5")
def test_that_no_script_applies_and_people_must_is_recorded_and_decided_anew_when_facts_change() -> None:
    life = opened(with_scripts())
    assert life.scripts == []
    assert say(life.last(e.RecoveryDecided)).what == "no script can mend it: people must"
    assert life.state.recovery is not None
    assert life.state.recovery.state == "manual"
    life.send(c.ChangeFacts(by=BOT, facts={"topic": "other"}))
    assert len(life.all(e.RecoveryDecided)) == 1, "the same is not said twice"
    life.send(c.ChangeFacts(by=BOT, facts={"topic": "job"}))
    assert len(life.scripts) == 1


@pytest.mark.req("SAG-5")
def test_a_script_that_fails_sends_it_up_and_says_why() -> None:
    life = hanging(with_scripts())
    life.send(c.RecoveryRan(result=RecoveryResult(ok=False, because="it ended with 3", output="no such job")))
    ended = life.last(e.RecoveryEnded)
    assert (ended.ok, ended.output) == (False, "no such job")
    assert life.last(e.LevelEntered).because == "recovery script restart-job: it ended with 3"
    assert (life.level, life.rung.people) == ("L2", (CYD, DAN))
    assert "recovery script restart-job did not help: it ended with 3" in life.sent[-3].body + life.sent[-4].body


@pytest.mark.req("SAG-5")
def test_a_script_that_succeeds_resolves_nothing_and_whoever_has_it_hears_of_it() -> None:
    life = hanging(with_scripts()).taken_by(ANN)
    sent = len(life.sent)
    life.send(c.RecoveryRan(result=RecoveryResult(ok=True, because="it ended with 0", output="job 7 runs")))
    assert life.told(MessageKind.NEWS, since=sent) == [ANN]
    assert (life.owner, life.state.resolution, life.level) == (ANN, None, "L1")
    assert situation(life.state, life.now).recovery == "script restart-job has run: it ended with 0"


def test_at_most_one_script_runs_and_what_comes_twice_or_after_the_end_changes_nothing() -> None:
    life = hanging(with_scripts())
    result = c.RecoveryRan(result=RecoveryResult(ok=True, because="it ended with 0"))
    life.send(result)
    seq = life.state.seq
    life.send(result)
    assert life.state.seq == seq
    life.send(c.ChangeFacts(by=BOT, facts={"topic": "other"}))
    life.send(c.ChangeFacts(by=BOT, facts={"topic": "job"}))
    assert len(life.scripts) == 1
    ended = hanging(with_scripts())
    ended.send(c.Cancel(by=ANN, because="a mistake"))
    seq = ended.state.seq
    ended.send(c.RecoveryRan(result=RecoveryResult(ok=False, because="it ended with 1")))
    assert ended.state.seq == seq


GATE = {"id": "may", "before": "resolution", "approvers": ["role:finance"]}


@pytest.mark.parametrize("approved", [True, False])
def test_a_script_waits_for_its_approval_and_a_refusal_sends_it_up(approved: bool) -> None:
    life = hanging(gated(GATE, recoveries=[{**RESTART, "approval": "may"}])).taken_by(ANN)
    assert life.scripts == []
    assert situation(life.state, life.now).recovery.startswith("script restart-job waits for its approval")
    if approved:
        life.send(c.Approve(by=IDA, gate="may"))
        assert len(life.scripts) == 1
    else:
        life.send(c.Reject(by=IDA, gate="may", because="not by day"))
        assert life.scripts == []
        assert life.level == "L2"
        assert "approval may was refused" in life.last(e.RecoveryEnded).because


def test_a_level_that_a_refusal_leads_to_asks_for_its_own_approval() -> None:
    above = {"id": "above", "when": 'level == "L2"', "approvers": ["role:boss"], "subject": ["topic"]}
    life = hanging(gated(GATE, above, recoveries=[{**RESTART, "approval": "may"}])).taken_by(ANN)
    life.answers = False
    life.send(c.Reject(by=IDA, gate="may", because="not by day"))
    assert (life.level, life.gate("above").state) == ("L2", "pending")


def test_what_waits_to_be_confirmed_is_sent_up_by_no_script_and_none_begins_before_it_is_rejected() -> None:
    solved = c.Resolve(by=ANN, resolution="started again", cause="it hung")
    life = hanging(with_scripts()).taken_by(ANN)
    life.send(solved)
    life.send(c.RecoveryRan(result=RecoveryResult(ok=False, because="it ended with 3")))
    assert (life.level, life.state.rung, life.last(e.RecoveryEnded).ok) == ("L1", None, False)
    later = opened(with_scripts()).taken_by(ANN)
    later.send(solved)
    later.send(c.ChangeFacts(by=BOT, facts={"topic": "job"}))
    assert later.scripts == []
    later.send(c.RejectResolution(by=CUSTOMER, because="it hangs still"))
    assert len(later.scripts) == 1


def test_a_playbook_whose_script_waits_for_no_approval_that_exists_or_for_one_that_comes_too_late_is_refused() -> None:
    data = with_scripts(approval="nobody").model_dump(mode="json")
    found = [finding.message for finding in check(Document("book.yaml", data)) if finding.path.startswith("recoveries")]
    assert found == ["there is no approval 'nobody'; this playbook has none"]
    late = gated({**GATE, "before": "review"}, recoveries=[{**RESTART, "approval": "may"}]).model_dump(mode="json")
    found = [finding.message for finding in check(Document("book.yaml", late)) if finding.path.startswith("recoveries")]
    assert len(found) == 1
    assert "'may' is asked once it is solved, and the script would never begin" in found[0]
    data = small(recoveries=[RESTART, RESTART]).model_dump(mode="json")
    found = [finding.message for finding in check(Document("book.yaml", data)) if finding.path.startswith("recoveries")]
    assert found == ["id 'restart' is used twice under recoveries"]
