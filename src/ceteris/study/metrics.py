"""What a run is measured by: the names a study, a table and the JSON use, and no others."""

from dataclasses import dataclass
from typing import Literal

from ceteris.errors import CeterisError, unknown_name

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Metric:
    """One number at the end of a run.

    Args:
        name: as in the store, the JSON and a study's ``primary_metric``.
        part: the part of the data it is measured on.
        better: the direction that counts as better.
        quantity: ``"accuracy"`` (a share, 0 to 1) or ``"loss"`` (in units of the study's loss).
        title: one line for a table's legend.
    """

    name: str
    part: Part
    better: Literal["lower", "higher"]
    quantity: Literal["accuracy", "loss"]
    title: str


LAST_STEPS = 100  # of `train_loss_last_100`: single batches are too noisy to judge an order by

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "train_loss",
            "train",
            "lower",
            "loss",
            "loss of the final weights on the training images, in evaluation mode",
        ),
        Metric(
            "train_accuracy",
            "train",
            "higher",
            "accuracy",
            "accuracy of the final weights on the training images, in evaluation mode",
        ),
        Metric(
            "train_loss_last_100",
            "train",
            "lower",
            "loss",
            "mean training loss of the last 100 steps, each on its own batch, in training mode",
        ),
        Metric(
            "train_loss_running",
            "train",
            "lower",
            "loss",
            "mean training loss since the evaluation before, in training mode, as it went",
        ),
        Metric(
            "train_accuracy_running",
            "train",
            "higher",
            "accuracy",
            "training accuracy since the evaluation before, in training mode, as it went",
        ),
        Metric(
            "validation_loss",
            "validation",
            "lower",
            "loss",
            "loss of the final weights on the validation images",
        ),
        Metric(
            "validation_accuracy",
            "validation",
            "higher",
            "accuracy",
            "accuracy of the final weights on the validation images",
        ),
        Metric(
            "test_loss",
            "test",
            "lower",
            "loss",
            "loss of the final weights on the test images, opened once, after training",
        ),
        Metric(
            "test_accuracy",
            "test",
            "higher",
            "accuracy",
            "accuracy of the final weights on the test images, opened once, after training",
        ),
    )
}


# Measured on the training images in evaluation mode, which costs a pass over them.
_NEED_TRAIN_MEASURED = ("train_loss", "train_accuracy")


def find_metric(
    name: str, *, has_validation: bool, train_measured: bool = True, where: str = ""
) -> Metric:
    """The metric of that name.

    Args:
        name: as declared.
        has_validation: every arm holds validation images out.
        train_measured: every arm's training images are measured at the end.
        where: file and key, for messages.

    Raises:
        CeterisError: no such metric, or one that the study's arms do not have.

    Example:
        >>> find_metric("test_accuracy", has_validation=False).better
        'higher'
    """
    metric = METRICS.get(name)
    if metric is None:
        raise unknown_name("metric", name, METRICS, where=where)
    if metric.part == "validation" and not has_validation:
        raise CeterisError(
            f"the metric '{name}' needs validation images, and this study holds none out",
            received=f"{name}, with data.validation = 0" + (f"  ({where})" if where else ""),
            expected="a validation part",
            fix="write validation = 0.2 in [data], or choose another metric",
        )
    if name in _NEED_TRAIN_MEASURED and not train_measured:
        raise CeterisError(
            f"the metric '{name}' is not measured in this study",
            received=f"{name}, with train.measure_train = 'never'"
            + (f"  ({where})" if where else ""),
            expected="measure_train = 'end' or 'every'",
            fix=f'write measure_train = "end" in [train], or choose {name}_running',
        )
    return metric
