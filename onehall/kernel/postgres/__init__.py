"""Our own launcher for an embedded PostgreSQL: one folder of data, one child process."""

from onehall.kernel.postgres.discover import MIN_MAJOR, Programs, find_programs
from onehall.kernel.postgres.errors import PostgresError
from onehall.kernel.postgres.server import EmbeddedPostgres

__all__ = ["MIN_MAJOR", "EmbeddedPostgres", "PostgresError", "Programs", "find_programs"]
