"""A group of verbs whose unknown ones are refused like every other unknown name."""

from typing import Any

from typer.core import TyperGroup

from ceteris.errors import CeterisError, nearest, shown


class Verbs(TyperGroup):
    """Verbs; one that there is not is a :class:`CeterisError` that names those there are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb that the first word names.

        Raises:
            CeterisError: there is none.
        """
        name, known = args[0], self.list_commands(ctx)
        # Options are click's to refuse.
        if name.startswith("-") or name in known:
            return super().resolve_command(ctx, args)
        guess = nearest(name, known)
        raise CeterisError(
            f"there is no {shown(f'{ctx.command_path} {name}')}",
            received=shown(name),
            expected=f"one of {', '.join(known)}",
            fix=f"did you mean '{ctx.command_path} {guess}'?"
            if guess
            else f"`{ctx.command_path} --help` says what each of them does",
        )
