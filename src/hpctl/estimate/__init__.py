"""Arithmetic about models: parameters, memory, ways to split them, nodes. No I/O, no clock, no chance."""
