"""A new look's folder: numbers, notes and swatch, put in place whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from lichtbild.authoring import fit, fit_files, swatch
from lichtbild.authoring.writing import text_of
from lichtbild.errors import OutputError, RecipeError
from lichtbild.look import catalog
from lichtbild.look.look import Look
from lichtbild.record import record, replace
from lichtbild.report import Report

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ENOUGH = 4  # pairs of which every fourth is held out; fewer are held out in parts


def place_for(name: str, folder: Path | None) -> Path:
    """Where the folder of a new look is made. Raises `RecipeError`, `OutputError`."""
    path = Path(name)
    if folder is None and len(path.parts) > 1:
        folder, name = path.parent, path.name
    if not NAME.fullmatch(name):
        raise RecipeError(f"{name}: a look is named in small letters, digits, - and _ (at most 64)")
    if folder is None:
        folder = catalog.user_folder()
        if folder is None:
            raise OutputError(f"{name}: there is no home folder to keep looks in; name one with --folder")
        if name in catalog.built_in():
            raise RecipeError(f"{name}: a look of this name comes with Lichtbild; choose another name")
    elif not folder.is_dir():
        raise OutputError(f"{folder}: is not a folder; make it first")
    target = folder / name
    if target.exists() or target.is_symlink():
        raise OutputError(f"{target}: exists already; choose another name, or change what is there")
    return target


def begin(target: Path, base: Look) -> Path:
    """A folder with the numbers of `base`, under a name of its own."""
    title = target.name.replace("-", " ").replace("_", " ").capitalize()
    own = replace(base, name=target.name, title=title, description=f"Begun with {base.name}.", version="1", notes="")
    notes = (
        f"# {title}\n\nWhat is this look for? Say it in a sentence, then say which numbers do it.\n\n"
        f"- Begun with the numbers of `{base.name}`; what is left out is natural's.\n"
    )
    files = dict(_kept_files(base))
    return write(target, replace(own, author="", license=""), notes, files)


def _kept_files(base: Look) -> dict[str, bytes]:
    """The table of colours that the base brings along."""
    if base.lut is None or base.folder is None:
        return {}
    return {base.lut.file: (base.folder / base.lut.file).read_bytes()}


@record
class Fitted:
    """A look that was fitted to pictures, its folder, and what is told about the fit."""

    folder: Path
    look: Look
    result: fit.Fit
    lines: list[str]


def fitted(target: Path, base: Look, given: Sequence[Path], lut: bool, report: Report) -> Fitted:
    """A look fitted to pictures, in its folder. Raises `LichtbildError`."""
    pairs = fit_files.read_pairs(fit_files.matched(given), report)
    if len(pairs) >= ENOUGH:
        held = [pair for i, pair in enumerate(pairs) if i % 4 == 3]
        kept = [pair for i, pair in enumerate(pairs) if i % 4 != 3]
        apart = f"{len(held)} of {len(pairs)} pictures"
    else:
        kept, held = fit.checkerboard(pairs)
        apart = "a quarter of each picture"
    result = fit.fit(kept, replace(base, lut=None), held, lambda part: report.progress("fit", part))
    report.progress("fit", 1.0)
    files: dict[str, bytes] = {}
    lines = [
        f"{_counted(len(pairs), 'pair')}: natural is off by dE2000 {result.before}; fitted, {result.after}",
        f"held out, {apart}: natural {result.held_before}; fitted, {result.held_after}",
    ]
    if len(result.ev) > 1:
        spread = max(result.ev) - min(result.ev)
        lines.append(f"that is with each picture as bright as yours; they differ by {spread:.2f} EV beyond the look")
    found = result.look
    if lut:
        from lichtbild.authoring import fit_table

        cube, table_scores = fit_table.residual(kept, held, found, result.ev)
        files["residual.cube"] = cube.encode()
        found = fit_table.with_table(found)
        lines.append(f"with a table of colours: {table_scores[0]}; held out, {table_scores[1]}")
    title = target.name.replace("-", " ").replace("_", " ").capitalize()
    about = f"Fitted to {_counted(len(pairs), 'finished picture')}."
    found = replace(
        found, name=target.name, title=title, description=about, version="1", author="", license="", notes=""
    )
    notes = f"# {title}\n\n{about}\n\n" + "".join(f"- {line}\n" for line in lines)
    return Fitted(write(target, found, notes, files), found, result, lines)


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


def write(target: Path, look: Look, notes: str, files: dict[str, bytes]) -> Path:
    """Make the folder. Raises `OutputError`."""
    part = target.with_name(f".lichtbild-{os.getpid()}-{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
        try:
            for name, data in files.items():
                (part / name).write_bytes(data)
            (part / "look.toml").write_text(text_of(look), encoding="utf-8")
            (part / "notes.md").write_text(notes, encoding="utf-8")
            (part / "swatch.png").write_bytes(swatch.png(replace(look, folder=part)))
            if target.exists():
                raise OutputError(f"{target}: exists already; choose another name")
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{target}: cannot be made ({error.strerror}); choose another folder") from None
    return target
