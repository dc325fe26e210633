"""What the HyperPod part looks up in the rest of the account: subnets, security groups, roles, EKS, EC2 types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from hpctl.sandbox.clock import moment
from hpctl.sandbox.eks.models import EksError, eks_backends


@dataclass(frozen=True)
class Subnet:
    """A subnet as far as nodes care: where it is and which addresses it has."""

    id: str
    cidr: IPv4Network
    zone: str
    zone_id: str


@dataclass(frozen=True)
class Account:
    """One account in one Region, as it is at the moment of the request."""

    id: str
    region: str

    def subnet(self, subnet_id: str) -> Subnet | None:
        """Return a subnet, or None when there is none of this id."""
        try:
            found = self._ec2.get_subnet(subnet_id)
        except InvalidSubnetIdError:
            return None
        zone = found._availability_zone  # noqa: SLF001 - moto has no public name for it
        return Subnet(found.id, IPv4Network(found.cidr_block), zone.name, zone.zone_id)

    def has_security_group(self, group_id: str) -> bool:
        """Whether a security group of this id exists."""
        return self._ec2.get_security_group_from_id(group_id) is not None

    def first_zone(self) -> tuple[str, str]:
        """Return the name and the id of the Region's first Availability Zone."""
        zone = self._ec2.describe_availability_zones()[0]
        return zone.name, zone.zone_id

    def trusts_sagemaker(self, role_arn: str) -> bool:
        """Whether the role exists and lets SageMaker assume it."""
        try:
            role = iam_backends[self.id]["aws"].get_role_by_arn(role_arn)
        except NotFoundException:
            return False
        statements = json.loads(role.assume_role_policy_document)["Statement"]
        return any(_lets_sagemaker_in(statement) for statement in _listed(statements))

    def authentication_mode(self, eks_cluster_arn: str) -> str | None:
        """Return the authentication mode of an EKS cluster, or None when there is no such cluster here."""
        try:
            cluster = eks_backends[self.id][self.region].cluster(eks_cluster_arn.rpartition("/")[2])
        except EksError:
            return None
        same = cluster.members["arn"] == eks_cluster_arn
        return cluster.authentication_mode(moment().at) if same else None

    @property
    def _ec2(self) -> Any:
        return ec2_backends[self.id][self.region]


def has_efa(instance_type: str) -> bool:
    """Whether nodes of this type get EFA interfaces (EC2 DescribeInstanceTypes as shipped with moto 5.2.5)."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    # The one cluster type that moto's data lacks, ml.p6e-gb200.36xlarge, has EFA.
    return True if known is None else bool(known["NetworkInfo"].get("EfaSupported"))


def _lets_sagemaker_in(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and "sagemaker.amazonaws.com" in services


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
