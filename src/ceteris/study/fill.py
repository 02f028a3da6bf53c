"""From one arm's checked tables to its recipe: presets and registers fill in what is not said."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ceteris.data import DataSource, SplitRecipe, check_parts, check_source, drop_words
from ceteris.errors import CeterisError, shown
from ceteris.factors import (
    INITIALIZER_ALIASES,
    INITIALIZERS,
    OPTIMIZERS,
    SCHEDULES,
    Option,
    decay_options,
    default_initializer,
    find_initializer,
    find_loss,
    find_optimizer,
    find_schedule,
    initializer_options,
    optimizer_options,
    schedule_options,
)
from ceteris.nets import (
    function_reference,
    make_network,
    parse_layers,
    read_reference,
    with_batch_norm_defaults,
)
from ceteris.study.presets import PRESETS, Preset
from ceteris.study.recipe import DataRecipe, NetworkRecipe, Recipe, TrainRecipe
from ceteris.study.spec import DataSpec, NetworkSpec, TrainSpec

# Each register of things that have options, by the key of [train] that chooses from it.
_REGISTERS: Mapping[str, Mapping[str, Any]] = {
    "optimizer": OPTIMIZERS,
    "initializer": INITIALIZERS,
    "schedule": SCHEDULES,
}


def option_users() -> dict[str, set[tuple[str, str]]]:
    """Every option of every register, and who has it.

    Example:
        >>> sorted(option_users()["beta1"])
        [('optimizer', 'adam'), ('optimizer', 'adamw')]
    """
    users: dict[str, set[tuple[str, str]]] = {}
    for kind, register in _REGISTERS.items():
        for name, entry in register.items():
            for option in entry.options:
                users.setdefault(option.name, set()).add((kind, name))
    return users


def canonical_name(kind: str, name: str) -> str:
    """The register's own name of an entry; a name that is no alias comes back as it is.

    Example:
        >>> canonical_name("initializer", "glorot_normal")
        'xavier_normal'
    """
    return INITIALIZER_ALIASES.get(name, name) if kind == "initializer" else name


def fill(
    data: DataSpec,
    network: NetworkSpec,
    train: TrainSpec,
    *,
    preset: str,
    levels: Mapping[str, Any],
    where: str,
    folder: Path,
) -> Recipe:
    """The complete recipe of one arm.

    Args:
        data, network, train: the arm's tables, its levels already in them.
        preset: whose defaults fill in the rest.
        levels: the arm's own levels: an option among them must be used by this arm.
        where: the file and arm, for error messages.
        folder: what relative paths are relative to.
    """
    return Recipe(
        data=_data(data, where, folder),
        network=fill_network(network, PRESETS[preset], where, folder),
        train=_train(train, preset, network, levels, where),
    )


def _data(data: DataSpec, where: str, folder: Path) -> DataRecipe:
    paths = {
        key: str((folder / path).absolute()) if path else path
        for key in ("path", "labels", "test_path", "test_labels")
        for path in (getattr(data, key),)
    }
    source = DataSource(
        name=data.name,
        size=data.size,
        colour=data.colour,
        label_column=data.label_column,
        classes=data.classes,
        pixel_max=data.pixel_max,
        skip_broken=data.skip_broken,
        **paths,
    )
    entry = check_source(source, where=f"{where}, data")
    check_parts(
        entry,
        test_part=data.test_part,
        validation_part=data.validation_part,
        validation=data.validation,
        where=f"{where}, data",
    )
    return DataRecipe(
        source=source,
        split=SplitRecipe(
            images=data.images,
            images_by=data.images_by,
            validation=data.validation,
            validation_by=data.validation_by,
            test=data.test,
            test_by=data.test_by,
            seed=data.split_seed,
            resample=data.resample_split,
            test_part=data.test_part,
            validation_part=data.validation_part,
            drop=drop_words(data.drop, where=f"{where}, data.drop"),
        ),
        scale=data.scale,
    )


def fill_network(network: NetworkSpec, preset: Preset, where: str, folder: Path) -> NetworkRecipe:
    """What learns, complete; the arguments are those of :func:`fill`."""
    given = [
        key for key in ("name", "layers", "code", "function") if getattr(network, key) is not None
    ]
    if len(given) != 1:
        raise CeterisError(
            "a network is one of: a name, a list of layers, code",
            received=(" and ".join(given) or "none of them") + f"  ({where}, network)",
            expected='name = "mlp", or layers = [...], or code = "my_net.py:make"',
            fix="keep exactly one of them in [network]",
        )
    arguments = network.arguments
    if network.code is not None:
        reference = read_reference(network.code, folder)
        return NetworkRecipe((), reference, None, arguments)
    if network.function is not None:
        return NetworkRecipe((), function_reference(network.function), network.function, arguments)
    if network.layers is not None:
        if arguments:
            raise CeterisError(
                f"[network] with layers has no key {shown(next(iter(arguments)))}",
                received=f"{', '.join(arguments)}  ({where}, network)",
                expected="layers = [...] and nothing else",
                fix="remove it, or put it in a layer",
            )
        layers = parse_layers(network.layers, f"{where}, network.layers")
    else:
        layers = make_network(str(network.name), arguments, f"{where}, network")
    layers = with_batch_norm_defaults(layers, preset.batch_norm_momentum, preset.batch_norm_epsilon)
    return NetworkRecipe(tuple(layers), None, None, {})


def _train(
    train: TrainSpec, preset_name: str, network: NetworkSpec, levels: Mapping[str, Any], where: str
) -> TrainRecipe:
    preset, at = PRESETS[preset_name], f"{where}, train"
    _check_length(train, where)
    loss = find_loss(train.loss, at)
    optimizer = find_optimizer(train.optimizer, at)
    schedule = find_schedule(train.schedule, at)
    # A user's own module keeps the weights its constructor drew unless the study says otherwise.
    own_module = network.code is not None or network.function is not None
    if train.initializer is None and own_module:
        initializer = None
    else:
        initializer = find_initializer(train.initializer or default_initializer(preset_name), at)
    chosen = {("optimizer", optimizer.name), ("schedule", schedule.name)}
    if initializer is not None:
        chosen.add(("initializer", initializer.name))
    _refuse_unused_levels(chosen, levels, where)
    given = train.options
    decay = decay_options(
        optimizer.name,
        preset_name,
        {k: v for k in ("weight_decay", "decay") if (v := getattr(train, k)) is not None},
        at,
    )
    return TrainRecipe(
        steps=train.steps,
        epochs=train.epochs,
        images_seen=train.images_seen,
        batch_size=train.batch_size,
        sampling=train.sampling or preset.sampling,
        last_batch=train.last_batch or preset.last_batch,
        loss=loss.name,
        loss_recorded=train.loss_recorded or preset.loss_recorded,
        optimizer=optimizer.name,
        optimizer_options=optimizer_options(
            optimizer.name, preset_name, _own(optimizer.options, given), at
        ),
        weight_decay=float(decay["weight_decay"]),
        decay="decoupled" if decay["decay"] == "decoupled" else "l2",
        initializer=None if initializer is None else initializer.name,
        initializer_options={}
        if initializer is None
        else initializer_options(
            initializer.name, preset_name, _own(initializer.options, given), at
        ),
        schedule=schedule.name,
        schedule_options=schedule_options(schedule.name, _own(schedule.options, given), at),
        evaluate_every=train.evaluate_every if isinstance(train.evaluate_every, int) else "epoch",
        measure_train=train.measure_train,
        precision=train.precision,
        augment=train.augment if train.augment.identity() else None,
        views=train.views if train.views.identity() else None,
        start=train.start,
        freeze=train.freeze,
    )


def _own(options: Sequence[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is given, the options that are an entry's own."""
    names = {option.name for option in options}
    return {key: value for key, value in given.items() if key in names}


def _check_length(train: TrainSpec, where: str) -> None:
    given = [k for k in ("steps", "epochs", "images_seen") if getattr(train, k) is not None]
    if len(given) != 1:
        raise CeterisError(
            "the length of a run is not said" if not given else "the length of a run is said twice",
            received=(" and ".join(given) or "no length") + f"  ({where}, train)",
            expected="exactly one of steps, epochs, images_seen",
            fix="write for example steps = 2000 in [train]" if not given else "remove one",
        )


def _refuse_unused_levels(
    chosen: set[tuple[str, str]], levels: Mapping[str, Any], where: str
) -> None:
    """A level that this arm's own optimizer, initializer and schedule do not read."""
    users = option_users()
    for factor in levels:
        key = factor.removeprefix("train.")
        if key in users and not users[key] & chosen:
            raise CeterisError(
                f"the level '{factor}' changes nothing in this arm",
                received=f"{factor} = {shown(levels[factor])}  ({where})",
                expected="an arm with one of: "
                + ", ".join(sorted(f"{kind} {name}" for kind, name in users[key])),
                fix=f"remove {factor} from the arm, or choose one of those",
            )
