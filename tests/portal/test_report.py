"""The report form: what is taken, what is refused, and that nothing typed is lost."""

import io
import json
import threading
import uuid

import pytest
from django.db import connections
from django.test import Client
from PIL import Image

from onehall.casework.models import Case, Photo
from onehall.places import queries as places
from onehall.places.queries import FoundPlace
from onehall.portal import picked
from onehall.service_requests.models import ServiceRequest
from tests.portal.conftest import HERE, filled, photo, send, upload

OUTSIDE = (-120.5, 40.5)


def signed(lon, lat, words="There"):
    return picked.sign(picked.Picked(lon, lat, words))


def test_a_photo_a_place_and_one_answer_are_enough(phone):
    report = send(phone, words=None, photos=[upload(photo())])
    assert report.case.place_words == "124 Elm Street"
    assert report.case.lon == pytest.approx(-120.99925)
    assert report.case.areas["district"]
    assert report.answers == {"size": "small"}
    assert Photo.objects.get().request_id == report.id
    page = phone.get(f"/r/{report.token}?sent=1")
    assert page.status_code == 200
    assert "We have your report" in page.content.decode()


def test_words_alone_say_where_it_is(phone):
    report = send(phone, where="behind the old mill, by the bench nobody sits on")
    assert report.case.lon is None
    assert report.case.place_words.startswith("behind the old mill")


def test_no_place_at_all_is_asked_for_in_words(phone):
    answer = phone.post("/report/pothole", filled(where=""))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Say where it is" in html
    assert 'href="#id_where"' in html
    assert "Deep enough to lose a wheel in." in html


def test_required_questions_are_asked_and_others_are_optional(phone):
    html = phone.get("/report/pothole").content.decode()
    size = html[html.index("How big is it?") :][:80]
    damage = html[html.index("Did it damage a vehicle?") :][:80]
    assert "(optional)" not in size
    assert "(optional)" in damage
    answer = phone.post("/report/pothole", filled(q_size=None))
    assert answer.status_code == 422
    assert "Please answer this." in answer.content.decode()


def test_an_answer_to_a_hidden_question_does_not_count(phone):
    assert send(phone, q_size="small", q_lane="bike").answers == {"size": "small"}
    assert send(phone, q_size="large", q_lane="bike").answers == {"size": "large", "lane": "bike"}


def test_a_service_without_a_place_or_questions(phone):
    answer = phone.post("/report/question", {"key": str(uuid.uuid4()), "words": ""})
    assert answer.status_code == 422
    assert "Write what it is about." in answer.content.decode()
    answer = phone.post(
        "/report/question", {"key": str(uuid.uuid4()), "words": "When is the fair?"}
    )
    assert answer.status_code == 302
    assert Case.objects.get().place_words == ""


