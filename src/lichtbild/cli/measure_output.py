"""What all measurements share: where their figures go, and that nothing is overwritten unasked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lichtbild.measure.page import Page


def outputs(function: Any) -> Any:
    """The options --json, --html and --overwrite."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace the JSON file and the report if they exist."),
        click.option(
            "--html",
            "html_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write a report with plots: one HTML file that needs nothing else.",
        ),
        click.option(
            "-o",
            "--json",
            "json_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write every number that was measured, as JSON.",
        ),
    ):
        function = option(function)
    return function


def check(inputs: tuple[Path, ...], json_file: Path | None, html_file: Path | None, overwrite: bool) -> None:
    """Refuse what cannot be written before anything is measured. Raises `OutputError`."""
    from lichtbild.atomic_file import check_not_read, check_target
    from lichtbild.errors import OutputError

    for target in (json_file, html_file):
        if target is None:
            continue
        check_not_read(target, inputs, "files to measure")
        check_target(target, overwrite=overwrite)
    if json_file and html_file and json_file.resolve() == html_file.resolve():
        raise OutputError(f"{json_file}: JSON and report have the same name; choose another one for the report")


def write(
    result: Any, page: Callable[[], Page], json_file: Path | None, html_file: Path | None, overwrite: bool
) -> None:
    """Write what was asked for. result: a dataclass of figures. page: makes the report."""
    from lichtbild.atomic_file import write_atomically
    from lichtbild.jsonable import to_json

    if json_file:
        write_atomically(json_file, [(to_json(figures(result), indent=1) + "\n").encode()], overwrite=overwrite)
    if html_file:
        write_atomically(html_file, [page().html.encode()], overwrite=overwrite)


def figures(value: Any) -> Any:
    """A dataclass as a dict, with its figures that are properties; what is not for printing (arrays) left out."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: getattr(value, f.name) for f in fields(value) if f.metadata.get("json", True)}
        for name, member in vars(type(value)).items():
            if isinstance(member, property):
                named[name] = getattr(value, name)
        return {name: figures(v) for name, v in named.items()}
    if isinstance(value, dict):
        return {k: figures(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [figures(v) for v in value]
    return value
