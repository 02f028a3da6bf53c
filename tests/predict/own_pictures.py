"""Pictures as people have them, drawn here: digits by hand on paper, and coloured scenes."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_TWO = [(0.22, 0.34), (0.3, 0.16), (0.55, 0.1), (0.74, 0.24), (0.66, 0.46), (0.4, 0.68),
        (0.22, 0.88), (0.5, 0.86), (0.8, 0.88)]  # fmt: skip
STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(0.5, 0.08), (0.26, 0.2), (0.2, 0.5), (0.28, 0.82), (0.5, 0.92), (0.74, 0.8),
           (0.8, 0.5), (0.72, 0.2), (0.5, 0.08)]],
    "1": [[(0.34, 0.28), (0.54, 0.08), (0.54, 0.92)]],
    "2": [_TWO],
    "3": [[(0.26, 0.16), (0.5, 0.08), (0.72, 0.22), (0.62, 0.42), (0.42, 0.48), (0.66, 0.54),
           (0.76, 0.72), (0.6, 0.9), (0.26, 0.88)]],
    "4": [[(0.56, 0.08), (0.2, 0.6), (0.82, 0.6)], [(0.62, 0.36), (0.62, 0.92)]],
    "7": [[(0.2, 0.12), (0.78, 0.12), (0.42, 0.92)]],
}  # fmt: skip


def digit(name: str, side: int = 320, *, width: float = 0.11) -> Image.Image:
    """A digit in dark ink that fills a sheet of white paper."""
    image = Image.new("L", (side, side), 245)
    pen = ImageDraw.Draw(image)
    for stroke in STROKES[name]:
        points = [(x * side, y * side) for x, y in stroke]
        pen.line(points, fill=25, width=round(width * side), joint="curve")
    return image.filter(ImageFilter.GaussianBlur(side / 120))


def scene(kind: str, size: tuple[int, int] = (200, 150)) -> Image.Image:
    """A coloured scene: "sea" is blue below and light above, "wood" green and brown."""
    width, height = size
    sky, ground = {"sea": ((200, 220, 245), (20, 70, 160)), "wood": ((60, 120, 50), (90, 60, 30))}[
        kind
    ]
    image = Image.new("RGB", size, sky)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height // 2, width, height), fill=ground)
    for place in range(0, width, width // 6):
        if kind == "wood":
            pen.rectangle((place, height // 6, place + width // 20, height), fill=(70, 45, 25))
        else:
            wave = (place, height * 0.6, place + width // 8, height * 0.75)
            pen.arc(wave, 180, 360, fill=(230, 240, 250), width=3)
    return image


def turned(image: Image.Image) -> bytes:
    """A JPEG that lies on its side, with the EXIF orientation that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    image.transpose(Image.Transpose.ROTATE_90).save(stream, "JPEG", quality=95, exif=exif.tobytes())
    return stream.getvalue()


def write_ten(folder: Path) -> None:
    """Ten files of many kinds: drawings of digits first, then what is none."""
    folder.mkdir()
    for name in ("0", "1", "4"):
        digit(name).save(folder / f"paper_{name}.png")
    (folder / "photo_7.jpg").write_bytes(turned(digit("7")))
    Image.fromarray(255 - np.asarray(digit("3"))).save(folder / "chalk_3.webp", lossless=True)
    clear = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    clear.paste(Image.new("RGB", (300, 300), (10, 20, 90)), mask=Image.fromarray(
        255 - np.asarray(digit("2", 300))))  # fmt: skip
    clear.save(folder / "clear_2.png")
    deep = np.asarray(digit("0")).astype(np.uint16) << 8
    Image.fromarray(deep).save(folder / "deep_0.png")
    scene("sea").save(folder / "sea.jpg", quality=95)
    scene("wood", (120, 300)).convert("CMYK").save(folder / "wood_print.jpg", quality=95)
    digit("4", 6).convert("RGB").save(folder / "tiny_4.bmp")
