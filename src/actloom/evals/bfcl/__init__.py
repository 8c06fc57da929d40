"""BFCL: the Berkeley Function-Calling Leaderboard with its official verdicts, in profiles v1 to v4.

Rules after ShishirPatil/gorilla (`berkeley-function-call-leaderboard`), described in our own words.
"""
