"""The recipe: what a photographer asks for, and what the modes and estimators decided.

`Recipe` is the request; each field carries its help, unit, range or choices, from which the command line and
the documentation are made. The recipe as resolved (every number that was decided) is a plain dict
of JSON values that travels in `Picture.recipe`, in the photograph's XMP and in `--report`.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import Any

from lichtbild.errors import PackError, RecipeError
from lichtbild.look.catalog import folder
from lichtbild.plain_file import read_plain
from lichtbild.record import fields, record, replace
from lichtbild.setting import check, setting

_LONGEST = 1 << 20  # bytes of a recipe
_NO_RECIPE = '{}: no recipe is in it; write JSON like {{"look": "mono"}}, or name a photograph made by Lichtbild'


@record
class Recipe:
    """What to make of a burst. Every field has a default that gives a good photograph."""

    look: str = setting(
        "natural",
        "How the picture looks: the name of a look, PACK/LOOK, a folder with a look.toml, or profile for the look of "
        "the camera's own profile.",
        metavar="LOOK",
    )
    mode: str = setting(
        "photo",
        "What the camera does with the frames: photo, or a mode of a pack.",
        metavar="photo|PACK/MODE",
        of_pack="modes",
    )
    ev: float = setting(0.0, "Brighter (+) or darker (-) than the automatic exposure.", unit="EV", low=-5.0, high=5.0)
    wb: str = setting(
        "as-shot",
        "White balance: as-shot, auto, or kelvin with an optional tint.",
        metavar="as-shot|auto|KELVIN[,TINT]",
    )
    reference: int | None = setting(
        None, "Frame that gives the moment and the framing, counted from 1.", low=1, high=10_000
    )
    scale: float = setting(
        1.0,
        "Enlarge with the detail that hand shake brings: 1, 1.5, 2, 2.5 or 3 times as wide and high as the frames.",
        low=1.0,
        high=3.0,
    )
    denoise: float = setting(1.0, "Noise reduction; 0 is none, 1 follows the measured noise.", low=0.0, high=3.0)
    sharpen: float = setting(1.0, "Sharpening; 0 is none, 1 restores what the optics lost.", low=0.0, high=3.0)
    device: str = setting(
        "auto",
        "Profile of the camera: auto takes the one for its make and model, none only what the file says.",
        metavar="auto|none|NAME|FILE",
    )
    lens: str = setting(
        "auto",
        "Lens corrections: auto, or file for those alone that the raw file asks for.",
        choices=("auto", "file"),
    )
    size: int | None = setting(
        None, "Long edge of the finished picture.", unit="px", metavar="LONG_EDGE", low=16, high=65_000
    )
    quality: int = setting(
        92, "Quality of the file, as a JPEG counts it; other formats keep about as much.", low=1, high=100
    )
    effort: str = setting(
        "quick",
        "How the file is compressed: quick, or small for a smaller file that takes longer.",
        choices=("quick", "small"),
    )
    hdr: str = setting(
        "auto",
        "Brighter highlights on displays that can show them: auto where the scene has any; on, or hlg, makes AVIF, "
        "HEIC and JPEG XL for such displays alone (PQ or HLG); or off.",
        choices=("auto", "on", "hlg", "off"),
    )
    space: str = setting(
        "auto",
        "Colour space of the finished file; auto is sRGB, or Display P3 where the picture has colours beyond it.",
        choices=("auto", "srgb", "p3", "rec2020"),
    )
    depth: str | None = setting(
        None,
        "Bits per channel; the file format's own default if left out.",
        choices=("8", "10", "12", "16", "16f", "32f"),
    )
    rendering: str | None = setting(
        None, "How a lens draws, from a pack: falloff and glow.", metavar="PACK/LENS", of_pack="lenses"
    )
    frame: str | None = setting(
        None,
        "A border with a caption: bar, film, margin, mat, night, poster, or PACK/FRAME.",
        metavar="FRAME",
        of_pack="frames",
    )
    frame_place: bool = setting(False, "Say in the frame's caption where the photograph was taken.")
    sidecar: bool = setting(True, "Read the .xmp and the .lichtbild.json that lie beside the raw files.")
    strip_location: bool = setting(False, "Leave out where the picture was taken: GPS and names of places.")

    def __post_init__(self) -> None:
        for f in fields(self):  # numbers of numpy, and paths
            value = getattr(self, f.name)
            if type(value).__module__ == "numpy" and callable(getattr(value, "item", None)) and not value.shape:
                object.__setattr__(self, f.name, value.item())
            elif isinstance(value, PurePath):
                object.__setattr__(self, f.name, str(value))
        for name in ("wb", "depth"):  # words that look like numbers: wb=5200, depth=16
            if isinstance(value := getattr(self, name), int) and not isinstance(value, bool):
                object.__setattr__(self, name, str(value))
        for f in fields(self):
            value = getattr(self, f.name)
            check(f.name, value, f.metadata)
            if "int" in str(f.type) and isinstance(value, float):
                raise RecipeError(f"{f.name}: {value} is not a whole number")
            if value is None and "None" not in str(f.type):
                raise RecipeError(f"{f.name}: a value is missing")
            if str(f.type) == "bool" and not isinstance(value, bool):
                raise RecipeError(f"{f.name}: {value!r} is not true or false")
            if "of_pack" in f.metadata and value is not None:
                _check_name(f.name, value)
        if (2 * self.scale) % 1:
            raise RecipeError(f"scale: {self.scale} is not 1, 1.5, 2, 2.5 or 3")
        parse_white_balance(self.wb)
        if not isinstance(self.device, str) or not self.device:
            raise RecipeError(f"device: {self.device!r} is not auto, none, or the name or file of a profile")
        if not isinstance(self.look, str):
            raise RecipeError(f"look: {self.look!r} is not the name of a look")
        if self.look != "profile":  # the look of a camera profile, which need not be there
            folder(self.look)

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, as values of JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def with_changes(self, **changes: Any) -> Recipe:
        """A new recipe; a wrong name or value is refused. A pack's mode brings its settings, before which those go that
        are named beside it."""
        unknown = set(changes) - {f.name for f in fields(self)}
        if unknown:
            raise RecipeError(f"recipe: no setting is named {', '.join(sorted(unknown))}")
        if "/" in str(changes.get("mode")):
            from lichtbild.packs.mode import with_mode

            changes = with_mode(changes)
        return replace(self, **changes)


def _check_name(name: str, value: Any) -> None:
    """Refuse what can be no name of a mode, lens or frame; whether there is one is asked when it is used."""
    plain = {"mode": ("photo",), "rendering": ()}.get(name)
    if plain and value in plain:
        return
    from lichtbild.packs.names import parse

    kind = {"rendering": "lens"}.get(name, name)
    try:
        reference = parse(value, kind) if isinstance(value, str) else None
    except PackError as error:
        raise RecipeError(str(error)) from None
    if not isinstance(value, str) or (reference is None and plain is not None and value not in plain):
        named = " or ".join([*(plain or ()), f"PACK/{kind.upper()}"])
        raise RecipeError(f"{name}: {value!r} is not {named}")


def parse_white_balance(text: str) -> tuple[float, float] | None:
    """None for "as-shot" and "auto"; else (kelvin, tint), tint + towards magenta, -150..150."""
    if text in ("as-shot", "auto"):
        return None
    try:
        kelvin, _, tint = text.partition(",")
        result = float(kelvin), float(tint or 0)
    except (ValueError, AttributeError):
        raise RecipeError(
            f"wb: {text!r} is not as-shot, auto or KELVIN[,TINT] (for example 5200 or 3400,-10)"
        ) from None
    if not (1667 <= result[0] <= 25_000 and -150 <= result[1] <= 150):
        raise RecipeError(f"wb: {text!r} is outside 1667 to 25000 kelvin and -150 to 150 tint")
    return result


def load(path: Path) -> Recipe:
    """Read a recipe: a JSON file whose keys are the names of `Recipe`'s fields, a report that the command line wrote,
    or a photograph that Lichtbild made, whose XMP holds its recipe. Raises `RecipeError`."""
    from lichtbild.made import read

    try:
        if made := read(path):
            return from_settings(path, json.dumps(made.settings))
        return from_settings(path, read_plain(path, _LONGEST).decode("utf-8-sig"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); name a recipe that exists") from None
    except ValueError:
        raise RecipeError(_NO_RECIPE.format(path)) from None


def from_settings(path: Path, text: str) -> Recipe:
    """The recipe that the JSON text from a file describes. Raises `RecipeError`."""
    from lichtbild.made import refuse_newer

    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] == "{":
            raise RecipeError(f"{path}:{error.lineno}: is not JSON ({error.msg}); mend it there") from None
        raise RecipeError(_NO_RECIPE.format(path)) from None
    except (ValueError, RecursionError):
        raise RecipeError(_NO_RECIPE.format(path)) from None
    if isinstance(data, dict) and isinstance(data.get("settings"), dict):
        refuse_newer(path, data.get("software"))
        data = data["settings"]
    if not isinstance(data, dict):
        raise RecipeError(f'{path}: a recipe is one JSON object of settings, like {{"look": "mono"}}')
    try:
        return Recipe().with_changes(**data)
    except PackError as error:
        raise RecipeError(f"{path}: {error}") from None
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}; docs/recipes.md lists the settings") from None
