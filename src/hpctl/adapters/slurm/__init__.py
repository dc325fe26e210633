"""Slurm, by its own commands on the nodes of a HyperPod cluster."""
