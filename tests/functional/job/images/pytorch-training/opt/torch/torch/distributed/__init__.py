"""A process group over TCP: rank 0 adds up what all send, and tells all."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any, TextIO

from torch import Tensor

_group: dict[str, Any] = {}


def init_process_group(_backend: str = "gloo") -> None:
    """Meet at MASTER_ADDR and MASTER_PORT as RANK of WORLD_SIZE."""
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    if rank == 0:
        with socket.create_server(("", place[1])) as desk:
            guests = [desk.accept()[0] for _ in range(world - 1)]
    else:
        guests = [_reach(place)]
    _group.update(rank=rank, lines=[guest.makefile("rw") for guest in guests])


def all_reduce(tensor: Tensor) -> None:
    """Put the sum of what all ranks hold in place of each."""
    if _group["rank"] == 0:
        tensor.value += sum(json.loads(line.readline()) for line in _group["lines"])
        for line in _group["lines"]:
            _write(line, tensor.value)
        return
    _write(_group["lines"][0], tensor.value)
    tensor.value = float(_group["lines"][0].readline())


def destroy_process_group() -> None:
    """Part."""
    for line in _group.pop("lines"):
        line.close()


def _reach(place: tuple[str, int]) -> socket.socket:
    for _ in range(300):
        try:
            return socket.create_connection(place, 10)
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nobody listens at {place}")


def _write(line: TextIO, value: float) -> None:
    line.write(json.dumps(value) + "\n")
    line.flush()
