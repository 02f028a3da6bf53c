"""The tables of a study, as they are written: types, ranges and names of keys.

Nothing here is filled in or resolved; that is :mod:`ceteris.study.design`.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

Preset = Literal["keras", "book", "torch"]
Budget = Literal["steps", "epochs", "images", "parameters", "multiply_adds", "none"]


def _part(value: float) -> float:
    if 0 < value < 1 or (isinstance(value, int) and value >= 1):
        return value
    raise ValueError("a fraction above 0 and below 1, or a whole number of images")


def _part_or_none(value: float) -> float:
    return value if value == 0 else _part(value)


def _interval(value: int | str) -> int | str:
    if value == "epoch" or (isinstance(value, int) and value >= 1):
        return value
    raise ValueError("'epoch', or a number of steps of 1 or more")


Part = Annotated[float | int, AfterValidator(_part)]
PartOrNone = Annotated[float | int, AfterValidator(_part_or_none)]
Interval = Annotated[int | str, AfterValidator(_interval)]
Picking = Literal["first", "last", "random", "stratified"]


def drop_list(value: object) -> object:
    """The words of ``drop``, one or a list: ``false`` is none of them.

    Example:
        >>> drop_list("leaked"), drop_list(["leaked", "flat"]), drop_list(False)
        (('leaked',), ('leaked', 'flat'), ())
    """
    if value is False:
        return ()
    words = [value] if isinstance(value, str) else value
    if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
        return tuple(words)
    raise ValueError('a list of words, for example ["leaked", "conflicting"], or false')


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class DataSpec(_Table):
    """``[data]``: what is learned from, and how it is split.

    Args:
        name: a registered data set, `"folder"` for a folder of images by class, or for a file of
            one's own its format: `"npz"`, `"npy"`, `"idx"` or `"csv"`.
        path: of the folder or of the images, relative to the study's file.
        labels: for `"npy"` and `"idx"`: the file of labels.
        test_path, test_labels: for `"npy"`, `"idx"` and `"csv"`: the same files of the test part.
        label_column: for `"csv"`: a name in line 1, `"first"` or `"last"`.
        classes: for a file of one's own: names in the order of the labels.
        pixel_max: for a file of one's own: the largest value a pixel can have, 255 if not said.
        size: for `"folder"`: `[height, width]` that pictures are resized to; for a file that holds
            images as rows of numbers: how they are laid out, square if not said.
        colour: for `"folder"` and such a file: `"grey"` or `"rgb"`.
        skip_broken: for `"folder"`: leave out pictures that cannot be read, and say which.
        images: use only so many of the training images.
        images_by: which: `"first"`, `"last"`, `"random"` or `"stratified"`.
        validation: images held out of those, a fraction below 1 or a count.
        validation_by: which, the same four words.
        test: for a set without a published test part: a fraction or a count.
        test_by: which, the same four words.
        split_seed: another number, another split.
        resample_split: draw validation images and subset anew for every seed, never the test part.
        test_part: the published part to test on, for example `"PublicTest"`; else the last one.
        validation_part: the published part to validate on, instead of `validation`.
        drop: training images to leave out: `"leaked"`, those that are in the validation or test
            part too, `"conflicting"`, those that are there with another label too, `"duplicates"`,
            all but one of each, `"flat"`, those of one colour; `false` is none.
        scale: `"unit"` divides pixels to 0..1, `"standard"` gives each channel mean 0 and standard
            deviation 1 over the run's training images, `"none"` leaves them as they are.
    """

    name: str
    path: str | None = None
    labels: str | None = None
    test_path: str | None = None
    test_labels: str | None = None
    label_column: str | None = None
    classes: Annotated[tuple[str, ...], Strict(False)] | None = None
    pixel_max: Annotated[int, Field(ge=1, le=255)] | None = None
    size: Annotated[tuple[int, int], Strict(False)] | None = None
    colour: Literal["grey", "rgb"] | None = None
    skip_broken: bool = False
    images: Annotated[int, Field(ge=1)] | None = None
    images_by: Picking = "first"
    validation: PartOrNone = 0
    validation_by: Picking = "stratified"
    test: Part | None = None
    test_by: Picking = "stratified"
    split_seed: Annotated[int, Field(ge=0)] = 0
    resample_split: bool = False
    test_part: str | None = None
    validation_part: str | None = None
    drop: Annotated[tuple[str, ...], Strict(False), BeforeValidator(drop_list)] = ()
    scale: Literal["unit", "standard", "none"] = "unit"


class NetworkSpec(_Table):
    """``[network]``: a registered name, a list of layers, or code of one's own.

    Exactly one of ``name``, ``layers``, ``code`` (``"file.py:function"``) and ``function`` (a
    Python callable that returns a ``torch.nn.Module``). Every other key is an argument of the
    named network or of the function.
    """

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    name: str | None = None
    layers: list[Any] | None = None
    code: str | None = None
    function: Callable[..., Any] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What the network is made with, for example ``{"hidden": [100, 100]}``."""
        return dict(self.model_extra or {})


