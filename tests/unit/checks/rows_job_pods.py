"""What the checks of a job's pods say: image, EFA, memory, variables, secrets."""

from __future__ import annotations

from typing import Any

from hpctl.facts.job_target import JobInCluster
from hpctl.spec.job import Contract
from tests.unit.builders import a_kubernetes_node
from tests.unit.checks.job_rows import (
    NODES,
    JobRow,
    a_batch_job,
    a_container,
    a_pod,
    a_target,
    bad,
    doubtful,
    fails,
    joined,
    passes,
    resources,
    said,
    warns,
)

SHM = "mount `emptyDir: {medium: Memory, sizeLimit: 10Gi}` or more at /dev/shm"
ON_P5 = "job/train on ml.p5.48xlarge"
ON_G5 = "job/train on ml.g5.48xlarge"
OTHER_REGION = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:v1"
G5 = {"node.kubernetes.io/instance-type": "ml.g5.48xlarge"}
TRN = {"node.kubernetes.io/instance-type": "ml.trn1.32xlarge"}


def of(**members: Any) -> JobInCluster:
    """A job of two nodes whose container has these members."""
    return a_target(a_pod(a_container(**members)))


def image(text: str) -> JobInCluster:
    return of(image=text)


def env(**variables: str) -> JobInCluster:
    return of(env=[{"name": name, "value": value} for name, value in variables.items()])


def script(text: str, contract: Contract | None = Contract.TRAINING, **members: Any) -> JobInCluster:
    return a_target(scripts={"run": text}, contract=contract, **members)


def g5(*containers: Any) -> JobInCluster:
    return a_target(a_pod(*containers, nodeSelector=G5))


def neuron(**members: Any) -> JobInCluster:
    usual = resources(neuron=16, efa=8) | {"image": "example.com/neuronx:v1"}
    return a_target(a_pod(a_container(**usual | members), nodeSelector=TRN))


G5_NODES = joined(*(a_kubernetes_node(name, "ml.g5.48xlarge") for name in NODES))
TRN_NODES = joined(*(a_kubernetes_node(name, "ml.trn1.32xlarge") for name in NODES))
P5 = a_kubernetes_node(NODES[0])
ARM = joined(a_kubernetes_node(NODES[0], labels={**P5.labels, "kubernetes.io/arch": "arm64"}))
SHORT_OF_EFA = joined(P5, a_kubernetes_node(NODES[1], allocatable={**P5.allocatable, "vpc.amazonaws.com/efa": "10"}))


def in_env(name: str, value: str) -> str:
    return f"env of pytorch: {name}={value}"


IMAGES: tuple[JobRow, ...] = (
    passes("job-image", "a digest", image("python@sha256:" + "0" * 64)),
    passes("job-image", "a port", image("registry.example:5000/team/train:v1")),
    passes(
        "job-image",
        "no tag",
        image("python"),
        said("image/python", "may be another image after a restart: its tag moves"),
    ),
    fails(
        "job-image",
        "capitals",
        image("example.com/Team/Train:v1"),
        bad(
            "image/example.com/Team/Train:v1",
            "is no reference of an image",
            remedy="names are in lower case: example.com/team/train:v1",
        ),
    ),
    fails(
        "job-image",
        "no image",
        image(""),
        bad("image/(none)", "is no reference of an image", remedy="name one: --image REGISTRY/NAME:TAG"),
    ),
    fails(
        "job-image",
        "blanks",
        image("train v1"),
        bad(
            "image/train v1",
            "is no reference of an image",
            remedy="write REGISTRY/NAME:TAG, such as public.ecr.aws/docker/library/python:3.12",
        ),
    ),
    passes("job-image-registry", "ECR of the Region", a_target()),
    passes("job-image-registry", "another registry", image("public.ecr.aws/hpc-cloud/nccl-tests:latest")),
    warns(
        "job-image-registry",
        "ECR of another Region",
        image(OTHER_REGION),
        doubtful(
            f"image/{OTHER_REGION}",
            "is in `us-east-1`, and the cluster in `us-west-2`",
            remedy="replicate it: aws ecr put-replication-configuration --region us-east-1 ... (us-west-2)",
        ),
    ),
    passes("job-image-platform", "no word about it", a_target()),
    passes("job-image-platform", "the nodes' architecture", image("example.com/train:v1-amd64")),
    passes("job-image-platform", "the architecture of other nodes", image("example.com/train:v1-arm64"), happen=ARM),
    fails(
        "job-image-platform",
        "another architecture",
        image("example.com/train:v1-arm64"),
        bad(
            "image/example.com/train:v1-arm64",
            "is for arm64, and the nodes are amd64",
            remedy="take the image of the nodes' architecture, or other nodes",
        ),
    ),
    fails(
        "job-image-platform",
        "Neuron on GPUs",
        image("example.com/pytorch-training-neuronx:2.7"),
        bad(
            "image/example.com/pytorch-training-neuronx:2.7",
            "is for Neuron, and the job asks for GPUs",
            remedy="take an image with CUDA, or nodes with Trainium",
        ),
    ),
    fails(
        "job-image-platform",
        "GPUs on Neuron",
        neuron(image="example.com/pytorch-training:2.7-gpu-py312-cu128"),
        bad(
            "image/example.com/pytorch-training:2.7-gpu-py312-cu128",
            "is for GPUs, and the job asks for Neuron devices",
            remedy="take an image with the Neuron SDK, or nodes with GPUs",
        ),
        happen=TRN_NODES,
    ),
    warns(
        "job-image-platform",
        "one for CPUs",
        image("example.com/pytorch-training:2.7-cpu-py312"),
        doubtful(
            "image/example.com/pytorch-training:2.7-cpu-py312",
            "is for CPUs, and the job asks for accelerators",
            remedy="take the image of the same release for accelerators",
        ),
    ),
)

