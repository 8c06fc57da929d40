"""Baselines that know nothing: what a score is worth shows beside theirs.

`no-op` never calls. `first-tool` calls the first function offered, with values copied from the
request by type (`evals.copying`), and says nothing to a tool's result. Both are deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actloom.core.case import Case
from actloom.core.environment import Action, Environment
from actloom.core.errors import InputError, ToolSchemaError
from actloom.core.ids import seed_of
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.messages import observation_message
from actloom.core.model import Completion, Prompt
from actloom.core.record import Call, Message, Reply, Tool
from actloom.core.schema import schema_of, tools_of
from actloom.core.stats import Interval, bootstrap_mean
from actloom.evals.bfcl.question import Language, Question
from actloom.evals.copying import copied_arguments, kind_of
from actloom.llm.scripted import ScriptedModel, last_user_text
from actloom.rollout.loop import MAX_TURNS
from actloom.rollout.single import CaseEnvironment

NO_OP, FIRST_TOOL = "no-op", "first-tool"
BASELINES: dict[str, str] = {
    NO_OP: "never calls a function",
    FIRST_TOOL: "calls the first function offered, with values copied from the request",
}
"""Name -> what it does."""
PREFIX = "baseline:"
"""Beginning of `--model` for one of them."""


def baseline_model(name: str, *, instruct: bool = False) -> ScriptedModel:
    """Returns a baseline as a model; it replies with calls, so no dialect has to be written.

    Args:
        name: `no-op` or `first-tool`, with or without `baseline:` before it.
        instruct: whether the tools are written into the system message, where it cannot see them.

    Raises:
        InputError: there is no such baseline, or it would see no tools.
    """
    wanted = name.removeprefix(PREFIX)
    if wanted not in BASELINES:
        known = ", ".join(PREFIX + each for each in BASELINES)
        raise InputError("there is no such baseline", expected=known, got=name)
    if instruct:
        raise InputError(
            "a baseline reads the offered tools, not the system message",
            expected="tools handed to the model as such",
            todo="leave --instruct away; for BFCL, --style fc",
        )
    script = _first_tool if wanted == FIRST_TOOL else _silent
    return ScriptedModel(script, name=PREFIX + wanted)


def _silent(prompt: Prompt) -> Completion:
    del prompt
    return Completion("", reply=Reply())


def _first_tool(prompt: Prompt) -> Completion:
    from actloom.evals.bfcl.runs.case_runs import message_with

    calls = _answer(*_asked_for(prompt))
    message = message_with([(call.name, call.arguments) for call in calls]) if calls else {}
    return Completion("", reply=Reply(tool_calls=calls), message=message)


def _asked_for(prompt: Prompt) -> tuple[list[Message], list[Tool]]:
    """Returns messages and tools, also of a prompt that stands whole in its body."""
    if (prompt.messages and prompt.tools) or not prompt.body:
        return prompt.messages, prompt.tools
    given = prompt.body.get("messages")
    messages = [
        Message(role, content if isinstance(content := found.get("content"), str) else "")
        for found in (given if isinstance(given, list) else [])
        if isinstance(found, dict) and isinstance(role := found.get("role"), str)
    ]
    try:
        return messages, tools_of(prompt.body.get("tools") or [])
    except ToolSchemaError:
        return messages, []


def _answer(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Call]:
    """Returns the call for the last request; none once a tool has answered it."""
    if not messages or messages[-1].role == "tool":
        return []
    return _calls(last_user_text(Prompt([*messages])), tools)


def _calls(request: str, tools: Sequence[Tool]) -> list[Call]:
    if not tools:
        return []
    return [Call(tools[0].name, copied_arguments(schema_of(tools[0]), request))]


def first_tool_exact_of(
    cases: Sequence[Case], world: Callable[[Case], Environment] = CaseEnvironment
) -> Interval:
    """Returns the share of cases that `first-tool` solves, by the grade of each case's world."""
    return bootstrap_mean([float(_is_solved(world(case), case.id)) for case in cases])


def _is_solved(world: Environment, case: str) -> bool:
    messages = world.reset(seed=seed_of(case, salt="rollout"))
    for _ in range(MAX_TURNS):
        feedback = world.step(Action(calls=_answer(messages, world.tools())))
        messages += [observation_message(each, None) for each in feedback.observations]
        messages += feedback.messages
        if feedback.done:
            break
    return bool(world.grade().success)


def baseline_results(question: Question) -> dict[str, Json]:
    """Returns name -> result of each baseline for a BFCL question, in native form.

    A result is a list of `{function name: arguments as JSON text}`, names as published; where the
    conversation has several turns with state it is a list (turns) of lists (steps) of results. For
    Java and JavaScript values are source text, as the published checker wants them.
    """
    firsts = [_native_call(question, messages) for messages in question.turns]
    if "involved_classes" in question.raw:
        return {NO_OP: [[[]] for _ in firsts], FIRST_TOOL: [[calls] for calls in firsts]}
    return {NO_OP: [], FIRST_TOOL: firsts[-1] if firsts else []}


def _native_call(question: Question, messages: Sequence[JsonObject]) -> list[Json]:
    if not question.functions:
        return []
    function = question.functions[0]
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not isinstance(parameters, dict):
        return []
    arguments = copied_arguments(parameters, _asked(messages))
    if question.language != "python":
        arguments = _as_source(arguments, parameters, question.language)
    return [{name: json_text(arguments)}]


def _asked(messages: Sequence[JsonObject]) -> str:
    texts = [message.get("content") for message in messages if message.get("role") == "user"]
    return next((text for text in reversed(texts) if isinstance(text, str)), "")


def _as_source(arguments: JsonObject, parameters: JsonObject, language: Language) -> JsonObject:
    properties = parameters.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return {name: _literal(value, known.get(name), language) for name, value in arguments.items()}


def _literal(value: Json, schema: Json, language: Language) -> str:
    """Returns a value as Java or JavaScript source; a text stands without quotes."""
    if isinstance(value, str):
        return value
    word = schema.get("type") if isinstance(schema, dict) else None
    suffix = {"long": "L", "float": "f"}.get(str(word).lower(), "") if language == "java" else ""
    numeric = isinstance(schema, dict) and kind_of(schema) in ("integer", "number")
    return json_text(value) + (suffix if numeric else "")
