"""What the HyperPod part looks up in the rest of the account: network, roles, EKS, S3, quotas, EC2 types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from hpctl.sandbox.eks.addons import EksError
from hpctl.sandbox.eks.models import eks_backends
from hpctl.sandbox.fsx.models import fsx_backends
from hpctl.sandbox.iam.principals import Principal, principal
from hpctl.sandbox.keys import KeyUser
from hpctl.sandbox.network import Network
from hpctl.sandbox.plans import Plan, plans
from hpctl.sandbox.policies import trusts
from hpctl.sandbox.quotas.models import quotas_backends

_WANTED_TYPES = ("ml.p5.48xlarge", "ml.trn1.32xlarge")


@dataclass(frozen=True)
class Subnet:
    """A subnet as far as nodes care: where it is and which addresses it has."""

    id: str
    cidr: IPv4Network
    zone: str
    zone_id: str
    vpc_id: str = ""


@dataclass(frozen=True)
class Bucket:
    """A bucket as far as lifecycle scripts care: where it is, and its objects' contents by key."""

    region: str
    objects: Mapping[str, Any]


@dataclass(frozen=True)
class Account:
    """One account in one Region, as it is at the moment of the request.

    `in_use` counts the instances of living HyperPod clusters, by instance type and capacity (`spot` or not) and by
    training plan ARN.
    """

    id: str
    region: str
    in_use: Mapping[Any, int] = field(default_factory=dict)

    def subnet(self, subnet_id: str) -> Subnet | None:
        """Return a subnet, or None when there is none of this id."""
        try:
            found = self.ec2.get_subnet(subnet_id)
        except InvalidSubnetIdError:
            return None
        zone = found._availability_zone  # noqa: SLF001 - moto has no public name for it
        return Subnet(found.id, IPv4Network(found.cidr_block), zone.name, zone.zone_id, found.vpc_id)

    def vpc_of_security_group(self, group_id: str) -> str | None:
        """Return the VPC of a security group, or None when there is none of this id."""
        found = self.ec2.get_security_group_from_id(group_id)
        return None if found is None else str(found.vpc_id)

    @property
    def network(self) -> Network:
        """The network of the Region."""
        return Network(self.ec2, self.region)

    def home_zone(self) -> tuple[str, str]:
        """Return the name and the id of the zone where the service puts what may be anywhere.

        It is the first zone of the Region that offers the types of the examples, else the first.
        """
        zones = self.ec2.describe_availability_zones()
        good = (zone for zone in zones if all(self.offers(kind, zone.zone_id) for kind in _WANTED_TYPES))
        zone = next(good, zones[0])
        return zone.name, zone.zone_id

    def trusts_sagemaker(self, role_arn: str) -> bool:
        """Whether the role exists and lets SageMaker assume it."""
        try:
            role = self._iam.get_role_by_arn(role_arn)
        except NotFoundException:
            return False
        context = {
            "aws:sourceaccount": (self.id,),
            "aws:sourcearn": (f"arn:aws:sagemaker:{self.region}:{self.id}:cluster/000000000000",),
        }
        return trusts(json.loads(role.assume_role_policy_document), "sagemaker.amazonaws.com", context)

    def role(self, role_arn: str) -> Principal:
        """Return a role that exists, with its policies."""
        return principal(self._iam, role_arn)

    def may_use_key(self, role_arn: str, key_id: str, *actions: str) -> bool:
        """Whether a role may do this with a KMS key of the Region, or with one that AWS manages."""
        user = KeyUser(role_arn, self.role(role_arn), self.id, self.region)
        return all(user.may(action, key_id) for action in actions)

    def file_system(self, dns_name: str) -> Mapping[str, Any] | None:
        """Return what FSx tells of the file system of this name, or None when there is none here."""
        backend = fsx_backends[self.id][self.region]
        found = (one for one in backend.file_systems.values() if one.dns_name == dns_name)
        return next(map(backend.told, found), None)

    def eks_cluster(self, eks_cluster_arn: str) -> Any:
        """Return the record of an EKS cluster, or None when there is no such cluster here."""
        try:
            cluster = eks_backends[self.id][self.region].cluster(eks_cluster_arn.rpartition("/")[2])
        except EksError:
            return None
        return cluster if cluster.members["arn"] == eks_cluster_arn else None

    def quota(self, name: str) -> float:
        """Return the value of a quota in force, by its name."""
        return quotas_backends[self.id][self.region].value(name)

    def plan(self, arn: str) -> Plan | None:
        """Return a training plan, or None when there is none of this ARN or name."""
        return next((plan for plan in self.plans() if arn in {plan.arn, plan.name}), None)

    def plans(self) -> tuple[Plan, ...]:
        """Return the training plans of the Region."""
        return plans(f"arn:aws:sagemaker:{self.region}:{self.id}", *self.home_zone())

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket, or None when there is none of this name."""
        found = s3_backends[self.id]["aws"].buckets.get(name)
        return None if found is None else Bucket(found.region_name, found.keys)

    def offers(self, instance_type: str, zone_id: str) -> bool:
        """Whether EC2 offers the type in a zone; a type that moto's data lack is taken to be offered."""
        if instance_type.removeprefix("ml.") not in INSTANCE_TYPES:
            return True
        offered = INSTANCE_TYPE_OFFERINGS["availability-zone-id"].get(self.region, [])
        wanted = instance_type.removeprefix("ml.")
        return any(each["InstanceType"] == wanted and each["Location"] == zone_id for each in offered)

    @property
    def ec2(self) -> Any:
        """Moto's EC2 of the Region."""
        return ec2_backends[self.id][self.region]

    @property
    def _iam(self) -> Any:
        return iam_backends[self.id]["aws"]


def has_efa(instance_type: str) -> bool:
    """Whether nodes of this type get EFA interfaces (EC2 DescribeInstanceTypes as shipped with moto 5.2.5)."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    # The one cluster type that moto's data lacks, ml.p6e-gb200.36xlarge, has EFA.
    return True if known is None else bool(known["NetworkInfo"].get("EfaSupported"))


def has_accelerators(instance_type: str) -> bool:
    """Whether nodes of this type have GPUs or Neuron chips (EC2 DescribeInstanceTypes as shipped with moto 5.2.5)."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    # The one cluster type that moto's data lacks, ml.p6e-gb200.36xlarge, has GPUs.
    return True if known is None else bool(known.keys() & {"GpuInfo", "NeuronInfo"})


def threads_per_core(instance_type: str) -> tuple[int, ...] | None:
    """Return how many threads a core of this type may have; None where EC2's data do not say (g5, for one)."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."), {})
    if "arm64" in known.get("ProcessorInfo", {}).get("SupportedArchitectures", ()):
        return (1,)  # Graviton has no multithreading (AWS documentation); its smallest sizes do not say so
    found = known.get("VCpuInfo", {}).get("ValidThreadsPerCore")
    return tuple(found) if found else None


def interface_sizes(instance_type: str, *, eks: bool) -> list[int]:
    """Return how many addresses each network interface of a node takes: one a card, and a whole one for pods on EKS.

    EC2 DescribeInstanceTypes as shipped with moto 5.2.5; AWS documentation gives 81 for p5.48xlarge on EKS.
    """
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."), {}).get("NetworkInfo", {})
    cards = int(known.get("MaximumNetworkCards") or 1)
    first = int(known.get("Ipv4AddressesPerInterface") or 1) if eks else 1
    return [first, *[1] * (cards - 1)]
