"""Fit a line to points, data-parallel: each rank has its own share of them, and gradients are averaged at every step.

Nothing but the standard library, so that it runs in any image that has Python: the averaging is what
`torch.distributed.all_reduce` does, over TCP, by way of rank 0. Who the others are comes from the variables that
torchrun and the training operator set.
"""

from __future__ import annotations

import json
import logging
import math
import os
import random
import socket
import time
from typing import TextIO

log = logging.getLogger()
RANK = int(os.environ["RANK"])
WORLD_SIZE = int(os.environ["WORLD_SIZE"])
MASTER = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
STEPS = int(os.environ.get("STEPS", "40"))
BROKEN_SHARD = os.environ.get("BROKEN_SHARD", "")
BATCH = 16
PATIENCE_S = 2.0
STEP_S = 0.05  # a model of any size takes longer


class Group:
    """All ranks, connected with rank 0."""

    def __init__(self) -> None:
        """Wait until all of them are there."""
        self._peers: list[TextIO] = []
        if RANK > 0:
            self._peers.append(_reach_master())
            return
        with socket.create_server(("", MASTER[1])) as server:
            while len(self._peers) < WORLD_SIZE - 1:
                self._peers.append(server.accept()[0].makefile("rw"))

    def average(self, values: list[float]) -> list[float]:
        """Return the mean of what each rank passes."""
        if RANK > 0:
            _tell(self._peers[0], values)
            return _hear(self._peers[0])
        rows = [values, *map(_hear, self._peers)]
        mean = [sum(column) / WORLD_SIZE for column in zip(*rows, strict=True)]
        for peer in self._peers:
            _tell(peer, mean)
        return mean


def _tell(peer: TextIO, values: list[float]) -> None:
    peer.write(json.dumps(values) + "\n")
    peer.flush()


def _hear(peer: TextIO) -> list[float]:
    line = peer.readline()
    if not line:
        time.sleep(PATIENCE_S)  # as collectives do, so that who failed first has ended first
        raise ConnectionError("another rank went away")
    return [float(value) for value in json.loads(line)]


def _reach_master() -> TextIO:
    for _ in range(120):
        try:
            return socket.create_connection(MASTER, timeout=60).makefile("rw")
        except OSError:  # rank 0 is not up yet
            time.sleep(0.5)
    raise TimeoutError(f"rank 0 does not answer at {MASTER[0]}:{MASTER[1]}")


def shard() -> list[tuple[float, float]]:
    """Return this rank's points on y = 3x + 1, with some noise."""
    chance = random.Random(RANK)  # noqa: S311  data, not keys
    points = [(x := chance.uniform(-1, 1), 3 * x + 1 + chance.gauss(0, 0.05)) for _ in range(BATCH * 20)]
    if str(RANK) == BROKEN_SHARD:
        points[BATCH * 14] = (0.0, math.nan)
    return points


def train(group: Group, points: list[tuple[float, float]]) -> None:
    """Take a batch a step, and say every tenth step how far it is."""
    slope = offset = 0.0
    for step in range(1, STEPS + 1):
        batch = [points[(step * BATCH + place) % len(points)] for place in range(BATCH)]
        errors = [(slope * x + offset - y, x) for x, y in batch]
        loss = sum(error**2 for error, _x in errors) / BATCH
        if math.isnan(loss):
            raise ValueError(f"the loss is not a number at step {step}: look at shard {RANK} of the data")
        by_slope, by_offset = (2 * sum(column) / BATCH for column in zip(*((e * x, e) for e, x in errors), strict=True))
        by_slope, by_offset, loss = group.average([by_slope, by_offset, loss])
        slope, offset = slope - 0.4 * by_slope, offset - 0.4 * by_offset
        time.sleep(STEP_S)
        if step % 10 == 0:
            log.info("step %3d  loss %.4f  y = %.2fx + %.2f", step, loss, slope, offset)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    log.info("rank %d of %d on %s, rank 0 at %s", RANK, WORLD_SIZE, socket.gethostname(), MASTER[0])
    train(Group(), shard())
    log.info("done")
