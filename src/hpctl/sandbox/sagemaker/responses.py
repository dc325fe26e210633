"""HyperPod operations: requests checked against the service model, answers given by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.sagemaker.responses import SageMakerResponse

from hpctl.sandbox.clock import moment
from hpctl.sandbox.sagemaker import governance, operations, wordings
from hpctl.sandbox.sagemaker.describe import cluster_details, cluster_summary, node_details, node_summary
from hpctl.sandbox.sagemaker.models import HyperPodBackend, sagemaker_backends
from hpctl.sandbox.sagemaker.paging import Page
from hpctl.sandbox.shapes import SerializationError, validation_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.course import Course
    from hpctl.sandbox.sagemaker.events import Event
    from hpctl.sandbox.sagemaker.operations import Operation
    from hpctl.sandbox.sagemaker.timeline import NodeState
    from hpctl.sandbox.sagemaker.wordings import SageMakerError

OPERATIONS = frozenset({
    "CreateCluster", "DescribeCluster", "ListClusters", "DeleteCluster", "ListClusterNodes", "DescribeClusterNode",
    "ListClusterEvents", "DescribeClusterEvent", "AddTags", "ListTags", "DeleteTags", "DescribeTrainingPlan",
    "ListTrainingPlans", "UpdateCluster", "UpdateClusterSoftware", "StartClusterHealthCheck", "BatchAddClusterNodes",
    "BatchDeleteClusterNodes", "BatchRebootClusterNodes", "BatchReplaceClusterNodes", "ListClusterOperations",
    "DescribeClusterOperation",
}) | governance.OPERATIONS  # fmt: skip

_MAX_TAGS = 50


class HyperPodResponse(governance.Governance, SageMakerResponse):
    """moto's SageMaker with HyperPod's operations in it."""

    refused: SageMakerError | None = None

    @property
    def sagemaker_backend(self) -> HyperPodBackend:
        """The backend of the caller's account and Region."""
        return sagemaker_backends[self.current_account][self.region]

    def parse_parameters(self, request: Any) -> None:
        """Check the request before moto reads it: moto passes over what it does not know."""
        self.refused = self._problem(request)
        if self.refused is None:
            super().parse_parameters(request)

    def call_action(self) -> Any:
        """Answer with the refusal if there is one."""
        if self.refused is not None:
            return self.serialized(ActionResult(self.refused))
        return super().call_action()

    def create_cluster(self) -> ActionResult:
        """CreateCluster."""
        return ActionResult({"ClusterArn": self.sagemaker_backend.create_hyperpod_cluster(dict(self.params))})

    def delete_cluster(self) -> ActionResult:
        """DeleteCluster."""
        return ActionResult({"ClusterArn": self.sagemaker_backend.delete_hyperpod_cluster(self._name)})

    def update_cluster(self) -> ActionResult:
        """UpdateCluster."""
        return ActionResult({"ClusterArn": self.sagemaker_backend.update_hyperpod_cluster(dict(self.params))})

    def update_cluster_software(self) -> ActionResult:
        """UpdateClusterSoftware."""
        return ActionResult({"ClusterArn": self.sagemaker_backend.update_hyperpod_software(dict(self.params))})

    def start_cluster_health_check(self) -> ActionResult:
        """StartClusterHealthCheck."""
        return ActionResult({"ClusterArn": self.sagemaker_backend.check_hyperpod_health(dict(self.params))})

    def batch_add_cluster_nodes(self) -> ActionResult:
        """BatchAddClusterNodes."""
        return ActionResult(self.sagemaker_backend.add_hyperpod_nodes(dict(self.params)))

    def batch_delete_cluster_nodes(self) -> ActionResult:
        """BatchDeleteClusterNodes."""
        return ActionResult(self.sagemaker_backend.delete_hyperpod_nodes(dict(self.params)))

    def batch_reboot_cluster_nodes(self) -> ActionResult:
        """BatchRebootClusterNodes."""
        return ActionResult(self.sagemaker_backend.reboot_hyperpod_nodes(dict(self.params)))

    def batch_replace_cluster_nodes(self) -> ActionResult:
        """BatchReplaceClusterNodes."""
        return ActionResult(self.sagemaker_backend.replace_hyperpod_nodes(dict(self.params)))

    def describe_cluster(self) -> ActionResult:
        """DescribeCluster."""
        return ActionResult(cluster_details(*self.sagemaker_backend.find(self._name)))

    def list_clusters(self) -> ActionResult:
        """ListClusters."""
        wanted = self.params.get("TrainingPlanArn")
        rows = [cluster_summary(*found) for found in self.sagemaker_backend.living()]
        rows = [
            row
            for row in rows
            if self.params.get("NameContains", "") in row["ClusterName"]
            and self._in_time(row["CreationTime"], "CreationTime")
            and (wanted is None or wanted in (row["TrainingPlanArns"] or ()))
        ]
        return self._sorted_page(rows, "ClusterSummaries", "ClusterName", "CreationTime")

    def list_cluster_nodes(self) -> ActionResult:
        """ListClusterNodes."""
        _, state = self.sagemaker_backend.find(self._name)
        rows = [node_summary(node, self.region) for node in state.nodes if self._lists(node)]
        if not self.params.get("IncludeNodeLogicalIds"):
            rows = [row | {"NodeLogicalId": None} for row in rows]
        return self._sorted_page(rows, "ClusterNodeSummaries", "InstanceGroupName", "LaunchTime")

    def describe_cluster_node(self) -> ActionResult:
        """DescribeClusterNode."""
        cluster, state = self.sagemaker_backend.find(self._name)
        by_id, by_logical_id = self.params.get("NodeId"), self.params.get("NodeLogicalId")
        if (by_id is None) == (by_logical_id is None):
            raise wordings.NODE_XOR_LOGICAL.error()
        for node in state.nodes:
            if node.instance_id == by_id if by_id else node.seat.logical_id == by_logical_id:
                return ActionResult({"NodeDetails": node_details(cluster, node, self.region)})
        raise wordings.NODE_NOT_FOUND.error(node=by_id or by_logical_id, name=cluster.name)

    def list_cluster_events(self) -> ActionResult:
        """ListClusterEvents: newest first unless asked otherwise."""
        cluster = self._continuous_cluster()
        page = self._asked_page()
        events = [event for event in self._course(cluster).told(page.as_of) if self._lists_event(event)]
        if self.params.get("SortOrder", "Descending") == "Descending":
            events.reverse()
        return ActionResult(page.answer([event.summary(cluster) for event in events], "Events"))

    def describe_cluster_event(self) -> ActionResult:
        """DescribeClusterEvent: the only place where an event tells its failure message."""
        cluster = self._continuous_cluster()
        for event in self._course(cluster).told(moment().at):
            if event.id(cluster) == self.params["EventId"]:
                return ActionResult({"EventDetails": event.details(cluster)})
        raise wordings.EVENT_NOT_FOUND.error(event=self.params["EventId"], name=cluster.name)

    def list_cluster_operations(self) -> ActionResult:
        """ListClusterOperations: newest first unless asked otherwise."""
        cluster, _ = self.sagemaker_backend.find(self._name)
        asked = self.params
        rows = [
            each.summary(cluster.arn)
            for each in self._operations(cluster)
            if asked.get("Status") in {None, each.status}
            and asked.get("Type") in {None, each.kind}
            and self._in_time(each.at, "CreationTime")
        ]
        if asked.get("SortOrder", "Descending") == "Descending":
            rows.reverse()
        return ActionResult(self._asked_page().answer(rows, "ClusterOperationSummaries"))

    def describe_cluster_operation(self) -> ActionResult:
        """DescribeClusterOperation."""
        cluster, _ = self.sagemaker_backend.find(self._name)
        for each in self._operations(cluster):
            if each.id == self.params["OperationId"]:
                return ActionResult(each.details(cluster.arn))
        raise wordings.OPERATION_NOT_FOUND.error(operation=self.params["OperationId"], name=cluster.name)

    def describe_training_plan(self) -> ActionResult:
        """DescribeTrainingPlan, by name or ARN."""
        return ActionResult(self.sagemaker_backend.plan(self.params["TrainingPlanName"]))

    def list_training_plans(self) -> ActionResult:
        """ListTrainingPlans."""
        wanted = {each["Name"]: each["Value"] for each in self.params.get("Filters", [])}
        rows = [row for row in self.sagemaker_backend.plans() if wanted.get("Status") in {None, row["Status"]}]
        rows.sort(key=lambda row: row[self.params.get("SortBy", "StartTime")])
        if self.params.get("SortOrder") == "Descending":
            rows.reverse()
        return ActionResult(self._asked_page().answer(rows, "TrainingPlanSummaries"))

    def list_tags(self) -> ActionResult:
        """ListTags, for clusters; moto's for the rest."""
        arn = self.params["ResourceArn"]
        if ":cluster/" not in arn:
            return super().list_tags()
        tags = self.sagemaker_backend.tags_of_cluster(arn)
        return ActionResult(Page.asked({"MaxResults": _MAX_TAGS} | self.params, moment().at).answer(tags, "Tags"))

    def delete_tags(self) -> ActionResult:
        """DeleteTags."""
        self.sagemaker_backend.delete_tags(self.params["ResourceArn"], self.params["TagKeys"])
        return EmptyResult()

    @property
    def _name(self) -> str:
        return str(self.params["ClusterName"])

    def _problem(self, request: Any) -> SageMakerError | None:
        operation = self._get_action()
        if operation not in OPERATIONS:
            return None
        shape = get_service_model("sagemaker").operation_model(operation).input_shape
        try:
            message = validation_message(shape, json.loads(request.data or b"{}"))
        except (SerializationError, json.JSONDecodeError) as error:
            return wordings.SERIALIZATION.error(message=error)
        return None if message is None else wordings.VALIDATION.error(message=message)

    def _course(self, cluster: Cluster) -> Course:
        return self.sagemaker_backend.course(cluster)

    def _operations(self, cluster: Cluster) -> list[Operation]:
        return [each for each in self._course(cluster).operations if moment().at - each.at < operations.KEPT]

    def _continuous_cluster(self) -> Cluster:
        cluster, _ = self.sagemaker_backend.find(self._name)
        if not cluster.continuous:
            raise wordings.EVENTS_NEED_CONTINUOUS.error()
        return cluster

    def _lists(self, node: NodeState) -> bool:
        if self.params.get("InstanceGroupNameContains", "") not in node.seat.group:
            return False
        if node.launched_at is None:
            return bool(self.params.get("IncludeNodeLogicalIds"))
        return self._in_time(node.launched_at, "CreationTime")

    def _lists_event(self, event: Event) -> bool:
        asked = self.params
        return (
            asked.get("InstanceGroupName") in {None, event.group}
            and asked.get("NodeId") in {None, event.instance_id}
            and asked.get("ResourceType") in {None, event.resource_type}
            and asked.get("OperationId") in {None, event.operation}
            and self._in_time(event.at, "EventTime")
        )

    def _in_time(self, when: datetime, member: str) -> bool:
        # Answers tell milliseconds: a time that a client read from one must not lie before itself.
        when = when.replace(microsecond=when.microsecond // 1000 * 1000)
        after, before = self.params.get(f"{member}After"), self.params.get(f"{member}Before")
        return (after is None or when > _aware(after)) and (before is None or when < _aware(before))

    def _sorted_page(self, rows: list[dict[str, Any]], member: str, name: str, time: str) -> ActionResult:
        by_name: Callable[[dict[str, Any]], Any] = lambda row: row[name]  # noqa: E731
        by_time: Callable[[dict[str, Any]], Any] = lambda row: row[time] or datetime.max.replace(tzinfo=UTC)  # noqa: E731
        rows.sort(key=by_name if self.params.get("SortBy") == "NAME" else by_time)
        if self.params.get("SortOrder") == "Descending":
            rows.reverse()
        return ActionResult(self._asked_page().answer(rows, member))

    def _asked_page(self) -> Page:
        return Page.asked(self.params, moment().at)


def _aware(parsed: datetime) -> datetime:
    # moto parses timestamps into naive UTC.
    return parsed.replace(tzinfo=UTC)
