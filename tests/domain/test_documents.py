"""YAML documents: what is read, what is refused and at which line, and how one document lies over another."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from escalation.documents import MAX_BYTES, Document, Place, merge, parse_document, read_document, validate
from escalation.errors import DocumentError, Finding
from escalation.playbook.schema import Playbook
from escalation.values import Duration, Record, Slug, Target

MODES = "one of `deny`, `halt`, `escalate`"
DURATION = "a duration such as 90s, 15m, 1h30m, 2d or 1w"
SLUG = "a short name of letters, digits, `_`, `-` and `.`"
TARGET = "a target such as `team:support` or `oncall:platform` (person, team, role, oncall, authority or raci)"


def refused(text: str, model: type[Record] | None = None) -> list[Finding]:
    """The findings for a text that must not be accepted."""
    try:
        document = parse_document(text, "team.yaml")
        if model:
            validate(document, model)
    except DocumentError as error:
        return error.findings
    pytest.fail("was accepted")


def even(number: int) -> int:
    if number % 2:
        raise ValueError("is odd; expected an even number")
    return number


class Rung(Record):
    id: Slug
    ack: Duration
    targets: Annotated[tuple[Target, ...], Field(min_length=1)] = ("team:a",)
    repeat: Annotated[int, Field(ge=0, le=20)] = 0


class Policy(Record):
    title: str
    mode: Literal["deny", "halt", "escalate"] = "deny"
    need: Annotated[int, Field(ge=1)] | Literal["all"] = 1
    ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5
    pairs: Annotated[int, AfterValidator(even)] = 2
    levels: tuple[Rung, ...] = ()
    named: dict[Slug, Rung] = {}
    clocks: dict[Literal["resolution", "acknowledge"], int] = {}
    extra: bool | float | str | tuple[str, ...] = False
    flag: bool = False


class TestReading:
    def test_words_that_yaml_1_1_took_for_flags_and_dates_stay_text(self) -> None:
        document = parse_document("on: no\nat: 09:00\nday: 2026-01-05\noff: y\nversion: 010\n", "x.yaml")
        assert document.data == {"on": "no", "at": "09:00", "day": "2026-01-05", "off": "y", "version": 10}

    def test_an_old_yaml_version_line_does_not_change_what_words_mean(self) -> None:
        assert parse_document("%YAML 1.1\n---\non: no\n", "x.yaml").data == {"on": "no"}

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("~", None),
            ("null", None),
            ("", None),
            ("true", True),
            ("False", False),
            ("-12", -12),
            ("0x1f", 31),
            ("0o17", 15),
            ("0.80", 0.8),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("1_000", "1_000"),
            (".inf", ".inf"),
            ("'5'", "5"),
            ("!!str 5", "5"),
            ("1.2.3", "1.2.3"),
            ("NO", "NO"),
        ],
    )
    def test_plain_values_mean_what_the_core_schema_says(self, written: str, meant: Any) -> None:
        value = parse_document(f"a: {written}\n", "x.yaml").data["a"]
        assert value == meant
        assert type(value) is type(meant)

    def test_keys_are_names_and_always_text(self) -> None:
        assert parse_document("1: a\ntrue: b\n2026-01-05: c\n", "x.yaml").data == {
            "1": "a",
            "true": "b",
            "2026-01-05": "c",
        }

    def test_every_key_and_item_knows_its_line(self) -> None:
        document = parse_document(
            "# note\ntitle: x\nlevels:\n  - id: L1\n    ack: 5m\n\n  - id: L2\n    ack: 1h\n", "x.yaml"
        )
        assert document.line(()) == 2
        assert document.line(("levels",)) == 3
        assert document.line(("levels", 1)) == 7
        assert document.line(("levels", 1, "ack")) == 8
        assert document.line(("levels", 1, "dwell")) == 7, "what is absent is placed at the mapping around it"
        assert document.line(("levels", 7, "ack")) == 3

    def test_each_yields_every_match_and_passes_over_other_shapes(self) -> None:
        document = parse_document("teams:\n  - members: [a, b]\n  - members: oops\n  - 5\n  - members: [c]\n", "x.yaml")
        assert list(document.each("teams.*.members.*")) == [
            (("teams", 0, "members", 0), "a"),
            (("teams", 0, "members", 1), "b"),
            (("teams", 3, "members", 0), "c"),
        ]

    def test_an_alias_stands_for_the_whole_value(self) -> None:
        document = parse_document("a: &night [x, y]\nb: *night\n", "x.yaml")
        assert document.data == {"a": ["x", "y"], "b": ["x", "y"]}
        assert document.data["a"] is not document.data["b"], "a change of one never changes the other"

    def test_an_anchor_may_be_used_again(self) -> None:
        assert parse_document("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "x.yaml").data == {"a": 1, "b": 1, "c": 2, "d": 2}

    def test_a_file_is_read_with_and_without_a_byte_order_mark(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes("\ufefftitle: Jana Nováková\n".encode())
        assert read_document(file).data == {"title": "Jana Nováková"}
        assert read_document(file).file == str(file)


class TestRefusing:
    def test_every_key_written_twice_is_found_with_both_lines(self) -> None:
        assert [str(finding) for finding in refused("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")] == [
            "team.yaml:4: b.c: key `c` is written twice, first on line 3; keep one",
            "team.yaml:5: a: key `a` is written twice, first on line 1; keep one",
        ]

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("a: 1\nb: [1, 2\nc: 3\n", 3, "not valid YAML"),
            ("a: b: c\n", 1, "mapping values are not allowed here"),
            ("a:\n\tb: 1\n", 2, "a tab stands where only spaces may"),
            ("a: *nobody\n", 1, "undefined alias"),
            ("a: 1\n---\nb: 2\n", 2, "another document"),
            ("a: 1\nb: \x00\n", 2, "a character that YAML does not allow"),
            ("a: 1\n<<: {b: 2}\n", 2, "merge keys"),
            ("a:\n  - !python/object:os.system x\n", 2, "not supported"),
            ("a: !!binary aGVsbG8=\n", 1, "not supported"),
            ("a: !!set {x}\n", 1, "not supported"),
            ("a: !!int soon\n", 1, "tagged as int"),
            ("a: " + "9" * 5000 + "\n", 1, "more than 40 digits"),
            ("a: 1\n? [x, y]\n: 2\n", 2, "a key must be text"),
        ],
    )
    def test_what_is_not_plain_yaml_is_refused_at_its_line(self, text: str, line: int, words: str) -> None:
        (finding,) = refused(text)
        assert finding.line == line
        assert words in finding.message

    @pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n...\n", "~"])
    def test_an_empty_document_is_refused(self, text: str) -> None:
        assert "is empty" in refused(text)[0].message

    def test_aliases_that_multiply_are_stopped(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 9)]
        assert "100,000 values" in refused("\n".join(lines))[0].message

    def test_a_value_that_contains_itself_is_stopped(self) -> None:
        assert "50 levels" in refused("a: &a [*a]\n")[0].message

    @pytest.mark.parametrize("text", ["[" * 500, "[" * 20_000, "- " * 300 + "x", "{a: " * 300])
    def test_nesting_beyond_reason_is_stopped(self, text: str) -> None:
        assert "deeper than 50" in refused(text)[0].message

    def test_a_file_over_the_limit_is_refused_unread(self, tmp_path: Path) -> None:
        file = tmp_path / "big.yaml"
        file.write_text("a: " + "x" * MAX_BYTES)
        with pytest.raises(DocumentError, match="larger than 1024 KiB"):
            read_document(file)

    def test_a_file_that_cannot_be_read_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match=r"absent\.yaml: cannot be read: No such file"):
            read_document(tmp_path / "absent.yaml")
        with pytest.raises(DocumentError, match="cannot be read: Is a directory"):
            read_document(tmp_path)

    def test_another_encoding_is_refused_at_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "latin.yaml"
        file.write_bytes("a: 1\nname: Nováková\n".encode("latin-1"))
        with pytest.raises(DocumentError, match=r"latin\.yaml:2: is not UTF-8"):
            read_document(file)

    @given(st.text(alphabet="ab:-[]{}&*!|>%@#?,'\"\\ \n\t01.~<\x07\u2028é", max_size=60))
    def test_any_text_is_read_or_refused_with_findings(self, text: str) -> None:
        findings: list[Finding] | None = None
        try:
            parse_document(text, "x.yaml")
        except DocumentError as error:
            findings = error.findings
        assert findings is None or findings
        assert all(finding.message and finding.file == "x.yaml" for finding in findings or [])


class TestValidating:
    def test_a_right_document_becomes_the_model(self) -> None:
        document = parse_document("title: x\nneed: all\nlevels: [{id: L1, ack: 1h30m}]\nflag: true\n", "x.yaml")
        policy = validate(document, Policy)
        assert policy.levels[0].ack == timedelta(hours=1, minutes=30)
        assert policy.need == "all"
        assert policy.flag is True

    def test_everything_wrong_is_found_at_once_each_at_its_own_line(self) -> None:
        findings = refused(
            "mode: halted\n"
            "need: 0\n"
            "levels:\n"
            "  - id: L1\n"
            "    akc: 5m\n"
            "  - id: L 2\n"
            "    ack: 15 minutes\n"
            "    targets: []\n"
            "    repeat: 99\n"
            "pairs: 3\n",
            Policy,
        )
        assert [(finding.line, finding.path) for finding in findings] == [
            (1, "title"),
            (1, "mode"),
            (2, "need"),
            (4, "levels.0.ack"),
            (5, "levels.0.akc"),
            (6, "levels.1.id"),
            (7, "levels.1.ack"),
            (8, "levels.1.targets"),
            (9, "levels.1.repeat"),
            (10, "pairs"),
        ]

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("tilte: x", "unknown key `tilte`; did you mean `title`?"),
            (
                "levels: [{id: a, ack: 1m, zzz: 1}]",
                "unknown key `zzz`; expected one of `ack`, `id`, `repeat`, `targets`",
            ),
            ("mode: escalat", f"`escalat` is not allowed; did you mean `escalate`? expected {MODES}"),
            ("mode: zzz", f"`zzz` is not allowed; expected {MODES}"),
            ("mode:", f"is empty; expected {MODES}"),
            ("need: some", "`some` is not allowed; expected a whole number of at least 1 or `all`"),
            ("need: 0", "a whole number that does not fit; expected a whole number of at least 1 or `all`"),
            ("ratio: 2", "a whole number that does not fit; expected a number over 0 and under 1"),
            ("ratio: high", "found text; expected a number over 0 and under 1"),
            ("pairs: 3", "is odd; expected an even number"),
            ("flag: 7", "found a whole number; expected true or false"),
            ("levels: {}", "found a mapping; expected a list, each a mapping with `id`, `ack`"),
            ("levels: [{id: a}]", f"`ack` is missing; expected {DURATION}"),
            ("levels: [{id: a, ack: [1]}]", f"found a list; expected {DURATION}"),
            ("levels: [{id: a, ack: soon}]", f"text that does not fit; expected {DURATION}"),
            (
                "levels: [{id: 5, ack: 1m}]",
                f"found a whole number; expected {SLUG} (in quotes, if it is meant as text)",
            ),
            (
                "levels: [{id: a, ack: 1m, targets: []}]",
                f"this list is empty; expected a list of at least 1, each {TARGET}",
            ),
            ("named: {x: {id: a}}", f"`ack` is missing; expected {DURATION}"),
            ("named: {x y: {id: a, ack: 1m}}", f"this key is not allowed; expected {SLUG}"),
            ("clocks: {resolve: 1}", "this key is not allowed; expected one of `resolution`, `acknowledge`"),
            ("extra: {a: b}", "found a mapping; expected true or false or a number or text or a list, each text"),
            ("extra: [1]", "found a whole number; expected text (in quotes, if it is meant as text)"),
        ],
    )
    def test_a_message_says_what_is_wrong_and_what_was_expected(self, written: str, message: str) -> None:
        (finding,) = refused(f"title: x\n{written}\n", Policy)
        assert finding.message == message
        assert finding.line == 2

    def test_a_key_and_what_is_below_it_are_both_reported(self) -> None:
        findings = refused("title: x\nnamed:\n  x y:\n    id: a\n", Policy)
        assert [(finding.line, finding.path) for finding in findings] == [(3, "named.x y"), (3, "named.x y.ack")]

    def test_a_list_where_the_document_should_be_a_mapping_is_refused(self) -> None:
        assert refused("- a\n", Policy)[0] == Finding(
            "team.yaml", 1, "", "found a list; expected a mapping with `title`"
        )

    def test_values_are_not_repeated_except_where_only_words_are_allowed(self) -> None:
        text = "title: [Jana Nováková]\nlevels: [{id: Jana Nováková, ack: Jana Nováková}]\n"
        assert "Nov" not in "".join(map(str, refused(text, Policy)))

    def test_a_playbook_with_many_faults_is_refused_with_all_of_them(self) -> None:
        findings = refused("playbook: x\nversion: one\nowner: nobody\nseverity: {scale: [], default: low}\n", Playbook)
        paths = {finding.path for finding in findings}
        assert {
            "version",
            "owner",
            "severity.scale",
            "title",
            "triggers",
            "context",
            "levels",
            "raci",
            "review",
        } <= paths


class TestMerging:
    base = parse_document(
        "title: base\n"
        "mode: deny\n"
        "levels:\n"
        "  - id: L1\n"
        "    ack: 5m\n"
        "    targets: [team:a, team:b]\n"
        "  - id: L2\n"
        "    ack: 1h\n"
        "clocks: {resolution: 1, acknowledge: 2}\n",
        "base.yaml",
    )

    def over(self, text: str) -> Document:
        return merge(self.base, parse_document(text, "team.yaml"))

    def test_mappings_merge_deeply_and_scalars_replace(self) -> None:
        merged = self.over("title: ours\nclocks: {resolution: 7}\n")
        assert merged.data["title"] == "ours"
        assert merged.data["mode"] == "deny"
        assert merged.data["clocks"] == {"resolution": 7, "acknowledge": 2}

    def test_lists_of_named_mappings_merge_by_name_in_the_base_s_order(self) -> None:
        merged = self.over("levels:\n  - {id: L3, ack: 2h}\n  - {id: L2, ack: 30m}\n")
        assert [(level["id"], level["ack"]) for level in merged.data["levels"]] == [
            ("L1", "5m"),
            ("L2", "30m"),
            ("L3", "2h"),
        ]

    def test_other_lists_replace(self) -> None:
        merged = self.over("levels:\n  - {id: L1, targets: [team:c]}\n")
        assert merged.data["levels"][0] == {"id": "L1", "ack": "5m", "targets": ["team:c"]}
        assert self.over("levels: []\n").data["levels"] == []

    def test_an_empty_value_removes_a_key_the_base_has(self) -> None:
        merged = self.over("mode:\nlevels:\n  - id: L1\n    targets: null\n")
        assert "mode" not in merged.data
        assert merged.data["levels"][0] == {"id": "L1", "ack": "5m"}

    def test_an_empty_value_that_removes_nothing_is_kept_so_that_validation_sees_it(self) -> None:
        with pytest.raises(DocumentError, match=r"team\.yaml:1: moed: unknown key `moed`; did you mean `mode`"):
            validate(self.over("moed:\n"), Policy)

    def test_findings_name_the_file_that_holds_what_is_wrong(self) -> None:
        base = parse_document("title: x\nlevels:\n  - id: L1\n    akc: 5m\n  - id: L2\n    ack: 1m\n", "base.yaml")
        over = parse_document("levels:\n  - id: L9\n  - id: L2\n    ack: soon\n", "team.yaml")
        with pytest.raises(DocumentError) as error:
            validate(merge(base, over), Policy)
        assert [(finding.file, finding.line, finding.path) for finding in error.value.findings] == [
            ("base.yaml", 3, "levels.0.ack"),
            ("base.yaml", 4, "levels.0.akc"),
            ("team.yaml", 2, "levels.2.ack"),
            ("team.yaml", 4, "levels.1.ack"),
        ]

    def test_a_name_used_twice_in_the_upper_document_stays_visible(self) -> None:
        merged = self.over("levels:\n  - {id: L1, ack: 1m}\n  - {id: L1, ack: 2m}\n")
        assert [level["id"] for level in merged.data["levels"]] == ["L1", "L2", "L1"]
        assert merged.place(("levels", 2)) == Place("team.yaml", 3)

    def test_documents_merge_again_and_again(self) -> None:
        second = merge(self.over("levels: [{id: L2, repeat: 2}]"), parse_document("title: third", "third.yaml"))
        assert second.data["title"] == "third"
        assert second.place(("title",)).file == "third.yaml"
        assert second.place(("levels", 1, "repeat")).file == "team.yaml"
        assert second.place(("levels", 1, "ack")) == Place("base.yaml", 8)

    def test_merging_changes_neither_document(self) -> None:
        before = repr(self.base.data)
        merged = self.over("levels: [{id: L1, targets: [team:z]}]\nclocks: {resolution: 3}\n")
        merged.data["levels"][1]["ack"] = "changed"
        assert repr(self.base.data) == before
