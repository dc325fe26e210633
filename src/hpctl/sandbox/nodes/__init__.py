"""Nodes of HyperPod clusters as machines: where sessions land, and where the sandbox's Slurm runs."""