class AugmentSpec(_Table):
    """``[train.augment]``: chance changes of each training image; none where nothing is said.

    Only the batches a run trains on are changed, never the images it is evaluated on. Everything
    that moves pixels is one map from image to image, so a picture is resampled once at most.

    Args:
        rotation: degrees either way.
        shift: share of height and of width, either way.
        zoom: either way around 1, one scale for height and width.
        flip: left for right, half of the images.
        crop: pixels of zeros added on every side, of which a window of the image's size is kept.
        brightness: either way around 1, what pixels are multiplied by.
        erase: probability that a rectangle of 2% to 40% of the image is set to zero.
        fill: what rotation, shift and zoom bring in: `"edge"`, the nearest pixel, or `"zero"`.
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    shift: Annotated[float, Field(ge=0, le=1)] = 0.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    flip: bool = False
    crop: Annotated[int, Field(ge=0)] = 0
    brightness: Annotated[float, Field(ge=0, le=1)] = 0.0
    erase: Annotated[float, Field(ge=0, le=1)] = 0.0
    fill: Literal["edge", "zero"] = "edge"

    def identity(self) -> dict[str, Any]:
        """The options that are on, and the fill where one of them reads it.

        An option that is off is not named, so a new one changes no run that does without it.

        Example:
            >>> AugmentSpec(rotation=10).identity(), AugmentSpec(flip=True, fill="zero").identity()
            ({'rotation': 10.0, 'fill': 'edge'}, {'flip': True})
        """
        on = {key: value for key, value in self.model_dump(exclude={"fill"}).items() if value}
        return on | ({"fill": self.fill} if on.keys() & {"rotation", "shift", "zoom"} else {})


def augment_table(value: object) -> object:
    """The table a short form stands for: ``false`` is none of it."""
    if isinstance(value, Mapping | AugmentSpec):
        return value
    if value is False:
        return {}
    raise ValueError("a table, for example { rotation = 10, flip = true }, or false")


def start_words(value: object) -> object:
    """The words that name stored runs: ``false`` is none of them."""
    if value is False or value is None:
        return None
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError('the name of trained runs, for example "pretrain:deep", or false')


def freeze_words(value: object) -> object:
    """The words that name layers, one or a list: ``false`` is none of them.

    Example:
        >>> freeze_words("body"), freeze_words(["conv_1", "conv_2"]), freeze_words(False)
        (('body',), ('conv_1', 'conv_2'), ())
    """
    if value is False:
        return ()
    words = [value] if isinstance(value, str) else value
    if isinstance(words, list | tuple) and all(isinstance(w, str) and w.strip() for w in words):
        return tuple(dict.fromkeys(words))
    raise ValueError('names of layers, for example ["conv_1", "conv_2"], or "body", or false')


class ViewsSpec(_Table):
    """``[train.views]``: views of an image that its evaluation is averaged over; else it alone.

    Validation and test images are seen so, never those a run trains on nor the figures measured on
    them. Averaged are the probabilities (with the loss `"mse"` the outputs), every view counting
    the same. Evaluation takes as many times as long as there are views.

    Args:
        flip: the image mirrored left for right too: twice as many views.
        shift_pixels: the image moved by so many pixels up, down, left and right too, its edge
            repeated: five times as many.
    """

    flip: bool = False
    shift_pixels: Annotated[int, Field(ge=0)] = 0

    def identity(self) -> dict[str, Any]:
        """The options that are on.

        Example:
            >>> ViewsSpec(flip=True).identity(), ViewsSpec().identity()
            ({'flip': True}, {})
        """
        return {key: value for key, value in self.model_dump().items() if value}

    @property
    def count(self) -> int:
        """How many views there are, the image itself being one.

        Example:
            >>> ViewsSpec(flip=True, shift_pixels=1).count
            10
        """
        return (2 if self.flip else 1) * (5 if self.shift_pixels else 1)

    @property
    def words(self) -> str:
        """What is averaged over, in words.

        Example:
            >>> ViewsSpec(shift_pixels=1).words
            '5 views of each image: as it is, moved by 1 pixel in four directions'
        """
        seen = ["as it is"]
        if self.shift_pixels:
            several = "s" if self.shift_pixels > 1 else ""
            seen.append(f"moved by {self.shift_pixels} pixel{several} in four directions")
        if self.flip:
            seen.append("all of these mirrored" if self.shift_pixels else "mirrored")
        return f"{self.count} views of each image: {', '.join(seen)}"


def views_table(value: object) -> object:
    """The table a short form stands for: ``false`` is the image alone."""
    if isinstance(value, Mapping | ViewsSpec):
        return value
    if value is False:
        return {}
    raise ValueError("a table, for example { flip = true }, or false")


class TrainSpec(_Table):
    """``[train]``: the recipe all arms share, except for what is varied.

    Options of the optimizer, the initializer and the schedule stand here too, under the names
    their registers give them (``learning_rate``, ``momentum``, ``initial_std``, ``warmup_steps``).

    Args:
        steps: length of a run in updates; exactly one of these three.
        epochs: length in passes over the training images.
        images_seen: length in images, repeats counted.
        batch_size: images in a step.
        sampling: `"permutation"`, a fresh one each epoch, or `"replacement"`; else the preset's.
        last_batch: `"keep"` or `"drop"` an epoch's short last batch; else the preset's.
        loss: `"cross_entropy"`, or `"mse"` on one-hot targets.
        loss_recorded: of each step `"before"` its update, or `"after"`; else the preset's.
        optimizer: the update rule.
        weight_decay: strength, of weights only; else the optimizer's.
        decay: `"l2"` or `"decoupled"`; else the preset's.
        initializer: of the weights; else the preset's. A module of one's own keeps its own.
        schedule: course of the learning rate.
        evaluate_every: `"epoch"`, or a number of steps.
        measure_train: when the training images are measured in evaluation mode, which costs a pass
            over them: at `"every"` evaluation, at the `"end"` only, or `"never"`.
        precision: what products are computed in, `"float32"`, `"bfloat16"` (parameters and sums
            stay float32), or `"auto"`: bfloat16 for networks with convolutions on processors that
            have it, else float32.
        augment: a table of chance changes of the training images, or `false`.
        views: a table of views that the evaluation of an image is averaged over, or `false`.
        start: the trained runs whose weights a run starts from, seed by seed: `"STUDY"`,
            `"STUDY:ARM"`, `"STUDY@VARIANT:ARM"`, or a run's id for all seeds; `false` is none.
        freeze: layers that stay as they start: names or beginnings of names (`"conv_1"`,
            `"conv"`), or `"body"`, all but the last layer with weights; `false` is none.
    """

    model_config = ConfigDict(extra="allow")

    steps: Annotated[int, Field(ge=1)] | None = None
    epochs: Annotated[int, Field(ge=1)] | None = None
    images_seen: Annotated[int, Field(ge=1)] | None = None
    batch_size: Annotated[int, Field(ge=1)] = 32
    sampling: Literal["permutation", "replacement"] | None = None
    last_batch: Literal["keep", "drop"] | None = None
    loss: str = "cross_entropy"
    loss_recorded: Literal["before", "after"] | None = None
    optimizer: str = "adam"
    weight_decay: Annotated[float, Field(ge=0)] | None = None
    decay: Literal["l2", "decoupled"] | None = None
    initializer: str | None = None
    schedule: str = "constant"
    evaluate_every: Interval = "epoch"
    measure_train: Literal["every", "end", "never"] = "every"
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    augment: Annotated[AugmentSpec, BeforeValidator(augment_table)] = AugmentSpec()
    views: Annotated[ViewsSpec, BeforeValidator(views_table)] = ViewsSpec()
    start: Annotated[str | None, BeforeValidator(start_words)] = None
    freeze: Annotated[tuple[str, ...], Strict(False), BeforeValidator(freeze_words)] = ()

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the optimizer, the initializer or the schedule."""
        return dict(self.model_extra or {})


