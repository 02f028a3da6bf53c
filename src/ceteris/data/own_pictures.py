"""A picture of one's own -> what a trained network is given, and in words what was done to it.

The steps of :func:`ceteris.data.pictures.read_picture` in the same order, and between them what a
training folder never needs: keeping the aspect ratio, and pixels of another range. Stretched, a
picture becomes to the bit what it would be in a training folder.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ceteris.data.dataset import Images
from ceteris.data.pictures import (
    CHANNELS,
    ORIENTATION,
    Colour,
    Ground,
    eight_bits,
    on_ground,
    open_image,
    upright,
)
from ceteris.data.registry import DataEntry
from ceteris.errors import CeterisError, shown

if TYPE_CHECKING:
    from PIL import Image

Fit = Literal["pad", "stretch", "crop"]

_ORIGINAL_SIDE = 128  # pixels of the small copy beside the network's view
_SUFFIXES = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP",
}  # fmt: skip
_CALLED = {"WEBP": "WebP"}


@dataclass(frozen=True)
class Preparation:
    """How pictures become what one network is given.

    Args:
        shape: (H, W, C) of its input.
        pixel_max: the largest value a pixel has there.
        fit: what becomes of another aspect ratio: ``"pad"`` keeps the whole picture and fills up
            with its border's colour, ``"crop"`` keeps its middle, ``"stretch"`` neither.
        ground: what a transparent picture is laid on.
    """

    shape: tuple[int, int, int]
    pixel_max: int
    fit: Fit
    ground: Ground = "white"

    def __post_init__(self) -> None:
        if self.shape[2] not in CHANNELS.values():
            raise CeterisError(
                "pictures cannot be given to this network",
                received=f"a network for images of {self.shape[2]} channels",
                expected="1 channel (grey) or 3 (RGB)",
                fix="use a run that learned from pictures",
            )

    @property
    def colour(self) -> Colour:
        """Of its input."""
        return "grey" if self.shape[2] == 1 else "rgb"


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as a network is given it, before normalisation.

    Args:
        pixels: uint8 (H, W, C), 0..``pixel_max``.
        size: (height, width) of the picture, upright.
        steps: what was done to it, each in words; empty where nothing was.
        enlarged: how many pixels of the network's image one pixel became, on a side; below 1 where
            the picture was made smaller.
        squeezed: how much more it was shrunk on one side than on the other; 1 where not at all.
        original: uint8 (h, w, 3), a small copy as people see it.
        other_ground: how much the pixels would differ on the other ground, as a share of black to
            white (standard deviation); None where nothing of it is transparent.
    """

    pixels: Images
    size: tuple[int, int]
    steps: tuple[str, ...]
    enlarged: float
    squeezed: float
    original: Images
    other_ground: float | None = None


def default_fit(entry: DataEntry) -> Fit:
    """What becomes of another aspect ratio where nothing is said: what training pictures became."""
    return "stretch" if entry.of_folder else "pad"


def prepare_picture(content: bytes, where: str, how: Preparation) -> Prepared:
    """Decode one picture and bring it to a network's input.

    Args:
        content: the file.
        where: its name, for error messages.
        how: of the network.

    Raises:
        CeterisError: it is no picture of a known format, is broken, or has too many pixels.
    """
    _refuse_drawing(content, where)
    image = open_image(io.BytesIO(content), where, whole=True)
    decoding = _decoding(image, where, how)
    whole = eight_bits(upright(image))
    image = on_ground(whole, how.ground)
    width, height = image.size
    fitted, fitting = _fitted(_coloured(image, how), how)
    pixels = np.asarray(fitted, dtype=np.uint8).reshape(how.shape)
    scaling = [] if how.pixel_max == 255 else [f"0..255 scaled to 0..{how.pixel_max}"]
    down, across = height / how.shape[0], width / how.shape[1]
    shrunk = {"pad": max(down, across), "crop": min(down, across), "stretch": min(down, across)}
    return Prepared(
        pixels=scaled(pixels, how.pixel_max),
        size=(height, width),
        steps=(*decoding, *fitting, *scaling),
        enlarged=1 / shrunk[how.fit],
        squeezed=max(down, across) / min(down, across) if how.fit == "stretch" else 1.0,
        original=_small(image),
        other_ground=_on_other_ground(whole, how) if _is_transparent(whole) else None,
    )


def scaled(pixels: Images, pixel_max: int) -> Images:
    """Pixels of 0..255 as 0..``pixel_max``, rounded to the nearest.

    Example:
        >>> scaled(np.array([0, 128, 255], np.uint8), 16).tolist()
        [0, 8, 16]
    """
    table = np.rint(np.arange(256) * (pixel_max / 255)).astype(np.uint8)
    return np.asarray(table[pixels])


def encode_png(pixels: Images) -> bytes:
    """A PNG of uint8 (h, w, 1 or 3)."""
    from PIL import Image

    found = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(found, "PNG")
    return found.getvalue()


