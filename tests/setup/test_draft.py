"""The draft: saving, two at once, checking, publishing, and that every change leaves an entry."""

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.cli import city as city_cli
from onehall.kernel import yamllined, yamlparse
from onehall.kernel.yamlfile import Problems
from onehall.people.actor import Actor
from onehall.people.models import Membership
from onehall.places.models import Area, City
from onehall.setup import actions, applying, checking, files, packs, queries
from onehall.setup.errors import CityMoved, HasMistakes, MayNotSetUp, Overtaken, SetupRefused
from onehall.setup.models import ChangeEntry, Draft, DraftFile, Publication
from tests.cast import Cast
from tests.conftest import ROOT
from tests.packs import WrongPack

pytestmark = pytest.mark.django_db
POTHOLE = "services/pothole.yaml"
DEPARTMENTS = "departments.yaml"
QUEUE = "{key: parks, name: {en: Parks, es: Parques}, icon: tree}"
NEW_QUEUE = f"      - {QUEUE}\n"
NEW_DEPARTMENT = f"  - key: green\n    name: {{en: Green, es: Verde}}\n    queues:\n{NEW_QUEUE}"


@pytest.fixture
def city(cast: Cast) -> City:
    return City.objects.get(pk=cast.city.pk)


def save(
    cast: Cast,
    now: dt.datetime,
    path: str,
    old: str,
    new: str,
    *,
    seen: int = 0,
    by: Actor | None = None,
) -> int:
    city = City.objects.get(pk=cast.city.pk)
    view = queries.file_view(city, path)
    assert view
    assert view.text
    assert old in view.text
    text = view.text.replace(old, new, 1)
    return actions.save_file(city=city, path=path, text=text, seen=seen, by=by or cast.ada, now=now)


def publish(cast: Cast, now: dt.datetime, *, by: Actor | None = None) -> Publication:
    city = City.objects.get(pk=cast.city.pk)
    seen = queries.draft_view(city).fingerprint
    return actions.publish(city=city, seen=seen, note="Because.", by=by or cast.ada, now=now)


