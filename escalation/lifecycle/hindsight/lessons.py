"""Lessons that lead to changes: each change is an action item, and is done only when it is live.

Of a playbook or a rule the new version is named, and looked up where the worker finds playbooks: it has to be there and
to differ from the one that was pinned when the lesson was learned. Of a directory it is named, and believed.
"""

import re
from datetime import datetime

from escalation.errors import AlreadyDone, Incomplete, NotNow, TooLarge, Unknown
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import item_powers, work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.review import GOES_LIVE, IN_PLAYBOOK, Lesson, LessonKind
from escalation.playbook.schema import LoadedPlaybook
from escalation.values import ENGINE, Actor

MOST = 50
"""Lessons of one escalation: whoever has more has not said yet what matters."""

PURPOSE = "lesson"
"""Kind of the purpose under which a playbook is loaded for a change."""


def add_lesson(draft: Draft, command: c.AddLesson) -> None:
    """Add a lesson by hand."""
    permissions.require_person(command.by, "add_lesson")
    permissions.require_member(draft.state, command.by)
    add(draft, command.what, command.kind, command.owner, command.due)


def add(draft: Draft, what: str, kind: LessonKind, owner: Actor | None, due: datetime | None) -> None:
    """Add a lesson; a change that follows from it has an owner and a due time."""
    if len(draft.state.lessons) >= MOST:
        raise TooLarge(f"{draft.state.id} has {MOST} lessons, and that is the most; put several into one")
    lesson = f"l{len(draft.state.lessons) + 1}"
    if kind is LessonKind.NONE:
        draft.record(e.LessonAdded, lesson=lesson, what=what, change=kind)
        return
    missing = [name for name, given in (("owner", owner), ("due", due)) if given is None]
    if owner is None or due is None:
        raise Incomplete(
            f"a lesson that changes a {kind} needs {' and '.join(missing)}: the change is followed until it is live; "
            "say kind none where nothing is to be changed"
        )
    item = work_items.next_id(draft.state)
    permissions.require_person(owner, "owning the change of a lesson")
    permissions.refuse_concerned(draft.state, owner)
    item_powers.require_later(due, draft.now)
    work_items.require_room(draft.state)
    draft.record(e.LessonAdded, lesson=lesson, what=what, change=kind, item=item)
    work_items.record(draft, f"{kind}: {what}", owner, due, lesson=lesson)


def complete_change(draft: Draft, command: c.CompleteChange) -> None:
    """Say that a change is live; of a playbook that is looked up before it counts."""
    permissions.require_person(command.by, "complete_change")
    state = draft.state
    permissions.require_member(state, command.by)
    lesson = state.lessons.get(command.lesson)
    if lesson is None or not lesson.item:
        known = ", ".join(each.id for each in state.lessons.values() if each.item) or "none"
        raise Unknown(f"{state.id} has no lesson {command.lesson} that leads to a change; these do: {known}")
    item = state.items[lesson.item]
    if item.done_at is not None:
        as_ = f" as {lesson.live_as}" if lesson.live_as else ""
        raise AlreadyDone(f"the change of {lesson.id} is live{as_} since {item.done_at:%Y-%m-%d %H:%M %Z}")
    if lesson.kind in GOES_LIVE and not command.live_as:
        what = "its new version or digest, such as v4" if lesson.kind in IN_PLAYBOOK else "where it is, in a word"
        raise Incomplete(f"the change of {lesson.id} ({lesson.kind}) is done when it is live: say live_as, {what}")
    if lesson.kind in IN_PLAYBOOK:
        _claim(draft, lesson, command.live_as)
        return
    draft.record(e.ChangeLive, lesson=lesson.id, live_as=command.live_as)
    work_items.finish(draft, item, command.result, by=command.by)


_NAMED = re.compile(r"(?:v?(?P<version>\d{1,6})|(?P<digest>[0-9a-f]{16}))")


def _claim(draft: Draft, lesson: Lesson, live_as: str) -> None:
    if _NAMED.fullmatch(live_as) is None:
        raise Incomplete(
            f"live_as of {lesson.id} names no version of playbook {draft.state.playbook.playbook}: expected a version "
            "such as v4, or a digest of 16 hex digits, as escalate playbook list shows it"
        )
    if live_as == lesson.against:
        raise NotNow(f"{live_as} is the version that was pinned when {lesson.id} was learned; the change is not in it")
    if lesson.claimed:
        raise AlreadyDone(f"{lesson.claimed_by} said that {lesson.id} is live as {lesson.claimed}; it is looked up")
    draft.record(e.ChangeClaimed, lesson=lesson.id, live_as=live_as)


def looked_up(draft: Draft, identifier: str, loaded: LoadedPlaybook | None, error: str) -> None:
    """The playbook was loaded, or cannot be: the change is live, or it stays open."""
    lesson = draft.state.lessons.get(identifier)
    if lesson is None or not lesson.claimed:
        return
    claimed, by = lesson.claimed, lesson.claimed_by or ENGINE
    because = error if loaded is None else why_not_live(lesson, loaded)
    if because:
        draft.record(e.ChangeNotLive, by=ENGINE, lesson=lesson.id, live_as=claimed, because=because)
        return
    draft.record(e.ChangeLive, by=by, lesson=lesson.id, live_as=claimed, verified=True)
    if draft.state.items[lesson.item].done_at is None:
        work_items.finish(draft, draft.state.items[lesson.item], f"live as {claimed}", by=by)


def is_named(loaded: LoadedPlaybook, name: str) -> bool:
    """Tell whether a version or digest names this playbook."""
    found = _NAMED.fullmatch(name)
    if found is None:
        return False
    digest, version = found["digest"], found["version"]
    return loaded.digest == digest or (version is not None and loaded.playbook.version == int(version))


def why_not_live(lesson: Lesson, loaded: LoadedPlaybook) -> str:
    """Say why the change of a lesson is not in this playbook; empty when nothing speaks against it."""
    has = f"what is in use is v{loaded.playbook.version} ({loaded.digest})"
    used = {"used": loaded.playbook.version, "digest": loaded.digest}
    if not is_named(loaded, lesson.claimed):
        english = f"there is no {lesson.claimed} of playbook {loaded.playbook.playbook}; {has}"
        return grounds.of("no_such_version", english, version=lesson.claimed, **used)
    if loaded.digest == lesson.against:
        english = f"{has}, the very one that was pinned when it was learned"
        return grounds.of("still_old_version", english, **used)
    if loaded.playbook.status != "active":
        english = f"v{loaded.playbook.version} is a {loaded.playbook.status}; it is live once it is active"
        return grounds.of("version_not_active", english, used=loaded.playbook.version, status=loaded.playbook.status)
    return ""
