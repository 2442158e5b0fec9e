"""The box one writes to residents in: languages its readers need, and prepared answers that fit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language_info, pgettext

from onehall.casework.models import Case
from onehall.casework.rules import MAX_WORDS
from onehall.catalog import replies
from onehall.catalog.queries import catalogue
from onehall.catalog.replies import Fits, ReplyTemplate
from onehall.console.desk import Desk
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.people.queries import Member, queues
from onehall.places.models import City
from onehall.service_requests import prepared
from onehall.service_requests.models import ServiceRequest

OTHER: Final = "words_"
"""Names of the fields for other languages begin with this, their code after it."""


@dataclass(frozen=True, slots=True)
class Other:
    """A second box: a language that some of the readers use and the first box is not in."""

    code: str
    name: str
    people: int
    text: str

    @property
    def field(self) -> str:
        """The name and id of its field."""
        return OTHER + self.code


@dataclass(frozen=True, slots=True)
class Writer:
    """What the writing form names."""

    language: str
    templates: list[tuple[str, str]]
    others: list[Other]
    colleagues: list[Member]
    most: int = MAX_WORDS


def writer(
    request: CityRequest,
    desk: Desk,
    case: Case,
    reports: Iterable[ServiceRequest],
    typed: Mapping[str, str],
    *,
    colleagues: list[Member],
) -> Writer:
    """The form for a case whose reports and readers are known; asks the database nothing."""
    language, default = request.LANGUAGE_CODE, request.city.languages[0]
    people = Counter(r.language for r in reports)
    others = [
        Other(code, name_of(code), people[code], typed.get(OTHER + code, ""))
        for code in request.city.languages
        if people[code] and code != language
    ]
    offered = [(t.key, pick(t.name, language, default)) for t in fitting(request, desk, case)]
    return Writer(language, offered, others, colleagues)


def name_of(code: str) -> str:
    """A language's name in the language of the page, as it stands inside a sentence."""
    own = {
        "en": pgettext("language, in a sentence", "English"),
        "es": pgettext("language, in a sentence", "Spanish"),
    }
    return own.get(code) or str(get_language_info(code)["name_translated"])


def fitting(request: CityRequest, desk: Desk, case: Case) -> list[ReplyTemplate]:
    """Prepared answers that suit this case."""
    listed = catalogue(request.city)
    values = values_for(desk, case, request.city.languages[0])
    queue = next((q.key for q in queues(request.city) if q.id == case.queue_id), "")
    fits = Fits(
        state=case.state,
        category=case.category,
        service=listed.by_id(case.service_id).key,
        queue=queue,
        known=frozenset(name for name, value in values.items() if value),
    )
    return replies.fitting(listed.replies, fits)


def values_for(desk: Desk, case: Case, language: str) -> dict[str, str]:
    """What the variables of a case say in one language (`replies.OF_CASE`)."""
    return prepared.values_for(desk.city, case, language, staff=desk.actor.name, now=desk.now)


def texts(desk: Desk, case: Case, template: ReplyTemplate, form: Sequence[str]) -> dict[str, str]:
    """A prepared answer by field: in the language of the first box, and in those of the others.

    `form` are the languages of the boxes, the first one first.
    """
    found, written = {}, template.text
    for number, language in enumerate(form):
        text = written.get(language, "")
        if not text and number == 0:
            text = pick(written, desk.city.languages[0])
        if text:
            field = "words" if number == 0 else OTHER + language
            found[field] = replies.insert(text, values_for(desk, case, language))
    return found


def add_to(typed: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """What was written with the prepared words below it."""
    both = {name: [typed.get(name, "").rstrip(), new.get(name, "")] for name in {*typed, *new}}
    return {name: "\n\n".join(part for part in parts if part) for name, parts in both.items()}


def words_in(city: City, posted: Mapping[str, str]) -> dict[str, str]:
    """What was written in other languages, by code."""
    return {
        code: posted[OTHER + code]
        for code in city.languages
        if posted.get(OTHER + code, "").strip()
    }
