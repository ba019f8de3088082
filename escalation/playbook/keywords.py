"""Keywords in several languages: finds a playbook's listed words in what a customer wrote, inflected forms included.

How a listed word is written:

    cancel        any inflected form of the word, by its language's stemmer: cancels, cancelled, cancelling
    zruš*         any word that begins so: zrušit, zrušení, zrušíme
    säga upp      a phrase: each part as above, next to each other and in this order

How two letters compare: without regard to case, and a letter without its mark equals the letter with any mark
(``zrusit`` is ``zrušit``). Two different marks are different letters: ``såg upp`` is not ``säg upp``.

Which language's list counts: all of them, because people mix languages. In the customer's own language (``locale``) a
listed word counts as described. A word of any other language must prove that it is meant, so that a list does not fire
on an ordinary word of the customer's language: Hungarian ``lemond`` (cancels) has the stem of English ``lemon``, and an
English ``legal*`` would find Hungarian ``legalább`` (at least). It counts when

- it stands there whole: ``zruš`` or ``lemond``, for a stem also with an ending (``törlést`` for ``törlés``), or
- it shares a marked letter with the listed word: ``zrušit`` for ``zruš*``, ``säger`` for ``säga``, or
- it shares seven letters with it: ``unsubscribing`` for ``unsubscribe``.

When no locale is known, every language is another one, only that prefix forms count as they are.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

LANGUAGES = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
}
"""Languages whose words can be listed, with the name of their stemmer."""

MAX_CHARACTERS = 1_000_000
"""How much text is read in one call; what lies beyond is not searched. A request is never longer."""

MAX_WORDS = 20
"""How many different words of one list are recorded."""

MAX_LOOKS = 5_000
"""How many words of the text that begin like a listed one are compared closely, in one call."""

_LONGEST_WORD = 60
_MANY_LETTERS = 7
_WORD = re.compile(r"[^\W\d_]+")
_NEXT_WORD = re.compile(r"[\s\-‐-―]{1,4}([^\W\d_]+)")
# Old Hungarian encodings wrote a tilde or a circumflex where the language has a double acute.
_MISWRITTEN = {"õ": "ő", "û": "ű"}


class _Letters(dict[int, str]):
    """A translation table that learns each letter once; one letter becomes exactly one, so that positions stay."""

    def __init__(self, *, marks: bool) -> None:
        super().__init__()
        self._marks = marks

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()[0]
        letter = _MISWRITTEN.get(lower, lower) if self._marks else unicodedata.normalize("NFD", lower)[0]
        self[code] = letter
        return letter


_MARKED = _Letters(marks=True)
_BARE = _Letters(marks=False)


class _Reach(Enum):
    """How far a list reaches, by how its language relates to the customer's."""

    OWN = "own"
    OTHER = "other"
    UNKNOWN = "unknown"


class _Word(NamedTuple):
    """One word, of a list or of a text: lower case with its marks, and without."""

    marked: str
    bare: str


class _Part(NamedTuple):
    """One word of a listed phrase."""

    word: _Word
    prefix: bool


class _Phrase(NamedTuple):
    """One entry of a list: usually a phrase of one word."""

    list_name: str
    language: str
    parts: tuple[_Part, ...]
    root: str
    """What a text's word must begin with, without marks, to be worth a closer look."""


class _Index(NamedTuple):
    """All entries of all lists, and where in a text to look for them."""

    begins: re.Pattern[str]
    """Matches a whole word that begins with any of the roots."""
    phrases: dict[str, tuple[_Phrase, ...]]
    """First two bare letters to the phrases that begin so."""


def matches(
    texts: Iterable[str], lists: Mapping[str, Mapping[str, Sequence[str]]], locale: str | None
) -> dict[str, tuple[str, ...]]:
    """Return the words of each list that the texts contain, as the texts write them; lists without a match are absent.

    ``lists`` maps a list's name to language codes (``LANGUAGES``) to words; a language without a stemmer is not
    searched. ``locale`` is the customer's (``cs``, ``cs-CZ``), None or empty when unknown. Linear in the text, and
    bounded: ``MAX_CHARACTERS``, ``MAX_LOOKS``, and ``MAX_WORDS`` different words returned for each list.
    """
    index = _index(
        tuple((name, tuple((code, tuple(words)) for code, words in each.items())) for name, each in lists.items())
    )
    own = re.split(r"[-_]", locale.strip().lower())[0] if locale else ""
    found: dict[str, dict[str, str]] = {name: {} for name in lists}
    characters, looks = MAX_CHARACTERS, MAX_LOOKS
    for text in texts:
        looks = _search(unicodedata.normalize("NFC", text[:characters]), index, own, found, looks)
        characters -= len(text)
        if characters <= 0 or looks <= 0:
            break
    return {name: tuple(words.values()) for name, words in found.items() if words}


