"""Digests of the published revisions of BFCL's data, so that a score can name what it stands on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

PUBLISHED: dict[str, dict[str, str]] = {
    "v1-2024-08-11": {
        "simple": "7a0ba7d956e6013a",
        "multiple_function": "d6a1953814846720",
        "parallel_function": "754f234066b7f3c4",
        "parallel_multiple_function": "8c54fd1676d0e08b",
        "relevance": "a1488f5a4b692749",
        "java": "aa9b705013065d56",
        "javascript": "28908379b7df103b",
        "executable_simple": "d1d296ba52e2ef14",
        "executable_multiple_function": "dd83224cf669a85e",
        "executable_parallel_function": "576fca169e1b272d",
        "executable_parallel_multiple_function": "546d8c1e38dcc888",
        "rest": "572b9decd6549e88",
    },
    "v4": {
        "simple_python": "a437eba7bc1d508d",
        "simple_java": "67c927f71f412767",
        "simple_javascript": "512ecd6331258bd9",
        "multiple": "6f1d265d4f467114",
        "parallel": "1126075c84d93f4d",
        "parallel_multiple": "ce1598d26c1306b1",
        "irrelevance": "43bbbc3293ed6de0",
        "live_simple": "5141296b91eacfec",
        "live_multiple": "d973cc2611b84f83",
        "live_parallel": "331283de50c429f1",
        "live_parallel_multiple": "a2ee73aaa80a6512",
        "live_irrelevance": "404076e52a4aa1f2",
        "live_relevance": "4404374618024e46",
        "multi_turn_base": "697a3aef63e2319e",
        "multi_turn_miss_func": "1563362636e1fa44",
        "multi_turn_miss_param": "b8ba5b5aa184db74",
        "multi_turn_long_context": "31bcc79a9d7b3fbb",
        "web_search_base": "251824d6be21e922",
        "web_search_no_snippet": "5be19e462277c639",
        "memory_kv": "8f61ca1936ca3a72",
        "memory_vector": "6e6df7d385117b63",
        "memory_rec_sum": "6b3a063c608a6c27",
        "format_sensitivity": "411464bf09f53c20",
    },
}
"""Profile -> category -> `QuestionSet.digest`: v1 of gorilla `de8307b4`, v4 of `6ea57973`, which is
also that of bfcl-eval 2026.3.23. Of v2's and v3's data no published copy was at hand."""


class DataHash(msgspec.Struct, frozen=True):
    """Which revision of the data a score stands on."""

    digest: str
    """Digest of the questions and answers of the scored categories."""
    state: str
    """`published`, `changed: ...` with the categories that differ, or `unpublished`."""


def data_hash(profile: str, digests: Mapping[str, str]) -> DataHash:
    """Returns the hash of the scored categories' data and how it stands to the published one.

    Args:
        profile: name of the profile.
        digests: category -> digest, of the scored categories.
    """
    whole = hashlib.blake2b(digest_size=8)
    for name in sorted(digests):
        whole.update(f"{name} {digests[name]}\n".encode())
    known = PUBLISHED.get(profile)
    if known is None:
        state = "unpublished"
    else:
        changed = [name for name, digest in digests.items() if known.get(name) != digest]
        state = f"changed: {', '.join(changed)}" if changed else "published"
    return DataHash(whole.hexdigest(), state)
