"""What EKS tells of its clusters: the port `facts.ports.Eks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import EksCluster
from hpctl.terms import AuthenticationMode


class AwsEks:
    """Reads EKS clusters."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def describe(self, name: str) -> EksCluster:
        """Return the EKS cluster of that name."""
        return eks_cluster_of(self._session.call("eks", "DescribeCluster", name=name))


@reads("eks:DescribeCluster")
def eks_cluster_of(answer: Mapping[str, Any]) -> EksCluster:
    """Read EKS DescribeCluster; a cluster that tells no mode has CONFIG_MAP, the API's documented default."""
    cluster = answer["cluster"]
    return EksCluster(
        name=cluster["name"],
        arn=cluster["arn"],
        status=cluster["status"],
        version=cluster.get("version", ""),
        authentication_mode=cluster.get("accessConfig", {}).get("authenticationMode", AuthenticationMode.CONFIG_MAP),
        vpc_id=cluster.get("resourcesVpcConfig", {}).get("vpcId", ""),
    )
