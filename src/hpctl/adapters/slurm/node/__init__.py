"""What runs on the controller node of a Slurm cluster, as one program: see `adapters.slurm.program`."""
