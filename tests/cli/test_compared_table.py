"""What `clearhead compare` prints."""

from clearhead.cli.compared_table import compared_lines
from clearhead.evaluation import Change, Comparison, Difference, LengthGroup

CHANGE = Change(1234, "s\x1b[31m", "right", "one", "two", 10.0, 90.5)
COMPARISON = Comparison(
    ("first", "second"), 2000, (10.0, 12.5), {"ter": Difference(50.0, 40.0, 0.01, 0.02, "signature")},
    [LengthGroup(41, None, 2000, (1.0, 2.0), (100.0, 100.0))], [CHANGE],
)  # fmt: skip


def test_it_fits_80_columns() -> None:
    lines = compared_lines(COMPARISON, 5)
    assert max(map(len, lines)) <= 80
    assert "TER        50.00   40.00  -10.00        0.0100            0.0200" in lines
    assert "41+        2,000     1.00     2.00   +1.00    100.00   100.00   +0.00" in lines
    assert "better in B: line 1,234, chrF 10.0 → 90.5" in lines
    assert not any(line.startswith("worse") for line in lines)


def test_no_text_reaches_the_terminal_as_a_command() -> None:
    assert not any("\x1b" in line for line in compared_lines(COMPARISON, 5))
