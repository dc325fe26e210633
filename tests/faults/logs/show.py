"""Follows the job of a log server in a process of its own and shows its lines; says at the end what it took.

Usage: python -m tests.faults.logs.show CLUSTER.json [raw]
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from hpctl.cli import main as command
from hpctl.facts.records import EksCluster
from hpctl.render.logs import LogStyle, show_logs
from hpctl.render.terminal import Terminal
from hpctl.services.job.logs import LogWish, follow_logs
from tests.faults.logs import client


def follow() -> None:
    """Follow to the end."""
    cluster, through = EksCluster(**json.loads(Path(sys.argv[1]).read_text())), client.ports()
    steps = follow_logs(client.job(cluster, through), cluster, through, LogWish(follow=True))
    show_logs(steps, Terminal.current(), LogStyle(raw="raw" in sys.argv[2:]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {"rss_mib": most_memory_mib(), "cpu_s": round(used.ru_utime + used.ru_stime, 2)}
    sys.stderr.write(json.dumps(took) + "\n")


def most_memory_mib() -> int:
    """Return the most memory of this very program: `ru_maxrss` on Linux counts whoever started it, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    (found,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(found.split()[1]) // 1024


if __name__ == "__main__":
    command._whole = lambda said: follow()
    sys.argv[:1] = ["show"]
    command.main()
