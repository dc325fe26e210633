"""Whether a job's image can be pulled by its nodes and run on them, as far as its name and the nodes' labels tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.job_pods import GPU, NEURON, PodTemplate, known_type, nodes_for, templates
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.world import World
from hpctl.report.check import Finding

_HOST: Final = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
)
_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE: Final = re.compile(
    rf"(?:(?P<registry>{_HOST})/)?(?P<name>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
"""A reference as container runtimes read it (the Distribution project, "reference" grammar)."""

_ECR: Final = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.\S+")
"""A private registry of Amazon ECR (Amazon ECR user guide, "registry URI")."""

_ARCHITECTURES: Final = (
    ("arm64", re.compile(r"(?:^|[-_./])(?:arm64|aarch64|graviton)(?:$|[-_./v])")),
    ("amd64", re.compile(r"(?:^|[-_./])(?:amd64|x86[-_]64)(?:$|[-_./v])")),
)
"""What images of one architecture have in their names, by Kubernetes' word for it (label `kubernetes.io/arch`)."""

_FOR_NEURON: Final = re.compile(r"neuron")
_FOR_GPUS: Final = re.compile(r"(?:^|[-_./])(?:gpu|cuda|cu1[0-9]+|rocm)(?=$|[-_./0-9])")
_FOR_NONE: Final = re.compile(r"(?:^|[-_./])cpu(?:$|[-_./])")
"""What the names and tags of AWS Deep Learning Containers and of PyTorch's images say they are for."""


@dataclass(frozen=True)
class Reference:
    """An image's reference in its parts; no tag and no digest means `latest`."""

    registry: str | None
    name: str
    tag: str | None
    digest: str | None

    @property
    def words(self) -> str:
        """Name and tag: what tells people what the image is for."""
        return f"{self.name}:{self.tag or ''}".lower()


@check("job-image", "the images' references can be read", needs=("kube-token",))
def image(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """A reference that no container runtime can read leaves pods in `InvalidImageName`.

    A tag that moves (`latest`, or none) may be another image on every node and after every restart.
    """
    for _template, text in _images(job):
        found = _read(text)
        if found is None:
            remedy = _remedy(text)
            yield fail(f"image/{text or '(none)'}", "is no reference of an image", remedy=remedy)
        elif not found.digest and found.tag in (None, "latest"):
            yield note(f"image/{text}", "may be another image after a restart: its tag moves")


@check(
    "job-image-registry",
    "images come from a registry of the cluster's Region",
    needs=("job-image",),
    reads=("sts:GetCallerIdentity",),
    blocking=False,
)
def registry(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Nodes in a closed network reach Amazon ECR of their own Region through its endpoints, and no other registry.

    Elsewhere, pulling across Regions takes longer and is paid for.
    """
    region = world.identity().region
    for _template, text in _images(job):
        found = _read(text)
        there = _ECR.fullmatch(found.registry or "") if found else None
        if there and there["region"] != region:
            remedy = f"replicate it: aws ecr put-replication-configuration --region {there['region']} ... ({region})"
            yield warn(f"image/{text}", f"is in `{there['region']}`, and the cluster in `{region}`", remedy=remedy)


@check(
    "job-image-platform",
    "images are for the nodes' processors and accelerators",
    needs=("job-image", "job-fits"),
    reads=("eks:DescribeCluster", "kubernetes:nodes"),
    blocking=False,
)
def platform(job: JobInCluster, world: World) -> Iterator[Finding]:
    """An image for another architecture ends with `exec format error`, after it was pulled on every node.

    Judged by the words in its name and tag: what is inside is the registry's to tell, which hpctl does not ask.
    """
    for template, text in _images(job):
        found = _read(text)
        nodes = nodes_for(template, job, world) if found else ()
        if found is None or not nodes:
            continue
        theirs = {_architecture(node) for node in nodes} - {None}
        named = [name for name, words in _ARCHITECTURES if words.search(found.words)]
        if named and theirs and not theirs & set(named):
            message = f"is for {named[0]}, and the nodes are {', '.join(sorted(filter(None, theirs)))}"
            yield fail(f"image/{text}", message, remedy="take the image of the nodes' architecture, or other nodes")
        yield from _accelerated(template, text, found)


def _accelerated(template: PodTemplate, text: str, found: Reference) -> Iterator[Finding]:
    asked = {key for key, amount in template.requests.items() if amount}
    for_neuron, for_gpus = bool(_FOR_NEURON.search(found.words)), bool(_FOR_GPUS.search(found.words))
    if GPU in asked and for_neuron and not for_gpus:
        remedy = "take an image with CUDA, or nodes with Trainium"
        yield fail(f"image/{text}", "is for Neuron, and the job asks for GPUs", remedy=remedy)
    elif asked & set(NEURON) and for_gpus and not for_neuron:
        remedy = "take an image with the Neuron SDK, or nodes with GPUs"
        yield fail(f"image/{text}", "is for GPUs, and the job asks for Neuron devices", remedy=remedy)
    elif asked & {GPU, *NEURON} and _FOR_NONE.search(found.words):
        remedy = "take the image of the same release for accelerators"
        yield warn(f"image/{text}", "is for CPUs, and the job asks for accelerators", remedy=remedy)


def _images(job: JobInCluster) -> Iterator[tuple[PodTemplate, str]]:
    """Yield each image once, with the first role that runs it."""
    seen: set[str] = set()
    for template in templates(job):
        for one in template.all_containers:
            text = str(one.get("image") or "")
            if text not in seen:
                seen.add(text)
                yield template, text


def _read(text: str) -> Reference | None:
    first, slash, rest = text.partition("/")
    # As runtimes decide it: what is before the first slash is a registry when it could be a host.
    hosted = bool(slash) and ("." in first or ":" in first or first == "localhost")
    found = _REFERENCE.fullmatch(text if hosted else f"docker.io/{text}")
    if found is None or (hosted and not rest):
        return None
    return Reference(found["registry"] if hosted else None, found["name"], found["tag"], found["digest"])


def _remedy(text: str) -> str:
    if not text:
        return "name one: --image REGISTRY/NAME:TAG"
    name, colon, tag = text.partition(":")
    if text != text.lower() and _read(f"{name.lower()}{colon}{tag}"):
        return f"names are in lower case: {name.lower()}{colon}{tag}"
    return "write REGISTRY/NAME:TAG, such as public.ecr.aws/docker/library/python:3.12"


def _architecture(node: KubernetesNode) -> str | None:
    """Return the node's architecture in Kubernetes' word, by its label or else by its type."""
    kind = known_type(node.instance_type)
    words = {"x86_64": "amd64", "arm64": "arm64"}
    return node.labels.get("kubernetes.io/arch") or (words.get(kind.architecture) if kind else None)
