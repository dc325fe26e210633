"""What the checks of `eks_cluster` and `eks_addons` say of EKS clusters that HyperPod cannot use as they are."""

from __future__ import annotations

from typing import Any

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_network, a_spec, a_subnet, an_addon, an_eks_cluster
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.fakes import FakeAccount

_AT = ("orchestrator", "eks")
_SUBJECT = "EKS cluster/training"
_ABSENT = "could not look: there is no EKS cluster `training` in `us-west-2`"
_WHERE = "--region us-west-2 --cluster-name training --addon-name"
_CORE = ("coredns", "eks-pod-identity-agent", "kube-proxy")


def _eks(**members: Any) -> FakeAccount:
    return FakeAccount().holding(an_eks_cluster(**members))


def _finding(message: str, *evidence: str, remedy: str | None, level: str = "fail") -> Finding:
    return a_finding(level, _SUBJECT, message, *evidence, remedy=remedy, path=_AT)  # type: ignore[arg-type]


def _upgrade(version: str) -> str:
    command = f"aws eks update-cluster-version --region us-west-2 --name training --kubernetes-version {version}"
    return f"upgrade one minor version at a time\n{command}"


def _no_longer(version: str, following: str) -> Finding:
    return _finding(
        f"Kubernetes {version} is not supported any more", "supported: 1.30 to 1.35", remedy=_upgrade(following)
    )


def _retired(*versions: str) -> FakeAccount:
    account = FakeAccount()
    account.eks.versions = versions
    return account


_CHANGE = "aws eks update-cluster-config --region us-west-2 --name training --resources-vpc-config"
_AWAY = a_finding(
    "fail",
    _SUBJECT,
    "1 of 2 subnets are not in the EKS cluster's VPC `vpc-1`",
    "subnet-2: vpc-2",
    remedy="name subnets and security groups of `vpc-1`\n"
    "aws ec2 describe-subnets --region us-west-2 --filters Name=vpc-id,Values=vpc-1",
    path=("network", "subnet_ids"),
)

