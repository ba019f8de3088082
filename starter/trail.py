"""The whole trail of an escalation: its overview, one entry, search, export, and proof that an export is unaltered."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import DomainError, NotAllowed, Unknown, Unreachable
from escalation.lifecycle.case.packet_views import Packet
from escalation.lifecycle.timeline.audit import changes, lines, verify
from escalation.lifecycle.timeline.overview import Overview
from escalation.lifecycle.timeline.trail import Hit, Proof, merged, proof, read, search
from escalation.model import events as e
from escalation.values import counted, parse_duration
from starter import layout, panels, render, sections
from starter.line import Weight, name
from starter.session import AsJson, EscalationId, actor, connect, full_id, load, out, run, say
from starter.story import say as words
from starter.story import tell
from starter.when import instant_of, show


def add_commands(app: typer.Typer) -> None:
    """Register overview, packet, search, export and verify."""
    for command in (overview, packet, search_in, export, verify_file):
        name_of = {search_in: "search", verify_file: "verify"}.get(command, command.__name__)
        app.command(name_of, rich_help_panel=panels.LOOK)(command)


# --- reading ----------------------------------------------------------------------------------------------------------


async def events_of(escalation: str) -> tuple[list[e.Event], str]:
    """Return all events of an escalation, and the hash of the latest: the ledger's and the newest, live.

    Raises:
        Unknown: neither the server nor the ledger knows it.
    """
    try:
        state = await (await connect()).state(escalation)
    except (DomainError, Unreachable):
        # Temporal forgets what has ended after a time; the ledger keeps it.
        recorded = _recorded(escalation)
        if not recorded:
            raise
        return recorded, ""
    return merged(_recorded(escalation, state.instance), state.tail), state.last_hash


def _recorded(escalation: str, instance: str | None = None) -> list[e.Event]:
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from activities.ledger import Ledger

    url = load().places.ledger
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).exists()):
        return []
    ledger = Ledger(url)
    try:
        return read(ledger.timeline(escalation, instance))
    except SQLAlchemyError as error:
        raise Unreachable(
            f"the ledger cannot be read ({type(error).__name__}); start its database or correct ESCALATION_LEDGER_URL"
        ) from None
    finally:
        ledger.engine.dispose()


# --- overview and one entry -------------------------------------------------------------------------------------------


def overview(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Show what was discussed: blockers, unanswered questions, sessions, the latest entries, the recordings."""
    here = run(_overview(full_id(escalation)))
    say(here, _shown(here, datetime.now(UTC)), as_json=as_json)


async def _overview(escalation: str) -> Overview:
    return await (await connect()).overview(escalation)


def _shown(here: Overview, now: datetime) -> Group:
    said = [counted(number, f"{kind}") for kind, number in here.counts.items()]
    parts: list[RenderableType] = [
        Text(", ".join([*said, counted(here.comments, "comment")]) if said or here.comments else "Nobody wrote yet.")
    ]
    for title, waiting in (("Blockers", here.blockers), ("Unanswered questions", here.questions)):
        body: RenderableType = sections.open_entries(waiting, now) if waiting else Text("none", style="dim")
        parts.append(layout.headed(title, body))
    if here.sessions:
        table = layout.columns("session", "since", "opened by", "", "join")
        for session in here.sessions:
            layout.add(
                table, session.id, show(session.opened_at, now), name(session.by), session.title, session.join_url
            )
        parts.append(layout.headed("Live sessions", table))
    if here.latest:
        table = layout.columns("entry", "kind", "by", "comments", "reactions", "belongs to")
        for each in here.latest:
            kind = f"{'AI output: ' if each.ai else ''}{'draft ' if each.draft else ''}{each.kind}"
            marks = ", ".join(f"{mark} {number}" for mark, number in each.marks.items())
            number = each.ref.rpartition("#")[2]
            layout.add(table, f"#{number}", kind, name(each.by), str(each.comments), marks, ", ".join(each.links))
        parts.append(layout.headed("Latest entries", table))
    if here.recordings:
        table = layout.columns("entry", "about", "length", "by", "what", "transcript", "belongs to")
        for one in here.recordings:
            about = f"{one.about.replace('_', ' ')}{' (watch first)' if one.baseline else ''}"
            what = " ".join(filter(None, ["AI output:" if one.ai else "", one.title or one.summary, one.url]))
            number = one.ref.rpartition("#")[2]
            belongs = ", ".join(one.links)
            layout.add(table, f"#{number}", about, one.length, name(one.by), what, one.transcript, belongs)
        parts.append(layout.headed("Recordings", table))
    return Group(*parts)


