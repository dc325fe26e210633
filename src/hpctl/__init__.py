"""hpctl: Amazon SageMaker HyperPod clusters, from a spec file to nodes in service."""

from __future__ import annotations

__version__ = "0.1.0"
