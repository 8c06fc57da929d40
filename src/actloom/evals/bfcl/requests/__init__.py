"""Requests: what is sent for a BFCL question is what bfcl-eval sends, body by body.

`asked(question, style, model_name=...)` for a single turn; `Conversation` for several.
"""

from actloom.evals.bfcl.requests.conversation import (
    MAX_STEPS,
    Conversation,
    asked,
    recorded,
    shown_functions,
)
from actloom.evals.bfcl.requests.style import Settings
from actloom.evals.bfcl.requests.styles import STYLES, StyleName

__all__ = [
    "MAX_STEPS",
    "STYLES",
    "Conversation",
    "Settings",
    "StyleName",
    "asked",
    "recorded",
    "shown_functions",
]
