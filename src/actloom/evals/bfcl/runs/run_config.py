"""What a run asks and how: the settings that must stay the same when it goes on."""

from __future__ import annotations

import msgspec

from actloom.evals.bfcl.requests.styles import BY_DIALECT

OWN_MAX_TOKENS = 1024
"""Tokens of an answer of a model in this process, unless the settings say else."""
NOT_BY_DEFAULT = {
    "executable": "needs recorded outputs of its calls; name the category to ask it",
    "rest": "needs live services; name the category to ask it",
    "format_sensitivity": "5,200 questions that count in no total; name the category to ask it",
}
"""Kind of category -> why it is asked only by name."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked and how."""

    profile: str
    questions: str
    """Folder of questions and answers."""
    style: str = "fc"
    """Way of asking: one of `requests.STYLES`, or `dialect:ID`."""
    dialect: str = ""
    """Decoder of the answers; "" for the style's own."""
    categories: list[str] = []
    """Names; none for all that count in the total."""
    limit: int | None = None
    """Most questions of a category, the first in order."""
    max_tokens: int | None = None
    """Tokens of an answer; None for the official limit."""
    temperature: float | None = None
    """None for the official one."""
    width: int = 32
    """Cases held side by side."""

    @property
    def native(self) -> bool:
        """Whether calls are asked for as native ones."""
        return self.style.endswith("fc")

    @property
    def decoder(self) -> str:
        """Name of the decoder of the answers."""
        return self.dialect or _decoder_name(self.style, self.profile)

    def lasting(self) -> dict[str, str]:
        """Returns what must be the same in every run into one folder."""
        return {
            "profile": self.profile,
            "style": self.style,
            "dialect": self.decoder,
            "max_tokens": str(self.max_tokens or "official"),
            "temperature": "official" if self.temperature is None else str(self.temperature),
        }


_DECODERS = {
    ("fc", "v1"): "openai_fc@bfcl_v1",
    ("prompt", "v1"): "openai@bfcl_v1",
    ("xlam", "v1"): "xlam@bfcl_v1",
    ("fc", "v4"): "default_fc@bfcl_v4",
    ("prompt", "v4"): "default@bfcl_v4",
    ("xlam", "v4"): "salesforce@bfcl_v4",
}


def _decoder_name(style: str, profile: str) -> str:
    """Returns the decoder the official runner reads a style's answers with."""
    if style.startswith(BY_DIALECT):
        return style.removeprefix(BY_DIALECT)
    kind = style.removeprefix("responses_").partition("_")[0]
    return _DECODERS.get((kind, "v1" if profile.startswith("v1") else "v4"), "auto")
