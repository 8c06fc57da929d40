"""What a model got right, read from a folder of `eval`, `eval bfcl` or `score bfcl`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from actloom.core.errors import InputError
from actloom.evals.bfcl.scoring.tally import SCORE, Score
from actloom.evals.evaluate import RESULT, VERDICTS
from actloom.evals.result import CaseVerdict, EvalResult

RUN_EVAL = "eval"
"""Folder of the evaluation within a run."""
UNNAMED = "failed"
"""Kind of a failure whose line names none."""
MODELS_SHOWN = 20
"""Models named in an error."""
T = TypeVar("T")


class ScoreLine(msgspec.Struct, frozen=True):
    """One line of a score folder's verdicts.jsonl."""

    model: str
    category: str
    id: str
    valid: bool
    error_type: str | None = None
    lenient_valid: bool | None = None
    """The lenient verdict, where it was asked for."""
    official: bool = False
    """True when the verdict was taken over from the official list, not derived."""


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts of one model over the cases of one folder."""

    folder: str
    model: str
    kind: Literal["eval", "score"]
    """`eval`: verdicts with calls; `score`: BFCL's, whose calls `details` reads again."""
    profile: str
    """Rules behind the verdicts; "" when the folder does not say."""
    data: str
    """Digest of the questions and answers; "" when the folder does not say."""
    data_parts: dict[str, str] = {}
    """Category -> digest of its own, where the folder says."""
    verdicts: dict[str, CaseVerdict]
    """Case id -> verdict. Those of a score have id, verdict, code and `category` alone."""
    lenient: bool = True
    """Whether the verdicts carry the lenient reading too."""
    official: int = 0
    """Verdicts taken over from the official list."""


def read_outcomes(spec: str | Path) -> Outcomes:
    """Returns the verdicts that `FOLDER` or `FOLDER:MODEL` names; of a run those of its `eval`.

    Raises:
        InputError: no verdicts there, a damaged line, or no such model; says which there are.
    """
    folder, model = folder_and_model(str(spec))
    if not (folder / VERDICTS).exists() and (folder / RUN_EVAL / VERDICTS).exists():
        folder = folder / RUN_EVAL
    if (folder / RESULT).exists():
        return _evaluated(folder, model)
    return outcomes_of(read_score(folder), model)


def folder_and_model(spec: str) -> tuple[Path, str]:
    """Returns the folder and the model, "" for none, that `FOLDER` or `FOLDER:MODEL` names.

    A colon belongs to the folder's name where such a folder is.

    Raises:
        InputError: there is no such folder.
    """
    if Path(spec).is_dir():
        return Path(spec), ""
    cuts = [at for at, sign in enumerate(spec) if sign == ":"]
    for at in cuts:
        if at and Path(spec[:at]).is_dir():
            return Path(spec[:at]), spec[at + 1 :]
    raise InputError(
        "this folder is not there",
        expected="a folder that actloom eval or actloom score wrote, or FOLDER:MODEL",
        got=spec,
    )


def _evaluated(folder: Path, model: str) -> Outcomes:
    result = read_result(folder)
    if model and model != result.model:
        raise _unknown_model(folder, model, [result.model])
    return Outcomes(
        folder=str(folder),
        model=result.model,
        kind="eval",
        profile=result.profile,
        data=result.data_digest,
        verdicts=read_verdicts(folder),
    )


def read_verdicts(folder: str | Path) -> dict[str, CaseVerdict]:
    """Returns the verdicts of an evaluation folder by case id, in order.

    Raises:
        InputError: there are none, a line is damaged, or a case stands there twice.
    """
    path = Path(folder) / VERDICTS
    found: dict[str, CaseVerdict] = {}
    for verdict in _decoded(path, CaseVerdict):
        if verdict.id in found:
            raise _twice(path, verdict.id)
        found[verdict.id] = verdict
    return found


def read_result(folder: str | Path) -> EvalResult:
    """Returns the result of an evaluation folder.

    Raises:
        InputError: there is none, or it is damaged.
    """
    path = Path(folder) / RESULT
    try:
        return msgspec.json.decode(path.read_bytes(), type=EvalResult)
    except (OSError, msgspec.DecodeError) as error:
        raise _no_verdicts(path, str(error)) from error


