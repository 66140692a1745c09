"""The page that shows a trace: served on this machine, written to one file, or shown in a notebook."""

from clearhead.look.exhibit import Exhibit
from clearhead.look.export import as_html
from clearhead.look.notebook import Shown, show
from clearhead.look.server import Request, application, serve

__all__ = ["Exhibit", "Request", "Shown", "application", "as_html", "serve", "show"]
