"""Stands in for minGPT-ddp's main.py: a process group, one all-reduce a step, and a loss that falls."""

from __future__ import annotations

import os

import fsspec
import numpy as np
import torch
import torch.distributed as dist

dist.init_process_group()
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
print(f"rank {rank} of {world}, torch {torch.__version__}, numpy {np.__version__}, {fsspec.__name__}", flush=True)
for step in range(3):
    loss = torch.tensor(1.0 / (step + 1))
    dist.all_reduce(loss)
    print(f"step {step} loss {loss.item() / world:.3f}", flush=True)
