"""Finding the names that a person may have meant: exact, half typed, misspelt. Pure: no ORM."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from onehall.places import rules
from onehall.places.tables import Column, Columns, Texts, ends_of, text_columns

_SHORTEST_GUESS: Final = 4
_FUZZY_FLOOR: Final = 74.0
_GOOD: Final = 95.0
_MOST_BEGUN: Final = 400
_MOST_LIKE: Final = 120
_SECOND: Final = 1.0
_MENDED: Final = 0.94
_FAIR: Final = 85.0
_LAST: Final = "\U0010ffff"


class Names:
    """Names and who owns them; one owner may have several (a landmark's name in each language, its aliases).

    Made from `name_columns`, so that several processes can share what is large.
    """

    def __init__(self, columns: Columns, name: str) -> None:
        self._norms = Texts(columns, f"{name}.norm").all()
        self._cores = Texts(columns, f"{name}.core").all()
        self._tails = Texts(columns, f"{name}.tail").all()
        self._tail_of: Column = columns[f"{name}.tail_of"]
        self._owners: list[int] = columns[f"{name}.owner"].tolist()
        self._second: Column = columns[f"{name}.second"]
        self._pairs: Column = columns[f"{name}.pair"]
        self._pair_ends: Column = columns[f"{name}.pair_ends"]
        self._pair_of: Column = columns[f"{name}.pair_of"]
        self._sizes: Column = columns[f"{name}.size"]
        self._by_core = _grouped(self._cores)

    @classmethod
    def of(cls, named: Iterable[tuple[str, int]]) -> Self:
        """The same from (name, owner), in memory."""
        return cls(name_columns("names", ((name, owner, False) for name, owner in named)), "names")

    def match(self, text: str, *, limit: int = 8, guess: bool = True) -> list[tuple[int, float]]:
        """(owner, score up to 100), best first; without `guess` only what has no typing error."""
        norm = rules.street_norm(text)
        if not norm:
            return []
        scores: dict[int, float] = {}
        ordinal = " ".join(rules.ordinal(w) if w.isdigit() else w for w in norm.split())
        forms = dict.fromkeys((norm, ordinal))
        for form in forms:
            self._exact(form, scores)
            self._begun(form, scores)
        guess = guess and len(norm) >= _SHORTEST_GUESS and max(scores.values(), default=0) < _GOOD
        if guess and self._mended(norm, scores) < _FAIR:
            self._guessed(norm, scores)
        best: dict[int, float] = {}
        for index, score in scores.items():
            owner = self._owners[index]
            # An old name gives way to a street that bears the name now.
            weighed = score - _SECOND if self._second[index] else score
            best[owner] = max(weighed, best.get(owner, 0.0))
        return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _exact(self, norm: str, scores: dict[int, float]) -> None:
        position = bisect_left(self._norms, norm)
        while position < len(self._norms) and self._norms[position] == norm:
            scores[position] = 100.0
            position += 1
        words = set(norm.split())
        for index in self._by_core.get(rules.core(norm), ()):
            extra = rules.unlike(words, set(self._norms[index].split()))
            # "Mill" means Mill Lane; "Mill Street" may be a slip for it.
            _raise(scores, index, 97.0 if not extra else 86.0)

    def _begun(self, norm: str, scores: dict[int, float]) -> None:
        """Names that go on where the text stops, or have a word that does."""
        first = bisect_left(self._norms, norm)
        for index in range(first, bisect_left(self._norms, norm + _LAST, lo=first))[:_MOST_BEGUN]:
            longer = len(self._norms[index]) - len(norm)
            _raise(scores, index, 95.0 - min(5.0, 0.2 * longer))
        first = bisect_left(self._tails, norm)
        last = bisect_left(self._tails, norm + _LAST, lo=first)
        for index in self._tail_of[first:last][:_MOST_BEGUN].tolist():
            longer = len(self._norms[index]) - len(norm)
            _raise(scores, index, 88.0 - min(5.0, 0.2 * longer))

    def _mended(self, norm: str, scores: dict[int, float]) -> float:
        """Names that fit once slips in common words are put right, "polk streat"; the best score of them."""
        other = rules.mended(norm)
        if other == norm:
            return 0.0
        found: dict[int, float] = {}
        self._exact(other, found)
        if not found:
            self._guessed(other, found)
        for index, score in found.items():
            _raise(scores, index, score * _MENDED)
        return max(found.values(), default=0.0) * _MENDED

    def _guessed(self, norm: str, scores: dict[int, float]) -> None:
        """Names that look like the text in spite of typing errors, whole or as far as typed."""
        mine, numbers = rules.core(norm), rules.numbers_of(norm)
        size = len(mine)
        like = self._like(norm)
        norms = [self._norms[index] for index in like]
        cores = [self._cores[index] for index in like]
        tries = (
            (norm, norms, 0.93),
            (mine, cores, 0.92),
            (mine, [name[:size] for name in cores], 0.84),
        )
        for wanted, names, weight in tries:
            if len(wanted) < _SHORTEST_GUESS:
                continue
            for _, score, position in process.extract(
                wanted, names, scorer=fuzz.ratio, score_cutoff=_FUZZY_FLOOR, limit=12
            ):
                if not numbers or numbers <= rules.numbers_of(norms[position]):
                    _raise(scores, like[position], score * weight)

    def _like(self, norm: str) -> list[int]:
        """The names that share most pairs of letters with the text, for their length and for the text's."""
        if len(self._norms) <= 2 * _MOST_LIKE:
            return list(range(len(self._norms)))
        wanted = np.unique(_pairs_in(norm))
        at = np.searchsorted(self._pairs, wanted)
        at = at[self._pairs[np.minimum(at, len(self._pairs) - 1)] == wanted]
        bounds = zip(self._pair_ends[at].tolist(), self._pair_ends[at + 1].tolist(), strict=True)
        parts = [self._pair_of[start:end] for start, end in bounds]
        if not parts:
            return []
        shared = np.bincount(np.concatenate(parts), minlength=len(self._norms))
        found: NDArray[np.int64] = np.flatnonzero(shared >= min(2, int(shared.max())))
        whole = shared[found] / (self._sizes[found] + len(norm))
        begun = shared[found] - 0.001 * self._sizes[found]
        chosen = {int(found[at]) for rank in (whole, begun) for at in _highest(rank)}
        return sorted(chosen)


def name_columns(name: str, named: Iterable[tuple[str, int, bool]]) -> Columns:
    """The columns that `Names` reads, from (name, owner, is an old or second name)."""
    first: dict[tuple[str, int], bool] = {}
    for written, owner, second in named:
        norm = rules.street_norm(written)
        if norm:
            first[norm, owner] = second and first.get((norm, owner), True)
    pairs = sorted(first)
    norms = [norm for norm, _ in pairs]
    tails = sorted(
        (norm[at + 1 :], index)
        for index, norm in enumerate(norms)
        for at, letter in enumerate(norm)
        if letter == " "
    )
    codes, owners = _all_pairs(norms)
    kinds, starts = np.unique(codes, return_index=True)
    return {
        **text_columns(f"{name}.norm", norms),
        **text_columns(f"{name}.core", map(rules.core, norms)),
        **text_columns(f"{name}.tail", (tail for tail, _ in tails)),
        f"{name}.tail_of": np.array([index for _, index in tails], dtype=np.int32),
        f"{name}.owner": np.array([owner for _, owner in pairs], dtype=np.int64),
        f"{name}.second": np.array([first[pair] for pair in pairs], dtype=np.bool_),
        f"{name}.size": np.array(list(map(len, norms)), dtype=np.int32),
        f"{name}.pair": kinds,
        f"{name}.pair_ends": np.append(starts, len(codes)).astype(np.int64),
        f"{name}.pair_of": owners,
    }


def _pairs_in(norm: str) -> NDArray[np.int64]:
    """Each two letters that stand side by side as one number; a text begins and ends with a space."""
    letters = np.frombuffer(f" {norm} ".encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    found: NDArray[np.int64] = letters[:-1] << 21 | letters[1:]
    return found


def _all_pairs(norms: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(pair, number of the name) of every name, each once, sorted by pair."""
    pairs = [np.unique(_pairs_in(norm)) for norm in norms]
    codes = np.concatenate(pairs) if pairs else np.zeros(0, dtype=np.int64)
    counts = np.diff(ends_of(map(len, pairs)))
    owners = np.repeat(np.arange(len(norms), dtype=np.int32), counts)
    order = np.argsort(codes, kind="stable")
    return codes[order], owners[order]


def _highest(rank: NDArray[np.float64]) -> NDArray[Any]:
    if len(rank) <= _MOST_LIKE:
        return np.arange(len(rank))
    return np.argpartition(rank, len(rank) - _MOST_LIKE)[-_MOST_LIKE:]


def _raise(scores: dict[int, float], index: int, score: float) -> None:
    scores[index] = max(score, scores.get(index, 0.0))


def _grouped(words: list[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        groups[word].append(index)
    return dict(groups)
