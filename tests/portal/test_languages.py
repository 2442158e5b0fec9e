"""A service that is offered in some of the city's languages says so in the others, and leads to them."""

import pytest

from tests.packs import changed

NOISE = "services/noise.yaml"
ONLY_ENGLISH = "key: noise\nlanguages: [en]\n"


@pytest.fixture
def english(city, tmp_path):
    """Testford, where noise is offered in English alone."""
    return changed(tmp_path, NOISE, "key: noise\n", ONLY_ENGLISH)


def test_the_form_says_so_and_leads_to_the_language(phone, english):
    page = phone.get("/report/noise?lang=es").content.decode()
    assert "Este formulario está en otro idioma." in page
    assert '<a href="/report/noise?lang=en" lang="en" hreflang="en">English</a>' in page


def test_what_the_address_carries_goes_along(phone, english):
    page = phone.get("/report/noise?where=Elm&lang=es").content.decode()
    assert 'href="/report/noise?where=Elm&amp;lang=en"' in page


def test_in_its_own_language_it_says_nothing_of_it(phone, english):
    assert "another language" not in phone.get("/report/noise?lang=en").content.decode()
    assert "otro idioma" not in phone.get("/report/pothole?lang=es").content.decode()


def test_it_can_be_sent_all_the_same(phone, english):
    fields = {"where": "124 Elm Street", "q_kinds": "dog", "do": "send"}
    key = phone.get("/report/noise?lang=es").context["key"]
    assert phone.post("/report/noise", fields | {"key": str(key)}).status_code == 302


def test_lists_say_so_before_somebody_comes(phone, english):
    spanish = phone.get("/report?lang=es").content.decode()
    assert spanish.count("Solo en: English") == 1
    assert "In English only" not in phone.get("/report?lang=en").content.decode()