CLUSTER = (
    passes("eks-same-vpc", "subnets of its VPC", a_spec()),
    fails(
        "eks-same-vpc",
        "a subnet of another VPC",
        a_spec(network=a_network("subnet-1", "subnet-2")),
        _AWAY,
        account=FakeAccount().holding(a_subnet(), a_subnet("subnet-2", vpc_id="vpc-2")),
    ),
    cannot_tell(
        "eks-same-vpc",
        "no such subnet",
        a_spec(network=a_network("subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
    *(passes("eks-version", version, a_spec(), _eks(version=version)) for version in ("1.30", "1.35")),
    warns(
        "eks-version",
        "a newer one",
        a_spec(),
        _finding(
            "Kubernetes 1.36 is newer than AWS documents for HyperPod",
            "supported: 1.30 to 1.35",
            remedy=None,
            level="warn",
        ),
        account=_eks(version="1.36"),
    ),
    fails("eks-version", "an old one", a_spec(), _no_longer("1.29", "1.30"), account=_eks(version="1.29")),
    fails(
        "eks-version",
        "one that EKS let go",
        a_spec(),
        _no_longer("1.33", "1.34"),
        account=_retired("1.35", "1.34"),
    ),
    cannot_tell(
        "eks-version", "a word", a_spec(), "could not look: `next` is no Kubernetes version", _eks(version="next")
    ),
    passes("eks-two-az", "subnets in two zones", a_spec()),
    fails(
        "eks-two-az",
        "subnets in one zone",
        a_spec(),
        _finding(
            "all subnets of the control plane are in one Availability Zone",
            "zone: usw2-az1",
            remedy=f"{_CHANGE} subnetIds=subnet-1,<a subnet in another zone>",
        ),
        account=_eks(subnet_ids=("subnet-1",)),
    ),
    fails(
        "eks-two-az",
        "one subnet named twice",
        a_spec(),
        _finding(
            "all subnets of the control plane are in one Availability Zone",
            "zone: usw2-az1",
            remedy=f"{_CHANGE} subnetIds=subnet-1,<a subnet in another zone>",
        ),
        account=_eks(subnet_ids=("subnet-1", "subnet-1")),
    ),
    *(
        cannot_tell(
            "eks-two-az",
            case,
            a_spec(),
            "could not look: subnets of EKS cluster `training` cannot be seen",
            _eks(subnet_ids=subnet_ids),
        )
        for case, subnet_ids in (("no subnets", ()), ("a subnet that is gone", ("subnet-1", "subnet-gone")))
    ),
    passes("eks-endpoint-private", "a private endpoint", a_spec()),
    warns(
        "eks-endpoint-private",
        "a public endpoint alone",
        a_spec(),
        _finding(
            "the Kubernetes API has no private endpoint",
            remedy=f"{_CHANGE} endpointPrivateAccess=true",
            level="warn",
        ),
        account=_eks(endpoint_private=False),
    ),
    *(
        cannot_tell(check_id, "no such cluster", a_spec(), _ABSENT, _eks(name="other"))
        for check_id in (
            "eks-same-vpc",
            "eks-version",
            "eks-two-az",
            "eks-endpoint-private",
            "eks-sg-reachability",
            "eks-addon-core",
            "eks-addon-pod-identity",
            "eks-addon-health",
            "eks-addon-versions",
            "eks-helm-deps",
        )
    ),
)


def _addons(*names: str, cni: str = "v1.18.3-eksbuild.1", **statuses: str) -> FakeAccount:
    """Add-ons of these names and a VPC CNI; `statuses` by name with `_` for `-`."""
    account = FakeAccount()
    by_name = {name.replace("_", "-"): status for name, status in statuses.items()}
    rows = [an_addon(name, status=by_name.get(name, "ACTIVE")) for name in names]
    cni_row = an_addon("vpc-cni", version=cni, status=by_name.get("vpc-cni", "ACTIVE"))
    return account.holding(*rows, *([cni_row] if cni else []))


def _going_with(**versions: tuple[str, ...]) -> FakeAccount:
    """Add-ons of which EKS says that these versions go with the cluster's Kubernetes."""
    account = FakeAccount()
    account.eks.compatible = dict(versions)
    return account


def _addon(name: str, message: str, *evidence: str, remedy: str, level: str = "fail") -> Finding:
    return a_finding(level, f"EKS add-on/{name}", message, *evidence, remedy=remedy, path=_AT)  # type: ignore[arg-type]


def _update(name: str) -> str:
    newest = (
        f"aws eks describe-addon-versions --region us-west-2 --addon-name {name} "
        "--query 'addons[0].addonVersions[0].addonVersion' --output text"
    )
    return f'aws eks update-addon {_WHERE} {name} --addon-version "$({newest})" --resolve-conflicts PRESERVE'


def _none(name: str) -> str:
    return f"EKS cluster `training` has no add-on `{name}`"


def _running(*daemon_sets: str, addons: tuple[str, ...] = ()) -> FakeAccount:
    """An EKS cluster with these EKS add-ons, whose Kubernetes has these DaemonSets."""
    account = _addons("eks-pod-identity-agent", *addons, cni="")
    account.kubernetes.sets = [(namespace, name) for namespace, _, name in (one.partition("/") for one in daemon_sets)]
    return account


ADDONS = (
    passes("eks-addon-core", "all three", a_spec(), _addons(*_CORE)),
    passes("eks-addon-core", "coredns that waits for nodes", a_spec(), _addons(*_CORE, coredns="DEGRADED")),
    passes("eks-addon-core", "a version in words", a_spec(), _addons(*_CORE, cni="latest")),
    fails(
        "eks-addon-core",
        "none of them",
        a_spec(),
        *(
            _addon(name, _none(name), remedy=f"aws eks create-addon {_WHERE} {name}")
            for name in ("vpc-cni", "kube-proxy", "coredns")
        ),
        account=_running("aws-hyperpod/kube-proxy"),
    ),
    passes("eks-addon-core", "all self-managed", a_spec(), _running("kube-system/aws-node", "kube-system/kube-proxy")),
    passes(
        "eks-addon-core",
        "one of them self-managed",
        a_spec(),
        _running("kube-system/aws-node", "kube-system/kube-proxy", addons=("coredns", "kube-proxy")),
    ),
    fails(
        "eks-addon-core",
        "coredns left out",
        a_spec(),
        _addon("coredns", _none("coredns"), remedy=f"aws eks create-addon {_WHERE} coredns"),
        account=_running("kube-system/aws-node", "kube-system/kube-proxy", addons=("kube-proxy",)),
    ),
    fails(
        "eks-addon-core",
        "an old VPC CNI",
        a_spec(),
        _addon(
            "vpc-cni",
            "version `v1.18.2-eksbuild.9` of `vpc-cni` is older than HyperPod supports",
            "needed: 1.18.3 or newer",
            remedy=_update("vpc-cni"),
        ),
        account=_addons(*_CORE, cni="v1.18.2-eksbuild.9"),
    ),
    *(
        fails(
            "eks-addon-core",
            status,
            a_spec(),
            _addon("kube-proxy", f"add-on `kube-proxy` is `{status}`", remedy=remedy),
            account=_addons(*_CORE, kube_proxy=status),
        )
        for status, remedy in (
            ("CREATING", f"aws eks wait addon-active {_WHERE} kube-proxy"),
            ("CREATE_FAILED", _update("kube-proxy")),
        )
    ),
    passes("eks-addon-pod-identity", "the agent", a_spec()),
    warns(
        "eks-addon-pod-identity",
        "no agent",
        a_spec(),
        _addon(
            "eks-pod-identity-agent",
            "EKS cluster `training` has no Pod Identity agent",
            remedy=f"aws eks create-addon {_WHERE} eks-pod-identity-agent",
            level="warn",
        ),
        account=_addons("coredns"),
    ),
    warns(
        "eks-addon-pod-identity",
        "an agent that failed",
        a_spec(),
        _addon(
            "eks-pod-identity-agent",
            "the add-on is `CREATE_FAILED`",
            remedy=_update("eks-pod-identity-agent"),
            level="warn",
        ),
        account=_addons(*_CORE, eks_pod_identity_agent="CREATE_FAILED"),
    ),
    passes("eks-addon-health", "healthy add-ons", a_spec()),
    warns(
        "eks-addon-health",
        "an add-on that says what it has",
        a_spec(),
        _addon(
            "coredns",
            "the add-on is `DEGRADED`",
            "too few replicas",
            remedy=f"aws eks describe-addon {_WHERE} coredns --query addon.health",
            level="warn",
        ),
        account=FakeAccount().holding(an_addon("coredns", status="DEGRADED", issues=("too few replicas",))),
    ),
    passes("eks-addon-versions", "versions that go with it", a_spec()),
    passes("eks-addon-versions", "add-ons that EKS does not know", a_spec(), _going_with()),
    warns(
        "eks-addon-versions",
        "a version for another Kubernetes",
        a_spec(),
        _addon(
            "coredns",
            "version `v1.0.0-eksbuild.1` is not for Kubernetes 1.33",
            "newest that is: v9",
            remedy=f"aws eks update-addon {_WHERE} coredns --addon-version v9 --resolve-conflicts PRESERVE",
            level="warn",
        ),
        account=_going_with(coredns=("v9", "v8")),
    ),
)


def _kubernetes(*without: str, **sets: str) -> FakeAccount:
    """Kubernetes without DaemonSets and kinds of these names; `sets` are more DaemonSets, namespace by name."""
    account = FakeAccount()
    kubernetes = account.kubernetes
    kept = [row for row in kubernetes.sets if row[1] not in without]
    kubernetes.sets = [*kept, *((space.replace("_", "-"), name) for space, name in sets.items())]
    kubernetes.kinds -= set(without)
    return account


def _chart(verb: str) -> str:
    folder = "sagemaker-hyperpod-cli/helm_chart/HyperPodHelmChart"
    return (
        "aws eks update-kubeconfig --region us-west-2 --name training\n"
        "git clone https://github.com/aws/sagemaker-hyperpod-cli.git\n"
        f"helm dependency update {folder}\n"
        f"helm {verb} hyperpod-dependencies {folder} --namespace kube-system"
    )


_AGENTS = ("health-monitoring-agent", "health-monitoring-agent-non-nvidia")
_PLUGINS = (
    "hyperpod-dependencies-nvidia-device-plugin",
    "hyperpod-dependencies-aws-efa-k8s-device-plugin",
    "neuron-device-plugin-daemonset",
)
_NOT_INSTALLED = "the Helm chart `hyperpod-dependencies` is not installed"
_NO_AGENT = "missing: DaemonSet *health-monitoring-agent* in namespace aws-hyperpod"
_IN_PART = "parts of the Helm chart `hyperpod-dependencies` are missing"


def _part(*missing: str) -> Finding:
    remedy = f"unless they are off on purpose\n{_chart('upgrade --install --reuse-values')}"
    return _finding(_IN_PART, *(f"missing: {part}" for part in missing), remedy=remedy, level="warn")


CHART = (
    passes("eks-helm-deps", "the chart", a_spec()),
    passes("eks-helm-deps", "one of the agents", a_spec(), _kubernetes(_AGENTS[0])),
    passes(
        "eks-helm-deps",
        "names of another release and version",
        a_spec(),
        _kubernetes(*_PLUGINS[:1], gpu_operator="nvidia-device-plugin-daemonset"),
    ),
    fails(
        "eks-helm-deps",
        "nothing of the chart",
        a_spec(),
        _finding(
            _NOT_INSTALLED,
            _NO_AGENT,
            "missing: DaemonSet *nvidia-device-plugin*",
            "missing: DaemonSet *aws-efa-k8s-device-plugin*",
            "missing: DaemonSet *neuron-device-plugin*",
            "missing: CustomResourceDefinition pytorchjobs.kubeflow.org",
            "missing: CustomResourceDefinition mpijobs.kubeflow.org",
            remedy=_chart("install"),
        ),
        account=_kubernetes(*_AGENTS, *_PLUGINS, "pytorchjobs.kubeflow.org", "mpijobs.kubeflow.org"),
    ),
    fails(
        "eks-helm-deps",
        "an agent in a namespace that is not HyperPod's",
        a_spec(),
        _finding(_NOT_INSTALLED, _NO_AGENT, remedy=_chart("install")),
        account=_kubernetes(*_AGENTS, monitoring="health-monitoring-agent"),
    ),
    warns(
        "eks-helm-deps",
        "a plugin that is off",
        a_spec(),
        _part("DaemonSet *neuron-device-plugin*"),
        account=_kubernetes("neuron-device-plugin-daemonset"),
    ),
    warns(
        "eks-helm-deps",
        "no operator of training jobs",
        a_spec(),
        _part("CustomResourceDefinition pytorchjobs.kubeflow.org"),
        account=_kubernetes("pytorchjobs.kubeflow.org"),
    ),
)

ROWS = (*CLUSTER, *ADDONS, *CHART)

_LOOKED_UP = ("caller.identity", "eks.describe")
ASKS: dict[str, tuple[str, ...]] = {
    "eks-same-vpc": (*_LOOKED_UP, "network.subnets"),
    "eks-version": (*_LOOKED_UP, "eks.supported_versions"),
    "eks-two-az": (*_LOOKED_UP, "network.subnets"),
    "eks-endpoint-private": _LOOKED_UP,
    "eks-addon-core": (*_LOOKED_UP, "eks.addons", "kubernetes.daemon_sets"),
    "eks-addon-pod-identity": (*_LOOKED_UP, "eks.addons"),
    "eks-addon-health": (*_LOOKED_UP, "eks.addons"),
    "eks-sg-reachability": (*_LOOKED_UP, "network.security_groups", "network.subnets"),
    "eks-addon-versions": (*_LOOKED_UP, "eks.addons", "eks.addon_versions"),
    "eks-helm-deps": (*_LOOKED_UP, "kubernetes.daemon_sets", "kubernetes.custom_resources"),
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    if check_id == "eks-addon-core":
        return a_spec(), _running("kube-system/aws-node", "kube-system/kube-proxy")
    return a_spec(), FakeAccount()
