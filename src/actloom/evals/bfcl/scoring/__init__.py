"""Stored outputs to verdicts, totals and tables."""
