"""A recording that is finished becomes an entry of its escalation, once for each id that its system gave it.

Zoom by "Recording completed" and "Recording transcript completed" of its webhook reference; Microsoft Teams by the
resource ``callRecording`` of Microsoft Graph, as a notification with resource data holds it once it is decrypted, or as
it is fetched. Any other by the fields of ``Recording``.
"""

import re
from datetime import timedelta
from typing import Any, Final

from pydantic import AwareDatetime

from escalation.errors import RequestRefused
from escalation.intake.config import RecordingIntake
from escalation.intake.payloads import Part, cut, key_of, read, read_at, require
from escalation.intake.taken import Finding, Found
from escalation.model.commands import PostEntry
from escalation.model.ids import named, named_in
from escalation.model.timeline import EntryKind, Source
from escalation.values import Actor, format_duration

_ITEM: Final = re.compile(r"item:[A-Za-z0-9_.\-]{1,64}")
_TRANSCRIPT: Final = "TRANSCRIPT"
_LONGEST_TITLE: Final = 200


class Recording(Part):
    """What is known of a finished recording; the fields that an intake may say the places of."""

    id: str
    link: str
    """Where people see it."""
    seconds: float | None = None
    title: str = ""
    """Names the escalation, in brackets or by its id, where ``escalation`` does not."""
    escalation: str = ""
    transcript_link: str = ""
    transcript: str = ""
    host: str = ""
    """Who made it: what the directory or ``people`` knows them by."""
    only_transcript: bool = False
    """It was told of before: this is its transcript, which came later."""


class _File(Part):
    file_type: str = ""
    play_url: str = ""
    download_url: str = ""
    recording_start: AwareDatetime | None = None
    recording_end: AwareDatetime | None = None


class _Meeting(Part):
    uuid: str
    topic: str = ""
    share_url: str = ""
    host_email: str = ""
    duration: float = 0
    """Minutes."""
    recording_files: list[_File] = []


class _About(Part):
    object: _Meeting


class _Zoom(Part):
    event: str
    payload: _About


class _Event(Part):
    event: str


def zoom(payload: Any) -> Found:
    """Read a webhook of Zoom. Raises RequestRefused where it is none."""
    gathered, kind = Finding(), read(_Event, payload, "a webhook of Zoom").event
    if kind not in ("recording.completed", "recording.transcript_completed"):
        gathered.pass_over("event", "no finished recording")
        return gathered.found
    meeting = read(_Zoom, payload, "a webhook of Zoom").payload.object
    files = [each for each in meeting.recording_files if each.file_type != _TRANSCRIPT]
    written = next((each for each in meeting.recording_files if each.file_type == _TRANSCRIPT), _File())
    starts = [each.recording_start for each in files if each.recording_start is not None]
    ends = [each.recording_end for each in files if each.recording_end is not None]
    seconds = (max(ends) - min(starts)).total_seconds() if starts and ends else meeting.duration * 60
    recording = Recording(
        id=meeting.uuid,
        link=meeting.share_url or next((each.play_url for each in files if each.play_url), ""),
        seconds=seconds or None,
        title=meeting.topic,
        transcript_link=written.play_url or written.download_url,
        host=meeting.host_email,
        only_transcript=kind == "recording.transcript_completed",
    )
    gathered.take("payload.object", recording.model_dump())
    return gathered.found


class _Identity(Part):
    id: str = ""


class _Identities(Part):
    user: _Identity = _Identity()


class _CallRecording(Part):
    id: str
    recordingContentUrl: str = ""  # noqa: N815 - Microsoft's names
    createdDateTime: AwareDatetime | None = None  # noqa: N815
    endDateTime: AwareDatetime | None = None  # noqa: N815
    meetingOrganizer: _Identities = _Identities()  # noqa: N815


class _Notification(Part):
    resourceData: dict[str, Any] = {}  # noqa: N815


class _Several(Part):
    value: list[dict[str, Any]]


