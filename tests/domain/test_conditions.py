"""Conditions: what is true, what is unknown, what is refused when a playbook loads, and in which words."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.errors import ConditionError
from escalation.playbook.conditions import FactTypes, compile_condition, fact_types, usable
from escalation.playbook.facts import FACTS, FactType, FactValue
from escalation.playbook.load import load_playbook
from escalation.playbook.schema import FieldPolicy

TYPES = FactTypes(
    {**{name: fact.type for name, fact in FACTS.items()}, "lag": FactType.NUMBER, "tags": FactType.LIST},
)


def true(text: str, **facts: FactValue) -> bool:
    """Evaluate; ``__`` in a keyword stands for the dot of a fact's name."""
    return compile_condition(text, TYPES).true({name.replace("__", "."): value for name, value in facts.items()})


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, TYPES)
    return caught.value.problems


# --- what is true -----------------------------------------------------------------------------------------------------


def test_strictly_below_is_strictly_below() -> None:
    text = 'ai_confidence < 0.80 && task_risk == "standard"'
    assert true(text, ai_confidence=0.7999999, task_risk="standard")
    assert not true(text, ai_confidence=0.80, task_risk="standard")
    assert not true(text, ai_confidence=0.62, task_risk="low")


def test_a_whole_number_from_json_is_a_number() -> None:
    assert true("credit.amount > 100.0", credit__amount=101)
    assert not true("credit.amount > 100.0", credit__amount=100)


def test_a_name_and_a_longer_name_that_begins_with_it_are_two_facts() -> None:
    assert true('severity == "P0" && severity.rank == 0.0', severity="P0", severity__rank=0.0)
    assert not true('severity == "P0" && severity.rank == 0.0', severity="P0", severity__rank=1.0)


@pytest.mark.parametrize("value", [("erp", "crm"), ["erp", "crm"]])
def test_lists_are_searched_whether_they_come_as_a_tuple_or_a_list(value: tuple[str, ...]) -> None:
    assert true('"crm" in affected_systems', affected_systems=value)
    assert true('affected_systems.exists(system, system in ["erp", "sap"])', affected_systems=value)
    assert not true('"hr" in affected_systems', affected_systems=value)


def test_any_all_and_not_combine() -> None:
    text = "(overload || ai_limit) && !flags.legal"
    assert true(text, overload=False, ai_limit=True, flags__legal=False)
    assert not true(text, overload=True, ai_limit=True, flags__legal=True)
    assert not true(text, overload=False, ai_limit=False, flags__legal=False)


# --- what is unknown --------------------------------------------------------------------------------------------------


def test_a_missing_fact_makes_its_comparison_unknown_and_unknown_is_not_true() -> None:
    for text in ("ai_confidence < 0.8", "ai_confidence >= 0.8", "!ai_limit", 'task_risk != "low"', "ai_limit"):
        assert not true(text), text


def test_a_known_part_decides_over_an_unknown_one() -> None:
    assert true('ai_confidence < 0.8 || task_risk == "high"', task_risk="high")
    assert not true('ai_confidence < 0.8 && task_risk == "high"', task_risk="high")
    assert not true('ai_confidence < 0.8 || task_risk == "high"', task_risk="low")


def test_a_fact_of_another_type_than_declared_is_unknown() -> None:
    assert not true("ai_confidence < 0.8", ai_confidence="0.1")
    assert not true("ai_confidence < 0.8", ai_confidence=False)
    assert not true("overload", overload=1.0)
    assert not true('task_risk == "low"', task_risk=("low",))


def test_facts_that_a_condition_does_not_read_do_not_disturb_it() -> None:
    assert true("overload", overload=True, something_else="x", tags=("a",))


# --- what it reads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("ai_confidence < confidence.threshold", {"ai_confidence", "confidence.threshold"}),
        ('"legal" in keywords || flags.legal', {"keywords", "flags.legal"}),
        ("severity.rank == 0.0", {"severity.rank"}),
        ('severity == "severity.rank"', {"severity"}),
        ('customer.tier.startsWith("v") // and not sentiment', {"customer.tier"}),
        ('affected_systems.exists(level, level == "crm")', {"affected_systems"}),
        ("true", set()),
    ],
)
def test_a_condition_says_exactly_which_facts_it_reads(text: str, reads: set[str]) -> None:
    assert compile_condition(text, TYPES).reads == reads


@given(st.sampled_from(sorted(FACTS)), st.sampled_from(sorted(FACTS)))
def test_of_any_two_facts_both_are_read(one: str, other: str) -> None:
    comparisons = {
        FactType.TEXT: '{} == "x"',
        FactType.NUMBER: "{} < 1.0",
        FactType.FLAG: "{}",
        FactType.LIST: '"x" in {}',
    }
    text = " || ".join(comparisons[FACTS[name].type].format(name) for name in (one, other))
    assert compile_condition(text, TYPES).reads == {one, other}


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_refused_with_the_closest_fact() -> None:
    assert problems('customer.tir == "vip"') == (
        "at character 1: there is no fact 'customer.tir'; did you mean 'customer.tier'?",
    )
    assert "did you mean 'severity.rank'" in problems("severity.rnk == 1.0")[0]
    assert "did you mean 'customer.requested_human'" in problems("customer.requested_humn")[0]
    assert "docs/playbooks.md lists every name" in problems("qqqqq == 1.0")[0]


