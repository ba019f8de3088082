"""What templates ask of a language: instants, plural forms, lists. From Unicode's data (CLDR), by way of Babel."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.units import format_unit

from activities.notify.receiver import RECEIVER, Receiver

_DAY: Final = {"hu": "y. MMM d., EEEE"}
"""Where the usual short form reads badly: Hungarian shortens weekdays to single letters."""
SUBJECT: Final = 120
"""Longest subject; it has one line."""


@lru_cache(maxsize=256)
def language(tag: str) -> Locale:
    """Return what is known of a language tag, of its language alone, or of English."""
    for each in (tag, tag.partition("-")[0], "en"):
        try:
            return Locale.parse(each.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    raise UnknownLocaleError("en")


def chain(tag: str) -> tuple[str, ...]:
    """Return the tags in which somebody can be written to, the best first: ``cs-CZ``, ``cs``, ``en``."""
    return tuple(dict.fromkeys(each for each in (tag, tag.partition("-")[0], "en") if each))


def local(at: datetime, tag: str, zone: str) -> str:
    """Write an instant in words of a language and in a time zone, which is named: ``so 21. 11. 2026 15:05 CET``."""
    there, known = _there(at, zone), language(tag)
    form = _DAY.get(known.language)
    day = format_date(there, form, locale=known) if form else format_skeleton("yMMMEd", there, locale=known)
    return _plain(f"{day} {_clock(there, known)}")


def brief(at: datetime, tag: str, zone: str, now: datetime) -> str:
    """Write an instant of today as its time alone, ``15:05 CET``; any other as ``local`` does."""
    there = _there(at, zone)
    return _plain(_clock(there, language(tag))) if there.date() == _there(now, zone).date() else local(at, tag, zone)


def _there(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone) if zone else UTC)


def _clock(there: datetime, known: Locale) -> str:
    name = there.tzname() or ""
    # Some zones have no name but their distance.
    named = f"UTC{name[:3]}{f':{name[3:]}' if name[3:] else ''}" if name[:1] in "+-" else name
    return f"{format_time(there, 'short', tzinfo=there.tzinfo, locale=known)} {named}"


def _plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def _receiver(context: Any) -> Receiver:
    receiver: Receiver = context[RECEIVER]
    return receiver


@jinja2.pass_context
def _instant(context: Any, value: str) -> str:
    receiver = _receiver(context)
    return local(datetime.fromisoformat(value), receiver.locale, receiver.zone)


@jinja2.pass_context
def _plural(context: Any, count: float, **forms: str) -> str:
    return forms.get(language(_receiver(context).words).plural_form(count), forms["other"])


_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@jinja2.pass_context
def _duration(context: Any, seconds: float) -> str:
    return lasting(int(seconds), _receiver(context).words)


def lasting(seconds: int, tag: str) -> str:
    """Write how long something takes in words of a language, in its two largest units: ``1 hodina a 30 minut``."""
    known, parts = language(tag), []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(format_unit(count, f"duration-{unit}", length="long", locale=known))
    nothing = format_unit(0, "duration-second", length="long", locale=known)
    return format_list(parts[:2] or [nothing], locale=known).replace("\xa0", " ")


def _choose(value: Any, **forms: str) -> str:
    return forms.get(str(value), str(value))


@jinja2.pass_context
def _listed(context: Any, items: Iterable[Any]) -> str:
    receiver = _receiver(context)
    return format_list([receiver.names(str(item)) for item in items], locale=language(receiver.words))


@jinja2.pass_context
def _commas(context: Any, items: Iterable[Any]) -> str:
    names = _receiver(context).names
    return ", ".join(names(str(item)) for item in items)


def _spaced(text: Any) -> str:
    return str(text).replace("_", " ").replace(".", " ")


@jinja2.pass_context
def _name(context: Any, actor: str) -> str:
    return _receiver(context).names(actor)


def shorten(text: Any, most: int = 80) -> str:
    """Cut a text so that it has one line and at most so many characters, at a word where that is possible."""
    line = " ".join(str(text).split())
    if len(line) <= most:
        return line
    cut = line[: most - 2]
    return f"{cut.rpartition(' ')[0] if ' ' in cut[most // 2 :] else cut} …"


def _capital(text: Any) -> str:
    return str(text)[:1].upper() + str(text)[1:]


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "instant": _instant,
    "duration": _duration,
    "plural": _plural,
    "choose": _choose,
    "listed": _listed,
    "commas": _commas,
    "spaced": _spaced,
    "name": _name,
    "shorten": shorten,
    "capital": _capital,
}