NETWORK: tuple[JobRow, ...] = (
    passes("job-efa", "all interfaces", a_target()),
    passes("job-efa", "half of them for half the devices", of(**resources(gpu=4, efa=16))),
    passes("job-efa", "one node", a_batch_job(a_pod(a_container(**resources(gpu=8))))),
    passes("job-efa", "no accelerators", of(**resources(cpu=4))),
    fails(
        "job-efa",
        "more than there are",
        of(**resources(gpu=8, efa=33)),
        bad(ON_P5, "asks for 33 EFA interfaces, and the type has 32", remedy="ask for 32, or leave it out"),
    ),
    warns(
        "job-efa",
        "none",
        of(**resources(gpu=8)),
        doubtful(
            ON_P5,
            "asks for no EFA interfaces, and its share is 32",
            remedy="ask for `vpc.amazonaws.com/efa: 32` in requests and limits, or leave it to hpctl",
        ),
    ),
    fails(
        "job-efa",
        "FI_PROVIDER and none",
        a_batch_job(a_pod(a_container(**resources(gpu=4), env=[{"name": "FI_PROVIDER", "value": "efa"}]))),
        bad(
            ON_P5,
            "sets FI_PROVIDER=efa, and asks for no EFA interface",
            remedy="ask for `vpc.amazonaws.com/efa: 16`",
        ),
    ),
    passes("job-efa-offered", "all of them", a_target()),
    warns(
        "job-efa-offered",
        "a node that has found fewer",
        a_batch_job(count=2),
        doubtful(
            f"node/{NODES[1]}",
            "offers 10 of the 32 EFA interfaces of ml.p5.48xlarge",
            remedy=f"hpctl cluster check ml-cluster\nkubectl describe node {NODES[1]}",
        ),
        happen=SHORT_OF_EFA,
    ),
    passes("job-requests", "limits alike", a_target()),
    passes("job-requests", "less CPU than its limit", of(resources={"requests": {"cpu": 1}, "limits": {"cpu": 2}})),
    fails(
        "job-requests",
        "no limit",
        a_batch_job(a_pod(a_container(resources={"requests": {"nvidia.com/gpu": 8}}))),
        bad(
            "job/train (pytorch)",
            "asks for 8 of `nvidia.com/gpu`, and limits it to nothing",
            remedy="write `nvidia.com/gpu: 8` under `resources.limits`, too",
        ),
    ),
    passes("job-memory-lock", "the capability", a_target()),
    passes("job-memory-lock", "no EFA", of(securityContext={}, **resources(gpu=8))),
    warns(
        "job-memory-lock",
        "EFA without it",
        a_batch_job(a_pod(a_container(securityContext={}))),
        doubtful(
            "job/train (pytorch)",
            "has EFA interfaces, and not the capability IPC_LOCK",
            remedy="add `securityContext: {capabilities: {add: [IPC_LOCK]}}` to the container",
        ),
    ),
    passes("job-shared-memory", "a memory volume", a_target()),
    passes("job-shared-memory", "one GPU alone", a_batch_job(a_pod(a_container(volumeMounts=[], **resources(gpu=1))))),
    warns(
        "job-shared-memory",
        "no volume",
        a_batch_job(a_pod(a_container(volumeMounts=[]))),
        doubtful("job/train (pytorch)", "has no volume at /dev/shm, which is 64 MiB then", remedy=SHM),
    ),
    warns(
        "job-shared-memory",
        "the node's",
        a_batch_job(a_pod(volumes=[{"name": "shm", "hostPath": {"path": "/dev/shm"}}])),
        doubtful("job/train (pytorch)", "shares the node's /dev/shm with other pods", remedy=SHM),
    ),
)


