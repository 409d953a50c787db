"""Tables of colours as files: `.cube` (Adobe, "Cube LUT specification", version 1.0, 2013; with the input ranges and
the 1D shaper that Resolve adds) and HaldCLUT, a picture whose pixels in reading order are the nodes of a table.

Both come from strangers: sizes are bounded, and a fault is told with its line.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.errors import RecipeError
from lichtbild.plain_file import read_plain
from lichtbild.record import record

Floats = npt.NDArray[np.float32]
LARGEST = 24 << 20  # bytes of a file, into which any table of so many nodes fits
MOST_NODES, MOST_ENTRIES = 65, 65536
LEAST_RANGE = 1e-3
CODES = (255.0, 1023.0, 4095.0, 65535.0)  # ends of a domain that count in whole codes; the colours do so too
LEVELS = (2, 16)  # of a HaldCLUT; above 8 there are more nodes than MOST_NODES, and they are resampled
PICTURES = (".png", ".tif", ".tiff")
SIZES = {"LUT_1D_SIZE": MOST_ENTRIES, "LUT_3D_SIZE": MOST_NODES}


@record(eq=False)
class Cube:
    """nodes: (n, n, n, 3) colours by blue, green, red. curve: (entries, 3) of each channel before them, or None.

    domain, curve_domain: (2, 3) least and most of what goes in."""

    nodes: Floats
    curve: Floats | None
    domain: Floats
    curve_domain: Floats


def is_beside(name: str) -> bool:
    """Whether it is the plain name of a file in a look's own folder."""
    return name == Path(name).name and not name.startswith(".") and "\\" not in name


def load(folder: Path, name: str) -> Cube:
    """The table `name` in a look's folder. Raises `RecipeError`."""
    path = folder / name
    if not is_beside(name) or path.resolve().parent != folder.resolve():
        raise RecipeError(f"{folder / 'look.toml'}: lut.file is {name!r}; allowed is a file in the look's own folder")
    if path.suffix.lower() not in (".cube", *PICTURES):
        raise RecipeError(f"{path}: not a table that is known; allowed are .cube, and HaldCLUT as .png or .tif")
    try:
        stamp = path.stat()
        return _loaded(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); put the table into the look's folder") from None


@functools.lru_cache(maxsize=4)
def _loaded(path: Path, changed: int, size: int) -> Cube:
    data = read_plain(path, LARGEST)
    return read_hald(path, data) if path.suffix.lower() in PICTURES else read_cube(path, data)


def read_cube(path: Path, data: bytes) -> Cube:
    """A table from the text of a `.cube` file. Raises `RecipeError` naming its line."""

    def fault(line: int, words: str) -> RecipeError:
        return RecipeError(f"{path}:{line}: {words}")

    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    lines = text.splitlines()
    sizes: dict[str, int] = {}
    ranges: dict[str, list[float]] = {}
    number = 0
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words or words[0].upper() == "TITLE":
            continue
        key, values = words[0].upper(), words[1:]
        if key in SIZES:
            value = int(values[0]) if len(values) == 1 and values[0].isdigit() and len(values[0]) < 7 else 0
            if not 2 <= value <= SIZES[key]:
                raise fault(number, f"{key} is {' '.join(values)[:40]!r}; allowed is a number from 2 to {SIZES[key]}")
            sizes[key] = value
        elif key in ("DOMAIN_MIN", "DOMAIN_MAX", "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):
            wanted = 2 if key.endswith("RANGE") else 3
            found = _numbers(values)
            if found is None or len(found) != wanted or max(map(abs, found)) > CODES[-1]:
                raise fault(number, f"{key} must be {wanted} numbers from -65535 to 65535")
            ranges[key] = found
        elif _numbers(words[:1]) is not None:
            break
        else:
            raise fault(number, f"{words[0][:40]!r} is not known in a .cube file")
    if not sizes:
        raise fault(max(number, 1), "LUT_1D_SIZE or LUT_3D_SIZE is missing before the numbers")
    entries, edge = sizes.get("LUT_1D_SIZE", 0), sizes.get("LUT_3D_SIZE", 0)
    rows = _rows(path, lines, number, entries + edge**3)
    top = max((v for r in ranges.values() for v in r), default=1.0)
    if top in CODES:
        rows = rows / np.float32(top)
        ranges = {key: [v / top for v in values] for key, values in ranges.items()}
    curve = rows[:entries] if entries else None
    nodes = rows[entries:].reshape(edge, edge, edge, 3) if edge else identity(2)
    both = (ranges.get("DOMAIN_MIN", [0.0] * 3), ranges.get("DOMAIN_MAX", [1.0] * 3))
    domains = []
    for key in ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):
        low, high = ([v] * 3 for v in ranges[key]) if key in ranges else both
        domain = np.array([low, high], np.float32)
        if (domain[1] - domain[0] < LEAST_RANGE).any():
            raise fault(number, f"the domain's end must be {LEAST_RANGE} or more above its beginning")
        domains.append(domain)
    if curve is not None and edge and "LUT_3D_INPUT_RANGE" not in ranges:  # the domain is that of what comes first
        domains[1] = np.array([[0.0] * 3, [1.0] * 3], np.float32)
    if not edge:
        domains[1] = np.array([[0.0] * 3, [1.0] * 3], np.float32)
    return Cube(nodes, curve, domains[1], domains[0])


