"""Everything a pack can get wrong in its services, flows and departments, each with file, line and advice."""

from pathlib import Path

import pytest

from tests.packs import WrongPack

POTHOLE, NOISE, FLOW, PEOPLE = (
    "services/pothole.yaml",
    "services/noise.yaml",
    "flows/repair.yaml",
    "departments.yaml",
)

# file, what to replace, by what, the line (found by its text after the change), words of the message, words of the advice
ONE_MISTAKE = [
    (NOISE, "key: noise\n", "key: noise\n  x: [\n", "x: [", "not YAML", "indentation"),
    (NOISE, "icon: noise", "icn: noise", "icn:", 'Unknown field "icn"', 'Did you mean "icon"?'),
    (NOISE, "queue: neighbors", "queue: neigbors", "neigbors", "neigbors", 'mean "neighbors"?'),
    (NOISE, "group: neighborhood", "group: parks", "group: parks", '"group" is "parks"', "Known"),
    (
        "services/_groups.yaml",
        "es: Vecindario}, icon: people}",
        "es: Vecindario}, icon: people, active: false}",
        None,
        "which is not active",
        "Move it",
    ),
    (NOISE, "name: {en: Noise, es: Ruido}\n", "", "key: noise", '"name" is missing', "Fill it in"),
    (
        NOISE,
        "keywords:\n  en: [noise, loud music, party, barking]\n  es: [ruido, música alta, fiesta, ladridos]\n",
        "",
        "key: noise",
        "Nobody can find this service",
        "Add the words residents use",
    ),
    (NOISE, "flow: repair", "flow: repare", "flow: repare", "repare", 'Did you mean "repair"?'),
    (
        NOISE,
        "  - {queue: neighbors, because",
        "  - {queue: neighbors, when: {eq: [channel, web]}, because",
        "channel, web",
        "does not match everything",
        'without "when"',
    ),
    (
        POTHOLE,
        "  - when: {eq: [area.district, north]}\n    queue: roads-north\n",
        "  - queue: roads-north\n",
        "queue: roads-north",
        "the ones below never apply",
        "Move it to the end",
    ),
    (NOISE, "{en: Noise, es: Ruido}", "{en: Noise}", "name: {en", 'no words in "es"', '"es"'),
    (NOISE, "es: ¿Desde cuándo?", "es: ''", "Since when", 'no words in "es"', '"es"'),
    (
        POTHOLE,
        "when: {eq: [size, large]}",
        "when: {eq: [sise, large]}",
        "sise",
        '"sise" is not a field here',
        "size",
    ),
    (
        POTHOLE,
        "when: {eq: [size, large]}",
        "when: {eq: [size, huge]}",
        "huge",
        "not one of the options",
        "Conditions can use",
    ),
    (
        POTHOLE,
        "when: {eq: [size, large]}",
        "when: {eq: [damage, true]}",
        "[damage, true]",
        '"damage" is not a field here',
        "size",
    ),
    (
        POTHOLE,
        "      words:\n        en: Call 911 now. Keep away from the hole.\n        es: Llame al 911 ahora. Aléjese del hoyo.\n",
        "",
        "when: {eq: [size, collapse]}",
        "no words for the resident",
        "Say what to do",
    ),
    (POTHOLE, "  - key: damage", "  - key: size", None, 'two questions with the key "size"', "key"),
    (POTHOLE, "{key: bike,", "{key: car,", "Bike lane", '"car" is there twice', "Keep one"),
    (NOISE, "promise: {days: 5}\n", "", "key: noise", '"promise" is missing', "Fill"),
    (NOISE, "{days: 5}", "{days: 5, hours: 8}", "hours: 8", "hours and in days", "Keep one"),
    (NOISE, "{days: 5}", "{days: 5, priorities: {hgh: {days: 1}}}", "hgh", '"hgh"', "high"),
    (NOISE, "[answered, nothing_found]", "[answered, gone]", "gone", 'no outcome "gone"', "fixed"),
    (NOISE, "needs: [words]", "needs: [wrods]", "wrods", '"wrods"', 'Did you mean "words"?'),
    (
        NOISE,
        "place: required",
        "place: required\nasset: bench",
        "asset:",
        '"bench"',
        "street-light",
    ),
    (NOISE, "type: date", "type: dates", "dates", '"dates"', 'Did you mean "date"?'),
    (NOISE, "key: noise", "key: pothole", None, "is defined twice", "another key"),
    (FLOW, "to: handed_over", "to: handed", "to: handed", 'no state "handed"', "handed_over"),
    (FLOW, "category: review", "category: reviw", "reviw", 'no category "reviw"', '"review"'),
    (FLOW, "purpose: ask", "purpose: asc", "asc", 'no purpose "asc"', '"ask"'),
    (FLOW, "by: [agent, supervisor, crew]", "by: [agnt, crew]", "agnt", 'no role "agnt"', "agent"),
    (FLOW, "stage: working", "stage: wrking", "wrking", 'no stage "wrking"', '"working"'),
    (FLOW, "start: received", "start: receved", "receved", 'no state "receved"', "received"),
    (FLOW, "start: received\n", "", "key: repair", "has no start", "Name the state"),
    (FLOW, "fire: settle", "fire: setle", "setle", 'no move "setle"', '"settle"'),
    (FLOW, "fire: settle", "fire: accept", "fire: accept", "the system may not make", '"system"'),
    (
        FLOW,
        "    purpose: dispute\n",
        "    purpose: dispute\n    within: {days: 3}\n",
        "within: {days: 3}",
        'before a case in "done" is settled',
        "at least as long",
    ),
    (
        FLOW,
        "    purpose: dispute\n",
        "    purpose: dispute\n    within: 30d\n",
        "within: 30d",
        '"moves.dispute.within" is text',
        "a mapping",
    ),
    (
        FLOW,
        "    purpose: reopen\n",
        "    purpose: reopen\n    within: {days: 90}\n",
        "within: {days: 90}",
        "is no dispute",
        "Delete it here",
    ),
    (
        FLOW,
        "    purpose: dispute\n",
        "    purpose: dispute\n    within: {weeks: 4}\n",
        "within: {weeks: 4}",
        'Unknown field "moves.dispute.within.weeks"',
        "days, hours",
    ),
    (
        FLOW,
        "states:\n",
        "states:\n  lost: {category: review, label: {en: Lost, es: Perdido}}\n",
        "lost:",
        'No case can get to "lost"',
        "Add a move",
    ),
    (
        FLOW,
        "    from: [waiting]\n    to: $previous",
        "    from: [on_hold]\n    to: $previous",
        "  waiting:",
        "cannot answer",
        "purpose: answer",
    ),
    (PEOPLE, "roles: [agent], queues: []", "roles: [boss]", "boss", '"boss"', "agent"),
    (
        PEOPLE,
        "department: clerk, language: es",
        "language: es",
        "key: questions",
        'Nobody serves the queue "questions"',
        '"clerk"',
    ),
    (PEOPLE, "key: neighbors", "key: roads", None, '"roads" is listed twice', "Keep one"),
    (PEOPLE, "ana@testford.example", "sue@testford.example", None, "listed twice", "Keep one"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "message", "advice"),
    ONE_MISTAKE,
    ids=[f"{number}-{row[4][:30]}" for number, row in enumerate(ONE_MISTAKE)],
)
def test_says_what_is_wrong_where_and_what_to_do(
    tmp_path: Path, file: str, old: str, new: str, at: str | None, message: str, advice: str
) -> None:
    pack = WrongPack(tmp_path).replace(file, old, new)
    found = [p for p in pack.problems() if message in p.message]
    assert found, [str(p) for p in pack.problems()]
    assert advice in found[0].advice, found[0]
    if at is not None:
        assert (found[0].file, found[0].line) == (file, pack.line(file, at)), found[0]


