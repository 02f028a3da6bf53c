"""Study files to start from, commented line by line. Text in, text out."""

import json

_HEAD = """# A study of Ceteris. Check it with:  ceteris run {file} --dry-run

name = {name}              # names the folder its results are kept in
question = {question}
preset = "keras"              # whose defaults fill in what is not said: keras, book or torch
seeds = 8                     # runs of every arm; fewer can show large differences only
primary_metric = "{metric}"
# baseline = "learning_rate=0.01"   # the arm others are compared with; the first if not said
"""

_NETWORK = """
[network]
name = "mlp"                  # or layers = [...], or code = "my_net.py:make"
hidden = [100, 100]
# dropout = 0.2
# batch_norm = true
"""

_TRAIN = """
[train]
epochs = 10                   # or steps = 2000
batch_size = {batch_size}
optimizer = "adam"            # sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw
# weight_decay = 0.0001
# schedule = "cosine"

# What is varied: every combination of levels is an arm. All else is equal.
[factors]
learning_rate = [0.01, 0.001]
# dropout = [0.0, 0.2]

# Or name the arms yourself, instead of [factors]:
# [arms]
# plain   = {{ dropout = 0.0 }}
# dropout = {{ dropout = 0.2 }}

# What `ceteris run {file} --quick` changes.
[quick]
seeds = 3
"train.epochs" = 1
"""

_DIGITS = """
[data]
name = "digits"               # or "mnist", "fashion-mnist", "cifar10", "fer2013", "folder"
validation = 0.2              # held out of training, to choose on; the test part stays locked
"""

_IMAGES = """
[data]
name = "folder"
path = {path}
size = [{height}, {width}]    # every picture is resized to this: height, width
colour = "{colour}"           # or "{other}"
validation = 0.2              # held out of training, to choose on
test = 0.2                    # opened once, at the end of each run
# drop = ["leaked", "conflicting"]  # training images that are test images, or of two classes, too
"""


def starter_study(*, name: str, file: str) -> str:
    """A study of the bundled digits that varies the learning rate.

    Example:
        >>> "learning_rate = [0.01, 0.001]" in starter_study(name="mine", file="mine.toml")
        True
    """
    head = _HEAD.format(
        name=_quoted(name),
        file=file,
        question=_quoted("Does a smaller learning rate help?"),
        metric="validation_accuracy",
    )
    return head + _DIGITS + _NETWORK + _TRAIN.format(batch_size=32, file=file)


def images_study(
    *,
    name: str,
    file: str,
    path: str,
    size: tuple[int, int],
    colour: str,
    batch_size: int,
    has_test: bool,
) -> str:
    """A study of a folder of images by class.

    Args:
        name, file: of the study.
        path: of the folder, as the study file should say it.
        size: height and width in pixels.
        colour: ``"grey"`` or ``"rgb"``.
        batch_size: small where there are few images.
        has_test: the folder has a ``test`` subfolder of its own, so none is split off.
    """
    head = _HEAD.format(
        name=_quoted(name),
        file=file,
        question=_quoted("Does a smaller learning rate help on my images?"),
        metric="validation_accuracy",
    )
    images = _IMAGES.format(
        path=_quoted(path),
        height=size[0],
        width=size[1],
        colour=colour,
        other="grey" if colour == "rgb" else "rgb",
    )
    if has_test:
        images = "".join(line for line in images.splitlines(True) if not line.startswith("test"))
    return head + images + _NETWORK + _TRAIN.format(batch_size=batch_size, file=file)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, escapes included.
    return json.dumps(text, ensure_ascii=False)
