"""Files of text as people have them: their lines, and what a file is that is no text in UTF-8."""

from clearhead.reading.checking import REMEDY_FOR_RETURNS, check_text, check_utf8, odd_line
from clearhead.reading.encodings import Encoding, fitting, foreign_encoding
from clearhead.reading.formats import foreign_format, is_binary, is_gzip
from clearhead.reading.lines import Lines, decoded, open_lines

__all__ = [
    "REMEDY_FOR_RETURNS",
    "Encoding",
    "Lines",
    "check_text",
    "check_utf8",
    "decoded",
    "fitting",
    "foreign_encoding",
    "foreign_format",
    "is_binary",
    "is_gzip",
    "odd_line",
    "open_lines",
]
