"""A service that is offered in some of the city's languages needs the words of its questions in these alone."""

from pathlib import Path

from onehall.catalog.queries import catalogue
from onehall.cli import city as city_cli
from tests.packs import WrongPack

NOISE = "services/noise.yaml"
ONLY_ENGLISH = "key: noise\nlanguages: [en]\n"


def test_words_in_its_own_languages_are_enough(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(NOISE, "key: noise\n", ONLY_ENGLISH)
    pack.replace(NOISE, "{en: What do you hear?, es: ¿Qué oye?}", "What do you hear?")
    pack.replace(NOISE, "{en: Music, es: Música}", "{en: Music}")
    assert pack.problems() == []


def test_plain_words_are_in_its_first_language(db: None, tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(NOISE, "key: noise\n", "key: noise\nlanguages: [es]\n")
    pack.replace(NOISE, "{en: What do you hear?, es: ¿Qué oye?}", "¿Qué oye?")
    made = city_cli.apply(pack.folder, with_staff=True, by="tests")
    service = catalogue(made).service("noise")
    assert service.languages == ("es",)
    assert service.questions[0].label == {"es": "¿Qué oye?"}


def test_still_needs_a_name_in_every_language(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(NOISE, "key: noise\n", ONLY_ENGLISH)
    pack.replace(NOISE, "{en: Noise, es: Ruido}", "Noise")
    assert [p.message for p in pack.problems()] == ['"name" has no words in "es".']


def test_needs_words_where_it_is_offered(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(NOISE, "key: noise\n", "key: noise\nlanguages: [es]\n")
    pack.replace(NOISE, "{en: What do you hear?, es: ¿Qué oye?}", "{en: What do you hear?}")
    assert 'no words in "es"' in str(pack.problems()[0])


def test_knows_only_languages_of_the_city(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path).replace(NOISE, "key: noise\n", "key: noise\nlanguages: [fr]\n")
    assert '"fr"' in str(pack.problems()[0])