def _refuse_drawing(content: bytes, where: str) -> None:
    """A drawing made of lines has no pixels; to draw it would be to run what it says."""
    if b"<svg" in content[:1000].lower():
        raise CeterisError(
            f"picture {shown(where)} is an SVG drawing",
            received="lines and shapes, not pixels",
            expected="a PNG, JPEG, WebP or BMP file",
            fix="export it as PNG from the program it was drawn with",
        )


def _decoding(image: "Image.Image", where: str, how: Preparation) -> list[str]:
    """What decoding does to a picture, and what about it is not as its name says."""
    found = []
    suffix = _SUFFIXES.get(where[where.rfind(".") :].lower()) if "." in where else None
    if suffix != image.format:
        found.append(f"read as {_CALLED.get(str(image.format), image.format)}, not by its name")
    if (frames := getattr(image, "n_frames", 1)) > 1:
        found.append(f"the first of {frames} frames")
    if (turn := image.getexif().get(ORIENTATION, 1)) in range(2, 9):
        found.append(f"turned upright (EXIF orientation {turn})")
    if image.mode.startswith("I"):
        found.append("16 bits cut to the upper 8")
    if _is_transparent(image):
        found.append(f"laid on {how.ground} where transparent")
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    if how.colour == "grey" and not grey:
        found.append(f"{image.mode if image.mode == 'CMYK' else 'colour'} to grey")
    elif how.colour == "rgb" and image.mode == "CMYK":
        found.append("CMYK to RGB")
    elif how.colour == "rgb" and grey:
        found.append("grey to three equal channels")
    return found


def _is_transparent(image: "Image.Image") -> bool:
    if not image.has_transparency_data:
        return False
    (least, _) = image.convert("RGBA").getchannel("A").getextrema()
    return least != 255


def _on_other_ground(image: "Image.Image", how: Preparation) -> float:
    other: Ground = "black" if how.ground == "white" else "white"
    fitted, _ = _fitted(_coloured(on_ground(image, other), how), how)
    return float(np.asarray(fitted).std()) / 255


def _coloured(image: "Image.Image", how: Preparation) -> "Image.Image":
    return image.convert("L" if how.colour == "grey" else "RGB")


def _fitted(image: "Image.Image", how: Preparation) -> tuple["Image.Image", list[str]]:
    """The picture in the network's size, antialiased, and what was done to it."""
    from PIL import Image

    (width, height), (rows, columns, _) = image.size, how.shape
    if (height, width) == (rows, columns):
        return image, []
    resized = f"{width} x {height} to {columns} x {rows}"
    how_to = Image.Resampling.BILINEAR  # as for training folders; its support grows with reduction
    if width * rows == height * columns or how.fit == "stretch":
        kept = "" if width * rows == height * columns else ", aspect ratio not kept"
        return image.resize((columns, rows), how_to), [f"resized {resized}{kept}"]
    if how.fit == "crop":
        wide = max(1, round(min(width, height * columns / rows)))
        high = max(1, round(min(height, width * rows / columns)))
        left, top = (width - wide) // 2, (height - high) // 2
        # Cut first: a box given to resize still lets in what lies just outside of it.
        middle = image.crop((left, top, left + wide, top + high))
        gone = 1 - wide * high / (width * height)
        step = (
            f"middle cut out ({gone:.0%} left off), resized {wide} x {high} to {columns} x {rows}"
        )
        return middle.resize((columns, rows), how_to), [step]
    # Made smaller first and filled up then: a ribbon of a picture would else become a huge square.
    smaller = min(columns / width, rows / height)
    inner = (max(1, round(width * smaller)), max(1, round(height * smaller)))
    canvas = Image.new(image.mode, (columns, rows), _border_colour(image))
    canvas.paste(image.resize(inner, how_to), ((columns - inner[0]) // 2, (rows - inner[1]) // 2))
    return canvas, [f"resized {resized}, filled up with its border's colour"]


def _border_colour(image: "Image.Image") -> tuple[int, ...] | int:
    """The median of the outermost pixels, by channel."""
    width, height = image.size
    edges = ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height),
             (width - 1, 0, width, height))  # fmt: skip
    channels = len(image.getbands())
    border = np.concatenate([np.asarray(image.crop(edge)).reshape(-1, channels) for edge in edges])
    middle = tuple(int(value) for value in np.median(border, axis=0))
    return middle[0] if channels == 1 else middle


def _small(image: "Image.Image") -> Images:
    """A small copy in colour, its aspect ratio kept, never enlarged."""
    from PIL import Image

    smaller = min(1.0, _ORIGINAL_SIDE / max(image.size))
    size = tuple(max(1, round(side * smaller)) for side in image.size)
    small = image.convert("RGB").resize((size[0], size[1]), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.uint8)
