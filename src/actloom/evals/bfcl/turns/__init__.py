"""Verdicts on multi-turn, memory and web search outputs."""
