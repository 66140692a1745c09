"""The text after one prompt, piece by piece as it is written."""

import dataclasses
import queue
import threading
from collections.abc import Generator, Sequence

from clearhead.decoding import Engine, Hypothesis, Request, SearchOptions, Step
from clearhead.tasks.language_modelling.generating import continuation_requests
from clearhead.tasks.language_modelling.pieces import Pieces
from clearhead.tasks.language_modelling.windows import is_cut_short, joined, later_request
from clearhead.text import Tokenizer


def generated_pieces(
    prompt: Sequence[int], engine: Engine, tokenizer: Tokenizer, options: SearchOptions, max_tokens: int
) -> Generator[str, None, None]:
    """The text of one hypothesis; its pieces together are the whole text. Raises DecodingError.

    A thread of its own computes. Whoever closes the generator stops it, within some steps.
    """
    [first] = continuation_requests([prompt], engine, options, max_tokens)
    writer = _Writer(prompt, engine, options, max_tokens)
    return _pieces(writer, first, Pieces(tokenizer.token_bytes, options.stop))


def _pieces(writer: "_Writer", first: Request, pieces: Pieces) -> Generator[str, None, None]:
    thread = threading.Thread(target=writer.write, args=(first,), name="clearhead generates", daemon=True)
    thread.start()
    try:
        while not isinstance(token := writer.arrived.get(), BaseException | None):
            if piece := pieces.add(token):
                yield piece
        if token is not None:
            raise token
        if piece := pieces.finish():
            yield piece
    finally:
        writer.stop()
        thread.join()


class _Writer:
    """Writes one text, window after window; arrived: its tokens, then None, or what went wrong."""

    def __init__(self, prompt: Sequence[int], engine: Engine, options: SearchOptions, max_tokens: int) -> None:
        self._prompt, self._engine, self._options, self._max_tokens = prompt, engine, options, max_tokens
        self.arrived: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._request: Request | None = None
        self._stopped = threading.Event()

    def write(self, first: Request) -> None:
        try:
            found, window = self._found(first), 0
            while is_cut_short(found, self._options, self._max_tokens):
                window += 1
                request = later_request(
                    self._engine.runtime.sizes, self._prompt, found, self._options, self._max_tokens, (0, 0, window)
                )
                found = joined(found, self._found(request), self._options)
            self.arrived.put(None)
        except BaseException as error:
            self.arrived.put(error)

    def _found(self, request: Request) -> Hypothesis:
        self._request = request = dataclasses.replace(request, watch=self._watch)
        if self._stopped.is_set():
            request.found.cancel()
        self._engine.submit(request)
        self._engine.compute([request])
        [found] = request.found.result()
        return found

    def _watch(self, step: Step) -> None:
        self.arrived.put(int(step.candidates.tokens[0, 0]))

    def stop(self) -> None:
        """Let the thread end, within some steps."""
        self._stopped.set()
        if self._request is not None:
            self._request.found.cancel()
