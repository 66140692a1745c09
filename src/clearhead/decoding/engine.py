"""Many sentences at once: single sequences in, batches of about one length through the model, results in any order."""

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from clearhead.bounds import whole
from clearhead.decoding.checks import Ids
from clearhead.decoding.jobs import AnyJob, Job, Result, settle
from clearhead.decoding.lengths import LengthLimit
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.prefixes import Prefixes
from clearhead.decoding.requests import Found, requests_for
from clearhead.decoding.search import Watch
from clearhead.decoding.shortlist import Shortlist
from clearhead.processor import cores
from clearhead.runtimes.runtime import Capacity

Progress = Callable[[int, int], None]


class Engine:
    """Takes single sequences, to be searched for (`Request`) or read whole (`Reading`), and computes them in batches.

    It has no threads of its own: whoever waits for results computes, its own and what others have asked for besides. So
    callers of several threads share batches, and the cores: as many batches as the runtime says are computed at a time,
    whoever asked, each on its share.

    batch_tokens: a batch's sentences × hypotheses × longest source, padding included, stay within it; the runtime's own
        where it is not given. Its KV cache and logits stay within the runtime's `batch_bytes`.
    workers: how many batches to compute at once; the runtime's own where it is not given.
    """

    def __init__(self, runtime: Capacity, *, batch_tokens: int | None = None, workers: int | None = None) -> None:
        self.runtime = runtime
        self._budget = runtime.batch_tokens if batch_tokens is None else whole("batch_tokens", batch_tokens)
        self._workers = runtime.concurrency if workers is None else whole("workers", workers)
        self._forget()
        _ENGINES.add(self)

    def _forget(self) -> None:
        """Nothing waits, and nobody computes: so in a process that was forked, whose other threads are not there."""
        self._changed = threading.Condition()
        self._waiting: list[AnyJob] = []
        # What is being computed, by whom: each turn has a mark of its own.
        self._computed: dict[object, list[AnyJob]] = {}

    def translate(
        self,
        sources: Ids,
        options: SearchOptions,
        *,
        prefixes: Prefixes | None = None,
        numbers: Sequence[int] | None = None,
        length_limit: LengthLimit | None = None,
        shortlist: Shortlist | None = None,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> list[Found]:
        """Translate every source; for each, in the input's order, its best hypotheses, best first.

        Beam search, greedy where `options.beam_size` is 1, sampling where `options.sampling` is given. What comes out
        does not depend on the order of the sources, on the budget, or on what else is translated.

        sources: ids as the encoder reads them, each with its end token. prefixes: for each, target tokens to begin
            with.
        numbers: the sources' numbers among all that are translated; 0, 1, 2, … where not given. Errors name them, and
            draws of sampling differ by them.
        shortlist: lets each sentence have only the target tokens that its source tokens may become, its prefix, the end
            token and, where `options.utf8` is given, the bytes that end a character; log-probabilities then are shared
            out among these.
        progress: called with the number of sentences done and of all, as often as more are done.
        watch: is told of every step of each sentence's search.
        Raises DecodingError for a source or prefix that the model cannot take, for a setting out of its bounds, and for
        weights that are no numbers.
        """
        requests = requests_for(self.runtime.sizes, sources, options, prefixes, numbers, length_limit, shortlist, watch)
        return list(self.results(requests, progress))

    def submit(self, *requests: AnyJob) -> None:
        """Let these wait. `Job.found` has the result once somebody has computed it; cancel it to do without."""
        with self._changed:
            self._let_wait(requests)

    def _let_wait(self, requests: Iterable[AnyJob]) -> None:
        """Longest first, so that the batch that needs the most memory comes before any work is lost to it."""
        self._waiting = sorted([*self._waiting, *requests], key=self._width, reverse=True)

    def results(
        self, requests: Sequence[Job[Result]], progress: Progress | None = None
    ) -> Generator[Result, None, None]:
        """Submit these, and give what is found for each, in their order and as soon as it is there.

        Between two of them other threads go on computing; whoever ends early cancels what is not done. Raises what went
        wrong with one of them when it is its turn.
        progress: as in `compute`.
        """
        self.submit(*requests)
        with contextlib.closing(self._done(requests, progress)) as done:
            for request in done:
                yield request.found.result()

    def compute(self, requests: Sequence[AnyJob], progress: Progress | None = None) -> None:
        """Compute until these, which have been submitted, are done; what is found and what went wrong they have.

        progress: called on this thread with how many of them are done, and how many there are, as often as more are.
        """
        for _ in self._done(requests, progress):
            pass

    def _done(self, requests: Sequence[Job[Result]], progress: Progress | None) -> Generator[Job[Result], None, None]:
        """These in their order, each once it is done, computed by this thread and by as many others as may help."""
        report = _reporter(requests, progress)
        helpers = [
            threading.Thread(target=self._help, args=(requests,), name="clearhead translates")
            for _ in range(min(self._workers, self._batches_left()) - 1)
        ]
        try:
            for helper in helpers:
                helper.start()
            for request in requests:
                if not request.found.done():
                    request.found.add_done_callback(self._wake)
                    while self._compute_next(requests, request):
                        report()
                    report()
                yield request
            report()
        except BaseException:
            self._cancel(requests)
            raise
        finally:
            for helper in helpers:
                if helper.ident is not None:
                    helper.join()

    def _help(self, requests: Sequence[AnyJob]) -> None:
        """Compute batches until nothing waits, or whoever is helped needs it no more."""
        # The process' end waits for this thread, and nobody for what it computes then.
        while threading.main_thread().is_alive() and self._compute_next(requests):
            pass

    def _compute_next(self, requests: Sequence[AnyJob], next_one: AnyJob | None = None) -> bool:
        """Compute the next batch; False where there is none. What interrupts this thread is no result."""
        turn = object()
        # Whatever comes, an interrupt too: the batch is under way no more then, and what is not done waits again.
        try:
            batch = self._turn(turn, requests, next_one)
            if not batch:
                return False
            try:
                threads = cores() // max(1, min(self._workers, len(self._computed) + self._batches_left()))
                settle(batch, batch[0].computed(self.runtime, batch, max(1, threads)))
            except Exception as error:
                settle(batch, error)
            return True
        finally:
            with self._changed:
                self._let_wait(request for request in self._computed.pop(turn, ()) if not request.found.done())
                self._changed.notify_all()

    def _turn(self, turn: object, requests: Sequence[AnyJob], next_one: AnyJob | None) -> list[AnyJob]:
        """The next batch, whoever's it is, once there may be one more at a time; `turn` marks it as being computed.

        None once the `next_one` of these is done. A helper waits for none of them: it has none where none waits.
        """
        with self._changed:
            while not (next_one.found.done() if next_one else all(request.found.done() for request in requests)):
                if len(self._computed) < self._workers and self._next(turn):
                    return self._computed[turn]
                if not self._waiting and not self._computed and next_one:
                    # Those who computed it are in the process from which this one was forked.
                    self._waiting = [request for request in requests if not request.found.done()]
                elif self._waiting or next_one:
                    self._changed.wait()
                else:
                    break
            return []

    def _wake(self, _: "Future[Any]") -> None:
        with self._changed:
            self._changed.notify_all()

    def _cancel(self, requests: Sequence[AnyJob]) -> None:
        for request in requests:
            request.found.cancel()
        with self._changed:
            self._waiting = [one for one in self._waiting if not one.found.cancelled()]
            self._changed.notify_all()

    def _next(self, turn: object) -> bool:
        """Mark the longest that waits, and what goes with it, as long as it fits; False where none waits."""
        self._waiting = [one for one in self._waiting if not one.found.cancelled()]
        batch: list[AnyJob] = []
        target = 0  # All have room for the longest of their targets.
        for request in self._waiting:
            if not batch or request.goes_with(batch[0]):
                target = max(target, request.max_length)
                if batch and not self._fits(batch[0], target, len(batch) + 1):
                    break
                batch.append(request)
        chosen = set(map(id, batch))
        if batch:
            self._computed[turn] = batch
            self._waiting = [one for one in self._waiting if id(one) not in chosen]
        return bool(batch)

    def _fits(self, first: AnyJob, target: int, count: int) -> bool:
        """Whether so many fit together: `first` has the longest source, and `target` is their greatest length."""
        source = self.runtime.padded_length(len(first.source))
        if count * self._width(first) > self._budget or target > self.runtime.sizes.room(len(first.source)):
            return False
        return count * self.runtime.bytes_for(source, target, first.rows) <= self.runtime.batch_bytes // self._workers

    def _width(self, request: AnyJob) -> int:
        # An empty source takes part in each step as well.
        return max(1, self.runtime.padded_length(len(request.source))) * request.rows

    def _batches_left(self) -> int:
        """About how many batches are waiting."""
        widths = sum(map(self._width, self._waiting))
        return min(len(self._waiting), -(-widths // self._budget))


def _forget_all() -> None:
    for engine in list(_ENGINES):
        engine._forget()


_ENGINES: "weakref.WeakSet[Engine]" = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _reporter(requests: Sequence[AnyJob], progress: Progress | None) -> Callable[[], None]:
    """Tells `progress` how many of these are done, if it is more than it was told before."""
    told = 0

    def report() -> None:
        nonlocal told
        if progress is not None and (done := sum(request.found.done() for request in requests)) > told:
            told = done
            progress(done, len(requests))

    return report