class TestFiles:
    def test_a_city_is_the_files_it_would_be_exported_as(self, city: City, tmp_path: Path) -> None:
        packs.export(city.slug, tmp_path / "out")
        for path, text in files.written(city).items():
            assert (tmp_path / "out" / path).read_text(encoding="utf-8") == text
        map_files = ("streets.geojson", "places.geojson", "addresses.csv", "assets/")
        exported = {
            path.relative_to(tmp_path / "out").as_posix()
            for path in (tmp_path / "out").rglob("*")
            if path.is_file()
        }
        # Whatever is not in the draft would be taken away by publishing it.
        assert {p for p in exported if not p.startswith(map_files)} == set(files.written(city))

    def test_a_save_is_in_the_draft_and_not_in_the_city(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        assert save(cast, now, POTHOLE, "en: Pothole", "en: Hole in the road") == 1
        view = queries.file_view(city, POTHOLE)
        assert view
        assert (view.what, view.version, view.by_name) == ("changed", 1, "Ada Admin")
        assert "en: Hole in the road" in (view.text or "")
        assert catalogue(city).service("pothole").name["en"] == "Pothole"
        (entry,) = ChangeEntry.objects.all()
        assert (entry.kind, entry.path, entry.by_name) == ("saved", POTHOLE, "Ada Admin")
        assert "en: Pothole" in entry.before
        assert "en: Hole in the road" in entry.after

    def test_putting_it_back_leaves_the_draft(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        assert save(cast, now, POTHOLE, "en: Hole", "en: Pothole", seen=1) == 0
        assert queries.draft_view(city).changed == []
        assert ChangeEntry.objects.count() == 2

    def test_the_second_of_two_is_shown_both_texts(self, cast: Cast, now: dt.datetime) -> None:
        mo = replace(cast.mo, roles=frozenset({"set-up"}))
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole", by=mo)
        with pytest.raises(Overtaken) as met:
            actions.save_file(
                city=cast.city, path=POTHOLE, text="key: mine\n", seen=0, by=cast.ada, now=now
            )
        assert met.value.mine == "key: mine\n"
        assert "en: Hole" in (met.value.theirs or "")
        assert (met.value.version, met.value.by_name) == (1, "Mo Supervisor")
        actions.save_file(
            city=cast.city, path=POTHOLE, text="key: mine\n", seen=1, by=cast.ada, now=now
        )
        assert DraftFile.objects.get().text == "key: mine\n"

    @pytest.mark.parametrize(
        "path",
        [
            "streets.geojson",
            "../city.yaml",
            "services/../x.yaml",
            "services/Ä.yaml",
            "services/a/b.yaml",
            "",
        ],
    )
    def test_only_files_of_the_pack_are_written(
        self, cast: Cast, now: dt.datetime, path: str
    ) -> None:
        with pytest.raises(SetupRefused):
            actions.save_file(city=cast.city, path=path, text="a: b", seen=0, by=cast.ada, now=now)

    def test_too_much_is_refused(self, cast: Cast, now: dt.datetime) -> None:
        with pytest.raises(SetupRefused, match="Keep it to"):
            actions.save_file(
                city=cast.city, path=POTHOLE, text="a" * 1_000_001, seen=0, by=cast.ada, now=now
            )

    def test_a_file_is_renamed_removed_and_brought_back(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        noise, din = "services/noise.yaml", "services/din.yaml"
        actions.rename_file(city=city, path=noise, to=din, seen=0, by=cast.ada, now=now)
        view = queries.draft_view(city)
        assert (view.files[noise].what, view.files[din].what) == ("removed", "new")
        actions.rename_file(city=city, path=din, to=noise, seen=1, by=cast.ada, now=now)
        assert queries.draft_view(city).changed == []
        actions.remove_file(city=city, path=noise, seen=0, by=cast.ada, now=now)
        assert queries.draft_view(city).files[noise].what == "removed"
        actions.discard_file(city=city, path=noise, seen=1, by=cast.ada, now=now)
        assert queries.draft_view(city).changed == []
        with pytest.raises(SetupRefused, match="cannot be without"):
            actions.remove_file(city=city, path="city.yaml", seen=0, by=cast.ada, now=now)

    def test_only_those_who_set_up_may(self, cast: Cast, now: dt.datetime) -> None:
        ida = replace(cast.ada, city_id=cast.city.pk + 1)
        for who in (cast.ben, cast.mo, cast.dana, cast.owen, cast.sam, cast.machine, ida):
            for act in (
                lambda by: actions.save_file(
                    city=cast.city, path=POTHOLE, text="a: b", seen=0, by=by, now=now
                ),
                lambda by: actions.remove_file(
                    city=cast.city, path=POTHOLE, seen=0, by=by, now=now
                ),
                lambda by: actions.rename_file(
                    city=cast.city, path=POTHOLE, to="services/x.yaml", seen=0, by=by, now=now
                ),
                lambda by: actions.discard_file(
                    city=cast.city, path=POTHOLE, seen=0, by=by, now=now
                ),
                lambda by: actions.keep_mine(city=cast.city, path=POTHOLE, seen=0, by=by, now=now),
                lambda by: actions.discard_draft(city=cast.city, seen="", by=by, now=now),
                lambda by: actions.publish(city=cast.city, seen="", note="", by=by, now=now),
            ):
                with pytest.raises(MayNotSetUp):
                    act(who)
        assert not Draft.objects.exists()


class TestCheck:
    def test_a_mistake_is_told_by_file_line_and_field(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, POTHOLE, "queue: roads-north", "queue: rodas")
        checked = checking.check(city, queries.draft_view(city))
        (problem,) = checked.of_file(POTHOLE)
        assert problem.where == "routing[1].queue"
        assert "roads" in problem.advice
        text = queries.draft_view(city).texts[POTHOLE].splitlines()
        assert "rodas" in text[problem.line - 1]

    def test_areas_and_people_are_known_without_their_files(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, POTHOLE, "- north", "- nroth")
        checked = checking.check(city, queries.draft_view(city))
        assert any("nroth" in p.message for p in checked.of_file(POTHOLE))

    def test_it_finds_what_the_folder_finds(
        self, cast: Cast, city: City, now: dt.datetime, tmp_path: Path
    ) -> None:
        save(cast, now, "flows/repair.yaml", "start: ", "start: no")
        view = queries.draft_view(city)
        packs.export(city.slug, tmp_path / "out")
        (tmp_path / "out" / "flows/repair.yaml").write_text(
            view.texts["flows/repair.yaml"], "utf-8"
        )
        assert list(checking.check(city, view).problems) == packs.check(tmp_path / "out")

    def test_a_sound_draft_has_scenarios_and_a_plan(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        cast.case()
        save(cast, now, "flows/repair.yaml", "en: Repair", "en: Mending")
        view = queries.draft_view(city)
        checked = checking.check(city, view)
        assert checked.sound
        (change,) = checking.plan(city, view, checked)
        assert (change.what, change.name) == ("flow", "repair")
        assert "1 case stays on version 1" in change.detail

    def test_areas_are_read_when_they_are_changed(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, "areas/10-district.geojson", '"code":"south"', '"code":"harbor"')
        view = queries.draft_view(city)
        checked = checking.check(city, view)
        assert checked.sound, checked.problems
        assert {(c.kind, c.name) for c in checking.plan(city, view, checked)} == {
            ("add", "harbor"), ("remove", "south"),
        }  # fmt: skip

    def test_a_queue_that_nobody_serves_keeps_it_back(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        """As a folder with staff is refused: the people are those who work here now."""
        save(cast, now, "flows/repair.yaml", "en: Repair", "en: Mending")
        assert checking.check(city, queries.draft_view(city)).sound
        Membership.objects.filter(city=city, department__key="clerk").update(active=False)
        checked = checking.check(city, queries.draft_view(city))
        told = {p.where: p.message for p in checked.problems}
        assert told == {
            "departments[2].queues[1].key": 'Nobody serves the queue "questions".',
            "departments[2].queues[2].key": 'Nobody serves the queue "neighbors".',
        }
        assert all("under People" in p.advice for p in checked.problems)
        with pytest.raises(HasMistakes):
            publish(cast, now)

    def test_a_new_queue_of_a_department_with_nobody_keeps_it_back(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        Membership.objects.filter(city=city, department__key="clerk").update(active=False)
        save(
            cast,
            now,
            DEPARTMENTS,
            "      - key: questions\n",
            f"{NEW_QUEUE}      - key: questions\n",
        )
        checked = checking.check(city, queries.draft_view(city))
        assert 'Nobody serves the queue "parks".' in [p.message for p in checked.problems]

    def test_a_new_department_gets_its_people_later(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, DEPARTMENTS, "departments:\n", f"departments:\n{NEW_DEPARTMENT}")
        checked = checking.check(city, queries.draft_view(city))
        assert checked.sound, checked.problems
        (warning,) = [w for w in checked.warnings if "Nobody" in w]
        assert warning.startswith('Nobody serves the queue "parks" yet.')
        publish(cast, now)

    def test_a_new_queue_is_served_by_those_without_queues_of_their_own(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, DEPARTMENTS, "    queues:\n", f"    queues:\n{NEW_QUEUE}")
        view = queries.draft_view(city)
        assert not [w for w in checking.check(city, view).warnings if "Nobody" in w]
        Membership.objects.filter(city=city, department__key="works").update(
            queue_keys=["roads", "roads-north"]
        )
        checked = checking.check(city, view)
        assert checked.sound
        assert [w for w in checked.warnings if w.startswith('Nobody serves the queue "parks" yet.')]

    def test_a_task_kept_for_a_role_that_nobody_there_has(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        task = "tasks: [{key: agree, label: {en: Agree, es: Aprobar}, queue: questions, by: [supervisor]}]"
        save(
            cast,
            now,
            "flows/repair.yaml",
            "    category: submitted\n",
            f"    category: submitted\n    {task}\n",
        )
        (problem,) = checking.check(city, queries.draft_view(city)).problems
        assert problem.message.startswith('Nobody who serves the queue "questions" may decide it')
        Membership.objects.filter(user=cast.kim.user_id, city=city).update(
            roles=["crew", "supervisor"]
        )
        assert checking.check(city, queries.draft_view(city)).sound

    def test_the_slug_stays(self, cast: Cast, city: City, now: dt.datetime) -> None:
        save(cast, now, "city.yaml", "slug: testford", "slug: other")
        (problem,) = checking.check(city, queries.draft_view(city)).problems
        assert problem.where == "slug"


class TestWhatPagesShow:
    """A check that is kept in memory is the check that would be made now."""

    def test_is_kept_while_nothing_changes(self, city: City) -> None:
        first = checking.shown(city, queries.draft_view(city))
        assert checking.shown(city, queries.draft_view(city)) is first

    @pytest.mark.parametrize("what", ["file", "people", "areas", "host"])
    def test_is_made_anew_when_something_does(
        self, cast: Cast, city: City, now: dt.datetime, what: str
    ) -> None:
        first = checking.shown(city, queries.draft_view(city))
        if what == "file":
            save(cast, now, POTHOLE, "flow: repair", "flow: repare")
        elif what == "people":
            Membership.objects.filter(city=city).update(queue_keys=[], department=None)
        elif what == "areas":
            Area.objects.filter(city=city).exclude(layer="city_limit").delete()
        else:
            save(cast, now, "city.yaml", "hosts:\n", "hosts:\n  - new.example\n")
            assert checking.shown(city, queries.draft_view(city)).sound
            City.objects.create(slug="new", name="New", hosts=["new.example"])
        view = queries.draft_view(city)
        now_shown = checking.shown(city, view)
        assert now_shown == checking.check(city, view)
        assert now_shown.problems != first.problems, what


class TestPublish:
    def test_it_is_the_city_then(self, cast: Cast, city: City, now: dt.datetime) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole in the road")
        done = publish(cast, now)
        after = City.objects.get(pk=city.pk)
        assert catalogue(after).service("pothole").name["en"] == "Hole in the road"
        assert (done.revision, done.note) == (after.revision, "Because.")
        assert after.revision == city.revision + 1
        assert [t["name"] for t in done.touches] == ["pothole"]
        (entry,) = queries.entries_of(done)
        assert (entry.kind, entry.path) == ("published", POTHOLE)
        assert "en: Hole in the road" in entry.after
        assert queries.open_draft(after) is None
        assert Draft.objects.get().state == "published"

    def test_the_map_stays(self, cast: Cast, city: City, now: dt.datetime) -> None:
        before = City.objects.get(pk=city.pk)
        save(cast, now, "city.yaml", "name: Testford", "name: Testford Bay")
        save(cast, now, "areas/10-district.geojson", '"code":"south"', '"code":"harbor"')
        publish(cast, now)
        after = City.objects.get(pk=city.pk)
        for name in ("streets", "addresses", "landmarks", "assets/street-light"):
            assert after.pack_hashes.get(name) == before.pack_hashes.get(name)
        assert (after.name, after.bounds) == ("Testford Bay", before.bounds)
        assert after.asset_kinds == before.asset_kinds

    def test_the_folder_and_the_console_are_two_doors_to_the_same(
        self, cast: Cast, city: City, now: dt.datetime, tmp_path: Path
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole in the road")
        publish(cast, now)
        pack = WrongPack(tmp_path).replace(POTHOLE, "en: Pothole,", "en: Hole in the road,")
        assert city_cli.plan(pack.folder) == []

    def test_mistakes_keep_it_back(self, cast: Cast, city: City, now: dt.datetime) -> None:
        save(cast, now, POTHOLE, "queue: roads-north", "queue: rodas")
        with pytest.raises(HasMistakes) as met:
            publish(cast, now)
        assert met.value.problems
        assert City.objects.get(pk=city.pk).revision == city.revision
        assert len(queries.draft_view(city).changed) == 1

    def test_a_city_changed_underneath_keeps_it_back_and_nothing_is_lost(
        self, cast: Cast, city: City, now: dt.datetime, tmp_path: Path
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole in the road")
        city_cli.apply(WrongPack(tmp_path).replace(POTHOLE, "en: Pothole,", "en: Crater,").folder)
        with pytest.raises(CityMoved) as met:
            publish(cast, now)
        assert met.value.paths == (POTHOLE,)
        moved = queries.file_view(City.objects.get(pk=city.pk), POTHOLE)
        assert moved
        assert moved.moved
        assert "Crater" in (moved.city or "")
        assert "Hole in the road" in (moved.text or "")
        actions.keep_mine(city=city, path=POTHOLE, seen=1, by=cast.ada, now=now)
        publish(cast, now)
        now_city = City.objects.get(pk=city.pk)
        assert catalogue(now_city).service("pothole").name["en"] == "Hole in the road"

    def test_another_file_changed_underneath_stays_changed(
        self, cast: Cast, city: City, now: dt.datetime, tmp_path: Path
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        pack = WrongPack(tmp_path).replace(
            "services/noise.yaml", "name: {en: ", "name: {en: Very loud "
        )
        city_cli.apply(pack.folder)
        publish(cast, now)
        after = catalogue(City.objects.get(pk=city.pk))
        assert after.service("noise").name["en"].startswith("Very loud")
        assert after.service("pothole").name["en"] == "Hole"

    def test_what_was_not_looked_at_is_not_published(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        seen = queries.draft_view(city).fingerprint
        save(cast, now, POTHOLE, "en: Hole", "en: Crater", seen=1)
        for act in (
            lambda: actions.publish(city=city, seen=seen, note="", by=cast.ada, now=now),
            lambda: actions.discard_draft(city=city, seen=seen, by=cast.ada, now=now),
        ):
            with pytest.raises(SetupRefused, match="since you looked"):
                act()

    def test_two_people_where_the_city_wants_it(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        City.objects.filter(pk=city.pk).update(publishing={"two_people": True})
        mo = replace(cast.mo, roles=frozenset({"set-up"}))
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        with pytest.raises(SetupRefused, match="Two people"):
            publish(cast, now)
        # Switching it off in the same draft does not help: what is in force counts.
        view = queries.file_view(city, "city.yaml")
        assert view
        assert publish(cast, now, by=mo).by_name == "Mo Supervisor"

    def test_discarding_keeps_the_words_in_the_history(
        self, cast: Cast, city: City, now: dt.datetime
    ) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        seen = queries.draft_view(city).fingerprint
        assert actions.discard_draft(city=city, seen=seen, by=cast.ada, now=now) == 1
        assert queries.open_draft(city) is None
        last = ChangeEntry.objects.order_by("-pk")[0]
        assert (last.kind, "en: Hole" in last.before) == ("discarded", True)

    def test_the_command_line_is_in_the_history_too(
        self, cast: Cast, city: City, now: dt.datetime, tmp_path: Path
    ) -> None:
        pack = WrongPack(tmp_path).replace(POTHOLE, "en: Pothole,", "en: Crater,")
        before = Publication.objects.count()
        city_cli.apply(pack.folder)
        assert Publication.objects.count() == before + 1
        (entry,) = queries.entries_of(queries.publications(city)[0])
        assert (entry.by_name, entry.by, entry.path) == ("command line", None, POTHOLE)
        assert "Crater" in entry.after
        city_cli.apply(pack.folder)
        assert Publication.objects.count() == before + 1

    def test_the_history_only_grows(self, cast: Cast, now: dt.datetime) -> None:
        save(cast, now, POTHOLE, "en: Pothole", "en: Hole")
        for act in (
            ChangeEntry.objects.all().delete,
            lambda: ChangeEntry.objects.update(by_name="x"),
        ):
            with pytest.raises(ProgrammingError, match="only grow"), transaction.atomic():
                act()

    def test_open_cases_stay_on_their_version(self, cast: Cast, now: dt.datetime) -> None:
        case = cast.case()
        save(cast, now, "flows/repair.yaml", "en: Repair", "en: Mending")
        publish(cast, now)
        assert Case.objects.get(pk=case.pk).flow_version.number == 1


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
plain = st.recursive(
    words | st.integers(-(10**9), 10**9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(words, plain, min_size=1, max_size=5))
def test_what_is_written_is_known_without_reading_it(data: dict[str, object]) -> None:
    text = yamllined.yamltext.dump(data)
    problems = Problems()
    raw = yamlparse._Builder("", problems).build(text)
    assert (raw, list(problems)) == (yamllined.lined(data), [])


def test_a_check_of_a_whole_city_is_quick(db: None, now: dt.datetime) -> None:
    pack = packs.read_sound(ROOT / "cities" / "port-alder")
    city = applying.apply(pack, by="tests", now=now)
    view = queries.draft_view(city)
    began = time.process_time()
    assert checking.check(city, view).sound
    assert time.process_time() - began < 1.5, (
        "three tenths of a second on a machine that is not busy"
    )
    assert connection.queries_log is not None
