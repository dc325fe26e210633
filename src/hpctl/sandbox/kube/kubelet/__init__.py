"""The kubelet of a cluster's nodes: it runs the pods that are bound to them as processes of this machine.

The server's event loop decides (`kubelet`, `pods`, `containers`, `probes`, …); one small process beside it, the
container `runtime`, starts processes, owns their namespaces and writes their logs. When the server ends, however it
ends, the runtime ends, and everything that it ever started ends with it.
"""

from __future__ import annotations
