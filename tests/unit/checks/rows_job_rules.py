"""What the checks of a job's commands, rules and volumes say."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import CLAIM, HYPERPOD_PYTORCH_JOB, SERVICE_ACCOUNT, VOLUME
from hpctl.facts.kubernetes import Taint
from tests.unit.builders import a_kubernetes_node
from tests.unit.checks.job_rows import (
    NODES,
    JobRow,
    a_batch_job,
    a_container,
    a_pod,
    a_target,
    bad,
    both,
    doubtful,
    fails,
    holds,
    joined,
    passes,
    resources,
    said,
    warns,
)
from tests.unit.checks.rows_job_pods import TRN_NODES, neuron, of, script

FIRST = NODES[0]
TRN2_NODES = joined(*(a_kubernetes_node(name, "ml.trn2.48xlarge") for name in NODES))
TRN2 = {"node.kubernetes.io/instance-type": "ml.trn2.48xlarge"}


def command(text: str, **members: Any) -> dict[str, Any]:
    return a_container(command=["bash", "-c", text], **members)


def manifest(*words: str, **members: Any) -> JobInCluster:
    """A PyTorchJob as somebody wrote it, whose container runs these words."""
    return a_target(a_pod(a_container(command=list(words), **members)), contract=None, scripts={})


def batch(text: str, **members: Any) -> JobInCluster:
    return a_batch_job(a_pod(command(text, **members)), 2, contract=None, scripts={})


def spec_of(job: JobInCluster, **members: Any) -> JobInCluster:
    """Return the job with other members of its spec; one that is None is left out."""
    body = deepcopy(dict(job.job or {}))
    body["spec"] = {key: value for key, value in {**body["spec"], **members}.items() if value is not None}
    return replace(job, job=body)


def workers_only(job: JobInCluster) -> JobInCluster:
    replicas = (job.job or {})["spec"]["pytorchReplicaSpecs"]
    return spec_of(job, pytorchReplicaSpecs={"Worker": {**replicas["Worker"], "replicas": 2}})


def hyperpod(text: str | None = "hyperpodrun train.py", *rules: Mapping[str, Any]) -> JobInCluster:
    """A HyperPodPyTorchJob of two nodes with rules about its log."""
    container = a_container() if text is None else command(text)
    replica = {"name": "nodes", "replicas": 2, "template": {"metadata": {}, "spec": a_pod(container)}}
    body = {"spec": {"replicaSpecs": [replica], "runPolicy": {"logMonitoringConfiguration": list(rules)}}}
    return a_target(kind=HYPERPOD_PYTORCH_JOB, job=body, contract=None, scripts={})


def rule(**members: Any) -> JobInCluster:
    return hyperpod("hyperpodrun train.py", {"name": "step", "logPattern": "step [0-9]+", **members})


def tainted(*taints: Taint) -> Any:
    return joined(*(a_kubernetes_node(name, taints=taints) for name in NODES))


def tolerating(*rows: Mapping[str, str]) -> JobInCluster:
    return a_target(a_pod(tolerations=[dict(row) for row in rows]))


def mounted(volume: Mapping[str, Any], text: str) -> JobInCluster:
    """A job with this volume at /fsx that runs this."""
    mounts = [{"name": "shm", "mountPath": "/dev/shm"}, {"name": "data", "mountPath": "/fsx/"}]
    pod = a_pod(a_container(volumeMounts=mounts), volumes=[{"name": "shm", "emptyDir": {}}, {"name": "data", **volume}])
    return a_target(pod, scripts={"run": text})


TORCHRUN = "torchrun --nproc_per_node={} train.py --epochs 1"
UNTOLD = "calls torchrun, and nothing tells it where the other 1 of 2 nodes are"
MEET = (
    "--nnodes=2 --rdzv-backend=c10d --rdzv-id=train --rdzv-endpoint=HOST:29500\n"
    "or write it as an hpctl job file, or as a PyTorchJob"
)
OWN_COMMAND = "job/train (command of pytorch)"

LAUNCHES: tuple[JobRow, ...] = (
    passes("job-rendezvous", "what hpctl tells", a_target()),
    passes("job-rendezvous", "what the operator tells", manifest("torchrun", "train.py")),
    passes("job-rendezvous", "one node", script("torchrun --standalone train.py", nodes=1)),
    passes("job-rendezvous", "the address in a variable", script("torchrun --rdzv-endpoint=$MASTER_ADDR:29500 a.py")),
    passes(
        "job-rendezvous",
        "an elastic policy",
        workers_only(spec_of(manifest("torchrun", "a.py"), elasticPolicy={"minReplicas": 1})),
    ),
    passes(
        "job-rendezvous",
        "the address in the call",
        batch("torchrun --nnodes 2 --rdzv_endpoint train-0.train:29500 a.py"),
    ),
    passes(
        "job-rendezvous",
        "the address of the manifest",
        batch("torchrun a.py", env=[{"name": "MASTER_ADDR", "value": "train-0.train"}]),
    ),
    passes(
        "job-rendezvous",
        "variables from elsewhere",
        batch("torchrun a.py", envFrom=[{"configMapRef": {"name": "where"}}]),
    ),
    passes("job-rendezvous", "a call in a comment", script("# torchrun --standalone train.py\ntorchrun train.py")),
    warns(
        "job-rendezvous",
        "no Master",
        workers_only(manifest("python", "train.py")),
        doubtful(
            "PyTorchJob/train",
            "has neither a Master nor an `elasticPolicy`: its pods are not told where they meet",
            remedy="call one replica of the job `Master`, or write `elasticPolicy: {rdzvBackend: c10d}`",
        ),
    ),
    warns(
        "job-rendezvous",
        "a Job that tells nothing",
        batch("cd /app && torchrun a.py"),
        doubtful(OWN_COMMAND, UNTOLD, remedy=MEET),
    ),
    warns(
        "job-rendezvous",
        "each for itself",
        script("torchrun \\\n  --standalone train.py"),
        doubtful(
            "job/train (run)",
            "calls torchrun with --standalone: each of 2 nodes trains by itself",
            remedy="leave --standalone out",
        ),
    ),
    warns(
        "job-rendezvous",
        "localhost",
        script("python -m torch.distributed.run --master_addr localhost train.py"),
        doubtful(
            "job/train (run)",
            "calls torchrun with `localhost`, where each node meets itself",
            remedy="--rdzv-backend=c10d --rdzv-endpoint=$MASTER_ADDR:$MASTER_PORT",
        ),
    ),
    warns(
        "job-rendezvous",
        "localhost of a Job",
        batch("torchrun --rdzv-endpoint=127.0.0.1:29500 train.py"),
        doubtful(
            OWN_COMMAND,
            "calls torchrun with `127.0.0.1:29500`, where each node meets itself",
            remedy="--rdzv-backend=c10d --rdzv-endpoint=HOST:29500",
        ),
    ),
    warns(
        "job-rendezvous",
        "another number of nodes",
        script("torchrun --nnodes=4 train.py"),
        doubtful("job/train (run)", "calls torchrun with --nnodes=4, and the job has 2 nodes", remedy="--nnodes=2"),
    ),
    passes("job-nproc", "one for each GPU", script(TORCHRUN.format(8))),
    passes("job-nproc", "what hpctl tells", script("torchrun train.py")),
    passes("job-nproc", "a variable", script(TORCHRUN.format("$NPROC_PER_NODE"))),
    passes("job-nproc", "auto", script(TORCHRUN.format("auto"))),
    passes("job-nproc", "no devices", a_target(a_pod(a_container(resources={})), scripts={"run": TORCHRUN.format(4)})),
    passes("job-nproc", "an option of the program's", script("torchrun train.py --nproc_per_node 2")),
    passes("job-nproc", "the operator's", spec_of(manifest("torchrun", "train.py"), nprocPerNode="8")),
    passes("job-nproc", "the operator's auto", spec_of(manifest("torchrun", "train.py"), nprocPerNode="auto")),
    passes(
        "job-nproc",
        "a variable of torchrun's",
        manifest("torchrun", "a.py", env=[{"name": "PET_NPROC_PER_NODE", "value": "8"}]),
    ),
    passes(
        "job-nproc",
        "one for each Neuron core",
        replace(neuron(), scripts={"run": TORCHRUN.format(32)}),
        happen=TRN_NODES,
    ),
    warns(
        "job-nproc",
        "more than there are",
        script(TORCHRUN.format(16)),
        doubtful(
            "job/train (run)",
            "starts 16 processes on each node, more than it has devices",
            "devices of a pod: 8",
            remedy="--nproc-per-node=8",
        ),
    ),
    warns(
        "job-nproc",
        "fewer than Neuron cores",
        replace(neuron(), scripts={"run": TORCHRUN.format(16)}),
        doubtful(
            "job/train (run)",
            "starts 16 processes on each node, fewer than it has devices",
            "devices of a pod: 32",
            remedy="--nproc-per-node=32",
        ),
        happen=TRN_NODES,
    ),
    warns(
        "job-nproc",
        "the one of a manifest that says nothing",
        manifest("torchrun", "train.py"),
        doubtful(
            OWN_COMMAND,
            "starts 1 process on each node, fewer than it has devices",
            "devices of a pod: 8",
            remedy="--nproc-per-node=8",
        ),
    ),
    warns(
        "job-nproc",
        "another number of the operator's",
        spec_of(manifest("torchrun", "train.py"), nprocPerNode="4"),
        doubtful(
            OWN_COMMAND,
            "starts 4 processes on each node, fewer than it has devices",
            "devices of a pod: 8",
            remedy="--nproc-per-node=8",
        ),
    ),
    passes("job-env-mpi", "no MPI", a_target()),
    passes(
        "job-env-mpi",
        "the path handed on",
        script("mpirun -np 16 \\\n  -x PATH -x LD_LIBRARY_PATH \\\n  ./all_reduce_perf"),
    ),
    passes("job-env-mpi", "one that is only looked for", script("which mpirun || apt-get install -y openmpi-bin")),
    passes("job-env-mpi", "one node", script("mpirun -np 8 ./all_reduce_perf", nodes=1)),
    passes(
        "job-env-mpi", "no EFA", a_target(a_pod(a_container(**resources(gpu=8))), scripts={"run": "mpirun -np 16 ./a"})
    ),
    passes("job-env-mpi", "options that a variable holds", script("mpirun $OPTIONS ./all_reduce_perf")),
    warns(
        "job-env-mpi",
        "a path that stays",
        script("/opt/amazon/openmpi/bin/mpirun -np 16 -x PATH ./all_reduce_perf"),
        doubtful(
            "job/train (run)",
            "calls mpirun, which does not hand LD_LIBRARY_PATH on",
            remedy="mpirun -x LD_LIBRARY_PATH -x PATH ...",
        ),
    ),
    passes("job-operator-image", "another kind", a_target()),
    passes("job-operator-image", "the agent", hyperpod()),
    passes("job-operator-image", "a command of the image's", hyperpod(None)),
    warns(
        "job-operator-image",
        "torchrun",
        hyperpod("torchrun train.py"),
        doubtful(
            "HyperPodPyTorchJob/train (command of pytorch)",
            "does not start `hyperpodrun`: the operator waits for an agent in each pod",
            remedy="pip install hyperpod-elastic-agent  # in the image\nhyperpodrun ... in place of torchrun ...",
        ),
    ),
)

BLUE = Taint("team", "NoSchedule", "blue")
GPUS = Taint("nvidia.com/gpu", "NoSchedule", "true")
TESTED = Taint("sagemaker.amazonaws.com/node-health-status", "NoSchedule", "Unschedulable")

RULES: tuple[JobRow, ...] = (
    passes("job-resource-null", "amounts", a_target()),
    passes("job-resource-null", "nothing asked for", of(resources={"limits": None})),
    fails(
        "job-resource-null",
        "null",
        of(resources={"limits": {"nvidia.com/gpu": None, "cpu": 8}, "requests": {"cpu": ""}}),
        bad(
            "job/train (pytorch)",
            "`resources.requests` has `cpu` without an amount",
            remedy="write an amount, such as `cpu: 8`, or leave the line out",
        ),
        bad(
            "job/train (pytorch)",
            "`resources.limits` has `nvidia.com/gpu` without an amount",
            remedy="write an amount, such as `nvidia.com/gpu: 8`, or leave the line out",
        ),
    ),
    passes("job-toleration", "no taints", a_target()),
    passes("job-toleration", "deep health checks, which end", a_target(), happen=tainted(TESTED)),
    passes("job-toleration", "a taint that is a wish", a_target(), happen=tainted(Taint("team", "PreferNoSchedule"))),
    passes("job-toleration", "every taint tolerated", tolerating({"operator": "Exists"}), happen=tainted(BLUE, GPUS)),
    passes(
        "job-toleration",
        "the value tolerated",
        tolerating({"key": "team", "value": "blue", "effect": "NoSchedule"}),
        happen=tainted(BLUE),
    ),
    passes(
        "job-toleration",
        "another node without taints",
        a_target(),
        happen=joined(a_kubernetes_node(FIRST, taints=(BLUE,)), a_kubernetes_node(NODES[1])),
    ),
    fails(
        "job-toleration",
        "another value tolerated",
        tolerating(
            {"key": "team", "value": "green"}, {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}
        ),
        bad(
            "job/train",
            "tolerates the taints of none of its 2 nodes",
            *(f"{name}: team=blue:NoSchedule, nvidia.com/gpu=true:NoSchedule" for name in NODES),
            remedy="add to `tolerations` of the pods:\n"
            '- {key: "team", operator: Equal, value: "blue", effect: NoSchedule}\n'
            '- {key: "nvidia.com/gpu", operator: Equal, value: "true", effect: NoSchedule}',
        ),
        happen=tainted(BLUE, GPUS),
    ),
    passes("job-privileged", "a capability alone", a_target()),
    passes(
        "job-privileged",
        "the node's network",
        a_target(a_pod(hostNetwork=True)),
        said("job/train", "has its nodes' network: ports of pods on one node collide"),
    ),
    warns(
        "job-privileged",
        "a privileged container",
        of(securityContext={"privileged": True}),
        doubtful(
            "job/train (pytorch)",
            "is privileged",
            remedy="write `securityContext: {capabilities: {add: [IPC_LOCK]}}` in place of `privileged: true`",
        ),
    ),
    passes("job-log-rules", "no rules", a_target()),
    passes("job-log-rules", "a rule", rule(expectedStartCutOffInSeconds=1800)),
    passes("job-log-rules", "a number that is compared", rule(logPattern="loss: ([0-9.]+)", metricThreshold=5)),
    warns(
        "job-log-rules",
        "no regular expression",
        rule(logPattern="loss (train: [0-9]+"),
        doubtful(
            "log rule/step",
            "its pattern is no regular expression: missing ), unterminated subpattern",
            "logPattern: loss (train: [0-9]+",
            remedy="put `\\` before ( ) [ ] . * + ? of the text",
        ),
    ),
    warns(
        "job-log-rules",
        "no number to compare",
        rule(metricThreshold=5),
        doubtful(
            "log rule/step",
            "compares a number, and its pattern has no groups",
            "logPattern: step [0-9]+",
            remedy="put the number alone into parentheses, such as `loss: ([0-9.]+)`",
        ),
    ),
    warns(
        "job-log-rules",
        "a first line too soon",
        rule(expectedStartCutOffInSeconds=10),
        doubtful(
            "log rule/step",
            "expects its first line within 10 seconds",
            "expectedStartCutOffInSeconds: 10",
            remedy="write a time that loading and compiling take: `expectedStartCutOffInSeconds: 1800`",
        ),
    ),
)


def trainium(mounts: Mapping[str, Any] | None = None, **variables: str) -> JobInCluster:
    """A job on Trainium with these variables, and a volume at /fsx."""
    env = {"env": [{"name": name, "value": value} for name, value in variables.items()]}
    job = neuron(**env, volumeMounts=[{"name": "data", "mountPath": "/fsx"}])
    pod = (job.job or {})["spec"]["pytorchReplicaSpecs"]["Worker"]["template"]["spec"]
    volume = mounts or {"persistentVolumeClaim": {"claimName": "fsx"}}
    return a_target({**pod, "volumes": [{"name": "data", **volume}]})


def trainium2(**variables: str) -> JobInCluster:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return a_target(a_pod(a_container(**resources(neuron=16, efa=16), env=env), nodeSelector=TRN2))


def on_neuron(name: str, value: str, message: str, remedy: str, job: JobInCluster, happen: Any) -> JobRow:
    found = bad(f"env/{name}", message, f"env of pytorch: {name}={value}", remedy=remedy)
    return fails("job-env-neuron", f"{name}={value}", job, found, happen=happen)


CACHED = "NEURON_COMPILE_CACHE_URL=/fsx/neuron-cache, on storage that all nodes mount, or s3://BUCKET/PREFIX"
EXTERNAL = "write them to storage that is mounted from outside, such as /fsx, or to s3://"

NEURON: tuple[JobRow, ...] = (
    passes("job-env-neuron", "no Neuron", of(env=[{"name": "NEURON_RT_NUM_CORES", "value": "99"}])),
    passes("job-env-neuron", "the cores that there are", trainium(NEURON_RT_VISIBLE_CORES="0-31"), happen=TRN_NODES),
    passes("job-env-neuron", "what is no list of cores", trainium(NEURON_RT_VISIBLE_CORES="$C"), happen=TRN_NODES),
    passes(
        "job-env-neuron",
        "physical cores",
        trainium2(NEURON_LOGICAL_NC_CONFIG="1", NEURON_RT_NUM_CORES="128"),
        happen=TRN2_NODES,
    ),
    on_neuron(
        "NEURON_RT_VISIBLE_CORES",
        "0,16-32",
        "names core 32, and a pod has 32 on ml.trn1.32xlarge",
        "NEURON_RT_VISIBLE_CORES=0-31, or leave it out",
        trainium(NEURON_RT_VISIBLE_CORES="0,16-32"),
        TRN_NODES,
    ),
    on_neuron(
        "NEURON_RT_NUM_CORES",
        "128",
        "asks for 128 cores, and a pod has 64 on ml.trn2.48xlarge",
        "NEURON_RT_NUM_CORES=64, or leave it out",
        trainium2(NEURON_RT_NUM_CORES="128"),
        TRN2_NODES,
    ),
    on_neuron(
        "NEURON_LOGICAL_NC_CONFIG",
        "2",
        "ml.trn1.32xlarge has no logical cores of 2 physical ones",
        "one of: 1",
        trainium(NEURON_LOGICAL_NC_CONFIG="2"),
        TRN_NODES,
    ),
    passes("job-neuron-cache", "no Neuron", a_target()),
    passes("job-neuron-cache", "one node", replace(trainium(), nodes=1)),
    passes("job-neuron-cache", "a bucket", trainium(NEURON_COMPILE_CACHE_URL="s3://bucket/cache")),
    passes("job-neuron-cache", "a claim", trainium(NEURON_CC_FLAGS="--model-type=transformer --cache_dir=/fsx/cache")),
    warns(
        "job-neuron-cache",
        "no place",
        trainium(NEURON_CC_FLAGS="--model-type=transformer"),
        doubtful("job/train", "its 2 nodes compile the same graphs, each for itself", remedy=CACHED),
    ),
    warns(
        "job-neuron-cache",
        "a node's disk",
        trainium({"hostPath": {"path": "/opt/dlami/nvme"}}, NEURON_COMPILE_CACHE_URL="/fsx/cache"),
        doubtful("job/train", "keeps what it compiles on each node by itself: `/fsx/cache`", remedy=CACHED),
    ),
    passes("storage-checkpoint-external", "none", a_target()),
    passes(
        "storage-checkpoint-external",
        "a claim",
        mounted({"persistentVolumeClaim": {"claimName": "fsx"}}, "torchrun a.py --checkpoint-dir /fsx/run"),
    ),
    passes(
        "storage-checkpoint-external",
        "a file system of the nodes",
        mounted({"hostPath": {"path": "/fsx"}}, "torchrun a.py --output_dir=/fsx/run"),
    ),
    passes("storage-checkpoint-external", "a bucket", script("torchrun a.py --output_dir s3://bucket/run")),
    passes("storage-checkpoint-external", "a variable", script("torchrun a.py --save_dir /$WHERE/run")),
    *(
        warns(
            "storage-checkpoint-external",
            f"a disk of the node: {text}",
            mounted(volume, f"torchrun a.py {text}"),
            doubtful("job/train (run)", "writes checkpoints to a disk that goes with its node", text, remedy=EXTERNAL),
        )
        for volume, text in (
            ({"emptyDir": {}}, "--checkpoint_dir=/fsx/run"),
            ({"hostPath": {"path": "/opt/dlami/nvme"}}, "--save /fsx/run"),
            ({"persistentVolumeClaim": {"claimName": "fsx"}}, "--output-dir /fsxother/run"),
        )
    ),
)


def associated(*pairs: tuple[str, str]) -> Any:
    return lambda account: setattr(account.eks, "identities", [PodIdentity(*pair) for pair in pairs])


def a_volume(*zones: str, key: str = "topology.kubernetes.io/zone") -> Any:
    """A claim `data` with a volume of these zones, and two nodes in us-west-2a."""
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": list(zones)}]}]
    spec = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}} if zones else {}
    there = {"topology.kubernetes.io/zone": "us-west-2a"}
    nodes = (a_kubernetes_node(name, labels={**a_kubernetes_node(name).labels, **there}) for name in NODES)
    return both(holds(CLAIM, "data", spec={"volumeName": "pv-1"}), holds(VOLUME, "pv-1", spec=spec), joined(*nodes))


def sync(**pod: Any) -> JobInCluster:
    return a_target(a_pod(**pod), scripts={"run": "aws s3 sync s3://bucket/data /data\ntorchrun a.py"})


def no_role(account: str, where: str, words: str) -> Any:
    return doubtful(
        f"job/train ({where})",
        f"calls AWS, and service account `{account}` has no role",
        words,
        remedy="aws eks create-pod-identity-association --region us-west-2 --cluster-name training --namespace team "
        f"--service-account {account} --role-arn ROLE_ARN",
    )


MOUNTED = a_target(a_pod(volumes=[{"name": "shm", "persistentVolumeClaim": {"claimName": "data"}}]))

OUTSIDE: tuple[JobRow, ...] = (
    passes("job-aws-credentials", "no calls", script("pip install aws-cdk && ls /s3/data # aws s3 ls")),
    passes("job-aws-credentials", "an association", sync(), happen=associated(("team", "default"))),
    passes("job-aws-credentials", "the node's network", sync(hostNetwork=True)),
    passes(
        "job-aws-credentials",
        "variables",
        replace(of(env=[{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]), scripts={"run": "aws s3 ls"}),
    ),
    passes(
        "job-aws-credentials",
        "a role of the service account's",
        sync(serviceAccountName="train"),
        happen=holds(SERVICE_ACCOUNT, "train", metadata={"annotations": {"eks.amazonaws.com/role-arn": "arn"}}),
    ),
    warns(
        "job-aws-credentials",
        "an association of another namespace's",
        sync(serviceAccountName="train"),
        no_role("train", "run", "aws s3"),
        happen=both(associated(("other", "train"), ("team", "default")), holds(SERVICE_ACCOUNT, "train")),
    ),
    warns(
        "job-aws-credentials",
        "a bucket in a variable",
        of(env=[{"name": "DATA", "value": "s3://bucket/data"}]),
        no_role("default", "env of pytorch", "DATA=s3://bucket"),
    ),
    passes("job-pvc-az", "no claims", a_target()),
    passes("job-pvc-az", "the nodes' zone", MOUNTED, happen=a_volume("us-west-2a", "us-west-2b")),
    passes("job-pvc-az", "no zone", MOUNTED, happen=a_volume()),
    passes("job-pvc-az", "a claim that is not there", MOUNTED),
    *(
        fails(
            "job-pvc-az",
            f"another zone, of {key}",
            MOUNTED,
            bad(
                "PersistentVolumeClaim/data",
                "its volume is in us-west-2b, and the nodes in us-west-2a",
                "volume: pv-1",
                remedy="take nodes of that zone, a volume in theirs, or one without a zone, such as of FSx or EFS",
            ),
            happen=a_volume("us-west-2b", key=key),
        )
        for key in ("topology.kubernetes.io/zone", "topology.ebs.csi.aws.com/zone")
    ),
)

ROWS: tuple[JobRow, ...] = (*LAUNCHES, *RULES, *NEURON, *OUTSIDE)
