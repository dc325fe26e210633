"""What `hpctl gpus` takes of CPU and memory on a large cluster: 1,000 nodes of 8 GPUs and 10,000 pods, over TLS.

The server is a process of its own that has its pages ready. hpctl's side is its adapters, its counting and its table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.listing import EksKubernetes
from hpctl.facts.records import EksCluster
from hpctl.render.output import Output
from hpctl.render.show import show
from hpctl.render.terminal import Terminal
from hpctl.sandbox.eks.certificate import authority, server_side
from tests.functional.kube.server import a_cluster

NODES, PODS, PAGE = 1_000, 10_000, 500
MOST_CPU_S, MOST_MIB = 2.5, 250.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Taken:
    """What one run took: CPU seconds of user and system, and the most memory that was resident, in MiB."""

    cpu_s: float
    memory_mib: float


def a_node(number: int) -> dict[str, Any]:
    """Return a node with as much in it as kubelets write: images, addresses, conditions."""
    labels = {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"}
    labels["sagemaker.amazonaws.com/node-health-status"] = "Schedulable"
    images = [{"names": [f"registry.example/image-{n}@sha256:{n:064x}"], "sizeBytes": 10**9} for n in range(20)]
    conditions = [{"type": kind, "status": "False", "message": "x" * 60} for kind in ("Disk", "Memory", "PID")]
    return {
        "metadata": {"name": f"hyperpod-i-{number:017x}", "uid": f"n-{number}", "labels": labels},
        "spec": {"providerID": f"aws:///usw2-az1/sagemaker/cluster/hyperpod-{number}"},
        "status": {
            "allocatable": {"cpu": "191450m", "nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "32"},
            "conditions": [*conditions, {"type": "Ready", "status": "True"}],
            "images": images,
        },
    }


def a_pod(number: int) -> dict[str, Any]:
    """Return a pod of about 5 KiB; the first one of each node holds four GPUs."""
    asked = {"cpu": "4", "memory": "16Gi", **({"nvidia.com/gpu": "4"} if number < NODES else {})}
    container = {
        "name": "main",
        "image": "registry.example/training:1",
        "env": [{"name": f"VARIABLE_{n}", "value": "v" * 40} for n in range(30)],
        "resources": {"requests": asked, "limits": asked},
        "volumeMounts": [{"name": f"volume-{n}", "mountPath": f"/mnt/{n}"} for n in range(10)],
    }
    spec = {"nodeName": f"hyperpod-i-{number % NODES:017x}", "containers": [container]}
    return {
        "metadata": {"name": f"pod-{number}", "uid": f"p-{number}", "namespace": "team"},
        "spec": {**spec, "volumes": [{"name": f"volume-{n}", "emptyDir": {}} for n in range(10)]},
        "status": {"phase": "Running"},
    }


def serve(folder: Path) -> None:
    """Serve the lists until standard input ends; their cluster is described in `cluster.json`."""
    rows = {"nodes": [a_node(number) for number in range(NODES)], "pods": [a_pod(number) for number in range(PODS)]}
    pages: dict[tuple[str, int], bytes] = {}
    for kind, all_rows in rows.items():
        for start in range(0, len(all_rows), PAGE):
            following = str(start + PAGE) if start + PAGE < len(all_rows) else ""
            page = {"metadata": {"continue": following}, "items": all_rows[start : start + PAGE]}
            pages[kind, start] = json.dumps(page).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            start = int(parse_qs(parts.query).get("continue", ["0"])[0])
            body = pages[parts.path.rpartition("/")[2], start]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    trusted = authority(folder / "tls")
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = server_side(folder / "tls").wrap_socket(listener.socket, server_side=True)
    Thread(target=listener.serve_forever, daemon=True).start()
    described = folder / "cluster.json.new"
    described.write_text(json.dumps(asdict(a_cluster(f"https://127.0.0.1:{listener.server_port}", trusted))))
    described.rename(folder / "cluster.json")
    sys.stdin.read()


def ask(described: Path) -> None:
    """Show the accelerators of a cluster, as the command does."""
    from types import SimpleNamespace
    from typing import cast

    from hpctl.facts.ports import Ports
    from hpctl.services.gpus import list_accelerators
    from hpctl.services.job.where import Where

    eks = EksCluster(**json.loads(described.read_text()))
    ports = SimpleNamespace(kubernetes=EksKubernetes(AwsSession(profile=None, region="us-west-2")))
    report = list_accelerators(Where("training", eks), cast("Ports", ports))
    show(report, Output.TABLE, None, Terminal.current())


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """Run the server; yields the description of its cluster."""
    line = [sys.executable, "-m", "tests.benchmarks.gpus", "serve", str(folder)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, cwd=ROOT) as process:
        described = folder / "cluster.json"
        while not described.exists() and process.poll() is None:
            time.sleep(0.05)
        yield described
        assert process.stdin
        process.stdin.close()


def measure() -> Taken:
    """Return what one run of hpctl took; its table must be right."""
    with tempfile.TemporaryDirectory(prefix="hpctl-bench-") as name, running(Path(name)) as described:
        line = [sys.executable, "-m", "tests.benchmarks.gpus", "ask", str(described)]
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        environment = {"HOME": name, "PYTHONPATH": f"{ROOT}/src:{ROOT}", **keys}
        with (Path(name) / "said").open("w+b") as said:
            child = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=said)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if child.returncode or not said.read().split(b"\n")[1].split()[-2:] == [b"8000", b"4000"]:
                raise RuntimeError("hpctl counted otherwise than 8,000 GPUs, 4,000 of them free")
    return Taken(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def report(taken: Taken) -> Iterator[str]:
    """Yield the table."""
    yield f"{'1,000 nodes and 10,000 pods':<36}{'CPU s':>10}{'MiB':>10}"
    yield f"{'hpctl gpus':<36}{taken.cpu_s:>10.2f}{taken.memory_mib:>10.0f}"


def met(taken: Taken) -> bool:
    """Tell whether it took no more than it may."""
    return taken.cpu_s <= MOST_CPU_S and taken.memory_mib <= MOST_MIB


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](Path(sys.argv[2]))
