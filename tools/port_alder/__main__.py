"""`python -m tools.port_alder [DIR]` rewrites the geography in DIR, by default cities/port-alder."""

import sys
from pathlib import Path

from tools.port_alder.write import write


def main() -> None:
    """Writes the files and prints their sizes."""
    home = Path(__file__).resolve().parents[2] / "cities" / "port-alder"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else home
    sizes = write(target)
    for name, size in sizes.items():
        print(f"{size:>9,}  {name}")
    print(f"{sum(sizes.values()):>9,}  in all")


if __name__ == "__main__":
    main()
