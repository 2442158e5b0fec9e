"""Files of a case: for staff alone until shared, named in the mail, gone from everywhere when taken back."""

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from onehall.casework.models import Attachment, Case, TimelineEntry
from onehall.kernel import papers, storage
from onehall.messaging import worker
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, picture, report
from tests.console.test_permissions import STAFF
from tests.kernel.papers.test_papers import hostile, pdf
from tests.packs import WrongPack, changed


def paper(data: bytes | None = None, name: str = "plan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data if data is not None else pdf(2), "text/plain")


def add(person: Person, case: Case, *files: SimpleUploadedFile) -> Attachment:
    answer = person.act(case, "files", files=list(files) or paper())
    assert answer.status_code == 302, answer.content.decode()
    return Attachment.objects.filter(case=case).latest("id")


def token_of(case: Case) -> str:
    return str(ServiceRequest.objects.filter(case=case).earliest("id").token)


def test_a_file_is_for_staff_alone_and_is_saved_not_opened(ana: Person, case: Case) -> None:
    file = add(ana, case, paper(hostile(), name="../<b>Plan of the drain.txt"))
    assert (file.kind, file.title, file.pages) == ("pdf", "bPlan of the drain.pdf", 1)
    answer = ana.get(f"/cases/{case.number}/files/{file.key}")
    assert answer.status_code == 200
    assert b"evil" not in answer.content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer.headers["Cache-Control"]
    stranger = Person(ana.city)
    assert stranger.client.get(f"/r/{token_of(case)}/files/{file.key}").status_code == 404
    assert file.title not in stranger.client.get(f"/r/{token_of(case)}").content.decode()
    assert not TimelineEntry.objects.get(case=case, kind="file_added").public


def test_shared_it_stands_on_the_page_and_is_named_in_the_mail(ana: Person, case: Case) -> None:
    worker.run(once=True)
    mail.outbox.clear()
    file = add(ana, case)
    ana.act(case, f"files/{file.pk}", what="share", words="The plan you asked for")
    worker.run(once=True)
    (sent,) = mail.outbox
    assert "plan.pdf" in sent.body
    assert "The plan you asked for" in sent.body
    assert not sent.attachments
    stranger = Person(ana.city)
    page = stranger.client.get(f"/r/{token_of(case)}").content.decode()
    assert "Documents from the city" in page
    assert f"/files/{file.key}" in page
    answer = stranger.client.get(f"/r/{token_of(case)}/files/{file.key}")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_taken_back_its_address_is_dead(ana: Person, case: Case) -> None:
    file = add(ana, case)
    ana.act(case, f"files/{file.pk}", what="share")
    old = f"/r/{token_of(case)}/files/{file.key}"
    stranger = Person(ana.city)
    assert stranger.client.get(old).status_code == 200
    ana.act(case, f"files/{file.pk}", what="unshare")
    assert stranger.client.get(old).status_code == 404
    ana.act(case, f"files/{file.pk}", what="share")
    assert stranger.client.get(old).status_code == 404
    assert stranger.client.get(f"/r/{token_of(case)}").status_code == 200


def test_another_report_s_link_does_not_open_it(ana: Person, case: Case) -> None:
    file = add(ana, case)
    ana.act(case, f"files/{file.pk}", what="share")
    other = report(ana.city)
    assert Person(ana.city).client.get(f"/r/{other.token}/files/{file.key}").status_code == 404


def test_removed_the_bytes_go_unless_another_case_has_them(
    ana: Person, case: Case, django_capture_on_commit_callbacks: object
) -> None:
    twin = Case.objects.get(number=report(ana.city).number)
    first, second = add(ana, case), add(ana, twin)
    assert first.name == second.name
    capture = django_capture_on_commit_callbacks
    with capture(execute=True):  # type: ignore[operator]
        ana.act(case, f"files/{first.pk}", what="remove")
    assert storage.exists(first.name)
    assert storage.exists(first.preview_name)
    with capture(execute=True):  # type: ignore[operator]
        ana.act(twin, f"files/{second.pk}", what="remove")
    assert not storage.exists(first.name)
    assert not storage.exists(first.preview_name)
    assert ana.get(f"/cases/{case.number}/files/{first.key}").status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1x", "office document"),
        (b"<html>", "something else"),
        (b"", "empty"),
    ],
)
def test_what_is_not_taken_is_named_and_the_rest_is_kept(
    ana: Person, case: Case, data: bytes, words: str
) -> None:
    answer = ana.act(case, "files", files=[paper(), paper(data, name="other.bin")])
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "other.bin" in page
    assert words in page
    assert Attachment.objects.get(case=case).title == "plan.pdf"


def test_a_photo_is_drawn_anew(ana: Person, case: Case) -> None:
    file = add(ana, case, paper(picture(), name="spot.png"))
    assert (file.kind, file.title) == ("photo", "spot.jpg")


def test_the_same_file_twice_is_kept_once(ana: Person, case: Case) -> None:
    add(ana, case, paper(picture()))
    add(ana, case, paper(picture()))
    assert Attachment.objects.filter(case=case).count() == 1


