"""The table of who may do what, as people read it."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.console.desk import draw, frame, staff_only
from onehall.look.doorway import CityRequest
from onehall.people import permissions


@staff_only
@require_GET
def roles(request: CityRequest) -> HttpResponse:
    """Every permission by role: the same table that the code asks."""
    mine = [r for r in permissions.ROLES if r in request.actor.roles]
    context = {
        "roles": [
            {
                "key": r,
                "word": permissions.words_of(r),
                "about": permissions.about(r),
                "mine": r in mine,
            }
            for r in permissions.ROLES
        ],
        "parts": [
            {
                "key": part.key,
                "words": part.words,
                "lines": [
                    {
                        "words": line.words,
                        "cells": [
                            {
                                "word": permissions.words_of(r),
                                "yes": r in line.roles,
                                "mine": r in mine,
                            }
                            for r in permissions.ROLES
                        ],
                    }
                    for line in part.lines
                ],
            }
            for part in permissions.TABLE
        ],
        "width": len(permissions.ROLES) + 1,
    }
    return draw(request, "console/roles.html", frame(request), context, rail_at="roles")
