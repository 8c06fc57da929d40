"""The checker: decoded calls against gold, by the rules of each version, strictly and leniently."""
