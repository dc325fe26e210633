"""A PyTorchJob that real kubectl applies: two pods as processes that find each other, and whose logs stream."""

from __future__ import annotations

import json

from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.objects import a_pytorch_job
from tests.contract.kubernetes.test_pytorch_jobs import MASTER, SCRIPT, WORKER
from tests.functional.kubectl.command import Kubectl


def test_two_pods_of_a_job_find_each_other_and_their_logs_stream(kubectl: Kubectl) -> None:
    needs(kubectl.space.cluster, "pytorchjobs")
    text = json.dumps(a_pytorch_job(SCRIPT, cleanPodPolicy="None"))
    assert kubectl("apply", "-f", "-", stdin=text).out == "pytorchjob.kubeflow.org/one created\n"
    assert kubectl("apply", "-f", "-", stdin=text).out == "pytorchjob.kubeflow.org/one unchanged\n"
    kubectl("wait", "--for=create", f"pod/{WORKER}", "--timeout=30s")
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].started}=true", f"pod/{WORKER}", "--timeout=40s")
    with kubectl.started("logs", "-f", WORKER) as worker, kubectl.started("logs", "-f", MASTER) as master:
        assert worker.stdout is not None
        assert master.stdout is not None
        assert worker.stdout.read().splitlines() == ["rank 1 of 2", "step 0", "step 1", "step 2", "sum 1"]
        assert master.stdout.read().splitlines() == ["rank 0 of 2", "step 0", "step 1", "step 2", "sum 1"]
    kubectl("wait", "--for=condition=Succeeded", "pytorchjob/one", "--timeout=40s")
    pods = kubectl("get", "pods", "-l", "training.kubeflow.org/job-name=one", "--no-headers").rows
    assert [(row[0], row[2]) for row in pods] == [(MASTER, "Completed"), (WORKER, "Completed")]
    assert "Succeeded" in kubectl("get", "pytorchjob", "one").out
    assert "PyTorchJobSucceeded" in kubectl("describe", "pytorchjob", "one").out
    kubectl("delete", "pytorchjob", "one")
    kubectl("wait", "--for=delete", "pods", "--all", "--timeout=30s")
