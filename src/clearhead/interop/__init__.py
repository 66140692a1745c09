"""Models of other programs: their files, read without running anything; and tables of their names and settings."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.interop.exporting import Exported, export_model
    from clearhead.interop.importing import Report, import_model

__all__ = ["Exported", "Report", "export_model", "import_model"]

__getattr__, __dir__ = lazy_names(
    __name__, {"exporting": ("Exported", "export_model"), "importing": ("Report", "import_model")}
)
