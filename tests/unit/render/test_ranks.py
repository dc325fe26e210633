"""What ranks print at the same time, line by line."""

from __future__ import annotations

import io
from threading import Thread

from hpctl.render.ranks import RankPrinter
from hpctl.render.terminal import Terminal


def printer() -> tuple[RankPrinter, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return RankPrinter(Terminal(io.StringIO(), out, err, {})), out, err


def test_lines_have_their_rank_before_them_however_they_arrive() -> None:
    ranks, out, err = printer()
    stream = ranks.stdout("rank 0")
    for part in (b"on", b"e\n\ntw", b"o"):
        assert stream.write(part) == len(part)
    assert out.getvalue() == "[rank 0] one\n[rank 0] \n"
    stream.close()
    stream.close()
    ranks.stderr("rank 1").write(b"aside\n")
    assert out.getvalue() == "[rank 0] one\n[rank 0] \n[rank 0] two\n"
    assert err.getvalue() == "[rank 1] aside\n"


def test_nothing_that_a_terminal_would_obey_arrives() -> None:
    ranks, out, _ = printer()
    ranks.stdout("rank 0\x1b[2J").write(b"\x1b[31mred\rover \xff\n")
    assert out.getvalue() == "[rank 0\\x1b[2J] \\x1b[31mred\n[rank 0\\x1b[2J] over \\xff\n"


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    ranks, out, _ = printer()
    ranks.stdout("rank 0").write(b"x" * (1024 * 1024 + 1))
    assert len(out.getvalue()) == len("[rank 0] \n") + 1024 * 1024 + 1


def test_lines_of_two_ranks_never_run_into_each_other() -> None:
    ranks, out, _ = printer()

    def talk(rank: int) -> None:
        stream = ranks.stdout(f"rank {rank}")
        for _ in range(200):
            stream.write(b"a line in two ")
            stream.write(b"parts\n")

    talkers = [Thread(target=talk, args=(rank,)) for rank in (0, 1)]
    for one in talkers:
        one.start()
    for one in talkers:
        one.join()
    assert sorted(out.getvalue().splitlines()) == [
        f"[rank {rank}] a line in two parts" for rank in (0, 1) for _ in range(200)
    ]
