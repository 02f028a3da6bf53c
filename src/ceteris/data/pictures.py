"""One picture file -> pixels. PNG, JPEG, WebP and BMP; nothing else is ever decoded.

A picture is turned upright as its EXIF orientation says, laid on white where it is transparent,
brought to 8 bits by its high byte, converted to grey (ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B) or
RGB, and resized with antialiasing (Pillow's bilinear filter, whose support grows with the
reduction, so that no pixel of the original goes uncounted). The aspect ratio is not kept. Of a
moving picture the first frame is taken. Colour profiles are not applied.
"""

import io
import warnings
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from ceteris.data.dataset import Images
from ceteris.data.layout import SUFFIXES
from ceteris.errors import CeterisError, shown

if TYPE_CHECKING:
    from PIL import Image

Colour = Literal["grey", "rgb"]
Ground = Literal["white", "black"]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
# One picture of this many pixels takes 256 MB at 4 bytes each, a few times that while converted;
# a file of some kilobytes can declare it. Cameras of today stay below.
MAX_PIXELS = 64_000_000
CHANNELS: dict[Colour, int] = {"grey": 1, "rgb": 3}
ORIENTATION = 0x0112  # the EXIF tag; TIFF 6.0, section 8


def is_grey(stream: BinaryIO, where: str) -> bool:
    """Tell whether a picture has no colour, told by its header. A palette counts as colour."""
    mode = open_image(stream, where, whole=False).mode
    return mode in ("1", "L", "LA") or mode.startswith("I")


def read_picture(
    content: bytes, where: str, *, size: tuple[int, int] | None, colour: Colour
) -> Images:
    """Decode one picture.

    Args:
        content: the file.
        where: its name, for error messages.
        size: (H, W) to resize to; None leaves it as it is.
        colour: one channel or three.

    Returns:
        uint8 (H, W, C).

    Raises:
        CeterisError: it is no picture of a known format, is broken, or has too many pixels.
    """
    from PIL import Image

    image = upright(open_image(io.BytesIO(content), where, whole=True))
    image = on_ground(eight_bits(image)).convert("L" if colour == "grey" else "RGB")
    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels.reshape(*pixels.shape[:2], CHANNELS[colour])


def open_image(stream: BinaryIO, where: str, *, whole: bool) -> "Image.Image":
    """Open a picture, its pixels and metadata loaded too if ``whole``.

    Only what Pillow decodes of the user's bytes is done here, so that a mistake of ours is never
    taken for a broken file.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities in metadata that we do not read.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(stream, formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
            if whole:
                image.load()
                image.getexif()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise CeterisError(
            f"picture {shown(where)} has too many pixels",
            received=shown(str(error)),
            expected=f"at most {MAX_PIXELS:,} pixels",
            fix="make it smaller, or take it out of the folder",
        ) from error
    except UnidentifiedImageError:
        raise _unknown_format(where) from None
    except Exception as error:  # what decoders raise on broken files is not a closed list
        raise _unreadable(where, str(error) or type(error).__name__) from error
    return image


def _unknown_format(where: str) -> CeterisError:
    """A file that is called a picture is a broken one; any other is none."""
    suffix = PurePath(where).suffix.lower()
    if not suffix or suffix in SUFFIXES:
        return _unreadable(where, "no format we know")
    return CeterisError(
        f"{shown(where)} is no picture that can be read",
        received=f"a {shown(suffix)[1:-1]} file, not a PNG, JPEG, WebP or BMP one",
        expected="a PNG, JPEG, WebP or BMP file",
        fix="leave it out, or save it as PNG if it is a picture",
    )


def _unreadable(where: str, why: str) -> CeterisError:
    return CeterisError(
        f"picture {shown(where)} cannot be read",
        received=shown(why),
        expected="a whole PNG, JPEG, WebP or BMP file",
        fix="save it again as PNG, or take it out of the folder",
    )


def upright(image: "Image.Image") -> "Image.Image":
    """The picture turned as its EXIF orientation says."""
    from PIL import Image

    # Which transposition undoes which orientation: EXIF 2.3, section 4.6.4.
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(image.getexif().get(ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def eight_bits(image: "Image.Image") -> "Image.Image":
    """A picture of 16 bits by its high bytes; any other as it is."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    # Pillow's own conversion of 16-bit grey cuts everything above 255 to white.
    return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))


def on_ground(image: "Image.Image", ground: Ground = "white") -> "Image.Image":
    """The picture laid on a ground where it is transparent."""
    from PIL import Image

    if not image.has_transparency_data:
        return image
    below = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(below, image.convert("RGBA"))