def test_danger_stops_the_form_and_gives_the_number(phone):
    answer = phone.post("/report/pothole", filled(q_size="collapse"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="tel:911"' in html
    assert "data-errors" not in html
    assert not Case.objects.exists()


def test_find_it_looks_up_without_asking_for_the_rest(phone):
    answer = phone.post("/report/pothole", filled(do="find", q_size=None))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "data-errors" not in html
    assert "124 Elm Street" in html
    assert "Deep enough" in html
    assert "/map/light/" in html


def test_several_places_of_that_name_must_be_told_apart(phone, monkeypatch):
    two = [FoundPlace(*HERE, words, "landmark", score=80.0) for words in ("West gate", "East gate")]
    monkeypatch.setattr(places, "find_place", lambda *_args, **_words: two)
    answer = phone.post("/report/pothole", filled(where="the gate"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose the place that you mean." in html
    assert "East gate" in html
    chosen = filled(where="the gate", candidate=signed(*HERE, words="East gate"))
    assert send(phone, **chosen).case.place_words == "East gate"
    assert send(phone, where="the gate", candidate="words").case.lon is None


def test_a_place_outside_the_city_says_whom_to_tell(phone):
    answer = phone.post("/report/pothole", filled(where="", pick=signed(*OUTSIDE)))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Example County" in html
    assert not Case.objects.exists()


def test_a_forged_or_changed_pick_falls_back_to_the_words(phone):
    forged = signed(*HERE)[:-3] + "AAA"
    assert send(phone, pick=forged, where="by the fountain").case.lon is None
    moved = send(phone, pick=signed(*HERE, words="Somewhere"), where="by the other fountain")
    assert moved.case.lon is None
    kept = send(phone, pick=signed(*HERE, words="Somewhere"), where="Somewhere")
    assert kept.case.lon == pytest.approx(HERE[0])


# --- photos ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.jpg", "empty"),
        (b"GIF89a" + b"0" * 60, "cat.gif", "GIF"),
        (b"%PDF-1.7 something", "bill.pdf", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "x.svg", "drawing"),
        (photo()[:900], "half.jpg", "did not arrive whole"),
        (photo(size=(8, 8)), "tiny.jpg", "too small"),
        (b"\xff\xd8\xff" + b"PK\x03\x04" * 50, "poly.jpg", "did not arrive whole"),
    ],
)
def test_a_refused_photo_keeps_everything_and_the_report_goes_without_it(phone, data, name, words):
    fields = filled(
        photos=[upload(photo(), "good.jpg"), upload(data, name)], email="rosa@example.com"
    )
    answer = phone.post("/report/pothole", fields)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert name in html
    assert words in html
    assert "Deep enough" in html
    assert "rosa@example.com" in html
    assert "124 Elm Street" in html
    assert Photo.objects.count() == 1
    assert f"/photos/{Photo.objects.get().key}/small.jpg" in html
    assert not Case.objects.exists()
    del fields["photos"]
    assert phone.post("/report/pothole", fields).status_code == 302
    assert Photo.objects.get().case_id is not None


def test_a_bomb_is_refused_in_words(phone):
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    answer = phone.post("/report/pothole", filled(photos=[upload(out.getvalue(), "bomb.png")]))
    assert answer.status_code == 422
    assert "too many pixels" in answer.content.decode()


def test_six_photos_and_not_one_more(phone):
    seven = [
        upload(photo(c), f"{c}.jpg")
        for c in ("red", "blue", "green", "gold", "pink", "gray", "navy")
    ]
    fields = filled(photos=seven)
    answer = phone.post("/report/pothole", fields)
    assert answer.status_code == 422
    assert "navy.jpg: You can add up to 6 photos." in answer.content.decode()
    assert Photo.objects.count() == 6


def test_a_photo_can_be_taken_out_again_without_a_script(phone):
    fields = filled(photos=[upload(photo())], do="find")
    phone.post("/report/pothole", fields)
    key = Photo.objects.get().key
    del fields["photos"]
    answer = phone.post("/report/pothole", fields | {"do": f"remove:{key}"})
    assert f"/photos/{key}/" not in answer.content.decode()
    assert phone.post("/report/pothole", fields | {"do": "send"}).status_code == 302
    assert Photo.objects.get().case_id is None


def test_photos_of_another_draft_stay_out_of_reach(phone):
    phone.post("/report/pothole", filled(photos=[upload(photo())], do="find"))
    key = Photo.objects.get().key
    other = uuid.uuid4()
    phone.post(f"/drafts/{other}/photos/{key}/remove")
    assert Photo.objects.get().removed_at is None
    answer = phone.post(
        f"/drafts/{other}/photos/{key}/blur", b"[[0,0,1,1]]", content_type="application/json"
    )
    assert answer.status_code == 404


# --- what a script sends ---------------------------------------------------------------------------


def test_the_upload_answers_where_the_photo_is(phone):
    key = uuid.uuid4()
    told = phone.post(f"/drafts/{key}/photos", {"photo": upload(photo())})
    assert told.status_code == 201
    assert phone.get(told.json()["thumb"]).status_code == 200
    twice = phone.post(f"/drafts/{key}/photos", {"photo": upload(photo())})
    assert twice.json()["key"] == told.json()["key"]
    assert phone.post(f"/drafts/{key}/photos", {}).status_code == 422


def test_blurring_gives_the_photo_a_new_address(phone):
    key = uuid.uuid4()
    told = phone.post(f"/drafts/{key}/photos", {"photo": upload(photo())}).json()
    where = f"/drafts/{key}/photos/{told['key']}/blur"
    done = phone.post(where, json.dumps([[0.1, 0.1, 0.3, 0.3]]), content_type="application/json")
    assert done.status_code == 200
    assert done.json()["key"] != told["key"]
    assert phone.get(told["large"]).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        "5",
        "[[1]]",
        '[["a",1,1,1]]',
        "[[NaN,0,1,1]]",
        "[[0,0,5,5]]",
        "[" * 100_000,
        "\xff",
    ],
)
def test_nonsense_boxes_are_refused(phone, body):
    key = uuid.uuid4()
    told = phone.post(f"/drafts/{key}/photos", {"photo": upload(photo())}).json()
    where = f"/drafts/{key}/photos/{told['key']}/blur"
    assert (
        phone.post(where, body.encode("latin-1"), content_type="application/json").status_code
        == 422
    )


# --- one press, two presses --------------------------------------------------------------------------


def test_the_back_button_and_a_double_tap_make_one_record(phone):
    fields = filled()
    first = phone.post("/report/pothole", fields)
    second = phone.post("/report/pothole", fields)
    assert first["Location"] == second["Location"]
    assert ServiceRequest.objects.count() == Case.objects.count() == 1


