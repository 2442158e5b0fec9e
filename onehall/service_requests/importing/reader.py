"""Reads a file of reports as its profile says."""

from pathlib import Path
from typing import Final

from onehall.kernel import csvfile
from onehall.kernel.csvfile import ColumnsMissing
from onehall.kernel.csvfile import FileBroken as FileBroken
from onehall.kernel.csvfile import Record as Record
from onehall.kernel.csvfile import fingerprint as fingerprint
from onehall.service_requests.importing.profile import Profile, ProfileError

MAX_FIELD: Final = 1 << 20
"""Longest field in characters."""


class Reader(csvfile.Reader):
    """The rows of one file; ProfileError where it lacks columns that the profile reads."""

    def __init__(self, path: Path, profile: Profile) -> None:
        try:
            super().__init__(
                path,
                encoding=profile.encoding,
                delimiter=profile.delimiter,
                columns=profile.columns(),
                longest=MAX_FIELD,
            )
        except ColumnsMissing as no:
            raise ProfileError(str(no)) from None
