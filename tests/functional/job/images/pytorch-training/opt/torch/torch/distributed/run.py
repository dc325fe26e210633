"""torchrun: starts the processes of one node, with PET_* for what no option says (torch.distributed.run)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

OPTIONS = {"nnodes": "1", "nproc_per_node": "1", "node_rank": "0", "master_addr": "127.0.0.1", "master_port": "29500"}


def main() -> None:
    """Start the processes, and fail as the first of them that fails."""
    parser = argparse.ArgumentParser()
    for name, default in OPTIONS.items():
        parser.add_argument(f"--{name}", default=os.environ.get(f"PET_{name.upper()}", default))
    parser.add_argument("script", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    nodes, here, node = int(asked.nnodes), int(asked.nproc_per_node), int(asked.node_rank)
    running = []
    for local in range(here):
        told = {"RANK": node * here + local, "LOCAL_RANK": local, "WORLD_SIZE": nodes * here}
        told |= {"MASTER_ADDR": asked.master_addr, "MASTER_PORT": asked.master_port}
        environment = {**os.environ, **{name: str(value) for name, value in told.items()}}
        running.append(subprocess.Popen([sys.executable, *asked.script], env=environment))
    sys.exit(max(process.wait() for process in running))


if __name__ == "__main__":
    main()
