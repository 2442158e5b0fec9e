"""Finding the names that a person may have meant: exact, half typed, misspelt. Pure: no ORM."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz, process

from onehall.places import rules

_SHORTEST_GUESS: Final = 4
_FUZZY_FLOOR: Final = 74.0


class Names:
    """Names and who owns them; one owner may have several (a landmark's name in each language, its aliases)."""

    def __init__(self, named: Iterable[tuple[str, int]]) -> None:
        pairs = sorted({(rules.street_norm(name), owner) for name, owner in named})
        pairs = [(norm, owner) for norm, owner in pairs if norm]
        self._norms = [norm for norm, _ in pairs]
        self._owners = [owner for _, owner in pairs]
        self._cores = [rules.core(norm) for norm in self._norms]
        self._digits = [rules.digits_of(norm) for norm in self._norms]
        self._by_norm = _grouped(self._norms)
        self._by_core = _grouped(self._cores)

    def match(self, text: str, *, limit: int = 8) -> list[tuple[int, float]]:
        """(owner, score up to 100), best first."""
        norm = rules.street_norm(text)
        if not norm:
            return []
        scores: dict[int, float] = {}
        ordinal = " ".join(_ordinal(w) if w.isdigit() else w for w in norm.split())
        forms = dict.fromkeys((norm, ordinal))
        for form in forms:
            self._exact(form, scores)
            self._begun(form, scores)
        if len(norm) >= _SHORTEST_GUESS and max(scores.values(), default=0) < 95:
            self._guessed(norm, scores)
        best: dict[int, float] = {}
        for index, score in scores.items():
            owner = self._owners[index]
            best[owner] = max(score, best.get(owner, 0.0))
        return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _exact(self, norm: str, scores: dict[int, float]) -> None:
        for index in self._by_norm.get(norm, ()):
            scores[index] = 100.0
        mine = rules.core(norm)
        for index in self._by_core.get(mine, ()):
            extra = set(norm.split()) - set(self._norms[index].split())
            # "Mill" means Mill Lane; "Mill Street" may be a slip for it.
            _raise(scores, index, 97.0 if not extra else 86.0)

    def _begun(self, norm: str, scores: dict[int, float]) -> None:
        """Names that go on where the text stops, or have a word that does."""
        inside = f" {norm}"
        for index, name in enumerate(self._norms):
            if name.startswith(norm):
                _raise(scores, index, 95.0 - min(5.0, 0.2 * (len(name) - len(norm))))
            elif inside in name:
                _raise(scores, index, 88.0 - min(5.0, 0.2 * (len(name) - len(norm))))

    def _guessed(self, norm: str, scores: dict[int, float]) -> None:
        """Names that sound like the text in spite of typing errors, whole or as far as typed."""
        mine, digits = rules.core(norm), rules.digits_of(norm)
        size = len(mine)
        tries = (
            (norm, self._norms, 0.93),
            (mine, self._cores, 0.92),
            (mine, [name[:size] for name in self._cores], 0.84),
        )
        for wanted, names, weight in tries:
            if len(wanted) < _SHORTEST_GUESS:
                continue
            for _, score, index in process.extract(
                wanted, names, scorer=fuzz.ratio, score_cutoff=_FUZZY_FLOOR, limit=12
            ):
                if digits <= self._digits[index] or not digits:
                    _raise(scores, index, score * weight)


def _raise(scores: dict[int, float], index: int, score: float) -> None:
    scores[index] = max(score, scores.get(index, 0.0))


def _grouped(words: list[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        groups[word].append(index)
    return dict(groups)


def _ordinal(number: str) -> str:
    """ "4" as "4th", "22" as "22nd"."""
    teen = number[-2:] in {"11", "12", "13"}
    return number + ("th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th"))
