"""Own traces: what another model would have done where the production model acted."""
