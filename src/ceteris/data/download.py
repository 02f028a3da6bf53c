"""One file over HTTP: no more bytes than it should have, no other kind of address, no waiting.

Pooch carries the bytes, over ``http`` and ``https`` only, redirects included. What this adds are
bounds, a look at the file before it gets its name, and reasons that a person understands.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from ceteris.errors import shown

CONNECT_S = 10.0
STALLED_S = 30.0
_STEP = 1 << 16  # bytes at a time

Tell = Callable[[str, int, int | None], None]
"""Is told how far a file is: its name, the bytes that came, and of how many if that is known."""


class FailedError(Exception):
    """A server did not give the file; the reason, as the rest of a sentence that begins with it.

    Args:
        reason: for example ``"refused the connection"``.
        absent: it answered, and has no such file.
    """

    def __init__(self, reason: str, *, absent: bool = False) -> None:
        super().__init__(reason)
        self.absent = absent


def download(
    url: str,
    path: Path,
    *,
    limit: int,
    check: Callable[[Path], None],
    tell: Tell,
    stalled_s: float = STALLED_S,
) -> None:
    """Get the file at ``url`` as ``path``, which is there only if ``check`` accepted the content.

    Args:
        url: begins with ``http://`` or ``https://``.
        path: a new file, in a folder that is there.
        limit: the most bytes it may have; more are not waited for.
        check: is given the finished file under another name, and raises if it is not the right one.
        tell: is told how far it is.
        stalled_s: how long a server may send nothing.

    Raises:
        FailedError: why it did not come.
        OSError: the disk's.
        Exception: what ``check`` raises.
    """
    # Imported here because they take a fifth of a second, and nothing else needs them.
    import pooch

    pooch.get_logger().setLevel("ERROR")  # it tells of every file, and so do we
    # A server must not compress on the way: the file's own bytes are what has a known size.
    transport = {"timeout": (CONNECT_S, stalled_s), "headers": {"Accept-Encoding": "identity"}}

    def carry(address: str, unfinished: str, _: object) -> None:
        with open(unfinished, "wb") as file:
            meter = _Meter(file, path.name, limit, tell)
            carrier = pooch.HTTPDownloader(progressbar=meter, chunk_size=_STEP, **transport)
            with _reasons(meter, stalled_s):
                carrier(address, meter, None)
        check(Path(unfinished))

    pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=carry)


def is_web_address(url: str) -> bool:
    """Tell whether it begins with ``http://`` or ``https://`` and names a server.

    Example:
        >>> is_web_address("https://example.org/mnist/"), is_web_address("file:///etc/passwd")
        (True, False)
    """
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:  # a bracket that is not closed, for one
        return False


class _Meter:
    """The file that is written to, and the bar that is told how much will come, for pooch."""

    def __init__(self, file: IO[bytes], name: str, limit: int, tell: Tell) -> None:
        self._file, self._name, self._limit, self._tell = file, name, limit, tell
        self._declared: int | None = None
        self.received = 0

    @property
    def total(self) -> int | None:
        """The bytes that were declared beforehand; None where the server did not say."""
        return self._declared

    @total.setter
    def total(self, declared: int) -> None:
        self._declared = declared if declared > 0 else None
        if declared > self._limit:
            raise FailedError(
                f"wants to send {declared:,} bytes, {self._limit:,} at most are right"
            )
        self._tell(self._name, 0, self._declared)

    def write(self, data: bytes) -> int:
        """Write what came, unless it is more than can be right."""
        self.received += len(data)
        if self.received > self._limit:
            raise FailedError(f"sent more than {self._limit:,} bytes, and was stopped")
        written = self._file.write(data)
        self._tell(self._name, self.received, self._declared)
        return written

    def flush(self) -> None:
        """Nothing: the file is flushed when it is closed."""

    def update(self, _: int) -> None:
        """Nothing: bytes are counted where they are written."""

    reset = close = flush


@contextmanager
def _reasons(meter: _Meter, stalled_s: float) -> Iterator[None]:
    """Turn what two libraries raise into reasons."""
    import requests
    from urllib3.exceptions import HTTPError as TransportError

    try:
        yield
    except requests.exceptions.HTTPError as error:
        code = getattr(error.response, "status_code", None)
        reason = _bare(getattr(error.response, "reason", ""))
        raise FailedError(f"answered {code} {reason}", absent=code in (404, 410)) from None
    except requests.exceptions.TooManyRedirects:
        raise FailedError("redirects without end") from None
    except (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema) as error:
        raise FailedError(f"redirects to what is no web address: {_bare(error)}") from None
    except requests.exceptions.ConnectTimeout:
        raise FailedError(f"did not answer within {CONNECT_S:g} s") from None
    except requests.exceptions.SSLError as error:
        raise FailedError(f"cannot prove who it is: {_bare(error)}") from None
    except requests.exceptions.RequestException as error:
        raise FailedError(_reason(error, meter, stalled_s)) from None
    except (TransportError, ValueError) as error:  # a length that is no number, for one
        raise FailedError(f"answered what is no HTTP: {_bare(error)}") from None


def _reason(error: Exception, meter: _Meter, stalled_s: float) -> str:
    causes = {type(cause).__name__: cause for cause in _causes(error)}
    if causes.keys() & {"ReadTimeout", "ReadTimeoutError", "TimeoutError"}:
        return f"sent nothing for {stalled_s:g} s"
    if "ConnectionRefusedError" in causes:
        return "refused the connection"
    if causes.keys() & {"gaierror", "NameResolutionError"}:
        return "cannot be found: its name has no address, or there is no network"
    if "ProxyError" in causes:
        return f"is behind a proxy that did not let us through: {_bare(error)}"
    if "IncompleteRead" in causes or meter.received:
        came = getattr(causes.get("IncompleteRead"), "partial", None)
        came = came if isinstance(came, int) else meter.received
        return f"broke off after {came:,}{f' of {meter.total:,}' if meter.total else ''} bytes"
    return f"gave no answer: {_bare(error)}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that it came from; the libraries nest them in arguments too."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _bare(value: object) -> str:
    """A server's own words, bounded and without control characters."""
    return shown(str(value)).strip("'\"")
