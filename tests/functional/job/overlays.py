"""What the images of the blog's two files would hold, as folders that the sandbox lays over the machine's files.

Every stand-in is listed in docs/explanation/sandbox-images.md.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.conftest import present

IMAGES = Path(__file__).parent / "images"
_OPEN_MPI = ("mpirun", "mpiexec", "orterun", "orted")


def training_image(images: Path, name: str = "pytorch-training") -> Path:
    """Make the image of `train.yaml`: git with a repository of its own, pip with wheels of its own."""
    folder = _copied("pytorch-training", images / name)
    source, mirror = folder / "opt/examples", folder / "opt/mirror/examples.git"
    _git("init", "-q", "-b", "main", str(source))
    _git("-C", str(source), "add", ".")
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    _git("-C", str(source), *who, "commit", "-q", "-m", "Stand in for pytorch/examples")
    _git("clone", "-q", "--bare", str(source), str(mirror))
    shutil.rmtree(source)
    files = {str(path.relative_to(folder / "opt/torch")): path.read_text() for path in _python(folder / "opt/torch")}
    wheels = folder / "opt/wheelhouse"
    wheels.mkdir()
    _wheel(wheels, "torch", "2.0.0", files, "[console_scripts]\ntorchrun = torch.distributed.run:main\n")
    _wheel(wheels, "numpy", "1.26.4", {"numpy/__init__.py": '__version__ = "1.26.4"\n'})
    _wheel(wheels, "numpy", "2.1.0", {"numpy/__init__.py": '__version__ = "2.1.0"\n'})
    _wheel(wheels, "fsspec", "2026.1.0", {"fsspec/__init__.py": ""})
    return folder


# What trains with the group that the real variables form, whoever sets them.
GROUP = b"""
import os, torch, torch.distributed as dist
dist.init_process_group("gloo")
total = torch.tensor(float(os.environ["RANK"]))
dist.all_reduce(total)
# In one piece, for the processes of a node share a pipe.
os.write(1, f"rank {os.environ['RANK']} of {os.environ['WORLD_SIZE']} sum {total.item()}\\n".encode())
dist.destroy_process_group()
"""


@cache
def group_files() -> Mapping[str, bytes]:
    """Return the files of a working directory that forms a process group: with PyTorch where pods have it (Debian's
    python3-torch), else with its stand-in of the standard library."""
    package = IMAGES / "pytorch-training/opt/torch"
    tried = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", "import torch.distributed"], capture_output=True, check=False
    )
    beside = [] if tried.returncode == 0 else _python(package)
    return {"train.py": GROUP} | {str(path.relative_to(package)): path.read_bytes() for path in beside}


def nccl_image(images: Path, name: str = "nccl-tests") -> Path:
    """Make the image of `nccl-test-efa`: Debian's Open MPI where Amazon's would be, and a ring test without GPUs."""
    folder = _copied("nccl-tests", images / name)
    place = folder / "opt/amazon/openmpi/bin"
    place.mkdir(parents=True)
    for each in _OPEN_MPI:
        (place / each).symlink_to(f"/usr/bin/{each}")
    return folder


def launchers_image(images: Path, name: str = "launchers") -> Path:
    """Make an image with both launchers: PyTorch's, and the one that HyperPod's operator talks to."""
    folder = _copied("hyperpod", images / name)
    module = folder / "opt/torchrun.py"
    module.parent.mkdir(exist_ok=True)
    module.write_bytes((IMAGES / "pytorch-training/opt/torch/torch/distributed/run.py").read_bytes())
    command = folder / "usr/local/bin/torchrun"
    command.write_text('#!/bin/sh\nexec python3 /opt/torchrun.py "$@"\n')
    command.chmod(0o755)
    return folder


def demand_open_mpi() -> None:
    """Skip without mpirun and sshd; in CI that is a failure."""
    present(Path("/usr/bin/mpirun"), "mpirun", "apt-get install openmpi-bin")
    present(Path("/usr/sbin/sshd"), "sshd", "apt-get install openssh-server openssh-client")


def _copied(name: str, folder: Path) -> Path:
    shutil.copytree(IMAGES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def _python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _wheel(folder: Path, name: str, version: str, files: Mapping[str, str], entry_points: str = "") -> None:
    """Write a wheel of pure Python (PEP 427)."""
    told = f"{name}-{version}.dist-info"
    whole = {**files, f"{told}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    whole[f"{told}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if entry_points:
        whole[f"{told}/entry_points.txt"] = entry_points
    whole[f"{told}/RECORD"] = "".join(f"{path},,\n" for path in (*whole, f"{told}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in whole.items():
            wheel.writestr(path, text)
