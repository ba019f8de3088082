"""Public holidays, written out as dates when a playbook or a directory is loaded, and pinned with it.

The list of holidays comes from a library that is corrected a few times a year. Were it asked while an escalation runs,
two workers could disagree about when a clock ends; so a workflow only ever sees the dates. Loading the library takes a
tenth of a second, and is left for calendars that name a country.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from escalation.calendars import Calendar, HolidaySet
from escalation.documents import Document
from escalation.errors import Finding

YEARS = range(-1, 4)
"""Which years are written out, counted from the one of loading. A clock that runs further takes later ones for working
days."""


def with_dates(calendar: Calendar, year: int) -> Calendar:
    """Return a calendar with its public holidays written out, around a year."""
    if not calendar.holidays:
        return calendar
    dates: dict[date, str] = {}
    for wanted in calendar.holidays:
        for day, name in _dates(wanted, year).items():
            dates.setdefault(day, name)
    # Validated anew, and not copied: what a calendar has computed from its dates must not come along.
    content: dict[str, Any] = {**dict(calendar), "holidays_on": dict(sorted(dates.items()))}
    return Calendar.model_validate(content)


def _wrong(country: object, region: object) -> str:
    """Say what is wrong with the name of a country or region; nothing when its holidays are known."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    if not isinstance(country, str) or country not in known:
        return f"no public holidays are known for country '{country}'; expected an ISO 3166-1 code such as HU or GB"
    if region is not None and region not in known[country]:
        regions = ", ".join(known[country][:20]) or "none"
        return f"no region '{region}' is known in {country}; expected one of {regions}"
    return ""


def holiday_findings(document: Document, calendars: str) -> Iterator[Finding]:
    """Yield what is wrong with the holidays of the calendars that stand at this pattern: ``calendars.*``."""
    for path, named in document.each(f"{calendars}.holidays.*"):
        if isinstance(named, dict) and (wrong := _wrong(named.get("country"), named.get("region"))):
            yield document.finding(path, wrong)
    for path, _ in document.each(f"{calendars}.holidays_on"):
        yield document.finding(path, "is written by the loader; expected `holidays`, or single days in `closed`")


@cache
def _dates(wanted: HolidaySet, year: int) -> dict[date, str]:
    import holidays

    years = [year + offset for offset in YEARS]
    # English names, whatever the machine's language: they are part of the digest.
    languages = holidays.list_localized_countries().get(wanted.country, [])
    english = next((language for language in ("en_US", "en_GB", "en") if language in languages), None)
    found = holidays.country_holidays(wanted.country, subdiv=wanted.region, years=years, language=english)
    return {day: f"{name} ({wanted.country})" for day, name in found.items()}
