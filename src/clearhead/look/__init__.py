"""The page that shows a trace: served on this machine, written to one file, or shown in a notebook.

`server.py` is imported where it is used: nobody who only trains or translates should wait for a web framework.
"""

from clearhead.look.exhibit import Exhibit
from clearhead.look.export import as_html
from clearhead.look.notebook import Shown, show

__all__ = ["Exhibit", "Shown", "as_html", "show"]