class ScoreFolder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of `score bfcl` or `eval bfcl`, with one model or several."""

    folder: str
    score: Score | None
    """Settings and totals; None when the folder has no score.json."""
    models: dict[str, list[ScoreLine]]
    """Model -> its verdicts, in the order of the file."""


def read_score(folder: str | Path) -> ScoreFolder:
    """Returns a score folder.

    Raises:
        InputError: no verdicts, a damaged line, or a case of a model that stands there twice.
    """
    path = Path(folder) / VERDICTS
    models: dict[str, list[ScoreLine]] = {}
    seen: set[tuple[str, str]] = set()
    for line in _decoded(path, ScoreLine):
        if (line.model, line.id) in seen:
            raise _twice(path, f"{line.id} of {line.model}")
        seen.add((line.model, line.id))
        models.setdefault(line.model, []).append(line)
    if not models:
        raise _no_verdicts(path, "an empty file")
    return ScoreFolder(folder=str(folder), score=_score_in(Path(folder)), models=models)


def _score_in(folder: Path) -> Score | None:
    path = folder / SCORE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Score)
    except (OSError, msgspec.DecodeError) as error:
        raise _no_verdicts(path, str(error)) from error


def outcomes_of(score: ScoreFolder, model: str = "") -> Outcomes:
    """Returns the outcomes of one model of a score folder, of its only one without a name.

    Raises:
        InputError: no such model, or several and none was named.
    """
    names = list(score.models)
    if model not in score.models and (model or len(names) > 1):
        raise _unknown_model(Path(score.folder), model, names)
    name = model or names[0]
    lines = score.models[name]
    return Outcomes(
        folder=score.folder,
        model=name,
        kind="score",
        profile=score.score.profile if score.score else "",
        data=score.score.data_hash if score.score else "",
        data_parts=score.score.data_digests if score.score else {},
        verdicts={line.id: _as_verdict(line) for line in lines},
        lenient=all(line.lenient_valid is not None for line in lines),
        official=sum(line.official for line in lines),
    )


def _as_verdict(line: ScoreLine) -> CaseVerdict:
    return CaseVerdict(
        id=line.id,
        valid=line.valid,
        code="" if line.valid else line.error_type or UNNAMED,
        lenient_valid=bool(line.lenient_valid),
        groups={"category": line.category},
    )


def _decoded(path: Path, kind: type[T]) -> Iterator[T]:
    """Yields the lines of a file of verdicts; a damaged one is named by its number."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise _no_verdicts(path, error.strerror or str(error)) from error
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            cut = number == len(lines) and not line.endswith(b"\n")
            raise InputError(
                "the last line of the verdicts is cut" if cut else "a line of verdicts is damaged",
                expected=f"a verdict a line, as actloom writes {VERDICTS}",
                got=str(error),
                where=f"{path}:{number}",
                todo="run the same actloom eval or actloom score again; it is written as a whole",
            ) from error


def _no_verdicts(path: Path, got: str) -> InputError:
    return InputError(
        "this folder holds no evaluation that can be read",
        expected=f"{RESULT} and {VERDICTS} of actloom eval, or {VERDICTS} of actloom score",
        got=got,
        where=str(path),
        todo="give the folder that --out named",
    )


def _twice(path: Path, case: str) -> InputError:
    return InputError(
        "a case stands twice in the verdicts",
        expected="one verdict a case",
        got=case,
        where=str(path),
        todo="write each evaluation into a folder of its own",
    )


def _unknown_model(folder: Path, model: str, known: list[str]) -> InputError:
    near = difflib.get_close_matches(model, known, n=1, cutoff=0.3) if model else known[:1]
    example = f"{folder}:{near[0]}" if near else f"{folder}:MODEL"
    shown = ", ".join(known[:MODELS_SHOWN])
    more = f" and {len(known) - MODELS_SHOWN} more" if len(known) > MODELS_SHOWN else ""
    return InputError(
        "this folder has no such model" if model else "this folder holds several models",
        expected=f"FOLDER:MODEL with one of: {shown}{more}",
        got=model or f"{folder} without a model",
        where=str(folder),
        todo=f"for example {example}",
    )
