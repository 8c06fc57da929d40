"""The columns of the official tables, as formulas over categories, for every version.

A column is written `table/header`, with the table's file (`data_live.csv` -> `live`) and the header
as published; a formula names categories and other columns. Sources: specs/bfcl.md, section 7, and
gorilla's `eval_runner_helper.py` of each version.
"""

from __future__ import annotations

import msgspec


class Formula(msgspec.Struct, frozen=True):
    """How a column follows from categories and other columns."""

    parts: tuple[str, ...]
    weights: tuple[float, ...] = ()
    """A weight for each part; none for equal weights."""
    counted: bool = False
    """True when each part weighs as much as it has questions."""


def _mean(*parts: str) -> Formula:
    return Formula(parts)


def _counted(*parts: str) -> Formula:
    return Formula(parts, counted=True)


def _below(table: str, columns: dict[str, Formula]) -> dict[str, Formula]:
    return {f"{table}/{header}": formula for header, formula in columns.items()}


_AST_V1 = ("Simple Function", "Multiple Functions", "Parallel Functions", "Parallel Multiple")
_V1 = _below(
    "overall",
    {
        "Simple Function AST": _counted("simple", "java", "javascript"),
        "Python Simple Function AST": _mean("simple"),
        "Java Simple Function AST": _mean("java"),
        "JavaScript Simple Function AST": _mean("javascript"),
        "Multiple Functions AST": _mean("multiple_function"),
        "Parallel Functions AST": _mean("parallel_function"),
        "Parallel Multiple AST": _mean("parallel_multiple_function"),
        "Simple Function Exec": _counted("executable_simple", "rest"),
        "Python Simple Function Exec": _mean("executable_simple"),
        "REST Simple Function Exec": _mean("rest"),
        "Multiple Functions Exec": _mean("executable_multiple_function"),
        "Parallel Functions Exec": _mean("executable_parallel_function"),
        "Parallel Multiple Exec": _mean("executable_parallel_multiple_function"),
        "Relevance Detection": _mean("relevance"),
        "AST Summary": _mean(*(f"overall/{name} AST" for name in _AST_V1)),
        "Exec Summary": _mean(*(f"overall/{name} Exec" for name in _AST_V1)),
        "Overall Acc": _counted(
            *(f"overall/{name} AST" for name in _AST_V1),
            *(f"overall/{name} Exec" for name in _AST_V1),
            "relevance",
        ),
    },
)

_STYLES = ("Simple", "Multiple", "Parallel", "Parallel Multiple")
_LIVE_AST = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple")


def _non_live(python: str, java: str, javascript: str) -> dict[str, Formula]:
    return _below(
        "non_live",
        {
            "Python Simple AST": _mean(python),
            "Java Simple AST": _mean(java),
            "JavaScript Simple AST": _mean(javascript),
            "Simple AST": _mean(python, java, javascript),
            "Multiple AST": _mean("multiple"),
            "Parallel AST": _mean("parallel"),
            "Parallel Multiple AST": _mean("parallel_multiple"),
            "Irrelevance Detection": _mean("irrelevance"),
            "AST Summary": _mean(*(f"non_live/{style} AST" for style in _STYLES)),
        },
    )


_EXEC = _below(
    "non_live",
    {
        "Python Simple Exec": _mean("exec_simple"),
        "REST Simple Exec": _mean("rest"),
        "Simple Exec": _mean("exec_simple", "rest"),
        "Multiple Exec": _mean("exec_multiple"),
        "Parallel Exec": _mean("exec_parallel"),
        "Parallel Multiple Exec": _mean("exec_parallel_multiple"),
        "Exec Summary": _mean(*(f"non_live/{style} Exec" for style in _STYLES)),
    },
)
_NON_LIVE_WITH_EXEC = _mean(
    *(f"non_live/{style} AST" for style in _STYLES),
    *(f"non_live/{style} Exec" for style in _STYLES),
    "irrelevance",
)
_LIVE = _below(
    "live",
    {
        "Python Simple AST": _mean("live_simple"),
        "Python Multiple AST": _mean("live_multiple"),
        "Python Parallel AST": _mean("live_parallel"),
        "Python Parallel Multiple AST": _mean("live_parallel_multiple"),
        "Irrelevance Detection": _mean("live_irrelevance"),
        "Relevance Detection": _mean("live_relevance"),
        "AST Summary": _counted(*_LIVE_AST),
    },
)
_LIVE_WHOLE = _counted(*_LIVE_AST, "live_irrelevance", "live_relevance")

