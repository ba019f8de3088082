"""A playbook's own words of messages: checked with their lines, pinned, sent along; a failing template is told once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from escalation.errors import DocumentError
from escalation.lifecycle.sentences import sentence
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import DeliveryReceipt, MessageKind, Notify, UpdateCase
from escalation.playbook.load import Shelf, load
from escalation.playbook.messages import MESSAGES
from tests.domain.builders import ANN, START, Life, small
from tests.domain.test_playbook_load import SMALL

GOOD = """\
templates:
  page:
    cs:
      subject: "{{ severity }}: {{ about|shorten(40) }}"
      body: |
        {% include 'packet' %}
        {% for power in powers %}{{ power }}{% endfor %}
        {{ until|instant }} {{ round|plural(one='kolo', few='kola', other='kol') }}
    en-GB: {file: words/page.en.txt}
  news.clock_breached:
    hu: {body: "{{ clock }}: {{ where.status }}"}
"""


def write(folder: Path, templates: str, words: str = "To take: {{ about }}\n{{ to }}, please.\n") -> Path:
    (folder / "words").mkdir(exist_ok=True)
    (folder / "words" / "page.en.txt").write_text(words, encoding="utf-8")
    path = folder / "small.yaml"
    path.write_text(templates + SMALL, encoding="utf-8")
    return path


def findings(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load(path)
    return [f"{Path(each.file).name}:{each.line}: {each.message}" for each in caught.value.findings]


@pytest.mark.req("EP-P3")
def test_a_playbook_has_words_of_its_own_in_itself_and_in_files_beside_it(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, GOOD))
    page = loaded.playbook.templates["page"]
    assert page["cs"].subject == "{{ severity }}: {{ about|shorten(40) }}"
    assert (page["en-GB"].subject, page["en-GB"].body) == ("To take: {{ about }}", "{{ to }}, please.\n")
    assert loaded.digest != load(write(tmp_path, GOOD, "To take\nAnother.\n")).digest, "words are pinned with it"
    assert loaded.digest != load(write(tmp_path, "")).digest


def test_a_file_of_words_that_changes_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    shelf = Shelf(tmp_path)
    before = shelf.get("small").digest
    (tmp_path / "words" / "page.en.txt").write_text("Now\nquite something else", encoding="utf-8")
    assert shelf.get("small").digest != before


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("  page:", "  pge:", "small.yaml:2: there is no message 'pge'; did you mean `page`?"),
        ("  page:", "  digest:", "small.yaml:2: is about escalations of several playbooks; none has own words for it"),
        ("    cs:", "    czech:", "small.yaml:3: 'czech' is no language tag; expected one such as cs or en-GB"),
        (
            "{{ severity }}",
            "{{ severty }}",
            "small.yaml:4: this message has no value 'severty'; did you mean `severity`?",
        ),
        ("{{ severity }}", "{{ severity", "small.yaml:4: is no template: "),
        (
            "|shorten(40)",
            "|shrten(40)",
            "small.yaml:4: is no template: there is no filter 'shrten'; did you mean",
        ),
        (
            "in powers",
            "in power",
            "small.yaml:5: line 2 of it: this message has no value 'power'; did you mean",
        ),
        ("'packet'", "'where'", "small.yaml:5: this message has no part 'where'"),
        ("'packet'", "'pocket'", "small.yaml:5: include may name packet, background or where, in quotes"),
        ("few='kola', other='kol'", "few='kola'", "small.yaml:5: line 3 of it: plural needs the form 'other'"),
        ("few=", "several=", "small.yaml:5: line 3 of it: there is no plural form 'several'; expected zero, one, two"),
        ("where.status", "where.stats", "small.yaml:11: 'where' has no 'stats'; did you mean `status`?"),
        ("{{ power }}", "{{ range(9) }}", "small.yaml:5: line 2 of it: calls may not be used in a message; there are"),
        ("words/page", "words/pag", "small.yaml:9: cannot be read: No such file or directory"),
        ("words/page", "../page", "small.yaml:9: is outside the playbook's folder"),
        ("{file:", "{body: x, file:", "small.yaml:9: names a file and says body too; expected one of both"),
        ('{body: "{{ clock }}: {{ where.status }}"}', "{subject: x}", "small.yaml:11: "),
    ],
)
def test_what_is_wrong_with_templates_is_said_with_its_line(tmp_path: Path, old: str, new: str, finding: str) -> None:
    assert old in GOOD
    said = findings(write(tmp_path, GOOD.replace(old, new, 1)))
    assert any(each.startswith(finding) for each in said), said


def test_a_finding_in_a_file_of_words_names_that_files_line(tmp_path: Path) -> None:
    said = findings(write(tmp_path, GOOD, "Subject\nfirst line\n{{ untl|instant }}\n"))
    assert said == ["page.en.txt:3: this message has no value 'untl'; did you mean `until`?"]
    assert findings(write(tmp_path, GOOD, "Subject only\n")) == [
        "small.yaml:9: needs the subject in its first line and the body below"
    ]


def test_a_message_takes_along_its_own_templates_and_no_others() -> None:
    words = {"page": {"cs": {"body": "own words"}}, "item": {"cs": {"body": "y"}}}
    life = Life(small(templates=words))
    life.open()
    (page,) = [message for message in life.sent if message.kind is MessageKind.PAGE][:1]
    assert page.template == "page"
    assert {tag: template.body for tag, template in page.templates.items()} == {"cs": "own words"}
    assert page.values["id"] == life.state.id
    assert "own words" not in page.body, "the plain words stay beside"


def test_a_playbook_without_templates_sends_none_along() -> None:
    life = Life(small())
    life.open()
    assert all(message.templates == {} for message in life.sent)


def test_what_waits_for_people_to_be_found_is_still_known_as_what_it_is() -> None:
    life = Life(small(clocks={"resolution": {"within": {"default": "30m"}}}))
    life.open()
    life.pass_time("40m")
    told = [message for message in life.sent if message.template == "news.clock_breached"]
    assert told
    assert all(message.values["clock"] == "resolution" for message in told)


def fail(life: Life, message: Notify, error: str) -> None:
    receipt = DeliveryReceipt(channel="inbox", receipt_id="r", at=START, template_error=error)
    life.send(c.Delivered(key=message.key, to=message.to, receipt=receipt))


def test_a_failing_template_is_told_to_the_playbooks_owner_once() -> None:
    life = Life(small())
    life.open()
    page = next(message for message in life.sent if message.kind is MessageKind.PAGE)
    for line in (2, 7):
        fail(life, page, f"page (cs, body, line {line}): TypeError")
    (failing,) = life.all(e.TemplateFailing)
    assert (failing.template, failing.because) == ("page", "page (cs, body, line 2): TypeError")
    told = [message for message in life.sent if message.template == "news.template_failing"]
    assert len(told) == 1
    fail(life, told[0], "news.template_failing (cs, body): TypeError")
    fail(life, told[0], "news.template_failing (cs, body): TypeError")
    assert life.state.failing_templates == ("page", "news.template_failing")


def test_what_a_customer_reads_on_the_ticket_has_a_template_and_one_that_fails_is_told_too() -> None:
    life = Life(small())
    life.open()
    life.taken_by(ANN)
    life.send(c.Resolve(by=ANN, resolution="paid again"))
    note = next(update for update in life.tickets if isinstance(update, UpdateCase) and update.public)
    assert (note.template, note.values["text"], note.locale) == ("resolution_proposed", "paid again", "en")
    assert all(update.template == "" for update in life.tickets if isinstance(update, UpdateCase) and not update.public)
    life.send(c.CaseUpdated(key=note.key, public=True, template_error="resolution_proposed (cs, body): TypeError"))
    assert life.last(e.TemplateFailing).template == "resolution_proposed"


def test_nothing_is_said_of_a_template_after_the_end() -> None:
    life = Life(small())
    life.open()
    life.send(c.Cancel(by=ANN, because="a test"))
    fail(life, life.sent[0], "page (cs, body): TypeError")
    assert life.all(e.TemplateFailing) == []


def test_a_sentence_says_the_same_in_plain_english_and_as_values() -> None:
    late = sentence("item_dropped", item="i1", title="test it", because="not needed")
    assert late == "work item i1 (test it) is dropped: not needed"
    assert (late.said.template, late.said.values) == (
        "news.item_dropped",
        {"item": "i1", "title": "test it", "because": "not needed"},
    )
    curly: Any = sentence("customer_wrote", text="{curly} words")
    assert curly == "the customer wrote: {curly} words"


def test_every_message_says_what_it_is_for() -> None:
    assert all(message.about and all(message.values.values()) for message in MESSAGES.values())