def teams(payload: Any) -> Found:
    """Read recordings of Microsoft Graph: one, a list under ``value``, or notifications with decrypted resource data.

    Raises:
        RequestRefused: it is none of them.
    """
    gathered = Finding()
    parts = read(_Several, payload, "a list").value if isinstance(payload, dict) and "value" in payload else [payload]
    for number, each in enumerate(parts):
        where = f"value.{number}" if parts[0] is not payload else "recording"
        data = read(_Notification, each, "a notification").resourceData or each
        if not isinstance(data, dict) or not data.get("recordingContentUrl"):
            gathered.pass_over(
                where, "holds no recording: decrypt its resource data, or fetch what `resource` names, and pass that on"
            )
            continue
        try:
            call = read(_CallRecording, data, "a callRecording")
        except RequestRefused as refused:
            gathered.refuse(where, *refused.problems)
            continue
        known = call.createdDateTime is not None and call.endDateTime is not None
        recording = Recording(
            id=call.id,
            link=call.recordingContentUrl,
            seconds=(call.endDateTime - call.createdDateTime).total_seconds() if known else None,  # type: ignore[operator]
            host=call.meetingOrganizer.user.id,
        )
        gathered.take(where, recording.model_dump())
    return gathered.found


def other(payload: Any, fields: dict[str, str]) -> Found:
    """Read a recording whose fields stand at the places that an intake says, or under their own names."""
    gathered = Finding()
    gathered.take("recording", read_at(Recording, payload, fields, "a recording").model_dump())
    return gathered.found


def entry(
    recording: Recording, intake: RecordingIntake, *, service: Actor, author: Actor, to: str, system: str
) -> tuple[PostEntry, str, tuple[str, ...]]:
    """Return the entry, where it goes, and the work items that its title names.

    Raises:
        RequestRefused: what it lacks.
    """
    stated = to or recording.escalation
    there = named(stated) if stated else named_in(recording.title) or ""
    require(
        ("escalation", there, "is not named; put its id or [SOURCE/KEY] into the title, or say --escalation ID"),
        ("link", recording.link.startswith("https://"), "expected an https address where people see it"),
        ("seconds", recording.seconds or recording.only_transcript, "expected how long it is"),
        (
            "transcript_link",
            recording.transcript_link.startswith("https://") or not recording.only_transcript,
            "expected an https address of the transcript",
        ),
    )
    title = cut(recording.title, _LONGEST_TITLE)
    came = {
        "by": service,
        "author": author,
        "source": Source.PHONE,
        "external_id": key_of(f"{system}:{recording.id}"),
        "title": title,
    }
    if recording.only_transcript:
        came |= {
            "external_id": key_of(f"{system}:{recording.id}:transcript"),
            "text": "the transcript of the recording",
        }
        return PostEntry.model_validate(came | {"kind": EntryKind.LINK, "url": recording.transcript_link}), there, ()
    recorded = {
        "kind": EntryKind.RECORDING,
        "url": recording.link,
        "about": intake.about,
        "recorded": intake.recorded,
        "length": timedelta(seconds=round(recording.seconds or 0) or 1),
        "transcript": cut(recording.transcript),
        "transcript_url": recording.transcript_link if recording.transcript_link.startswith("https://") else None,
    }
    items = tuple(dict.fromkeys(_ITEM.findall(recording.title)))
    return PostEntry.model_validate(came | recorded), there, items


def as_link(entry: PostEntry) -> PostEntry:
    """Return a recording that is longer than the playbook allows as a link, which may be of any length."""
    length = format_duration(entry.length) if entry.length is not None else "?"
    words = [f"a recording of {length}"]
    words += [f"transcript: {entry.transcript_url}"] if entry.transcript_url else []
    kept = {name: getattr(entry, name) for name in ("by", "author", "source", "external_id", "title", "url", "links")}
    return PostEntry(kind=EntryKind.LINK, text="; ".join(words), command_id=entry.command_id, **kept)
