"""Own cases: the words for what fits, best matching, and files in which not every case is right."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import EmptyDataError, InputError
from actloom.core.record import Call
from actloom.dialects import dialect
from actloom.evals.evaluate import evaluate
from actloom.evals.gold import gold_model
from actloom.evals.outcomes import read_verdicts
from actloom.evals.own_cases.checker import OwnChecker
from actloom.evals.own_cases.reading import OwnCases, case_set, read_cases
from actloom.evals.own_cases.rule import verdict_of
from actloom.evals.own_cases.selftest import self_test
from actloom.evals.own_cases.syntax import (
    OPERATORS,
    BadExpectationError,
    expectation_of,
    has_operator,
)
from actloom.evals.result import FAILURES
from actloom.llm.scripted import ScriptedModel, last_user_text

TOOL = {
    "name": "book",
    "description": "Books a table.",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "people": {"type": "integer", "minimum": 1},
            "dishes": {"type": "array", "items": {"type": "string"}},
            "shape": {"type": "object"},
        },
        "required": ["city"],
    },
}
OTHER = {"type": "function", "function": {"name": "cancel", "parameters": {"id": "integer"}}}
PLAIN = {"name": "cancel", "parameters": {"id": {"type": "int"}}}


def case(**fields: Any) -> dict[str, Any]:
    return {"query": "Book in Rome.", "tools": [TOOL, PLAIN], **fields}


def call(name: str = "book", **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def write(folder: Path, *cases: Any) -> str:
    path = folder / "cases.jsonl"
    path.write_text("".join(c if isinstance(c, str) else json.dumps(c) + "\n" for c in cases))
    return str(path)


FITS: list[tuple[Any, list[Any], list[Any]]] = [  # written, what fits, what does not
    (1, [1, 1.0], ["1", True, 2, None]),
    ({"a": [1]}, [{"a": [1.0]}], [{"a": [1], "b": 2}, {}, [1]]),
    ({"$any_of": ["a", {"$range": [1, 2]}]}, ["a", 1.5], ["b", 3]),
    ({"$all_of": [{"$range": [0, 9]}, {"$not": 5}]}, [0, 9], [5, 10]),
    ({"$range": [1, 3]}, [1, 2.5, 3], [0, 4, "2", True]),
    ({"$range": [None, 3]}, [-1e9, 3], [3.1]),
    ({"$near": [0.3, 0.1]}, [0.4, 0.2, 0.25], [0.41, "0.3", 10**400, True]),
    ({"$pattern": r"\d{3}-[a-z]+"}, ["123-ab"], ["x123-ab", "123-ab\n", "123-", 123]),
    ({"$pattern": "Rome|Oslo"}, ["Rome", "Oslo"], ["Jerome", "Romeo", "Rome "]),
    ({"$contains": "rome"}, ["In ROME today"], ["Oslo", 3]),
    ({"$ignore_case": "Straße"}, ["STRASSE", "straße"], ["strasse 1"]),
    (
        {"$any_order": [1, {"$range": [1, 2]}]},
        [[1, 2], [2, 1], [1, 1]],
        [[2, 2], [1], 1, [1, 2, 2]],
    ),
    ({"$type": "integer"}, [3, 3.0], [True, 3.5, "3"]),
    ({"$type": ["string", "null"]}, ["", None], [0]),
    ({"$schema": {"type": "string", "maxLength": 2}}, ["ab"], ["abc", 1]),
    ({"$optional": 3}, [3], [4]),
    ({"$ignore": True}, [None, 1, {}, "x"], []),
    ({"$literal": {"$range": [1, 2]}}, [{"$range": [1, 2]}], [1, 2]),
    (
        {"city": {"$ignore_case": "Rome"}, "zip": {"$optional": "1"}},
        [{"city": "ROME"}],
        [{"zip": "1"}],
    ),
    ([{"$type": "integer"}, "x"], [[5, "x"]], [["x", 5], [5]]),
    ({"$pattern": "a+", "$example": "aa"}, ["a"], ["b"]),
]


@pytest.mark.parametrize(("written", "good", "bad"), FITS, ids=[json.dumps(f[0]) for f in FITS])
def test_every_word_fits_what_it_says_and_nothing_else(written, good, bad) -> None:
    expected = expectation_of(written)
    assert [expected.why_not(value) for value in good] == [""] * len(good)
    assert all(expected.why_not(value) for value in bad)


def test_every_operator_has_an_example_here() -> None:
    shown = json.dumps([written for written, _, _ in FITS])
    assert [name for name in OPERATORS if f'"{name}"' not in shown] == []


BAD: list[tuple[Any, str, str]] = [  # written, pointer, what is said or to be done
    ({"$anyof": [1]}, "", "did you mean '$any_of'"),
    ({"any_of": [1, 2]}, "", 'write "$any_of"'),
    ({"deep": [{"range": [1, 2]}]}, "/deep/0", 'write "$range"'),
    ({"$any_of": []}, "/$any_of", "1 to 100"),
    ({"$any_of": [{"$range": [2, 1]}]}, "/$any_of/0/$range", "no number"),
    ({"$range": ["a", "b"]}, "/$range", "numbers"),
    ({"$range": [None, None]}, "/$range", "numbers"),
    ({"$near": [1]}, "/$near", "tolerance"),
    ({"$pattern": "("}, "/$pattern", "not a"),
    ({"$pattern": "a)|(b"}, "/$pattern", "not a"),
    ({"$pattern": r"(a)\1"}, "/$pattern", "refer back"),
    ({"$pattern": "(?=a)b"}, "/$pattern", "look around"),
    ({"$pattern": "a{1000}{1000}{1000}"}, "/$pattern", "not a"),
    ({"$schema": {"$ref": "file:///etc/passwd"}}, "/$schema", "schemas are"),
    ({"$schema": 3}, "/$schema", "JSON Schema"),
    ({"$type": "text"}, "/$type", "types:"),
    ({"$ignore": False}, "/$ignore", "true"),
    ({"$optional": 1, "$range": [1, 2]}, "", "alone"),
    ({"$optional": 1, "x": 2}, "", "alone"),
    ({"$pattern": "a", "$example": "b"}, "/$example", "does not fit"),
]


@pytest.mark.parametrize(("written", "path", "said"), BAD, ids=[json.dumps(b[0]) for b in BAD])
def test_what_cannot_be_understood_says_where_and_what_to_do(written, path, said) -> None:
    with pytest.raises(BadExpectationError) as error:
        expectation_of(written)
    assert error.value.path == path
    assert said in f"{error.value.message} {error.value.todo}"


def test_deep_and_long_expectations_are_refused() -> None:
    deep: Any = {"$optional": 1}
    for _ in range(40):
        deep = {"$optional": deep}
    for written in (deep, {"$any_of": [1] * 101}, [{"$optional": 1}] * 1001):
        with pytest.raises(BadExpectationError):
            expectation_of(written)


def test_an_object_with_words_that_no_operator_takes_is_a_value() -> None:
    for value in ({"type": "circle"}, {"range": "wide"}, {"any_of": 3, "x": 1}, {"schema": "v2"}):
        assert expectation_of(value).why_not(value) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.floats(-5, 5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "$range", "$x", "type"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(json_values, json_values)
def test_a_literal_fits_itself_whatever_keys_it_has(value, other) -> None:
    expected = expectation_of({"$literal": value})
    assert expected.why_not(value) == ""
    from actloom.core.check import same_value

    assert (expected.why_not(other) == "") == same_value(value, other)


@settings(max_examples=100, deadline=None)
@given(json_values, json_values)
def test_reading_an_expectation_gives_one_or_says_why_and_never_fails(written, value) -> None:
    try:
        expected = expectation_of(written)
    except BadExpectationError as error:
        assert error.message
        return
    expected.why_not(value)
    if not has_operator(written):
        assert expected.why_not(written) == ""


@pytest.mark.parametrize("pattern", [r"(a+)+", r"(a|aa)+", r"(.*)*x", r"([a-z]+)*[0-9]"])
def test_no_pattern_takes_more_than_linear_time(pattern: str) -> None:
    expected = expectation_of({"$pattern": pattern})
    started = time.perf_counter()
    expected.why_not("a" * 200_000 + "!")
    assert time.perf_counter() - started < 0.1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=6), st.randoms())
def test_a_list_in_any_order_fits_every_order_and_no_other_multiset(items, random) -> None:
    expected = expectation_of({"$any_order": items})
    shuffled = list(items)
    random.shuffle(shuffled)
    assert expected.why_not(shuffled) == ""
    if items:
        assert expected.why_not([*shuffled[:-1], 9])


def rule_of(tmp_path: Path, **fields: Any):
    own = read_cases(write(tmp_path, case(**fields)))
    assert own.problems == []
    return own.cases[0].rule


def test_calls_are_paired_best_and_not_first_come(tmp_path: Path) -> None:
    wide = call(city={"$any_of": ["Rome", "Oslo"]})
    rule = rule_of(tmp_path, expected=[wide, call(city="Rome")])
    got = [Call("book", {"city": "Rome"}), Call("book", {"city": "Oslo"})]
    assert verdict_of(rule, got, "")[0].valid
    assert verdict_of(rule, got[::-1], "")[0].valid
    assert not verdict_of(rule, [got[1], got[1]], "")[0].valid


def test_an_answer_of_thousands_of_calls_is_judged_soon(tmp_path: Path) -> None:
    wide = call(city={"$any_of": ["Rome", {"$contains": "x"}]}, people={"$optional": 2})
    rule = rule_of(tmp_path, expected=[wide] * 20)
    got = [Call("book", {"city": str(n), "people": n}) for n in range(5000)]
    started = time.perf_counter()
    assert verdict_of(rule, got, "")[0].code == "call_count"
    assert time.perf_counter() - started < 1


VERDICTS: list[tuple[dict[str, Any], list[Call], str, str]] = [
    ({"expected": [call(city="Rome")]}, [], "", "no_call"),
    ({"expected": [call(city="Rome")]}, [Call("cancel", {"id": 1})], "", "name"),
    ({"expected": [call(city="Rome")]}, [Call("book", {"city": 3})], "", "type"),
    ({"expected": [call(city="Rome")]}, [Call("book", {"city": "Oslo"})], "", "value"),
    ({"expected": [call(city={"$pattern": "R.*"})]}, [Call("book", {"city": "Oslo"})], "", "value"),
    ({"expected": [call(city="Rome")]}, [Call("book", {})], "", "missing_argument"),
    (
        {"expected": [call(city="Rome")]},
        [Call("book", {"city": "Rome", "x": 1})],
        "",
        "extra_argument",
    ),
    ({"expected": [call(city="Rome")]}, [Call("book", {}, arguments_text="{")], "", "parse"),
    ({"expected": [call(city="Rome")]}, [Call("book", {"city": "Rome"})] * 2, "", "call_count"),
    ({"expected": []}, [Call("book", {"city": "Rome"})], "", "called_when_none_fits"),
    ({"expected": []}, [], "whatever", ""),
    ({"text": {"$contains": "sorry"}}, [], "I am SORRY.", ""),
    ({"text": {"$contains": "sorry"}}, [], "No.", "text"),
    ({"text": {"$not": {"$contains": "rome"}}}, [], "In Rome.", "text"),
    (
        {"expected": [call(city="Rome"), call("cancel", id=1)], "order": "fixed"},
        [Call("cancel", {"id": 1}), Call("book", {"city": "Rome"})],
        "",
        "order",
    ),
    (
        {"expected": [call(city="Rome"), call("cancel", id=1)]},
        [Call("cancel", {"id": 1}), Call("book", {"city": "Rome"})],
        "",
        "",
    ),
    (
        {"expected_any": [[call(city="Rome")], [call("cancel", id=1)]]},
        [Call("cancel", {"id": 1})],
        "",
        "",
    ),
    ({"expected_any": [[call(city="Rome")], []]}, [], "", ""),
    (
        {"expected": [call(city="Rome", people={"$optional": 2})]},
        [Call("book", {"city": "Rome"})],
        "",
        "",
    ),
    (
        {"expected": [call(city="Rome", people={"$optional": 2})]},
        [Call("book", {"city": "Rome", "people": 3})],
        "",
        "value",
    ),
    ({"expected": [call(city={"$ignore": True})]}, [Call("book", {})], "", ""),
]


@pytest.mark.parametrize(("fields", "got", "text", "code"), VERDICTS)
def test_an_answer_is_judged_by_the_smallest_difference(
    fields, got, text, code, tmp_path: Path
) -> None:
    verdict, _ = verdict_of(rule_of(tmp_path, **fields), got, text)
    assert (verdict.code, verdict.valid) == (code, not code)
    assert code in FAILURES or not code


PROBLEMS: list[tuple[Any, str, str]] = [  # line, pointer, what is said or to be done
    (case(expcted=[]), "", "did you mean 'expected'"),
    (case(), "", "nothing is expected"),
    (case(expected=[], messages=[]), "", "either"),
    ({"tools": [], "expected": []}, "", "either"),
    (case(expected={}), "/expected", "list"),
    (case(expected=["book"]), "/expected/0", "name"),
    (case(expected=[{"name": "book", "args": {}}]), "/expected/0", "did you mean 'arguments'"),
    (case(expected=[call("bok", city="Rome")]), "/expected/0/name", "did you mean 'book'"),
    (case(expected=[call(town="Rome")]), "/expected/0/arguments/town", "no argument"),
    (case(expected=[call(city=3)]), "/expected/0/arguments/city", "string"),
    (case(expected=[call(city="Rome", people=0)]), "/expected/0/arguments/people", "minimum of 1"),
    (case(expected=[call(people=1)]), "/expected/0/arguments", "city"),
    (
        case(expected=[call(city="R", peple={"$range": [1, 2]})]),
        "/expected/0/arguments/peple",
        "people",
    ),
    (case(expected_any=[]), "/expected_any", "1 to 32"),
    (case(expected_any=[[], [call("x")]]), "/expected_any/1/0/name", "no tool"),
    (case(expected=[], expected_any=[[]]), "", "either"),
    (case(expected_any=[[call(city="R")] * 60] * 5), "/expected_any", "256 calls"),
    (case(expected=[call(city="R")] * 65), "/expected", "64 calls"),
    (case(expected=[], order="strict"), "/order", "free or fixed"),
    (case(expected=[], id=""), "/id", "1 to 200"),
    (case(expected=[], groups=["a"]), "/groups", "object of texts"),
    (case(expected=[], query=3), "/query", "text"),
    (case(expected=[], tools=[{"nme": "x"}]), "/tools", "name"),
    (case(expected=[], tools=[TOOL, TOOL]), "/tools", "twice"),
    (case(expected=[], tools=[{"name": "x", "parameters": 3}]), "/tools", "JSON Schema"),
    (case(expected=[call(city={"$anyof": ["a"]})]), "/expected/0/arguments/city", "$any_of"),
    (case(expected=[], text={"contains": "x"}), "/text", "$contains"),
    ('{"query": "x", "expected": []\n', "", "ends"),
    ('{"query": "x", "query": "y", "expected": []}\n', "", "twice"),
    ("[1]\n", "", "object"),
    ({"messages": [], "expected": []}, "/messages", "list"),
    ({"messages": [{"role": "bot"}], "expected": []}, "/messages/0/role", "roles:"),
    (
        {"messages": [{"role": "assistant", "content": "x"}], "expected": []},
        "/messages/0",
        "end the conversation",
    ),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{}]}], "expected": []},
        "/messages/0/tool_calls/0",
        "name and arguments",
    ),
]


@pytest.mark.parametrize(("line", "path", "said"), PROBLEMS)
def test_a_bad_case_is_an_entry_with_its_line_and_what_to_do(line, path, said, tmp_path) -> None:
    file = write(tmp_path, case(id="first", expected=[]), line, case(id="last", expected=[]))
    own = read_cases(file)
    assert [entry.case.id for entry in own.cases] == ["first", "last"]
    (problem,) = own.problems
    assert (problem.line, problem.path) == (2, path)
    assert said in f"{problem.message} {problem.todo}"


def test_an_id_given_twice_is_a_problem_of_the_second(tmp_path: Path) -> None:
    own = read_cases(write(tmp_path, case(id="a", expected=[]), case(id="a", expected=[])))
    assert len(own.cases) == 1
    assert own.problems[0].line == 2
    assert "line 1" in own.problems[0].message


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "query",
                "messages",
                "tools",
                "expected",
                "expected_any",
                "order",
                "text",
                "groups",
            ]
        ),
        json_values | st.just([call(city="Rome")]) | st.just([TOOL]) | st.just("free"),
    )
)
def test_whatever_stands_in_a_line_it_is_a_case_or_a_problem(tmp_path_factory, fields) -> None:
    own = read_cases(write(tmp_path_factory.mktemp("c"), fields))
    assert len(own.cases) + len(own.problems) == 1


SAMPLE = [
    case(id="a", expected=[call(city={"$ignore_case": "rome"}, people={"$range": [2, 4]})]),
    case(id="b", query="Hi.", expected=[], text={"$contains": "hello"}),
    case(
        id="c",
        query="Both.",
        expected=[call(city="Oslo"), call("cancel", id={"$any_of": [7, 8]})],
        groups={"kind": "parallel"},
    ),
    {
        "id": "d",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Book in Rome."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "function": {"name": "book", "arguments": '{"city": "Rome"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "full"},
        ],
        "tools": [TOOL],
        "expected_any": [[call(city="Rome", dishes={"$any_order": ["a", "b"]})], []],
    },
]


def test_all_notations_of_a_file_hold_the_same_cases(tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    lines = read_cases(write(tmp_path, *SAMPLE))
    (tmp_path / "c.json").write_text(json.dumps(SAMPLE, indent=1))
    (tmp_path / "c.jsonl.gz").write_bytes(
        gzip.compress(Path(write(tmp_path, *SAMPLE)).read_bytes())
    )
    with (tmp_path / "c.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(SAMPLE, file)
    for name in ("c.json", "c.jsonl.gz", "c.yaml"):
        own = read_cases(str(tmp_path / name))
        assert own.problems == []
        assert [e.case.expected for e in own.cases] == [e.case.expected for e in lines.cases]
        assert [e.case.record.steps for e in own.cases] == [
            e.case.record.steps for e in lines.cases
        ]


def test_a_conversation_of_a_case_is_shown_as_it_stands(tmp_path: Path) -> None:
    from actloom.core.messages import messages_of

    own = read_cases(write(tmp_path, *SAMPLE)).cases[3]
    messages = messages_of(own.case.record)[0]
    assert [m.role for m in messages] == ["system", "user", "assistant", "tool"]
    assert messages[2].tool_calls[0].function.arguments == {"city": "Rome"}


def asked(own: OwnCases, out: Path, model=None, name: str = "json_list"):
    reader = dialect(name)
    cases = case_set(own)
    texts = {e.case.id: e.example_text for e in own.cases if e.example_text}
    model = model or gold_model(cases.cases, reader, texts=texts)
    checker = OwnChecker({e.case.id: e.rule for e in own.cases})
    return evaluate(model, cases, reader, out, checker=checker)


def test_every_case_accepts_its_own_first_answer_and_so_does_the_whole_run(tmp_path: Path) -> None:
    own = read_cases(write(tmp_path, *SAMPLE))
    found = self_test(own)
    assert (found.cases, found.passed, found.untried, found.problems) == (4, 4, [], [])
    result = asked(own, tmp_path / "e")
    assert (result.scores.exact.mean, result.profile) == (1, "own-cases/1")
    assert read_verdicts(tmp_path / "e")["c"].groups == {"kind": "parallel"}


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(range(3)), st.sampled_from(["name", "value", "missing", "extra", "more"]))
def test_an_answer_that_is_wrong_by_construction_is_refused(tmp_path_factory, at, how) -> None:
    own = read_cases(write(tmp_path_factory.mktemp("c"), *SAMPLE)).cases[at]
    calls = list(own.case.expected)
    if how == "more" or not calls:
        calls.append(Call("cancel", {"id": 1}))
    else:
        first = calls[0]
        calls[0] = {
            "name": Call("other", first.arguments),
            "value": Call(first.name, {**first.arguments, "city": "Nowhere"}),
            "missing": Call(first.name, {k: v for k, v in first.arguments.items() if k != "city"}),
            "extra": Call(first.name, {**first.arguments, "shape": {}}),
        }[how]
    assert not verdict_of(own.rule, calls, own.example_text)[0].valid


def test_a_case_that_refuses_its_own_answer_is_a_problem(tmp_path: Path) -> None:
    never = {"$all_of": [{"$range": [1, 2]}, {"$not": {"$type": "number"}}]}
    shy = case(id="shy", expected=[call(city={"$pattern": "[A-Z]{3}"})])
    helped = case(id="helped", expected=[call(city={"$pattern": "[A-Z]{3}", "$example": "ABC"})])
    own = read_cases(
        write(tmp_path, case(id="never", expected=[call(city="x", people=never)]), shy, helped)
    )
    found = self_test(own)
    assert found.untried == ["never", "shy"]
    assert found.passed == 1


def test_bad_cases_stand_in_the_result_and_are_counted(tmp_path: Path) -> None:
    own = read_cases(write(tmp_path, *SAMPLE, case(expcted=[]), "{\n"))
    result = asked(own, tmp_path / "e")
    assert result.cases == 4
    assert result.skipped == {"bad case": 2}
    assert [problem.line for problem in result.problems] == [5, 6]
    written = json.loads((tmp_path / "e" / "result.json").read_text())
    assert len(written["problems"]) == 2


def test_the_text_of_an_unreadable_answer_is_no_call_and_prose_is_right_where_none_is_due(
    tmp_path: Path,
) -> None:
    own = read_cases(write(tmp_path, *SAMPLE[:2]))
    answers = {"Book in Rome.": '[{"name": "book"', "Hi.": "Hello to you."}
    asked(own, tmp_path / "e", ScriptedModel(lambda p: answers[last_user_text(p)]))
    verdicts = read_verdicts(tmp_path / "e")
    assert verdicts["a"].code == "parse"
    assert verdicts["b"].valid


def test_the_baseline_that_never_calls_is_judged_by_the_cases_own_rules(tmp_path: Path) -> None:
    own = read_cases(write(tmp_path, *SAMPLE))
    silent = asked(own, tmp_path / "e", ScriptedModel(lambda _: ""))
    assert silent.silent_exact.mean == silent.scores.exact.mean == 0.25  # d; b wants a text
    assert silent.first_tool_exact is not None


def test_files_that_hold_no_case_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_cases(str(tmp_path / "missing.jsonl"))
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(EmptyDataError):
        read_cases(str(tmp_path / "empty.jsonl"))


def test_tools_may_be_shared_by_all_cases_of_a_file(tmp_path: Path) -> None:
    from actloom.core.schema import tools_of

    bare = {"query": "Book in Rome.", "expected": [call(city="Rome")]}
    assert read_cases(write(tmp_path, bare)).problems
    assert read_cases(write(tmp_path, bare), tools=tools_of([TOOL])).problems == []
