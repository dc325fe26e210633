"""Kubeconfigs for tests: one as people keep it, and an entry to add."""

from __future__ import annotations

from typing import Any

from hpctl.facts.kubeconfig import KubeconfigEntry

NAME = "hpctl:123456789012:us-west-2:ml-cluster"

LIVED_IN = """\
# kept by hand
apiVersion: v1
clusters:
# the old one
- cluster:
    certificate-authority-data: LS0t  # until June
    insecure-skip-tls-verify: true
    extensions:
    - extension:
        last-update: 2026-11-22T02:02:42.123456789Z
        hexadecimal: 0x1F
        text: "true"
        word: 'no'
      name: minikube
  name: old
  # proxy-url: http://127.0.0.1:8080

# people
users:
- name: old
  user: {token: abc, as: ~}
contexts:
- context:
    cluster: old
    user: old
  name: old
current-context: old
kind: Config
preferences: {}
of-a-newer-kubectl: [1, 2]
"""

ADDED = """\
# kept by hand
apiVersion: v1
clusters:
# the old one
- cluster:
    certificate-authority-data: LS0t  # until June
    insecure-skip-tls-verify: true
    extensions:
    - extension:
        last-update: 2026-11-22T02:02:42.123456789Z
        hexadecimal: 0x1F
        text: "true"
        word: 'no'
      name: minikube
  name: old
  # proxy-url: http://127.0.0.1:8080
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    server: https://example.eks.amazonaws.com
  name: hpctl:123456789012:us-west-2:ml-cluster

# people
users:
- name: old
  user: {token: abc, as: ~}
- user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - eks-token
      - --cluster-name
      - training
      command: /opt/hpctl/bin/hpctl
      env:
      - name: AWS_CONFIG_FILE
        value: /home/you/aws
      installHint: hpctl is gone from /opt/hpctl/bin; install hpctl again, then run hpctl cluster connect once more
      interactiveMode: Never
      provideClusterInfo: false
  name: hpctl:123456789012:us-west-2:ml-cluster
contexts:
- context:
    cluster: old
    user: old
  name: old
- context:
    cluster: hpctl:123456789012:us-west-2:ml-cluster
    user: hpctl:123456789012:us-west-2:ml-cluster
  name: hpctl:123456789012:us-west-2:ml-cluster
current-context: old
kind: Config
preferences: {}
of-a-newer-kubectl: [1, 2]
"""


def an_entry(**members: Any) -> KubeconfigEntry:
    """Return an entry as `cluster connect` makes it, with some members changed."""
    usual: dict[str, Any] = {
        "name": NAME,
        "context": NAME,
        "server": "https://example.eks.amazonaws.com",
        "certificate_authority": "LS0tLS1CRUdJTg==",
        "command": ("/opt/hpctl/bin/hpctl", "eks-token", "--cluster-name", "training"),
        "environment": {"AWS_CONFIG_FILE": "/home/you/aws"},
    }
    return KubeconfigEntry(**usual | members)