_V2 = {
    **_non_live("simple", "java", "javascript"),
    **_EXEC,
    "non_live/Overall Acc": _NON_LIVE_WITH_EXEC,
    **_LIVE,
    "live/Overall Acc": _LIVE_WHOLE,
    **_below(
        "overall",
        {
            **{
                f"{style} AST": _mean(f"non_live/{style} AST", f"live/Python {style} AST")
                for style in _STYLES
            },
            **{f"{style} Exec": _mean(f"non_live/{style} Exec") for style in _STYLES},
            "Irrelevance Detection": _mean("irrelevance", "live_irrelevance"),
            "Relevance Detection": _mean("live_relevance"),
            "AST Summary": _mean(*(f"overall/{style} AST" for style in _STYLES)),
            "Exec Summary": _mean(*(f"overall/{style} Exec" for style in _STYLES)),
            "Overall Acc": _mean(
                *(f"overall/{style} AST" for style in _STYLES),
                *(f"overall/{style} Exec" for style in _STYLES),
                "overall/Irrelevance Detection",
                "overall/Relevance Detection",
            ),
        },
    ),
}

_TURNS = {
    "Base": "multi_turn_base",
    "Miss Func": "multi_turn_miss_func",
    "Miss Param": "multi_turn_miss_param",
    "Long Context": "multi_turn_long_context",
}
_MULTI_TURN = {
    **_below("multi_turn", {header: _mean(name) for header, name in _TURNS.items()}),
    "multi_turn/Multi Turn Overall Acc": _mean(*_TURNS.values()),
}
_OVERALL_PARTS = _below(
    "overall",
    {
        "Non-Live AST Acc": _mean("non_live/AST Summary"),
        **{f"Non-Live {style} AST": _mean(f"non_live/{style} AST") for style in _STYLES},
        **{f"Live {style} AST": _mean(f"live/Python {style} AST") for style in _STYLES},
        "Multi Turn Acc": _mean("multi_turn/Multi Turn Overall Acc"),
        **{f"Multi Turn {header}": _mean(name) for header, name in _TURNS.items()},
        "Relevance Detection": _mean("live_relevance"),
        "Irrelevance Detection": _mean("irrelevance", "live_irrelevance"),
    },
)
_V3_OVERALL = {
    "live/Live Overall Acc": _LIVE_WHOLE,
    **_MULTI_TURN,
    **_OVERALL_PARTS,
    "overall/Live Acc": _mean("live/Live Overall Acc"),
    "overall/Overall Acc": _mean(
        "live/Live Overall Acc",
        "non_live/Non_Live Overall Acc",
        "multi_turn/Multi Turn Overall Acc",
    ),
}
_V3_WITH_EXEC = {
    **_non_live("simple", "java", "javascript"),
    **_EXEC,
    "non_live/Non_Live Overall Acc": _NON_LIVE_WITH_EXEC,
    **_LIVE,
    **_V3_OVERALL,
}
_V3 = {
    **_non_live("simple", "java", "javascript"),
    "non_live/Non_Live Overall Acc": _mean(
        *(f"non_live/{style} AST" for style in _STYLES), "irrelevance"
    ),
    **_LIVE,
    **_V3_OVERALL,
}

_V4 = {
    **_non_live("simple_python", "simple_java", "simple_javascript"),
    "non_live/Non-Live Overall Acc": _mean(*(f"non_live/{style} AST" for style in _STYLES)),
    **_LIVE,
    "live/Live Overall Acc": _counted(*_LIVE_AST),
    **_MULTI_TURN,
    **_below(
        "agentic",
        {
            "Web Search Base": _mean("web_search_base"),
            "Web Search No Snippet": _mean("web_search_no_snippet"),
            "Web Search Summary": _mean("web_search_base", "web_search_no_snippet"),
            "Memory KV": _mean("memory_kv"),
            "Memory Vector": _mean("memory_vector"),
            "Memory Recursive Summarization": _mean("memory_rec_sum"),
            "Memory Summary": _mean("memory_kv", "memory_vector", "memory_rec_sum"),
            "Agentic Overall Acc": _mean("agentic/Web Search Summary", "agentic/Memory Summary"),
        },
    ),
    **_OVERALL_PARTS,
    **_below(
        "overall",
        {
            "Live Acc": _mean("live/Live Overall Acc"),
            "Web Search Acc": _mean("agentic/Web Search Summary"),
            "Web Search Base": _mean("web_search_base"),
            "Web Search No Snippet": _mean("web_search_no_snippet"),
            "Memory Acc": _mean("agentic/Memory Summary"),
            "Memory KV": _mean("memory_kv"),
            "Memory Vector": _mean("memory_vector"),
            "Memory Recursive Summarization": _mean("memory_rec_sum"),
            "Overall Acc": Formula(
                (
                    "non_live/Non-Live Overall Acc",
                    "live/Live Overall Acc",
                    "overall/Irrelevance Detection",
                    "multi_turn/Multi Turn Overall Acc",
                    "agentic/Agentic Overall Acc",
                ),
                weights=(0.1, 0.1, 0.1, 0.3, 0.4),
            ),
        },
    ),
}

COLUMNS: dict[str, dict[str, Formula]] = {
    "v1": _V1,
    "v2": _V2,
    "v3-2024-09-20": _V3_WITH_EXEC,
    "v3": _V3,
    "v4": _V4,
}
"""Name of a table of columns -> `table/header` -> formula, each after what it is made of."""
TOTAL = "overall/Overall Acc"
"""The column that ranks models; the last of every version."""
