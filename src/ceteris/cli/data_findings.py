"""What is not as one would wish in a data set, in plain sentences, worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ceteris.data.checking import DataCheck, PartCheck, Shared

_UNBALANCED = 3.0  # images of the largest class for one of the smallest, worth a sentence


@dataclass(frozen=True)
class Finding:
    """One thing that is not as one would wish.

    Args:
        sentence: what was found.
        rows: which, each one row or the rows that belong together.
        drop: the word of ``drop`` that leaves such training images out; empty where none does.
        near: the rows that belong together are near duplicates and not the same pixels.
    """

    sentence: str
    rows: tuple[tuple[int, ...], ...] = ()
    drop: str = ""
    near: bool = False


def findings(check: DataCheck, dropped: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """What is wrong, worst first.

    Args:
        check: what was found.
        dropped: the words of ``drop`` that the study has whose parts were checked; None for a set.
    """
    return tuple(
        Finding(found.sentence, found.rows, "", found.near)
        if found.drop in (dropped or ())
        else found
        for found in _all(check, of_study=dropped is not None)
    )


def counted(count: int, one: str, several: str) -> str:
    """A count and the words that agree with it.

    Example:
        >>> counted(1, "image is", "images are"), counted(1200, "image is", "images are")
        ('1 image is', '1,200 images are')
    """
    return f"{count:,} {one if count == 1 else several}"


def _all(check: DataCheck, *, of_study: bool) -> Iterator[Finding]:
    train = check.parts[0]
    sizes = {part.name: part.images for part in check.parts}
    for shared in check.shared:
        if shared.rows:
            yield _leaked(check, shared, sizes[shared.part], of_study=of_study)
    if check.conflicts:
        images = sum(len(group.rows) for group in check.conflicts)
        yield Finding(
            counted(len(check.conflicts), "group", "groups")
            + f" of identical images {'has' if len(check.conflicts) == 1 else 'have'} different "
            f"labels: {images:,} images.",
            tuple(group.rows for group in check.conflicts),
            "conflicting" if check.conflicts_in_training else "",
        )
    for shared in check.shared:
        if shared.near:
            more = "more " if shared.rows else ""
            yield Finding(
                counted(
                    len(shared.near),
                    f"{more}{shared.part} image has",
                    f"{more}{shared.part} images have",
                )
                + f" a near duplicate in {shared.other}: the same picture but for light, a "
                "pixel's shift or a mirror.",
                tuple(zip(shared.near, shared.twins, strict=True)),
                near=True,
            )
    if check.flat:
        yield Finding(
            counted(len(check.flat), "image is", "images are")
            + " one colour from corner to corner.",
            tuple((row,) for row in check.flat),
            "flat" if train.flat else "",
        )
    for part in check.parts:
        if part.copies:
            yield Finding(
                f"{len(part.copies):,} of {part.images:,} images of {part.name} "
                + ("is a copy" if len(part.copies) == 1 else "are copies")
                + " of another one there.",
                tuple(zip(part.copies, part.originals, strict=True)),
                "duplicates" if part is train else "",
            )
    pairs = tuple(dict.fromkeys(pair for part in check.parts for pair in part.near))
    if pairs:
        yield Finding(
            f"{counted(len(pairs), 'pair', 'pairs')} of near duplicates within a part.",
            pairs,
            near=True,
        )
    for part in check.parts:
        if part.balance >= _UNBALANCED:
            yield Finding(_balance_sentence(check, part))


def _leaked(check: DataCheck, shared: Shared, images: int, *, of_study: bool) -> Finding:
    others = shared.other != check.parts[0].name
    stay = (
        f" {'It stays' if len(shared.rows) == 1 else 'They stay'}: drop leaves out training images "
        f"only. What is chosen by {shared.other} images, as the best epoch or an arm, is chosen by "
        f"{shared.part} images too."
    )
    return Finding(
        f"{len(shared.rows):,} of {images:,} {shared.part} images "
        f"{'is' if len(shared.rows) == 1 else 'are'} in {shared.other} too, pixel by pixel."
        + (stay if others and of_study else ""),
        tuple(zip(shared.rows, shared.originals, strict=True)),
        "" if others else "leaked",
    )


def _balance_sentence(check: DataCheck, part: PartCheck) -> str:
    most = max(range(len(check.classes)), key=lambda label: part.by_class[label])
    least = min(range(len(check.classes)), key=lambda label: part.by_class[label])
    return (
        f"The classes of {part.name} are unequal: "
        f"{counted(part.by_class[most], 'image', 'images')} of "
        f"{check.classes[most]}, {part.by_class[least]:,} of {check.classes[least]}."
    )
