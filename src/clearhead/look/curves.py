"""A run's curves as a picture: loss, what its validations measured beside it, and the learning rate."""

try:
    import matplotlib  # noqa: F401
except ImportError:
    from clearhead.errors import PackageError

    raise PackageError(
        "pictures are drawn with matplotlib, which is not installed here; add it by: pip install matplotlib"
    ) from None

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from clearhead.errors import TraceError
from clearhead.look.canvas import ACCENT, BODY, HEADING, LINE, MARGIN, MUTED, NEGATIVE, POSITIVE, SMALL, Canvas, number
from clearhead.look.captions import Captions
from clearhead.look.run_log import Curve, best_step, curves_of

# Inches: a panel, what stands left of it, between two, and where the names of curves stand.
_WIDE, _TALL, _LEFT, _BETWEEN, _NAMES = 5.6, 1.5, 0.6, 0.48, 1.3
# So many characters have room there; of a longer name the end is shown, which tells figures apart.
_LONGEST_NAME: Final = 18
# Below the heading, where the first panel has its title.
_TOP = HEADING + MARGIN + 0.2
_COLOURS: Final = (NEGATIVE, POSITIVE, ACCENT, MUTED)


def draw_curves(history: Sequence[Mapping[str, Any]], language: str = "en") -> Figure:
    """The curves of a run, one panel below the other, and where the best validation was.

    history: as `TrainingResult.history`. language: "en" or "ko". Raises TraceError where nothing was logged yet,
    UsageError for another language.
    """
    say, panels = Captions(language), curves_of(history)
    if not panels:
        raise TraceError("the run has logged nothing yet; draw its curves after training.log_every steps")
    names = {name: _named(say, name) for curves in panels.values() for name in curves}
    best = best_step(history)
    subtitle = "" if best is None else say("curves.best", step=f"{best:,}")
    canvas = Canvas(
        [say("curves"), subtitle, *names.values(), *(say(f"curves.{name}") for name in panels), "0123456789−e.,"]
    )
    height = _TOP + len(panels) * (_TALL + _BETWEEN)
    canvas.resize(MARGIN + _LEFT + _WIDE + _NAMES + MARGIN, height)
    canvas.heading(say("curves"), subtitle)
    last = max(line["step"] for line in history)
    for place, (panel, curves) in enumerate(panels.items()):
        _draw_panel(
            canvas, place, say(f"curves.{panel}"), {names[name]: one for name, one in curves.items()}, last, best
        )
    return canvas.figure


def _named(say: Captions, name: str) -> str:
    """What a curve is called: words for losses, their own names for figures and sets."""
    known = {"training": "curves.training", "validation": "curves.validation", "validation/old": "curves.old"}
    if name in known:
        return say(known[name])
    own = "" if name == "rate" else name.removeprefix("validation/")
    return own if len(own) <= _LONGEST_NAME else f"…{own[1 - _LONGEST_NAME :]}"


def _draw_panel(
    canvas: Canvas, place: int, title: str, curves: Mapping[str, Curve], last: int, best: int | None
) -> None:
    left, top = MARGIN + _LEFT, _TOP + place * (_TALL + _BETWEEN)
    canvas.write(left, top - 0.2, title, size=BODY, bold=True)
    axes = canvas.axes(left, top, _WIDE, _TALL)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlim(0, last)
    if best is not None:
        axes.axvline(best, color=LINE, linewidth=1.2)
    for position, (name, (steps, values)) in enumerate(curves.items()):
        colour = _COLOURS[position % len(_COLOURS)]
        axes.plot(steps, values, color=colour, linewidth=1.3, marker="o" if len(steps) == 1 else None, markersize=3)
        canvas.write(left + _WIDE + 0.12, top + 0.18 * position, name, size=SMALL, colour=colour)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontfamily=canvas.fonts.families, fontsize=SMALL, color=MUTED)
