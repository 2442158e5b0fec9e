"""Pack files: every mistake with its line, nothing raised, and writing that reads back the same."""

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from onehall.kernel.localized import pick
from onehall.kernel.yamlfile import Node, PackProblem, dump, load, parse

SERVICE = """\
key: street-light-out
name: {en: Street light out, es: Farola apagada}
summary: One sentence.
common: true
position: 3
opened: 2026-11-27
zip: 02131
photos:
  ask: true
  public: after_review
questions:
  - key: kind
    type: choice
    options:
      - {key: out, label: Out}
      - {key: dim, label: {es: Tenue}}
"""


def read(text: str | bytes) -> Node:
    return parse(text, file="services/x.yaml")


def said(node: Node) -> list[str]:
    return [str(problem) for problem in node.problems]


class TestReading:
    def test_a_whole_service(self):
        node = read(SERVICE)
        assert node.key("key") == "street-light-out"
        assert node.localized("name", ["en", "es"]) == {"en": "Street light out", "es": "Farola apagada"}  # fmt: skip
        assert node.localized("summary", ["en", "es"]) == {"en": "One sentence."}
        assert node.localized("hint", ["en", "es"]) == {}
        assert node.flag("common") is True
        assert node.flag("hidden", default=True) is True
        assert node.whole("position") == 3
        assert node.date("opened") == date(2026, 11, 27)
        assert node.text("zip") == "02131"
        photos = node.mapping("photos", required=True)
        assert photos.flag("ask")
        assert photos.choice("public", {"public", "after_review", "private"}) == "after_review"
        photos.finish()
        (question,) = node.listing("questions", required=True)
        assert question.text("type") == "choice"
        assert [option.key("key") for option in question.listing("options")] == ["out", "dim"]
        assert said(node) == []

    def test_lines_are_those_of_the_file(self):
        node = read(SERVICE)
        (question,) = node.listing("questions")
        second = question.listing("options")[1]
        assert (question.line, second.line, second.where) == (12, 16, "questions[1].options[2]")
        assert node.line_of("photos") == 8
        second.localized("label", ["en", "es"])
        assert said(node) == [
            'services/x.yaml:16: "questions[1].options[2].label" has no words in "en". Add them under "en".'
        ]

    def test_plain_gives_the_document_and_counts_as_reading(self):
        node = read("when: {all: [{eq: [kind, out]}, {gt: [n, 2.5]}]}\nno: no\nday: 2026-01-01\n")
        assert node.plain() == {
            "when": {"all": [{"eq": ["kind", "out"]}, {"gt": ["n", 2.5]}]},
            "no": "no",
            "day": "2026-01-01",
        }
        node.finish()
        assert said(node) == []

    def test_items_walks_names_that_authors_choose(self):
        node = read("states:\n  open: {label: A}\n  done: {label: B}\n")
        states = node.mapping("states")
        assert [(key, state.text("label")) for key, state in states.items()] == [("open", "A"), ("done", "B")]  # fmt: skip
        states.finish()
        assert said(node) == []

    def test_an_absent_mapping_can_be_read_without_more_problems(self):
        node = read("key: x\n")
        photos = node.mapping("photos")
        assert not photos.present
        assert photos.choice("public", {"public"}, required=True, default="public") == "public"
        photos.finish()
        assert said(node) == []


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "ask", "words"),
        [
            ("a: 1", lambda n: n.text("name", required=True), '1: "name" is missing. Fill it in.'),
            ("a: 1\nname:", lambda n: n.text("name", required=True), '2: "name" is empty.'),
            ("a: 1\nname: 911", lambda n: n.text("name"), '2: "name" is a number. Put it in quotes: "911".'),
            ("name: true", lambda n: n.text("name"), 'Put it in quotes: "true".'),
            ("name: [a]", lambda n: n.text("name"), '"name" is a list. Write text.'),
            ("name: abcdef", lambda n: n.text("name", max_length=5), "has 6 characters. Keep it to 5."),
            ("key: Street Light", lambda n: n.key("key"), "small letters, digits, - and _"),
            ("n: two", lambda n: n.number("n"), '"n" is text. Write a number.'),
            ("n: -1", lambda n: n.number("n", minimum=0), "It must be at least 0."),
            ("n: 9", lambda n: n.whole("n", maximum=8), "It must be at most 8."),
            ("n: 1.5", lambda n: n.whole("n"), "Write a whole number."),
            ("n: true", lambda n: n.number("n"), '"n" is true or false. Write a number.'),
            ("f: yes", lambda n: n.flag("f"), '"f" is text. Write true or false.'),
            ("d: 27.11.2026", lambda n: n.date("d"), "Write a day as 2026-11-27."),
            ("d: 2026-02-30", lambda n: n.date("d"), "Write a day as 2026-11-27."),
            ("c: privat", lambda n: n.choice("c", {"private", "public"}), 'Did you mean "private"?'),
            ("c: zzz", lambda n: n.choice("c", {"private", "public"}), "Known here: private, public."),
            ("m: x", lambda n: n.mapping("m"), '"m" is text. Write a mapping (key: value).'),
            ("l: x", lambda n: n.listing("l"), "Write a list (lines that start with -)."),
            ("l: []", lambda n: n.listing("l", required=True), '"l" has no entries. Add at least one.'),
            ("l: [agent, crwe]", lambda n: n.texts("l", options=["agent", "crew"]), 'Did you mean "crew"?'),
            ("w: {en: A, fr: B}", lambda n: n.localized("w", ["en", "es"]), 'words in "fr"'),
            ("w: {es: A}", lambda n: n.localized("w", ["en", "es"]), 'has no words in "en"'),
            ("w: {en: A}", lambda n: n.localized("w", ["en", "es"], complete=True), 'has no words in "es"'),
            ("w: A", lambda n: n.localized("w", ["en", "es"], complete=True), 'has no words in "es"'),
            ("w: 5", lambda n: n.localized("w", ["en"]), 'Put it in quotes: "5".'),
            ("nmae: A", lambda n: (n.text("name"), n.finish()), 'Unknown field "nmae". Did you mean "name"?'),
            ("zzz: A", lambda n: (n.text("name"), n.finish()), "Known here: name."),
            ("- a\n- b", lambda n: n.finish(), "The file is a list. Write a mapping"),
        ],
    )  # fmt: skip
    def test_each_is_said_once_with_its_line(self, text, ask, words):
        node = read(text)
        ask(node)
        (found,) = said(node)
        assert words in found

    def test_one_run_shows_them_all(self):
        node = read("key: A\nname: 5\ncommon: maybe\nextra: 1\n")
        node.key("key")
        node.text("name")
        node.flag("common")
        node.finish()
        assert [problem.line for problem in node.problems] == [1, 2, 3, 4]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


