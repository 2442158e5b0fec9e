"""An import in a process of its own, for the test that kills it: FILE PROFILE SLUG SIZE NOW REJECTS."""

import sys
from datetime import datetime
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()
    from onehall.places.models import City
    from onehall.service_requests.importing import loader, profile
    from onehall.service_requests.models import ImportRun

    file, rules, slug, size, now, rejects = sys.argv[1:]

    def tell(position: int, whole: int, run: ImportRun) -> None:
        """One line per batch, for the parent to count."""
        sys.stdout.write(f"{run.rows_done}\n")
        sys.stdout.flush()

    loader.import_requests(
        city=City.objects.get(slug=slug),
        profile=profile.load(rules),
        path=Path(file),
        rejects=Path(rejects),
        now=datetime.fromisoformat(now),
        progress=tell,
        batch_size=int(size),
    )
