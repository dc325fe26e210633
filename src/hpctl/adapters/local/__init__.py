"""This machine: its clock, its signals, and the files that hpctl keeps on it."""
