"""What taking a photo costs: prints one JSON line per case. Run: python -m bench.photos [repeats]"""

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from onehall.kernel import photos


def scene(width: int = 4032, height: int = 3024) -> Image.Image:
    """A picture about as hard to code as a street photo: soft shapes with grain, always the same."""
    dice = np.random.default_rng(311)
    shapes = Image.fromarray(dice.integers(0, 255, (24, 32, 3), dtype=np.uint8))
    smooth = np.asarray(shapes.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = dice.normal(0, 7, (height, width, 1)).astype(np.int16)
    return Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))


def jpeg(picture: Image.Image) -> bytes:
    """As a phone writes it."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return file.getvalue()


def png(picture: Image.Image) -> bytes:
    """As a screenshot is written."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def heic(picture: Image.Image) -> bytes:
    """As an iPhone writes it."""
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=60)
    return file.getvalue()


def peak_mb() -> int | None:
    """The most memory this process has held, in MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def measure(name: str, data: bytes, repeats: int) -> None:
    """Accept a file several times and print what that took and what came of it."""
    seconds = []
    photo = photos.accept(data)
    for _ in range(repeats):
        start = time.perf_counter()
        photo = photos.accept(data)
        seconds.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "bench": "photos",
                "case": name,
                "in_bytes": len(data),
                "median_ms": round(statistics.median(seconds) * 1000),
                "best_ms": round(min(seconds) * 1000),
                "out_bytes": [len(photo.jpeg), len(photo.small), len(photo.thumb)],
                "peak_rss_mb": peak_mb(),
            }
        )
    )


def main() -> None:
    """Measure each kind of upload, each in a process of its own so that its memory is its own."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if len(sys.argv) > 3:
        data = Path(sys.argv[3]).read_bytes()
        measure(sys.argv[2], data, repeats)
        return
    picture = scene()
    files = {
        "12 MP JPEG": jpeg(picture),
        "2 MP JPEG (shrunk on the phone)": jpeg(picture.resize((1600, 1200))),
        "12 MP HEIC": heic(picture),
        "2 MP PNG": png(picture.resize((1600, 1200))),
    }
    for name, data in files.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            command = [sys.executable, "-m", "bench.photos", str(repeats), name, file.name]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
