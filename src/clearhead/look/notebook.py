"""A trace in a notebook."""

import html
import io
import sys
from typing import TYPE_CHECKING, Any

from clearhead.look.export import as_html
from clearhead.look.showing import exhibit_of
from clearhead.tracing import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clearhead.bundle import Bundle

HEIGHT = 760


class Shown:
    """What a notebook displays as the page, in a frame that can neither touch the notebook nor be touched by it."""

    def __init__(self, page: str, height: int = HEIGHT) -> None:
        self.page, self.height = page, height

    @property
    def data(self) -> str:
        """The page, as the text of one HTML file."""
        return self.page

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts" title="clearhead" '
            f'width="100%" height="{self.height}" frameborder="0"></iframe>'
        )


def show(trace: Trace, language: str | None = None, *, bundle: "Bundle | None" = None) -> Shown:
    """Show a trace in a notebook: the last value of a cell. language: "en" or "ko"; default: the browser's.

    It shows what the page of `clearhead look` does: the untrained model, the curves, hypotheses that did not win. For a
    trace that was read from a file name the `bundle` that made it, else these are left out.
    """
    return Shown(as_html(exhibit_of(trace, bundle), language))


def display(shown: Shown) -> bool:
    """In a notebook display it now, whatever the cell's last value is; whether this is a notebook."""
    if (shell := _shell()) is None:
        return False
    shell.display_pub.publish(data={"text/html": shown._repr_html_(), "text/plain": "clearhead"})
    return True


def show_figures() -> None:
    """In a notebook, let matplotlib figures be displayed that pyplot does not keep, as its inline back end would."""
    if (shell := _shell()) is None:
        return
    from matplotlib.figure import Figure

    formatter = shell.display_formatter.formatters["image/png"]
    try:
        formatter.lookup_by_type(Figure)
    except KeyError:
        formatter.for_type(Figure, _png)


def _shell() -> Any:
    """IPython's, where this runs in one; else None."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _png(figure: "Figure") -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=144)
    return picture.getvalue()