def network_table(value: object) -> object:
    """The table a short form stands for: a name, ``"file.py:function"``, or a Python callable."""
    if isinstance(value, str):
        return {"code": value} if ".py:" in value else {"name": value}
    if callable(value):
        return {"function": value}
    return value


class StudySpec(_Table):
    """The whole study as declared.

    Args:
        name: letters, digits, `.`, `_` and `-`: it names the study's folder.
        question: what the study is to answer, one sentence.
        report: ids of the course reports it comes from.
        notes: what a reader should know, and what the reports did otherwise.
        preset: whose defaults fill in what is not said: `"keras"`, `"book"` or `"torch"`.
        seeds: replicates of every arm.
        root_seed: another number, other draws for every seed.
        looks: how often the comparison may be read, seeds added in between; each pays for itself.
        primary_metric: what the conclusion is about.
        margin: the largest difference in it that does not matter, in its units (0.003 is 0.3
            percentage points of an accuracy): arms shown to differ by less are called equivalent.
        baseline: the arm the others are compared with; the first one if not said.
        comparisons: every arm against the `"baseline"`, or `"all_pairs"`.
        budget: what arms must be equal in, `"steps"`, `"epochs"`, `"images"`, `"parameters"`,
            `"multiply_adds"` or `"none"`; what `[train]` says if not said. Parameters are those
            that are trained: frozen ones do not count.
        keep_weights: of each run, the best evaluation's, every evaluation's, or none.
        data: what is learned from.
        network: what learns: a name, layers, or code.
        train: how.
        factors: what is varied, every combination being an arm.
        arms: or the arms by name, each saying what it changes.
        quick: what `--quick` changes, by dotted key.
    """

    name: str
    question: str = ""
    report: Annotated[tuple[str, ...], Strict(False)] = ()
    notes: str = ""
    preset: Preset = "keras"
    seeds: Annotated[int, Field(ge=1, le=1000)] = 8
    root_seed: Annotated[int, Field(ge=0)] = 0
    looks: Annotated[int, Field(ge=1, le=100)] = 1
    primary_metric: str = "test_accuracy"
    margin: Annotated[float, Field(gt=0)] | None = None
    baseline: str | dict[str, Any] | None = None
    comparisons: Literal["baseline", "all_pairs"] = "baseline"
    budget: Budget | None = None
    keep_weights: Literal["none", "best", "all"] = "best"
    data: DataSpec
    network: Annotated[NetworkSpec, BeforeValidator(network_table)]
    train: TrainSpec
    factors: dict[str, list[Any]] = Field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    quick: dict[str, Any] = Field(default_factory=dict)
