"""One container's log over as many connections as it takes: what is new goes into the pipe, once and in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from threading import Event, Semaphore
from typing import Final, Self

from hpctl import timeouts
from hpctl.errors import NotFoundError, RefusedError, UnavailableError
from hpctl.facts.job_ports import LogStream
from hpctl.facts.jobs import Pod
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource
from hpctl.services.job.log_lines import LONGEST_LINE, Lines, Splitter
from hpctl.services.job.log_nearer import Nearer
from hpctl.services.job.log_pipe import Pipe
from hpctl.services.job.log_place import Place, Search, Sought
from hpctl.services.job.log_sight import Sight

ROTATED: Final = "the node no longer has the lines that followed (its log was rotated)"
_BREAKS: Final = "the connection broke again and again before it came to new lines; going on with the next second"
_SECOND: Final = 10**9
_DOUBLINGS: Final = 10
_CLOCKS_S: Final = 5
"""How far the node's clock may be behind this machine's."""
_LONG_LINE: Final = 256 * 1024
_LONG_LINES: Final = 8
"""So many lines that are longer are held at the same time: each takes its length several times over for a moment."""
_TURN_S: Final = 5.0
"""So long a long line waits for the others: one of them may never end."""


class End(Enum):
    """How reading ended."""

    CLEAN = "clean"
    """The server said that this is all."""
    BROKEN = "broken"
    IDLE = "idle"
    """Nothing came for a while; the connection may be dead, and may be well."""
    REFUSED = "refused"
    """There is no such log (yet, or any more)."""
    LOST = "lost"
    """The last line that was seen is not in the log any more."""


@dataclass(frozen=True, slots=True)
class LogWish:
    """What to read: of which ranks and containers (none named: all), from when, and how many last lines at first.

    With `follow` also what is yet to come; `previous` asks for the instance before the last restart.
    """

    follow: bool = False
    ranks: frozenset[int] = frozenset()
    containers: frozenset[str] = frozenset()
    previous: bool = False
    since: datetime | None = None
    tail: int | None = None

    @property
    def since_ns(self) -> int | None:
        """The moment `since` as the stamps of lines count it."""
        return None if self.since is None else int(self.since.timestamp() * 1_000_000) * 1000


@dataclass(frozen=True, slots=True)
class Way:
    """What readers share: the way to the cluster, the pipe to whoever shows, and the sign to stop."""

    cluster: EksCluster
    ports: Ports
    sight: Sight
    pipe: Pipe
    stop: Event
    long_lines: Semaphore = field(default_factory=lambda: Semaphore(_LONG_LINES))


@dataclass(slots=True)
class _Connection:
    """What one connection told."""

    end: End = End.BROKEN
    news: int = 0
    read: int = 0
    midway: bool = False
    """Whether it ended within a line."""

    def take(self, data: bytes) -> None:
        """Count what came."""
        if data:
            self.read += len(data)
            self.midway = not data.endswith(b"\n")


class _Turn:
    """One of the places for long lines, while this connection needs it."""

    def __init__(self, places: Semaphore) -> None:
        """Have none."""
        self._places = places
        self._has = self._had = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hold(0)

    def hold(self, held_bytes: int) -> None:
        """Take a place for a line that becomes long, after a while without having one; give it back when it ends."""
        if held_bytes <= _LONG_LINE:
            if self._has:
                self._places.release()
            self._has = self._had = False
        elif not self._had:
            self._had, self._has = True, self._places.acquire(timeout=_TURN_S)


class Tape:
    """The log of a container's instance, as far as it was read; `begin` is the next instance."""

    def __init__(self, pod: Pod, source: LogSource, wish: LogWish, way: Way) -> None:
        """Begin with nothing read."""
        self._pod, self._source, self._way = pod, source, way
        self._since_ns, self._tail = wish.since_ns, wish.tail
        self._place = Place()
        self._nearer = Nearer()
        self._all_is_new = False
        self._unfinished: tuple[int, bytes] | None = None
        self._said = b""
        self._stuck = self._missed = self._quiet = 0
        self._stream: LogStream | None = None
        self._cut_off = Event()
        self.found = False
        """Whether the last connection came to new ground."""
        self.last_end: End | None = None
        self.refusal = ""

    @property
    def known(self) -> bool:
        """Whether anything was read of this instance."""
        return self._place.last_ns is not None

    def begin(self) -> None:
        """Take what comes as another instance's: all of it is new."""
        self._place, self._since_ns, self._tail = Place(), None, None
        self._nearer = Nearer()
        self._unfinished, self._all_is_new = None, False

    def take_all(self) -> None:
        """Take what the next connection tells as new: the last line cannot be met in it."""
        self._all_is_new = True

    def cut_off(self) -> None:
        """End the connection that is followed, and every later one; from another thread."""
        self._cut_off.set()
        if stream := self._stream:
            stream.close()

    def follow(self) -> End:
        """Read what comes until the connection ends, and wait where the next one would come too soon."""
        return self._connect(follow=True, previous=False).end

    def settle(self, *, previous: bool = False, tries: int = timeouts.LOG_QUIET) -> End:
        """Read what is there until there is no more: CLEAN, REFUSED, LOST, or BROKEN when it is time to stop.

        An answer that ends well may still have been cut by something in between: only one that has met the last line,
        and has nothing after it, is believed.
        """
        empty = silent = broken = 0
        while not self._way.stop.is_set():
            before = self._unfinished
            told = self._connect(follow=False, previous=previous)
            if told.end in (End.REFUSED, End.LOST):
                return told.end
            silent = 0 if told.news or told.end is not End.IDLE else silent + 1
            if silent >= timeouts.LOG_SILENT:
                raise UnavailableError(f"the log of pod `{self._pod.name}` stalls", hint="try again later")
            broken = broken + 1 if told.end is End.BROKEN and not told.news else 0
            if broken >= timeouts.LOG_BROKEN:
                raise UnavailableError(
                    f"the log of pod `{self._pod.name}` breaks off each time", hint="try again later"
                )
            if told.end is not End.CLEAN or told.news or self._unfinished != before:
                continue
            empty += 1
            if (self.found and (self.known or told.read or empty > 1)) or empty >= tries:
                return End.CLEAN
            self._wait_again()
        return End.BROKEN

    def gap(self, reason: str) -> None:
        """Say that lines may be missing here."""
        self._way.pipe.put(LogGap(self._source, self._place.last_ns, reason))

    def note(self, words: str) -> None:
        """Say something to the person."""
        self._way.pipe.put(LogNote(words, self._source))

    def pause(self, seconds: float) -> None:
        """Wait, unless it is time to stop."""
        self._way.stop.wait(seconds * (0.75 + self._way.ports.clock.jitter() / 2))

    def _connect(self, *, follow: bool, previous: bool) -> _Connection:
        search = self._place.search()
        if self._all_is_new:
            search.give_up()
        sought = search.state is Sought.SOUGHT
        told, began = _Connection(), self._way.ports.clock.now()
        try:
            self._open(told, search, follow=follow, previous=previous)
            self._missed = 0
        except UnavailableError:
            self._missed += 1
            if self._missed >= timeouts.FOLLOW_MISSED:
                raise
        self.last_end, self.found = told.end, search.state is Sought.FOUND
        self._begin_now(began, told.end)
        if told.news:
            self._stuck = self._quiet = 0
            self._all_is_new = False
            self._nearer.served()
        elif not (sought and self._came_nearer(told, follow=follow)):
            self._go_again(told, follow=follow, sought=sought)
        return told

    def _came_nearer(self, told: _Connection, *, follow: bool) -> bool:
        """Learn from a connection that was to begin near the place; False when that was not wished, or no use."""
        if self._nearer.lines is None:
            return False
        if told.end is End.LOST:  # it began behind the place
            told.end = End.BROKEN
            self._nearer.lacked()
        elif self._held_up(told, follow=follow):
            self._nearer.broke()
        else:
            return False
        return True

    def _go_again(self, told: _Connection, *, follow: bool, sought: bool) -> None:
        """Wait after a connection that told nothing new; too many of them that came to nothing are enough."""
        if sought and self._held_up(told, follow=follow):
            self._stuck += 1
            if self._stuck >= timeouts.LOG_NEARER:
                self._nearer.begin()
            if self._stuck >= timeouts.LOG_STUCK:
                self._skip()
        if told.end is End.BROKEN or (told.end is End.CLEAN and follow):
            self._wait_again()

    def _begin_now(self, began: datetime, end: End) -> None:
        """Where there is nothing to begin with, want what has come since, and not the last lines of it."""
        if self._tail is not None and not self.known and (end is End.IDLE or not self._tail):
            self._tail, self._since_ns = None, int((began.timestamp() - _CLOCKS_S) * _SECOND)

    def _held_up(self, told: _Connection, *, follow: bool) -> bool:
        """Whether there is more to come that the connection did not come to: a log that is quiet is no reason."""
        if not told.read or told.end is End.LOST:
            return False
        if told.end is End.CLEAN:
            return not self.found
        return not self.found or told.midway or not follow

    def _open(self, told: _Connection, search: Search, *, follow: bool, previous: bool) -> None:
        resumed_ns = self._place.since_ns
        try:
            with self._way.ports.streams.log(
                self._way.cluster,
                self._pod.namespace,
                self._pod.name,
                self._source.container,
                follow=follow,
                previous=previous,
                since_ns=self._since_ns if resumed_ns is None else resumed_ns,
                tail=self._tail if resumed_ns is None else self._nearer.lines,
                idle_s=timeouts.LOG_IDLE_S,
            ) as stream:
                self._stream = stream if follow else None
                if not (follow and self._cut_off.is_set()):
                    told.end = self._read(stream, search, told, whole=not follow)
        except (NotFoundError, RefusedError) as error:
            told.end, self.refusal = End.REFUSED, error.message
        finally:
            self._stream = None

    def _read(self, stream: LogStream, search: Search, told: _Connection, *, whole: bool) -> End:
        splitter, begun = Splitter(), search.state is Sought.FOUND and not self._all_is_new
        with _Turn(self._way.long_lines) as turn:
            while not self._way.stop.is_set():
                try:
                    data = stream.read()
                except TimeoutError:
                    return End.IDLE
                except UnavailableError:
                    return End.BROKEN
                told.take(data)
                lines = splitter.feed(data) if data else self._rest(splitter, search) if whole else Lines()
                # Before the first line of a connection that resumes stands the end of one that was seen.
                if begun:
                    self._say(lines.strays)
                begun = begun or bool(lines.lines)
                told.news += self._deliver(lines, search.new_from(lines))
                if search.state is Sought.LOST:
                    return End.LOST
                if not data:
                    return End.CLEAN
                turn.hold(splitter.held_bytes)
        return End.BROKEN

    def _rest(self, splitter: Splitter, search: Search) -> Lines:
        """Return a last line without an end, when the log ended with it the time before, too: else it may go on."""
        rest = splitter.end()
        if search.state is not Sought.FOUND or not rest.lines:
            return Lines(strays=rest.strays)  # a kubelet that has no log any more says so, and ends no line
        before, self._unfinished = self._unfinished, (rest.times_ns[0], rest.lines[0])
        return rest if self._unfinished == before else Lines()

    def _deliver(self, lines: Lines, first: int) -> int:
        times, texts = lines.times_ns[first:], lines.lines[first:]
        if not times:
            return 0
        since_ns = self._since_ns
        shown_times, shown = times, texts
        if since_ns is not None and min(times) < since_ns:  # the server knows whole seconds alone
            kept = [(time, text) for time, text in zip(times, texts, strict=True) if time >= since_ns]
            shown_times, shown = [time for time, _ in kept], [text for _, text in kept]
        if shown:
            self._way.pipe.put(LogLines(self._source, shown_times, shown, lines.open_end))
        if lines.cut_bytes:
            told = f"a line was longer than {LONGEST_LINE >> 20} MiB; {lines.cut_bytes} bytes of it are not shown"
            self._way.pipe.put(LogGap(self._source, times[0], told))
        self._place.passed(times)
        return len(times)

    def _say(self, strays: list[bytes]) -> None:
        for stray in filter(None, strays):
            if stray == self._said:  # it says so whenever it is asked
                continue
            self._said = stray
            self.note(f"the server says: {stray.decode('utf-8', 'backslashreplace')}")

    def _skip(self) -> None:
        self.gap(_BREAKS)
        last_ns = self._place.highest_ns
        self.begin()
        self._stuck, self._since_ns = 0, (last_ns // _SECOND + 1) * _SECOND

    def _wait_again(self) -> None:
        self.pause(min(timeouts.LOG_AGAIN_S * 2 ** min(self._quiet, _DOUBLINGS), timeouts.LOG_AGAIN_CAP_S))
        self._quiet += 1
