"""What follows from recovery scripts: one is run, and whoever has the case hears what became of it."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.reactions.common import Reaction, key_of, notify, owner_of
from escalation.lifecycle.sentences import told
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind, RunRecovery
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def _recovery_started(state: Escalation, event: e.RecoveryStarted) -> Iterator[Action]:
    policy = state.playbook.recovery(event.recovery)
    if policy is not None:
        yield RunRecovery(
            key=key_of(state, event, "recovery"),
            escalation_id=state.id,
            script=event.script,
            within=policy.within,
            facts=state.facts,
            summary=f"run recovery script {event.script}",
        )


def _recovery_ended(state: Escalation, event: e.RecoveryEnded) -> Iterator[Action]:
    how = "has run" if event.ok else "did not help"
    english = f"recovery script {event.script} {how}: {event.because}"
    what = told("recovery_ended", english, script=event.script, ok=event.ok, because=grounds.given(event))
    text = words.news(state, what)
    for person in tuple(owner_of(state)) or state.told:
        if kind_of(person) is ActorKind.PERSON:
            summary = f"tell {person}: recovery script {how}"
            yield notify(state, event, person, MessageKind.NEWS, text, summary=summary)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.RecoveryStarted: _recovery_started,
    e.RecoveryEnded: _recovery_ended,
}
