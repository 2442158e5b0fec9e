"""Runs every measurement, one after the other: `make bench`, or `python -m bench [--shared DIR]`.

Those that import files of other cities need DIR, the folder that holds `311/`; without it they are
left out, and that is said. A part that fails does not keep the rest from running.
"""

import argparse
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = "FOLDER"
"""Stands for the shared folder `311` in the options of a part."""


@dataclass(frozen=True)
class Part:
    """One measurement: its module, its options, and the program it needs beside Python."""

    name: str
    options: tuple[str, ...] = ()
    program: str = ""

    def lacks(self, shared: Path | None) -> str:
        """Why it cannot be run here; "" when it can."""
        if self.program and shutil.which(self.program) is None:
            return f"the program {self.program} is not installed"
        return "it needs --shared DIR" if FOLDER in self.options and shared is None else ""

    def run(self, shared: Path | None) -> bool:
        """Run it in a process of its own; whether it came to its end."""
        options = [str(shared) if option == FOLDER else option for option in self.options]
        words = ["-m", f"bench.{self.name}", *options]
        print(f"# python {' '.join(words)}", flush=True)
        begin = time.monotonic()
        code = subprocess.run([sys.executable, *words], check=False).returncode
        print(f"# {time.monotonic() - begin:.0f} seconds", flush=True)
        return code == 0


PARTS = (
    Part("start"),
    Part("http", program="wrk"),
    Part("city", ("--cases", "100000"), program="wrk"),
    Part("storm", ("--cases", "20000", "--seconds", "60")),
    Part("figures", ("--cases", "100000")),
    Part("moves", ("--cases", "100000")),
    Part("areas", ("--cases", "100000")),
    Part("timers"),
    Part("retention"),
    Part("archive"),
    Part("rehearsal"),
    Part("generating"),
    Part("live"),
    Part("places"),
    Part("storage"),
    Part("verify"),
    Part("photos"),
    Part("importing", (FOLDER, "--times", "3")),
    Part("storage", ("--imported", FOLDER)),
    Part("verify", ("--imported", FOLDER)),
)


def main() -> None:
    """Run from the command line."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--shared", type=Path, metavar="DIR")
    given = arguments.parse_args().shared
    shared = given / "311" if given else None
    if shared and not shared.is_dir():
        sys.exit(f"{given} holds no folder called 311.")
    left_out = {part: why for part in PARTS if (why := part.lacks(shared))}
    failed = [part for part in PARTS if part not in left_out and not part.run(shared)]
    for part, why in left_out.items():
        print(f"!! NOT MEASURED: bench.{part.name} {' '.join(part.options)}: {why}.", flush=True)
    if failed:
        sys.exit(f"Failed, see above: {', '.join(part.name for part in failed)}")


if __name__ == "__main__":
    main()
