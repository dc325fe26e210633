"""Nine mistakes in one file, of the kinds that AWS's own command for HyperPod lets pass all at once.

Three of them were in members that a spec of hpctl has not got (the version and the address range of what a stack would
make, its template's stage); others of the same kind stand for them.
"""

from __future__ import annotations

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.command import Hpctl

NINE = """\
api_version: hpctl/v1
kind: Cluster
name: Bad Name With Spaces!
orchestrator:
  eks:
    cluster_arn: arn:aws:eks:moon
network:
  security_group_ids: [300.1.2.3/99]
instance_groups:
  - name: workers
    type: ml.p99.banana
    count: 2
    execution_role: arn:aws:iam::123456789012:role/nodes
    threads_per_core: 12
    storage:
      - ebs: { volume_size_in_gb: 0 }
node_recovery: Sometimes
node_provisioning: Bogus
"""
TOLD = """\
nine.yaml:3:7: name: `Bad Name With Spaces!` is not made of letters, digits and hyphens between them
nine.yaml:6:18: orchestrator.eks.cluster_arn: `arn:aws:eks:moon` is not the ARN of an EKS cluster
nine.yaml:8:3: network.subnet_ids: `subnet_ids` is missing
nine.yaml:8:24: network.security_group_ids[0]: `300.1.2.3/99` is not a security group's id
nine.yaml:11:11: instance_groups[0].type: `ml.p99.banana` is none of the
nine.yaml:14:23: instance_groups[0].threads_per_core: `12` is above the maximum of 2
nine.yaml:16:35: instance_groups[0].storage[0].ebs.volume_size_in_gb: `0` is below the minimum of 1
nine.yaml:17:16: node_recovery: `Sometimes` is not one of `Automatic`, `None`
nine.yaml:18:20: node_provisioning: `Bogus` is not `Continuous`
"""


@pytest.mark.parametrize("words", [("check",), ("plan",), ("create", "--yes")], ids=["check", "plan", "create"])
def test_nine_errors_are_told_in_one_run(words: tuple[str, ...], hpctl: Hpctl) -> None:
    (hpctl.folder / "nine.yaml").write_text(NINE, encoding="utf-8")
    told = hpctl("cluster", *words, "-f", "nine.yaml", ends=ExitCode.USAGE)
    lines = [line for line in told.err.splitlines() if line.startswith("nine.yaml:")]
    assert [line.startswith(wanted) for line, wanted in zip(lines, TOLD.splitlines(), strict=True)] == [True] * 9
    assert (told.out, told.err.splitlines()[0]) == ("", "error: `nine.yaml` is not a valid cluster spec: 9 problems")
