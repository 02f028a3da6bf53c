import numpy as np

from ceteris.predict.likeness import SPACES, Likeness, Reference
from ceteris.predict.measuring import likeness_notes

NOTHING = Reference(np.zeros((1, 1), np.float32), {})


def likeness(num_held_out: int, called: int, of: str) -> Likeness:
    return Likeness(NOTHING, dict.fromkeys(SPACES, 1.0), num_held_out, called, of)


def test_the_share_is_said_to_be_of_the_images_the_limits_were_set_on() -> None:
    (said,) = likeness_notes(likeness(1000, 9, "validation"))
    assert said == (
        "The limits of unlike were set on 1,000 validation images; 9 (0.9%) of them lie beyond one."
    )


def test_of_few_training_images_all_three_are_said() -> None:
    first, second, third = likeness_notes(likeness(6, 0, "training"))
    assert first == "The farthest of 6 training images is the limit of unlike."
    assert "measured on training images" in second
    assert third == "So few images make a rough limit."
