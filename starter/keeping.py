"""``escalate ledger``: delete what need not be kept any longer, hold what must be kept, see what was deleted."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Group
from rich.text import Text

from escalation.errors import RequestRefused
from escalation.model.commands.records import Reference
from escalation.values import Actor, counted
from escalation.values import Text as Words
from starter import layout, ledgers, panels
from starter.line import name
from starter.session import AsJson, EscalationId, actor, full_id, say
from starter.when import instant_of, show

if TYPE_CHECKING:  # SQLAlchemy: loaded when a ledger is opened
    from activities.ledger_records import Over

app = typer.Typer(name="ledger", help="Records: how long they are kept, legal holds, deletion.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", metavar="PERSON", help="Who does it; it is recorded.")]
Because = Annotated[str, typer.Option("--because", help="Why, in a sentence; it is recorded.")]
OfMatter = Annotated[str, typer.Option("--reference", help="Of the matter: a case number, a request of an authority.")]


def add_commands(parent: typer.Typer) -> None:
    """Register ``ledger`` with its words."""
    parent.add_typer(app, rich_help_panel=panels.RUN)


@app.command("purge")
def purge(
    *,
    before: Annotated[
        str, typer.Option(metavar="DATE", help="Only what need not be kept since before then; without it, since now.")
    ] = "now",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    by: By = "",
    because: Because = "",
    as_json: AsJson = False,
) -> None:
    """Delete events and rows of what has ended and whose declared period is over; never what is open or on hold.

    A line about each stays: its id, the hash of its last event, who deleted it, when and why.
    """
    from activities.ledger_records import Records

    now = datetime.now(UTC)
    limit = instant_of("--before", before, now, first=True)
    if limit > now:
        raise RequestRefused([("--before", "lies in the future; records are kept until their period is over")])
    who, why = ("", "") if dry_run else _signed(by, because)
    with ledgers.opened() as ledger:
        records = Records(ledger)
        found = records.over(limit) if dry_run else records.purge(limit, by=who, because=why, now=now)
    gone, kept = [each for each in found if not each.holds], [each for each in found if each.holds]
    done = "would be deleted" if dry_run else "deleted"
    line = f"{counted(len(gone), 'record')} {done}, {len(kept)} kept by a legal hold"
    data = {"dry_run": dry_run, "deleted": gone, "kept": kept}
    say(data, Group(*([_table(found, now)] if found else []), Text(line)), as_json=as_json)


def _table(found: "list[Over]", now: datetime) -> layout.Columns:
    table = layout.columns("escalation", "outcome", "ended", "kept until", "events", "on hold for")
    for each in found:
        ended = show(each.closed_at, now) if each.closed_at else ""
        held = ", ".join(each.holds)
        layout.add(table, each.escalation_id, each.outcome, ended, show(each.keep_until, now), str(each.events), held)
    return table


@app.command("hold")
def hold(escalation: EscalationId, *, reference: OfMatter, because: Because, by: By, as_json: AsJson = False) -> None:
    """Place a legal hold on an escalation that has ended: it is not deleted until the hold is released."""
    from activities.ledger_records import Records

    who, why = _signed(by, because)
    matter, identifier = _matter(reference), full_id(escalation)
    with ledgers.opened() as ledger:
        Records(ledger).place_hold(identifier, matter, by=who, because=why, now=datetime.now(UTC))
    said = f"{identifier} is on legal hold for {matter}."
    say({"escalation": identifier, "reference": matter, "held": True}, said, as_json=as_json)


@app.command("release")
def release(
    escalation: EscalationId, *, reference: OfMatter, because: Because, by: By, as_json: AsJson = False
) -> None:
    """Release a legal hold on an escalation that has ended, also one that was placed while it was open."""
    from activities.ledger_records import Records

    who, why = _signed(by, because)
    matter, identifier = _matter(reference), full_id(escalation)
    with ledgers.opened() as ledger:
        Records(ledger).release_hold(identifier, matter, by=who, because=why, now=datetime.now(UTC))
    said = f"{identifier} is not on legal hold for {matter} any more."
    say({"escalation": identifier, "reference": matter, "held": False}, said, as_json=as_json)


@app.command("holds")
def holds(escalation: EscalationId, as_json: AsJson = False) -> None:
    """Show the legal holds that were placed or released after the end of an escalation."""
    from activities.ledger_records import Records

    now = datetime.now(UTC)
    with ledgers.opened() as ledger:
        found = Records(ledger).holds(full_id(escalation))
    table = layout.columns("for", "placed", "why", "released", "why")
    for each in found:
        placed = f"{show(each.placed_at, now)}, {name(each.placed_by)}" if each.placed_at else "while it was open"
        released = f"{show(each.released_at, now)}, {name(each.released_by)}" if each.released_at else ""
        layout.add(table, each.reference, placed, each.because, released, each.released_because)
    say(found, table if found else "No hold was placed or released after its end.", as_json=as_json)


@app.command("purged")
def purged(as_json: AsJson = False) -> None:
    """Show what was deleted, by whom, when and why, the latest first."""
    from activities.ledger_records import Records

    now = datetime.now(UTC)
    with ledgers.opened() as ledger:
        found = Records(ledger).purged()
    table = layout.columns("escalation", "ended", "events", "last hash", "deleted", "by", "why")
    for each in found:
        ended = show(each.closed_at, now) if each.closed_at else ""
        when = show(each.purged_at, now)
        gone = (each.escalation_id, ended, str(each.events), each.last_hash, when, name(each.purged_by), each.because)
        layout.add(table, *gone)
    say(found, table if found else "Nothing was deleted.", as_json=as_json)


_ACTOR: TypeAdapter[str] = TypeAdapter(Actor)
_WORDS: TypeAdapter[str] = TypeAdapter(Words)
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)


def _signed(by: str, because: str) -> tuple[str, str]:
    """Return who does it and why; it is recorded, so neither may be missing."""
    wrong = []
    try:
        who = _ACTOR.validate_python(actor(by) if by else "")
    except ValidationError:
        who = ""
        wrong.append(("--by", "expected who does it: a person's id, or service:ID for a scheduled job"))
    try:
        why = _WORDS.validate_python(because)
    except ValidationError:
        why = ""
        wrong.append(("--because", "expected why, in a sentence; it is kept with what was done"))
    if wrong:
        raise RequestRefused(wrong)
    return who, why


def _matter(reference: str) -> str:
    try:
        return _REFERENCE.validate_python(reference)
    except ValidationError:
        raise RequestRefused([("--reference", "expected 1 to 100 characters, such as a case number")]) from None
