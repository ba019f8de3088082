"""Texts for and from other systems: cut at a word, and plain where one wrote HTML."""

import pytest

from activities.texts import plain
from escalation.texts import cut


@pytest.mark.parametrize(
    ("text", "most", "rest", "expected"),
    [
        ("short enough", 12, "more there", "short enough"),
        ("one two three four", 12, "", "one two …"),
        ("one two three four five six", 22, "(more)", "one two three … (more)"),
        ("a" * 30, 10, "", "aaaaaaaa …"),
    ],
)
def test_a_text_is_cut_at_a_word_and_never_longer_than_asked(text: str, most: int, rest: str, expected: str) -> None:
    said = cut(text, most, rest)
    assert said == expected
    assert len(said) <= most


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello <b>you</b></p><p>again &amp; again</p>", "Hello you\n\nagain & again"),
        ("one<br>two\n  words", "one\ntwo words"),
        ("<style>p {}</style><script>alert(1)</script><ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("</script>kept", "kept"),
    ],
)
def test_html_is_read_as_a_person_would_see_it(html: str, expected: str) -> None:
    assert plain(html) == expected
