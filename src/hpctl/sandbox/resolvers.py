"""DHCP options of new VPCs: AWS gives each the option set of Amazon's own, moto gives none."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.vpcs import VPCBackend

_make_vpc = VPCBackend.create_vpc


def give_new_vpcs_options() -> None:
    """Let moto associate a set with each VPC that it makes: one of its own, which goes with it."""
    VPCBackend.create_vpc = _create_vpc  # type: ignore[assignment,method-assign]


def _create_vpc(ec2: Any, *request: Any, **members: Any) -> Any:
    vpc = _make_vpc(ec2, *request, **members)
    # us-east-1 alone calls itself `ec2.internal` (Amazon VPC user guide, DHCP option sets).
    domain = "ec2.internal" if ec2.region_name == "us-east-1" else f"{ec2.region_name}.compute.internal"
    ec2.associate_dhcp_options(ec2.create_dhcp_options(["AmazonProvidedDNS"], [domain]), vpc)
    return vpc
