"""A cluster of the sandbox for the suite: its good EKS cluster with two nodes of HyperPod, and a kubeconfig for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner

from tests.contract.kubernetes.somebody import RBAC_GROUP, Somebody
from tests.contract.kubernetes.space import Space
from tests.functional.sandbox.running import Running, sandbox, until

GOVERNANCE = "amazon-sagemaker-hyperpod-taskgovernance"
EKS_CLUSTER, HYPERPOD_CLUSTER = "hpctl-sandbox-api", "contract"
NODE_TYPE, NODES = "ml.m5.2xlarge", 2


def token(aws: Running, cluster: str = EKS_CLUSTER, keys: Credentials | None = None) -> str:
    """Return a bearer token, made as `aws eks get-token` makes it; good for fourteen minutes."""
    keys = keys or Credentials(aws.seed["aws_access_key_id"], aws.seed["aws_secret_access_key"])
    # The signer holds its emitter by a weak reference.
    emitter = HierarchicalEmitter()
    signer = RequestSigner(ServiceId("STS"), aws.state.region, "sts", "v4", keys, emitter)
    request = {
        "method": "GET",
        "url": f"https://sts.{aws.state.region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(request, "GetCallerIdentity", expires_in=60, region_name=aws.state.region)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def kubeconfig(aws: Running, path: Path) -> Path:
    """Write a kubeconfig with a new token in it."""
    found = aws.client("eks").describe_cluster(name=EKS_CLUSTER)["cluster"]
    cluster = {
        "server": found["endpoint"],
        "certificate-authority-data": found["certificateAuthority"]["data"],
    }
    told: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": "sandbox", "user": {"token": token(aws)}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
        "current-context": "sandbox",
    }
    path.write_text(json.dumps(told))
    path.chmod(0o600)
    return path


def user(aws: Running, space: Space) -> Somebody:
    """Make an IAM user with an access entry, whose groups are all that Kubernetes knows of them."""
    iam, name = aws.client("iam"), space.name
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    given = iam.create_access_key(UserName=name)["AccessKey"]
    aws.client("eks").create_access_entry(clusterName=EKS_CLUSTER, principalArn=arn, kubernetesGroups=[name])
    keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"])
    return Somebody(token(aws, keys=keys), arn, {"kind": "Group", "name": name, "apiGroup": RBAC_GROUP})


@contextmanager
def running(home: Path) -> Iterator[Running]:
    """Run a sandbox with a cluster that has nodes."""
    with sandbox(home / "sandboxes", "kubernetes") as aws:
        aws.client("eks").create_addon(clusterName=EKS_CLUSTER, addonName=GOVERNANCE)
        aws.client("sagemaker").create_cluster(
            **aws.on_eks(HYPERPOD_CLUSTER, InstanceGroups=[aws.group(InstanceType=NODE_TYPE, InstanceCount=NODES)])
        )
        until(lambda: _status(aws), lambda status: status == "InService")
        yield aws


def _status(aws: Running) -> str:
    return str(aws.client("sagemaker").describe_cluster(ClusterName=HYPERPOD_CLUSTER)["ClusterStatus"])
