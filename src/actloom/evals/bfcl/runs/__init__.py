"""Asking a model BFCL's questions, and going on where a killed run was."""
