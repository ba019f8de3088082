"""Headers as they are on the wire: every reader gets the words back, with the spaces between them."""

import base64
import quopri
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest

from activities.notify.email.compose import compose
from activities.notify.email.config import EmailConfig
from escalation.model.actions import MessageKind, Notify

WORD = re.compile(r"=\?utf-8\?([qb])\?([^?\s]*)\?=", re.IGNORECASE)
SUBJECTS = (
    "[P1] Refund for a returned order has not arrived after 12 days - kérjük véleményét",
    "Hamarosan lejár egy határidő (acknowledge): 2026. nov. 22., vasárnap 21:25 CET",
    "[P1] Účet byl zrušen bez upozornění, zákazník chce zpět své … - Eskalaci ruší Petr Svoboda: duplicita",
    "[P0] Kassans primära databas är nere - kan du ta över ärendet åt Åsa Öberg så länge?",
    "árvíztűrő tükörfúrógép " * 5 + "vége",
    "ééééé" * 24,
    "[P1] plain words only, but so many of them that they need a second line of the header on the wire, at least",
)


def headers(subject: str, **more: str) -> dict[str, list[str]]:
    """Return the lines of each header of a message, as bytes on the wire say them."""
    said = {"security": "none", "sender": "escalations@lumina.example", **more}
    config = EmailConfig.model_validate({"kind": "email", "host": "127.0.0.1", **said})
    message = Notify(key="e/1", to="person:eva.novak", kind=MessageKind.PAGE, subject=subject, body="x")
    content = compose(message, "eva@lumina.example", config, None, datetime(2026, 11, 22, tzinfo=UTC)).content
    found: dict[str, list[str]] = {}
    name = ""
    for line in content.decode("ascii").partition("\r\n\r\n")[0].split("\r\n"):
        if line[0] in " \t":
            found[name].append(line)
        else:
            name, _, begun = line.partition(": ")
            found[name] = [begun]
    return found


def strictly(lines: list[str]) -> str:
    """Read words by the letter of RFC 2047: white space between two encoded words is no part of the text."""
    unfolded = "".join(lines)
    joined = re.sub(r"(\?=)[ \t]+(?==\?)", r"\1", unfolded)

    def decoded(word: re.Match[str]) -> str:
        assert len(word[0]) <= 75
        kept = base64.b64decode(word[2]) if word[1] in "bB" else quopri.decodestring(word[2], header=True)
        return kept.decode()  # each word has whole characters

    return WORD.sub(decoded, joined)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_keeps_its_spaces_on_the_wire(subject: str) -> None:
    lines = headers(subject)["Subject"]
    assert strictly(lines) == subject
    assert str(make_header(decode_header("".join(lines)))) == subject
    assert all(len(line) <= 78 for line in lines)


@pytest.mark.parametrize(
    "name", ["Ügyfélszolgálat Székesfehérvár és környéke, értékesítési osztály éjjel nappal", "Péče o zákazníky"]
)
def test_names_of_mailboxes_keep_their_spaces_on_the_wire(name: str) -> None:
    said = headers("x", sender=f'"{name}" <a@lumina.example>', reply_to=f'"{name}" <b@lumina.example>')
    for header, address in (("From", "a@lumina.example"), ("Reply-To", "b@lumina.example")):
        assert strictly(said[header]) == f"{name} <{address}>"
        assert all(len(line) <= 78 for line in said[header])


def test_a_plain_name_is_written_as_it_is() -> None:
    said = headers("x", sender='"Escalations, EMEA" <a@lumina.example>')
    assert said["From"] == ['"Escalations, EMEA" <a@lumina.example>']
