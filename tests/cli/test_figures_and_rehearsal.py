"""`onehall figures` and `onehall city rehearse`, as somebody types them."""

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onehall.casework.models import Case
from onehall.cli import running
from onehall.cli.main import main
from onehall.insights.models import DayFigure, RollUp
from tests.cast import NORTH, START, Cast
from tests.console.made_cases import make_cases
from tests.packs import TESTFORD, WrongPack

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    """The commands use the database of the tests."""

    @contextlib.contextmanager
    def django() -> Iterator[None]:
        yield

    monkeypatch.setattr(running, "django", django)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


class TestFigures:
    def test_rebuild_sums_up_and_check_finds_nothing(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        answer = run("figures", "rebuild")
        assert answer.exit_code == 0, answer.output
        assert RollUp.objects.filter(pk=cast.city.pk).exists()
        answer = run("figures", "check", "--city", "testford")
        assert answer.exit_code == 0, answer.output
        assert "0 wrong" in answer.output

    def test_check_names_the_day_that_does_not_hold(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        run("figures", "rebuild")
        row = DayFigure.objects.filter(kind=1).order_by("day")[0]
        DayFigure.objects.filter(pk=row.pk).update(closed=77)
        answer = run("figures", "check")
        assert answer.exit_code == 1
        assert f"{row.day} was wrong" in answer.output
        assert run("figures", "check").exit_code == 0

    def test_an_unknown_city_is_said(self) -> None:
        answer = run("figures", "rebuild", "--city", "nowhere")
        assert answer.exit_code == 1
        assert "no city called 'nowhere'" in answer.output


class TestRehearse:
    def test_says_what_would_be_otherwise(self, cast: Cast, tmp_path: Path) -> None:
        case = cast.case(place=NORTH, now=START - DAY)
        draft = WrongPack(tmp_path).replace(
            "services/pothole.yaml", "queue: roads-north", "queue: roads"
        )
        answer = run("city", "rehearse", str(draft.folder))
        assert answer.exit_code == 0, answer.output
        assert "Would go to another queue: 1 case" in answer.output
        assert case.number in answer.output
        assert "roads-north → roads" in answer.output
        assert "1 of 1 cases of 30 days would be otherwise. Nothing was written." in answer.output

    def test_as_json(self, cast: Cast) -> None:
        cast.case(now=START - DAY)
        answer = run("city", "rehearse", str(TESTFORD), "--json")
        doc = json.loads(answer.stdout)
        assert (doc["cases"], doc["changed"]) == (Case.objects.count(), 0)

    def test_a_folder_with_mistakes_is_not_rehearsed(self, tmp_path: Path) -> None:
        draft = WrongPack(tmp_path).replace(
            "services/pothole.yaml", "queue: roads-north", "queue: x"
        )
        answer = run("city", "rehearse", str(draft.folder))
        assert answer.exit_code == 1
        assert "services/pothole.yaml" in answer.output

    def test_a_city_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        draft = WrongPack(tmp_path).replace("city.yaml", "slug: testford", "slug: elsewhere")
        answer = run("city", "rehearse", str(draft.folder))
        assert answer.exit_code == 1
        assert "no city called 'elsewhere'" in answer.output
