"""``escalate evidence``: a folder that shows an auditor what was decided in a period, by whom and by which rules."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from escalation.errors import RequestRefused, Unknown
from escalation.lifecycle.timeline import evidence as rows
from escalation.lifecycle.timeline.audit import lines
from escalation.lifecycle.timeline.trail import read
from escalation.model import events as e
from escalation.values import counted
from starter import ledgers, panels
from starter.session import AsJson, plain, say
from starter.when import instant_of

FORMAT = "escalation-evidence"
NOT_HERE = (
    "Who read an escalation through Temporal's UI, command line or API: that is in Temporal's own audit log.",
    "Who read exports, e-mails, chats and tickets: the systems that keep them know.",
    "An escalation that the ledger does not have is not here; what was purged on purpose is in purged.jsonl.",
)
"""What the pack cannot show, said in its manifest."""


def add_commands(app: typer.Typer) -> None:
    """Register ``evidence``."""
    app.command("evidence", rich_help_panel=panels.LOOK_BACK)(evidence)


def evidence(
    *,
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First instant of the period.")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Its end, which is no part of it.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A folder that is empty, or not there yet.")],
    with_packets: Annotated[
        bool, typer.Option("--with-packets", help="Also what customers wrote and what was handed over of it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write an evidence pack of a period: trails with their proof, playbook changes, AI decisions, access, deletions.

    It needs no server: the ledger has it. The manifest names each file with its SHA-256, and what the pack cannot show.
    """
    now = datetime.now(UTC)
    begin, end = (instant_of(flag, text, now, first=True) for flag, text in (("--from", since), ("--to", until)))
    if begin >= end:
        raise RequestRefused([("--to", "is not after --from; expected a period, such as a year or a quarter")])
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RequestRefused([("--out", f"{out} is not an empty folder; expected one, or a path where nothing is")])
    files, broken = _gathered(begin, end, packets=with_packets)
    manifest = {
        "format": FORMAT,
        "version": 1,
        "made_at": now.isoformat(),
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "engine": version("durable-escalations"),
        "with_packets": with_packets,
        "broken_chains": broken,
        "not_here": NOT_HERE,
        "files": {name: _written(out / name, told) for name, told in files.items()},
    }
    (out / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    faults = f"; {counted(len(broken), 'chain')} broken, see manifest.json" if broken else ""
    say(manifest, f"{counted(len(files) + 1, 'file')} written to {out}{faults}.", as_json=as_json)


def _gathered(begin: datetime, end: datetime, *, packets: bool) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """Return the rows of each file, and where a chain of hashes is broken."""
    from activities.ledger_records import Records

    files: dict[str, list[Any]] = {
        name: [] for name in ("escalations", "ai_decisions", "access", "playbook_changes", "not_escalated", "purged")
    }
    broken: list[dict[str, Any]] = []
    with ledgers.opened() as ledger:
        records = Records(ledger)
        files["purged"] += (each for each in records.purged() if each.missing_from(begin, end))
        # Of a decision not to escalate the row is all there is, unless a workflow took it.
        files["not_escalated"] += records.declined_in(begin, end)
        for number, entry in enumerate(records.lived_in(begin, end), 1):
            name = f"trails/{number:06}"
            events = _events(entry.escalation_id, ledger.timeline(entry.escalation_id, entry.instance))
            fault = rows.broken_at(events)
            if fault is not None:
                broken.append({"escalation": entry.escalation_id, "instance": entry.instance, "at": fault})
            files["escalations"].append(
                {**entry.row.model_dump(mode="json", exclude=_OF_CUSTOMERS), "trail": f"{name}.jsonl"}
                | {"escalation": entry.escalation_id, "instance": entry.instance, "unbroken": fault is None}
                | {"events": len(events), "last_hash": e.hash_of(events[-1]) if events else ""}
            )
            # Whole, it is an export that `escalate verify` proves; else the chain leads past what is left out.
            whole = map(json.loads, lines(entry.escalation_id, events))
            files[name] = list(whole if packets else rows.trail(entry.escalation_id, events))
            during = [event for event in events if begin <= event.at < end]
            decided = rows.ai_decisions(entry.escalation_id, events)
            files["ai_decisions"] += (row for row in decided if begin <= datetime.fromisoformat(row["at"]) < end)
            files["access"] += rows.access(entry.escalation_id, during)
            files["playbook_changes"] += rows.playbook_changes(entry.escalation_id, events)
    return {f"{name}.jsonl": told for name, told in files.items()}, broken


_OF_CUSTOMERS = {"customer_id"}


def _events(escalation: str, bodies: list[dict[str, Any]]) -> list[e.Event]:
    try:
        return read(bodies)
    except ValidationError:
        raise Unknown(
            f"the ledger's events of {escalation} cannot be read: they were altered in the database"
        ) from None


def _written(file: Path, told: Iterable[Any]) -> dict[str, Any]:
    """Write rows as lines of JSON; return what the manifest says of the file."""
    texts = [json.dumps(plain(line), ensure_ascii=False) for line in told]
    content = "".join(f"{text}\n" for text in texts).encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise RequestRefused([("--out", f"{file} cannot be written: {error.strerror}")]) from None
    return {"sha256": hashlib.sha256(content).hexdigest(), "rows": len(texts)}
