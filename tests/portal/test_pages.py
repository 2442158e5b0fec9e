"""Every page of the portal answers, in both languages, with one heading at the top and none skipped."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.cache import caches

from onehall.casework.models import Case
from onehall.messaging.models import Message
from onehall.people.models import User
from onehall.places import queries as places
from onehall.places.models import City
from tests.portal.conftest import send

PLAIN = [
    "/",
    "/report",
    "/report?q=pothole",
    "/report?q=zzzz",
    "/report?q=%00",
    "/report/pothole",
    "/report/noise",
    "/report/question",
    "/city",
    "/city?state=all&days=30&q=elm",
    "/about/privacy",
    "/about/accessibility",
    "/demo",
    "/demo/mail",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/signup/",
]


@pytest.mark.parametrize("path", PLAIN)
@pytest.mark.parametrize("lang", ["en", "es"])
def test_pages_answer_and_are_well_made(phone, path, lang):
    answer = phone.get(path + ("&" if "?" in path else "?") + f"lang={lang}")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{lang}"' in html
    levels = [int(n) for n in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert " style=" not in html
    assert not re.search(r" on[a-z]+=\"", html)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_the_search_speaks_both_languages(phone):
    assert "/report/pothole" in phone.get("/report?q=bache&lang=es").content.decode()
    nothing = phone.get("/report?q=zzzz&lang=en").content.decode()
    assert "Nothing fits these words." in nothing


def test_the_front_page_is_cheap_and_names_what_happened(phone, django_assert_max_num_queries):
    send(phone)
    phone.get("/")
    with django_assert_max_num_queries(5):
        phone.get("/")


def test_the_front_page_of_a_city_that_only_brought_its_past_tells_no_old_news(phone):
    report = send(phone)
    html = phone.get("/").content.decode()
    assert "The last 30 days" in html
    old = report.case.opened_at - timedelta(days=400)
    Case.objects.filter(pk=report.case_id).update(
        opened_at=old, is_open=False, category="closed", state="closed", closed_at=old
    )
    caches["local"].clear()
    html = phone.get("/").content.decode()
    assert "The last 30 days" not in html
    assert "In the city lately" not in html


@pytest.mark.django_db
def test_without_any_city_the_operator_is_told_what_to_do(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    City.objects.all().delete()
    places.forget()
    answer = client.get("/")
    assert answer.status_code == 503
    assert "onehall city apply FOLDER" in answer.content.decode()


def test_the_mailbox_and_its_edges(phone):
    report = send(phone, email="rosa@example.com")
    phone.post("/accounts/login/code/", {"email": "rosa@example.com"})
    mail = Message.objects.get()
    assert mail.subject in phone.get("/demo/mail").content.decode()
    assert phone.get(f"/demo/mail/{mail.pk}").status_code == 200
    for before in ("²", "9" * 5000, "-1", "x", str(mail.pk)):
        assert phone.get("/demo/mail", {"before": before}).status_code == 200
    assert phone.get(f"/demo/mail/{'9' * 18}").status_code == 404
    assert report.number


def test_one_press_signs_in_only_in_the_demo(phone, settings):
    ana = User.objects.get(email="ana@testford.example")
    assert phone.post("/demo/sign-in", {"user": "x"}).status_code == 404
    assert phone.post("/demo/sign-in", {"user": str(ana.pk)})["Location"] == "/desk"
    settings.MODE = "production"
    for path in ("/demo", "/demo/mail", "/demo/mail/1"):
        assert phone.get(path).status_code == 404
    assert phone.post("/demo/sign-in", {"user": str(ana.pk)}).status_code == 404
    login = type(phone)(SERVER_NAME="testford.example").get("/accounts/login/").content.decode()
    assert "/demo" not in login


def test_staff_take_a_call(phone):
    phone.force_login(User.objects.get(email="ana@testford.example"))
    html = phone.get("/report/pothole?call=1").content.decode()
    assert "Taking a call" in html
    assert "data-draft" not in html
    answer = phone.post(
        "/report/pothole",
        {
            "key": "5b9a3f0e-6f0e-4a38-9a39-1d1f2f3c4d5e",
            "call": "1",
            "where": "124 Elm Street",
            "q_size": "small",
            "priority": "1",
            "name": "Caller",
        },
    )
    assert answer["Location"].startswith("/desk/cases/")
