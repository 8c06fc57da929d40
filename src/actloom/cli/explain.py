"""`actloom explain`."""

from __future__ import annotations

import sys

from actloom.core.errors import ActloomError


def explain(code: str = "", /) -> int | None:
    """Explain a code of a finding or a kind of failure: what it means, and what the fix does.

    Example: actloom explain CALL005

    Args:
        code: a finding code such as CALL005, or a failure kind of an evaluation such as
            type_error:nested; all are listed without one.
    """
    from actloom.run.codes import in_a_line, meanings

    known = meanings()
    if not code:
        _print("\n".join(f"{each:<10} {in_a_line(text)}" for each, text in known.items()))
        return 0
    folded = {each.casefold(): each for each in known}
    wanted = folded.get(code.strip().casefold())
    if wanted is None:
        raise _unknown(code, list(known))
    _show(_page(wanted))
    return 0


def _page(code: str) -> str:
    """Returns the Markdown page of a known code; only built-in rules have more than a meaning."""
    from actloom.run.codes import meaning_of
    from actloom.verify.pages import page_of

    try:
        return page_of(code)
    except FileNotFoundError:
        return f"# {code}\n\n{meaning_of(code)}\n"


def _show(page: str) -> None:
    """Prints Markdown, rendered where a person is looking."""
    if not sys.stdout.isatty():
        _print(page.rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page))


def _unknown(code: str, known: list[str]) -> ActloomError:
    import difflib

    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(code.casefold(), folded, n=1, cutoff=0.5)
    return ActloomError(
        f"no finding and no failure has the code {code!r}",
        expected="a code that `actloom explain` lists",
        got=code,
        todo=f"did you mean {folded[near[0]]!r}?" if near else "run `actloom explain` for the list",
    )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
