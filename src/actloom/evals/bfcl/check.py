"""`actloom.check`: are these the right calls? BFCL's rules on anybody's functions and gold.

Types of BFCL's own (`dict`, `float`, `tuple`, ...) are judged as the leaderboard does in v4. JSON
Schema's others (`number`, `object`, `list`, arrays without `items`, unions, no type at all), at
which its checker raises, are judged by `schema_values`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from actloom.core.errors import InputError, ToolSchemaError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.checker.given_calls import decoded_calls
from actloom.evals.bfcl.checker.parameters import CallRule
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.schema_values import argument_rule
from actloom.evals.bfcl.checker.verdicts import Judge
from actloom.evals.bfcl.question import Expected, Language, Question

Functions: TypeAlias = Mapping[str, Json] | Sequence[Mapping[str, Json]]
"""One function document or several."""
Gold: TypeAlias = Mapping[str, Json] | Sequence[Mapping[str, Json]]
"""`[{name: {argument: [accepted values]}}, ...]`, or one mapping with a suffix (`f_1`) where a
function repeats."""

LANGUAGES = ("python", "java", "javascript")


def check(
    functions: Functions,
    calls: object,
    gold: Gold,
    language: Language = "python",
    *,
    underscores: bool = False,
) -> Verdict:
    """Returns whether `calls` are what `gold` expects, by the rules of BFCL v4.

    Args:
        functions: what was offered: BFCL or OpenAI tools, JSON Schema parameters.
        calls: what was called, in any order where several are expected: BFCL's `{name: arguments}`,
            `actloom.Call`, OpenAI tool calls, `{"name", "arguments"}`; one of them or a list.
        gold: the expected calls, each argument with a list of accepted values, "" in it when it may
            be left out; nothing where no call is right.
        language: what the arguments are written in; Java's and JavaScript's are source text.
        underscores: whether names were shown with `_` for their dots.

    Returns:
        The verdict; `code` is the leaderboard's error type, `message` says what was expected.

    Raises:
        ToolSchemaError: a function is no function document; the error says which.
        InputError: the gold is malformed or names no function; the error says where.
    """
    if language not in LANGUAGES:
        raise InputError("unknown language", expected=", ".join(LANGUAGES), got=str(language))
    documents = [_document(item, at) for at, item in enumerate(_listed(functions))]
    expected = _expected(gold, documents)
    question = Question("", _category(expected, documents), [], documents, language, expected)
    read = decoded_calls(calls)
    return _SchemaJudge(question, RULES["v4"]).explained(read, underscores=underscores)


def _category(expected: list[Expected], documents: list[JsonObject]) -> str:
    if not expected:
        return "irrelevance"
    if len(expected) > 1:
        return "parallel"
    return "simple" if len(documents) == 1 else "multiple"


class _SchemaJudge(Judge):
    """Judges by v4's rules, and arguments of JSON Schema's types by their schema."""

    def call_rule(self, document: JsonObject, expected: Expected) -> CallRule:
        """Returns the rule of an expected call."""
        rule = super().call_rule(document, expected)
        for name, accepted in expected.arguments.items():
            if name in rule.properties:
                values = cast("list[Json]", accepted)
                language = self.question.language
                own = argument_rule(rule.properties[name], values, language=language)
                rule.arguments[name] = own or rule.rule_of(name)
        return rule


def _listed(value: object) -> list[object]:
    if isinstance(value, (list, tuple)):
        return [*cast("Sequence[object]", value)]
    return [] if value is None else [value]


def _document(function: object, at: int) -> JsonObject:
    """Returns a function document in BFCL's form.

    Raises:
        ToolSchemaError: it is none.
    """
    where = f"functions[{at}]"
    inner = _object(function, "a function is not an object", where)
    if isinstance(inner.get("function"), Mapping):
        where += ".function"
        inner = _object(inner["function"], "", where)
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise ToolSchemaError("a function has no name", expected="a `name`", where=where)
    schema = _object(_parameters(inner), "parameters are not an object", f"{where}.parameters")
    properties = _object(
        schema.get("properties", {}), "properties are not an object", f"{where}.parameters"
    )
    required = schema.get("required", [])
    if not isinstance(required, (list, tuple)):
        raise ToolSchemaError(
            "`required` is not a list", got=repr(required)[:80], where=f"{where}.parameters"
        )
    for argument, each in properties.items():
        _object(each, "an argument has no schema", f"{where}.parameters.properties.{argument}")
    return {"name": name, "parameters": {"properties": properties, "required": [*required]}}


def _parameters(function: JsonObject) -> object:
    for key in ("parameters", "input_schema", "inputSchema"):
        if function.get(key) is not None:
            return function[key]
    return {}


def _object(value: object, problem: str, where: str) -> JsonObject:
    if not isinstance(value, Mapping):
        got = type(value).__name__
        raise ToolSchemaError(problem, expected="an object", got=got, where=where)
    return dict(cast("Mapping[str, Json]", value))


def _expected(gold: object, documents: list[JsonObject]) -> list[Expected]:
    """Returns the expected calls by the names in the documents.

    Raises:
        InputError: the gold is malformed.
    """
    names = {str(document["name"]) for document in documents}
    expected: list[Expected] = []
    for name, arguments, where in _gold_pairs(gold):
        if not isinstance(arguments, Mapping):
            raise _bad_gold("expected arguments are not an object", arguments, where)
        accepted = cast("Mapping[str, Json]", arguments)
        for argument, values in accepted.items():
            if not isinstance(values, list):
                problem = "the accepted values of an argument are not a list"
                raise _bad_gold(problem, values, f"{where}.{argument}")
        expected.append(Expected(_known_name(name, names, where), dict(accepted)))
    return expected


def _gold_pairs(gold: object) -> Iterator[tuple[str, object, str]]:
    """Yields name, arguments and place of each expected call."""
    if isinstance(gold, Mapping):
        for name, arguments in cast("Mapping[str, object]", gold).items():
            yield name, arguments, f"gold.{name}"
        return
    for at, item in enumerate(_listed(gold)):
        call = _one_key(item)
        if call is None:
            raise _bad_gold("an expected call is not an object with one key", item, f"gold[{at}]")
        yield call[0], call[1], f"gold[{at}].{call[0]}"


def _one_key(item: object) -> tuple[str, object] | None:
    if not isinstance(item, Mapping):
        return None
    call = cast("Mapping[str, object]", item)
    return next(iter(call.items())) if len(call) == 1 else None


def _known_name(name: str, names: set[str], where: str) -> str:
    """Returns the document's name: the gold's, or the gold's without its suffix (`f_1`)."""
    stem, _, suffix = name.rpartition("_")
    if name in names or (stem in names and suffix.isdigit()):
        return name if name in names else stem
    raise InputError(
        "the gold calls a function that is not offered",
        expected=", ".join(sorted(names)) or "functions",
        got=name,
        where=where,
    )


def _bad_gold(problem: str, got: object, where: str) -> InputError:
    return InputError(
        problem,
        expected="{name: {argument: [accepted values]}}",
        got=repr(got)[:80],
        where=where,
    )
