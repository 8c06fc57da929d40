"""Names of decoders, dialects and native calls as decoders, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom import Call, Reply, dialect
from actloom.core.errors import InputError
from actloom.dialects import NAMES
from actloom.evals.bfcl.decoders import decoder, names
from actloom.evals.bfcl.decoding import Decoded

PAGE = Path(__file__).parents[3] / "docs" / "decoders.md"
REPLY = Reply(tool_calls=[Call("find", {"city": "Rome", "days": 3})])
FOUND = [{"find": {"city": "Rome", "days": 3}}]


def test_every_name_is_the_name_of_its_decoder() -> None:
    assert [decoder(name).name for name in names()] == names()
    assert len(set(names())) == len(names())


def test_an_unknown_name_is_a_user_error_that_offers_a_near_one() -> None:
    with pytest.raises(InputError) as caught:
        decoder("xlam@bfcl_v2")
    assert "xlam@bfcl_v1" in caught.value.todo


def test_the_page_lists_every_leaderboard_decoder_with_what_it_reads() -> None:
    rows = dict(re.findall(r"^\| `([\w@.]+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE))
    expected = {name: decoder(name).reads for name in names() if "@" in name}
    assert rows == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_dialect_is_a_decoder_of_what_it_writes(name: str) -> None:
    text = dialect(name).render(REPLY)
    written = dialect(name).parse(text).reply.tool_calls
    expected = [{call.name: call.arguments} for call in written]
    for decode in (decoder(name), decoder(f"lenient:{name}")):
        assert decode.calls(text, "python") == Decoded(value=expected)
        assert decode.calls(text, "java") == Decoded(value=expected)


def test_a_strict_dialect_fails_where_a_lenient_one_mends() -> None:
    call = "{'name': 'find', 'arguments': {'city': 'Rome', 'days': 3}}"
    text = f"<tool_call>\n{call}\n</tool_call>"
    assert decoder("hermes").calls(text, "python").error
    assert decoder("lenient:hermes").calls(text, "python").value == FOUND


def test_words_are_no_calls() -> None:
    assert decoder("hermes").calls("I cannot do that.", "python") == Decoded(value=[])
    assert decoder("auto").calls("I cannot do that.", "python") == Decoded(value=[])
    assert decoder("native").calls("I cannot do that.", "python") == Decoded(value=[])


def test_a_dialect_does_not_read_native_calls() -> None:
    assert decoder("hermes").calls([{"find": "{}"}], "python").error


def test_native_calls_come_as_json_text_or_objects() -> None:
    for arguments in ('{"city": "Rome", "days": 3}', {"city": "Rome", "days": 3}):
        assert decoder("native").calls([{"find": arguments}], "python").value == FOUND
        assert decoder("auto").calls([{"find": arguments}], "python").value == FOUND
    assert decoder("native").calls([{"find": "{"}], "python").error


@pytest.mark.parametrize("name", ["hermes", "qwen3_coder", "pythonic", "xlam", "llama3_json"])
def test_auto_finds_the_dialect(name: str) -> None:
    text = dialect(name).render(REPLY)
    assert decoder("auto").calls(text, "python").value == FOUND


def test_call_texts_are_python() -> None:
    text = dialect("hermes").render(REPLY)
    assert decoder("hermes").call_texts(text).value == ["find(city='Rome',days=3)"]
    assert decoder("native").call_texts([{"f": '"x"'}]).error


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    )
    | st.text(st.sampled_from("f(x=1)[]{}'\",:\n<>/`; \\"), max_size=30)
)
def test_no_result_makes_a_leaderboard_decoder_raise(result: object) -> None:
    for name in names():
        if "@" in name:
            for decoded in (
                *(decoder(name).calls(result, language) for language in ("python", "java")),
                decoder(name).call_texts(result),
            ):
                assert isinstance(decoded, Decoded)
                assert decoded.value is None or not decoded.error


def test_a_long_thought_before_a_call_is_no_hindrance() -> None:
    text = "Hm, which [city] would that be? " * 4_000 + dialect("hermes").render(REPLY)
    assert decoder("auto").calls(text, "python").value == FOUND
    assert decoder("auto").calls(text * 10, "python").error
