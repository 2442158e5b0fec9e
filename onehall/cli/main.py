"""The `onehall` command: one module per group, loaded only when it is used."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import override

import click

from onehall.cli.running import use_data_dir

COMMANDS = {
    "demo": "Try it: a made-up city with history, on this machine.",
    "serve": "Run the pages, the worker and the live stream, and keep them running.",
    "worker": "Do the queued work: mail, webhooks, timers.",
    "city": "Check, plan, apply and export a city folder.",
    "flow": "The versions of flows: which are in use, move live cases, draw one.",
    "fees": "Check the fee schedules of a city folder, and tell what something costs.",
    "map": "Make the basemap of a city of an OpenStreetMap extract.",
    "import": "Bring in requests from another system.",
    "generate": "Make up history of any size, for measuring and for trying a city out.",
    "figures": "Sum up the days anew, or compare the sums with the cases.",
    "pay-demo": "A payment provider to try things out with: no money moves.",
    "doctor": "Look for what is wrong with this installation.",
    "waiting": "Look at the reports that came while the database was away, drop one, have them recorded.",
    "user": "Add staff, list them, set passwords.",
    "retention": "What the rules erase of ended cases: look at it, or do it now.",
    "archive": "Histories of cases that ended long ago: move them into files, look, bring them back.",
    "timeline": "Verify the timelines of cases.",
    "db": "The address of the database, and a shell on it.",
    "manage": "Pass a command on to Django.",
    "prepare-demo": "",
}
MODULES = {"import": "importing", "pay-demo": "pay_demo", "prepare-demo": "prepare_demo"}


class Commands(click.Group):
    """Finds each command in the module of its name, so that `--help` stays fast."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands for people, in the order of the table."""
        return [name for name, words in COMMANDS.items() if words]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"onehall.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        command.hidden = not COMMANDS[cmd_name]
        command.short_help = COMMANDS[cmd_name]
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, words in COMMANDS.items() if words])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data folder; else ONEHALL_DATA, else ./var.",
)
@click.version_option(package_name="onehall", prog_name="onehall")
def main(data: Path | None) -> None:
    """Onehall: one system for a city and its residents."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "onehall.config.settings")
    if data is not None:
        use_data_dir(data)
