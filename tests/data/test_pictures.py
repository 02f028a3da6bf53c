import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from ceteris.data.pictures import FORMATS, MAX_PIXELS, is_grey, read_picture
from ceteris.errors import CeterisError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (5, 3, 3), dtype=np.uint8)  # height 5, width 3
GREY = COLOUR[..., 0]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def read(content: bytes, *, size: tuple[int, int] | None = None, colour: str = "rgb") -> np.ndarray:
    return read_picture(content, "cat/a.png", size=size, colour=colour)  # type: ignore[arg-type]


def refused(content: bytes) -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        read(content)
    return caught.value


def empty_png(width: int, height: int) -> bytes:
    """A PNG of some bytes that declares a size, as the format's specification writes it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sum_

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_lossless_formats_come_back_as_they_were(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    pixels = read(encoded(Image.fromarray(COLOUR), kind, **options))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, COLOUR)


def test_jpeg_comes_back_nearly_as_it_was() -> None:
    smooth = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    pixels = read(encoded(Image.fromarray(smooth), "JPEG", quality=95))
    assert np.abs(pixels.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PPM", "ICO", "PDF"])
def test_no_other_format_is_decoded(kind: str, four_parts: Callable[..., None]) -> None:
    assert kind not in FORMATS
    error = refused(encoded(Image.fromarray(COLOUR), kind))
    four_parts(
        error,
        what="picture 'cat/a.png' cannot be read",
        received="no format we know",
        expected="PNG, JPEG, WebP or BMP",
        fix="take it out",
    )


def test_grey_is_the_luma_and_has_one_channel() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    pixels = read(encoded(Image.fromarray(red), "PNG"), colour="grey")
    assert pixels.shape == (2, 2, 1)
    assert set(pixels.ravel()) == {round(0.299 * 255)}


def test_a_grey_picture_as_rgb_has_three_equal_channels() -> None:
    pixels = read(encoded(Image.fromarray(GREY), "PNG"))
    assert np.array_equal(pixels, np.repeat(GREY[..., None], 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(COLOUR)
    pixels = read(encoded(image, "PNG", exif=exif.tobytes()))
    with Image.open(io.BytesIO(encoded(image, "PNG", exif=exif.tobytes()))) as opened:
        assert np.array_equal(pixels, np.asarray(ImageOps.exif_transpose(opened)))
    if orientation == 6:  # as stored it lies on its left side: turn it clockwise
        assert np.array_equal(pixels, np.rot90(COLOUR, k=-1))


def test_orientation_of_a_jpeg_is_applied_before_resizing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.zeros((8, 16, 3), np.uint8)
    stored[:, :8] = 255  # the left half becomes the upper half
    content = encoded(Image.fromarray(stored), "JPEG", exif=exif.tobytes(), quality=95)
    pixels = read(content, size=(4, 2))
    assert pixels.shape == (4, 2, 3)
    assert pixels[0].min() > 200
    assert pixels[-1].max() < 50


def test_size_is_height_then_width() -> None:
    assert read(encoded(Image.fromarray(COLOUR), "PNG"), size=(2, 7)).shape == (2, 7, 3)


def test_resizing_counts_every_pixel() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = read(encoded(Image.fromarray(board), "PNG"), size=(8, 8), colour="grey")
    assert pixels.min() > 110  # without antialiasing some pixels are 0 and some 255
    assert pixels.max() < 145


def test_a_picture_of_the_right_size_is_not_resampled() -> None:
    assert np.array_equal(read(encoded(Image.fromarray(COLOUR), "PNG"), size=(5, 3)), COLOUR)


def test_sixteen_bits_keep_their_high_byte() -> None:
    deep = np.array([[0, 255], [256, 65535]], np.uint16)
    content = encoded(Image.fromarray(deep), "PNG")
    assert read(content, colour="grey")[..., 0].tolist() == [[0, 0], [1, 255]]


def test_what_is_transparent_is_white() -> None:
    clear = np.zeros((1, 2, 4), np.uint8)
    clear[0, 1] = (10, 20, 30, 255)
    pixels = read(encoded(Image.fromarray(clear), "PNG"))
    assert pixels.tolist() == [[[255, 255, 255], [10, 20, 30]]]


def test_a_transparent_colour_of_a_palette_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 40, 50, 60])
    image.putpixel((1, 0), 1)
    pixels = read(encoded(image, "PNG", transparency=0))
    assert pixels.tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert read(content).tolist() == [[[255, 0, 0]] * 2] * 2


@pytest.mark.parametrize(
    ("mode", "grey"), [("1", True), ("L", True), ("LA", True), ("RGB", False), ("P", False)]
)
def test_is_grey(mode: str, grey: bool) -> None:
    content = encoded(Image.new(mode, (2, 2)), "PNG")
    assert is_grey(io.BytesIO(content), "a.png") is grey


def test_sixteen_bits_are_grey() -> None:
    content = encoded(Image.fromarray(np.zeros((2, 2), np.uint16)), "PNG")
    assert is_grey(io.BytesIO(content), "a.png")


@pytest.mark.parametrize(
    "side", [8_001, 10_000, 50_000], ids=["over our bound", "Pillow warns", "Pillow refuses"]
)
def test_a_bomb_is_refused_by_its_header(side: int, four_parts: Callable[..., None]) -> None:
    assert side * side > MAX_PIXELS
    four_parts(
        refused(empty_png(side, side)),
        what="picture 'cat/a.png' has too many pixels",
        expected="at most 64,000,000 pixels",
        fix="make it smaller",
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_every_truncation_is_refused(kind: str, four_parts: Callable[..., None]) -> None:
    image = Image.fromarray(RNG.integers(0, 256, (16, 16, 3), dtype=np.uint8))
    content = encoded(image, kind)
    whole = read(content)
    for length in range(len(content)):
        try:
            pixels = read(content[:length])
        except CeterisError as error:
            four_parts(error, what="picture 'cat/a.png' cannot be read")
        else:  # the last bytes are checksums and "here it ends": no pixel may be missing
            assert len(content) - length <= 20
            assert np.array_equal(pixels, whole)


def test_an_empty_picture_is_refused() -> None:
    assert "cannot be read" in refused(empty_png(0, 3)).what


def test_noise_never_shows_a_traceback() -> None:
    whole = encoded(Image.fromarray(COLOUR), "PNG")
    rng = np.random.default_rng(1)
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(8, len(content), 3):
            content[place] = rng.integers(256)
        try:
            pixels = read(bytes(content))
        except CeterisError:
            continue
        assert pixels.dtype == np.uint8


def test_control_characters_of_a_name_are_escaped() -> None:
    with pytest.raises(CeterisError) as caught:
        read_picture(b"", "a\x1b[31m.png", size=None, colour="rgb")
    assert "\x1b" not in str(caught.value)
