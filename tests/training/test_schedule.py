"""Learning rates, by hand."""

import math

import pytest

from clearhead.recipe import Schedule
from clearhead.training.schedule import learning_rate, paper


class TestPaper:
    """Equation 3: d_model^-0.5 · min(step^-0.5, step · warmup^-1.5)."""

    def test_the_peak_is_where_the_warm_up_ends(self) -> None:
        assert paper(4000, 512, 4000) == pytest.approx(512**-0.5 * 4000**-0.5, rel=1e-12)
        assert paper(4000, 512, 4000) == pytest.approx(6.987712429686843e-4, rel=1e-9)
        assert paper(3999, 512, 4000) < paper(4000, 512, 4000) > paper(4001, 512, 4000)

    def test_it_rises_in_a_line(self) -> None:
        """At a quarter of the warm-up a quarter of the peak."""
        assert paper(1000, 512, 4000) == pytest.approx(paper(4000, 512, 4000) / 4, rel=1e-12)

    def test_it_falls_as_the_inverse_root(self) -> None:
        """At four times the warm-up half of the peak."""
        assert paper(16_000, 512, 4000) == pytest.approx(paper(4000, 512, 4000) / 2, rel=1e-12)

    def test_the_first_step_of_a_wider_model(self) -> None:
        assert paper(1, 1024, 4000) == pytest.approx(1 / 32 * 4000**-1.5, rel=1e-12)

    def test_without_a_warm_up(self) -> None:
        assert paper(1, 64, 0) == 1 / 8

    def test_peak_is_a_factor(self) -> None:
        rate = learning_rate(Schedule(name="paper", peak=2.0, warmup=4000), 100_000, 512)
        assert rate(4000) == pytest.approx(2 * 512**-0.5 * 4000**-0.5, rel=1e-12)


@pytest.mark.parametrize("name", ["linear", "cosine", "constant"])
def test_warm_up_is_a_line_to_the_peak(name: str) -> None:
    rate = learning_rate(Schedule(name=name, peak=0.8, warmup=4), 12, 512)  # type: ignore[arg-type]
    assert [rate(step) for step in (1, 2, 3, 4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", [0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]),
        ("cosine", [0.4 * (1 + math.cos(math.pi * part / 8)) for part in range(1, 9)]),
        ("constant", [0.8] * 8),
    ],
)
def test_then_it_falls_until_the_last_step(name: str, expected: list[float]) -> None:
    rate = learning_rate(Schedule(name=name, peak=0.8, warmup=4), 12, 512)  # type: ignore[arg-type]
    assert [rate(step) for step in range(5, 13)] == pytest.approx(expected, abs=1e-12)


def test_no_warm_up_begins_at_once() -> None:
    rate = learning_rate(Schedule(name="constant", peak=0.8, warmup=0), 12, 512)
    assert rate(1) == 0.8


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_past_the_end_it_stays_at_nothing(name: str) -> None:
    """A run that is resumed with fewer steps than it has done."""
    rate = learning_rate(Schedule(name=name, peak=0.8, warmup=4), 12, 512)  # type: ignore[arg-type]
    assert rate(13) == pytest.approx(0.0, abs=1e-12)


def test_a_warm_up_longer_than_the_run() -> None:
    assert learning_rate(Schedule(peak=0.8, warmup=400), 10, 512)(10) == pytest.approx(0.02)
