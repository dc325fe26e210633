"""Every failure that is known of the field has its row, and the words that are told of it are recognised as such."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpctl.catalog.failures import failure
from hpctl.catalog.matching import match

ROWS = """
1 efa-health-check | 2 capacity | 3 capacity-continuous | 4 capacity-zone | 5 capacity-zone-without-subnet
6 quota quota-instance-type | 7 lifecycle-failed | 8 lifecycle-timeout | 9 lifecycle-silent
10 network-misconfigured | 11 security-group-missing subnet-missing | 12 not-authorized
13 execution-role-trust | 14 service-linked-role | 15 eks-authentication-mode | 16 eks-dependencies
17 eks-access-entry | 18 network-interface-create | 19 pod-addresses | 20 slurm-two-models
21 slurm-several-controllers slurm-no-controller slurm-partition-not-compute slurm-software-old | 22 slurm-drift
23 slurm-controller-late | 24 lifecycle-node-not-in-config | 25 lifecycle-parameters-mismatch
26 lifecycle-line-endings lifecycle-shebang image-architecture | 27 lifecycle-lustre-repository
28 packages-unreachable | 29 packages-unreachable job-name-resolution | 30 lifecycle-lustre-writable
31 lustre-mount-timeout | 32 lustre-client-missing | 33 stack-missing | 34 nested-stack
35 iam-name-taken iam-policies-quota iam-principal-invalid | 36 vpc-quota vpc-cidr-conflict
37 fsx-network fsx-capacity | 38 template-not-packaged | 39 addon-version | 40 creation-slow
41 in-service-without-nodes | 42 execution-role-lost | 43 cluster-busy | 44 network-interface-delete
45 lifecycle-bucket-denied lifecycle-key-denied lifecycle-bucket-region | 46 training-plan-rejected
47 update-vpc-config threads-halved | 48 request-comment client-too-old | 49 hardware-failure
50 readiness-noise | 51 ssm-target | 52 ssm-plugin-missing | 53 ssm-session-cut | 54 ssm-throttled
55 ssm-run-as | 56 ssm-denied | 57 ssm-no-send-command | 58 kubectl-unauthorized | 59 kubernetes-forbidden
60 access-entries-shadowed | 61 eks-pod-identity | 62 eks-namespace-missing | 63 grafana-denied
64 node-static-credentials | 65 job-aws-credentials | 66 slurm-node-rebooted | 67 slurm-gres-stale
68 slurm-completing | 69 slurm-gres-request | 70 slurm-no-configuration | 71 slurm-message-unexpected
72 slurm-munge | 73 slurm-auto-resume-option | 74 slurm-pyxis-missing | 75 pyxis-image-path
76 pyxis-libnvidia-missing | 77 docker-group | 78 slurm-action-replace | 79 slurm-output-truncated
80 slurm-login-jobs | 81 software-wipes-root | 82 batch-node-refused | 83 kubernetes-nodes-missing
84 kubernetes-nodes-dangling | 85 eks-cni | 86 node-disk-full job-disk-full | 87 device-plugin-wrong-node
88 chart-foreign-objects | 89 node-health-fault | 90 autoscaler-removes-nodes | 91 disruption-budget
92 eks-addon-degraded | 93 fsx-volume | 94 pod-efa-count | 95 pod-whole-node | 96 pod-selector
97 pod-deep-checks | 98 pod-taint | 99 pod-request-limit | 100 pod-resource-null | 101 job-quota
102 job-preempted | 103 kueue-preinstalled | 104 image-pull image-missing image-credentials
105 image-architecture | 106 pod-host-memory | 107 job-shared-memory | 108 job-no-workers | 109 job-not-resumed
110 job-log-rule | 111 job-agent-missing | 112 eks-cert-manager | 113 job-efa-missing | 114 job-efa-fallback
115 job-efa-fallback | 116 job-efa-rdma | 117 job-fork-memory | 118 job-efa-registration | 119 job-memory-lock
120 job-interface-name | 121 job-collective-timeout | 122 job-rendezvous
123 job-connection-refused job-port-in-use | 124 job-name-resolution | 125 job-no-route | 126 job-nccl-system
127 job-nccl-version | 128 job-kernel-image job-driver | 129 job-device-memory
130 job-device-fault gpu-xid-reset gpu-xid-watch gpu-xid-program | 131 gpu-memory-errors | 132 job-gpu-count
133 job-stale-segments | 134 job-mpi-start | 135 neuron-gpu-hook | 136 job-neuron-device
137 neuron-device-broken | 138 neuron-compile | 139 neuron-communicator
140 job-exit-status job-command-missing job-crash | 141 paired-events | 142 event-id-of-envelope
143 node-message-old | 144 image-id-differs | 145 software-rolled-back | 146 slurm-edits-vanish
147 slurm-no-resume-needed | 148 node-comes-and-goes | 149 views-differ | 150 events-need-continuous
151 replace-needs-patch | 152 cluster-name-in-use | 153 slurm-export-comma | 154 slurm-option-newline
155 kubeconfig-broken kubeconfig-lost | 156 log-follow-ends | 157 chart-namespace-exists
158 operator-waits-for-nodes | 159 neuron-plugin-type | 160 efa-group-spans-zones
"""
"""The rows of the table of failures by their numbers, and the known failures that stand for each."""

BY_NUMBER = {
    int(number): ids.split()
    for row in ROWS.replace("\n", " | ").split("|")
    if row.strip()
    for number, _, ids in [row.strip().partition(" ")]
}
MORE = {"efa-health-check-replacement", "quota", "lifecycle-failed", "image-forbidden", "not-authorized"}
"""Rows whose words stand in quotes beside those of another one."""

ELIDED = {
    "The subnet   does not exist": "The subnet subnet-0a1b does not exist",
    "User:   is not authorized to perform: <action> on resource:": "User: x is not authorized to perform: ec2:RunX",
    "Addon amazon-  specified is not supported in 1.xx kubernetes version": (
        "Addon amazon-x specified is not supported in 1.35 kubernetes version"
    ),
    "must be equal to  limit": "must be equal to nvidia.com/gpu limit",
}
"""What the table leaves out of a text, put in."""


@pytest.fixture(scope="module")
def table(shared: Path) -> dict[int, str]:
    """What is seen of each failure, as the table says it."""
    text = (shared / "facts/failures.md").read_text(encoding="utf-8")
    rows = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in text.splitlines() if re.match(r"\| F\d+ \|", line)]
    return {int(row[0][1:]): row[2 if re.fullmatch(r"P\d", row[1]) else 1] for row in rows}


def told(symptom: str) -> list[str]:
    """Return what stands in quotes and is said in so many words."""
    quoted = re.findall(r'"((?:[^"\\]|\\.)+)"', symptom.replace('\\"', "\u201d"))
    whole = (text.replace("\u2026", " ").strip() for text in quoted)
    return [text for text in whole if len(text.split()) > 3]


def test_every_failure_of_the_table_has_its_rows(table: dict[int, str]) -> None:
    assert set(BY_NUMBER) == set(table) == set(range(1, 161))
    assert [one for ids in BY_NUMBER.values() for one in ids if failure(one) is None] == []


def test_the_words_of_the_table_are_recognised_as_its_rows(table: dict[int, str]) -> None:
    words = [(number, text) for number, symptom in table.items() for text in told(symptom)]
    assert len(words) > 60
    wrong = {}
    for number, text in words:
        found = match(ELIDED.get(text, text))
        if found is None or found.id not in {*BY_NUMBER[number], *MORE}:
            wrong[number, text] = found and found.id
    assert wrong == {}
