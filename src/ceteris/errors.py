"""One kind of error for the people who use Ceteris: what, received, expected, fix.

A user's mistake is raised as :class:`CeterisError` where it was made and is printed without a
traceback. Everything else that is raised is our mistake and keeps its traceback.
"""

import difflib
from collections.abc import Iterable

_LONGEST_SHOWN = 200  # characters of a received value; a pasted file must not fill the screen


class CeterisError(Exception):
    """A mistake a user can mend, said in four parts.

    Args:
        what: one sentence that names the thing that is wrong, without a full stop.
        received: what was given, with the file and key it came from where there is one.
        expected: what would have been accepted.
        fix: what to do now.

    Example:
        >>> print(CeterisError("steps is negative", received="-1", expected="1 or more",
        ...                    fix="write steps = 2000"))
        steps is negative
          received: -1
          expected: 1 or more
          fix:      write steps = 2000
    """

    def __init__(self, what: str, *, received: str, expected: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.received = received
        self.expected = expected
        self.fix = fix

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by their positional arguments; ours are keywords.
        return (_rebuild, (type(self), self.what, self.received, self.expected, self.fix))

    def __str__(self) -> str:
        return (
            f"{self.what}\n"
            f"  received: {self.received}\n"
            f"  expected: {self.expected}\n"
            f"  fix:      {self.fix}"
        )


def _rebuild(
    kind: type[CeterisError], what: str, received: str, expected: str, fix: str
) -> CeterisError:
    return kind(what, received=received, expected=expected, fix=fix)


def shown(value: object) -> str:
    r"""A received value as it may be printed: one line, bounded, control characters escaped.

    Example:
        >>> shown("a\x1b[31mb")
        "'a\\x1b[31mb'"
        >>> shown(0.5)
        '0.5'
    """
    text = repr(value)
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was most likely meant to be, or None.

    Example:
        >>> nearest("adm", ["sgd", "adam"])
        'adam'
        >>> nearest("qqq", ["sgd", "adam"]) is None
        True
    """
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def unknown_name(kind: str, name: object, known: Iterable[str], *, where: str = "") -> CeterisError:
    """The error for a name that no register holds, with the nearest one suggested.

    Args:
        kind: what the name should be the name of, for example ``"optimizer"``.
        name: what was given.
        known: every name that would have been accepted.
        where: file and key, for example ``"lr.toml, train.optimizer"``; empty where there is none.

    Example:
        >>> print(unknown_name("optimizer", "adm", ["sgd", "adam"], where="a.toml"))
        there is no optimizer 'adm'
          received: 'adm'  (a.toml)
          expected: one of adam, sgd
          fix:      did you mean 'adam'?
    """
    names = sorted(known)
    guess = nearest(name, names) if isinstance(name, str) else None
    return CeterisError(
        f"there is no {kind} {shown(name)}",
        received=shown(name) + (f"  ({where})" if where else ""),
        expected=f"one of {', '.join(names)}" if names else f"there are no {kind}s yet",
        fix=f"did you mean '{guess}'?" if guess else "choose one of the names above",
    )
