"""Photos: what is refused and how that is said, what comes out, and that nothing else comes along."""

import io
import random
import struct
import threading
import zipfile
import zlib
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pillow_heif
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw, PngImagePlugin

from onehall.kernel.photos import REASONS, PhotoRefused, accept, intake, redact, variants
from onehall.kernel.photos.facts import _position
from tests.shared_data import shared

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 170, 60), (40, 60, 220), (235, 220, 40)


def quarters(width: int = 400, height: int = 300) -> Image.Image:
    """Red and green above, blue and yellow below: each turn of it looks different."""
    picture = Image.new("RGB", (width, height), YELLOW)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture


def file_of(picture: Image.Image, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int = 1, *, gps: bool = True, taken: str = "2026:03:04 10:00:00", offset: str = "") -> Image.Exif:  # fmt: skip
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Make] = "Cellphone Inc."
    details = tags.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    if gps:
        place = tags.get_ifd(ExifTags.IFD.GPSInfo)
        place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLongitudeRef] = "N", "W"
        place[ExifTags.GPS.GPSLatitude] = (Fraction(37), Fraction(46), Fraction(2967, 100))
        place[ExifTags.GPS.GPSLongitude] = (Fraction(122), Fraction(25), Fraction(958, 100))
    return tags


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def corners(jpeg: bytes) -> list[tuple[int, ...]]:
    """The colors a tenth in from each corner: top left, top right, bottom left, bottom right."""
    picture = opened(jpeg).convert("RGB")
    w, h = picture.size
    spots = ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))
    return [picture.getpixel((int(x * w), int(y * h))) for x, y in spots]


def near(found: tuple[int, ...], wanted: tuple[int, ...], slack: int = 14) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))


def is_upright(jpeg: bytes, slack: int = 14) -> bool:
    return all(near(*pair, slack) for pair in zip(corners(jpeg), (RED, GREEN, BLUE, YELLOW), strict=True))  # fmt: skip


