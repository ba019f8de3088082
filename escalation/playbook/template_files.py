"""Templates of messages in files beside the playbook: ``{file: page.cs.txt}``, whose first line is the subject.

What a file says becomes part of the playbook, so that an escalation pins it with everything else.
"""

from pathlib import Path
from typing import Any, Final

from escalation.documents import Document, Place
from escalation.errors import DocumentError, Finding

MAX_BYTES: Final = 40_000


def named_files(document: Document) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where a document names files of templates, and which."""
    return [
        (path, each["file"])
        for path, each in document.each("templates.*.*")
        if isinstance(each, dict) and isinstance(each.get("file"), str)
    ]


def with_files(document: Document, folder: Path) -> Document:
    """Put what the named files say in their place.

    Raises:
        DocumentError: a file is somewhere else, missing, too large, or lacks a subject or a body.
    """
    named = named_files(document)
    if not named:
        return document
    data: dict[str, Any] = {**document.data, "templates": {k: dict(v) for k, v in _mappings(document)}}
    places, wrong = dict(document.places), list[Finding]()
    for path, name in named:
        _, message, locale = path
        also = sorted(set(data["templates"][message][locale]) - {"file"})
        if also:
            wrong.append(document.finding(path, f"names a file and says {', '.join(also)} too; expected one of both"))
            continue
        file = folder / name
        try:
            subject, body = _read(file, folder)
        except ValueError as error:
            wrong.append(document.finding((*path, "file"), str(error)))
            continue
        data["templates"][message][locale] = {"subject": subject, "body": body}
        places[*path, "subject"] = Place(str(file), 1)
        places[*path, "body"] = Place(str(file), 2)
    if wrong:
        raise DocumentError(sorted(wrong))
    return document._replace(data=data, places=places)


def _mappings(document: Document) -> list[tuple[str, dict[str, Any]]]:
    return [(key, value) for key, value in document.data["templates"].items() if isinstance(value, dict)]


def _read(file: Path, folder: Path) -> tuple[str, str]:
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ValueError("is outside the playbook's folder; keep templates beside the playbook or below it")
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8; save the file with that encoding") from None
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES} bytes")
    subject, _, body = text.replace("\r\n", "\n").partition("\n")
    if not subject.strip() or not body.strip():
        raise ValueError("needs the subject in its first line and the body below")
    return subject, body
