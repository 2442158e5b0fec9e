"""What the timeline says, and to whom: residents' own words are for themselves and the staff."""

import pytest

from onehall.casework import queries, wording, wording_more
from onehall.casework.models import Case
from onehall.casework.timeline import KINDS, PUBLIC_KINDS, STAFF_KINDS
from onehall.casework.wording import Reader
from onehall.catalog.queries import catalogue
from onehall.service_requests import actions
from tests.cast import START, Cast


def read(cast: Cast, case: Case, *, staff: bool = False, own: str = "") -> list[wording.Line]:
    flow = catalogue(cast.city).flow_version(case.flow_version_id)
    reader = Reader(flow, "en", "en", {case.queue_id: "Roads"}, staff=staff, own_number=own)
    entries = queries.timeline_of(case, public_only=not staff)
    return wording.lines(entries, case, reader)


def test_every_kind_has_its_words() -> None:
    assert not PUBLIC_KINDS & STAFF_KINDS
    without = {kind for kind in KINDS if not hasattr(wording, f"_say_{kind}")}
    assert without == set(wording_more.MORE)


@pytest.mark.django_db
class TestResidentsWords:
    def test_are_read_by_themselves_and_the_staff_and_by_no_other_follower(
        self, cast: Cast
    ) -> None:
        request = cast.report()
        other = cast.follow(request.case)
        common = {"city": cast.city, "by": cast.sam, "now": START}
        actions.write(**common, request=request, words="I live at number 12.")
        cast.finish(request.case)
        actions.judge(**common, request=request, fixed=False, reason="Ring at number 12.")

        def said(lines: list[wording.Line]) -> str:
            return " ".join(line.words for line in lines)

        assert said(read(cast, request.case, staff=True)).count("number 12") == 2
        assert said(read(cast, request.case, own=request.number)).count("number 12") == 2
        for own in (other.number, ""):
            seen = read(cast, request.case, own=own)
            assert "number 12" not in said(seen)
            assert "A resident wrote" in [line.title for line in seen]
            assert "Filled." in said(seen)

    def test_notes_never_leave_the_staff(self, cast: Cast) -> None:
        from onehall.casework import actions as casework

        case = cast.case()
        casework.note(city=cast.city, case_id=case.pk, words="Angry dog.", by=cast.ben, now=START)
        assert not any(line.staff_only or "dog" in line.words for line in read(cast, case))
        assert any(line.staff_only and "dog" in line.words for line in read(cast, case, staff=True))
