"""A model in this process: `transformers` generation, greedy, batched by length, left-padded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from actloom.core.errors import InputError, MissingExtraError
from actloom.core.model import Completion, Prompt
from actloom.core.record import Usage
from actloom.llm.chat import ChatTokenizer, prompt_text

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

BATCH_TOKENS = 32_768
"""Most tokens, prompts and answers together, in one batch; bounds memory."""


class LocalModel:
    """A causal model from a folder or hub name, asked through its own chat template.

    Special tokens except the end marker stay out of the answer's text; tool-call markers that a
    tokenizer declares as ordinary added tokens stay in, as the dialects need them.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: ChatTokenizer, *, name: str = "local"
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._name = name

    @property
    def name(self) -> str:
        """Name written into results."""
        return self._name

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns one greedy completion per prompt, in order.

        Prompts are sorted by length into batches of at most `BATCH_TOKENS`, so padding is small;
        the seconds of an answer are those of its batch.
        """
        encoded = [self._encode(prompt) for prompt in prompts]
        answers: dict[int, Completion] = {}
        for batch in _batches([len(ids) for ids in encoded], max_tokens):
            started = time.perf_counter()
            written = self._generate([encoded[i] for i in batch], max_tokens)
            seconds = round(time.perf_counter() - started, 6)
            answers.update(zip(batch, (_timed(c, seconds) for c in written), strict=True))
        return [answers[i] for i in range(len(prompts))]

    def _encode(self, prompt: Prompt) -> list[int]:
        return self._tokenizer.encode(
            prompt_text(self._tokenizer, prompt), add_special_tokens=False
        )

    def _generate(self, batch: list[list[int]], max_tokens: int) -> list[Completion]:
        import torch

        width = max(len(ids) for ids in batch)
        pad = self._tokenizer.pad_token_id or 0
        tokens = torch.tensor([[pad] * (width - len(ids)) + ids for ids in batch])
        mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in batch])
        device = self._model.device
        with torch.inference_mode():
            out = cast(
                "torch.Tensor",
                self._model.generate(  # pyright: ignore[reportUnknownMemberType, reportCallIssue]
                    input_ids=tokens.to(device),
                    attention_mask=mask.to(device),
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    num_beams=1,
                    pad_token_id=pad,
                    eos_token_id=self._tokenizer.eos_token_id,
                ),
            )
        rows = cast("list[list[int]]", out[:, width:].tolist())  # pyright: ignore[reportUnknownMemberType]
        return [self._completion(row, len(ids)) for row, ids in zip(rows, batch, strict=True)]

    def _completion(self, written: list[int], prompt_tokens: int) -> Completion:
        end = self._tokenizer.eos_token_id
        stopped = end is not None and end in written
        kept = written[: written.index(end)] if end is not None and stopped else written
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        usage = Usage(
            model=self._name, prompt_tokens=prompt_tokens, completion_tokens=len(kept) + stopped
        )
        return Completion(text, "stop" if stopped else "length", usage=usage)


def _timed(completion: Completion, seconds: float) -> Completion:
    usage = completion.usage or Usage()
    return msgspec.structs.replace(
        completion, usage=msgspec.structs.replace(usage, seconds=seconds)
    )


def _batches(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Yields positions of prompts of similar length, shortest first."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * (lengths[index] + max_tokens) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def local_from(source: str | Path, *, threads: int | None = None) -> LocalModel:
    """Loads a model saved by `save_pretrained` (or a hub name) for generation.

    Args:
        source: folder or hub name; code inside it is never run.
        threads: CPU threads of this process; torch's choice when None.

    Raises:
        MissingExtraError: transformers or torch is not installed.
        InputError: there is no model in `source`.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtraError("transformers", extra="train", purpose="a local model") from error
    if threads is not None:
        torch.set_num_threads(threads)
    transformers_logging.disable_progress_bar()
    try:
        tokenizer = cast("Any", AutoTokenizer.from_pretrained(str(source)))  # pyright: ignore[reportUnknownMemberType]
        model = cast("Any", AutoModelForCausalLM.from_pretrained(str(source)))  # pyright: ignore[reportUnknownMemberType]
    except (OSError, ValueError) as error:
        raise InputError(
            "there is no model that transformers can load",
            expected="a folder written by save_pretrained, or a model name",
            got=str(error).split("\n")[0],
            where=str(source),
        ) from error
    return LocalModel(model.eval(), tokenizer, name=Path(source).name)
