"""BFCL's simulated worlds: multi-turn, memory, and recorded web search.

The classes come from the benchmark's own wheel (`actloom pull bfcl`) and run in sandboxed
processes, fresh for every case. Rules after ShishirPatil/gorilla, described in our own words.
"""
