"""Pure builders: a job's wish and where it goes become the objects that run it."""