def packet(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Show the context packet: its version, each part with who supplied it, steps taken, attachments."""
    here = run(_packet(full_id(escalation)))
    now = datetime.now(UTC)
    context = here.context
    rows = [
        ("version", str(here.version)),
        ("missing", ", ".join(here.missing)),
        *((part.replace("_", " "), getattr(context, part)) for part in ("help_needed", "summary", "impact")),
        ("constraints", context.constraints),
        ("steps taken", "\n".join(here.steps_taken)),
        ("attachments", "\n".join(f"{each.title}: {each.url}" for each in here.attachments)),
    ]
    table = layout.columns("part", "version", "by", "from", "when")
    for part, known in here.parts.items():
        layout.add(table, part, str(known.version), name(known.by), known.source, show(known.at, now))
    say(here, Group(layout.grid(rows), layout.headed("Who supplied it", table)), as_json=as_json)


async def _packet(escalation: str) -> Packet:
    return await (await connect()).packet(escalation)


def show_entry(escalation: str, seq: int, *, as_json: bool) -> None:
    """Show one entry of a timeline with its thread, and whether it is what was recorded."""
    found = run(_entry(escalation, seq))
    say(found, _entry_shown(found, datetime.now(UTC)), as_json=as_json)


async def _entry(escalation: str, seq: int) -> Proof:
    events, last = await events_of(escalation)
    return proof(escalation, events, seq, last)


def _entry_shown(found: Proof, now: datetime) -> Group:
    event, line = found.event, words(found.event)
    proven = {True: "unaltered", False: "ALTERED: not what was recorded", None: "not proven: what follows is missing"}
    rows = [
        ("entry", found.ref),
        ("when", show(event.at, now)),
        ("by", name(event.by)),
        ("what", line.what),
        ("why", line.why),
        ("transcript", getattr(event, "transcript", "") or getattr(event, "transcript_url", "")),
        *((f"version {edit.version}", edit.text) for edit in found.edits),
        ("hash", f"{found.hash}, {proven[found.unaltered]}"),
    ]
    parts: list[RenderableType] = [layout.grid(rows)]
    if found.thread:
        parts.append(layout.headed("Thread", render.story(tell(found.thread), now)))
    if found.related:
        parts.append(layout.headed("Belongs together", render.story(tell(found.related, Weight.DETAIL), now)))
    return Group(*parts)


# --- search -----------------------------------------------------------------------------------------------------------


def search_in(
    escalation: EscalationId,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="All of them must be there.")] = None,
    *,
    kind: Annotated[str, typer.Option(help="Of an entry, such as blocker, or of an event, such as note_added.")] = "",
    by: Annotated[str, typer.Option(metavar="PERSON", help="Who wrote it.")] = "",
    since: Annotated[str, typer.Option(metavar="WHEN", help="Not older: 2h, 3d, 2026-11-24 14:00.")] = "",
    as_json: AsJson = False,
) -> None:
    """Search the whole timeline of one escalation, the newest first."""
    now = datetime.now(UTC)
    ago = parse_duration(since)
    after = (
        now - ago if isinstance(ago, timedelta) else instant_of("--since", since, now, first=True) if since else None
    )
    found = run(_search(full_id(escalation), " ".join(words or ()), kind, actor(by) if by else "", after))
    table = layout.columns("entry", "when", "kind", "by", "")
    for hit in found:
        number = hit.ref.rpartition("#")[2]
        ai = "AI output: " if hit.ai else ""
        layout.add(table, f"#{number}", show(hit.at, now), hit.kind, name(hit.by), f"{ai}{hit.snippet}")
    say(found, table if found else "Nothing was found.", as_json=as_json)


async def _search(escalation: str, text: str, kind: str, by: str, since: datetime | None) -> list[Hit]:
    events, _ = await events_of(escalation)
    return search(escalation, events, text, kind=kind, by=by, since=since)


# --- export and proof -------------------------------------------------------------------------------------------------


def export(
    escalation: EscalationId,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="For people to read, instead of JSON lines.")] = False,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; without it, to the terminal.")] = None,
) -> None:
    """Export the whole trail: who did what when, what each step changed, before and after, with its hash."""
    identifier = full_id(escalation)
    events, _ = run(events_of(identifier))
    missing = sorted(set(range(1, events[-1].seq + 1)) - {event.seq for event in events}) if events else []
    if missing:
        raise Unknown(
            f"the ledger here lacks {counted(len(missing), 'event')} of {identifier}, the first is #{missing[0]}: "
            "name the workers' ledger in ESCALATION_LEDGER_URL, or their folder in ESCALATION_DATA"
        )
    text = "\n".join(_markdown(identifier, events) if markdown else lines(identifier, events)) + "\n"
    if to is None:
        sys.stdout.write(text)
        return
    to.write_text(text, encoding="utf-8")
    out.print(Text(f"{counted(len(events), 'event')} of {identifier} written to {to}"))


def _markdown(escalation: str, events: list[e.Event]) -> list[str]:
    told = [f"# Trail of {escalation}", ""]
    for event, changed in changes(events):
        line = next(iter(tell([event], Weight.DETAIL)))
        why = f" ({line.why})" if line.why else ""
        at = event.at.astimezone(UTC)
        told.append(f"- **#{event.seq}** {at:%Y-%m-%d %H:%M:%S} UTC, {line.who}: {' '.join(line.what.split())}{why}")
        told += [f"  - {each.what}: {_value(each.before)} -> {_value(each.after)}" for each in changed]
    return [*told, "", f"Hash of the latest event: `{e.hash_of(events[-1])}`" if events else ""]


def _value(value: Any) -> str:
    return "(none)" if value is None else " ".join(str(value).split())


def verify_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `escalate export` wrote, as JSON lines.")],
    as_json: AsJson = False,
) -> None:
    """Prove that an export is what was recorded; exit 1 names every line that is not."""
    try:
        faults = verify(file.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise Unknown(f"{file} cannot be read ({type(error).__name__}); expected a file that export wrote") from None
    if faults:
        raise NotAllowed(f"{file} is not what was recorded:\n" + "\n".join(f"line {n}: {what}" for n, what in faults))
    say({"file": str(file), "unaltered": True}, f"{file} is unaltered.", as_json=as_json)
