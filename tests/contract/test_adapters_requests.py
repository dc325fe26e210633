"""What the adapters send and read, held to the service models of the installed botocore."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.regions import EndpointResolver
from botocore.validate import ParamValidator

from hpctl.adapters.aws import models
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.clusters import (
    AwsClusters,
    cluster_of,
    event_of,
    listed_event_of,
    listed_node_of,
    node_of,
    summary_of,
)
from hpctl.adapters.aws.eks import AwsEks, eks_cluster_of
from hpctl.adapters.aws.network import AwsNetwork, security_group_of, subnet_of
from hpctl.adapters.aws.session import PAGE_SIZE, AwsSession
from hpctl.catalog.patterns import matches
from hpctl.facts import ports
from tests.unit.adapters import test_clusters, test_eks_and_caller, test_network
from tests.unit.adapters.wire import Reply, Sent, Wire, connect, ok

ARN = test_clusters.ARN
CREATE = {
    "ClusterName": "train",
    "InstanceGroups": [
        {
            "InstanceGroupName": "workers",
            "InstanceCount": 2,
            "InstanceType": "ml.p5.48xlarge",
            "ExecutionRole": "arn:aws:iam::111122223333:role/r",
            "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-b/base", "OnCreate": "on_create.sh"},
            "InstanceStorageConfigs": [{"EbsVolumeConfig": {"VolumeSizeInGB": 500}}],
        }
    ],
    "Orchestrator": {"Eks": {"ClusterArn": test_clusters.EKS_ARN}},
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    "NodeProvisioningMode": "Continuous",
    "Tags": [{"Key": "hpctl:run-id", "Value": "r-1"}],
}
ANSWERS: Mapping[str, Reply] = {
    "CreateCluster": ok({"ClusterArn": ARN}),
    "DescribeCluster": ok({**test_clusters.CLUSTER, "cluster": test_eks_and_caller.CLUSTER}),
    "ListClusters": ok({"ClusterSummaries": [test_clusters.CLUSTER]}),
    "DeleteCluster": ok({"ClusterArn": ARN}),
    "ListClusterNodes": ok({"ClusterNodeSummaries": [test_clusters.NODE]}),
    "DescribeClusterNode": ok({"NodeDetails": test_clusters.NODE}),
    "ListClusterEvents": ok({"Events": [test_clusters.EVENT]}),
    "DescribeClusterEvent": ok(
        {
            "EventDetails": {
                **test_clusters.EVENT,
                "EventDetails": {"EventMetadata": {"Cluster": {"FailureMessage": "x"}}},
            }
        }
    ),
    "ListTags": ok({"Tags": [{"Key": "a", "Value": "b"}]}),
    "DescribeSubnets": test_network.SUBNETS,
    "DescribeSecurityGroups": test_network.GROUPS,
    "GetCallerIdentity": test_eks_and_caller.WHO,
}
CALLED_BY_BOTOCORE = {("sts", "AssumeRole"), ("sts", "AssumeRoleWithWebIdentity")}


class Service(Wire):
    """Gives each operation its own answer."""

    def send(self, request: Any, event_name: str, **context: Any) -> Any:
        self._replies = [ANSWERS[event_name.rpartition(".")[2]]]
        return super().send(request, event_name, **context)


def use_every_method(session: AwsSession) -> dict[str, object]:
    """Call each method of each port once, with every parameter it has, and return the answers."""
    clusters, network = AwsClusters(session), AwsNetwork(session)
    clusters.delete("train")
    since = datetime(2026, 11, 21, tzinfo=UTC)
    return {
        "Clusters.create": clusters.create(CREATE),
        "Clusters.describe": clusters.describe(ARN),
        "Clusters.summaries": list(clusters.summaries(name_contains="tr")),
        "Clusters.delete": None,
        "Clusters.nodes": list(clusters.nodes("train", instance_group="workers")),
        "Clusters.node": [clusters.node("train", node_id) for node_id in ("i-0123456789abcdef0", "workers-1")],
        "Clusters.events": list(clusters.events("train", since=since)),
        "Clusters.event": clusters.event("train", "12345678-1234-1234-1234-123456789012"),
        "Clusters.tags": clusters.tags(ARN),
        "Network.subnets": network.subnets(["subnet-1"]),
        "Network.security_groups": network.security_groups(["sg-1"]),
        "Eks.describe": AwsEks(session).describe("kube"),
        "Caller.identity": AwsCaller(session).identity(),
    }


@pytest.fixture(scope="module")
def botocore_session() -> botocore.session.Session:
    """botocore as it is installed, without hpctl."""
    return botocore.session.Session()


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    """Every request that the adapters can send."""
    service = Service()
    use_every_method(connect(service))
    return service.sent


def operation_of(session: botocore.session.Session, service: str, operation: str) -> OperationModel:
    return session.get_service_model(service).operation_model(operation)


def test_every_method_of_every_port_is_used_here() -> None:
    protocols = [ports.Clusters, ports.Network, ports.Eks, ports.Caller]
    methods = {
        f"{protocol.__name__}.{name}"
        for protocol in protocols
        for name, _ in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }
    assert set(use_every_method(connect(Service()))) == methods


def test_the_adapters_are_what_the_ports_ask_for() -> None:
    session = connect(Service())
    clusters: ports.Clusters = AwsClusters(session)
    network: ports.Network = AwsNetwork(session)
    eks: ports.Eks = AwsEks(session)
    caller: ports.Caller = AwsCaller(session)
    for port, adapter in [
        (ports.Clusters, clusters),
        (ports.Network, network),
        (ports.Eks, eks),
        (ports.Caller, caller),
    ]:
        for name, method in inspect.getmembers(port, inspect.isfunction):
            if not name.startswith("_"):
                ours = inspect.signature(getattr(type(adapter), name))
                assert ours == inspect.signature(method), f"{port.__name__}.{name}"


def test_a_client_knows_exactly_the_operations_that_are_called(sent: list[Sent]) -> None:
    called = {(one.service, one.operation) for one in sent} | CALLED_BY_BOTOCORE
    known = {(service, operation) for service, operations in models.OPERATIONS.items() for operation in operations}
    assert called == known


def test_every_request_in_json_obeys_the_service_model(
    sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == "sagemaker"]
    assert len(requests) == 10
    for one in requests:
        shape = operation_of(botocore_session, one.service, one.operation).input_shape
        assert shape is not None
        assert list(violations(one.parameters, shape, one.operation)) == []


def test_the_walk_over_a_request_sees_what_is_wrong(botocore_session: botocore.session.Session) -> None:
    shape = operation_of(botocore_session, "sagemaker", "ListClusterNodes").input_shape
    assert shape is not None
    wrong = {"ClusterName": "a b", "SortBy": "AGE", "Colour": 1, "MaxResults": 101}
    assert len(list(violations(wrong, shape, "x"))) == 4


@pytest.mark.parametrize("service", ["ec2", "sts"])
def test_every_request_by_query_names_members_of_the_service_model(
    service: str, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service]
    assert requests
    for one in requests:
        shape = operation_of(botocore_session, service, one.operation).input_shape
        members = shape.members if isinstance(shape, StructureShape) else {}
        wire_names = {member.serialization.get("name", key) for key, member in members.items()}
        capitalised = {name[0].upper() + name[1:] for name in wire_names}
        asked = {key.partition(".")[0] for key in one.parameters} - {"Action", "Version"}
        assert asked <= capitalised


def test_pages_are_no_larger_than_the_service_allows(botocore_session: botocore.session.Session) -> None:
    for operation in ("ListClusters", "ListClusterNodes", "ListClusterEvents", "ListTags"):
        shape = operation_of(botocore_session, "sagemaker", operation).input_shape
        assert shape is not None
        limits = shape.members["MaxResults"].metadata
        assert limits.get("min", 1) <= PAGE_SIZE <= limits.get("max", PAGE_SIZE)


@pytest.mark.parametrize(
    ("service", "operation", "path", "build"),
    [
        ("sagemaker", "DescribeCluster", (), cluster_of),
        ("sagemaker", "ListClusters", ("ClusterSummaries",), summary_of),
        ("sagemaker", "ListClusterNodes", ("ClusterNodeSummaries",), listed_node_of),
        ("sagemaker", "DescribeClusterNode", (), node_of),
        ("sagemaker", "ListClusterEvents", ("Events",), listed_event_of),
        ("sagemaker", "DescribeClusterEvent", (), event_of),
        ("ec2", "DescribeSubnets", ("Subnets",), subnet_of),
        ("ec2", "DescribeSecurityGroups", ("SecurityGroups",), security_group_of),
        ("eks", "DescribeCluster", (), eks_cluster_of),
    ],
)
def test_every_member_that_is_read_exists_in_the_answer(
    service: str, operation: str, path: tuple[str, ...], build: Any, botocore_session: botocore.session.Session
) -> None:
    shape: Any = operation_of(botocore_session, service, operation).output_shape
    for key in path:
        shape = shape.members[key].member
    build(Answer(shape))


def test_reading_a_member_that_does_not_exist_is_seen(botocore_session: botocore.session.Session) -> None:
    shape = operation_of(botocore_session, "sagemaker", "DescribeCluster").output_shape
    with pytest.raises(AssertionError, match="DescribeClusterResponse has no `Colour`"):
        Answer(shape).get("Colour")


class Answer(Mapping[str, Any]):
    """An answer with every member that the model has, which fails on any other."""

    def __init__(self, shape: Any) -> None:
        self._shape = shape

    def __getitem__(self, key: str) -> Any:
        assert key in self._shape.members or key == "SDK_UNKNOWN_MEMBER", f"{self._shape.name} has no `{key}`"
        return sample(self._shape.members[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._shape.members)

    def __len__(self) -> int:
        return len(self._shape.members)


def sample(shape: Shape) -> Any:
    match shape:
        case StructureShape():
            return Answer(shape)
        case ListShape():
            return [sample(shape.member)]
        case MapShape():
            return {}
        case _:
            kinds: dict[str, object] = {"timestamp": datetime(2026, 11, 21, tzinfo=UTC), "integer": 1, "boolean": True}
            return kinds.get(shape.type_name, "text")


def violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield what botocore finds, and what it does not look at: enums, patterns, maxima."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield report.generate_report()
    yield from unseen(value, shape, path)


def unseen(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            for key in value.keys() & shape.members.keys():
                yield from unseen(value[key], shape.members[key], f"{path}.{key}")
        case ListShape():
            for child in value:
                yield from unseen(child, shape.member, path)
        case _:
            yield from limits(value, shape, path)


def limits(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if (enum := shape.metadata.get("enum")) and value not in enum:
        yield f"{path}: {value} is not one of {enum}"
    if (pattern := shape.metadata.get("pattern")) and not matches(pattern, str(value)):
        yield f"{path}: {value} does not match {pattern}"
    size = value if isinstance(value, int) else len(str(value))
    if size > shape.metadata.get("max", size):
        yield f"{path}: {value} is above {shape.metadata['max']}"


def test_cut_and_whole_models_send_the_same_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen = [traffic(models.TrimmedLoader), traffic(models.TrimmedLoader)]  # the first makes the files
    monkeypatch.setattr(models, "prefer", lambda session: None)
    assert seen == [traffic(Loader)] * 2


def traffic(loader: type[Loader]) -> tuple[list[str], dict[str, object]]:
    """Everything on the wire but what differs from one moment to the next, and what was made of the answers."""
    service = Service()
    session = connect(service)
    assert type(session._botocore.get_component("data_loader")) is loader
    answers = use_every_method(session)
    momentary = {"X-Amz-Date", "Authorization", "amz-sdk-invocation-id"}
    return [
        json.dumps(
            [one.method, one.url, one.body.decode(), {k: v for k, v in one.headers.items() if k not in momentary}]
        )
        for one in service.sent
    ], answers


def test_cut_endpoints_lead_to_the_same_places(tmp_path: Path, botocore_session: botocore.session.Session) -> None:
    whole_data = botocore_session.get_component("data_loader").load_data("endpoints")
    whole = EndpointResolver(whole_data)
    cut = EndpointResolver(models.TrimmedLoader(tmp_path).load_data("endpoints"))
    regions = [region for partition in whole_data["partitions"] for region in partition["regions"]]
    assert len(regions) > 30
    for region in [*regions, "xx-new-1", "us-new-9"]:
        for host in ("api.sagemaker", "ec2", "eks", "sts", "portal.sso", "oidc", "signin"):
            assert cut.construct_endpoint(host, region) == whole.construct_endpoint(host, region), (host, region)


def test_every_service_finds_its_address_in_every_partition(tmp_path: Path) -> None:
    for region in ("eu-west-1", "cn-north-1", "us-gov-west-1"):
        session = connect(Service(), region=region)
        urls = {service: session._client(service).meta.endpoint_url for service in models.OPERATIONS}
        assert all(region in url for url in urls.values()), urls
