"""State outside instances, as some of the benchmark's modules have it."""

SEEN: list[str] = []
