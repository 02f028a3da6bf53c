"""What is done to a picture of one's own, and what is said of it."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.data.test_pictures import empty_png

from ceteris.data.own_pictures import Preparation, Prepared, encode_png, prepare_picture, scaled
from ceteris.data.pictures import read_picture
from ceteris.errors import CeterisError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 20, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def prepared(
    content: bytes | Image.Image,
    shape: tuple[int, int, int] = (6, 6, 3),
    name: str = "a.png",
    pixel_max: int = 255,
    **how: object,
) -> Prepared:
    data = content if isinstance(content, bytes) else encoded(content)
    preparation = Preparation(shape, pixel_max, **{"fit": "pad", **how})  # type: ignore[arg-type]
    return prepare_picture(data, name, preparation)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(6, 6), (12, 20), (30, 5)])
def test_stretched_is_to_the_bit_what_a_training_folder_makes(
    channels: int, size: tuple[int, int]
) -> None:
    image = Image.fromarray(COLOUR)
    for content in (encoded(image), encoded(image.convert("CMYK"), "JPEG"),
                    encoded(image.convert("RGBA"), "WEBP", lossless=True)):  # fmt: skip
        own = prepared(content, (*size, channels), fit="stretch").pixels
        colour = "grey" if channels == 1 else "rgb"
        assert np.array_equal(own, read_picture(content, "a.png", size=size, colour=colour))


def test_a_picture_of_the_right_size_is_taken_as_it_is() -> None:
    own = prepared(Image.fromarray(COLOUR), (12, 20, 3))
    assert np.array_equal(own.pixels, COLOUR)
    assert own.steps == ()


def test_padding_keeps_the_aspect_ratio_and_takes_the_borders_colour() -> None:
    image = Image.new("RGB", (40, 20), (10, 20, 30))
    image.paste((200, 0, 0), (10, 5, 30, 15))
    own = prepared(image, (8, 8, 3))
    assert (own.pixels[:2] == (10, 20, 30)).all()
    assert (own.pixels[6:] == (10, 20, 30)).all()
    assert own.pixels[3:5, 3:5, 0].min() > 150
    assert own.steps == ("resized 40 x 20 to 8 x 8, filled up with its border's colour",)
    assert own.enlarged == pytest.approx(0.2)


def test_cropping_keeps_the_middle() -> None:
    image = Image.new("L", (40, 20), 0)
    image.paste(255, (10, 0, 30, 20))
    own = prepared(image, (8, 8, 1), fit="crop")
    assert (own.pixels == 255).all()
    assert own.steps == ("middle cut out (50% left off), resized 20 x 20 to 8 x 8",)


def test_stretching_says_so_and_by_how_much() -> None:
    own = prepared(Image.new("L", (40, 20)), (8, 8, 1), fit="stretch")
    assert own.squeezed == pytest.approx(2)
    assert own.steps == ("resized 40 x 20 to 8 x 8, aspect ratio not kept",)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(30_000, 1), (1, 30_000)])
def test_a_ribbon_takes_no_more_memory_than_it_has_pixels(fit: str, size: tuple[int, int]) -> None:
    own = prepared(Image.new("L", size, 7), (8, 8, 1), fit=fit)
    assert (own.pixels == 7).all()
    assert max(own.original.shape[:2]) <= 128


def test_resizing_averages_and_never_picks() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    for fit in ("pad", "crop", "stretch"):
        pixels = prepared(Image.fromarray(board), (8, 8, 1), fit=fit).pixels
        assert 110 < pixels.min() <= pixels.max() < 145


def test_turned_upright_and_said() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.fromarray(COLOUR), exif=exif.tobytes())
    own = prepared(content, (20, 12, 3))
    assert np.array_equal(own.pixels, np.rot90(COLOUR, k=-1))
    assert own.steps == ("turned upright (EXIF orientation 6)",)
    assert own.size == (20, 12)


@pytest.mark.parametrize(("ground", "level"), [("white", 255), ("black", 0)])
def test_transparency_is_laid_on_the_ground(ground: str, level: int) -> None:
    clear = Image.new("RGBA", (6, 6), (9, 9, 9, 0))
    own = prepared(clear, ground=ground)
    assert (own.pixels == level).all()
    assert own.steps == (f"laid on {ground} where transparent",)
    assert prepared(Image.new("RGBA", (6, 6), (9, 9, 9, 255))).steps == ()


def test_what_the_other_ground_would_show_is_measured() -> None:
    drawn = Image.new("RGBA", (6, 6), (255, 255, 255, 0))
    drawn.paste((255, 255, 255, 255), (0, 0, 3, 6))  # the left half white, the right one nothing
    own = prepared(drawn)
    assert own.pixels.std() == 0
    assert own.other_ground == pytest.approx(0.5)
    assert prepared(drawn, ground="black").other_ground == 0
    assert prepared(Image.fromarray(COLOUR)).other_ground is None


def test_sixteen_bits_keep_the_upper_eight() -> None:
    deep = np.full((6, 6), 0x8040, np.uint16)
    own = prepared(Image.fromarray(deep), (6, 6, 1))
    assert (own.pixels == 0x80).all()
    assert own.steps == ("16 bits cut to the upper 8",)


def test_colour_modes_are_said() -> None:
    image = Image.fromarray(COLOUR[:6, :6])
    assert prepared(image, (6, 6, 1)).steps == ("colour to grey",)
    assert prepared(image.convert("L")).steps == ("grey to three equal channels",)
    cmyk = encoded(image.convert("CMYK"), "JPEG")
    assert prepared(cmyk, name="a.jpg").steps == ("CMYK to RGB",)
    assert prepared(cmyk, (6, 6, 1), name="a.jpg").steps == ("CMYK to grey",)


def test_the_first_frame_and_a_wrong_suffix_are_said() -> None:
    frames = [Image.new("RGB", (6, 6), c) for c in ("red", "blue")]
    moving = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    own = prepared(moving, name="a.jpg")
    assert own.steps == ("read as PNG, not by its name", "the first of 2 frames")
    assert own.pixels[0, 0].tolist() == [255, 0, 0]


def test_another_range_is_rounded_and_comes_back() -> None:
    levels = np.arange(17, dtype=np.uint8)
    png = np.rint(levels * (255 / 16)).astype(np.uint8)
    assert scaled(png, 16).tolist() == levels.tolist()
    own = prepared(Image.new("L", (6, 6), 255), (6, 6, 1), pixel_max=16)
    assert (own.pixels == 16).all()
    assert own.steps == ("0..255 scaled to 0..16",)


def test_a_png_comes_back() -> None:
    for pixels in (COLOUR, COLOUR[..., :1]):
        with Image.open(io.BytesIO(encode_png(pixels))) as image:
            assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def refused(content: bytes, name: str = "a.png") -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        prepared(content, name=name)
    return caught.value


def test_a_drawing_made_of_lines_is_named_and_not_drawn() -> None:
    error = refused(b'<?xml version="1.0"?><svg onload="alert(1)"></svg>', "a.svg")
    assert error.what == "picture 'a.svg' is an SVG drawing"
    assert "not pixels" in error.received
    assert "export it as PNG" in error.fix


@pytest.mark.parametrize("content", [b"", b"text", encoded(Image.fromarray(COLOUR))[:60],
                                     encoded(Image.fromarray(COLOUR), "GIF")])  # fmt: skip
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert refused(content).what == "picture 'a.png' cannot be read"


@pytest.mark.parametrize(("name", "suffix"), [("note.txt", ".txt"), ("a/b.HEIC", ".heic")])
def test_what_is_not_called_a_picture_is_said_to_be_none(name: str, suffix: str) -> None:
    error = refused(b"text", name)
    assert error.what == f"{name!r} is no picture that can be read"
    assert error.received == f"a {suffix} file, not a PNG, JPEG, WebP or BMP one"
    assert error.fix == "leave it out, or save it as PNG if it is a picture"
    assert refused(b"text", "no suffix").received == "'no format we know'"


def test_a_bomb_is_refused_by_its_header() -> None:
    error = refused(empty_png(14_000, 14_000))
    assert error.what == "picture 'a.png' has too many pixels"
    assert "64,000,000" in error.expected


def test_a_network_of_two_channels_takes_no_pictures() -> None:
    with pytest.raises(CeterisError, match="cannot be given to this network") as caught:
        Preparation((4, 4, 2), 255, "pad")
    assert "2 channels" in caught.value.received
