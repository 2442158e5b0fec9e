"""What is drawn is also said: in words, in numbers, in shapes."""

import pytest

from onehall.look.components import charts
from onehall.look.parts import Count, Series
from tests.look.test_tags import draw

LINES = [
    Series(name="New", values=[3, 0, 12]),
    Series(name="Closed", values=[1, 2, 3], stroke="dashed"),
]
PLOT = '{% plot title="By day" words="15 came in." labels=labels series=lines when="Day" key="k" %}'


def test_a_plot_has_a_title_words_and_a_table():
    html = draw(PLOT, labels=["Mon", "Tue", "Wed"], lines=LINES)
    assert 'role="img" aria-labelledby="k-t k-d"' in html
    assert '<title id="k-t">By day</title><desc id="k-d">15 came in.</desc>' in html
    assert '<th scope="row">Wed</th><td class="fig">12</td><td class="fig">3</td>' in html
    assert "style=" not in html


def test_lines_differ_by_more_than_colour():
    html = draw(PLOT, labels=["Mon", "Tue", "Wed"], lines=LINES)
    assert 'class="l1 solid"' in html
    assert 'class="l2 dashed"' in html
    assert 'class="l1 marks round"' in html
    assert 'class="l2 marks square"' in html


@pytest.mark.parametrize("values", [[], [0], [7], [0, 0], [5] * 400])
def test_any_number_of_points_is_drawn(values):
    labels = [str(n) for n in range(len(values))]
    html = draw(PLOT, labels=labels, lines=[Series(name="New", values=values)])
    assert "nan" not in html
    assert html.count("<tr>") == len(values) + 1


def test_a_line_without_its_labels_is_a_mistake():
    with pytest.raises(ValueError, match="2 labels; 'New'"):
        draw(PLOT, labels=["Mon", "Tue"], lines=LINES)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 2), (2, 2), (3, 4), (11, 20), (21, 40), (99, 100), (1001, 2000)]
)
def test_scales_end_at_round_numbers(highest, top):
    assert charts.ceiling(highest) == top


def test_counts_lead_to_what_they_count():
    rows = [Count(value=1204, words="late", href="/x?a=1&b=2", note="before: 3", tone="late")]
    html = draw("{% counts rows %}", rows=rows)
    assert '<a href="/x?a=1&amp;b=2"><b>1,204</b>' in html
    assert "#g-late" in html
    assert "<small>before: 3</small>" in html


def test_nothing_late_alarms_nobody():
    html = draw("{% counts rows %}", rows=[Count(value=0, words="late", tone="late")])
    assert "g-late" not in html
    assert "in-late" not in html


def test_an_amount_is_never_longer_than_the_most():
    assert 'class="b" d="M0 4H96.0"' in draw("{% amount 50 most=10 part=5 %}")
    assert draw("{% amount 0 most=0 %}") == ""
