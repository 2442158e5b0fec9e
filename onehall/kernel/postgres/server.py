"""A PostgreSQL server in a folder, as our direct child, reached over a Unix socket only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from onehall.kernel.postgres import leash, pidfile
from onehall.kernel.postgres.account import (
    Account,
    account_for,
    reachable_home,
    readable_programs,
    user_name,
)
from onehall.kernel.postgres.discover import Programs, find_programs
from onehall.kernel.postgres.errors import PostgresError

EXTENSIONS = ("pg_trgm", "unaccent")
SUPERUSER = "postgres"
PORT = 5432
# The kernel allows 107 bytes for the path of a socket.
LONGEST_SOCKET_DIR = 85
START_SECONDS = 60.0
STOP_SECONDS = 60.0
LOG_BYTES = 10 * 1024 * 1024
STEP_SECONDS = 0.05


class EmbeddedPostgres:
    """One cluster under `data_dir`. `start` adopts a server that already runs there.

    `settings` are extra server settings, for example {"fsync": "off"} for tests.
    """

    def __init__(
        self,
        data_dir: Path,
        bin_dir: Path | None = None,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._home = Path(data_dir)
        self._bin_dir = bin_dir
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self.adopted = False
        self.version = ""
        self.extensions: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def cluster(self) -> Path:
        """The server's own data folder."""
        return self._home.resolve() / "cluster"

    @property
    def log(self) -> Path:
        """What the server wrote since its last starts."""
        return self._home.resolve() / "server.log"

    @property
    def pid(self) -> int | None:
        """The process id of the server, also of an adopted one."""
        known = pidfile.read(self.cluster)
        return known.pid if known else None

    def start(self) -> str:
        """Starts or adopts the server and waits until it answers; the URL of `postgres`."""
        if self._process is not None and self.is_running():
            return self.url()
        account = account_for(self.cluster, named=os.environ.get("ONEHALL_PG_USER", ""))
        home = reachable_home(self._home, account)
        with _only_one(home / "start.lock"):
            if not self._adopt():
                self._launch(home, account)
                self._wait_until_ready()
        self._probe()
        return self.url()

    def stop(self) -> None:
        """Stops the server if we started it: politely, then firmly. An adopted one keeps running."""
        process, self._process = self._process, None
        if process is None:
            return
        # SIGINT is PostgreSQL's fast shutdown; SIGQUIT its immediate one.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                return

    def is_running(self) -> bool:
        """Whether the server process still lives."""
        if self._process is not None:
            return self._process.poll() is None
        known = pidfile.read(self.cluster)
        return known is not None and pidfile.is_postmaster(known.pid, self.cluster)

    def url(self, name: str = SUPERUSER) -> str:
        """The address of a database on this server."""
        if self._socket_dir is None:
            message = "The embedded server has not been started."
            raise PostgresError(message)
        return (
            f"postgresql://{SUPERUSER}@/{quote(name)}?host={quote(str(self._socket_dir), safe='')}"
        )

    def create_database(self, name: str) -> str:
        """Makes the database with the useful extensions unless it exists; its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(name)
                    )
                )
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            for extension in sorted(self.extensions):
                connection.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                )
        return self.url(name)

    def _adopt(self) -> bool:
        """Whether a server of this cluster runs and answers; waits for one that is ending."""
        deadline = time.monotonic() + START_SECONDS
        while (known := pidfile.read(self.cluster)) and pidfile.is_postmaster(
            known.pid, self.cluster
        ):
            self._socket_dir = Path(known.socket_dir)
            last = self._knock()
            if not last:
                self.adopted = True
                return True
            if time.monotonic() > deadline:
                message = f"A server runs in {self.cluster} but does not answer. {last}"
                raise PostgresError(message)
            time.sleep(STEP_SECONDS)
        return False

    def _knock(self) -> str:
        """Empty when the server lets us in, else what it said."""
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            return str(error).strip()
        return ""

    def _launch(self, home: Path, account: Account) -> None:
        programs = readable_programs(find_programs(self._bin_dir), account, home)
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster(home, programs, account)
        major = (self.cluster / "PG_VERSION").read_text("ascii").strip()
        if int(major) != programs.major:
            message = (
                f"The data in {self.cluster} belongs to PostgreSQL {major}, but the programs found "
                f"({programs.bin_dir}) are {programs.version}. Name a matching folder in "
                "ONEHALL_PG_BIN, or dump and restore the data."
            )
            raise PostgresError(message)
        self._let_in(account)
        pidfile.forget_if_stale(self.cluster)
        self._socket_dir = _socket_dir(home, account)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._run_server(programs, account)

    def _make_cluster(self, home: Path, programs: Programs, account: Account) -> None:
        """initdb into a draft folder, so that a broken attempt is never taken for a cluster."""
        draft = home / f"cluster.new.{os.getpid()}"
        draft.mkdir(mode=0o700)
        account.own(draft)
        command = [
            str(programs.path("initdb")),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--auth-local=peer",
            "--auth-host=reject",
            "--data-checksums",
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        ]
        # The builtin locale sorts the same on every machine and after every system upgrade.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        choices = [builtin] if programs.major >= 17 else [["--locale=C.UTF-8"], ["--locale=C"]]
        said = ""
        for choice in choices:
            done = subprocess.run(
                _leashed([*command, *choice], account),
                cwd="/",
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                draft.replace(self.cluster)
                return
            said = done.stderr.strip() or done.stdout.strip()
        message = f"PostgreSQL could not make a new database folder in {home}: {said[-600:]}"
        raise PostgresError(message)

    def _let_in(self, account: Account) -> None:
        """Only the account itself and whoever starts the server may connect, as one superuser."""
        names = {account.name, user_name(os.geteuid())}
        lines = [f'house "{name}" {SUPERUSER}' for name in sorted(names)]
        _write(self.cluster / "pg_ident.conf", "\n".join(lines) + "\n", account)
        rules = (
            f"local all {SUPERUSER} peer map=house\nlocal replication {SUPERUSER} peer map=house\n"
        )
        _write(self.cluster / "pg_hba.conf", rules, account)

    def _run_server(self, programs: Programs, account: Account) -> None:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
            "shared_buffers": f"{_shared_buffers_mb()}MB",
            "jit": "off",
            "max_connections": "100",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] ",
            **self._settings,
        }
        command = [str(programs.path("postgres")), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                _leashed(command, account),
                cwd="/",
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.adopted = False

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        last = ""
        while self.is_running() and time.monotonic() < deadline:
            last = self._knock()
            if not last:
                return
            time.sleep(STEP_SECONDS)
        what = "does not answer" if self.is_running() else "ended at once"
        self.stop()
        tail = self.log.read_text("utf-8", "replace")[-1200:].strip() if self.log.exists() else ""
        message = f"The embedded PostgreSQL {what}. {last}\nThe end of {self.log}:\n{tail}"
        raise PostgresError(message)

    def _probe(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute(
                "SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)]
            )
            self.extensions = frozenset(str(row[0]) for row in found)
            row = connection.execute("SHOW server_version").fetchone()
            self.version = str(row[0]) if row else ""


def _leashed(command: list[str], account: Account) -> list[str]:
    """`command`, run under `account` and ended (fast shutdown) when this process dies."""
    uid, gid = (account.uid, account.gid) if account.lent else (-1, -1)
    words = [signal.SIGINT.value, os.getpid(), uid, gid]
    return [
        sys.executable,
        "-I",
        "-S",
        leash.__file__,
        *(str(word) for word in words),
        "--",
        *command,
    ]


def _clean_environment() -> dict[str, str]:
    """Our environment without settings for clients or locales that would change the server."""
    kept = {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
    return {name: value for name, value in os.environ.items() if name in kept} | {"LC_ALL": "C"}


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    account.own(path)


def _socket_dir(home: Path, account: Account) -> Path:
    """`home/run`, or a short private folder when that path is too long for a socket."""
    folder = home / "run"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_DIR:
        key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"onehall-{key}"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_DIR:
            folder = Path("/tmp") / folder.name  # noqa: S108  # checked for its owner below
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), account.uid}:
        message = f"{folder} belongs to somebody else; remove it and start again."
        raise PostgresError(message)
    folder.chmod(0o700)
    account.own(folder)
    return folder


def _shared_buffers_mb() -> int:
    """An eighth of the memory, between 64 MB and 512 MB."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 128
    return max(64, min(512, total // 8 // 1024**2))


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two processes that start the same cluster at once: the second waits and then adopts."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
