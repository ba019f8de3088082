"""Checks of how a playbook chooses people: from whom, by which facts, by which amounts.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator, Mapping

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import items, mapping
from escalation.playbook.facts import FactType

_CHOOSES = (("levels", "targets"), ("routing", "targets"), ("gates", "approvers"))
_CHOSEN_FROM = ("team", "authority", "raci")
"""Kinds of targets that may stand for several people; what stands behind ``raci:`` is known only when it is asked."""


def check_choosing(document: Document, types: Mapping[str, FactType]) -> Iterator[Finding]:
    """Yield what is wrong with every ``choose`` and with ``needs``."""
    for section, key in _CHOOSES:
        for index, item in enumerate(items(document, section)):
            targets = item.get(key)
            named = [str(target).partition(":")[0] for target in targets] if isinstance(targets, list) else []
            if item.get("choose") is not None and named and not set(named) & set(_CHOSEN_FROM):
                yield document.finding(
                    (section, index, "choose"),
                    f"there is nobody to choose from: none of {key} is a team: or an authority:",
                )
    yield from _needs(document, types)


def _needs(document: Document, types: Mapping[str, FactType]) -> Iterator[Finding]:
    needs = mapping(document, "needs")
    skills, amounts = needs.get("skills"), needs.get("authority")
    wanted = [(("needs", "skills", at), name) for at, name in enumerate(skills if isinstance(skills, list) else [])]
    for path, name in wanted:
        if isinstance(name, str) and types.get(name) not in (FactType.TEXT, FactType.LIST):
            yield document.finding(path, _no_fact(name, "a text or a list", types))
    for kind, name in amounts.items() if isinstance(amounts, dict) else ():
        if isinstance(name, str) and types.get(name) is not FactType.NUMBER:
            yield document.finding(("needs", "authority", kind), _no_fact(name, "a number", types))


def _no_fact(name: str, expected: str, types: Mapping[str, FactType]) -> str:
    if name in types:
        return f"'{name}' is a {types[name]}; expected a fact that is {expected}"
    return f"there is no fact '{name}'{did_you_mean(name, list(types)) or '; declare it under fields'}"
