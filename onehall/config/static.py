"""Which static files of the libraries are worth collecting, and how ours are named."""

from typing import override

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # the library ships no types
    """Names with a digest of the content, also where one script imports another."""

    support_js_module_import_aggregation = True

    @override
    def url(self, name: str, force: bool = False) -> str:  # as the library has it
        """The address of a file: worked out once, since the files of a running server do not change."""
        known: dict[str, str] = self.__dict__.setdefault("known_urls", {})
        if name not in known:
            known[name] = str(super().url(name, force))
        return known[name]


class OwnStaticFilesConfig(StaticFilesConfig):
    """Leaves out what no page uses: collecting and compressing it would slow the first start."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        # htmx in another major version, and its readable copies
        "htmx-2*", "htmax-*", "htmx-4.js", "hx-*-2.js", "hx-*-2.min.js", "hx-*-4.js",
        # the map library's drawing tools, projections and sources
        "draw", "proj4*", "leaflet-src.*", "leaflet.draw*", "leaflet.forms.js", "Control.MiniMap.*",
        # what our own stylesheets are joined from
        "look/src/*",
    ]  # fmt: skip