def test_more_than_eight_common_services_are_refused(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    text = (pack.folder / POTHOLE).read_text(encoding="utf-8")
    for number in range(7):
        copy = text.replace("key: pothole", f"key: pothole-{number}")
        (pack.folder / f"services/zz-{number}.yaml").write_text(copy, encoding="utf-8")
    (problem,) = pack.problems()
    assert "More than 8 services are common" in problem.message
    assert problem.file == "services/zz-6.yaml" or problem.file == "services/question.yaml"


def test_a_city_wide_agent_who_lists_a_queue_serves_it(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    pack.replace(PEOPLE, "department: clerk, language: es", "queues: [questions, neighbors]")
    assert pack.problems() == []


def test_without_staff_nothing_is_said_about_serving(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    path = pack.folder / PEOPLE
    path.write_text(path.read_text(encoding="utf-8").partition("staff:")[0], encoding="utf-8")
    assert pack.problems() == []


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    pack.replace(NOISE, "queue: neighbors", "queue: nobody")
    pack.replace(POTHOLE, "days: 3", "days: -3")
    pack.replace(PEOPLE, "roles: [auditor]", "roles: [auditr]")
    assert [p.file for p in pack.problems()] == [PEOPLE, NOISE, POTHOLE]


def test_a_missing_groups_file_and_empty_folders_are_said(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    (pack.folder / "services/_groups.yaml").unlink()
    assert any("services/_groups.yaml:1: The file is missing." in str(p) for p in pack.problems())
