"""Numbers of cards are found as people write them; other long numbers are left alone."""

import pytest

from onehall.config.logs import scrub
from onehall.kernel import cards


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "My card is 4242 4242 4242 4242, exp 12/27",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242 12 27 123",
        "5555 5555 5555 4444",
        "2223003122003222",
        "3782 822463 10005",
        "amex 378282246310005.",
        "6011111111111117",
        "3056 9300 0902 04",
        "3566002020360505",
        "6200000000000005",
        "12 4111 1111 1111 1111",
        "4111  1111  1111  1111",
        "4111\u00a01111\u20111111\u20131111",
    ],
)
def test_is_found(text: str) -> None:
    assert cards.card_number_in(text)
    assert not cards.card_number_in(cards.without(text))
    assert cards.GONE in cards.without(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1240 Elm Street, house 4242",
        "Call me at +1 (510) 555-0140 or +44 7911 123456",
        "+4915112345678901",
        "1Z 999 AA1 01 2345 6784",
        "9400 1118 9922 3857 2614 80",
        "Account 0044-10-4410-0093-1123",
        "4242424242424241",
        "UB-2026-000123, UB-2026-000124, UB-2026-000125",
        "2026-11-27 10:15, 2026-11-28 11:30",
        "Parcel 123-456-789-012-345",
        "1111 1111 1111 1111",
        "0000 0000 0000 0000",
        "40.0021, -120.9969",
        "4242, 4242, 4242, 4242",
    ],
)
def test_is_left_alone(text: str) -> None:
    assert not cards.card_number_in(text)
    assert cards.without(text) == text


def test_words_around_one_stay() -> None:
    said = cards.without("Charge 4242 4242 4242 4242 12/27, and call 555-0140")
    assert said == "Charge [card] 12/27, and call 555-0140"


def test_no_log_line_has_one() -> None:
    assert "4242" not in scrub("refused: 4242 4242 4242 4242")


def test_a_long_text_takes_no_long_time() -> None:
    assert not cards.card_number_in("1 " * 2_000 + "7" * 2_000)
