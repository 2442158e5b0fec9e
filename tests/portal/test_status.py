"""The page of a report: what it shows, to whom, and what can be answered on it."""

import pytest

from onehall.casework import actions as casework
from onehall.casework import photos
from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.casework.rules import Given
from onehall.messaging.models import Message, Outbox
from onehall.people.models import Person
from onehall.portal import statusparts
from onehall.service_requests import joining, news
from onehall.service_requests.models import ServiceRequest
from tests.portal.conftest import case_of, filled, later, photo, send, staff, upload
from tests.portal.test_report import other_city


@pytest.fixture
def ana(city):
    return staff(city, "agent")


@pytest.fixture
def close(city, ana, now):
    """Close a case as fixed, with a picture."""

    def done(report):
        after = photos.add_to_case(
            city=city,
            case_id=report.case_id,
            upload=photo("black"),
            kind="after",
            words="Smooth road",
            by=ana,
            now=now,
        )
        given = Given(words="Filled with hot asphalt.", outcome="fixed", photo_ids=(after.id,))
        casework.make_move(
            city=city, case_id=report.case_id, move="close", by=ana, now=now, given=given
        )

    return done


def page(phone, report, rest=""):
    return phone.get(f"/r/{report.token}{rest}")


def text(phone, report, rest=""):
    return page(phone, report, rest).content.decode()


def test_a_new_report_says_what_happens_next_and_by_when(phone, report):
    html = text(phone, report)
    assert report.number in html
    assert "Expected by" in html
    assert "noindex" in html
    assert 'aria-current="step"' in html


def test_no_other_site_learns_the_secret_link(phone, report):
    """And our own forms keep their origin: a page that says "no-referrer" sends "null" instead."""
    for rest in ("", "/news"):
        answer = page(phone, report, rest)
        assert answer["Referrer-Policy"] == "same-origin"
        assert "referrer" not in answer.content.decode()


@pytest.mark.parametrize(
    "token", ["nothing-like-it", "x" * 22, "a%00b", "ünïcode-token", "..", "a" * 300]
)
def test_strangers_find_nothing(phone, report, token):
    for rest in ("", ".json", "/map/light.webp"):
        assert phone.get(f"/r/{token}{rest}").status_code == 404
    for rest in ("write", "verdict", "rate", "news"):
        assert phone.post(f"/r/{token}/{rest}", {}).status_code == 404


def test_another_citys_link_is_not_found(phone, city, report):
    other_city(city)
    elsewhere = {"SERVER_NAME": "else.example"}
    for rest in ("", ".json", "/news", "/map/dark.webp"):
        assert phone.get(f"/r/{report.token}{rest}", **elsewhere).status_code == 404
    assert phone.post(f"/r/{report.token}/write", {"words": "hi"}, **elsewhere).status_code == 404
    assert phone.get(f"/r/{report.token}").status_code == 200


def test_photos_of_another_city_are_not_found(phone, city):
    send(phone, photos=[upload(photo())])
    Photo.objects.update(is_public=True, is_private=False)
    key = Photo.objects.get().key
    other_city(city)
    assert phone.get(f"/photos/{key}/large.jpg").status_code == 200
    assert phone.get(f"/photos/{key}/large.jpg", SERVER_NAME="else.example").status_code == 404
    assert phone.get("/photos/00000000-0000-0000-0000-000000000000/large.jpg").status_code == 404


def test_the_live_part_is_only_sent_when_it_changed(phone, report, city, ana, now):
    first = page(phone, report, "?part=live")
    assert "<html" not in first.content.decode()
    same = phone.get(f"/r/{report.token}?part=live", headers={"If-None-Match": first["ETag"]})
    assert same.status_code == 304
    casework.make_move(city=city, case_id=report.case_id, move="start", by=ana, now=now)
    fresh = phone.get(f"/r/{report.token}?part=live", headers={"If-None-Match": first["ETag"]})
    assert fresh.status_code == 200


