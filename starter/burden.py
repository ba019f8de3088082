"""``escalate load``: how much everybody has at the moment, and who has too much. Needs no server."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from escalation.errors import RequestRefused
from escalation.explain import did_you_mean
from escalation.people.directory import Directory, Person
from escalation.people.fatigue import AtMost, since, too_many
from escalation.people.search import Known, Pages, Wanted
from escalation.values import counted
from starter import layout, panels, session
from starter.line import name
from starter.people import best_known, names_of
from starter.session import AsJson, say
from starter.who import foreseen, target_of

_NIGHTS = AtMost(night=0)
"""Counts the pages of the night for who has no limit, too."""


class Burden(NamedTuple):
    """What one person has."""

    person: str
    owned: int | None
    """Open escalations; None: not known."""
    pages: Pages | None
    """None: not known."""
    limits: AtMost | None
    overloaded: tuple[str, ...]
    """In which way; empty: not overloaded as far as it is known."""


def add_commands(app: typer.Typer) -> None:
    """Register ``load``."""
    app.command("load", rich_help_panel=panels.LOOK)(load)


def load(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="team:support ...; without it, everybody.")] = "",
    *,
    most: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="Who owns more open ones than this has too much.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="People to look up, if not those of the settings.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how much everybody has: open escalations, pages in this night and in seven days, and who has too much.

    Pages are judged by a person's own limits (`at_most` in the directory), open escalations by --most. The most
    burdened come first. Whoever is found for the next page is balanced by the directory's and the playbook's `choose`.
    """
    now = datetime.now(UTC)
    people = best_known(directory)
    meant = _meant(people, target_of(target, people)) if target else people.people
    if target and not meant:
        hint = did_you_mean(target, names_of(people))
        raise RequestRefused([("TARGET", f"the directory knows nobody by `{target}`{hint}")])
    counted_from = {
        each.actor: since(each.at_most or _NIGHTS, people.fatigue.night, each.time_zone, now) for each in meant
    }
    wanted = Wanted(owned=tuple(each.actor for each in meant), pages=counted_from)
    known = foreseen(session.load().places.ledger, wanted) if wanted else Known()
    by_night = {actor for actor, begun in counted_from.items() if begun.night is not None}
    found = [_burden(each, known, most, by_night=each.actor in by_night) for each in meant]
    found.sort(key=lambda each: (not each.overloaded, -(each.owned or 0), -(each.pages.week if each.pages else 0)))
    say([_plain(each) for each in found], _shown(found, known), as_json=as_json)


def _meant(people: Directory, target: str) -> tuple[Person, ...]:
    members = people.members(target)
    return tuple(each for each in people.people if each.actor in members)


def _burden(person: Person, known: Known, most: int | None, *, by_night: bool) -> Burden:
    owned = known.owned.get(person.actor, 0) if known.owned is not None else None
    pages = known.pages.get(person.actor, Pages()) if known.pages is not None else None
    paged = too_many(person.at_most, pages, by_night=by_night) if person.at_most and pages else ""
    owns = f"owns {owned}, more than {most}" if most is not None and owned is not None and owned > most else ""
    return Burden(person.actor, owned, pages, person.at_most, tuple(filter(None, (owns, paged))))


def _plain(burden: Burden) -> dict[str, Any]:
    pages = burden.pages._asdict() if burden.pages is not None else None
    limits = burden.limits.model_dump() if burden.limits is not None else None
    return {**burden._asdict(), "pages": pages, "limits": limits}


def _shown(found: list[Burden], known: Known) -> Group:
    table = layout.columns("who", "open", "pages tonight", "in 7 days", "at most", "")
    for each in found:
        limits = each.limits or AtMost.made({})
        said = [f"{limits.night} a night"] * (limits.night is not None) + [f"{limits.week} a week"] * (
            limits.week is not None
        )
        layout.add(
            table,
            name(each.person),
            "?" if each.owned is None else str(each.owned),
            "?" if each.pages is None else str(each.pages.night),
            "?" if each.pages is None else str(each.pages.week),
            ", ".join(said),
            Text("; ".join(("overloaded", *each.overloaded)) if each.overloaded else "", style="bold red"),
        )
    parts: list[RenderableType] = [table if found else Text("Nobody.")]
    if known.owned is None:
        parts.append(Text(f"How much anybody has is {known.without}.", style="dim"))
    over = sum(bool(each.overloaded) for each in found)
    if over:
        parts.append(Text(f"{counted(over, 'person')} of {len(found)} overloaded.", style="bold"))
    return Group(*parts)
