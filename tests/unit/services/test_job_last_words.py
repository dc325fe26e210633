"""What an end of a log tells: errors of its own, or of another rank that has gone."""

from __future__ import annotations

import pytest

from hpctl.services.job.last_words import own_error, tells_only_of_lost_peers

GLOO = "RuntimeError: [/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer [10.0.0.6]:31132"
NCCL = (
    "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1691, ncclRemoteError: A call failed "
    "possibly due to a network error or a remote process exiting prematurely."
)
STORE = "torch.distributed.DistNetworkError: Failed to recv, got 0 bytes. Connection was likely closed."
TORCHRUN = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: train.py"
ENDED = "torch.distributed.elastic.multiprocessing.api.SignalException: Process 39 got signal: 15"


@pytest.mark.parametrize(
    "line",
    [
        GLOO,
        f"[rank3]: {GLOO}",
        NCCL,
        STORE,
        "ConnectionResetError: [Errno 104] reset",
        "ConnectionError: it went away",
        "EOFError",
    ],
)
def test_an_error_that_follows_from_another_rank_is_not_a_rank_s_own(line: str) -> None:
    text = f"step 3\nTraceback (most recent call last):\n{line}\n{TORCHRUN}\n====\nplain.py FAILED"
    assert tells_only_of_lost_peers(text)
    assert own_error(text) is None


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ValueError: the loss is not a number", "ValueError: the loss is not a number"),
        ("[rank1]: ValueError: bad", "ValueError: bad"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("torch.cuda.OutOfMemoryError: CUDA out of memory.\r", "torch.cuda.OutOfMemoryError: CUDA out of memory."),
    ],
)
def test_an_error_of_its_own_counts_whatever_stands_beside_it(line: str, error: str) -> None:
    """Other processes of the same node have lost a peer, too."""
    text = f"[rank0]: {GLOO}\n{line}\n[rank2]: {GLOO}\n{TORCHRUN}\n"
    assert own_error(text) == error
    assert not tells_only_of_lost_peers(text)


@pytest.mark.parametrize(
    "text", ["", "connection reset, trying again\nexit 3", "  ValueError: quoted", TORCHRUN, ENDED]
)
def test_what_is_no_error_says_nothing(text: str) -> None:
    assert own_error(text) is None
    assert not tells_only_of_lost_peers(text)
