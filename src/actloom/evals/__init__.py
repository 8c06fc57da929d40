"""Evals: a model's calls against the expected ones, with intervals, failure kinds and a trace.

Nothing is imported here, so that one checker can be used without the others.
"""
