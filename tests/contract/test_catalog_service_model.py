"""The committed service model is the installed botocore's, and its patterns mean in Python what they mean at AWS."""

from __future__ import annotations

import json
import re
import runpy
import sys
import unicodedata
from pathlib import Path

from hpctl.catalog.limits import shape
from hpctl.catalog.patterns import python_pattern

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[2] / "tools/extract_service_model.py"))
COMMITTED = json.loads(TOOL["TARGET"].read_text(encoding="utf-8"))
INSTALLED = TOOL["extract"]()


def test_the_committed_model_has_exactly_the_shapes_of_the_installed_botocore() -> None:
    committed, installed = COMMITTED["shapes"], INSTALLED["shapes"]
    assert sorted(committed) == sorted(installed)
    assert {name: (row, installed[name]) for name, row in committed.items() if row != installed[name]} == {}
    assert COMMITTED["operations"] == INSTALLED["operations"]


def test_the_generator_writes_what_it_extracts() -> None:
    assert json.loads(TOOL["render"](INSTALLED)) == json.loads(json.dumps(INSTALLED))


def test_every_shape_loads_with_every_limit_of_the_model() -> None:
    for name, row in COMMITTED["shapes"].items():
        loaded = shape(name)
        assert (loaded.name, loaded.type) == (name, row["type"])
        assert list(loaded.enum) == row.get("enum", [])
        assert list(loaded.required) == row.get("required", [])
        assert dict(loaded.members) == row.get("members", {})
        kept = {key: getattr(loaded, key) for key in ("pattern", "min", "max", "member", "key", "value")}
        assert kept == {key: row.get(key) for key in kept}
        assert loaded.union is row.get("union", False)


def test_every_pattern_of_the_model_compiles_in_python() -> None:
    for row in COMMITTED["shapes"].values():
        if "pattern" in row:
            python_pattern(row["pattern"])


def test_the_tag_pattern_takes_exactly_the_characters_that_its_unicode_categories_name() -> None:
    pattern = python_pattern(shape("TagValue").pattern or "")
    extra = set("_.:/=+-@")
    wrong = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if (unicodedata.category(chr(point))[0] in "LZN" or chr(point) in extra) != bool(pattern.fullmatch(chr(point)))
    ]
    assert wrong == []


def test_patterns_with_unicode_categories_name_the_underscore_too() -> None:
    patterns = {row["pattern"] for row in COMMITTED["shapes"].values() if r"\p{" in row.get("pattern", "")}
    assert patterns
    assert all(re.search(r"\\p\{[LN]\}[^\]]*_", pattern) for pattern in patterns)
