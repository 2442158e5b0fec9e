"""The drawn pictures of the demo: the same again for the same seed, and different where they should be."""

import pytest
from PIL import ImageChops

from onehall.cli.demo_pictures import KINDS, draw, jpeg


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_picture_is_the_same_for_the_same_seed(kind: str) -> None:
    first = draw(kind, False, 7)
    assert first.size == (1200, 900)
    assert first.tobytes() == draw(kind, False, 7).tobytes()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_work_can_be_seen(kind: str) -> None:
    before, after = draw(kind, False, 3), draw(kind, True, 3)
    assert ImageChops.difference(before, after).getbbox() is not None


def test_another_seed_is_another_spot() -> None:
    assert draw("pothole", False, 1).tobytes() != draw("pothole", False, 2).tobytes()


def test_a_jpeg_is_about_as_large_as_from_a_phone_on_a_small_plan() -> None:
    assert 40_000 < len(jpeg("graffiti", False, 5)) < 140_000


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        draw("volcano", False, 1)
