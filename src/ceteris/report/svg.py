"""Pieces of an SVG drawing as text: the same numbers, the same bytes."""

from html import escape

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
INK = "#1a1a1a"
FAINT = "#595959"  # 7:1 on white


def document(width: float, height: float, title: str, parts: list[str]) -> str:
    """A whole drawing on white, with its title for whoever cannot see it."""
    size = f'width="{number(width)}" height="{number(height)}"'
    box = f'viewBox="0 0 {number(width)} {number(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" font-family="{FONT}">'
    return "\n".join(
        [
            head,
            f"<title>{escape(title)}</title>",
            f'<rect width="{number(width)}" height="{number(height)}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 12,
    anchor: str = "start",
    bold: bool = False,
    fill: str = INK,
) -> str:
    """A line of text, y being its baseline."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" '
        f'text-anchor="{anchor}" fill="{fill}"{weight}>{escape(content)}</text>'
    )


def box(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str, dashed: bool = False
) -> str:
    """A rectangle with rounded corners."""
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" '
        f'height="{number(height)}" rx="4" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="1.5"{dashes}/>'
    )


def path(points: list[tuple[float, float]], *, arrow: bool = False, stroke: str = FAINT) -> str:
    """Straight lines from point to point, with a head at the last one if asked for."""
    places = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    line = f'<polyline points="{places}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'
    if not arrow:
        return line
    (x0, y0), (x1, y1) = points[-2:]
    # The head points along the last line, which is horizontal or vertical.
    dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    head = [
        (x1, y1),
        (x1 - 7 * dx - 4 * dy, y1 - 7 * dy - 4 * dx),
        (x1 - 7 * dx + 4 * dy, y1 - 7 * dy + 4 * dx),
    ]
    places = " ".join(f"{number(x)},{number(y)}" for x, y in head)
    return f'{line}<polygon points="{places}" fill="{stroke}"/>'


def circle(x: float, y: float, radius: float, *, fill: str, stroke: str) -> str:
    """A disc with an edge."""
    return (
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="1.5"/>'
    )


def width_of(content: str, size: float = 12) -> float:
    """About how wide a text is, from above, in any of the usual fonts.

    Example:
        >>> width_of("1,216") > 30
        True
    """
    # DejaVu Sans, the widest of them, has capitals and digits of 0.64 em; wide scripts take 1 em.
    return size * sum(0.66 if ord(letter) < 0x2E80 else 1.05 for letter in content)


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel.

    Example:
        >>> number(3.0), number(2.25)
        ('3', '2.2')
    """
    return f"{value:.1f}".removesuffix(".0")
