"""Questions, gold answers and stored outputs, in every published layout."""
