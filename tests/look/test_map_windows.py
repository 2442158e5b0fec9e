"""Windows of a drawn map: where marks stand."""

import math

import pytest

from onehall.look import maps


@pytest.mark.parametrize("count", [2, 40, 3_661, 2_000_000])
def test_marks_of_neighboring_squares_never_lie_on_each_other(count: int) -> None:
    seen = maps.Window(-118.49, 34.02, 13)
    radius = maps.radius_of(count)
    left, top = seen.corner
    middles = []
    for column in range(3):
        for row in range(3):
            # In the corner of its square that is nearest to the one in the middle.
            x = (
                math.floor(left / maps.SQUARE) + 3 + column + (2 - column) / 2 * 0.98 + 0.01
            ) * maps.SQUARE
            y = (
                math.floor(top / maps.SQUARE) + 3 + row + (2 - row) / 2 * 0.98 + 0.01
            ) * maps.SQUARE
            middles.append(seen.place_of(*maps.degrees(x, y, 13), count))
    pairs = [(a, b) for n, a in enumerate(middles) for b in middles[:n]]
    assert min(math.dist(a, b) for a, b in pairs) >= 2 * radius


def test_a_mark_stays_in_the_middle_of_its_cases_where_there_is_room() -> None:
    seen = maps.Window(-118.49, 34.02, 13)
    left, top = seen.corner
    x = (math.floor(left / maps.SQUARE) + 4.5) * maps.SQUARE
    y = (math.floor(top / maps.SQUARE) + 4.5) * maps.SQUARE
    point = maps.degrees(x + 3, y - 3, 13)
    assert seen.place_of(*point, 5) == pytest.approx(seen.place(*point), abs=1e-6)


def test_one_alone_stands_where_it_is() -> None:
    seen = maps.Window(-118.49, 34.02, 13)
    assert seen.place_of(-118.4901, 34.0203, 1) == seen.place(-118.4901, 34.0203)
