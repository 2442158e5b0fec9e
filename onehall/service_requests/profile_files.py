"""Profiles as files: those that come with Onehall in a folder, and those of an operator's own."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems


class ProfileError(Exception):
    """The profile cannot be used, or not in this city; the text is for the operator."""


def names(folder: Path) -> list[str]:
    """The profiles that come with Onehall."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load[P](folder: Path, name: str, read: Callable[[Node, str], P]) -> P:
    """A profile of the folder by its name, or from a .yaml file of the operator's own. Raises `ProfileError`.

    `read` makes it of the document and the digest of the file; what it notes as a problem is told at once.
    """
    path = folder / f"{name}.yaml"
    if name not in names(folder):
        path = Path(name)
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            known = ", ".join(names(folder))
            raise ProfileError(
                f'There is no profile "{name}". Use one of {known}, or the path of a .yaml file.'
            )
    data = path.read_bytes()
    problems = Problems()
    node = yamlfile.parse(data, file=path.name, problems=problems)
    profile = read(node, hashlib.sha256(data).hexdigest())
    if found := list(problems):
        raise ProfileError("\n".join(str(problem) for problem in found))
    return profile
