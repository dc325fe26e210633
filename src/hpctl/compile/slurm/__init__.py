"""Pure builders for Slurm: a job's wish becomes an sbatch script and the files that lie beside it."""