def test_the_json_has_no_personal_data(phone):
    report = send(
        phone, email="rosa@example.com", name="Rosa Diaz", phone="555-0177", words="By my house"
    )
    answer = page(phone, report, ".json")
    body = answer.content.decode()
    for private in ("rosa", "Diaz", "0177", "my house", report.token, "Elm"):
        assert private not in body
    assert answer.json()["number"] == report.number
    again = phone.get(f"/r/{report.token}.json", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_the_end_shows_before_after_and_asks(phone, close):
    report = send(phone, photos=[upload(photo())])
    close(report)
    html = text(phone, report)
    assert "Is it fixed?" in html
    assert "Smooth road" in html
    assert html.count("Smooth road") == 1
    assert "Before, by you" in html
    assert "Filled with hot asphalt." in html
    assert "No answer by" in html


def test_settling_counts_from_the_move_not_from_the_last_note(phone, report, close, city, ana, now):
    close(report)
    casework.reply(
        city=city, case_id=report.case_id, words="By the way.", by=ana, now=later(now, days=3)
    )
    case = case_of(report)
    entries = list(TimelineEntry.objects.filter(case=case).order_by("-seq"))
    flow = statusparts_flow(city, case)
    assert statusparts.settles_at(flow, case, entries) == now + flow.states["done"].timers[0].after


def statusparts_flow(city, case):
    from onehall.catalog.queries import catalogue

    return catalogue(city).flow_version(case.flow_version_id)


def test_fixed_and_not_fixed(phone, report, close):
    close(report)
    assert phone.post(f"/r/{report.token}/verdict", {"answer": "no"}).status_code == 302
    assert case_of(report).is_open
    close(report)
    refused = phone.post(f"/r/{report.token}/verdict", {"answer": "no"})
    assert refused.status_code == 422
    assert "what is still wrong" in refused.content.decode()
    assert phone.post(f"/r/{report.token}/verdict", {"answer": "yes"}).status_code == 302
    assert case_of(report).state == "closed"


def test_a_closed_case_can_be_opened_again_with_a_reason(phone, report, close):
    close(report)
    phone.post(f"/r/{report.token}/verdict", {"answer": "yes"})
    assert "Open it again" in text(phone, report)
    fields = {"answer": "no", "reason": "It broke again."}
    assert phone.post(f"/r/{report.token}/verdict", fields).status_code == 302
    assert case_of(report).is_open
    assert "It broke again." in text(phone, report)


def test_an_answer_puts_the_work_back_in_motion(phone, report, city, ana, now):
    asked = Given(words="Which lane is it?")
    casework.make_move(city=city, case_id=report.case_id, move="ask", by=ana, now=now, given=asked)
    html = text(phone, report)
    assert "We need something from you" in html
    assert "Which lane is it?" in html
    assert phone.post(f"/r/{report.token}/write", {"words": "The left one."}).status_code == 302
    assert case_of(report).category != "waiting_applicant"
    assert "The left one." in text(phone, report)


def test_a_photo_alone_is_an_answer_too(phone, report, city, ana, now):
    asked = Given(words="What does it look like?")
    casework.make_move(city=city, case_id=report.case_id, move="ask", by=ana, now=now, given=asked)
    fields = {"words": "", "photos": [upload(photo())]}
    assert phone.post(f"/r/{report.token}/write", fields).status_code == 302
    case = case_of(report)
    assert (case.state, case.paused_at, case.unread_reply) == ("received", None, True)
    html = text(phone, report)
    assert "We need something from you" not in html
    assert "You sent 1 photo" in html
    assert html.count(f"/photos/{Photo.objects.get().key}/small.jpg") == 1


def test_a_photo_that_was_refused_is_no_answer(phone, report, city, ana, now):
    asked = Given(words="What does it look like?")
    casework.make_move(city=city, case_id=report.case_id, move="ask", by=ana, now=now, given=asked)
    fields = {"words": "", "photos": [upload(b"GIF89a" + b"0" * 60, "cat.gif")]}
    answer = phone.post(f"/r/{report.token}/write", fields)
    assert answer.status_code == 422
    assert "cat.gif" in answer.content.decode()
    assert case_of(report).state == "waiting"


def test_more_photos_than_fit_are_said_not_dropped_in_silence(phone, report):
    many = [upload(photo(f"#{n * 30:02x}5050"), f"{n}.jpg") for n in range(7)]
    answer = phone.post(f"/r/{report.token}/write", {"words": "All of it", "photos": many})
    assert answer.status_code == 422
    assert "up to 6 photos" in answer.content.decode()
    assert Photo.objects.count() == 6


def test_empty_and_odd_messages_are_refused_in_words(phone, report):
    for words in ("", "   ", "a\x00b", "x" * 4001):
        answer = phone.post(f"/r/{report.token}/write", {"words": words})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert (
        phone.post(f"/r/{report.token}/rate", {"rating": "5", "comment": "\x00"}).status_code == 422
    )
    for rating in ("", "6", "-1", "٣", "9" * 6000):
        assert phone.post(f"/r/{report.token}/rate", {"rating": rating}).status_code == 422
    bad = phone.post(f"/r/{report.token}/verdict", {"answer": "no", "reason": "\x00"})
    assert bad.status_code == 422
    for email in ("", "rosa", "a b@example.com", "r\x00@example.com", "r@" + "x" * 300 + ".com"):
        assert phone.post(f"/r/{report.token}/news", {"email": email}).status_code == 422


def test_a_refused_photo_with_a_message_is_told_and_the_message_goes(phone, report):
    fields = {"words": "Look:", "photos": [upload(b"GIF89a" + b"0" * 60, "cat.gif")]}
    answer = phone.post(f"/r/{report.token}/write", fields)
    assert answer.status_code == 422
    assert "cat.gif" in answer.content.decode()
    assert "Look:" in text(phone, report)


def test_a_photo_with_a_message_is_on_the_own_page(phone, report):
    phone.post(f"/r/{report.token}/write", {"words": "", "photos": [upload(photo())]})
    assert f"/photos/{Photo.objects.get().key}/" in text(phone, report)


# --- several people, one case --------------------------------------------------------------------------


@pytest.fixture
def two(phone):
    first = send(phone, photos=[upload(photo("red"))], words="I live at number 3, call me")
    fields = filled(do=f"follow:{first.case.number}", photos=[upload(photo("blue"))])
    answer = phone.post("/report/pothole", fields)
    token = answer["Location"].removeprefix("/r/").partition("?")[0]
    return first, ServiceRequest.objects.get(token=token)


def test_private_photos_are_not_shown_to_others_who_follow(phone, two):
    first, second = two
    red, blue = Photo.objects.order_by("id")
    assert f"/photos/{red.key}/" in text(phone, first)
    assert f"/photos/{red.key}/" not in text(phone, second)
    assert f"/photos/{blue.key}/" in text(phone, second)
    Photo.objects.filter(pk=red.pk).update(is_public=True)
    assert f"/photos/{red.key}/" in text(phone, second)


def test_what_one_resident_writes_is_not_shown_to_another(phone, two, close):
    first, second = two
    phone.post(f"/r/{first.token}/write", {"words": "My number is 555-0199."})
    close(first)
    phone.post(f"/r/{first.token}/verdict", {"answer": "no", "reason": "My door is number 3."})
    for words in ("555-0199", "number 3"):
        assert words in text(phone, first)
        assert words not in text(phone, second)
    assert "What you told us" in text(phone, first)


def test_what_one_resident_sends_later_is_not_shown_to_another(phone, two):
    first, second = two
    phone.post(f"/r/{first.token}/write", {"words": "", "photos": [upload(photo("green"))]})
    key = Photo.objects.latest("id").key
    assert f"/photos/{key}/" in text(phone, first)
    html = text(phone, second)
    assert f"/photos/{key}/" not in html
    assert "A resident sent 1 photo" in html


def test_a_joined_report_keeps_its_number_and_photos(phone, city, now):
    sue = staff(city, "supervisor")
    first = send(phone, where="124 Elm Street")
    second = send(phone, where="174 Elm Street", photos=[upload(photo())])
    joining.join(city=city, case_id=second.case_id, into_number=first.number, by=sue, now=now)
    html = text(phone, second)
    assert second.number in html
    assert first.case.number in html
    assert f"/photos/{Photo.objects.get().key}/" in html
    assert page(phone, second, ".json").json()["number"] == second.number


def test_a_report_that_goes_by_itself_again_says_so(phone, city, now):
    sue = staff(city, "supervisor")
    first = send(phone, where="124 Elm Street")
    second = send(phone, where="174 Elm Street")
    joining.join(city=city, case_id=second.case_id, into_number=first.number, by=sue, now=now)
    joining.unjoin(city=city, case_id=second.case_id, by=sue, now=now)
    html = text(phone, second)
    assert f"Apart again from {first.number}" in html
    assert "This one goes on by itself." in html
    assert "together with" not in html
    spanish = phone.get(f"/r/{second.token}?lang=es").content.decode()
    assert "no tratan de lo mismo" in spanish


# --- news -------------------------------------------------------------------------------------------


def test_the_link_in_a_mail_only_asks(phone, report):
    assert "Stop messages?" in text(phone, report, "/news?wanted=no")
    assert ServiceRequest.objects.get(pk=report.pk).wants_news
    phone.post(f"/r/{report.token}/news", {"wanted": "no"})
    assert not ServiceRequest.objects.get(pk=report.pk).wants_news
    phone.post(f"/r/{report.token}/news", {"wanted": "yes"})
    assert ServiceRequest.objects.get(pk=report.pk).wants_news


def test_an_address_left_later_keeps_the_name_and_gets_the_link(phone, city, now, settings):
    settings.PUBLIC_ADDRESS = "https://testford.example"
    report = send(phone, name="Rosa Diaz", phone="555-0177")
    assert phone.post(f"/r/{report.token}/news", {"email": "rosa@example.com"}).status_code == 302
    person = Person.objects.get()
    assert (person.name, person.email, person.phone) == (
        "Rosa Diaz",
        "rosa@example.com",
        "555-0177",
    )
    row = Outbox.objects.get(topic="request.link")
    for _twice in range(2):
        news.send_link(row.payload, city_id=city.id, key=row.key, now=now)
    mail = Message.objects.get()
    assert mail.to_address == "rosa@example.com"
    assert report.token in mail.body_text
    assert "r…@example.com" in text(phone, report)
    assert "rosa@example.com" not in text(phone, report)


# --- how much work it is --------------------------------------------------------------------------------


def test_pages_of_a_report_are_cheap(
    phone, two, close, city, ana, now, django_assert_max_num_queries
):
    first, _second = two
    for n in range(5):
        casework.reply(city=city, case_id=first.case_id, words=f"{n}", by=ana, now=now)
    close(first)
    page(phone, first)
    with django_assert_max_num_queries(9):
        page(phone, first)
    with django_assert_max_num_queries(2):
        page(phone, first, ".json")


def test_no_case_is_touched_by_reading(phone, report):
    before = Case.objects.values().get()
    page(phone, report)
    page(phone, report, "?part=live")
    assert Case.objects.values().get() == before


def test_a_page_of_which_the_rules_erased_something_says_so_and_takes_nothing(phone, report, close):
    close(report)
    Case.objects.filter(pk=report.case_id).update(erased=1)
    ServiceRequest.objects.filter(pk=report.pk).update(person=None)
    html = text(phone, report)
    assert "Erased, as the city" in html
    assert "Report it again" in html
    for gone in ('action="/r/', 'name="email"', "Is it fixed?"):
        assert gone not in html
    for rest, data in (("write", {"words": "Hello"}), ("news", {"email": "a@example.org"})):
        answer = phone.post(f"/r/{report.token}/{rest}", data)
        assert answer.status_code == 422, rest
        assert "Erased, as the city" in answer.content.decode(), rest
