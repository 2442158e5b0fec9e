"""Why a change of the set-up is refused, in words for people; what they wrote goes along, so nothing is lost."""

from collections.abc import Sequence
from datetime import datetime

from onehall.kernel.yamlfile import PackProblem


class SetupRefused(Exception):
    """A change that may not be made."""


class MayNotSetUp(SetupRefused):
    """The person has no role for it."""


class Overtaken(SetupRefused):
    """Somebody else changed the file in the meantime. `theirs` is what stands there now, None where it is gone."""

    def __init__(
        self,
        message: str,
        *,
        path: str,
        mine: str,
        theirs: str | None,
        version: int,
        by_name: str,
        at: datetime | None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.mine = mine
        self.theirs = theirs
        self.version = version
        self.by_name = by_name
        self.at = at


class HasMistakes(SetupRefused):
    """The draft has mistakes, so nothing was published."""

    def __init__(self, message: str, problems: Sequence[PackProblem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class CityMoved(SetupRefused):
    """The city became another in files that the draft changes, so nothing was published."""

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message)
        self.paths = tuple(paths)


class NoRehearsal(SetupRefused):
    """There is no such rehearsal in this city."""
