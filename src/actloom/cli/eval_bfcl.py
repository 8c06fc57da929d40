"""`actloom eval bfcl`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from actloom.cli.asking import Asking

if TYPE_CHECKING:
    from actloom.core.model import Model
    from actloom.evals.bfcl.runs.run import RunConfig, RunReport
    from actloom.evals.bfcl.scoring.tally import Score


def eval_bfcl(  # noqa: PLR0913 -- one parameter an option
    *,
    model: str,
    profile: str = "v4",
    questions: str = "",
    data: str = "",
    out: str = "runs/bfcl",
    style: str = "fc",
    dialect: str = "",
    category: list[str] | None = None,
    limit: int | None = None,
    max_tokens: int | None = None,
    batch: int = 32,
    asking: Asking = Asking(),  # noqa: B008 -- frozen
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Ask a model BFCL's questions as bfcl-eval asks them, and score the answers.

    Writes OUT/outputs/<model>/<category>.jsonl, which score bfcl reads too, OUT/verdicts.jsonl,
    OUT/score.json and OUT/errors.jsonl. A killed run, or one whose server failed, goes on where it
    was when the same command is given again.

    Example: actloom eval bfcl --model http://127.0.0.1:8000/v1#NAME --limit 20

    Args:
        model: http://HOST:PORT/v1#NAME or openai:NAME for a model behind a server; a folder or
            hub name of a transformers model; scripted:gold answers right, scripted:silent never,
            scripted:FILE from a JSON object of user text -> answer; baseline:no-op and
            baseline:first-tool know nothing.
        profile: v1-2024-08-11, v2, v3-2024-09-20, v3 or v4: questions, rules and total.
        questions: folder of questions and answers; by default --data, or the pulled ones.
        data: folder with questions and recordings of what cannot be carried out offline.
        out: folder to write.
        style: fc (native tool calls), prompt (functions and format in words), xlam,
            responses_fc, responses_prompt, or dialect:ID for the words of a dialect.
        dialect: how answers are read: a decoder of docs/decoders.md; by default the style's
            official one, and auto for native calls of a model in this process.
        category: category; may be given again; all that count in the total by default.
        limit: most questions of a category.
        max_tokens: tokens of an answer; the official limit by default.
        batch: cases held side by side, prompts handed to a model in this process together.
        asking: how a server is asked.
        json: print the result as JSON on stdout.
    """
    from actloom.evals.bfcl.runs.run import RunConfig, run
    from actloom.llm.specs import is_served
    from actloom.run.store import locked

    served = is_served(model, asking.access(model, out))
    config = RunConfig(
        profile=profile,
        questions=questions or data or _pulled(),
        style=style,
        dialect=dialect or _own_dialect(model, style, served=served),
        categories=category or [],
        limit=limit,
        max_tokens=max_tokens,
        temperature=asking.temperature,
        width=max(1, batch, asking.concurrency if served else 1),
    )
    with locked(out):
        own = _own_model(model, native=config.native)
        with nullcontext(own) if own else asking.opened(model, out) as asked:
            report = run(asked, config, out, price=asking.access(model, out).price)
        score = _score(config, report, out, data=data)
    _show(report, score, out, json=json)
    return 1 if report.unanswered else 0


def _own_model(spec: str, *, native: bool) -> Model | None:
    """Returns a model that needs no weights: the one that knows, or one that knows nothing."""
    if spec == "scripted:gold":
        from actloom.evals.bfcl.runs.gold_model import GoldModel

        return GoldModel()
    if spec.startswith("baseline:"):
        from actloom.evals.baselines import baseline_model

        return baseline_model(spec, instruct=not native)
    return None


def _own_dialect(model: str, style: str, *, served: bool) -> str:
    """Returns the decoder of a model that nobody parses calls for; "" for the style's own."""
    local = not served and not model.startswith("scripted:")
    return "auto" if local and style.endswith("fc") else ""


def _pulled() -> str:
    from actloom.io.pull.bfcl import bfcl_home

    return str(bfcl_home() or "")


def _score(config: RunConfig, report: RunReport, out: str, *, data: str) -> Score | None:
    """Returns the score of all answers so far; None when there are none."""
    from actloom.evals.bfcl.runs.run import OUTPUTS
    from actloom.evals.bfcl.scoring.score import ScoreConfig, score
    from actloom.io.urls import join

    if not report.finished:
        return None
    scored = ScoreConfig(
        profile=config.profile,
        data=data,
        questions=config.questions,
        outputs=join(out, OUTPUTS),
        dialect=config.decoder,
        models=[report.model],
        categories=report.categories,
        underscores="yes" if config.native else "no",
    )
    return score(scored, out)


def _show(report: RunReport, score: Score | None, out: str, *, json: bool) -> None:
    from actloom.run.progress import say

    if json:
        rows = [
            {"category": name, "correct": tally.correct, "total": tally.total}
            for found in (score.models if score else [])
            for name, tally in found.categories.items()
        ]
        printed = {**msgspec.to_builtins(report), "scores": rows}
        sys.stdout.write(msgspec.json.encode(printed).decode() + "\n")
        return
    for line in _lines(score):
        say(line)
    for name, reason in report.skipped.items():
        say(f"not asked: {name}: {reason}")
    say(str(report.spending))
    if report.unanswered:
        say(f"no answer to {report.unanswered:,} cases; the first: {report.first_error}")
        say("  do: mend the cause and give the same command again; only these are asked")
    say(f"-> {out}")


def _lines(score: Score | None) -> list[str]:
    from actloom.evals.bfcl.scoring.table import table

    return list(table(score)) if score else ["nothing was answered"]
