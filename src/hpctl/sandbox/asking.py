"""What a request asks of IAM: actions on resources, by the names that IAM has for them.

Source: the service authorization reference, as far as HyperPod's administrators use the services; an operation that
is not known more closely is judged on every resource (`*`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from hpctl.sandbox.policies import Question
from hpctl.sandbox.proxy.calls import Call, call_seen
from hpctl.sandbox.sagemaker.models import sagemaker_backends
from hpctl.sandbox.sagemaker.wordings import SageMakerError

if TYPE_CHECKING:
    from hpctl.sandbox.recording import Recording

# Operations whose action has another name.
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sts:GetCallerIdentity": "",  # needs no permission, and no Deny takes it away
}
_ACCOUNT_WIDE = frozenset({
    "DescribeClusterVersions", "DescribeAddonVersions", "DescribeLogGroups", "ListBuckets", "ListClusters",
})  # fmt: skip
# An id for what the request names otherwise, or makes: patterns with `*` hold for it.
_SOME_ID = "000000000000"
_ON_CREATION = ("CreateAccessEntry", "DescribeCluster"), ("AssociateAccessPolicy", "DescribeAccessEntry")


class _Place:
    """A request with the account and the Region that it is for."""

    def __init__(self, account: str, recording: Recording, call: Call) -> None:
        self.account, self.region = account, recording.region or ""
        self.call = call
        self.path = unquote(recording.environ["PATH_INFO"]).strip("/")
        self.host = recording.environ.get("HTTP_HOST", "")
        self.members = _members(recording)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"


def questions(account: str, recording: Recording) -> Iterator[Question]:
    """Yield all that a request needs to be allowed."""
    call = call_seen(recording)
    action = _ACTIONS.get(str(call), str(call))
    if not action or recording.region is None:
        return
    place = _Place(account, recording, call)
    context = {"aws:requestedregion": (place.region,), "aws:principalaccount": (account,)}
    if call.operation == "CreateServiceLinkedRole":
        context["iam:awsservicename"] = (str(place.members.get("AWSServiceName")),)
    find = _RESOURCES.get(call.service)
    resource = "*" if find is None or call.operation in _ACCOUNT_WIDE else find(place)
    yield Question(action, resource, context)
    if call.service == "sagemaker":
        yield from _beside(place, context)
    if call.service == "ssm" and place.members.get("DocumentName"):
        yield Question(action, _document(place, str(place.members["DocumentName"])), context)


def _beside(place: _Place, context: Mapping[str, tuple[str, ...]]) -> Iterator[Question]:
    """What it takes besides the action that is named like the operation."""
    if place.call.operation not in {"CreateCluster", "UpdateCluster"}:
        return
    passed = {**context, "iam:passedtoservice": ("sagemaker.amazonaws.com",)}
    groups = [group for group in place.members.get("InstanceGroups", ()) if isinstance(group, dict)]
    roles = [*(group.get("ExecutionRole") for group in groups), place.members.get("ClusterRole")]
    for role in dict.fromkeys(filter(None, roles)):
        yield Question("iam:PassRole", str(role), passed)
    if place.call.operation == "CreateCluster":
        if place.members.get("Tags"):
            yield Question("sagemaker:AddTags", place.arn("sagemaker", f"cluster/{_SOME_ID}"), context)
        yield from _access_entries(place, context)


def _access_entries(place: _Place, context: Mapping[str, tuple[str, ...]]) -> Iterator[Question]:
    eks = str(place.members.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn", ""))
    if eks:
        entry = place.arn("eks", f"access-entry/{eks.rpartition('/')[2]}/role/{place.account}/hyperpod/{_SOME_ID}")
        for resource, actions in zip((eks, entry), _ON_CREATION, strict=True):
            yield from (Question(f"eks:{action}", resource, context) for action in actions)


def _of_sagemaker(place: _Place) -> str:
    told = place.members
    if arn := told.get("ResourceArn"):
        return str(arn)
    if plan := told.get("TrainingPlanName"):
        return place.arn("sagemaker", f"training-plan/{plan}")
    if name := told.get("ClusterName", told.get("ClusterArn")):
        try:
            return str(sagemaker_backends[place.account][place.region].find(str(name))[0].arn)
        except SageMakerError:
            return place.arn("sagemaker", f"cluster/{_SOME_ID}")
    return "*"


def _of_eks(place: _Place) -> str:
    match place.path.split("/", 3):
        case ["clusters", name, "addons", addon]:
            return place.arn("eks", f"addon/{name}/{addon.partition('/')[0]}/{_SOME_ID}")
        case ["clusters", name, "access-entries", principal]:
            _, _, _, _, account, who = (*principal.split(":", 5), "", "", "", "", "", "")[:6]
            kind, _, path = who.partition("/access-policies")[0].partition("/")
            return place.arn("eks", f"access-entry/{name}/{kind}/{account}/{path.rpartition('/')[2]}/{_SOME_ID}")
        case ["clusters", name, *_]:
            return place.arn("eks", f"cluster/{name}")
    return "*"


def _of_iam(place: _Place) -> str:
    if arn := place.members.get("PolicySourceArn"):
        return str(arn)
    if name := place.members.get("RoleName"):
        try:
            return str(iam_backends[place.account]["aws"].get_role(name).arn)
        except NotFoundException:
            return f"arn:aws:iam::{place.account}:role/{name}"
    if service := place.members.get("AWSServiceName"):
        return f"arn:aws:iam::{place.account}:role/aws-service-role/{service}/{_SOME_ID}"
    return "*"


def _of_s3(place: _Place) -> str:
    bucket, _, key = place.path.partition("/")
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _of_kms(place: _Place) -> str:
    key = str(place.members.get("KeyId", ""))
    return key if key.startswith("arn:") and ":key/" in key else place.arn("kms", f"key/{key.rpartition('/')[2]}")


def _of_logs(place: _Place) -> str:
    group = str(place.members.get("logGroupName", ""))
    stream = f":log-stream:{place.members['logStreamName']}" if "logStreamName" in place.members else ""
    return place.arn("logs", f"log-group:{group}{stream}") if group else "*"


def _of_ssm(place: _Place) -> str:
    if session := place.members.get("SessionId"):
        return place.arn("ssm", f"session/{session}")
    target = str(place.members.get("Target", ""))
    cluster = target.removeprefix("sagemaker-cluster:").partition("_")[0]
    return place.arn("sagemaker", f"cluster/{cluster}") if cluster != target else "*"


def _document(place: _Place, name: str) -> str:
    if name.startswith("arn:"):
        return name
    # AWS's own documents belong to no account.
    if name.startswith(("AWS-", "AmazonEKS-")):
        return f"arn:aws:ssm:{place.region}::document/{name}"
    return place.arn("ssm", f"document/{name}")


_RESOURCES: Mapping[str, Callable[[_Place], str]] = {
    "eks": _of_eks,
    "iam": _of_iam,
    "kms": _of_kms,
    "logs": _of_logs,
    "s3": _of_s3,
    "sagemaker": _of_sagemaker,
    "ssm": _of_ssm,
}


def _members(recording: Recording) -> dict[str, Any]:
    text = recording.body.decode("utf-8", "replace")
    if recording.environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(text).items()}
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
