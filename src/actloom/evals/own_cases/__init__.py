"""Own cases: questions a user writes by hand, each with what counts as right."""