def assert_bare(jpeg: bytes) -> None:
    """Only pixels: the sole segments besides the picture's own are the JFIF header."""
    picture = opened(jpeg)
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}  # fmt: skip
    for trace in (b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE", b"Photoshop", b"Cellphone"):
        assert trace not in jpeg
    assert jpeg.endswith(b"\xff\xd9")


def refusal(upload: bytes, **options) -> str:
    with pytest.raises(PhotoRefused) as no:
        accept(upload, **options)
    return no.value.reason_key


def outcome(upload: bytes) -> str:
    """The reason of a refusal, or "accepted" for a photo that came out clean."""
    try:
        photo = accept(upload)
    except PhotoRefused as no:
        return no.reason_key
    assert_bare(photo.jpeg)
    return "accepted"


# Turning a stored picture back: what a camera held at that orientation would have written.
UNTURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


class TestOutput:
    def test_three_sizes_that_never_grow(self):
        photo = accept(file_of(quarters(2400, 1800)))
        assert (photo.width, photo.height) == (1600, 1200)
        sizes = [opened(one).size for one in (photo.jpeg, photo.small, photo.thumb)]
        assert sizes == [(1600, 1200), (480, 360), (320, 240)]
        little = accept(file_of(quarters(100, 60)))
        assert {opened(one).size for one in (little.jpeg, little.small, little.thumb)} == {(100, 60)}  # fmt: skip

    def test_tall_and_narrow_pictures_keep_their_shape(self):
        photo = accept(file_of(quarters(20, 4000)))
        assert (photo.width, photo.height) == (8, 1600)

    def test_a_stream_is_as_good_as_bytes(self):
        data = file_of(quarters())
        assert accept(io.BytesIO(data)).jpeg == accept(data).jpeg

    def test_the_original_is_handed_back_untouched(self):
        data = file_of(quarters(), "PNG")
        photo = accept(data)
        assert (photo.original, photo.original_format) == (data, "PNG")

    def test_the_same_upload_gives_the_same_name(self):
        data = file_of(quarters())
        assert accept(data).sha256 == accept(data).sha256
        assert len(accept(data).sha256) == 64

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_every_orientation_comes_out_upright(self, kind, orientation):
        turn = UNTURNED[orientation]
        stored = quarters() if turn is None else quarters().transpose(turn)
        photo = accept(file_of(stored, kind, exif=exif(orientation)))
        assert (photo.width, photo.height) == (400, 300)
        assert is_upright(photo.jpeg)
        assert is_upright(photo.thumb)
        assert_bare(photo.jpeg)

    def test_a_big_turned_photo_is_upright_too(self):
        stored = quarters(4000, 3000).transpose(UNTURNED[6])
        photo = accept(file_of(stored, exif=exif(6)))
        assert (photo.width, photo.height) == (1600, 1200)
        assert is_upright(photo.jpeg)

    def test_heic(self):
        file = io.BytesIO()
        pillow_heif.from_pillow(quarters()).save(file, quality=80, exif=exif(gps=True).tobytes())
        photo = accept(file.getvalue(), zone=UTC)
        assert photo.original_format == "HEIF"
        assert is_upright(photo.jpeg)
        assert photo.lat == pytest.approx(37.77491, abs=1e-4)
        assert_bare(photo.jpeg)


class TestColors:
    def test_cmyk(self):
        photo = accept(file_of(quarters().convert("CMYK")))
        assert is_upright(photo.jpeg, slack=40)

    def test_gray(self):
        photo = accept(file_of(quarters().convert("L")))
        assert opened(photo.jpeg).mode == "RGB"

    def test_sixteen_bit_gray_keeps_its_brightness(self):
        deep = Image.fromarray(np.full((60, 60), 0x8000, dtype=np.uint16))
        assert near(corners(accept(file_of(deep, "PNG")).jpeg)[0], (128, 128, 128), 2)

    def test_sixteen_bit_color(self):
        rows = b"".join(b"\0" + struct.pack(">3H", 0xDC00, 0x1E00, 0x1E00) * 40 for _ in range(40))
        assert near(corners(accept(png(40, 40, rows, depth=16)).jpeg)[0], RED)

    def test_one_bit_and_palettes(self):
        assert is_upright(accept(file_of(quarters().quantize(8), "PNG")).jpeg)
        assert accept(file_of(quarters().convert("1"), "PNG")).width == 400

    def test_transparent_parts_turn_white(self):
        clear = quarters().convert("RGBA")
        clear.paste((0, 0, 0, 0), (0, 0, 200, 150))
        for kind in ("PNG", "WEBP"):
            assert near(corners(accept(file_of(clear, kind)).jpeg)[0], (255, 255, 255), 3)
        palette = quarters().quantize(8)
        palette.info["transparency"] = palette.getpixel((1, 1))
        assert near(corners(accept(file_of(palette, "PNG", transparency=palette.getpixel((1, 1)))).jpeg)[0], (255, 255, 255), 3)  # fmt: skip

    def test_a_profile_is_applied_and_dropped(self):
        """Under a profile with other primaries the same numbers are another color."""
        lab_white = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for profile in (srgb, lab_white, b"not a profile", b""):
            photo = accept(file_of(quarters(), icc_profile=profile))
            assert is_upright(photo.jpeg)
            assert_bare(photo.jpeg)
        swapped = swap_red_and_green(srgb)
        found = corners(accept(file_of(quarters(), icc_profile=swapped)).jpeg)[0]
        assert found[1] > found[0]
        clear = quarters().convert("RGBA")
        found = corners(accept(file_of(clear, "PNG", icc_profile=swapped)).jpeg)[0]
        assert found[1] > found[0]


def swap_red_and_green(profile: bytes) -> bytes:
    """An RGB profile whose red primary is the green one and the other way round."""
    return profile.replace(b"rXYZ", b"xxxx").replace(b"gXYZ", b"rXYZ").replace(b"xxxx", b"gXYZ")


def png(width: int, height: int, rows: bytes, *, depth: int = 8) -> bytes:
    """A color PNG made by hand, whose header may promise anything."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


class TestFacts:
    def test_place_and_time_are_read_before_they_are_stripped(self):
        zone = ZoneInfo("America/Los_Angeles")
        photo = accept(file_of(quarters(), exif=exif()), zone=zone)
        assert (photo.lon, photo.lat) == pytest.approx((-122.419328, 37.774908), abs=1e-5)
        assert photo.taken_at == datetime(2026, 3, 4, 18, tzinfo=UTC)
        for jpeg in (photo.jpeg, photo.small, photo.thumb):
            assert_bare(jpeg)

    def test_the_cameras_own_offset_wins_over_the_citys_zone(self):
        data = file_of(quarters(), exif=exif(offset="+02:00"))
        assert accept(data).taken_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
        zone = ZoneInfo("America/Los_Angeles")
        assert accept(data, zone=zone).taken_at == datetime(2026, 3, 4, 8, tzinfo=UTC)

    def test_a_wall_time_without_a_zone_is_not_guessed(self):
        assert accept(file_of(quarters(), exif=exif())).taken_at is None

    @pytest.mark.parametrize("taken", ["", "0000:00:00 00:00:00", "yesterday", "1899:01:01 00:00:00", "2026:02:30 10:00:00"])  # fmt: skip
    def test_nonsense_times_are_left_out(self, taken):
        assert accept(file_of(quarters(), exif=exif(taken=taken)), zone=UTC).taken_at is None

    @pytest.mark.parametrize(
        ("lat", "lon"),
        [
            ((0, 0, 0), (0, 0, 0)),
            ((Fraction(95), 0, 0), (0, 0, 1)),
            ((37, 46), (122, 25)),
            ((37, 46, "x"), (122, 25, 9)),
        ],
    )
    def test_nonsense_places_are_left_out(self, lat, lon):
        gps = {1: "N", 2: lat, 3: "W", 4: lon}
        assert _position(gps) == (None, None)

    def test_southern_and_eastern_places(self):
        gps = {1: b"S\0", 2: (33, 30, 0), 3: "E", 4: (151, 15, 0)}
        assert _position(gps) == (151.25, -33.5)

    def test_other_traces_are_left_behind(self):
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", "Cellphone of Rosa")
        notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>http://ns.adobe.com Cellphone</x:xmpmeta>")
        assert_bare(accept(file_of(quarters(), "PNG", pnginfo=notes)).jpeg)
        comment = file_of(quarters(), comment="Cellphone of Rosa", xmp=b"http://ns.adobe.com/xap/1.0/")  # fmt: skip
        assert_bare(accept(comment).jpeg)


SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "empty"),
            (file_of(Image.new("P", (40, 40)), "GIF"), "gif"),
            (b"GIF89a/*" + b"\0" * 50 + b"*/=1;alert(1)", "gif"),
            (SVG, "drawing"),
            (b"\xef\xbb\xbf\n <!doctype html><script>", "drawing"),
            (file_of(quarters(), "PDF"), "pdf"),
            (b"\n\n%PDF-1.7", "pdf"),
            (file_of(quarters(), "TIFF"), "tiff"),
            (file_of(quarters(), "BMP"), "not_a_photo"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video"),
            (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "avif"),
            (b"\x1aE\xdf\xa3webm", "video"),
            (b"hello", "not_a_photo"),
            (b"\xff\xd8\xff", "broken"),
            (b"\x89PNG\r\n\x1a\n", "broken"),
            (b"RIFF\0\0\0\0WEBP", "broken"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "broken"),
            (b"\xff\xd8\xff\xe0<html><script>alert(1)</script>", "broken"),
            (file_of(quarters(15, 300)), "too_small"),
        ],
    )
    def test_in_words_by_kind(self, data, reason):
        assert refusal(data) == reason

    def test_what_a_file_is_called_or_pretends_does_not_matter(self):
        """A PNG inside is a PNG, however a sender labels it; a GIF is never opened as one."""
        assert refusal(b"\xff\xd8\xff" + SVG) == "broken"
        assert refusal(b"\x89PNG\r\n\x1a\n" + file_of(quarters())) == "broken"

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
    def test_truncated(self, kind, kept):
        dice = np.random.default_rng(1)
        noisy = Image.fromarray(dice.integers(0, 255, (300, 400, 3), dtype=np.uint8))
        data = file_of(noisy, kind)
        assert refusal(data[: int(len(data) * kept)]) == "broken"

    def test_truncated_heic(self):
        file = io.BytesIO()
        pillow_heif.from_pillow(quarters()).save(file)
        data = file.getvalue()
        assert refusal(data[: len(data) // 2]) == "broken"

    def test_too_many_bytes_are_not_even_read(self):
        class Endless(io.RawIOBase):
            asked = 0

            def read(self, size: int = -1) -> bytes:
                self.asked = size
                return b"\xff" * size

        endless = Endless()
        assert refusal(endless, max_bytes=1000) == "too_big"
        assert endless.asked == 1001
        assert refusal(b"\xff\xd8\xff" + b"\0" * 1000, max_bytes=1000) == "too_big"

    @pytest.mark.parametrize(
        ("width", "height"), [(20_000, 20_000), (7_746, 7_746), (9_500, 9_500), (2**31 - 1, 20)]
    )
    def test_a_small_file_that_promises_a_huge_picture(self, width, height):
        assert refusal(png(width, height, b"\0" * 1000)) == "too_many_pixels"

    def test_sixty_megapixels_are_the_limit(self):
        assert refusal(png(7_745, 7_745, b"")) == "broken"

    def test_a_jpeg_with_thousands_of_scans(self):
        data = file_of(quarters(), progressive=True)
        start = data.rindex(b"\xff\xda")
        assert refusal(data[:start] + data[start:-2] * 200 + b"\xff\xd9") == "broken"

    def test_a_video_behind_the_picture_is_not_taken_for_scans(self):
        """Some phones append seconds of video; its bytes look like anything."""
        video = random.Random(5).randbytes(10_000_000)
        photo = accept(file_of(quarters(), progressive=True, exif=exif()) + video)
        assert is_upright(photo.jpeg)

    def test_a_text_bomb_in_a_png(self):
        text = zlib.compress(b"\0" * 200_000_000)
        body = b"bomb\0\0" + text
        chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))  # fmt: skip
        plain = file_of(quarters(), "PNG")
        data = plain[:33] + chunk + plain[33:]
        assert outcome(data) in {"accepted", "broken"}

    def test_when_both_places_stay_taken(self, monkeypatch):
        monkeypatch.setattr(intake, "_WAIT_SECONDS", 0.01)
        monkeypatch.setattr(intake, "_AT_ONCE", threading.BoundedSemaphore(1))
        with intake._turn():
            assert refusal(file_of(quarters())) == "busy"
        assert accept(file_of(quarters())).width == 400

    def test_a_refusal_gives_its_place_back(self):
        for _ in range(10):
            refusal(b"\xff\xd8\xff")
        assert accept(file_of(quarters())).width == 400

    def test_reasons_are_sentences_in_the_readers_language(self):
        with pytest.raises(PhotoRefused) as no:
            accept(b"")
        with translation.override("en"):
            assert no.value.words == str(no.value) == "This file is empty. Choose the photo again."
        for words in REASONS.values():
            assert str(words).endswith(".")

    @pytest.mark.filterwarnings("ignore::UserWarning")
    @settings(max_examples=150)
    @given(st.sampled_from(["JPEG", "PNG", "WEBP", "HEIF"]), st.randoms(use_true_random=False))
    def test_damaged_files_are_refused_or_accepted_never_a_crash(self, kind, dice):
        data = bytearray(SMALL_FILES[kind])
        for _ in range(dice.randrange(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        assert outcome(bytes(data)) in {"accepted", *REASONS}


def small_heic() -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(quarters(64, 48)).save(file, exif=exif().tobytes())
    return file.getvalue()


SMALL_FILES = {
    **{kind: file_of(quarters(64, 48), kind, exif=exif(6)) for kind in ("JPEG", "PNG", "WEBP")},
    "HEIF": small_heic(),
}


class TestPolyglots:
    def zipped(self) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("payload.txt", "PAYLOAD")
        return file.getvalue()

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_what_hangs_behind_a_picture_is_gone(self, kind):
        for tail in (self.zipped(), b"<html><script>PAYLOAD</script>", b"%PDF-1.4 PAYLOAD"):
            photo = accept(file_of(quarters(), kind) + tail)
            assert is_upright(photo.jpeg)
            assert b"PAYLOAD" not in photo.jpeg + photo.small + photo.thumb
            assert not zipfile.is_zipfile(io.BytesIO(photo.jpeg))
            assert_bare(photo.jpeg)

    def test_and_what_hides_in_front_of_it(self):
        data = file_of(quarters(), comment="<script>PAYLOAD</script>")
        assert b"PAYLOAD" in data
        assert b"PAYLOAD" not in accept(data).jpeg


class TestAnimated:
    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_the_first_picture_is_kept(self, kind):
        more = [Image.new("RGB", (400, 300), color) for color in (BLUE, RED, GREEN)]
        data = file_of(quarters(), kind, save_all=True, append_images=more, duration=100)
        assert opened(data).n_frames == 4
        assert is_upright(accept(data).jpeg)

    def test_a_phones_picture_with_a_second_one_inside(self):
        more = [Image.new("RGB", (400, 300), BLUE)]
        data = file_of(quarters(), "MPO", save_all=True, append_images=more)
        assert is_upright(accept(data).jpeg)


def plate(text: str) -> Image.Image:
    picture = quarters(800, 600)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((200, 200, 600, 320), fill="white")
    draw.text((220, 210), text, fill="black", font_size=90)
    return picture


BOX = (0.25, 1 / 3, 0.5, 0.2)


class TestRedact:
    def inside(self, jpeg: bytes) -> np.ndarray:
        return np.asarray(opened(jpeg).convert("L").crop((200, 200, 600, 320)), dtype=float)

    def test_no_detail_is_left_inside_and_nothing_changes_outside(self):
        jpeg = accept(file_of(plate("7ABC123"))).jpeg
        hidden = redact(jpeg, [BOX])
        steps = np.abs(np.diff(self.inside(hidden), axis=1)).max()
        assert np.abs(np.diff(self.inside(jpeg), axis=1)).max() > 100
        assert steps < 12
        assert is_upright(hidden)
        assert_bare(hidden)

    def test_two_plates_cannot_be_told_apart_better_than_the_dice_allow(self):
        """The same plate hidden twice differs as much as two plates do."""
        first, second = (accept(file_of(plate(text))).jpeg for text in ("7ABC123", "7ABC128"))
        again = [self.inside(redact(first, [BOX])) for _ in range(4)]
        other = [self.inside(redact(second, [BOX])) for _ in range(4)]
        same = np.mean([np.abs(a - b).mean() for a in again for b in again if a is not b])
        differ = np.mean([np.abs(a - b).mean() for a in again for b in other])
        assert same > 2
        assert differ < same * 2.5

    def test_boxes_at_the_edges_and_of_one_pixel(self):
        jpeg = accept(file_of(quarters())).jpeg
        for box in ((0, 0, 1, 1), (0.9, 0.9, 0.1, 0.1), (0.999, 0.999, 0.5, 0.5), (0.5, 0.5, 1e-6, 1e-6)):  # fmt: skip
            assert opened(redact(jpeg, [box])).size == (400, 300)

    def test_many_boxes_and_none(self):
        jpeg = accept(file_of(quarters())).jpeg
        found = corners(redact(jpeg, [(0, 0, 0.3, 0.3), (0.7, 0, 0.3, 0.3)]))
        assert near(found[3], YELLOW)
        assert is_upright(redact(jpeg, []))

    @pytest.mark.parametrize("box", [(0, 0, 0, 1), (-0.1, 0, 0.5, 0.5), (1, 0, 0.5, 0.5), (0, 0, 2, 1), (0, float("nan"), 1, 1)])  # fmt: skip
    def test_impossible_boxes_are_refused(self, box):
        with pytest.raises(ValueError, match="A box to hide"):
            redact(accept(file_of(quarters())).jpeg, [box])

    def test_sizes_are_made_again_from_the_hidden_picture(self):
        hidden = redact(accept(file_of(quarters(1600, 1200))).jpeg, [(0, 0, 0.4, 0.4)])
        files = variants(hidden)
        assert (files.width, files.height) == (1600, 1200)
        assert [opened(one).size[0] for one in (files.jpeg, files.small, files.thumb)] == [1600, 480, 320]  # fmt: skip
        assert_bare(files.thumb)


class TestRealPhotos:
    @pytest.mark.parametrize("number", range(1, 9))
    def test_the_eight_orientations_look_the_same(self, number):
        upright = opened(accept(shared("photos/orientation-portrait-1.jpg").read_bytes()).thumb)
        turned = opened(accept(shared(f"photos/orientation-portrait-{number}.jpg").read_bytes()).thumb)  # fmt: skip
        assert turned.size == upright.size
        assert turned.size[1] > turned.size[0]
        # The number drawn in the picture differs, and so does a second JPEG; all else is the same.
        gap = np.abs(np.asarray(turned, dtype=float) - np.asarray(upright, dtype=float)).mean()
        assert gap < 6

    @pytest.mark.parametrize(
        ("name", "kind", "lat", "lon"),
        [
            ("iphone4-gps.jpg", "JPEG", 41.8530, 12.4888),
            ("htc-desire-gps.jpg", "JPEG", 45.5007, 9.1103),
            ("iphonex-orientation6-gps.webp", "WEBP", 37.3927, -122.0410),
            ("iphone11-gps-exif-at-eof.heic", "HEIF", 47.2071, 106.2431),
            ("iphone-no-pets-sign.heic", "HEIF", None, None),
            ("samsung-j3-orientation6.jpg", "JPEG", None, None),
        ],
    )
    def test_phones(self, name, kind, lat, lon):
        data = shared(f"photos/{name}").read_bytes()
        photo = accept(data, zone=UTC)
        assert photo.original_format == kind
        if lat is None:
            assert (photo.lat, photo.lon) == (None, None)
        else:
            assert (photo.lat, photo.lon) == pytest.approx((lat, lon), abs=1e-3)
        assert_bare(photo.jpeg)
        assert_bare(photo.thumb)

    def test_photos_taken_upright_come_out_tall(self):
        for name in ("samsung-j3-orientation6.jpg", "iphonex-orientation6-gps.webp", "iphone-no-pets-sign.heic"):  # fmt: skip
            photo = accept(shared(f"photos/{name}").read_bytes())
            assert photo.height > photo.width, name


def test_random_bytes_behind_each_magic_are_refused():
    dice = random.Random(7)
    for magic in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"):  # fmt: skip
        for _ in range(50):
            assert refusal(magic + dice.randbytes(300)) in REASONS
