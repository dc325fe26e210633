"""What a Kubernetes node keeps for itself, and what it leaves to pods.

Source: aws/sagemaker-hyperpod-cli 3.12.0, training/quota_allocation_util.py, which AWS's own
command line applies to HyperPod nodes. The kubelet's real figure (`status.allocatable`) wins where a
node is there to be asked.
"""

from __future__ import annotations

Brackets = tuple[tuple[float, float], ...]

_SYSTEM_CPU = 0.1
_CPU_BRACKETS: Brackets = ((1, 0.30), (1, 0.15), (2, 0.10), (float("inf"), 0.06))
_SYSTEM_MEMORY_GIB = 0.5
_MEMORY_BRACKETS: Brackets = ((4, 0.30), (4, 0.25), (8, 0.20), (112, 0.17), (float("inf"), 0.07))


def allocatable_cpu(vcpus: float) -> float:
    """How many of a node's `vcpus` pods can request."""
    return vcpus - _SYSTEM_CPU - _reserved(vcpus, _CPU_BRACKETS)


def allocatable_memory_gib(memory_gib: float) -> float:
    """How many of a node's `memory_gib` pods can request."""
    return memory_gib - _SYSTEM_MEMORY_GIB - _reserved(memory_gib, _MEMORY_BRACKETS)


def _reserved(amount: float, brackets: Brackets) -> float:
    """Tax by bracket: each (width, share) takes its share of the part of `amount` that falls in it."""
    reserved = 0.0
    for width, share in brackets:
        part = min(amount, width)
        reserved += part * share
        amount -= part
    return reserved
