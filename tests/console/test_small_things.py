"""Words for photos, prepared answers in moves, one line for one act, and the crew's page in full."""

from onehall.casework.models import Case, TimelineEntry
from tests.console.people import Person, report


def test_staff_say_what_a_resident_s_photo_shows(ana: Person, case: Case) -> None:
    photo = case.photos.get()
    answer = ana.act(case, f"photos/{photo.pk}", described="yes", words="  A hole\nin the curb ")
    assert answer.status_code == 302
    photo.refresh_from_db()
    assert photo.words == "A hole in the curb"
    entry = TimelineEntry.objects.get(case=case, kind="described")
    assert (entry.public, entry.data["was"]) == (False, "")
    assert 'alt="A hole in the curb"' in ana.get(f"/cases/{case.number}").content.decode()
    otto = Person(ana.city, "otto@testford.example")
    assert otto.act(case, f"photos/{photo.pk}", described="yes", words="x").status_code == 403


def test_a_prepared_answer_in_a_move_without_a_script(ana: Person, case: Case) -> None:
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert 'id="close-template"' in page
    answer = ana.act(
        case,
        "move",
        move="close",
        asked="1",
        words="Hello.",
        template="crew-soon",
        **{"as": "insert"},
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="move-close" class="ask-move" name="moves" open' in html
    assert "Hello." in html
    case.refresh_from_db()
    assert case.is_open


def test_a_resident_s_no_is_one_line(ana: Person) -> None:
    sent = report(ana.city)
    case = Case.objects.get(pk=sent.case_id)
    ana.act(case, "move", move="close", asked="1", outcome="nothing_found", words="Nothing.")
    Person(ana.city).client.post(
        f"/r/{sent.token}/verdict", {"answer": "no", "reason": "Look again"}
    )
    assert TimelineEntry.objects.filter(case=case, kind="verdict").count() == 1
    for html in (
        ana.get(f"/cases/{case.number}").content.decode(),
        Person(ana.city).client.get(f"/r/{sent.token}").content.decode(),
    ):
        assert "A resident said it is not fixed" in html
        assert "Answer: not fixed" not in html
        assert "Look again" in html


def test_the_crew_s_page_has_the_tasks_and_who_is_looking(
    ana: Person, carl: Person, case: Case
) -> None:
    ana.act(case, "tasks", title="Close the lane")
    ana.post(f"/cases/{case.number}/looking")
    html = carl.get(f"/work/{case.number}").content.decode()
    assert "Close the lane" in html
    assert "Ana Agent is also looking" in html
    task = case.tasks.get()
    back = f"/desk/work/{case.number}"
    answer = carl.act(case, f"tasks/{task.pk}", what="done", back=back, **{"from": "work"})
    assert answer.url == back
    task.refresh_from_db()
    assert task.state == "done"
