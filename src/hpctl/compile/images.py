"""The image of a job that names none: by what its nodes have.

Sources: aws/deep-learning-containers and aws-neuron/deep-learning-containers, lists of available images. They hold
bash, git, Python and PyTorch; `uv` and `conda` are there only where an image of one's own has them.
"""

from __future__ import annotations

from typing import Final

from hpctl.catalog.instance_types import instance_type
from hpctl.errors import NotFoundError
from hpctl.facts.placement import Placement

_CONTAINERS: Final = "public.ecr.aws/deep-learning-containers"
GPU: Final = f"{_CONTAINERS}/pytorch-training:2.8.0-gpu-py312-cu129-ubuntu22.04-ec2"
GPU_ON_ARM: Final = f"{_CONTAINERS}/pytorch-training-arm64:2.7.0-gpu-py312-cu128-ubuntu22.04-ec2"
NEURON: Final = "public.ecr.aws/neuron/pytorch-training-neuronx:2.9.0-neuronx-py312-sdk2.27.1-ubuntu24.04"
PLAIN: Final = "public.ecr.aws/docker/library/python:3.12"
"""For both architectures."""


def default_image(placement: Placement) -> str:
    """Return the image of a job that names none."""
    match placement.accelerator_resource:
        case None:
            return PLAIN
        case str(resource) if resource.startswith("aws.amazon.com/"):
            return NEURON
    return GPU_ON_ARM if _architecture(placement.instance_type) == "arm64" else GPU


def _architecture(name: str | None) -> str | None:
    try:
        return instance_type(name).architecture if name else None
    except NotFoundError:
        return None
