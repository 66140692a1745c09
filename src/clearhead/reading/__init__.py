"""Files of text as people have them: their lines, and what a file is that is no text in UTF-8."""

from clearhead.reading.checking import REMEDY_FOR_RETURNS, check_text, check_utf8, odd_line
from clearhead.reading.compression import compression_named, is_gzip
from clearhead.reading.encodings import Encoding, fitting, foreign_encoding
from clearhead.reading.formats import foreign_format, is_binary
from clearhead.reading.lines import Lines, decoded, open_blocks, open_lines
from clearhead.reading.tables import Table, find_table

__all__ = [
    "REMEDY_FOR_RETURNS",
    "Encoding",
    "Lines",
    "Table",
    "check_text",
    "check_utf8",
    "compression_named",
    "decoded",
    "find_table",
    "fitting",
    "foreign_encoding",
    "foreign_format",
    "is_binary",
    "is_gzip",
    "odd_line",
    "open_blocks",
    "open_lines",
]
