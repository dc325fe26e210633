"""Judgement: one small declared function a check, a file an area; no I/O of its own."""
