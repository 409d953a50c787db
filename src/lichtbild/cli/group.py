"""A group of commands, each imported only when it is used."""

from __future__ import annotations

import importlib
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands in modules `<prefix><name>`, under `title` in the help. lines: what the help says of each, by name."""

    def __init__(self, *args: Any, lines: dict[str, str], prefix: str, title: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.lines, self.prefix, self.title = lines, prefix, title

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lines:
            return None
        command: click.Command = importlib.import_module(f"{self.prefix}{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(self.title):
            formatter.write_dl(list(self.lines.items()))
