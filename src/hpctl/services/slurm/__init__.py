"""Slurm's own view of a cluster, and its nodes taken out of work and put back."""
