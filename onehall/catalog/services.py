"""A service document as typed values: questions, routing, promise, closing contract."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from onehall.catalog import targets as promised
from onehall.catalog.targets import LadderStep, Risk, Target, Term
from onehall.catalog.targets import Promise as Promise

type Doc = dict[str, Any]
type Words = dict[str, str] | str

PRIVATE: Final = "private"
"""Of a service's `photos.public`: a resident's photo is seen by its sender and the staff alone."""


STAFF: Final = "staff"
"""Of a service's `audience`: what the city's own staff ask for, in a catalogue of their own."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice."""

    key: str
    label: Words
    hint: Words = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """When an answer ends the form, with the words and the number to call instead."""

    when: Doc
    words: Words
    call: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a service. `when` is an expression over earlier answers."""

    key: str
    type: str
    label: Words
    hint: Words = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    when: Doc | None = None
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A routing rule: first match wins; `when` None matches everything.

    `person` (an e-mail) has the case at once, `body` gets it handed over; the queue looks after it either way.
    """

    queue: str
    because: Words
    when: Doc | None = None
    person: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """A whole parsed service. `id`, `position` and `active` come from its row; 0 and True without one.

    No `languages` means that it is offered in all of the city's. `is_internal`: for the city's own staff.
    """

    key: str
    group: str
    name: Words
    summary: Words
    icon: str
    keywords: dict[str, list[str]]
    common: bool
    place: str
    asset: str
    ask_photos: bool
    photos_public: str
    public: bool
    place_privacy: str
    questions: tuple[Question, ...]
    routing: tuple[Route, ...]
    term: Term
    flow: str
    outcomes: tuple[str, ...]
    closing_needs: frozenset[str]
    similar_metres: int
    similar_days: int
    targets: tuple[Target, ...] = ()
    risk: Risk = promised.USUAL_RISK
    ladder: tuple[LadderStep, ...] = ()
    side_layer: str = ""
    side_metres: float = 0
    shares_contact: bool = False
    link_days: int = 30
    languages: tuple[str, ...] = ()
    is_internal: bool = False
    retention: dict[str, str] = field(default_factory=dict)
    id: int = 0
    position: int = 0
    active: bool = True

    def question(self, key: str) -> Question | None:
        """The question with this key."""
        return next((q for q in self.questions if q.key == key), None)

    def is_offered_in(self, language: str) -> bool:
        """Whether its questions are there in a language."""
        return not self.languages or language in self.languages

    @property
    def promise(self) -> Promise:
        """What is promised at the normal priority, wherever it is."""
        return self.term.promise

    def promise_for(self, priority: str, areas: dict[str, str] | None = None) -> Promise:
        """The promise at a priority and a place; the plain one where the city set no other."""
        return self.term.of(priority, areas)


def with_row(
    service: ServiceDefinition, *, row_id: int, position: int, active: bool
) -> ServiceDefinition:
    """The same service with what its row knows."""
    return replace(service, id=row_id, position=position, active=active)


def _stop(doc: Doc | None) -> Stop | None:
    return Stop(doc["when"], doc["words"], doc.get("call", "")) if doc else None


def parse_question(doc: Doc) -> Question:
    """A typed question from a checked document."""
    return Question(
        key=doc["key"],
        type=doc["type"],
        label=doc["label"],
        hint=doc.get("hint", ""),
        required=doc.get("required", False),
        options=tuple(
            Option(o["key"], o["label"], o.get("hint", ""), o.get("icon", ""))
            for o in doc.get("options", [])
        ),
        when=doc.get("when"),
        stop=_stop(doc.get("stop")),
    )


def parse(doc: Doc) -> ServiceDefinition:
    """Typed service from a checked document; `KeyError` means the document was not checked."""
    photos, privacy = doc.get("photos", {}), doc.get("privacy", {})
    closing, similar = doc.get("closing", {}), doc.get("similar", {})
    promise = doc["promise"]
    return ServiceDefinition(
        key=doc["key"],
        group=doc["group"],
        name=doc["name"],
        summary=doc.get("summary", ""),
        icon=doc.get("icon", "question"),
        keywords=doc.get("keywords", {}),
        common=doc.get("common", False),
        place=doc.get("place", "required"),
        asset=doc.get("asset", ""),
        ask_photos=photos.get("ask", True),
        photos_public=photos.get("public", "after_review"),
        public=privacy.get("public", True),
        place_privacy=privacy.get("place", "exact"),
        questions=tuple(parse_question(q) for q in doc.get("questions", [])),
        routing=tuple(
            Route(
                r["queue"],
                r.get("because", ""),
                r.get("when"),
                r.get("person", ""),
                r.get("body", ""),
            )
            for r in doc["routing"]
        ),
        term=promised.term_of(promise),
        targets=promised.targets_of(promise),
        risk=promised.risk_of(promise),
        ladder=promised.ladder_of(promise),
        flow=doc["flow"],
        outcomes=tuple(closing.get("outcomes", [])),
        closing_needs=frozenset(closing.get("needs", [])) | {"words"},
        similar_metres=similar.get("metres", 100),
        similar_days=similar.get("days", 60),
        side_layer=doc.get("which_side", {}).get("layer", ""),
        side_metres=doc.get("which_side", {}).get("metres", 0),
        shares_contact=doc.get("hand_over", {}).get("contact", False),
        link_days=doc.get("hand_over", {}).get("days", 30),
        languages=tuple(doc.get("languages", [])),
        is_internal=doc.get("audience") == STAFF,
        retention=doc.get("retention", {}),
    )
