"""Models of other programs: their files, read without running anything; and tables of their names and settings."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.interop.adapter import AdapterReport, import_adapter, is_adapter
    from clearhead.interop.exporting import Exported, export_model
    from clearhead.interop.importing import Report, import_model

__all__ = ["AdapterReport", "Exported", "Report", "export_model", "import_adapter", "import_model", "is_adapter"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "adapter": ("AdapterReport", "import_adapter", "is_adapter"),
        "exporting": ("Exported", "export_model"),
        "importing": ("Report", "import_model"),
    },
)
