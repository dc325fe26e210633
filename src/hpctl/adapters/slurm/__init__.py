"""Slurm, reached by its own commands on the nodes of a cluster."""
