"""The register of networks that have a name: families of any size, and the reports' own."""

from collections.abc import Mapping

from ceteris.errors import CeterisError, nearest, shown, unknown_name
from ceteris.nets.families import FAMILIES
from ceteris.nets.layer import Layer
from ceteris.nets.named import Argument, Network
from ceteris.nets.reports_networks import REPORTS_NETWORKS

__all__ = ["NETWORKS", "Argument", "Network", "find_network", "make_network"]

NETWORKS: Mapping[str, Network] = {
    network.name: network for network in (*FAMILIES, *REPORTS_NETWORKS)
}


def make_network(
    name: str, arguments: Mapping[str, object] | None = None, where: str = ""
) -> tuple[Layer, ...]:
    """Make the layers of a named network.

    Args:
        name: in the register, or a report's item, for example ``"R3.5"``.
        arguments: what to do differently.
        where: file and table, for messages.

    Raises:
        CeterisError: there is no such network, or it has no such argument or not that value.

    Example:
        >>> make_network("mlp", {"hidden": [30]})
        (Flatten(), Dense(units=30), Activation(name='relu', slope=None), Dense(units='classes'))
    """
    network = find_network(name, where)
    known = {argument.name: argument for argument in network.arguments}
    owner = f"the network '{network.name}'"
    values = {argument.name: argument.default for argument in network.arguments}
    for key, value in (arguments or {}).items():
        if key not in known:
            raise _unknown_argument(owner, key, list(known), where)
        try:
            values[key] = known[key].check(owner, value)
        except CeterisError as error:
            raise _placed(error, f"{where}.{key}" if where else "") from None
    try:
        return network.make(**values)
    except CeterisError as error:  # values that cannot be together, or not in this network
        raise _placed(error, where) from None


def find_network(name: str, where: str = "") -> Network:
    """Find a network by its name or by the item of a report that uses it.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> find_network("R3.5").name
        'fashion-cnn'
    """
    for network in NETWORKS.values():
        if name == network.name or name in network.reports:
            return network
    raise unknown_name("network", name, NETWORKS, where=where)


def _unknown_argument(owner: str, key: object, known: list[str], where: str) -> CeterisError:
    guess = nearest(str(key), known)
    return CeterisError(
        f"{owner} has no argument {shown(key)}",
        received=f"{key}" + (f"  ({where})" if where else ""),
        expected=f"one of {', '.join(known)}",
        fix=f"did you mean '{guess}'?" if guess else "remove it, or use one of those above",
    )


def _placed(error: CeterisError, where: str) -> CeterisError:
    received = error.received + (f"  ({where})" if where else "")
    return CeterisError(error.what, received=received, expected=error.expected, fix=error.fix)
