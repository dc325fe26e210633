"""Write `catalog/service_model.json`: what botocore's SageMaker model says about cluster requests.

Run it after an upgrade of botocore: `python tools/extract_service_model.py`. The contract test
`tests/contract/test_catalog_service_model.py` fails when the committed file is out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

TARGET = Path(__file__).resolve().parents[1] / "src/hpctl/catalog/service_model.json"
OPERATIONS = ("CreateCluster", "UpdateCluster")
LIMITS = ("pattern", "min", "max", "union", "enum", "required")


def extract() -> dict[str, Any]:
    """Everything reachable from the inputs of `OPERATIONS`, without documentation."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    inputs = {name: _input(model.operation_model(name)) for name in OPERATIONS}
    shapes: dict[str, dict[str, object]] = {}
    for shape in inputs.values():
        _collect(shape, shapes)
    return {
        "source": f"botocore {botocore.__version__}, sagemaker service model {model.api_version}",
        "operations": {name: shape.name for name, shape in inputs.items()},
        "shapes": dict(sorted(shapes.items())),
    }


def _input(operation: OperationModel) -> StructureShape:
    shape = operation.input_shape
    if shape is None:
        message = f"{operation.name} takes no input"
        raise ValueError(message)
    return shape


def _collect(shape: Shape, shapes: dict[str, dict[str, object]]) -> None:
    if shape.name in shapes:
        return
    row: dict[str, object] = {"type": shape.type_name}
    row |= {key: shape.metadata[key] for key in LIMITS if key in shape.metadata}
    parts = _parts(shape)
    if shape.type_name == "structure":
        row["members"] = {name: part.name for name, part in parts.items()}
    else:
        row |= {role: part.name for role, part in parts.items()}
    shapes[shape.name] = row
    for part in parts.values():
        _collect(part, shapes)


def _parts(shape: Shape) -> dict[str, Shape]:
    match shape:
        case StructureShape():
            return dict(shape.members)
        case ListShape():
            return {"member": shape.member}
        case MapShape():
            return {"key": shape.key, "value": shape.value}
        case _:
            return {}


def render(model: dict[str, Any]) -> str:
    """JSON with one shape a line, so that a change of the model reads well in a diff."""
    head = ",\n".join(f"  {json.dumps(key)}: {json.dumps(model[key])}" for key in ("source", "operations"))
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in model["shapes"].items())
    return f'{{\n{head},\n  "shapes": {{\n{rows}\n  }}\n}}\n'


if __name__ == "__main__":
    TARGET.write_text(render(extract()), encoding="utf-8")