def _rows(path: Path, lines: list[str], first: int, count: int) -> Floats:
    """`count` colours from line `first` on."""
    rest = lines[first - 1 :]
    words = " ".join(rest if not any("#" in line for line in rest) else [line.split("#")[0] for line in rest]).split()
    numbers = _numbers(words) if len(words) == 3 * count else None
    if numbers is not None and max(map(abs, numbers)) < 1e5:
        return np.array(numbers, np.float32).reshape(count, 3)
    found = 0
    for number, line in enumerate(rest, first):
        values = line.split("#")[0].split()
        colour = _numbers(values)
        if values and (colour is None or len(colour) != 3 or max(map(abs, colour)) >= 1e5):
            raise RecipeError(f"{path}:{number}: {line.strip()[:40]!r} is not a colour of three numbers")
        found += bool(values)
    raise RecipeError(f"{path}:{len(lines)}: {found} colours; its sizes ask for {count}")


def _numbers(words: list[str]) -> list[float] | None:
    """The words as finite numbers, or None."""
    try:
        values = [float(word) for word in words]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def read_hald(path: Path, data: bytes) -> Cube:
    """A table from a HaldCLUT picture of level 2 to 16: (level**3) squared pixels, (level**2) cubed nodes; of more than
    `MOST_NODES` as many are made by linear interpolation."""
    import imagecodecs

    from lichtbild.raw.tiff import Tiff

    level, most = 0, LEVELS[1] ** 3
    try:
        if path.suffix.lower() == ".png":
            sides = {int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")}  # before it is decoded
            image = imagecodecs.png_decode(data) if max(sides) <= most else np.zeros((1, 1), np.uint8)
        else:
            (page,) = Tiff(memoryview(data)).directories[:1]
            image = np.zeros((1, 1), np.uint8)
            if max(page.integer(256) or 0, page.integer(257) or 0) <= most and not page.children:
                image = np.asarray(imagecodecs.tiff_decode(data))
        level = round(image.shape[0] ** (1 / 3))
    except Exception as error:
        said = " ".join(str(error).split())[:80]
        raise RecipeError(f"{path}: not a picture that can be read ({said}); save it as 8 or 16 bit RGB") from None
    side = level**3
    if not LEVELS[0] <= level <= LEVELS[1] or image.shape[:2] != (side, side) or image.ndim != 3 or image.shape[2] < 3:
        raise RecipeError(f"{path}: not a HaldCLUT; allowed are RGB of 8, 27, 64, 125, ... 4096 pixels squared")
    if image.dtype not in (np.uint8, np.uint16):
        raise RecipeError(f"{path}: a HaldCLUT has 8 or 16 bits per channel")
    edge = level**2
    top = np.float32(np.iinfo(image.dtype).max)
    unit = np.array([[0.0] * 3, [1.0] * 3], np.float32)
    nodes = image[..., :3].reshape(edge, edge, edge, 3)
    for axis in range(3) if edge > MOST_NODES else ():
        at = np.linspace(0, edge - 1, MOST_NODES, dtype=np.float32)
        low = np.minimum(at.astype(int), edge - 2)
        part = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        nodes = nodes.take(low, axis) * (1 - part) + nodes.take(low + 1, axis) * part
    return Cube((nodes / top).astype(np.float32), None, unit, unit)


def identity(edge: int) -> Floats:
    """The table that changes nothing."""
    steps = np.linspace(0.0, 1.0, edge, dtype=np.float32)
    b, g, r = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([r, g, b], axis=-1)
