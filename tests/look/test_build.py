"""The served stylesheets are made from their parts, and stay small."""

import gzip

from onehall.look import build

RESIDENT_BUDGET = 14 * 1024
SPRITE_BUDGET = 8 * 1024
SCRIPT_BUDGET = 4 * 1024


def packed(name: str) -> int:
    return len(gzip.compress((build.HOME / name).read_bytes(), 9))


def test_served_files_are_fresh():
    for path, css in build.built().items():
        assert path.read_text(encoding="utf-8") == css, (
            f"{path.name}: run `onehall manage build_look`"
        )


def test_residents_load_little():
    assert packed("onehall.css") <= RESIDENT_BUDGET
    assert packed("sprite.svg") <= SPRITE_BUDGET
    assert packed("js/live.js") <= SCRIPT_BUDGET
    assert packed("js/desk.js") <= SCRIPT_BUDGET


def test_build_writes_only_what_changed(tmp_path):
    (tmp_path / "src").mkdir()
    for name in (*build.RESIDENTS, *build.STAFF, *build.MAPS):
        (tmp_path / "src" / f"{name}.css").write_text(
            f".{name} {{ color: red; }}\n", encoding="utf-8"
        )
    assert {path.name for path in build.build(tmp_path)} == {"onehall.css", "desk.css", "maps.css"}
    assert build.build(tmp_path) == []
    assert (tmp_path / "desk.css").read_text(encoding="utf-8") == "".join(
        f".{name}{{color:red}}" for name in build.STAFF
    ) + "\n"


def test_minify_keeps_what_matters():
    css = "/* note */\n.a > .b { inline-size: calc(1rem + 2px) ; }\n@media (min-width: 1rem) and (hover) { .c .d { color: red; } }"
    assert build.minify(css) == (
        ".a>.b{inline-size:calc(1rem + 2px)}@media (min-width:1rem) and (hover){.c .d{color:red}}\n"
    )


def test_stylesheets_stay_logical_and_ask_nobody_else():
    for name in (*build.RESIDENTS, *build.STAFF, *build.MAPS):
        css = (build.HOME / "src" / f"{name}.css").read_text(encoding="utf-8")
        for physical in (
            "margin-left",
            "margin-right",
            "padding-left",
            "padding-right",
            "text-align: left",
        ):
            assert physical not in css, f"{name}.css: {physical}"
        assert "http" not in css
        assert "@import" not in css
