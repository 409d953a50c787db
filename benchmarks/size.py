"""Installed size of what Lichtbild brings beyond numpy, rawpy and imagecodecs: itself and its other requirements."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
BESIDE = {"numpy", "rawpy", "imagecodecs"}


def tree(folder: Path) -> int:
    """Bytes of a folder's files without compiled caches."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


def main() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    sizes = {"lichtbild": tree(ROOT / "src" / "lichtbild")}
    for requirement in wanted:
        name = re.split(r"[^A-Za-z0-9_-]", requirement)[0]
        if name not in BESIDE:
            files = [Path(f.locate()) for f in metadata.distribution(name).files or [] if "__pycache__" not in f.parts]
            sizes[name] = sum(f.stat().st_size for f in files if f.exists())
    for name, size in sizes.items():
        print(f"  {name:34} {size / 1e6:9.1f} MB")
    print(f"  {'together':34} {sum(sizes.values()) / 1e6:9.1f} MB")


if __name__ == "__main__":
    main()
