"""Whether a user's own code may be executed: named before, or refused."""

from collections.abc import Callable, Sequence

from ceteris.errors import CeterisError
from ceteris.nets import CodeReference
from ceteris.study import NetworkRecipe


def permit_code(
    networks: Sequence[NetworkRecipe], allowed: bool, announce: Callable[[str], None]
) -> None:
    """Name every file before it is executed, once; refuse it where code is not allowed.

    Args:
        networks: that are about to be made.
        allowed: False refuses those of a user's own file.
        announce: told each file.

    Raises:
        CeterisError: there is such a file, and it is not allowed.
    """
    references = {
        reference.digest: reference
        for network in networks
        if isinstance(reference := network.reference, CodeReference)
    }
    for reference in references.values():
        if not allowed:
            raise CeterisError(
                "this study executes code of its own, and --no-code refuses that",
                received=f"{reference.file}, function {reference.function}",
                expected="a study without network code",
                fix="read the file, then run without --no-code",
            )
        announce(f"executing {reference.file} (code digest {reference.digest[:12]})")
