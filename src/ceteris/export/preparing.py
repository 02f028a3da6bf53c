"""How a picture becomes the pixels of a network: as words in a header, and as code of its own.

Both say what ``ceteris predict`` does where nothing else is asked of it.
"""

from typing import Any

from ceteris.data.own_pictures import Fit
from ceteris.data.pictures import CHANNELS, FORMATS

_GROUND = "white"


def recipe(input_shape: tuple[int, int, int], pixel_max: int, fit: Fit) -> dict[str, Any] | None:
    """The steps as plain values; None where the network does not take pictures.

    Args:
        input_shape: (H, W, C) of what the network is given.
        pixel_max: the largest value a pixel can have.
        fit: what becomes of pictures of another aspect ratio.
    """
    height, width, channels = input_shape
    if channels not in CHANNELS.values():
        return None
    mode = _mode(channels)
    return {
        "size": {"height": height, "width": width},
        "fit": fit,
        "ground": _GROUND,
        "mode": mode,
        "resampling": "BILINEAR",
        "largest": pixel_max,
        "steps": [
            "decode the first frame with Pillow; colour profiles are not applied",
            "turn it as its EXIF orientation says",
            "of 16 bits keep the upper 8",
            f"where it can be transparent: Image.alpha_composite, as RGBA, on {_GROUND}",
            f"convert({mode!r})",
            _FITTED[fit].format(width=width, height=height),
            f"round(pixel * {pixel_max} / 255) as uint8, channels last",
        ],
    }


def prepare_code(channels: int, fit: Fit) -> str:
    """The function ``prepare`` of ``model.py``; empty where the network does not take pictures."""
    if channels not in CHANNELS.values():
        return ""
    return _PREPARE.format(
        formats=FORMATS, ground=_GROUND, mode=_mode(channels), fitted=_FIT_CODE[fit]
    )


def _mode(channels: int) -> str:
    return "L" if channels == 1 else "RGB"


_FITTED: dict[Fit, str] = {
    "stretch": "resize(({width}, {height}), Image.Resampling.BILINEAR), which rounds to whole "
    "pixels; the aspect ratio is not kept",
    "pad": "factor = min({width} / w, {height} / h); each side becomes max(1, round(side * "
    "factor)) by resize(..., Image.Resampling.BILINEAR), which rounds to whole pixels; pasted at "
    "(({width} - its width) // 2, ({height} - its height) // 2) on {width} x {height} of the "
    "median of the outermost pixels before, by channel, rounded down; left out where it has that "
    "size already",
}

_FIT_CODE: dict[Fit, str] = {
    "stretch": """\
    image = image.resize((width, height), Image.Resampling.BILINEAR)""",
    "pad": """\
    # The whole picture, filled up with the colour of its border.
    factor = min(width / image.width, height / image.height)
    inner = [max(1, round(side * factor)) for side in image.size]
    pixels = numpy.asarray(image).reshape(image.height, image.width, -1)
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    border = tuple(int(value) for value in numpy.median(numpy.concatenate(edges), axis=0))
    ground = Image.new(image.mode, (width, height), border if len(border) > 1 else border[0])
    place = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    ground.paste(image.resize(inner, Image.Resampling.BILINEAR), place)
    image = ground""",
}

_PREPARE = '''


def prepare(path):
    """A picture file as pixels (H, W, C): what ``ceteris predict`` gives this network of it.

    It needs Pillow, 10.1 or later. Of several: numpy.stack([prepare(path) for path in paths]).
    """
    import numpy
    from PIL import Image

    height, width, _ = INPUT_SHAPE
    turns = {{
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }}
    with Image.open(path, formats={formats}) as image:
        image.load()
        turn = turns.get(image.getexif().get(0x0112, 1))  # its EXIF orientation
        image = image.copy() if turn is None else image.transpose(turn)
    if image.mode.startswith("I"):  # 16 bits: the upper 8
        upper = numpy.asarray(image).astype(numpy.uint32) >> 8
        image = Image.fromarray(upper.clip(0, 255).astype(numpy.uint8))
    if image.has_transparency_data:
        below = Image.new("RGBA", image.size, "{ground}")
        image = Image.alpha_composite(below, image.convert("RGBA"))
    image = image.convert("{mode}")
{fitted}
    pixels = numpy.asarray(image, dtype=numpy.float64).reshape(INPUT_SHAPE)
    return numpy.rint(pixels * (LARGEST_PIXEL / 255)).astype(numpy.uint8)'''
