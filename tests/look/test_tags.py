"""Every part has a checked signature and says what it shows in words."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from onehall.catalog import categories
from onehall.look import sprite
from onehall.look.parts import Picture, Station
from onehall.look.tones import BY_CATEGORY, TONES
from tests.look.city import SPRINGFIELD

NOW = dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC)


def draw(markup: str, **words: object) -> str:
    html = Template("{% load look %}" + markup).render(
        Context({"now": NOW, "city": SPRINGFIELD, **words})
    )
    return " ".join(html.split())


class TestIcons:
    def test_use_the_one_file(self):
        html = draw('{% icon "lamp" small=True flip=True %}')
        assert 'class="i s flip" aria-hidden="true"' in html
        assert 'sprite.svg#i-lamp"' in html

    def test_speak_when_they_have_a_label(self):
        assert 'role="img" aria-label="Fixed"' in draw('{% glyph "done" label="Fixed" %}')

    def test_an_unknown_name_is_an_error(self):
        with pytest.raises(ValueError, match="lampp"):
            draw('{% icon "lampp" %}')

    def test_a_name_out_of_data_may_fall_back(self):
        assert "#i-question" in draw("{% icon name fallback='question' %}", name="nonsense")

    def test_every_tone_has_a_shape(self):
        assert {f"g-{tone}" for tone in TONES} <= sprite.symbols()

    def test_symbols_are_single_coloured(self):
        drawing = sprite.FILE.read_text(encoding="utf-8")
        service_icons = [part for part in drawing.split("<symbol ") if part.startswith('id="i-')]
        assert service_icons
        assert all("fill=" not in part and "stroke=" not in part for part in service_icons)
        assert "style=" not in drawing


class TestStates:
    def test_every_category_has_a_tone(self):
        assert set(BY_CATEGORY) == categories.ALL

    def test_show_shape_word_and_tone(self):
        html = draw('{% state "working" word="In work" %}')
        assert 'class="tag work"' in html
        assert "#g-work" in html
        assert "In work" in html

    def test_an_unknown_tone_is_an_error(self):
        with pytest.raises(ValueError, match="purple"):
            draw('{% tag tone="purple" word="x" %}')

    @pytest.mark.parametrize(
        "markup",
        [
            '{% tag tone="work" %}',
            '{% tag tone="work" wrod="x" %}',
            '{% tag "work" "x" %}',
            "{% notice titel='x' %}{% endnotice %}",
            "{% promise %}",
            "{% when now sytle='day' %}",
        ],
    )
    def test_a_missing_or_misspelt_word_is_an_error(self, markup):
        with pytest.raises((TemplateSyntaxError, TypeError)):
            draw(markup)


class TestWhen:
    def test_is_a_time_element_in_the_citys_zone(self):
        assert (
            draw("{% when now %}")
            == '<time datetime="2026-11-24T15:30:00-08:00">today, 3:30 pm</time>'
        )

    def test_may_start_a_sentence(self):
        assert ">Today, 3:30 pm<" in draw("{% when now capital=True %}")

    def test_says_nothing_for_no_time(self):
        assert draw("{% when at %}", at=None) == ""

    def test_knows_its_styles(self):
        with pytest.raises(ValueError, match="long"):
            draw('{% when now style="long" %}')

    def test_speaks_the_readers_language(self):
        with translation.override("es"):
            assert ">hoy, 3:30 p. m.<" in draw("{% when now %}")


def test_local_picks_the_readers_language():
    words = {"en": "Pothole", "es": "Bache"}
    with translation.override("es"):
        assert draw("{{ words|local }}", words=words) == "Bache"
    assert draw("{{ words|local }}", words="Pothole") == "Pothole"


def test_words_of_people_are_escaped():
    html = draw("{% bubble %}{{ words }}{% endbubble %}{% row title=words %}", words="<script>")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


def test_the_line_marks_where_the_case_is():
    stations = [
        Station(label="Received", at=NOW, status="past"),
        Station(label="In work", at=NOW, status="now"),
        Station(label="Fixed"),
    ]
    html = draw('{% line stations label="Step 2 of 3" %}', stations=stations)
    assert html.count("aria-current") == 1
    assert 'aria-label="Step 2 of 3"' in html
    assert [shape in html for shape in ("#g-done", "#g-work", "#g-new")] == [True, True, True]
    assert "Nov 24" in html


def test_the_clock_never_overflows():
    assert 'width="120"' in draw('{% clock words="Late" share=1.7 tone="late" %}')
    assert 'class="b" width="0"' in draw('{% clock words="New" share=-1 %}')


def test_one_picture_stands_alone():
    only = Picture(src="/a.webp", alt="A deep hole", title="Before", at=NOW)
    html = draw("{% pair only after %}", only=only, after=None)
    assert "pair single" in html
    assert 'alt="A deep hole"' in html
    assert html.count("<figure>") == 1


def test_rows_without_a_link_hold_their_button():
    html = draw(
        '{% row_with title="Pothole" tone="look" %}<button>Follow</button>{% endrow_with %}'
    )
    assert "<a " not in html
    assert "<button>Follow</button>" in html


def test_the_ribbon_links_the_number():
    assert '<a href="tel:911">911</a> first.' in draw("{% emergency %}")
    assert draw("{% emergency %}", city=SimpleNamespace(emergency={})) == ""


def test_the_phone_has_its_hours():
    assert 'href="tel:555-0140">Phone 555-0140, weekdays 8 to 6<' in draw("{% phone_line %}")


def test_initials():
    assert ">C4<" in draw('{% face name="Crew 4" %}')
    assert ">DM<" in draw('{% who name="Dana Moreno" %}')
    assert draw('{% face name="" %}').endswith("></span>")


def test_live_regions_say_what_they_watch():
    html = draw('{% live id="case" stream="/live/1" fragment="/f" %}x{% endlive %}{% live_note %}')
    assert 'data-live="/live/1" data-live-fragment="/f"' in html
    assert 'data-live="Live, just now"' in html
    assert "hidden" in html
