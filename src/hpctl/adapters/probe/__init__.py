"""Nodes, looked at from inside by one program."""
