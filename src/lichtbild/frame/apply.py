"""The end of leg 4: the frame that a recipe asks for, around a finished picture."""

from __future__ import annotations

from lichtbild.carriers import Picture
from lichtbild.errors import PackError
from lichtbild.frame import catalog, fields, layout
from lichtbild.frame.compose import framed
from lichtbild.frame.type import Face, cap_height
from lichtbild.packs import svg
from lichtbild.packs.catalog import find
from lichtbild.packs.names import parse
from lichtbild.packs.pack import Pack
from lichtbild.recipe import Recipe
from lichtbild.report import Report


def prepare(recipe: Recipe) -> None:
    """Refuse a frame that could not be drawn in the end. Raises `PackError` and `OutputError`."""
    chosen = load(recipe)
    for text in chosen.texts if chosen else ():
        cap_height(Face(text.family, text.weight, text.italic))
    pack = _pack(recipe) if chosen else None
    if pack and (path := pack.mark()):
        svg.read(path)


def load(recipe: Recipe) -> layout.Layout | None:
    """The layout of the recipe's frame; None for none. Raises `PackError` when it is not there, or wrong, and
    `OutputError` when what draws it is not installed."""
    if recipe.frame is None:
        return None
    return layout.read(catalog.folder(recipe.frame) / "frame.toml")


def apply_frame(picture: Picture, recipe: Recipe, report: Report) -> Picture:
    """The picture in the recipe's frame, or as it is where there is none; its own pixels are not touched."""
    chosen = load(recipe)
    if chosen is None:
        return picture
    place = recipe.frame_place and not getattr(recipe, "strip_location", False)
    values = fields.values(picture.metadata, place=place)
    pack = _pack(recipe)
    values["look"] = fields.plain(recipe.look.partition("@")[0].rpartition("/")[2].replace("-", " ").capitalize())
    values["maker"] = fields.plain(pack.manifest.maker) if pack else ""
    names = [
        name
        for name in layout.wanted(chosen)
        if name not in ("maker", "artist", "title") and (name != "place" or place)
    ]
    missing = [name.replace("_", " ") for name in names if not values[name]]
    if missing:
        report.notice(f"frame: the photograph does not say its {', '.join(missing)}; the caption leaves that out")
    path = pack.mark() if pack else None
    mark = svg.read(path) if path else None
    words = [layout.words(text, values) for text in chosen.texts]
    made, edges = framed(picture, chosen, words, mark, report.notice)
    report.decide("frame", frame=recipe.frame, border=[edges.top, edges.right, edges.bottom, edges.left])
    return made


def _pack(recipe: Recipe) -> Pack | None:
    """The pack whose maker signs: that of the frame, else that of the look."""
    for name, kind in ((recipe.frame, "frames"), (recipe.look, "looks")):
        try:
            reference = parse(name, kind) if name else None
        except PackError:  # a look may also be a folder
            reference = None
        if reference is not None:
            return find(reference, kind)
    return None
