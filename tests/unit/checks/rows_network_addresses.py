"""What the checks of free addresses say: 81 for a p5.48xlarge on EKS, 32 on Slurm; 15 and 1 for a c5.2xlarge."""

from __future__ import annotations

from typing import Any

from hpctl.facts.network import Subnet
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
    a_subnet,
)
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

_EFA_ONLY: dict[str, Any] = {"network_interface": {"interface_type": "efa-only"}}
_UNKNOWN: dict[str, Any] = {"type": "ml.p6e-gb200.36xlarge", "threads_per_core": None}
_SAVE = "; or take fewer: `network_interface: {interface_type: efa-only}` for "


def _free(*free: int) -> FakeAccount:
    """Subnets 1, 2, … with so many free addresses."""
    subnets: list[Subnet] = [a_subnet(f"subnet-{number}", free_addresses=left) for number, left in enumerate(free, 1)]
    return FakeAccount().holding(*subnets)


_SCATTERED = "too scattered for the nodes, each of which takes its addresses from one subnet"


def _full(
    where: str,
    have: int,
    need: int,
    *evidence: str,
    prefix: int,
    saving: str = f"{_SAVE}`workers`",
    short: str = "",
    at: tuple[str | int, ...] = ("network",),
) -> Finding:
    shown = ", ".join(f"`{one}`" for one in where.split(", "))
    verb = "have" if "," in where else "has"
    return a_finding(
        "fail",
        where,
        f"{shown} {verb} {have} free addresses, {short or f'and the nodes need {need}'}",
        *evidence,
        remedy=f"use private subnets with {need} free addresses, such as one of /{prefix}{saving}",
        path=(*at, "subnet_ids"),
    )


_BOTH = a_network("subnet-1", "subnet-2")
_SECOND = a_network("subnet-2")
_TYPES: dict[str, Any] = {"instance_requirements": {"instance_types": ("ml.p5.48xlarge", "ml.c5.2xlarge")}}

ENOUGH = (
    passes("network-free-ips", "exactly enough", a_spec(), _free(162)),
    passes("network-free-ips", "exactly enough on Slurm", a_slurm_spec(), _free(65)),
    passes("network-free-ips", "two subnets together", a_spec(network=_BOTH), _free(81, 81)),
    passes("network-free-ips", "no network", a_slurm_spec(network=None), _free(0)),
    passes("network-free-ips", "no nodes yet", a_spec(a_group(count=0)), _free(0)),
    passes("network-free-ips", "interfaces without addresses", a_spec(a_group(**_EFA_ONLY)), _free(100)),
    passes("network-free-ips", "a choice of types, one of them small", a_spec(a_group(**_TYPES)), _free(30)),
    passes(
        "network-free-ips",
        "groups apart",
        a_spec(a_group("a"), a_group("b", override_network=_SECOND)),
        _free(162, 162),
    ),
    notes(
        "network-free-ips",
        "a type of unknown figures",
        a_spec(a_group(**_UNKNOWN)),
        a_finding(
            "note",
            "instance group/workers",
            "how many addresses `ml.p6e-gb200.36xlarge` takes is not known, so they are not counted",
            path=("instance_groups", 0),
        ),
        account=_free(0),
    ),
)

