"""Every name a study may vary: where it stands in the study, and whether it is value or program."""

from dataclasses import dataclass

from ceteris.errors import unknown_name
from ceteris.factors.initializers import INITIALIZERS
from ceteris.factors.optimizers import OPTIMIZERS
from ceteris.factors.options import Kind
from ceteris.factors.schedules import SCHEDULES


@dataclass(frozen=True)
class Factor:
    """Something that may be varied.

    Args:
        name: as in a study's ``[factors]``.
        path: its place in the study, dotted.
        kind: ``"value"``: the compiled step takes it, or what follows from it (weights, batches,
            rates), as an input. ``"program"``: it changes the computation or the number of steps.
        title: one line for tables and the reference page.
    """

    name: str
    path: str
    kind: Kind
    title: str


_OWN: tuple[Factor, ...] = (
    Factor("optimizer", "train.optimizer", "program", "the update rule"),
    Factor("weight_decay", "train.weight_decay", "value", "strength of the weight decay"),
    Factor("decay", "train.decay", "program", "form of the weight decay"),
    Factor("initializer", "train.initializer", "value", "distribution of the initial weights"),
    Factor("schedule", "train.schedule", "value", "course of the learning rate"),
    Factor("loss", "train.loss", "program", "what training makes small"),
    Factor("batch_size", "train.batch_size", "program", "images in a step"),
    Factor("sampling", "train.sampling", "value", "how batches are drawn"),
    Factor("last_batch", "train.last_batch", "program", "what becomes of a short last batch"),
    Factor("augment", "train.augment", "value", "chance changes of the training images"),
    Factor("views", "train.views", "value", "views of an image that evaluation is averaged over"),
    Factor("precision", "train.precision", "program", "number type of products"),
    Factor("start", "train.start", "value", "trained runs whose weights a run starts from"),
    Factor("freeze", "train.freeze", "program", "layers that stay as they start"),
    Factor("steps", "train.steps", "program", "steps of a run"),
    Factor("epochs", "train.epochs", "program", "epochs of a run"),
    Factor("images_seen", "train.images_seen", "program", "images a run sees, repeats counted"),
    Factor("network", "network.name", "program", "the network"),
    Factor("hidden", "network.hidden", "program", "units of the hidden layers"),
    Factor("activation", "network.activation", "program", "the hidden layers' activation"),
    Factor("batch_norm", "network.batch_norm", "program", "batch normalisation"),
    Factor("dropout", "network.dropout", "value", "share of units dropped"),
    Factor("n1", "network.n1", "program", "filters of the first convolution"),
    Factor("n2", "network.n2", "program", "filters of the second convolution"),
    Factor("data", "data.name", "program", "the data set"),
    Factor("images", "data.images", "program", "training images used"),
    Factor("validation", "data.validation", "program", "images held out of training"),
    Factor("drop", "data.drop", "program", "training images left out"),
    Factor("scale", "data.scale", "value", "range of the pixels"),
)


# Which of `train.optimizer`, `train.initializer` and `train.schedule` an option belongs to. No
# option belongs to two, so that a key of [train] has one meaning.
OPTION_OWNERS: dict[str, str] = {
    option.name: owner
    for owner, tables in (
        ("optimizer", [entry.options for entry in OPTIMIZERS.values()]),
        ("initializer", [entry.options for entry in INITIALIZERS.values()]),
        ("schedule", [entry.options for entry in SCHEDULES.values()]),
    )
    for options in tables
    for option in options
}

_OPTIONS: tuple[Factor, ...] = tuple(
    Factor(option.name, f"train.{option.name}", option.kind, option.doc)
    for options in (
        *(entry.options for entry in OPTIMIZERS.values()),
        *(entry.options for entry in INITIALIZERS.values()),
        *(entry.options for entry in SCHEDULES.values()),
    )
    for option in options
)

FACTORS: dict[str, Factor] = {factor.name: factor for factor in (*_OPTIONS, *_OWN)}


def find_factor(name: object, where: str = "") -> Factor:
    """Find the factor of that name.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> find_factor("learning_rate")
        Factor(name='learning_rate', path='train.learning_rate', kind='value', title='step size')
    """
    found = FACTORS.get(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("factor", name, FACTORS, where=where)
    return found