def test_the_form_may_be_kept_for_the_back_button(phone):
    assert "no-store" not in phone.get("/report/pothole")["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_moment_make_one_record(phone):
    fields, answers, ready = filled(), [], threading.Barrier(4)

    def press():
        browser = Client(SERVER_NAME="testford.example")
        ready.wait(10)
        answers.append(browser.post("/report/pothole", fields).headers.get("Location"))
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    [t.start() for t in threads]
    [t.join(30) for t in threads]
    assert len(set(answers)) == 1
    assert answers[0].startswith("/r/")
    assert ServiceRequest.objects.count() == Case.objects.count() == 1


def test_a_key_of_another_city_is_refused_in_words(phone, city):
    report = send(phone)
    ServiceRequest.objects.filter(pk=report.pk).update(city_id=other_city(city).pk)
    answer = phone.post("/report/pothole", filled(key=str(report.key)))
    assert answer.status_code == 409
    assert report.token not in answer.content.decode()


def other_city(city):
    return type(city).objects.create(
        slug="elsewhere",
        name="Elsewhere",
        time_zone="UTC",
        languages=["en"],
        hosts=["else.example"],
    )


# --- wrong input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["words", "where", "name", "email", "phone"])
def test_a_null_sign_is_refused_not_a_crash(phone, field):
    answer = phone.post("/report/pothole", filled(**{field: "a\x00b@example.com"}))
    assert answer.status_code == 422
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"words": "x" * 4001}, {"where": "x" * 301}, {"name": "x" * 121}]
)
def test_too_much_text_is_refused(phone, changes):
    assert phone.post("/report/pothole", filled(**changes)).status_code == 422


@pytest.mark.parametrize("number", ["1e308", "nan", "9" * 400, "٣", "-0", "1\x00"])
def test_odd_numbers_never_crash(phone, number):
    fields = filled(q_size=None, q_kinds="music", q_nights=number)
    assert phone.post("/report/noise", fields).status_code in {302, 422}


@pytest.mark.parametrize("key", ["", "not-a-key", "\x00", "9" * 5000])
def test_a_form_without_its_key_starts_again(phone, key):
    answer = phone.post("/report/pothole", filled(key=key))
    assert answer.status_code == 302
    assert answer["Location"] == "/report/pothole"


def test_unknown_services_and_machines(phone):
    assert phone.get("/report/unicorn").status_code == 404
    assert phone.get("/report/unicorn/near").status_code == 404
    assert phone.post("/report/pothole", filled(website="https://spam.example"))["Location"] == "/"
    assert not Case.objects.exists()


def test_nobody_but_staff_takes_a_call(phone):
    assert "Taking a call" not in phone.get("/report/pothole?call=1").content.decode()
    report = send(phone, call="1", priority="2")
    assert report.channel == "web"
    assert report.case.priority == 0


# --- follow instead ------------------------------------------------------------------------------------


def test_follow_is_offered_near_by_and_brings_photos_along(phone):
    first = send(phone)
    fields = filled(do="find", photos=[upload(photo())])
    html = phone.post("/report/pothole", fields).content.decode()
    assert f"follow:{first.case.number}" in html
    del fields["photos"]
    answer = phone.post("/report/pothole", fields | {"do": f"follow:{first.case.number}"})
    assert answer.status_code == 302
    assert Case.objects.count() == 1
    second = ServiceRequest.objects.exclude(pk=first.pk).get()
    assert Photo.objects.get().request_id == second.id


def test_follow_with_a_wrong_address_keeps_everything(phone):
    first = send(phone)
    answer = phone.post(
        "/report/pothole", filled(do=f"follow:{first.case.number}", email="rosa at home")
    )
    assert answer.status_code == 422
    assert "name@example.com" in answer.content.decode()
    assert ServiceRequest.objects.count() == 1


def test_only_what_is_offered_can_be_followed(phone):
    first = send(phone)
    far = filled(do=f"follow:{first.case.number}", where="by the river")
    assert phone.post("/report/pothole", far).status_code == 409
    assert phone.post("/report/pothole", filled(do="follow:\x00")).status_code == 409


# --- how much work it is -------------------------------------------------------------------------------


def test_the_form_is_cheap(phone, django_assert_max_num_queries):
    phone.get("/report/pothole")
    with django_assert_max_num_queries(4):
        phone.get("/report/pothole")


def test_sending_is_cheap(phone, django_assert_max_num_queries):
    send(phone)
    fields = filled(photos=[upload(photo())], email="rosa@example.com")
    phone.post("/report/pothole", fields | {"do": "find"})
    del fields["photos"]
    with django_assert_max_num_queries(14):
        assert phone.post("/report/pothole", fields).status_code == 302
