"""One container's log, from its beginning to its end, over as many connections and instances as that takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from threading import Event
from typing import Final

from hpctl import timeouts
from hpctl.errors import NotFoundError, RefusedError, UnavailableError
from hpctl.facts.job_ports import LogStream
from hpctl.facts.jobs import ContainerState, Pod
from hpctl.facts.ports import Ports
from hpctl.facts.records import EksCluster
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource
from hpctl.services.job.log_lines import LONGEST_LINE, Lines, Splitter
from hpctl.services.job.log_pipe import Pipe
from hpctl.services.job.log_place import Place, Search, Sought
from hpctl.services.job.log_sight import ENDED, Look, Sight

_SECOND: Final = 10**9
_ROTATED: Final = "the node no longer has the lines that followed (its log was rotated)"
_RESTARTED: Final = "the container was restarted, and the end of the instance before is gone"
_BREAKS: Final = "the connection broke again and again before it came to new lines; going on with the next second"
_DELETED: Final = "the pod is gone, and its last lines with it"


class End(Enum):
    """How reading from one connection ended."""

    CLEAN = "clean"
    BROKEN = "broken"
    IDLE = "idle"
    REFUSED = "refused"
    LOST = "lost"


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


class Reader:
    """Reads one container of one pod and puts its lines into the pipe, each once and in order."""

    def __init__(self, pod: Pod, source: LogSource, wish: LogWish, way: Way) -> None:
        """Begin with nothing read."""
        self._pod, self._source, self._wish, self._way = pod, source, wish, way
        self._place = Place()
        self._since_ns, self._tail = wish.since_ns, wish.tail
        self._instance: int | None = None
        self._drained: int | None = None
        self._untold = self._take_all = self._found = False
        self._stuck = self._missed = self._quiet = 0
        self._last_end: End | None = None
        self._refusal = ""
        self._stream: LogStream | None = None
        self._hurried = Event()

    def from_birth(self) -> None:
        """Take the pod as one that began after the following did: all of its instances are to be read."""
        self._instance = 0

    def hurry(self) -> None:
        """Read what is there and come to an end: the job has."""
        self._hurried.set()
        if stream := self._stream:
            stream.close()

    def once(self) -> None:
        """Read what is there now."""
        if self._read_whole(previous=self._wish.previous) is End.REFUSED:
            self._note(self._refusal)

    def follow(self) -> None:
        """Read what is there and what comes, until the pod has ended or is gone."""
        while not self._way.stop.is_set():
            look = self._way.sight.look()
            if look is None:
                self._pause(timeouts.KUBE_AGAIN_S)
                continue
            container = look.container(self._pod.uid, self._source.container)
            if container is None:
                self._gone()
                return
            if self._step(container, look):
                return

    def _step(self, container: ContainerState, look: Look) -> bool:
        """Do what the container's state asks for; whether that was the last."""
        ended = look.pods[self._pod.uid].phase in ENDED or self._hurried.is_set()
        if not container.running and container.exit_code is None and container.last_exit_code is None:
            self.from_birth()
            self._pause(0.0 if ended else timeouts.LOG_LOOK_S)
            return ended
        self._count(container)
        if container.running and not ended:
            self._connect_until_looked()
        elif self._drained == container.restarts:
            self._pause(0.0 if ended else timeouts.LOG_LOOK_S)
            return ended
        elif (end := self._read_whole()) is not End.LOST:
            self._drained = container.restarts
            if end is End.REFUSED:
                self._note(self._refusal)
        return False

    def _count(self, container: ContainerState) -> None:
        before, self._instance = self._instance, container.restarts
        if before is None:
            if container.restarts:
                self._note(f"was restarted before ({container.restarts}x); `--previous` shows the instance before")
        elif container.restarts > before:
            if self._drained == before and container.restarts == before + 1:
                self._begin_instance()
            else:
                self._tell_previous(container.restarts - before)

    def _tell_previous(self, jump: int) -> None:
        """Read the rest of the instance before; where that cannot be told from here, the next connection decides."""
        known = self._place.last_ns is not None
        if jump > 1 and not known:
            self._gap(_RESTARTED)
        end = self._try_often(previous=True)
        if end is End.CLEAN and self._found:
            self._begin_instance()
        elif known:
            self._untold = True
        else:
            self._gap(_RESTARTED)
            self._begin_instance()

    def _begin_instance(self) -> None:
        self._place, self._since_ns, self._tail = Place(), None, None
        self._untold = self._take_all = False

    def _connect_until_looked(self) -> None:
        """Follow; after a break at once again, for the place tells what is new. All else needs a look."""
        while not self._way.stop.is_set() and not self._hurried.is_set():
            match self._connect(follow=True):
                case End.BROKEN:
                    continue
                case End.LOST:
                    self._jump()
                case End.REFUSED:
                    self._pause(timeouts.LOG_LOOK_S)
                case _:
                    pass
            return

    def _read_whole(self, *, previous: bool = False) -> End:
        """Read to the end of what is there: CLEAN, REFUSED, or LOST when another instance has begun meanwhile."""
        silent = 0
        while not self._way.stop.is_set():
            match self._connect(previous=previous):
                case (End.CLEAN | End.REFUSED) as end:
                    return end
                case End.LOST:
                    if not self._jump():
                        return End.LOST
                case End.IDLE:
                    silent += 1
                    if silent >= timeouts.KUBE_ATTEMPTS:
                        raise UnavailableError(f"the log of pod `{self._pod.name}` stalls", hint="try again later")
                case End.BROKEN:
                    pass
        return End.BROKEN

    def _try_often(self, *, previous: bool) -> End:
        end = End.BROKEN
        for _ in range(timeouts.FOLLOW_MISSED):
            end = self._connect(previous=previous)
            if end not in (End.BROKEN, End.IDLE) or self._way.stop.is_set():
                break
        return end

    def _jump(self) -> bool:
        """Say that the last line is not in the log any more, and take what is; False when another instance has begun.

        Then the next step tells the rest of the instance before.
        """
        look = self._way.sight.look()
        container = look.container(self._pod.uid, self._source.container) if look else None
        if container and self._instance is not None and container.restarts > self._instance:
            return False
        self._gap(_RESTARTED if self._untold else _ROTATED)
        self._take_all = True
        if self._untold:
            self._try_often(previous=True)
            self._begin_instance()
            self._take_all = True
        return True

    def _connect(self, *, follow: bool = False, previous: bool = False) -> End:
        """Read one connection to its end, and wait where the next one would come too soon."""
        search = self._place.search()
        if self._take_all:
            search.give_up()
        sought = search.state is Sought.SOUGHT
        try:
            end, news, read = self._opened(search, follow=follow, previous=previous)
            self._missed = 0
        except UnavailableError:
            self._missed += 1
            if self._missed >= timeouts.FOLLOW_MISSED:
                raise
            end, news, read = End.BROKEN, 0, 0
        self._last_end, self._found = end, search.state is Sought.FOUND
        if news:
            self._stuck = self._quiet = 0
            self._take_all = False
            return end
        if end in (End.BROKEN, End.CLEAN) and (follow or end is End.BROKEN):
            self._quiet += 1
            self._stuck += int(sought and bool(read) and search.state is Sought.SOUGHT)
            if self._stuck >= timeouts.LOG_STUCK:
                self._skip()
            self._pause(min(timeouts.LOG_AGAIN_S * 2 ** min(self._quiet - 1, 10), timeouts.LOG_AGAIN_CAP_S))
        return end

    def _opened(self, search: Search, *, follow: bool, previous: bool) -> tuple[End, int, int]:
        since_ns = self._place.since_ns
        tail = self._tail if since_ns is None else None
        try:
            with self._way.ports.streams.log(
                self._way.cluster,
                self._pod.namespace,
                self._pod.name,
                self._source.container,
                follow=follow,
                previous=previous,
                since_ns=self._since_ns if since_ns is None else since_ns,
                tail=tail,
                idle_s=timeouts.LOG_IDLE_S,
            ) as stream:
                self._stream = stream
                if self._hurried.is_set() and follow:
                    return End.BROKEN, 0, 0
                return self._read(stream, search, whole=not follow)
        except (NotFoundError, RefusedError) as error:
            self._refusal = error.message
            return End.REFUSED, 0, 0
        finally:
            self._stream = None

    def _read(self, stream: LogStream, search: Search, *, whole: bool) -> tuple[End, int, int]:
        splitter, resumed = Splitter(), search.state is Sought.SOUGHT
        news = read = 0
        stamped = False
        while True:
            try:
                data = stream.read()
            except TimeoutError:
                return End.IDLE, news, read
            except UnavailableError:
                return End.BROKEN, news, read
            read += len(data)
            # A line without an end is one when the log has ended; before, the rest of it may come.
            lines = splitter.feed(data) if data else splitter.end() if whole else Lines()
            if stamped or not (resumed or self._take_all):
                self._say(lines.strays)
            stamped = stamped or bool(lines.lines)
            news += self._deliver(lines, search.new_from(lines))
            if search.state is Sought.LOST:
                return End.LOST, news, read
            if not data:
                return End.CLEAN, news, read

    def _deliver(self, lines: Lines, first: int) -> int:
        times, texts = lines.times_ns, lines.lines
        if first:
            times, texts = times[first:], texts[first:]
        if not times:
            return 0
        shown_times, shown = times, texts
        if (since_ns := self._since_ns) is not None and min(times) < since_ns:
            kept = [(time, text) for time, text in zip(times, texts, strict=True) if time >= since_ns]
            shown_times, shown = [time for time, _ in kept], [text for _, text in kept]
        if shown:
            self._way.pipe.put(LogLines(self._source, shown_times, shown))
        if lines.cut_bytes:
            told = f"a line was longer than {LONGEST_LINE >> 20} MiB; {lines.cut_bytes} bytes of it are not shown"
            self._way.pipe.put(LogGap(self._source, times[0], told))
        self._place.passed(times)
        return len(times)

    def _say(self, strays: list[bytes]) -> None:
        for stray in filter(None, strays):
            self._note(f"the server says: {stray.decode('utf-8', 'backslashreplace')}")

    def _skip(self) -> None:
        self._gap(_BREAKS)
        last_ns = self._place.highest_ns
        self._place, self._tail, self._stuck = Place(), None, 0
        self._since_ns = (last_ns // _SECOND + 1) * _SECOND

    def _gone(self) -> None:
        if self._instance is None or self._drained == self._instance:
            return
        if self._last_end is End.CLEAN:
            self._note("was deleted; its log ends here")
        else:
            self._gap(_DELETED)

    def _gap(self, reason: str) -> None:
        self._way.pipe.put(LogGap(self._source, self._place.last_ns, reason))

    def _note(self, words: str) -> None:
        self._way.pipe.put(LogNote(words, self._source))

    def _pause(self, seconds: float) -> None:
        self._way.stop.wait(seconds * (0.75 + self._way.ports.clock.jitter() / 2))
