"""A close keeps the service's contract, or is refused in words at the field that is missing."""

import uuid

import pytest

from onehall.casework.models import Case, Photo, TimelineEntry
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.service_requests import actions as requests
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, upload

FIXED = {"move": "close", "asked": "1", "outcome": "fixed", "words": "Filled."}
BOMB_HEADER = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00"
    + b"\x00" * 64
)


def closed(case: Case) -> bool:
    case.refresh_from_db()
    return not case.is_open


def test_a_press_without_the_form_opens_it(ana: Person, case: Case) -> None:
    answer = ana.act(case, "move", move="close")
    assert answer.status_code == 200
    assert '<details id="move-close" class="ask-move" name="moves" open>' in answer.content.decode()
    assert not closed(case)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"words": ""}, "close_words", "Write a line for the resident"),
        ({}, "close_photos", "Add a photo of the finished work."),
        ({"outcome": ""}, "close_outcome", "Choose how it ended."),
        ({"outcome": "answered"}, "close_outcome", "Choose how it ended."),
        ({"outcome": "nonsense"}, "close_outcome", "Choose how it ended."),
        ({"outcome": "not_ours"}, "close_handed_to", "Write who has it now."),
        ({"words": "x" * 4001}, "close_words", "That is too long."),
    ],
)
@pytest.mark.parametrize("where", ["", "work"])
def test_what_is_missing_is_said_at_its_field(
    ana: Person, case: Case, change: dict[str, str], field: str, sentence: str, where: str
) -> None:
    data = FIXED | change | {"from": where}
    answer = ana.act(case, "move", draft=str(uuid.uuid4()), **data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert f'id="{field}_error"' in page
    assert f'href="#{field}' in page
    assert data["words"] in page
    assert not closed(case)


def test_with_all_it_needs_it_closes(ana: Person, case: Case) -> None:
    answer = ana.act(case, "move", draft=str(uuid.uuid4()), photos=upload(), **FIXED)
    assert answer.status_code == 302
    assert closed(case)
    assert (case.state, case.outcome) == ("done", "fixed")


def test_other_ends_need_no_photo_but_what_they_need(ana: Person, case: Case) -> None:
    data = FIXED | {"outcome": "not_ours", "handed_to": "Example County, 555-0188"}
    assert ana.act(case, "move", **data).status_code == 302
    assert closed(case)
    entry = TimelineEntry.objects.get(case=case, kind="moved")
    assert entry.data["handed_to"] == "Example County, 555-0188"


@pytest.mark.parametrize(
    "data", [b"not a picture", BOMB_HEADER, b"\xff\xd8\xff\xe0" + b"\x00" * 400, b""]
)
@pytest.mark.parametrize("where", ["", "work"])
def test_a_refused_photo_loses_no_text(ana: Person, case: Case, data: bytes, where: str) -> None:
    answer = ana.act(
        case,
        "move",
        draft=str(uuid.uuid4()),
        photos=upload(data),
        **FIXED | {"from": where, "words": "Filled by hand."},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Filled by hand." in page
    assert 'id="close_photos_error"' in page
    assert not closed(case)


def test_photos_are_kept_when_a_word_is_missing(ana: Person, case: Case) -> None:
    draft = str(uuid.uuid4())
    ana.act(case, "move", draft=draft, photos=upload(), **FIXED | {"words": ""})
    assert Photo.objects.filter(draft_key=draft).count() == 1
    assert ana.act(case, "move", draft=draft, **FIXED).status_code == 302
    assert closed(case)


def test_photos_of_another_case_do_not_count(ana: Person, case: Case) -> None:
    from onehall.casework import actions
    from onehall.casework.errors import MoveRefused
    from onehall.casework.rules import Given
    from tests.console.people import report

    other = Case.objects.get(number=report(ana.city).number)
    ana.act(other, "photos", kind="after", photos=upload())
    foreign = Photo.objects.get(case=other)
    given = Given(words="Filled.", outcome="fixed", photo_ids=(foreign.pk,))
    with pytest.raises(MoveRefused) as refused:
        actions.make_move(
            city=ana.city, case_id=case.id, move="close", by=ana.actor, now=now(), given=given
        )
    assert refused.value.missing == ("after_photo",)


def test_after_not_fixed_an_old_photo_does_not_count_again(ana: Person, case: Case) -> None:
    ana.act(case, "move", draft=str(uuid.uuid4()), photos=upload(), **FIXED)
    sent = ServiceRequest.objects.get(case=case)
    requests.judge(
        city=ana.city,
        request=sent,
        fixed=False,
        reason="",
        by=resident(ana.city.id, request_id=sent.id),
        now=now().replace(microsecond=1),
    )
    answer = ana.act(case, "move", **FIXED)
    assert answer.status_code == 422
    assert "Add a photo of the finished work." in answer.content.decode()


def test_a_reason_and_a_question_are_asked_for(ana: Person, case: Case) -> None:
    hold = ana.act(case, "move", move="hold", asked="1", reason=" ")
    assert (hold.status_code, 'id="hold_reason_error"' in hold.content.decode()) == (422, True)
    ask = ana.act(case, "move", move="ask", asked="1", words="")
    assert (ask.status_code, 'id="ask_words_error"' in ask.content.decode()) == (422, True)
    assert ana.act(case, "move", move="ask", asked="1", words="Which side?").status_code == 302


def test_a_move_that_is_not_there_is_refused_in_words(ana: Person, case: Case) -> None:
    for move in ("resume", "settle", "accept", "nonsense", ""):
        answer = ana.act(case, "move", move=move)
        assert answer.status_code == 422, move
        assert 'role="alert"' in answer.content.decode()
