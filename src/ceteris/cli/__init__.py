"""The command line: ``main`` turns errors into messages and exit codes; ``app`` has the verbs."""

import sys


def main() -> None:
    """Run a verb. Exit codes: 0 done, 1 a run failed, 2 bad input, 130 interrupted, resumable."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character of an arm's name gets a question mark, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from ceteris.cli.app import app
    from ceteris.errors import CeterisError

    try:
        app()
    except CeterisError as error:
        print(error, file=sys.stderr)  # noqa: T201  (the one place an error is printed)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has left: nothing is wrong and nobody is listening.
        sys.stderr.close()
        sys.exit(0)
