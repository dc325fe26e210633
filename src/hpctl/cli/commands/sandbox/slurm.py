"""Whether clusters of the sandbox have a real Slurm on this machine, and images."""

from __future__ import annotations


def slurm_missing() -> str:
    """Return why jobs cannot run on Slurm in the sandbox, and what installs what they lack; "" where they can."""
    from hpctl.sandbox.slurm.installed import missing_for_options, why_not

    if why := why_not():
        return why
    if packages := " ".join(missing_for_options()):
        return f"srun takes no image here (sudo apt-get install --no-install-recommends {packages})"
    return ""
