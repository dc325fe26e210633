"""The sandbox's Slurm: each Slurm cluster has a real slurmctld on its controller, and a slurmd on each other node."""
