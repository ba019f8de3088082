"""Fields of an organisation's own on a ticket: what a connection fills them with when the ticket is opened.

Every help desk takes the same form: a text with names in braces (docs/connections.md, "Fields of your own").
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from escalation.model.actions import OpenCase, UpdateCase
from escalation.playbook.facts import FactValue

KNOWN: Final = frozenset(
    {
        "key",
        "severity",
        "case_system",
        "case_id",
        "case_url",
        "customer_id",
        "customer_tier",
        "customer_company",
        "customer_locale",
    }
)
"""Names, beside ``facts.NAME``."""
FACT: Final = r"facts\.[a-z0-9_.]{1,100}"
_NAME: Final = re.compile(r"\{([^{}]*)\}")
_FACT: Final = re.compile(FACT)


def misnamed(names: Iterable[str], known: Iterable[str] = KNOWN, *, facts: bool = True) -> str:
    """Say which of the names means nothing, and what was expected; empty where all are known.

    Args:
        names: those that were written.
        known: those that mean something.
        facts: whether ``facts.NAME`` does.
    """
    strange = sorted(name for name in set(names) - {*known} if not (facts and _FACT.fullmatch(name)))
    if not strange:
        return ""
    expected = (*sorted(known), "facts.NAME") if facts else sorted(known)
    return f"{{{strange[0]}}} is not known there; expected {', '.join(expected)} in braces"


def _only_known(text: str) -> str:
    bare = text.strip()
    name = bare if _FACT.fullmatch(bare) else bare.replace(".", "_")
    if name in KNOWN or _FACT.fullmatch(name):
        raise ValueError(f'"{bare}" would be written as it stands; expected "{{{name}}}" for what it names')
    if wrong := misnamed(_NAME.findall(text)):
        raise ValueError(wrong)
    if any(brace in _NAME.sub("", text) for brace in "{}"):
        raise ValueError("has a brace without its other one; expected a name in braces, such as {severity}")
    return text


Filling = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_only_known)]
"""A text with names in braces, such as ``{severity}`` or ``from {case_system}``."""


def filled(fields: Mapping[str, str], action: OpenCase) -> dict[str, str]:
    """Return the fields with their values; one whose value would be empty is left out."""
    values = values_of(action)
    made = {
        name: _NAME.sub(lambda found: _written(values.get(found[1])), text).strip() for name, text in fields.items()
    }
    return {name: text for name, text in made.items() if text}


def refilled(fields: Mapping[str, str], action: UpdateCase) -> dict[str, str]:
    """Return the fields that name nothing but the severity, as it is now; none where that has not changed."""
    if action.severity is None:
        return {}
    now = action.severity
    return {
        name: text.replace("{severity}", now) for name, text in fields.items() if _NAME.findall(text) == ["severity"]
    }


def values_of(action: OpenCase) -> dict[str, FactValue | None]:
    """Return what the names in braces stand for; None, or not there: nobody knows."""
    case, customer = action.case, action.customer
    return {
        "key": action.key,
        "severity": action.severity,
        "case_system": case.system,
        "case_id": case.id,
        "case_url": case.url,
        "customer_id": customer.id if customer else None,
        "customer_tier": customer.tier if customer else None,
        "customer_company": customer.company if customer else None,
        "customer_locale": customer.locale if customer else None,
        **{f"facts.{name}": value for name, value in action.facts.items()},
    }


def _written(value: FactValue | None) -> str:
    """Return a value as text: several with semicolons between, as HubSpot and Salesforce take choices."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else ";".join(value)
