"""This machine: what hpctl runs with, and its clock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.checks.declare import check, fail, note, warn
from hpctl.facts.endpoints import Obstacle
from hpctl.facts.records import Machine
from hpctl.facts.world import World
from hpctl.report.check import Finding

LEAST_PYTHON, TESTED_PYTHON = (3, 11), (3, 13)
LEAST_BOTOCORE = (1, 44)
"""The first botocore whose SageMaker model has cluster operations, SlurmConfig and AutoPatchConfig."""

_WAYS = {
    Obstacle.NAME: "is the VPN or the network up? `getent hosts {host}` must tell an address",
    Obstacle.REFUSED: "let HTTPS to it through the firewall, or name the proxy to it\n"
    "export HTTPS_PROXY=http://PROXY:PORT",
    Obstacle.SILENT: "let HTTPS to it through the firewall, or name the proxy to it\n"
    "export HTTPS_PROXY=http://PROXY:PORT",
    Obstacle.CERTIFICATE: "name the file with the certificates of the proxy in between\n"
    "export AWS_CA_BUNDLE=/PATH/TO/COMPANY-CA.pem",
    Obstacle.PROXY: "correct HTTPS_PROXY, or leave the address out of it\nexport NO_PROXY={host}",
}

MAX_SKEW_S = 300.0
"""AWS refuses requests that were signed more than five minutes away from its own clock (Signature Version 4)."""


@check("tools-python-version", "Python is one that hpctl supports")
def python_version(machine: Machine, _world: World) -> Iterator[Finding]:
    """Hpctl needs Python 3.11 or newer; it is tested up to 3.13, and newer ones are only remarked on."""
    found = _version(machine.python)
    if found < LEAST_PYTHON:
        remedy = "install Python 3.11 or newer, and hpctl into it"
        yield fail("Python", f"{machine.python} is too old", "needed: 3.11 or newer", remedy=remedy)
    elif found[:2] > TESTED_PYTHON:
        yield note("Python", f"{machine.python} is newer than hpctl is tested with")


@check("tools-botocore-version", "botocore knows HyperPod as it is today")
def botocore_version(machine: Machine, _world: World) -> Iterator[Finding]:
    """An older botocore does not know members such as SlurmConfig, and refuses requests that have them."""
    if _version(machine.botocore) < LEAST_BOTOCORE:
        remedy = "pip install --upgrade 'boto3>=1.44'"
        yield fail("botocore", f"{machine.botocore} is too old", "needed: 1.44 or newer", remedy=remedy)


@check("tools-endpoint-reachable", "AWS's endpoints can be reached", reads=("https",), blocking=False)
def endpoint_reachable(_machine: Machine, world: World) -> Iterator[Finding]:
    """Every service of AWS that hpctl asks has an address in the Region; from here each must resolve and answer.

    Where one does not, all that is asked of it is unknown, and this tells why. Usual causes are a VPN that is off, a
    proxy that is not named (HTTPS_PROXY), and a company's proxy whose certificate is unknown here (AWS_CA_BUNDLE).
    Nothing is signed: any answer will do.
    """
    for endpoint in world.tried_endpoints():
        if endpoint.obstacle is None:
            continue
        yield warn(
            f"endpoint/{endpoint.host}",
            f"{endpoint.obstacle}",
            f"asked there: {', '.join(endpoint.services)}",
            f"proxy: {endpoint.proxy or 'none'}",
            *filter(None, [endpoint.detail]),
            remedy=_WAYS[endpoint.obstacle].format(host=endpoint.host),
        )


@check("tools-clock", "the clock is right", reads=("sts:GetCallerIdentity",), blocking=False)
def clock(_machine: Machine, world: World) -> Iterator[Finding]:
    """Signatures carry the time: AWS refuses those of a clock that is more than five minutes wrong."""
    skew_s = world.clock_skew_s()
    if abs(skew_s) > MAX_SKEW_S:
        minutes, side = round(abs(skew_s) / 60), "ahead of" if skew_s > 0 else "behind"
        remedy = "switch time synchronisation on: sudo timedatectl set-ntp true"
        yield fail("clock", f"is {minutes} minutes {side} AWS's", "allowed: 5 minutes", remedy=remedy)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
