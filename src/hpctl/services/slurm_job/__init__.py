"""Jobs on Slurm: the verbs of `hpctl job` where Slurm orchestrates."""
