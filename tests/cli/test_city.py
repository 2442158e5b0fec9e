"""A city pack as a whole: checked, planned, applied, exported."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import DjangoAssertNumQueries

from onehall.catalog.models import Flow, FlowVersion, Service, ServiceGroup
from onehall.cli import city as city_cli
from onehall.people.models import Department, Membership, Queue, User
from onehall.places.models import City
from onehall.setup import packs
from tests.packs import TESTFORD, WrongPack, testford

ALDER = Path(__file__).resolve().parents[2] / "cities" / "port-alder"


@pytest.fixture
def pack(tmp_path: Path) -> WrongPack:
    """A copy of Testford's pack."""
    return WrongPack(tmp_path)


def test_the_small_city_has_no_mistakes() -> None:
    assert city_cli.check(TESTFORD) == []


@pytest.mark.django_db
class TestApply:
    def test_makes_the_city_with_everything_in_it(self) -> None:
        city = testford()
        assert (city.slug, city.revision) == ("testford", 1)
        assert set(Service.objects.filter(city=city).values_list("key", flat=True)) == {
            "pothole",
            "noise",
            "question",
        }
        assert ServiceGroup.objects.filter(city=city).count() == 2
        assert FlowVersion.objects.get(flow__city=city).number == 1
        assert Department.objects.filter(city=city).count() == 2
        assert Queue.objects.filter(city=city, active=True).count() == 4
        assert Membership.objects.filter(city=city).count() == 6

    def test_staff_stays_away_unless_asked_for(self) -> None:
        city = city_cli.apply(TESTFORD)
        assert not Membership.objects.filter(city=city).exists()
        assert not User.objects.exists()

    def test_twice_changes_nothing(self) -> None:
        testford()
        assert city_cli.plan(TESTFORD, with_staff=True) == []
        before = FlowVersion.objects.values_list("id", "sha256").get()
        assert testford().revision == 1
        assert FlowVersion.objects.values_list("id", "sha256").get() == before

    def test_a_pack_with_mistakes_changes_nothing(self, pack: WrongPack) -> None:
        pack.replace("services/noise.yaml", "queue: neighbors", "queue: nobody")
        with pytest.raises(packs.PackRefused) as refused:
            city_cli.apply(pack.folder)
        assert refused.value.problems
        assert not City.objects.exists()

    def test_a_changed_service_bumps_the_revision_once(self, pack: WrongPack) -> None:
        testford()
        pack.replace("services/noise.yaml", "days: 5", "days: 6")
        assert [(c.kind, c.what, c.name, c.detail) for c in city_cli.plan(pack.folder)] == [
            ("change", "service", "noise", "promise")
        ]
        assert city_cli.apply(pack.folder).revision == 2
        assert Service.objects.get(key="noise").doc["promise"] == {"days": 6}

    def test_a_change_in_every_room_bumps_the_revision_once(self, pack: WrongPack) -> None:
        testford()
        pack.replace("services/noise.yaml", "days: 5", "days: 6")
        pack.replace("departments.yaml", "en: Public Works", "en: Works")
        pack.replace("city.yaml", "555-0142", "555-0143")
        assert city_cli.apply(pack.folder).revision == 2

    def test_a_changed_flow_becomes_a_new_version_and_the_old_one_stays(
        self, pack: WrongPack
    ) -> None:
        testford()
        old = FlowVersion.objects.get()
        pack.replace("flows/repair.yaml", "days: 14", "days: 21")
        (change,) = city_cli.plan(pack.folder)
        assert (change.what, change.kind) == ("flow", "change")
        assert "new version" in change.detail
        city_cli.apply(pack.folder)
        assert list(FlowVersion.objects.order_by("number").values_list("number", flat=True)) == [
            1,
            2,
        ]
        assert FlowVersion.objects.get(number=1).doc == old.doc

    def test_what_the_pack_no_longer_names_stays_inactive(self, pack: WrongPack) -> None:
        testford()
        (pack.folder / "services/noise.yaml").unlink()
        pack.replace(
            "departments.yaml",
            "      - {key: neighbors, name: {en: Neighbors, es: Vecinos}, icon: people}\n",
            "",
        )
        kinds = {(c.kind, c.what, c.name) for c in city_cli.plan(pack.folder)}
        assert kinds == {("remove", "service", "noise"), ("remove", "queue", "neighbors")}
        city_cli.apply(pack.folder)
        assert not Service.objects.get(key="noise").active
        assert not Queue.objects.get(key="neighbors").active
        assert city_cli.plan(pack.folder) == []

    def test_what_comes_back_is_active_again(self, pack: WrongPack) -> None:
        testford()
        (pack.folder / "services/noise.yaml").unlink()
        city_cli.apply(pack.folder)
        testford()
        assert Service.objects.get(key="noise").active
        assert city_cli.plan(TESTFORD, with_staff=True) == []

    def test_the_order_of_moves_survives_the_database(self) -> None:
        testford()
        keys = [move["key"] for move in Flow.objects.get().versions.get().doc["moves"]]
        assert keys[:4] == ["check", "start", "close", "ask"]

    def test_costs_no_queries_for_reading(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            city_cli.check(TESTFORD)


def _parts(folder: Path) -> packs.CityPack:
    pack, problems = packs.read(folder)
    assert problems == []
    return pack


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.django_db
class TestRoundTrip:
    @pytest.mark.parametrize("source", [TESTFORD, ALDER], ids=["testford", "port-alder"])
    def test_export_reads_back_as_the_same_pack(self, source: Path, tmp_path: Path) -> None:
        if not (source / "city.yaml").exists():
            pytest.skip(f"{source.name} is not there yet")
        city = city_cli.apply(source, with_staff=True)
        first, second = tmp_path / "first", tmp_path / "second"
        city_cli.export(city.slug, first, with_staff=True)
        assert _parts(first) == _parts(source)
        assert city_cli.plan(first, with_staff=True) == []
        city_cli.apply(first, with_staff=True)
        city_cli.export(city.slug, second, with_staff=True)
        assert _files(first) == _files(second)

    def test_people_are_left_out_unless_asked_for(self, tmp_path: Path) -> None:
        testford()
        city_cli.export("testford", tmp_path / "out")
        assert "staff" not in (tmp_path / "out/departments.yaml").read_text(encoding="utf-8")

    def test_a_folder_in_use_is_refused(self, tmp_path: Path) -> None:
        testford()
        (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
        with pytest.raises(FileExistsError):
            city_cli.export("testford", tmp_path)


class TestCommand:
    def test_check_prints_one_mistake_a_line_and_exits_with_1(self, pack: WrongPack) -> None:
        pack.replace("services/noise.yaml", "queue: neighbors", "queue: nobody")
        pack.replace("services/pothole.yaml", "common: true", "comon: true")
        result = CliRunner().invoke(city_cli.command, ["check", str(pack.folder)])
        assert result.exit_code == 1
        noise, pothole = result.output.strip().splitlines()
        assert noise.startswith("services/noise.yaml:")
        assert 'Did you mean "common"?' in pothole

    def test_check_says_when_all_is_well(self) -> None:
        result = CliRunner().invoke(city_cli.command, ["check", str(TESTFORD)])
        assert result.exit_code == 0, result.output
