"""The account the server runs as: PostgreSQL refuses root, so root lends it an unprivileged one."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from onehall.kernel.postgres.discover import Programs
from onehall.kernel.postgres.errors import PostgresError

CANDIDATES = ("postgres", "nobody")
HOMES = (Path("/var/lib/onehall"), Path(tempfile.gettempdir()) / "onehall-data")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who runs the server. `lent` is true when we are root and must step down to it."""

    uid: int
    gid: int
    name: str
    lent: bool

    def own(self, path: Path) -> None:
        """Makes the account the owner of `path`."""
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def may(self, path: Path, wanted: int) -> bool:
        """Whether the account has the permission bits `wanted` (4 read, 2 write, 1 enter)."""
        if not self.lent:
            return True
        facts = path.stat()
        shift = 6 if facts.st_uid == self.uid else 3 if facts.st_gid == self.gid else 0
        return (stat.S_IMODE(facts.st_mode) >> shift) & wanted == wanted

    def reaches(self, folder: Path) -> bool:
        """Whether the account can walk down to `folder`."""
        return all(self.may(step, 1) for step in (folder, *folder.parents))


def account_for(cluster: Path, *, named: str = "") -> Account:
    """Our own account; for root the named one, else the owner of the data, else a harmless one."""
    uid = os.geteuid()
    if uid != 0:
        return Account(uid=uid, gid=os.getegid(), name=user_name(uid), lent=False)
    if named:
        try:
            return _lent(pwd.getpwnam(named))
        except KeyError:
            message = f"ONEHALL_PG_USER names {named!r}, but there is no such account."
            raise PostgresError(message) from None
    if cluster.exists() and cluster.stat().st_uid != 0:
        return _lent(pwd.getpwuid(cluster.stat().st_uid))
    for candidate in CANDIDATES:
        try:
            return _lent(pwd.getpwnam(candidate))
        except KeyError:
            continue
    message = (
        "PostgreSQL does not run as root, and there is no account called postgres or nobody. "
        "Name an unprivileged account in ONEHALL_PG_USER."
    )
    raise PostgresError(message)


def user_name(uid: int) -> str:
    """The name of a user id; the server needs one to know who connects."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        message = f"The user id {uid} has no name on this machine; PostgreSQL needs one."
        raise PostgresError(message) from None


def _lent(entry: pwd.struct_passwd) -> Account:
    if entry.pw_uid == 0:
        message = "PostgreSQL does not run as root; name another account in ONEHALL_PG_USER."
        raise PostgresError(message)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name, lent=True)


def reachable_home(home: Path, account: Account) -> Path:
    """`home`, or where it now points to: a folder behind a private one (/root) cannot be entered.

    The data then lives outside, and `home` becomes a link to it.
    """
    if home.is_symlink() and not home.exists():
        home.readlink().mkdir(parents=True, mode=0o711)
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        if account.reaches(home.parent.resolve()):
            home.mkdir(mode=0o711)
        else:
            home.symlink_to(_outside(home, account), target_is_directory=True)
    real = home.resolve()
    if account.lent:
        real.chmod(0o711)
    if not account.reaches(real):
        message = (
            f"The account {account.name} cannot enter {real}, because a folder above it is "
            "private. Choose another data folder, or another account in ONEHALL_PG_USER."
        )
        raise PostgresError(message)
    return real


def _outside(home: Path, account: Account) -> Path:
    key = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:16]
    for base in HOMES:
        try:
            base.mkdir(parents=True, exist_ok=True, mode=0o711)
            folder = base / key
            folder.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        if folder.stat().st_uid == 0 and account.reaches(folder):
            return folder
    message = f"There is no place for the database that the account {account.name} can enter."
    raise PostgresError(message)


def readable_programs(programs: Programs, account: Account, home: Path) -> Programs:
    """The same programs, copied into `home` when the account cannot read them where they are."""
    if not account.lent or _readable(programs, account):
        return programs
    place = home / "programs" / f"{programs.source}-{programs.version}"
    site = programs.libs.parent if programs.libs else programs.home.parent
    inner = programs.bin_dir.relative_to(site)
    if not place.exists():
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        for folder in filter(None, (programs.home, programs.libs)):
            target = draft / folder.relative_to(site)
            shutil.copytree(folder, target, symlinks=True, ignore=_NOT_NEEDED)
        _open_up(draft)
        draft.replace(place)
    place.parent.chmod(0o755)
    return Programs(
        bin_dir=place / inner,
        version=programs.version,
        source=programs.source,
        home=place / programs.home.relative_to(site),
        libs=place / programs.libs.name if programs.libs else None,
    )


_NOT_NEEDED = shutil.ignore_patterns("__pycache__", "include", "doc", "man", "*.a")


def _readable(programs: Programs, account: Account) -> bool:
    folders = [programs.bin_dir, *([programs.libs] if programs.libs else [])]
    return all(account.reaches(folder.resolve()) for folder in folders) and account.may(
        programs.path("postgres"), 5
    )


def _open_up(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
