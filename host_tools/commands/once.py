"""An option that is given twice is refused: of two values only the last would count, and nobody would be told."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from host_tools.commands.values import SimpleValues


class Once(SimpleValues, TyperCommand):
    """A command whose options, but for flags and those that may be many, are given once at most."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for option in given:
            if (
                isinstance(option, TyperOption)
                and not (option.multiple or option.is_flag or option.count)
                and given.count(option) > 1
            ):
                ctx.fail(f"The option {option.opts[0]} is given {given.count(option)} times; give it once.")
        return super().parse_args(ctx, args)


class CommandGroup(SimpleValues, TyperGroup):
    """A group of such commands."""


def everywhere(app: typer.Typer) -> None:
    """Make every command of an app one of these, those of its groups too."""
    app.info.cls = CommandGroup
    for command in app.registered_commands:
        command.cls = Once
    for group in app.registered_groups:
        if group.typer_instance is not None:
            everywhere(group.typer_instance)
