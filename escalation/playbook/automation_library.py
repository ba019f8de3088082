"""The shipped automations, and how a playbook uses one by its name.

``use: NAME`` takes the shipped automation of that name and lays over it what else stands there, by the same rules by
which a playbook is laid over another: actions are matched by their id.
"""

from functools import cache
from pathlib import Path
from typing import Any

from escalation.documents import Document, merge, read_document, validate
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.automation import Automation
from escalation.values import Record


class _Library(Record):
    automations: tuple[Automation, ...]


def library_file() -> Path:
    """Return the file of the shipped automations: inside an installed package, or in a checkout."""
    inside = Path(__file__).parent / "shipped"
    folder = inside if inside.is_dir() else Path(__file__).parents[2] / "playbooks"
    return folder / "automations" / "library.yaml"


def shipped_automations() -> tuple[Automation, ...]:
    """Return the shipped automations, in the order of their file."""
    return validate(_library(), _Library).automations


@cache
def _library() -> Document:
    return read_document(library_file())


def _templates() -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in _library().data["automations"]}


def with_templates(document: Document) -> tuple[Document, list[Finding]]:
    """Return a playbook's document in which every ``use`` is written out, and what is wrong with those."""
    section = document.data.get("automations") if isinstance(document.data, dict) else None
    if not isinstance(section, list) or not any(isinstance(each, dict) and "use" in each for each in section):
        return document, []
    found: list[Finding] = []
    for index, each in enumerate(section):
        if not isinstance(each, dict) or "use" not in each:
            continue
        template = _templates().get(str(each["use"]))
        if template is None:
            names = list(_templates())
            hint = did_you_mean(str(each["use"]), names) or f"; there are {', '.join(names)}"
            message = f"there is no shipped automation '{str(each['use'])[:64]}'{hint}"
            found.append(document.finding(("automations", index, "use"), message))
        else:
            document = _written_out(document, index, template)
    return document, found


def _written_out(document: Document, index: int, template: dict[str, Any]) -> Document:
    """Lay one item over its template; what the template says stands, for findings, where it is used."""
    path = ("automations", index)
    own = document.data["automations"][index]
    base = Document(document.file, template, {(): document.place(path)})
    over = Document(document.file, own, {at[2:]: place for at, place in document.places.items() if at[:2] == path})
    merged = merge(base, over)
    items = list(document.data["automations"])
    items[index] = merged.data
    places = {at: place for at, place in document.places.items() if at[:2] != path}
    places |= {(*path, *at): place for at, place in merged.places.items()}
    return document._replace(data={**document.data, "automations": items}, places=places)
