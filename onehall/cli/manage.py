"""`onehall manage …`: Django's own commands, with our settings and our database."""

import click

from onehall.cli import running

PASS_ON = {
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}
# These read code only; starting a database for them would be wasted.
NO_DATABASE = {
    "makemessages",
    "compilemessages",
    "collectstatic",
    "help",
    "build_look",
    "diffsettings",
}


@click.command(context_settings=PASS_ON)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Pass a command on to Django: `onehall manage migrate --plan`."""
    from django.core.management import execute_from_command_line

    arguments = ["onehall manage", *words]
    if not words or words[0] in NO_DATABASE or "--help" in words:
        execute_from_command_line(arguments)
        return
    with running.database():
        execute_from_command_line(arguments)
