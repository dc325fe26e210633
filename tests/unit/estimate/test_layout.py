"""How a layout is typed and what follows from its degrees."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.estimate.layout import Layout, Sharding, parse_layout


def test_degrees_that_are_typed_become_a_layout_and_the_rest_is_data_parallel() -> None:
    """32 devices with tp=8 and pp=2 leave two copies."""
    layout = parse_layout("tp=8,pp=2,zero=1", devices=32)
    assert layout == Layout(data=2, tensor=8, pipeline=2, sharding=Sharding.ZERO1)
    assert layout.devices == 32


def test_every_key_reaches_its_degree() -> None:
    """Each is its own prime."""
    layout = parse_layout("dp=2,tp=3,pp=5,cp=7,ep=11,etp=13,vp=17,zero=2")
    assert layout == Layout(2, 3, 5, 7, 11, 13, Sharding.ZERO2, chunks=17)


def test_a_layout_reads_back_from_its_own_text() -> None:
    """What a report shows can be typed."""
    for layout in (Layout(4, 8, 2), Layout(sharding=Sharding.NONE), Layout(2, 1, 4, 2, 8, sharding=Sharding.ZERO1)):
        assert parse_layout(str(layout)) == layout


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("tq=8", "`tq` is no degree of parallelism", "known: dp, tp, pp, cp, ep, etp, vp, zero"),
        ("tp=0", "`tp=0` is no degree of parallelism", "a whole number from 1: `tp=8`"),
        ("tp=eight", "`tp=eight` is no degree of parallelism", "a whole number from 1: `tp=8`"),
        ("tp", "`tp=` is no degree of parallelism", "a whole number from 1: `tp=8`"),
        ("zero=4", "`zero=4` is no stage of ZeRO", "0, 1, 2 or 3 (3 is also FSDP)"),
        ("tp=3", "`tp=3` takes multiples of 3 devices; there are 8", None),
    ],
)
def test_a_wrong_degree_is_refused_by_name(text: str, message: str, hint: str | None) -> None:
    """With what could stand there instead."""
    with pytest.raises(UsageError) as caught:
        parse_layout(text, devices=8)
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


def test_expert_ranks_come_out_of_the_data_and_tensor_ranks() -> None:
    """64 ranks of a stage, 8 ways of experts without tensor parallelism inside: 8 shards of each expert's states."""
    layout = Layout(data=8, tensor=8, expert=8, expert_tensor=1)
    assert (layout.experts_split, layout.expert_shards, layout.shards) == (8, 8, 8)


def test_hybrid_shard_divides_states_among_fewer_ranks() -> None:
    """Never among more than there are."""
    assert Layout(data=32, shard_over=8).shards == 8
    assert Layout(data=4, shard_over=8).shards == 4