def _search(text: str, index: _Index, own: str, found: dict[str, dict[str, str]], looks: int) -> int:
    """Add what one text contains to ``found`` (list name to words); return how many closer looks are left."""
    marked, bare = text.translate(_MARKED), text.translate(_BARE)
    for match in index.begins.finditer(bare):
        for phrase in index.phrases.get(match[0][:2], ()) if len(match[0]) <= _LONGEST_WORD else ():
            words = found[phrase.list_name]
            if match[0].startswith(phrase.root) and len(words) < MAX_WORDS:
                looks -= 1
                end = _phrase_end(phrase, marked, bare, match.span(), _reach(phrase.language, own))
                if end:
                    words.setdefault(bare[match.start() : end], " ".join(text[match.start() : end].split()))
        if looks <= 0:
            break
    return looks


def _phrase_end(phrase: _Phrase, marked: str, bare: str, span: tuple[int, int], reach: _Reach) -> int:
    """Return where the phrase ends when it begins with the word at ``span``, else 0."""
    start, end = span
    for at, part in enumerate(phrase.parts):
        if at:
            following = _NEXT_WORD.match(bare, end)
            if following is None:
                return 0
            start, end = following.span(1)
        if not _is(part, _Word(marked[start:end], bare[start:end]), phrase.language, reach):
            return 0
    return end


def _is(part: _Part, word: _Word, language: str, reach: _Reach) -> bool:
    """Tell whether a word of the text is this listed word."""
    listed = part.word
    if not _marks_agree(listed.marked, word.marked):
        return False
    if part.prefix:
        found, enough = word.bare.startswith(listed.bare), reach is not _Reach.OTHER or word.bare == listed.bare
    else:
        found = word.bare == listed.bare or not _stems(listed, language).isdisjoint(_stems(word, language))
        enough = reach is _Reach.OWN or word.bare.startswith(listed.bare)
    return found and (enough or _proven(listed, word))


def _proven(listed: _Word, word: _Word) -> bool:
    """Tell whether what both begin with shows that a word of another language is meant."""
    letters = zip(listed.bare, word.bare, listed.marked, word.marked, strict=False)
    for shared, (one, other, marked_one, marked_other) in enumerate(letters, start=1):
        if one != other:
            return False
        if shared == _MANY_LETTERS or (marked_one == marked_other and marked_one != one):
            return True
    return False


def _marks_agree(listed: str, written: str) -> bool:
    """Compare as far as both go: no letter may carry one mark here and another there."""
    for one, other in zip(listed, written, strict=False):
        if one != other:
            bare_one, bare_other = _BARE[ord(one)], _BARE[ord(other)]
            if bare_one == bare_other and bare_one not in (one, other):
                return False
    return True


@lru_cache(maxsize=16_384)
def _stems(word: _Word, language: str) -> frozenset[str]:
    """Return the bare stems under which a word is known: of the word as written, and of the word without its marks."""
    # A stemmer keeps state while it works, and worker threads share this module: hence a new one each time.
    stemmer = snowballstemmer.stemmer(LANGUAGES[language])
    stems = {stemmer.stemWord(word.marked).translate(_BARE), stemmer.stemWord(word.bare)}
    return frozenset({word.bare, *stems})


def _reach(language: str, own: str) -> _Reach:
    if not own:
        return _Reach.UNKNOWN
    return _Reach.OWN if language == own else _Reach.OTHER


@lru_cache(maxsize=64)
def _index(lists: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]) -> _Index:
    phrases: dict[str, list[_Phrase]] = {}
    for list_name, languages in lists:
        for language, entries in languages:
            for entry in entries if language in LANGUAGES else ():
                parts = parts_of(entry)
                if parts:
                    phrase = _Phrase(list_name, language, parts, _root(parts[0], language))
                    phrases.setdefault(phrase.root[:2], []).append(phrase)
    roots = {phrase.root for each in phrases.values() for phrase in each}
    # A phrase may begin with a word of one letter ("s člověkem"), which must not stand for all words that begin so.
    starts = sorted(root if len(root) > 1 else rf"{root}(?![^\W\d_])" for root in roots) or ["(?!)"]
    begins = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(starts)})[^\W\d_]*")
    return _Index(begins, {letters: tuple(each) for letters, each in phrases.items()})


def _root(part: _Part, language: str) -> str:
    """Return what every word that can match begins with; a stemmer may also change the stem's last letter."""
    if part.prefix:
        return part.word.bare
    shortest = min(_stems(part.word, language), key=len)
    return part.word.bare[: max(2, len(shortest) - 1)]


def parts_of(entry: str) -> tuple[_Part, ...]:
    """Split a listed entry into its words; empty when it has fewer than two letters."""
    text = unicodedata.normalize("NFC", entry)
    marked, bare = text.translate(_MARKED), text.translate(_BARE)
    parts = []
    for match in _WORD.finditer(bare):
        start, end = match.span()
        parts.append(_Part(_Word(marked[start:end], bare[start:end]), bare[end : end + 1] == "*"))
    return tuple(parts) if sum(len(part.word.bare) for part in parts) > 1 else ()