def test_a_whole_number_in_a_comparison_is_refused_with_how_to_write_it() -> None:
    assert problems("credit.amount > 100") == (
        "at character 15: numbers are written with a decimal point: write 100.0",
    )
    assert problems("3 <= severity.rank") == ("at character 3: numbers are written with a decimal point: write 3.0",)


def test_all_problems_of_a_condition_are_told_at_once() -> None:
    found = problems('credit.amout > 100.0 && lag > 5 && task_risk == 1.0 && "x" in customer.tier')
    assert len(found) == 4
    assert "credit.amount" in found[0]
    assert "write 5.0" in found[1]
    assert "'==' does not work on text and a number" in found[2]
    assert "'in' does not work on text and text" in found[3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('duration("1h") > duration("1m")', "declare it as ack, dwell, a clock"),
        ('timestamp("2026-01-01T00:00:00Z") < timestamp("2027-01-01T00:00:00Z")', "declare it as ack, dwell, a clock"),
        ("has(customer.tier)", "a missing fact is never true"),
        ("dyn(lag) < 1", "type check"),
        ("lag", "this one is a number"),
        ("severity", "this one is text"),
        ("", "cannot be read"),
        ("lag <", "where the expression ends"),
        ("overload and ai_limit", "write '&&' instead of 'and'"),
        ("overload or ai_limit", "write '||' instead of 'or'"),
        ("not overload", "write '!' instead of 'not'"),
        ('severity = "P0"', "write '==' instead of '='"),
        ("overload == null", "a flag and null"),
        ("severity.shout()", "no function 'shout'"),
        ("now() > 1.0", "no function 'now'"),
        ("(" * 500 + "true" + ")" * 500, "nested too deeply"),
        ('"unfinished', "cannot be read"),
    ],
)
def test_what_cannot_be_a_condition_is_refused_in_words_of_the_author(text: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(text)), problems(text)


def test_a_forbidden_word_inside_a_text_is_only_a_text() -> None:
    assert true('category == "duration(1h) has(x)"', category="duration(1h) has(x)")


def test_the_error_carries_the_condition_and_every_problem() -> None:
    with pytest.raises(ConditionError, match=r"condition 'lag > 1': at character 5: numbers are written") as caught:
        compile_condition("lag > 1", TYPES)
    assert caught.value.text == "lag > 1"


@given(st.text(alphabet='abc01 .<>=&|!()[]"in,', max_size=40))
def test_any_text_either_compiles_or_is_refused_with_reasons(text: str) -> None:
    reasons: tuple[str, ...] = ()
    compiled = False
    try:
        compiled = compile_condition(text, TYPES).true({}) in (True, False)
    except ConditionError as error:
        reasons = error.problems
    assert compiled or (reasons and all(reasons))


def test_a_name_must_be_one_that_conditions_can_read() -> None:
    assert all(usable(name) for name in ("customer.tier", "a_1", "job.last_log"))
    assert not any(usable(name) for name in ("Tier", "a-b", "a b", "1a", "a.in", "true", "a.", ""))


def test_every_known_fact_can_be_read() -> None:
    assert all(usable(name) for name in FACTS)


# --- how fast, and shared -----------------------------------------------------------------------------------------


def test_the_same_text_is_compiled_once() -> None:
    one = compile_condition("lag > 1.0", TYPES)
    assert compile_condition("lag > 1.0", FactTypes(dict(TYPES))) is one
    assert compile_condition("lag > 1.0", dict(TYPES)) is one


def test_each_playbook_has_its_own_names_however_many_there_are() -> None:
    playbook = load_playbook("customer-service-escalation")
    for number in range(100):
        field = {f"own_{number}": FieldPolicy(type=FactType.NUMBER)}
        types = fact_types(playbook.model_copy(update={"fields": field}))
        assert [name for name in types if name.startswith("own_")] == [f"own_{number}"]
        assert set(types) == {*FACTS, f"own_{number}"}
    assert fact_types(playbook) is fact_types(playbook)
    assert "customer.opinion" in fact_types(playbook)


def test_a_condition_is_evaluated_in_well_under_a_tenth_of_a_millisecond() -> None:
    condition = compile_condition('ai_confidence < confidence.threshold && task_risk == "standard"', TYPES)
    facts: dict[str, FactValue] = {"ai_confidence": 0.62, "confidence.threshold": 0.8, "task_risk": "standard"}
    best = min(_seconds(lambda: condition.true(facts), 500) for _ in range(5))
    assert best < 100e-6, f"{best * 1e6:.1f} µs"


def _seconds(call: object, times: int) -> float:
    assert callable(call)
    begun = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begun) / times


def test_threads_that_share_a_condition_do_not_disturb_each_other() -> None:
    condition = compile_condition('lag > 10.0 && "x" in tags', TYPES)
    wrong: list[int] = []

    def work(number: int) -> None:
        for turn in range(300):
            lag = float((number + turn) % 20)
            if condition.true({"lag": lag, "tags": ("x",)}) is not (lag > 10.0):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
