"""What work on nodes answers, as views show it."""

from __future__ import annotations

from hpctl.report.base import Report
from hpctl.report.node_access import PortForward, PortForwardListReport, SshConfigReport, SshHost
from hpctl.report.node_copy import NodeCopy, NodeCopyListReport
from hpctl.report.node_run import NodeError, NodeRun, NodeRunListReport

FIRST, SECOND, THIRD = "i-0123456789abcdef0", "i-1123456789abcdef0", "i-2123456789abcdef0"
SILENT = NodeError(
    code="unavailable",
    exit_code=7,
    message=f"nobody answered on node `{SECOND}` within 30 seconds; what became of `nvidia-smi` is not known",
    hint="look at it, then run it again",
)
RUNS = NodeRunListReport(
    cluster="ml",
    command=("nvidia-smi",),
    exit_code=9,
    runs=(
        NodeRun(node=FIRST, instance_group="workers", result="succeeded", exit_code=0, elapsed_s=1.5),
        NodeRun(
            node=SECOND, instance_group="workers", result="no-answer", exit_code=None, elapsed_s=30.0, error=SILENT
        ),
        NodeRun(node=THIRD, instance_group="workers", result="failed", exit_code=9, elapsed_s=0.4),
    ),
)
COPIES = NodeCopyListReport(
    cluster="ml",
    direction="to",
    source="code",
    destination="/opt/code",
    exit_code=7,
    copies=(
        NodeCopy(
            node=FIRST,
            instance_group="workers",
            result="copied",
            files=12,
            total_bytes=1_572_864,
            left_out=("code/socket: neither file, folder nor link",),
        ),
        NodeCopy(node=SECOND, instance_group="workers", result="failed", error=SILENT),
    ),
)
FORWARDS = PortForwardListReport(
    cluster="ml",
    node=FIRST,
    forwards=(
        PortForward(address="127.0.0.1", local_port=8888, remote_port=8888),
        PortForward(address="127.0.0.1", local_port=40_123, remote_port=5432, host="database.internal"),
    ),
)
SSH = SshConfigReport(
    cluster="ml",
    user="ubuntu",
    hosts=(SshHost(aliases=("ml", "ml-controller-0", f"ml-{FIRST}"), node=FIRST, instance_group="controller"),),
    text=f"Host ml ml-controller-0 ml-{FIRST}\n    HostName {FIRST}\n    User ubuntu\n",
)
SSH_WRITTEN = SSH.model_copy(
    update={"file": "/home/you/.ssh/ml.conf", "include": "Include /home/you/.ssh/ml.conf", "keys_on": (FIRST,)}
)

EVERY_NODE_REPORT: dict[str, Report] = {
    "node-runs": RUNS,
    "node-copies": COPIES,
    "port-forwards": FORWARDS,
    "ssh-config": SSH,
    "ssh-config-written": SSH_WRITTEN,
}