class TestUnreadable:
    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("a: 1\nb: c: d\n", 2, 'Put text that has ": " in it in quotes'),
            ("a: 1\nb: 'open\nc: 2\n", 2, "Close the quote or bracket that is opened here."),
            ("a: 1\nb: [x,\n  y\n", 2, "Close the quote or bracket that is opened here."),
            ("a: [1, 2\nb: 3\n", 2, "This is not YAML"),
            ("a: 1\n\tb: 2\n", 2, "A tab is used to indent. Use spaces."),
            ("a:\n  \t- b\n", 2, "A tab is used to indent."),
            (BOMB, 2, '"*a" refers to another place.'),
            ("a: {<<: *b}\n", 1, '"*b" refers to another place.'),
            ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "is a YAML tag."),
            ("a: 1\nb: !own x\n", 2, "is a YAML tag."),
            ("a: 1\n---\nb: 2\n", 2, "A second document starts here."),
            ("# nothing\n", 1, "The file is empty."),
            ("", 1, "The file is empty."),
            ("a: 1\n? [x]\n: y\n", 2, "A field name is a list or a mapping."),
            (b"a: 1\nb: caf\xe9\n", 2, "This is not UTF-8 text."),
            ("a: 1\nb: x".encode("utf-16"), 1, "This is not UTF-8 text."),
            ("a: 1\nb: x\x00y\n", 2, "There is a control character here."),
            ("a: 1\nb: " + "[" * 200, 2, "nested more than 30 deep"),
            ("a: 1\nb: @x\n", 2, "This is not YAML"),
            (b"#" * 1_000_001, 1, "larger than 1,000,000 bytes"),
        ],
    )
    def test_is_one_problem_with_a_line(self, text, line, words):
        node = read(text)
        assert not node.present
        (problem,) = node.problems
        assert problem.line == line
        assert words in str(problem)
        assert node.text("anything", required=True) == ""
        node.finish()
        assert len(node.problems) == 1

    def test_a_field_written_twice_is_reported_and_the_rest_is_read(self):
        node = read("a: 1\nb: 2\na: 3\n")
        assert node.number("a") == 1
        assert said(node) == [
            'services/x.yaml:3: "a" is written twice (first on line 1). Keep one.'
        ]

    def test_a_problem_stays_readable_whatever_the_file_holds(self):
        node = read("!" + "x" * 100_000)
        assert len(str(node.problems[0])) < 400

    def test_windows_line_ends_and_a_byte_order_mark_are_fine(self):
        node = read(b"\xef\xbb\xbfa: 1\r\nb: two\r\n")
        assert (node.number("a"), node.text("b"), node.line_of("b")) == (1, "two", 2)

    @settings(max_examples=200)
    @given(
        st.one_of(
            st.binary(max_size=60), st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t~.0", max_size=40)
        )
    )
    def test_nothing_is_ever_raised(self, text):
        node = read(text)
        assert node.present or node.problems
        node.finish()

    def test_no_damage_to_a_good_file_raises(self):
        dice = random.Random(4)
        for _ in range(300):
            letters = list(SERVICE)
            for _ in range(dice.randrange(1, 4)):
                letters[dice.randrange(len(letters))] = dice.choice(":-[]{}&*!|>'\"#\n\t x%")
            read("".join(letters)).finish()


