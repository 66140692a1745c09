"""The page's own files: plain ES modules, one style sheet and one HTML frame; no build step."""

import base64
import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("page")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
ENTRY = "main.js"
STYLES = ("style.css", "pencil.css")
# Every import of the page stands on one line, in this form; a test holds it.
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z-]+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|let|class) (\w+))", re.MULTILINE)


def asset(name: str) -> str:
    """The text of one of the page's files. KeyError for any other name, whatever it looks like."""
    if name not in names():
        raise KeyError(name)
    return (PAGE / name).read_text(encoding="utf-8")


@functools.cache
def names() -> tuple[str, ...]:
    """The page's files, but for its frame."""
    return tuple(sorted(path.name for path in PAGE.iterdir() if path.suffix in TYPES))


def frame(head: str, body: str) -> str:
    """The HTML document with what makes it a served page or a file of its own."""
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    return text.replace("<!-- head -->", head).replace("<!-- body -->", body)


def one_script(entry: str = ENTRY) -> str:
    """A module and all that it imports as one script: each a function that returns its exports, imported ones first.

    Browsers refuse to import modules from files on disk, so a file of its own cannot keep them apart.
    """
    order: list[str] = []
    _visit(entry, order, ())
    return '"use strict";\nconst modules = {};\n' + "".join(_wrapped(name) for name in order)


def _visit(name: str, order: list[str], above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"the page's modules import each other in a circle: {' → '.join((*above, name))}")
    if name in order:
        return
    for match in IMPORT.finditer(asset(name)):
        _visit(match[2], order, (*above, name))
    order.append(name)


def _wrapped(name: str) -> str:
    text = asset(name)
    exported = EXPORT.findall(text)
    text = IMPORT.sub(r'const {\1} = modules["\2"];', text)
    text = EXPORT.sub("", text)
    return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {", ".join(exported)} }};\n}})();\n'


def escaped(data: Any) -> str:
    """JSON that cannot end the <script> that it stands in, whatever text it holds."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")


def policy(script: str, style: str) -> str:
    """The Content-Security-Policy of a file of its own: no connection, and no script or style but these."""
    scripts = f"script-src {source_hash(script)}; " if script else ""
    return f"default-src 'none'; {scripts}style-src {source_hash(style)}; base-uri 'none'; form-action 'none'"


def source_hash(text: str) -> str:
    """How a Content-Security-Policy names one inline script or style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