def test_a_case_has_a_bounded_number_of_files(
    ana: Person, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onehall.casework.attachments.MOST", 1)
    add(ana, case)
    answer = ana.act(case, "files", files=paper(picture(), name="b.jpg"))
    assert answer.status_code == 422
    assert "Remove one first" in answer.content.decode()


def test_office_documents_where_the_pack_says_so(tmp_path: object) -> None:
    pack = WrongPack(tmp_path).add("attachments.yaml", "office: true\n")  # type: ignore[arg-type]
    from onehall.catalog.queries import catalogue
    from onehall.cli import city as city_cli

    assert pack.problems() == []
    made = city_cli.apply(pack.folder, with_staff=True, by="tests")
    assert catalogue(made).attachments.office


test_office_documents_where_the_pack_says_so = pytest.mark.django_db(
    test_office_documents_where_the_pack_says_so
)


@pytest.mark.parametrize("role", STAFF)
def test_who_may(city: City, case: Case, role: str) -> None:
    file = add(Person(city, STAFF["agent"]), case)
    person = Person(city, STAFF[role])
    got = person.get(f"/cases/{case.number}/files/{file.key}").status_code
    share = person.act(case, f"files/{file.pk}", what="share").status_code
    more = person.act(case, "files", files=paper(picture())).status_code
    if "elsewhere" in role:
        assert (got, share, more) == (404, 404, 404)
    elif role == "auditor":
        assert (got, share, more) == (200, 403, 403)
    else:
        assert (got, share, more) == (200, 302, 302)


def test_a_pdf_shows_its_first_page_that_was_drawn_as_it_came_in(
    ana: Person, case: Case, other_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = add(ana, case)

    def never(_data: bytes) -> None:
        raise AssertionError

    # Nothing is drawn when somebody looks.
    monkeypatch.setattr(papers, "first_page", never)
    address = f"/desk/cases/{case.number}/files/{file.key}/first-page"
    assert (
        f'<img class="first-page" src="{address}"'
        in ana.get(f"/cases/{case.number}").content.decode()
    )
    answer = ana.client.get(address)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert "no-store" in answer.headers["Cache-Control"]
    agent = Person(other_city, "ana@elsewhere.example")
    assert agent.client.get(address).status_code == 404
    assert Person(ana.city).client.get(address).status_code == 302
    ana.act(case, f"files/{file.pk}", what="remove")
    assert ana.client.get(address).status_code == 404


def test_one_that_can_not_be_drawn_is_taken_all_the_same(
    ana: Person, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "first_page", lambda _data: None)
    file = add(ana, case)
    assert file.preview_name == ""
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert file.title in page
    assert "first-page" not in page
    assert ana.get(f"/cases/{case.number}/files/{file.key}/first-page").status_code == 404


def test_strangers_and_other_cities(case: Case, ana: Person, other_city: City) -> None:
    file = add(ana, case)
    agent = Person(other_city, "ana@elsewhere.example")
    assert agent.get(f"/cases/{case.number}/files/{file.key}").status_code == 404
    assert agent.client.get(f"/r/{token_of(case)}/files/{file.key}").status_code == 404
    stranger = Person(ana.city).get(f"/cases/{case.number}/files/{file.key}")
    assert stranger.status_code == 302


def test_a_private_photo_opens_to_its_sender_and_to_staff_who_may_now(
    tmp_path: object, city: City
) -> None:
    made = changed(tmp_path, "services/pothole.yaml", "public: after_review", "public: private")  # type: ignore[arg-type]
    sent = report(made, photo=True)
    case = Case.objects.get(pk=sent.case_id)
    ana, stranger = Person(made, "ana@testford.example"), Person(made)
    photo = case.photos.get()
    plain, own = f"/photos/{photo.key}/large.jpg", f"/r/{sent.token}/photos/{photo.key}/large.jpg"
    assert ana.client.get(plain).status_code == 200
    assert "no-cache" in ana.client.get(plain).headers["Cache-Control"]
    assert stranger.client.get(plain).status_code == 404
    assert stranger.client.get(own).status_code == 200
    assert own in stranger.client.get(f"/r/{sent.token}").content.decode()
    assert Person(made, STAFF["crew elsewhere"]).client.get(plain).status_code == 404
    from onehall.people.models import Membership

    Membership.objects.filter(user=ana.user).update(active=False)
    assert ana.client.get(plain).status_code == 404
    tag = stranger.client.get(own).headers["ETag"]
    again = ana.client.get(plain, headers={"if-none-match": tag})
    assert again.status_code == 404


def test_a_hidden_photo_gets_another_address(ana: Person, case: Case) -> None:
    photo = case.photos.get()
    ana.act(case, f"photos/{photo.pk}", public="yes")
    stranger = Person(ana.city)
    old = f"/photos/{photo.key}/large.jpg"
    assert stranger.client.get(old).status_code == 200
    ana.act(case, f"photos/{photo.pk}", public="no")
    assert stranger.client.get(old).status_code == 404
    ana.act(case, f"photos/{photo.pk}", public="yes")
    assert stranger.client.get(old).status_code == 404
