"""The embedded sandbox: AWS on loopback for any AWS client, with HyperPod clusters that live.

A program of its own: its rules are never those of `hpctl.checks`, else the two would prove each other.
`control`, `home` and `environment` are light and drive it from outside; the other modules are the server.
"""

from __future__ import annotations