def harmful(name: str, value: str, message: str, remedy: str, job: JobInCluster | None = None) -> JobRow:
    found = doubtful(f"env/{name}", message, in_env(name, value), remedy=remedy)
    return warns("job-environment", f"{name}={value}", job or env(**{name: value}), found)


ENVIRONMENT: tuple[JobRow, ...] = (
    passes("job-environment", "nothing of note", env(FI_PROVIDER="efa", NCCL_DEBUG="INFO", OMP_NUM_THREADS="8")),
    passes("job-environment", "an excluded interface", env(NCCL_SOCKET_IFNAME="^lo,docker")),
    passes("job-environment", "the pod's own interface", env(NCCL_SOCKET_IFNAME="eth0")),
    passes(
        "job-environment", "what is in a comment", script("# export NCCL_PROTO=simple\ntrue  # NCCL_PROTO=simple\n")
    ),
    passes(
        "job-environment",
        "RDMA on Neuron",
        neuron(env=[{"name": "FI_EFA_USE_DEVICE_RDMA", "value": "1"}]),
        happen=TRN_NODES,
    ),
    passes(
        "job-environment",
        "RDMA where it is not needed",
        env(FI_EFA_USE_DEVICE_RDMA="1"),
        said(
            "env/FI_EFA_USE_DEVICE_RDMA",
            "is not needed with aws-ofi-nccl 1.7 or newer: leave it out",
            in_env("FI_EFA_USE_DEVICE_RDMA", "1"),
        ),
    ),
    fails(
        "job-environment",
        "RDMA where there is none",
        g5(a_container(**resources(gpu=8, efa=1), env=[{"name": "FI_EFA_USE_DEVICE_RDMA", "value": "1"}])),
        bad(
            "env/FI_EFA_USE_DEVICE_RDMA",
            "the EFA of this type has no RDMA read: libfabric aborts",
            in_env("FI_EFA_USE_DEVICE_RDMA", "1"),
            remedy="leave it out",
        ),
        happen=G5_NODES,
    ),
    warns(
        "job-environment",
        "NCCL on Neuron",
        neuron(env=[{"name": "NCCL_DEBUG", "value": "INFO"}]),
        doubtful(
            "env/NCCL_DEBUG",
            "is for GPUs: collectives of Neuron do not read it",
            in_env("NCCL_DEBUG", "INFO"),
            remedy="leave it out",
        ),
        happen=TRN_NODES,
    ),
    harmful("NCCL_PROTO", "simple", "takes the choice of protocol from NCCL's tuner", "leave it out"),
    harmful("NCCL_IB_DISABLE", "1", "is for InfiniBand; EFA is no part of it", "leave it out"),
    harmful("RDMAV_FORK_SAFE", "1", "is for InfiniBand and harms EFA", "leave it out"),
    harmful(
        "FI_EFA_USE_HUGE_PAGE",
        "1",
        "asks for huge pages, and the pods ask for none",
        "set it to 0, or ask for `hugepages-2Mi`",
    ),
    harmful(
        "NCCL_TIMEOUT",
        "1800",
        "is no variable of NCCL's",
        "init_process_group(timeout=...), or torchrun --rdzv-conf=timeout=1800",
    ),
    harmful(
        "NCCL_SOCKET_IFNAME",
        "ens5",
        "names an interface that pods may not have",
        "leave it out, or exclude: NCCL_SOCKET_IFNAME=^lo,docker,veth",
    ),
    harmful(
        "NCCL_DEBUG",
        "TRACE",
        "writes so much that it slows the job down",
        "NCCL_DEBUG=WARN, or INFO with NCCL_DEBUG_FILE while looking for something",
    ),
    harmful("NCCL_NET_PLUGIN", "none", "takes NCCL off EFA", "leave it out"),
    *(
        warns(
            "job-environment",
            f"a script that says {text!r}",
            script(text),
            doubtful(
                "env/NCCL_PROTO",
                "takes the choice of protocol from NCCL's tuner",
                "run: NCCL_PROTO=simple",
                remedy="leave it out",
            ),
        )
        for text in (
            "export NCCL_PROTO=simple",
            "set -e; export NCCL_PROTO='simple'; torchrun a.py",
            "NCCL_PROTO=simple torchrun a.py",
            'mpirun -x NCCL_PROTO="simple" a',
        )
    ),
    passes("job-secrets", "an empty one", env(HF_TOKEN="")),
    passes("job-secrets", "a name that only sounds like one", env(TOKENIZER="gpt2", TOKENS="7")),
    warns(
        "job-secrets",
        "a token",
        env(HF_TOKEN="hf_x"),
        doubtful(
            "env/HF_TOKEN",
            "looks like a secret, and is written out",
            remedy="leave it out of the variables: --secret HF_TOKEN",
        ),
    ),
)

ROWS: tuple[JobRow, ...] = (*IMAGES, *NETWORK, *ENVIRONMENT)
