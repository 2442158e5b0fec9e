"""What residents do: report once, follow, write, judge, rate, and say how they want to be told."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import photos
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Case, Photo
from onehall.catalog.queries import UnknownService
from onehall.messaging.models import Outbox
from onehall.people.actor import resident
from onehall.people.models import Person
from onehall.people.queries import queues
from onehall.service_requests import actions, joining
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest
from tests.cast import (
    NORTH,
    ROSA,
    SOUTH,
    START,
    Cast,
    build,
    entries,
    kinds,
    picture,
    sound,
)

DAY = dt.timedelta(days=1)


@pytest.mark.django_db
class TestSubmit:
    def test_opens_a_case_with_its_promise_and_says_so(self, cast: Cast) -> None:
        request = cast.report(words=" Deep. ", answers={"size": "small"})
        case = sound(request.case)
        assert (case.state, case.category, case.is_open, case.is_public) == (
            "received",
            "submitted",
            True,
            True,
        )
        assert case.number == request.number
        assert case.number.startswith("2026-")
        assert case.due_at is not None
        assert case.promised_at == case.due_at > START
        assert kinds(case) == ["received", "routed"]
        assert (request.words, request.answers) == ("Deep.", {"size": "small"})
        assert request.token is not None
        assert len(request.token) == 22
        assert request.person is not None
        assert request.person.email == "rosa@example.org"

    def test_answers_and_place_decide_the_queue_and_the_reason_is_kept(self, cast: Cast) -> None:
        names = {q.id: q.key for q in queues(cast.city)}
        south, north = cast.case(place=SOUTH), cast.case(place=NORTH)
        assert (names[south.queue_id], names[north.queue_id]) == ("roads", "roads-north")
        assert north.route_reason is not None
        assert north.route_reason["because"]["en"] == "Roads north of Main Street"
        routed = entries(north)[1]
        assert (routed.public, routed.actor_kind) == (False, "system")

    def test_the_same_key_again_is_the_same_record(self, cast: Cast) -> None:
        key = uuid.uuid4()
        first = cast.report(key=key)
        again = cast.report(key=key, words="Once more.")
        assert (first.pk, first.number, first.token) == (again.pk, again.number, again.token)
        assert ServiceRequest.objects.count() == Case.objects.count() == Person.objects.count() == 1

    def test_needs_no_name_and_no_place(self, cast: Cast) -> None:
        request = cast.report(contact=Contact(), service_key="question", place=actions.CasePlace())
        assert request.person is None
        assert sound(request.case).cell is None

    def test_a_contact_of_blanks_is_none(self, cast: Cast) -> None:
        assert cast.report(contact=Contact(name=" ", email=" ")).person is None

    def test_a_service_that_is_not_public_makes_a_case_that_is_not(self, cast: Cast) -> None:
        assert not cast.case(service_key="noise").is_public

    def test_an_unknown_service_leaves_nothing_behind(self, cast: Cast) -> None:
        with pytest.raises(UnknownService):
            cast.report(service_key="unicorns")
        assert Case.objects.count() == ServiceRequest.objects.count() == 0

    def test_numbers_follow_the_year_in_the_city(self, cast: Cast) -> None:
        # Eight hours behind: it is still 2026 in the city.
        late = dt.datetime(2027, 1, 1, 7, 59, tzinfo=dt.UTC)
        assert cast.report(now=late).number.startswith("2026-")
        assert cast.report(now=late + dt.timedelta(minutes=1)).number == "2027-00001"

    def test_nothing_personal_goes_into_timeline_or_outbox(self, cast: Cast) -> None:
        request = cast.report(words="Rosa lives here.")
        stored = "".join(str(e.data) + e.actor_name for e in entries(request.case))
        stored += "".join(f"{row.key}{row.payload}" for row in Outbox.objects.order_by("id"))
        for private in ("Rosa", "rosa@", "555-0111", str(request.token)):
            assert private not in stored


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def together(self, acts: list[object]) -> list[object]:
        """Run calls in threads at the same moment; their results or errors."""
        start = threading.Barrier(len(acts))
        found: list[object] = [None] * len(acts)

        def run(place: int) -> None:
            try:
                start.wait(20)
                found[place] = acts[place]()  # type: ignore[operator]
            except Exception as problem:  # noqa: BLE001  (the test looks at it)
                found[place] = problem
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return found

    def test_eight_threads_with_one_key_make_one_record(self) -> None:
        cast = build()
        key = uuid.uuid4()
        photos.add_draft(city=cast.city, draft_key=key, upload=picture(1), by=cast.sam, now=START)
        found = self.together([lambda: cast.report(key=key)] * 8)
        assert {getattr(r, "number", r) for r in found} == {ServiceRequest.objects.get().number}
        case = Case.objects.get()
        assert sound(case).number == ServiceRequest.objects.get().number
        assert Person.objects.count() == 1
        assert Photo.objects.get().case_id == case.pk
        assert Outbox.objects.filter(topic="case.news").count() == 1

    def test_eight_different_reports_of_a_new_year_all_get_a_number(self) -> None:
        cast = build()
        later = dt.datetime(2031, 6, 1, tzinfo=dt.UTC)
        found = self.together([lambda: cast.report(now=later)] * 8)
        assert sorted(str(getattr(r, "number", r)) for r in found) == [
            f"2031-{n:05d}" for n in range(1, 9)
        ]

    def test_eight_follows_with_one_key_are_one_person(self) -> None:
        cast = build()
        case = cast.case()
        key = uuid.uuid4()
        found = self.together([lambda: cast.follow(case, key=key)] * 8)
        assert len({getattr(r, "number", r) for r in found}) == 1
        assert sound(case).people_count == 2

    def test_joins_the_other_way_round_at_once_end_in_one_join(self) -> None:
        cast = build()
        a, b = cast.case(), cast.case()
        common = {"city": cast.city, "by": cast.dana, "now": START}
        self.together(
            [
                lambda: joining.join(**common, case_id=a.pk, into_number=b.number),
                lambda: joining.join(**common, case_id=b.pk, into_number=a.number),
            ]
            * 3
        )
        merged = [sound(a).merged_into_id, sound(b).merged_into_id]
        assert sorted(m is None for m in merged) == [False, True]
        assert ServiceRequest.objects.filter(case__merged_into=None).count() == 2

    def test_a_message_during_a_join_reaches_the_case_that_lives_on(self) -> None:
        cast = build()
        common = {"city": cast.city, "now": START}
        for _round in range(4):
            into, request = cast.case(), cast.report()
            found = self.together(
                [
                    lambda request=request, into=into: joining.join(
                        **common, case_id=request.case_id, into_number=into.number, by=cast.dana
                    ),
                    lambda request=request: actions.write(
                        **common, request=request, words="Hello?", by=resident(cast.city.id)
                    ),
                    lambda request=request: actions.rate(
                        **common, request=request, rating=3, comment="", by=resident(cast.city.id)
                    ),
                ]
            )
            assert not [f for f in found if isinstance(f, Exception)]
            assert sound(into).unread_reply
            sound(request.case)

    def test_submitting_costs_ten_statements_with_contact_and_photos(self) -> None:
        cast = build()
        key = uuid.uuid4()
        photos.add_draft(city=cast.city, draft_key=key, upload=picture(2), by=cast.sam, now=START)
        cast.report()
        new = NewRequest(key=key, service_key="pothole", place=SOUTH, contact=ROSA, words="Deep.")
        with CaptureQueriesContext(connection) as found:
            actions.submit(city=cast.city, new=new, by=cast.sam, now=START)
        texts = [q["sql"][:90] for q in found.captured_queries]
        assert len(texts) <= 10, "\n".join(texts)
        assert {"BEGIN", "COMMIT"} <= set(texts)


@pytest.mark.django_db
class TestFollow:
    def test_adds_a_person_with_their_own_number_and_link(self, cast: Cast) -> None:
        case = cast.case()
        other = cast.follow(case, words="Me too.")
        stored = sound(case)
        assert stored.people_count == 2
        assert stored.unread_reply
        assert other.case_id == case.pk
        assert other.number != case.number
        assert other.token
        last = entries(case)[-1]
        assert last.kind == "followed"
        assert last.data == {"number": other.number, "people": 2, "photo_count": 0}

    def test_nothing_written_is_nothing_to_read(self, cast: Cast) -> None:
        case = cast.case()
        cast.follow(case)
        assert not sound(case).unread_reply

    def test_photos_come_along_but_are_not_shown(self, cast: Cast) -> None:
        case, key = cast.case(), uuid.uuid4()
        photos.add_draft(city=cast.city, draft_key=key, upload=picture(3), by=cast.sam, now=START)
        other = cast.follow(case, key=key)
        photo = Photo.objects.get()
        assert (photo.case_id, photo.request_id, photo.is_public) == (case.pk, other.pk, False)

    def test_the_same_key_again_is_the_same_person(self, cast: Cast) -> None:
        case, key = cast.case(), uuid.uuid4()
        assert cast.follow(case, key=key).pk == cast.follow(case, key=key).pk
        assert sound(case).people_count == 2

    def test_following_a_joined_case_means_the_one_that_lives_on(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        joining.join(
            city=cast.city, case_id=second.id, into_number=first.number, by=cast.dana, now=START
        )
        assert cast.follow(second).case_id == first.pk

    def test_is_refused_where_the_case_is_private_or_has_ended(self, cast: Cast) -> None:
        with pytest.raises(CaseworkRefused, match="can not be followed"):
            cast.follow(cast.case(service_key="noise"))
        case = cast.case()
        cast.move(case, "close", outcome="nothing_found", words="x")
        with pytest.raises(CaseworkRefused, match="has ended"):
            cast.follow(case)


@pytest.mark.django_db
class TestJoin:
    def join(self, cast: Cast, case: Case, into: Case, by: str = "dana") -> None:
        joining.join(
            city=cast.city, case_id=case.pk, into_number=into.number, by=cast.named(by), now=START
        )
        sound(case)
        sound(into)

    def apart(self, cast: Cast, case: Case) -> None:
        joining.unjoin(city=cast.city, case_id=case.pk, by=cast.dana, now=START)
        sound(case)

    def where(self) -> dict[str, tuple[int, int | None]]:
        return {
            r.number: (r.case_id, r.home_case_id) for r in ServiceRequest.objects.order_by("id")
        }

    def test_and_its_undoing_are_an_exact_round_trip(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        cast.follow(first)
        cast.follow(second)
        cast.move(second, "start")
        before = self.where()
        tokens = set(ServiceRequest.objects.values_list("token", flat=True))
        self.join(cast, second, first)
        assert {c for c, _home in self.where().values()} == {first.pk}
        self.apart(cast, second)
        assert self.where() == before
        assert set(ServiceRequest.objects.values_list("token", flat=True)) == tokens
        again = sound(second)
        assert (again.state, again.is_open, again.merged_into_id) == ("working", True, None)

    def test_who_came_since_stays_where_they_came(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        self.join(cast, second, first)
        late = cast.follow(first)
        self.apart(cast, second)
        late.refresh_from_db()
        assert (late.case_id, late.home_case_id) == (first.pk, None)

    def test_a_joined_case_may_be_joined_on_and_comes_back_with_its_own(self, cast: Cast) -> None:
        a, b, c = cast.case(), cast.case(), cast.case()
        self.join(cast, a, b)
        middle = self.where()
        self.join(cast, b, c)
        assert {case for case, _home in self.where().values()} == {c.pk}
        self.apart(cast, b)
        assert self.where() == middle
        self.apart(cast, a)
        assert self.where() == {
            a.number: (a.pk, None),
            b.number: (b.pk, None),
            c.number: (c.pk, None),
        }

    def test_the_inner_one_may_leave_a_joined_tree_first(self, cast: Cast) -> None:
        a, b, c = cast.case(), cast.case(), cast.case()
        self.join(cast, a, b)
        self.join(cast, b, c)
        self.apart(cast, a)
        assert self.where()[a.number] == (a.pk, None)
        assert self.where()[b.number] == (c.pk, b.pk)
        assert sound(c).people_count == 2

    def test_naming_a_joined_case_means_the_one_that_lives_on(self, cast: Cast) -> None:
        a, b, d = cast.case(), cast.case(), cast.case()
        self.join(cast, a, b)
        self.join(cast, d, a)
        assert sound(d).merged_into_id == b.pk

    def test_is_refused_in_words(self, cast: Cast) -> None:
        a, b = cast.case(), cast.case()
        for into, by, words in (
            ("2026-99999", cast.dana, "no case with this number"),
            ("", cast.dana, "no case with this number"),
            (a.number, cast.dana, "own number"),
            (b.number, cast.owen, "can read this case"),
            (b.number, cast.kim, "no case with this number"),
            (b.number, cast.sam, "no case with this number"),
        ):
            with pytest.raises(MoveRefused, match=words):
                joining.join(city=cast.city, case_id=a.pk, into_number=into, by=by, now=START)
        with pytest.raises(MoveRefused, match="not joined"):
            joining.unjoin(city=cast.city, case_id=a.pk, by=cast.dana, now=START)
        self.join(cast, a, b)
        with pytest.raises(MoveRefused, match="joined already"):
            joining.join(
                city=cast.city,
                case_id=a.pk,
                into_number=cast.case().number,
                by=cast.dana,
                now=START,
            )
        with pytest.raises(MoveRefused, match="own number"):
            joining.join(
                city=cast.city, case_id=b.pk, into_number=a.number, by=cast.dana, now=START
            )
        with pytest.raises(MoveRefused, match="can read this case"):
            joining.unjoin(city=cast.city, case_id=a.pk, by=cast.owen, now=START)

    def test_nobody_is_joined_to_a_case_that_has_ended(self, cast: Cast) -> None:
        a, b = cast.case(), cast.case()
        cast.move(b, "close", outcome="nothing_found", words="x")
        with pytest.raises(MoveRefused, match="has ended"):
            self.join(cast, a, b)

    def test_a_case_that_has_ended_may_be_joined_and_comes_back_as_it_was(self, cast: Cast) -> None:
        a, b = cast.case(), cast.case()
        cast.move(a, "close", outcome="nothing_found", words="x")
        self.join(cast, a, b)
        self.apart(cast, a)
        stored = sound(a)
        assert (stored.state, stored.is_open, stored.closed_at) == ("done", False, START)

    def test_what_was_not_read_yet_is_not_read_on_the_other_either(self, cast: Cast) -> None:
        a, b = cast.report(), cast.case()
        actions.write(city=cast.city, request=a, words="Hello?", by=cast.sam, now=START)
        self.join(cast, a.case, b)
        assert sound(b).unread_reply

    def test_photos_of_the_reports_go_along_and_come_back(self, cast: Cast) -> None:
        key = uuid.uuid4()
        photos.add_draft(city=cast.city, draft_key=key, upload=picture(4), by=cast.sam, now=START)
        a, b = cast.case(key=key), cast.case()
        self.join(cast, a, b)
        assert Photo.objects.get().case_id == b.pk
        self.apart(cast, a)
        assert Photo.objects.get().case_id == a.pk


@pytest.mark.django_db
class TestWrite:
    def test_while_the_city_waits_the_clock_goes_on(self, cast: Cast) -> None:
        request = cast.report()
        cast.move(request.case, "start")
        cast.move(request.case, "ask", words="Which side?", now=START + DAY)
        assert sound(request.case).paused_at == START + DAY
        actions.write(
            city=cast.city, request=request, words=" East. ", by=cast.sam, now=START + 9 * DAY
        )
        stored = sound(request.case)
        assert (stored.state, stored.paused_at, stored.unread_reply) == ("working", None, True)
        assert request.case.due_at is not None
        assert stored.due_at is not None
        assert stored.due_at > request.case.due_at
        assert kinds(stored)[-2:] == ["wrote", "moved"]
        assert entries(stored)[-2].data == {"words": "East.", "number": request.number}

    def test_else_it_is_only_heard(self, cast: Cast) -> None:
        request = cast.report()
        actions.write(city=cast.city, request=request, words="Hello?", by=cast.sam, now=START)
        assert (sound(request.case).state, kinds(request.case)[-1]) == ("received", "wrote")

    def test_nothing_and_too_much_are_refused(self, cast: Cast) -> None:
        request = cast.report()
        for words in (" ", "x" * 4001):
            with pytest.raises(MoveRefused) as no:
                actions.write(city=cast.city, request=request, words=words, by=cast.sam, now=START)
            assert no.value.missing == ("words",)

    def test_after_a_join_an_old_page_writes_to_the_case_that_lives_on(self, cast: Cast) -> None:
        request, into = cast.report(), cast.case()
        joining.join(
            city=cast.city,
            case_id=request.case_id,
            into_number=into.number,
            by=cast.dana,
            now=START,
        )
        actions.write(city=cast.city, request=request, words="Hello?", by=cast.sam, now=START)
        assert kinds(into)[-1] == "wrote"


@pytest.mark.django_db
class TestJudge:
    def judge(
        self, cast: Cast, request: ServiceRequest, fixed: bool, reason: str = "", days: int = 1
    ) -> Case:
        return actions.judge(
            city=cast.city,
            request=request,
            fixed=fixed,
            reason=reason,
            by=cast.sam,
            now=START + days * DAY,
        )

    def test_fixed_closes_and_pressing_twice_is_harmless(self, cast: Cast) -> None:
        request = cast.report()
        cast.finish(request.case)
        self.judge(cast, request, fixed=True)
        self.judge(cast, request, fixed=True)
        stored = sound(request.case)
        assert stored.state == "closed"
        assert kinds(stored).count("verdict") == 1
        request.refresh_from_db()
        assert (request.accepted, request.verdict_at) == (True, START + DAY)

    def test_not_fixed_is_free_once_then_takes_a_reason(self, cast: Cast) -> None:
        request = cast.report()
        cast.finish(request.case)
        self.judge(cast, request, fixed=False)
        assert (sound(request.case).state, sound(request.case).reopened) == ("checked", 1)
        self.judge(cast, request, fixed=False)
        assert sound(request.case).reopened == 1
        cast.finish(request.case, now=START + 2 * DAY)
        with pytest.raises(MoveRefused) as no:
            self.judge(cast, request, fixed=False, reason=" ", days=3)
        assert no.value.missing == ("reason",)
        assert sound(request.case).state == "done"
        self.judge(cast, request, fixed=False, reason="It sank again.", days=3)
        stored = sound(request.case)
        assert (stored.reopened, stored.is_open) == (2, True)
        request.refresh_from_db()
        assert (request.accepted, request.disputes) == (False, 2)

    def test_each_report_has_its_own_free_one(self, cast: Cast) -> None:
        request = cast.report()
        other = cast.follow(request.case)
        cast.finish(request.case)
        self.judge(cast, request, fixed=False)
        cast.finish(request.case, now=START + 2 * DAY)
        self.judge(cast, other, fixed=False, days=3)
        assert sound(request.case).reopened == 2

    def test_is_refused_in_words_when_the_case_has_moved_on(self, cast: Cast) -> None:
        request = cast.report()
        with pytest.raises(MoveRefused, match="has moved on"):
            self.judge(cast, request, fixed=True)
        cast.finish(request.case)
        self.judge(cast, request, fixed=True)
        cast.move(request.case, "reopen", cast.mo, reason="Sank.", now=START + 2 * DAY)
        with pytest.raises(MoveRefused, match="has moved on"):
            self.judge(cast, request, fixed=True, days=3)

    def test_an_answer_to_one_end_is_no_answer_to_another(self, cast: Cast) -> None:
        request = cast.report()
        cast.finish(request.case)
        self.judge(cast, request, fixed=False)
        cast.move(request.case, "close", outcome="not_ours", words="x", handed_to="County")
        with pytest.raises(MoveRefused, match="has moved on"):
            self.judge(cast, request, fixed=False)

    def test_after_a_join_it_is_about_the_case_that_lives_on(self, cast: Cast) -> None:
        request, into = cast.report(), cast.case()
        joining.join(
            city=cast.city,
            case_id=request.case_id,
            into_number=into.number,
            by=cast.dana,
            now=START,
        )
        cast.finish(into)
        self.judge(cast, request, fixed=False)
        assert sound(into).state == "checked"


@pytest.mark.django_db
class TestRate:
    def test_one_to_five_with_a_comment_for_the_staff(self, cast: Cast) -> None:
        request = cast.report()
        common = {"city": cast.city, "request": request, "by": cast.sam, "now": START}
        actions.rate(**common, rating=4, comment=" Quick. ")
        actions.rate(**common, rating=4, comment="Quick.")
        request.refresh_from_db()
        assert (request.rating, request.comment) == (4, "Quick.")
        last = entries(sound(request.case))[-1]
        assert (last.kind, last.public, last.data["words"]) == ("verdict", False, "Quick.")
        assert kinds(request.case).count("verdict") == 1
        actions.rate(**common, rating=2, comment="")
        assert kinds(request.case).count("verdict") == 2

    def test_other_numbers_and_long_comments_are_refused(self, cast: Cast) -> None:
        request = cast.report()
        common = {"city": cast.city, "request": request, "by": cast.sam, "now": START}
        for rating in (0, 6, -1):
            with pytest.raises(MoveRefused) as no:
                actions.rate(**common, rating=rating, comment="")
            assert no.value.missing == ("rating",)
        with pytest.raises(MoveRefused) as no:
            actions.rate(**common, rating=5, comment="x" * 4001)
        assert no.value.missing == ("comment",)


@pytest.mark.django_db
class TestWishes:
    def test_news_stop_and_start(self, cast: Cast) -> None:
        request = cast.report()
        for wanted in (False, True):
            actions.set_news(city=cast.city, request=request, wanted=wanted)
            request.refresh_from_db()
            assert request.wants_news is wanted

    def test_a_contact_is_added_later_and_wants_news(self, cast: Cast) -> None:
        request = cast.report(contact=Contact())
        actions.set_news(city=cast.city, request=request, wanted=False)
        actions.set_contact(
            city=cast.city, request=request, contact=Contact(email="rosa@example.org"), now=START
        )
        request.refresh_from_db()
        assert request.wants_news
        assert request.person is not None
        assert request.person.email == "rosa@example.org"

    def test_a_new_address_keeps_name_and_number_and_leaves_no_old_one(self, cast: Cast) -> None:
        request = cast.report()
        actions.set_contact(
            city=cast.city, request=request, contact=Contact(email="new@example.org"), now=START
        )
        person = Person.objects.get()
        assert (person.name, person.email, person.phone) == (
            "Rosa Diaz",
            "new@example.org",
            "555-0111",
        )

    def test_nothing_given_is_refused(self, cast: Cast) -> None:
        with pytest.raises(MoveRefused):
            actions.set_contact(city=cast.city, request=cast.report(), contact=Contact(), now=START)
