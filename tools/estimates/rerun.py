"""Ask the estimators that install small again, and name what is not as recorded: `python -m tools.estimates.rerun`.

Each gets a virtual environment of its own in a temporary folder, the recorded version, and a Hub cache that holds
each model's config.json and nothing else. `--latest` installs the newest version instead.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hpctl.catalog.models import find_model
from tools.estimates.measured import FILE

MODELS = {
    "llama": ("meta-llama/Llama-3.1-8B", "LlamaForCausalLM"),
    "qwen3": ("Qwen/Qwen3-32B", "Qwen3ForCausalLM"),
    "mixtral": ("mistralai/Mixtral-8x7B-v0.1", "MixtralForCausalLM"),
}
_REVISION = "a" * 40


def main() -> int:
    """Run them, print what they say, and return 1 where a recorded number is missing from it."""
    parser = argparse.ArgumentParser(description="Ask other estimators again.")
    parser.add_argument("--latest", action="store_true", help="the newest versions, not the recorded ones")
    latest = parser.parse_args().latest
    tools = tomllib.loads(FILE.with_name("estimators.toml").read_text(encoding="utf-8"))["tool"]
    changed = [text for tool in tools if _worth(tool) for text in _changes(tool, latest=latest)]
    print(*changed or ["everything is as recorded"], sep="\n")
    return 1 if changed else 0


def _worth(tool: Mapping[str, Any]) -> bool:
    """Whether it installs small and has given numbers."""
    return tool["installs"] == "small" and not all(isinstance(one, str) for one in tool["answers"].values())


def _changes(tool: Mapping[str, Any], *, latest: bool) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        wanted = tool["name"] if latest else f"{tool['name']}=={tool['version']}"
        subprocess.run([place / "venv/bin/pip", "install", "--quiet", "--quiet", wanted], check=True)
        said = {short: "\n".join(_answers(tool, place, name, kind)) for short, (name, kind) in MODELS.items()}
    for question, answer in tool["answers"].items():
        text = said.get(question.partition("-")[2], "")
        if not isinstance(answer, str) and not _told(answer, text):
            yield f"{tool['name']}: {question} was {answer}; now:\n{text[-1500:]}"


def _answers(tool: Mapping[str, Any], place: Path, name: str, kind: str) -> Iterator[str]:
    config = _hub(place, name, kind)
    environment = os.environ | {"HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1"}
    for command in tool["commands"]:
        program, *words = command.format(id=name, folder=config.parent).split()
        line = [str(place / "venv/bin" / program), *words]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)
        yield done.stdout + done.stderr


def _hub(place: Path, name: str, kind: str) -> Path:
    """Write a Hub cache with the one file; return it."""
    known = find_model(name)
    if known is None:
        raise LookupError(name)
    folder = place / "hf/hub" / f"models--{name.replace('/', '--')}"
    file = folder / "snapshots" / _REVISION / "config.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs/main").write_text(_REVISION, encoding="utf-8")
    config = {**known.config, "architectures": [kind], "torch_dtype": "bfloat16"}
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def _told(answer: float, text: str) -> bool:
    """Whether a number is in `text`: as it is; GiB also in GB, MiB or bytes, parameters also in bytes, 2 or 4 each."""
    numbers = [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]
    units = (1, 2, 4) if isinstance(answer, int) else (1, 1.073741824, 1024, 1024**3)
    return any(abs(number - answer * unit) <= 0.005 * answer * unit for number in numbers for unit in units)


if __name__ == "__main__":
    sys.exit(main())
