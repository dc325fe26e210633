"""Whatever a file holds, loading it ends with a spec or with a SpecError."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpctl.errors import SpecError
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.load import load_cluster
from hpctl.spec.notation import Notation, keys
from hpctl.spec.source import TextSource

KEYS = sorted({key for notation in Notation for key in keys(ClusterSpec, notation)})
GROUP_KEYS = ["InstanceGroupName", "InstanceType", "CapacityRequirements", "name", "type", "storage", "kubernetes"]
SYNTAX = [*list("{}[]:,-&*!|>'\"%@`#?<$~\\ \n\t"), "<<: ", "- ", "a", "${A}", "$A", "&a", "*a", "!!str", "\\u", "1"]

brief = settings(max_examples=60, deadline=None)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
data = st.recursive(
    scalars | st.sampled_from(["$A", "ml.p5.48xlarge", "Compute"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS + GROUP_KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def load(text: str) -> None:
    with suppress(SpecError):
        load_cluster(TextSource("file", text), env={"A": "{"}, name="hp")


@brief
@given(st.text(max_size=60) | st.lists(st.sampled_from(SYNTAX), max_size=25).map("".join))
@example('a: "\\UFFFFFFFF"')
@example("%YAML 9.9\n---\na")
@example("%TAG ! !\n---\n!a b")
@example("? ")
@example("- - - &a\n- *a")
@example("9" * 5000)
@example('{"ClusterName": "\\ud800"}')
@example("\ud800")
def test_arbitrary_text_ends_in_a_spec_error_at_worst(text: str) -> None:
    load(text)


@brief
@given(data)
def test_arbitrary_data_ends_in_a_spec_error_at_worst(value: object) -> None:
    load(json.dumps(value))


@brief
@given(st.dictionaries(st.sampled_from(KEYS), data, min_size=1))
def test_known_keys_with_arbitrary_values_end_in_a_spec_error_at_worst(value: dict[str, object]) -> None:
    load(json.dumps(value))
    load(
        "api_version: hpctl/v1\nkind: Cluster\n"
        + "".join(f"{key}: {json.dumps(item)}\n" for key, item in value.items())
    )
