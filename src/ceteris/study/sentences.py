"""What a reader of figures must know about how they were measured, each a sentence."""

from collections.abc import Mapping

from ceteris.study.spec import ViewsSpec


def views_sentences(views: Mapping[str, ViewsSpec], num_arms: int) -> tuple[str, ...]:
    """Which arms are evaluated on several views of an image, and on which.

    Args:
        views: arm -> its views, of the arms that have them.
        num_arms: of the study.

    Example:
        >>> views_sentences({"a": ViewsSpec(flip=True)}, 1)[0]
        'Validation and test are averaged over 2 views of each image: as it is, mirrored.'
    """
    if len(views) == num_arms and len(set(views.values())) == 1:
        only = next(iter(views.values()))
        return (f"Validation and test are averaged over {only.words}.",)
    return tuple(
        f"{arm}: validation and test are averaged over {found.words}; "
        "arms with other views differ in that too."
        for arm, found in views.items()
    )
