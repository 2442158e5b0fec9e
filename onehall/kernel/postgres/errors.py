"""The one error of this package."""


class PostgresError(Exception):
    """The server cannot be found, made or started; the text is a sentence for the operator."""
