"""Reports of queues."""

from __future__ import annotations

from hpctl.report.queues import QueueAmount, QueueListReport, QueueReport, QueueRow, TeamQueue, WaitingJob

_NAMESPACE = "hyperpod-ns-vision"
_LOCAL = f"{_NAMESPACE}-localqueue"
_NAME = f"{_NAMESPACE}-clusterqueue"
_ROW = QueueRow(
    name=_NAME,
    cohort="research",
    pending=1,
    admitted=2,
    amounts=(
        QueueAmount(
            flavor="ml.p5", resource="nvidia.com/gpu", quota=16, used=20, reserved=20, borrowed=4, may_borrow=8
        ),
        QueueAmount(flavor="ml.p5", resource="memory", quota=2.0**41, used=2.0**39, reserved=2.0**39, borrowed=0),
    ),
    queues=(TeamQueue(namespace=_NAMESPACE, name=_LOCAL, cluster_queue=_NAME, pending=1, admitted=2),),
)
_WAITS = WaitingJob(
    position=1,
    namespace=_NAMESPACE,
    job="pytorchjob/train",
    queue=_LOCAL,
    priority=50,
    priority_class="training-priority",
    reason="insufficient unused quota for nvidia.com/gpu in flavor ml.p5, 4 more needed",
)
EVERY_QUEUE_REPORT = {
    "queues": QueueListReport(cluster="ml-cluster", queues=(_ROW,)),
    "queue": QueueReport(cluster="ml-cluster", queue=_ROW, waiting=(_WAITS,)),
}
