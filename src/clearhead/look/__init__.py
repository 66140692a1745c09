"""Drawing what a model computed: a page (served here, in one file, or in a notebook), pictures, worksheets."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.look.attention import show_attention
    from clearhead.look.compared import compared_page
    from clearhead.look.curves import draw_curves
    from clearhead.look.exhibit import Exhibit
    from clearhead.look.export import as_html
    from clearhead.look.figures import decided_head, draw_attention, draw_beam, draw_heads, draw_positions, save_figure
    from clearhead.look.notebook import Shown, show
    from clearhead.look.server import application, serve
    from clearhead.look.showing import exhibit_of
    from clearhead.look.trace_store import Request

__all__ = [
    "Exhibit",
    "Request",
    "Shown",
    "application",
    "as_html",
    "compared_page",
    "decided_head",
    "draw_attention",
    "draw_beam",
    "draw_curves",
    "draw_heads",
    "draw_positions",
    "exhibit_of",
    "save_figure",
    "serve",
    "show",
    "show_attention",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "attention": ("show_attention",),
        "compared": ("compared_page",),
        "curves": ("draw_curves",),
        "exhibit": ("Exhibit",),
        "export": ("as_html",),
        "figures": (
            "decided_head",
            "draw_attention",
            "draw_beam",
            "draw_heads",
            "draw_positions",
            "save_figure",
        ),
        "notebook": ("Shown", "show"),
        "trace_store": ("Request",),
        "server": ("application", "serve"),
        "showing": ("exhibit_of",),
    },
)