class TestLoad:
    def test_names_the_file_from_the_pack_down(self, tmp_path: Path):
        (tmp_path / "services").mkdir()
        path = tmp_path / "services" / "a.yaml"
        path.write_text("a: b: c\n", encoding="utf-8")
        node = load(path, tmp_path)
        assert node.problems[0].file == "services/a.yaml"

    def test_a_missing_file_is_a_problem(self, tmp_path: Path):
        node = load(tmp_path / "city.yaml", tmp_path)
        assert said(node) == ["city.yaml:1: The file cannot be read: No such file or directory."]

    def test_a_link_out_of_the_pack_is_not_followed(self, tmp_path: Path):
        outside = tmp_path / "secret.yaml"
        outside.write_text("a: 1\n", encoding="utf-8")
        pack = tmp_path / "pack"
        pack.mkdir()
        (pack / "city.yaml").symlink_to(outside)
        node = load(pack / "city.yaml", pack)
        assert "outside the pack" in said(node)[0]
        assert node.number("a") is None

    def test_problems_can_be_shared_and_sorted(self, tmp_path: Path):
        node = load(tmp_path / "b.yaml", tmp_path)
        load(tmp_path / "a.yaml", tmp_path, node.problems)
        assert [problem.file for problem in sorted(node.problems)] == ["a.yaml", "b.yaml"]

    def test_a_problem_reads_as_one_line(self):
        assert str(PackProblem("a.yaml", 3, "Wrong.", "Do it.")) == "a.yaml:3: Wrong. Do it."
        assert str(PackProblem("a.yaml", 3, "Wrong.")) == "a.yaml:3: Wrong."


# What neither YAML nor a pack file may hold.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=40
)
LINES = st.text(alphabet="ab :#-\n\t'\"é", max_size=30)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**15), 10**15), TEXTS, LINES,
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["yes", "no", "null", "~", "1e3", "0140", "+1", ".5", "1_000", "2026-01-01", "- x", "a: b", "a #b", "0x1F", "12:30", "=", "<<", "---", "…", "é"]),
)  # fmt: skip
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | LINES, inner, max_size=4),
    max_leaves=15,
)


class TestDump:
    @settings(max_examples=300)
    @given(
        st.dictionaries(TEXTS, DATA, min_size=1, max_size=4)
        | st.lists(DATA, min_size=1, max_size=4)
    )
    def test_what_is_written_reads_back_the_same(self, data):
        node = read(dump(data))
        assert said(node) == []
        assert node.plain() == data

    @settings(max_examples=150)
    @given(st.dictionaries(TEXTS, DATA, min_size=1, max_size=4))
    def test_other_readers_read_the_same(self, data):
        assert YAML(typ="safe", pure=True).load(dump(data)) == data

    def test_looks_as_a_person_would_write_it(self):
        data = {
            "key": "street-light-out",
            "name": {"en": "Street light out", "es": "¿Está apagada? Sí, mañana"},
            "phone": "911",
            "flag": "no",
            "hours": {"mon": ["08:00-17:00"], "sat": []},
            "routing": [{"when": {"eq": ["area.district", "harbor"]}, "queue": "lights"}, {"queue": "x"}],
            "words": "Two lines.\n\nThe second.\n",
            "count": 3,
            "none": None,
        }  # fmt: skip
        assert dump(data) == (
            "key: street-light-out\n"
            "name:\n"
            "  en: Street light out\n"
            '  es: "¿Está apagada? Sí, mañana"\n'
            'phone: "911"\n'
            'flag: "no"\n'
            "hours:\n"
            "  mon:\n"
            '    - "08:00-17:00"\n'
            "  sat: []\n"
            "routing:\n"
            "  - when:\n"
            "      eq:\n"
            "        - area.district\n"
            "        - harbor\n"
            "    queue: lights\n"
            "  - queue: x\n"
            "words: |\n"
            "  Two lines.\n"
            "\n"
            "  The second.\n"
            "count: 3\n"
            "none: null\n"
        )

    @pytest.mark.parametrize(
        "data", [{"a": {1: 2}}, {"a": {3}}, {"a": float("nan")}, {"a": 10**30}]
    )
    def test_what_would_not_read_back_is_refused(self, data):
        with pytest.raises(TypeError):
            dump(data)


class TestPick:
    WORDS = {"en": "Light", "es": "Luz", "pt-br": ""}

    @pytest.mark.parametrize(
        ("language", "words"),
        [("es", "Luz"), ("es-mx", "Luz"), ("fr", "Light"), ("pt-br", "Light"), ("en", "Light")],
    )
    def test_takes_the_nearest_language(self, language, words):
        assert pick(self.WORDS, language, "en") == words

    def test_any_words_are_better_than_none(self):
        assert pick({"de": "Licht"}, "es", "en") == "Licht"
        assert pick({}, "es", "en") == ""
        assert pick(None, "es", "en") == ""
        assert pick("Plain", "es", "en") == "Plain"
