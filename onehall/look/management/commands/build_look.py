"""Writes the served stylesheets from their parts."""

from typing import Any, override

from django.core.management.base import BaseCommand

from onehall.look.build import build


class Command(BaseCommand):
    """`onehall manage build_look`: run it after a change below static/look/src."""

    help = "Join and shrink the stylesheets."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        for path in build():
            self.stdout.write(f"written {path.name}")