TOO_FEW = (
    fails(
        "network-free-ips",
        "one too few",
        a_spec(),
        _full("subnet-1", 161, 162, "subnet-1: 161 free", "workers: 2 x 81", prefix=24),
        account=_free(161),
    ),
    fails(
        "network-free-ips",
        "one too few on Slurm",
        a_slurm_spec(),
        _full("subnet-1", 64, 65, "subnet-1: 64 free", "controller: 1 x 1", "workers: 2 x 32", prefix=25),
        account=_free(64),
    ),
    fails(
        "network-free-ips",
        "two groups that share a subnet",
        a_spec(a_group("a"), a_plain_group("b", override_network=a_network())),
        _full("subnet-1", 170, 192, "subnet-1: 170 free", "a: 2 x 81", "b: 2 x 15", prefix=24, saving=f"{_SAVE}`a`"),
        account=_free(170),
    ),
    fails(
        "network-free-ips",
        "a restricted group beside another",
        a_spec(a_group(), restricted_instance_groups=(a_restricted_group(),)),
        _full(
            "subnet-1",
            200,
            324,
            "subnet-1: 200 free",
            "workers: 2 x 81",
            "nova: 2 x 81",
            prefix=23,
            saving="",
        ),
        account=_free(200),
    ),
    fails(
        "network-free-ips",
        "a restricted group beside one that could take fewer",
        a_spec(a_group(), restricted_instance_groups=(a_restricted_group(),)),
        _full("subnet-1", 300, 324, "subnet-1: 300 free", "workers: 2 x 81", "nova: 2 x 81", prefix=23),
        account=_free(300),
    ),
    fails(
        "network-free-ips",
        "enough in two subnets, but no subnet for the second node",
        a_spec(network=_BOTH),
        _full(
            "subnet-1, subnet-2",
            180,
            162,
            "subnet-1: 100 free",
            "subnet-2: 80 free",
            "workers: 2 x 81",
            prefix=24,
            short=_SCATTERED,
        ),
        account=_free(100, 80),
    ),
    fails(
        "network-free-ips",
        "subnets that are each too small for one group of two",
        a_spec(a_group("a"), a_plain_group("b"), network=a_network("subnet-1", "subnet-2", "subnet-3")),
        _full(
            "subnet-1, subnet-2, subnet-3",
            192,
            192,
            "subnet-1: 64 free",
            "subnet-2: 64 free",
            "subnet-3: 64 free",
            "a: 2 x 81",
            "b: 2 x 15",
            prefix=24,
            saving=f"{_SAVE}`a`",
            short=_SCATTERED,
        ),
        account=_free(64, 64, 64),
    ),
    *(
        fails(
            "network-free-ips",
            f"{count} nodes of one address",
            a_slurm_spec(a_plain_group(count=count, slurm={"node_type": "Compute"})),
            _full("subnet-1", 0, count, "subnet-1: 0 free", f"system: {count} x 1", prefix=prefix, saving=""),
            account=_free(0),
        )
        for count, prefix in ((11, 28), (12, 27), (251, 24), (252, 23))
    ),
    fails(
        "network-free-ips",
        "a group's own small subnet beside a large one of the cluster",
        a_spec(a_group("a"), a_plain_group("b", override_network=_SECOND), network=_BOTH),
        _full(
            "subnet-2",
            11,
            30,
            "subnet-2: 11 free",
            "b: 2 x 15",
            prefix=26,
            saving="",
            at=("instance_groups", 1, "override_network"),
        ),
        account=_free(4000, 11),
    ),
    fails(
        "network-free-ips",
        "overlapping networks that are too small together",
        a_spec(
            a_plain_group("a", override_network=a_network("subnet-1", "subnet-2")),
            a_plain_group("b", override_network=a_network("subnet-2", "subnet-3")),
            a_plain_group("c", override_network=a_network("subnet-4")),
        ),
        _full(
            "subnet-1, subnet-2, subnet-3",
            45,
            60,
            "subnet-1: 15 free",
            "subnet-2: 15 free",
            "subnet-3: 15 free",
            "a: 2 x 15",
            "b: 2 x 15",
            prefix=25,
            saving="",
            at=("instance_groups", 0, "override_network"),
        ),
        account=_free(15, 15, 15, 30),
    ),
    fails(
        "network-free-ips",
        "interfaces without addresses, and still too few",
        a_spec(a_group(**_EFA_ONLY)),
        _full("subnet-1", 99, 100, "subnet-1: 99 free", "workers: 2 x 50", prefix=25, saving=""),
        account=_free(99),
    ),
    fails(
        "network-free-ips",
        "more than the largest subnet has",
        a_spec(a_group(count=900)),
        _full("subnet-1", 4000, 72900, "subnet-1: 4000 free", "workers: 900 x 81", prefix=16, saving=""),
        account=_free(4000),
    ),
    cannot_tell(
        "network-free-ips",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
)


def _no_spare(where: str, need: int, *evidence: str, prefix: int, group: str = "workers") -> Finding:
    return a_finding(
        "warn",
        where,
        f"`{where}` has no room for a spare node of `{group}`",
        *evidence,
        remedy=f"use private subnets with {need} free addresses, such as one of /{prefix}",
        path=("network", "subnet_ids"),
    )


HEADROOM = (
    passes("network-free-ips-headroom", "one more fits", a_spec(), _free(243)),
    passes("network-free-ips-headroom", "no network", a_slurm_spec(network=None), _free(0)),
    passes("network-free-ips-headroom", "a type of unknown figures", a_spec(a_group(**_UNKNOWN)), _free(0)),
    warns(
        "network-free-ips-headroom",
        "one address too few",
        a_spec(),
        _no_spare("subnet-1", 243, "subnet-1: 242 free", "workers: 2 x 81", "spare node: 81 more", prefix=24),
        account=_free(242),
    ),
    warns(
        "network-free-ips-headroom",
        "room for another of the larger group, were it alone",
        a_spec(a_group(), a_plain_group()),
        _no_spare(
            "subnet-1",
            273,
            "subnet-1: 272 free",
            "workers: 2 x 81",
            "system: 2 x 15",
            "spare node: 81 more",
            prefix=23,
        ),
        account=_free(272),
    ),
    warns(
        "network-free-ips-headroom",
        "room for another in two subnets, but in neither alone",
        a_spec(network=_BOTH),
        a_finding(
            "warn",
            "subnet-1, subnet-2",
            "`subnet-1`, `subnet-2` have no room for a spare node of `workers`",
            "subnet-1: 170 free",
            "subnet-2: 75 free",
            "workers: 2 x 81",
            "spare node: 81 more",
            remedy="use private subnets with 243 free addresses, such as one of /24",
            path=("network", "subnet_ids"),
        ),
        account=_free(170, 75),
    ),
    warns(
        "network-free-ips-headroom",
        "room for the smaller group only",
        a_slurm_spec(),
        _no_spare(
            "subnet-1",
            97,
            "subnet-1: 70 free",
            "controller: 1 x 1",
            "workers: 2 x 32",
            "spare node: 32 more",
            prefix=25,
        ),
        account=_free(70),
    ),
    warns(
        "network-free-ips-headroom",
        "a choice of types, one of them large",
        a_spec(a_group(**_TYPES)),
        _no_spare("subnet-1", 243, "subnet-1: 100 free", "workers: 2 x 81", "spare node: 81 more", prefix=24),
        account=_free(100),
    ),
)

ROWS = (*ENOUGH, *TOO_FEW, *HEADROOM)
