"""What follows when another version of the playbook is asked for: it is loaded, and people hear what came of it."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import migration
from escalation.lifecycle.ladder import powers
from escalation.lifecycle.ladder.bypass import ALLOWED
from escalation.lifecycle.reactions import records
from escalation.lifecycle.reactions.common import Reaction, find, look_into_playbook, notify, owner_of
from escalation.lifecycle.sentences import sentence, told
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation


def _asked(state: Escalation, event: e.MigrationAsked) -> Iterator[Action]:
    summary = f"load {state.playbook.playbook}, to move to {event.to}"
    yield look_into_playbook(state, event, f"{migration.PURPOSE}:{event.seq}", summary=summary)


def _refused(state: Escalation, event: e.MigrationRefused) -> Iterator[Action]:
    version, digest = state.playbook.version, state.playbook_digest
    what = sentence("not_moved", version=version, digest=digest, because=event.because)
    text = words.news(state, what)
    yield notify(state, event, event.asked_by, MessageKind.WARNING, text, summary=f"tell {event.asked_by}: not moved")


def _migrated(state: Escalation, event: e.Migrated) -> Iterator[Action]:
    what = f"it goes on by v{event.to_version} of its playbook ({event.to_digest}): {event.because}"
    said = told(
        "moved",
        what,
        version=event.to_version,
        digest=event.to_digest,
        because=event.because,
        effects=event.effects,
        differences=event.differences,
    )
    whole = "\n".join((what, *event.effects, *event.differences[:20]))
    for person in dict.fromkeys((*owner_of(state), event.by)):
        text = words.news(state, said)._replace(body=words.plainly(state, whole).body)
        yield notify(state, event, person, MessageKind.NEWS, text, summary=f"tell {person}: v{event.to_version}")
    if state.level is not None:
        for target in powers.holders(state):
            summary = f"find {target}, who may escalate from {state.level.id}"
            yield find(state, event, f"{powers.POWER}:{target}", (target,), summary)
    bypass = state.playbook.bypass
    if bypass is not None and bypass.allowed:
        yield find(state, event, ALLOWED, bypass.allowed, "find who may use the exception procedure")
    yield from records.who_may_hold(state, event)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.MigrationAsked: _asked,
    e.MigrationRefused: _refused,
    e.Migrated: _migrated,
}
