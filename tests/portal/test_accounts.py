"""Coming in: residents with a code for an address they reported with, staff as the city added them."""

import re

import pytest

from onehall.messaging.models import Message, Outbox
from onehall.people.models import User
from tests.portal.conftest import send

ASK, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"


def code_of(mail):
    return re.search(r"\n([A-Z0-9]{4}-?[A-Z0-9]{2,4})\n", mail.body_text).group(1)


def test_a_resident_sees_their_reports_with_a_code(phone):
    report = send(phone, email="Rosa@Example.com")
    other = send(phone, email="someone@example.com")
    assert phone.get("/mine")["Location"] == f"{ASK}?next=%2Fmine"
    answer = phone.post(ASK, {"email": "rosa@example.COM", "next": "/mine"})
    assert answer.status_code == 302
    mail = Message.objects.get()
    assert mail.to_address == "rosa@example.com"
    assert Outbox.objects.filter(topic="message").count() == 1
    wrong = phone.post(CONFIRM, {"code": "XXXX-XXXX"})
    assert "That is not the code" in wrong.content.decode()
    done = phone.post(CONFIRM, {"code": code_of(mail), "next": "/mine"})
    assert done["Location"] == "/mine"
    html = phone.get("/mine").content.decode()
    assert report.number in html
    assert other.number not in html
    user = User.objects.get(email="rosa@example.com")
    assert not user.has_usable_password()
    assert user.memberships.count() == 0


def test_strangers_get_the_same_answer_and_no_mail(phone):
    send(phone, email="rosa@example.com")
    users = User.objects.count()
    known = phone.post(ASK, {"email": "rosa@example.com"})
    stranger_phone = type(phone)(SERVER_NAME="testford.example")
    stranger = stranger_phone.post(ASK, {"email": "stranger@example.com"})
    assert stranger.status_code == known.status_code
    assert stranger["Location"] == known["Location"]
    assert stranger_phone.get(CONFIRM).status_code == 200
    assert Message.objects.count() == 1
    assert User.objects.count() == users + 1


def test_a_code_works_once_and_only_in_its_own_browser(phone):
    send(phone, email="rosa@example.com")
    phone.post(ASK, {"email": "rosa@example.com"})
    thief = type(phone)(SERVER_NAME="testford.example")
    code = code_of(Message.objects.get())
    assert thief.post(CONFIRM, {"code": code})["Location"] != "/mine"
    assert thief.get("/mine").status_code == 302


def test_staff_go_to_their_desk(phone, city):
    user = User.objects.get(email="ana@testford.example")
    user.set_password("four calm seals")
    user.save()
    answer = phone.post("/accounts/login/", {"login": user.email, "password": "four calm seals"})
    assert answer["Location"] == "/desk"
    wrong = type(phone)(SERVER_NAME="testford.example").post(
        "/accounts/login/", {"login": user.email, "password": "wrong"}
    )
    assert "do not belong together" in wrong.content.decode()


def test_a_new_password_comes_by_code(phone, city):
    phone.post("/accounts/password/reset/", {"email": "ana@testford.example"})
    mail = Message.objects.get()
    answer = phone.post("/accounts/password/reset/confirm/", {"code": code_of(mail)})
    assert answer["Location"] == "/accounts/password/reset/complete/"
    assert phone.get(answer["Location"]).status_code == 200
    fields = {"password1": "four calm seals", "password2": "four calm seals"}
    assert phone.post(answer["Location"], fields).status_code == 302
    assert User.objects.get(email="ana@testford.example").check_password("four calm seals")


@pytest.mark.parametrize("path", ["email/", "confirm-email/x/", "3rdparty/"])
def test_addresses_can_not_be_added_or_changed(phone, city, path):
    phone.force_login(User.objects.get(email="ana@testford.example"))
    assert phone.get(f"/accounts/{path}").status_code == 404


def test_nobody_signs_up(phone, city):
    html = phone.get("/accounts/signup/").content.decode()
    assert "You need no account" in html


def test_my_things_pages_without_a_crash(phone, django_assert_max_num_queries):
    for _n in range(3):
        send(phone, email="rosa@example.com")
    phone.post(ASK, {"email": "rosa@example.com"})
    phone.post(CONFIRM, {"code": code_of(Message.objects.get())})
    for before in (
        "",
        "nonsense",
        "2026-03-04T10:00:00~5",
        "2026-03-04T10:00:00+00:00~" + "9" * 40,
    ):
        assert phone.get("/mine", {"before": before}).status_code == 200
    with django_assert_max_num_queries(6):
        phone.get("/mine")


def test_signing_out_asks_first(phone, city):
    phone.force_login(User.objects.get(email="ana@testford.example"))
    assert "Sign out?" in phone.get("/accounts/logout/").content.decode()
    assert phone.post("/accounts/logout/").status_code == 302
    assert phone.get("/accounts/logout/").status_code == 302
