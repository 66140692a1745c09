"""RUN/removed.json: which training pairs the filters left out, and why, with ten examples of each reason."""

import json
from pathlib import Path
from typing import Any, Final

from clearhead.data import FilterReport
from clearhead.files import publish_file

NAME: Final = "removed.json"


def write_removed(folder: Path, training: Any) -> bool:
    """Write what was left out of a run's training corpus; whether there is any. Other corpora than pairs have none."""
    report = training.report
    if not isinstance(report, FilterReport) or not report.removed:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with publish_file(folder / NAME) as draft:
        draft.write_text(json.dumps(report.document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return True
