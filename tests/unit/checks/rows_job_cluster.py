"""What the checks of a job in its cluster say: names, kind, queue, room, storage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hpctl.errors import NotFoundError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import (
    BATCH_JOB,
    CLAIM,
    CLUSTER_QUEUE,
    COHORT,
    CONFIG_MAP,
    JOB_SET,
    NAMESPACE,
    PRIORITY_CLASS,
    PYTORCH_JOB,
    SECRET,
    SERVICE_ACCOUNT,
    WORKLOAD_PRIORITY_CLASS,
    Pod,
    Queue,
)
from hpctl.facts.kubernetes import Workload
from hpctl.report.check import Finding
from hpctl.spec.job import Contract
from tests.unit.builders import NOW, a_kubernetes_node
from tests.unit.checks.job_rows import (
    NODES,
    Happen,
    JobRow,
    a_batch_job,
    a_container,
    a_pod,
    a_target,
    annotated,
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
    with_pod_metadata,
)
from tests.unit.checks.rows_live import allow, deny, runs
from tests.unit.fakes import FakeAccount

QUEUE_LABEL, PRIORITY_LABEL = "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/priority-class"
TEAM = {"sagemaker.amazonaws.com/sagemaker-managed-queue": "true"}
RESUME = {
    "sagemaker.amazonaws.com/enable-job-auto-resume": "true",
    "sagemaker.amazonaws.com/job-max-retry-count": "3",
}
LAYER = "topology.k8s.aws/network-node-layer-1"
PARTIAL = "kueue.x-k8s.io/job-min-parallelism"
REQUIRED = "kueue.x-k8s.io/podset-required-topology"
SSHD = "take an image that has it, such as public.ecr.aws/hpc-cloud/nccl-tests:latest"


def kueue(account: FakeAccount) -> None:
    account.kubernetes.groups["kueue.x-k8s.io"] = ("v1beta1",)


def queues(*rows: Queue) -> Happen:
    def happen(account: FakeAccount) -> None:
        kueue(account)
        account.jobs.known_queues = list(rows)

    return happen


def queue(name: str = "team-queue", **members: Any) -> Queue:
    usual: dict[str, Any] = {
        "namespace": "team",
        "cluster_queue": "team-cq",
        "active": True,
        "pending": 0,
        "admitted": 0,
    }
    return Queue(name=name, **usual | members)


def queued(name: str = "team-queue") -> JobInCluster:
    return a_target(labels={QUEUE_LABEL: name})


def cpus(amount: float, count: int = 2) -> JobInCluster:
    return a_batch_job(a_pod(a_container(**resources(cpu=amount)), nodeSelector={}), count)


def machine(name: str, cpu: str = "8", **labels: str) -> Any:
    node = a_kubernetes_node(name, "ml.c5.2xlarge")
    return replace(node, allocatable={"cpu": cpu, "memory": "16Gi"}, labels={**node.labels, **labels})


MACHINES = joined(machine("a"), machine("b"))
HEALTH = "sagemaker.amazonaws.com/node-health-status"


def takes(node: str, phase: str = "Running", **requests: str) -> Happen:
    pod = Pod("other", "busy", "uid-busy", NOW, phase, node, None, None, None, labels={}, requests=requests)
    return lambda account: account.jobs.known_pods.append(pod)


def mounting(claim: str, count: int = 2) -> JobInCluster:
    return a_batch_job(a_pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]), count)


def claim(phase: str = "Bound", *modes: str) -> Happen:
    return holds(CLAIM, "fsx", spec={"accessModes": list(modes or ("ReadWriteMany",))}, status={"phase": phase})


NAMES: tuple[JobRow, ...] = (
    passes("job-namespace", "it", a_target()),
    fails(
        "job-namespace",
        "none of that name",
        a_target(live=replace(a_target().live, namespace="gone")),
        bad(
            "namespace/gone",
            "is not there",
            remedy="kubectl create namespace gone\nor name another one: --namespace NAME",
        ),
    ),
    fails(
        "job-namespace",
        "one that goes",
        a_target(),
        bad("namespace/team", "is being deleted", remedy="name another one: --namespace NAME"),
        happen=holds(NAMESPACE, "team", metadata={"deletionTimestamp": "2026-11-22T00:00:00Z"}),
    ),
    passes("job-permissions", "all of them", a_target()),
    fails(
        "job-permissions",
        "no Secrets",
        a_target(),
        bad(
            "job/train",
            "the caller may not create `secrets` in namespace `team`",
            "said: no",
            remedy=allow("AmazonEKSEditPolicy", "type=namespace,namespaces=team"),
        ),
        happen=deny(create__secrets="no"),
    ),
    warns(
        "job-permissions",
        "no logs",
        a_target(),
        doubtful(
            "job/train",
            "the caller may not get `pods/log` in namespace `team`",
            remedy=allow("AmazonEKSEditPolicy", "type=namespace,namespaces=team"),
        ),
        happen=deny(get__pods_in_log=""),
    ),
    passes("job-names-free", "nothing there", a_target()),
    passes(
        "job-names-free",
        "what a job of that name brought",
        a_target(),
        happen=holds(CONFIG_MAP, "train-scripts", metadata={"labels": {"hpctl/job": "train"}}),
    ),
    fails(
        "job-names-free",
        "somebody's Secret",
        a_target(),
        bad(
            "Secret/train-secrets",
            "is there already, and hpctl has not made it",
            remedy="choose another name: --name NAME\nkubectl describe secrets train-secrets --namespace team",
        ),
        happen=holds(SECRET, "train-secrets"),
    ),
    passes(
        "job-names-free", "what a manifest wants made", a_target(contract=None), happen=holds(SECRET, "train-secrets")
    ),
    passes(
        "job-names-free",
        "a job of another kind",
        a_target(),
        said("job/train", "has the name, too: commands will want the kind with it"),
        happen=holds(BATCH_JOB, "train"),
    ),
    passes("job-names-free", "a name that Kubernetes makes", a_target(name=""), happen=holds(BATCH_JOB, "")),
)

CONTRACT: tuple[JobRow, ...] = (
    passes("job-kind", "a served version", a_target()),
    passes("job-operator", "its operator", a_target()),
    passes(
        "job-kind",
        "a kind of Kubernetes' own",
        a_batch_job(),
        happen=lambda account: account.kubernetes.running.clear(),
    ),
    fails(
        "job-kind",
        "a kind that is not served",
        a_target(kind=JOB_SET),
        bad(
            "JobSet/train",
            "the cluster does not serve `jobset.x-k8s.io/v1alpha2`",
            remedy="hpctl cluster check ml-cluster\nor take a kind that the cluster has: --kind Job",
        ),
    ),
    fails(
        "job-kind",
        "a manifest's version that is not served",
        a_target(kind=replace(PYTORCH_JOB, version="v1beta1"), contract=None),
        bad(
            "PyTorchJob/train",
            "the cluster does not serve `kubeflow.org/v1beta1`",
            "served: v2beta1, v1",
            remedy="write the job for the version that is served: `apiVersion: kubeflow.org/v1`",
        ),
    ),
    fails(
        "job-kind",
        "a manifest's kind that is not served",
        a_target(kind=JOB_SET, contract=None),
        bad(
            "JobSet/train",
            "the cluster does not serve `jobset.x-k8s.io/v1alpha2`",
            remedy="hpctl cluster check ml-cluster\nor write the job as a kind that the cluster has: "
            "such as `batch/v1` Job",
        ),
    ),
    fails(
        "job-operator",
        "an operator that is not ready",
        a_target(),
        bad(
            "PyTorchJob/train",
            "nothing acts on this kind of job: Deployment kubeflow/training-operator is not ready",
            remedy="hpctl cluster check ml-cluster\nor take a kind that the cluster has: --kind Job",
        ),
        happen=runs(Workload("Deployment", "kubeflow", "training-operator", 1, 0), without="training-operator"),
    ),
    fails(
        "job-operator",
        "no operator",
        a_target(),
        bad(
            "PyTorchJob/train",
            "nothing acts on this kind of job: its operator is not installed",
            remedy="hpctl cluster check ml-cluster\nor take a kind that the cluster has: --kind Job",
        ),
        happen=runs(without="training-operator"),
    ),
    fails(
        "job-operator",
        "the operator of another kind alone",
        a_target(),
        bad(
            "PyTorchJob/train",
            "nothing acts on this kind of job: its operator is not installed",
            remedy="hpctl cluster check ml-cluster\nor take a kind that the cluster has: --kind Job",
        ),
        happen=runs(
            Workload("Deployment", "aws-hyperpod", "hp-training-operator-hp-training-controller-manager", 1, 1),
            without="training-operator",
        ),
    ),
    passes("job-selector", "the label that HyperPod gives", a_target()),
    warns(
        "job-selector",
        "a type without its prefix",
        a_batch_job(a_pod(nodeSelector={"node.kubernetes.io/instance-type": "p5.48xlarge"})),
        doubtful(
            "job/train",
            "asks for nodes of type `p5.48xlarge`, without `ml.`",
            remedy="write `node.kubernetes.io/instance-type: ml.p5.48xlarge`",
        ),
    ),
    passes("job-resume", "nothing asked", a_batch_job()),
    passes("job-resume", "all that it takes", annotated(a_target(), RESUME)),
    fails(
        "job-resume",
        "no count",
        annotated(a_target(), {"sagemaker.amazonaws.com/enable-job-auto-resume": "true"}),
        bad(
            "job/train",
            "asks to be resumed, and does not say how often",
            remedy='write `sagemaker.amazonaws.com/job-max-retry-count: "3"`',
        ),
    ),
    warns(
        "job-resume",
        "a kind that is not resumed",
        annotated(a_batch_job(), RESUME),
        doubtful(
            "job/train",
            "asks to be resumed, and HyperPod does not resume a Job",
            remedy="take a kind that is resumed: --kind PyTorchJob",
        ),
    ),
    passes("job-ssh", "torchrun", a_target()),
    passes("job-ssh", "one node", a_batch_job(scripts={"run": "mpirun a"})),
    passes("job-ssh", "a word in a comment", a_target(scripts={"run": "# no mpirun here\ntorchrun a.py\n"})),
    passes("job-ssh", "a manifest, whose scripts nobody knows", a_target(contract=None, scripts={"run": "mpirun a"})),
    warns(
        "job-ssh",
        "MPI in a SkyPilot task",
        a_target(contract=Contract.SKYPILOT, scripts={"run": "/opt/amazon/openmpi/bin/mpirun -np 2 a\n"}),
        doubtful("job/train (run)", "runs `mpirun`: the image must bring openssh-server", remedy=SSHD),
    ),
    passes(
        "job-ssh",
        "MPI in an image for it",
        a_target(
            a_pod(a_container(image="public.ecr.aws/hpc-cloud/nccl-tests:latest")),
            contract=Contract.SKYPILOT,
            scripts={"run": "mpirun a"},
        ),
    ),
    warns(
        "job-ssh",
        "MPI in another job",
        a_target(scripts={"run": "set -e\nmpirun a\n"}),
        doubtful(
            "job/train (run)",
            "runs `mpirun`, and the nodes of this job have no ssh between them",
            remedy="run torchrun on every node, or write the job as a SkyPilot task, whose nodes have it",
        ),
    ),
)

QUEUES: tuple[JobRow, ...] = (
    passes("job-queue", "no queue", a_target()),
    passes("job-team-queue", "a namespace that is no team's", a_target(), happen=queues(queue())),
    passes("job-queue", "an active one", queued(), happen=queues(queue())),
    fails(
        "job-queue",
        "no Kueue",
        queued(),
        bad(
            "queue/team-queue",
            "the cluster has no Kueue, and so no queues",
            remedy="leave the queue out, or install task governance:\n"
            "aws eks create-addon --region us-west-2 --cluster-name training "
            "--addon-name amazon-sagemaker-hyperpod-taskgovernance",
        ),
    ),
    fails(
        "job-queue",
        "a misspelt one",
        queued("team-qeue"),
        bad("queue/team-qeue", "is not in namespace `team`", remedy="did you mean --queue team-queue?"),
        happen=queues(queue()),
    ),
    fails(
        "job-queue",
        "a stopped one",
        queued(),
        bad(
            "queue/team-queue",
            "admits no jobs",
            "said: the ClusterQueue is stopped",
            remedy="hpctl queue describe team/team-queue --cluster ml-cluster",
        ),
        happen=queues(queue(active=False, waiting="the ClusterQueue is stopped")),
    ),
    warns(
        "job-team-queue",
        "none in a team's namespace",
        a_target(),
        doubtful(
            "job/train",
            "names no queue, and namespace `team` has some: it takes no part in the team's quota",
            "team-queue",
            remedy="--queue team-queue",
        ),
        happen=both(queues(queue()), holds(NAMESPACE, "team", metadata={"labels": TEAM})),
    ),
    passes("job-priority", "none", a_target()),
    passes(
        "job-priority",
        "both kinds",
        a_target(a_pod(priorityClassName="urgent"), labels={PRIORITY_LABEL: "high-priority"}),
        happen=both(kueue, holds(WORKLOAD_PRIORITY_CLASS, "high-priority"), holds(PRIORITY_CLASS, "urgent")),
    ),
    fails(
        "job-priority",
        "a class that is not there",
        a_target(labels={PRIORITY_LABEL: "high"}),
        bad("WorkloadPriorityClass/high", "is not there", remedy="kubectl get workloadpriorityclasses"),
        happen=kueue,
    ),
    fails(
        "job-priority",
        "the name that task governance knows it by",
        a_target(labels={PRIORITY_LABEL: "high"}),
        bad("WorkloadPriorityClass/high", "is not there", remedy="did you mean --priority high-priority?"),
        happen=both(kueue, holds(WORKLOAD_PRIORITY_CLASS, "high-priority")),
    ),
    fails(
        "job-priority",
        "a misspelt one",
        a_target(labels={PRIORITY_LABEL: "trainin-priority"}),
        bad(
            "WorkloadPriorityClass/trainin-priority",
            "is not there",
            remedy="did you mean --priority training-priority?",
        ),
        happen=both(kueue, holds(WORKLOAD_PRIORITY_CLASS, "training-priority")),
    ),
    fails(
        "job-priority",
        "a name like none",
        a_target(labels={PRIORITY_LABEL: "x"}),
        bad("WorkloadPriorityClass/x", "is not there", remedy="--priority high-priority"),
        happen=both(kueue, holds(WORKLOAD_PRIORITY_CLASS, "high-priority")),
    ),
    fails(
        "job-priority",
        "pods of a class that is not there",
        a_target(a_pod(priorityClassName="urgent")),
        bad("PriorityClass/urgent", "is not there", remedy="kubectl get priorityclasses"),
    ),
    passes("job-topology", "nothing asked", a_target()),
    fails(
        "job-topology",
        "a label that means nothing",
        with_pod_metadata(queued(), annotations={REQUIRED: "topology.k8s.aws/network-node-layer-4"}),
        bad(
            "job/train (podset-required-topology)",
            "`topology.k8s.aws/network-node-layer-4` is no label by which HyperPod's nodes are near",
            remedy="nearest: topology.k8s.aws/network-node-layer-3",
        ),
    ),
    warns(
        "job-topology",
        "no queue",
        with_pod_metadata(a_target(), annotations={REQUIRED: LAYER}),
        doubtful("job/train (podset-required-topology)", "has no effect without a queue", remedy="--queue NAME"),
    ),
    fails(
        "job-topology",
        "nodes without the label",
        with_pod_metadata(queued(), annotations={REQUIRED: LAYER}),
        bad(
            "job/train (podset-required-topology)",
            f"no node of the kind that it asks for has the label `{LAYER}`",
            remedy=f"kubectl get nodes --label-columns={LAYER}",
        ),
    ),
)


def quotas(cohort: str = "", **limits: str) -> Happen:
    """A cluster queue `team-cq` with 8 GPUs, and one of the same cohort with 16; limits are of both."""

    def happen(account: FakeAccount) -> None:
        queues(queue())(account)
        account.jobs.kinds += [CLUSTER_QUEUE, COHORT]
        for name, count in (("team-cq", 8), ("other-cq", 16)):
            gpus = {"name": "nvidia.com/gpu", "nominalQuota": str(count), **limits}
            groups = [{"flavors": [{"name": "p5", "resources": [gpus, {"name": "cpu", "nominalQuota": "300m"}]}]}]
            holds(CLUSTER_QUEUE, name, spec={"cohort": cohort, "resourceGroups": groups})(account)

    return happen


def wanting(count: int, **amounts: str) -> JobInCluster:
    return in_queue(a_batch_job(a_pod(a_container(**resources(gpu=8, **amounts))), count))


def in_queue(job: JobInCluster) -> JobInCluster:
    return replace(job, job={**(job.job or {}), "metadata": {"name": "train", "labels": {QUEUE_LABEL: "team-queue"}}})


def elastic(job: JobInCluster) -> JobInCluster:
    body = job.job or {}
    return replace(job, job={**body, "spec": {**body["spec"], "elasticPolicy": {}}})


def too_much(asked: int, most: int) -> Finding:
    return bad(
        "queue/team-queue",
        "can never give the job what it asks for, so it waits for ever (cluster queue `team-cq`)",
        f"nvidia.com/gpu: {asked} asked for, {most} at most, what may be borrowed included",
        remedy="ask for less, or look at its quota:\nhpctl queue describe team-cq --cluster ml-cluster",
    )


QUOTAS: tuple[JobRow, ...] = (
    passes("job-queue-quota", "no queue", a_batch_job(count=9), happen=quotas()),
    passes("job-queue-quota", "all of it", wanting(1), happen=quotas()),
    fails("job-queue-quota", "one too many", wanting(2), too_much(16, 8), happen=quotas()),
    passes("job-queue-quota", "fractions", in_queue(cpus(0.1, 3)), happen=both(quotas(), MACHINES)),
    passes("job-queue-quota", "what others lend", wanting(3), happen=quotas("all")),
    fails("job-queue-quota", "more than all have", wanting(4), too_much(32, 24), happen=quotas("all")),
    fails("job-queue-quota", "more than is lent", wanting(2), too_much(16, 12), happen=quotas("all", lendingLimit="4")),
    fails(
        "job-queue-quota",
        "more than is borrowed",
        wanting(2),
        too_much(16, 9),
        happen=quotas("all", borrowingLimit="1"),
    ),
    passes("job-queue-quota", "a cohort of its own", wanting(4), happen=both(quotas("all"), holds(COHORT, "all"))),
    passes("job-queue-quota", "one that may shrink", elastic(wanting(4)), happen=quotas()),
    passes("job-queue-quota", "fewer pods will do", annotated(wanting(4), {PARTIAL: "1"}), happen=quotas()),
    warns(
        "job-queue-quota",
        "a resource that it does not cover",
        wanting(1, efa="32"),
        doubtful(
            "queue/team-queue",
            "has no quota at all for vpc.amazonaws.com/efa (cluster queue `team-cq`)",
            remedy="hpctl queue describe team-cq --cluster ml-cluster",
        ),
        happen=quotas(),
    ),
)

PLACES: tuple[JobRow, ...] = (
    passes("job-fits", "room for all", a_target()),
    passes("job-fits", "two pods on a node", cpus(4, 4), happen=MACHINES),
    fails(
        "job-fits",
        "what hpctl found no place for",
        a_target(job=None, kind=None, before=(), refusal=NotFoundError("no node has 16 GPUs", hint="ask for 8")),
        bad("job/train", "no node has 16 GPUs", remedy="ask for 8"),
    ),
    fails(
        "job-fits",
        "more than a node has",
        cpus(9),
        bad(
            "job/train",
            "asks for more than any node has for pods",
            "cpu: 9 asked for, 8 at most",
            remedy="ask for less, or leave it out: hpctl asks for the node's share",
        ),
        happen=MACHINES,
    ),
    fails(
        "job-fits",
        "more nodes than there are",
        cpus(6, 3),
        bad(
            "job/train",
            "wants 3 pods, and the cluster holds 2",
            "nodes: 2, of which 2 are large enough",
            remedy="ask for fewer nodes, or let the cluster grow: hpctl cluster update -f FILE (ml-cluster)",
        ),
        happen=MACHINES,
    ),
    fails(
        "job-fits",
        "roles that want the same node",
        a_target(),
        bad(
            "job/train",
            "wants 2 pods, and the cluster holds 1",
            "nodes: 1, of which 1 are large enough",
            remedy="ask for fewer nodes, or let the cluster grow: hpctl cluster update -f FILE (ml-cluster)",
        ),
        happen=joined(a_kubernetes_node(NODES[0])),
    ),
    fails(
        "job-fits",
        "nodes of another type",
        a_batch_job(a_pod(nodeSelector={"node.kubernetes.io/instance-type": "p5.48xlarge"})),
        bad(
            "job/train",
            "no node is of the kind that it asks for",
            "asked for: node.kubernetes.io/instance-type=p5.48xlarge",
            "nodes: 2 x ml.p5.48xlarge",
            remedy=(
                "write `node.kubernetes.io/instance-type: ml.p5.48xlarge`: HyperPod's nodes are labelled with the `ml.`"
            ),
        ),
    ),
    passes("job-nodes-well", "all well", a_target()),
    passes(
        "job-nodes-well",
        "enough beside one that is ill",
        cpus(4),
        happen=joined(machine("a"), machine("b", **{HEALTH: "Unschedulable"})),
    ),
    warns(
        "job-nodes-well",
        "too few beside one that is ill",
        cpus(6),
        doubtful(
            "job/train",
            "1 of 2 nodes are not well: the job waits for them",
            "b: Unschedulable",
            remedy="hpctl cluster check ml-cluster\nhpctl node list --cluster ml-cluster",
        ),
        happen=joined(machine("a"), machine("b", **{HEALTH: "Unschedulable"})),
    ),
    passes("job-room", "nobody else", a_target()),
    passes("job-room", "somebody who has ended", cpus(6), happen=both(MACHINES, takes("a", "Succeeded", cpu="4"))),
    warns(
        "job-room",
        "a node that is taken",
        cpus(6),
        doubtful(
            "job/train",
            "there is room for 1 of 2 pods now: the job waits",
            "a: free cpu 4 of 6",
            remedy="hpctl job list\nkubectl get pods --all-namespaces --field-selector=status.phase=Running",
        ),
        happen=both(MACHINES, takes("a", cpu="4")),
    ),
)

STORAGE: tuple[JobRow, ...] = (
    passes("job-storage", "none", a_target()),
    passes("job-storage", "one for many nodes", mounting("fsx"), happen=claim()),
    passes("job-storage", "one for one node", mounting("fsx", 1), happen=claim("Bound", "ReadWriteOnce")),
    passes("job-storage", "its own", replace(mounting("fsx"), before=((CLAIM, "fsx"),))),
    fails(
        "job-storage",
        "a claim that is not there",
        mounting("fsx"),
        bad("PersistentVolumeClaim/fsx", "is not in namespace `team`", remedy="kubectl get pvc --namespace team"),
    ),
    fails(
        "job-storage",
        "one for one node and two pods",
        mounting("fsx"),
        bad(
            "PersistentVolumeClaim/fsx",
            "is mounted by 2 pods, and is for one node: ReadWriteOnce",
            remedy="take a claim with ReadWriteMany, such as of FSx for Lustre or EFS",
        ),
        happen=claim("Bound", "ReadWriteOnce"),
    ),
    fails(
        "job-storage",
        "one that lost its volume",
        mounting("fsx"),
        bad("PersistentVolumeClaim/fsx", "has lost its volume", remedy="kubectl describe pvc fsx --namespace team"),
        happen=claim("Lost"),
    ),
    warns(
        "job-storage",
        "one without a volume",
        mounting("fsx"),
        doubtful("PersistentVolumeClaim/fsx", "has no volume yet", remedy="kubectl describe pvc fsx --namespace team"),
        happen=claim("Pending"),
    ),
    passes(
        "job-references",
        "its own ones",
        a_target(a_pod(a_container(envFrom=[{"secretRef": {"name": "train-secrets"}}]))),
    ),
    passes(
        "job-references",
        "an optional one",
        a_target(a_pod(a_container(envFrom=[{"configMapRef": {"name": "gone", "optional": True}}]))),
    ),
    passes(
        "job-references",
        "one that is there",
        a_target(a_pod(serviceAccountName="trainer")),
        happen=holds(SERVICE_ACCOUNT, "trainer"),
    ),
    fails(
        "job-references",
        "what is not there",
        a_target(
            a_pod(
                a_container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}]),
                serviceAccountName="trainer",
                volumes=[
                    {"name": "conf", "configMap": {"name": "conf"}},
                    {"name": "s", "secret": {"secretName": "tls"}},
                ],
            )
        ),
        *(
            bad(f"{kind}/{name}", "is not in namespace `team`", remedy=f"kubectl get {plural} --namespace team")
            for kind, name, plural in (
                ("ServiceAccount", "trainer", "serviceaccounts"),
                ("ConfigMap", "conf", "configmaps"),
                ("Secret", "tls", "secrets"),
                ("Secret", "keys", "secrets"),
            )
        ),
    ),
)

ROWS: tuple[JobRow, ...] = (*NAMES, *CONTRACT, *QUEUES, *QUOTAS, *PLACES, *STORAGE)
