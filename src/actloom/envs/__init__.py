"""Stateful worlds with rules, one folder a benchmark; `rollout` plays them, `evals` score them."""
