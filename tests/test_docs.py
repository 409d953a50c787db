"""The documentation is true of the program: tables, links, pictures, commands and examples."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.jpg"))
# An example, files of any look and device, and what must not be.
NOT_THERE = {"kernels/stretch.py", "device.toml", "look.toml", "utils.py"}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def tool(name: str) -> ModuleType:
    """A module of tools/."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page is called."""
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def commands(start: str) -> list[tuple[str, str]]:
    """(page, line) of every line of a code block that begins so."""
    found = []
    for page in PAGES:
        fenced = re.findall(r"^```\w*\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE)
        lines = [line for block in fenced for line in block.splitlines()]
        lines += [line[4:] for line in text(page).splitlines() if line.startswith("    ")]
        found += [(page.name, line) for line in lines if line.startswith(start)]
    assert found
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_tables_say_what_the_code_says(page: Path) -> None:
    tables = tool("doc_tables")
    assert text(page) == tables.filled(text(page)), (
        f"{page.name} is out of date; run python tools/make_docs.py --tables"
    )


def test_every_table_is_on_a_page() -> None:
    tables = tool("doc_tables")
    everything = "".join(text(page) for page in PAGES)
    for name in tables.TABLES:
        assert f"<!-- table: {name} -->" in everything
    assert everything.count("<!-- end -->") == len(re.findall("<!-- (?:table|figures): ", everything))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(text(page)):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        there = page.parent / path if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in set(re.findall(r"`((?:\w+/)*\w+\.(?:py|toml))`", text(page))) - NOT_THERE:
        tracked = (ROOT / part for part in ("src", "kernels", "tests", "tools", "benchmarks"))
        named = [p for folder in tracked for p in folder.rglob(Path(name).name)] + list(ROOT.glob(Path(name).name))
        assert any(p.as_posix().endswith(f"/{name}") for p in named), f"{page.name}: {name}"


def test_decided_numbers_that_are_named_are_decided(tmp_path: Path) -> None:
    import lichtbild as lb
    from lichtbild.virtual.simulate import simulate

    files = simulate("resolution-chart", tmp_path, size="192x144", frames=2, truth="none")
    report = lb.Report()
    lb.develop(lb.read(*files), report=report)
    decided = {**report.decided.pop("raw")[files[0].name]}
    for leg in report.decided.values():
        decided |= leg
    said = re.findall(r"\*Decides:\*((?:\s+`\w+`[,.])+)", text(ROOT / "docs" / "light.md"))
    names = set(re.findall(r"`(\w+)`", "".join(said)))
    assert len(names) > 15
    assert names <= decided.keys(), names - decided.keys()


def test_pictures_are_made_small_and_shown() -> None:
    from PIL import Image

    assert {p.stem for p in PICTURES} == set(tool("doc_pictures").PICTURES)
    shown = {Path(target).name for page in PAGES for target in LINK.findall(text(page)) if target.endswith(".jpg")}
    assert {p.name for p in PICTURES} == shown
    for picture in PICTURES:
        assert picture.stat().st_size <= 350_000
        with Image.open(picture) as image:
            assert max(image.size) <= 1600
    assert sum(p.stat().st_size for p in PICTURES) <= 4_000_000


@pytest.fixture(scope="module")
def alpenglow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pack is installed that the documentation takes as an example."""
    from lichtbild.packs.new import begin
    from lichtbild.packs.store import install

    place = tmp_path_factory.mktemp("packs")
    begin(place / "alpenglow", "Studio Alpenglow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LICHTBILD_PACKS", str(place / "store"))
        install(place / "alpenglow")
    return place / "store"


@pytest.mark.parametrize(("page", "line"), commands("lichtbild "))
def test_commands_that_are_shown_can_be_given(
    page: str, line: str, alpenglow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LICHTBILD_PACKS", str(alpenglow))
    from lichtbild.cli.root import root
    from lichtbild.output.formats import format_for
    from lichtbild.recipe import Recipe
    from lichtbild.virtual.settings import ShootSettings

    _, name, *words = shlex.split(re.split(r"\s{3,}", line)[0], comments=True)
    command = root.get_command(click.Context(root), name)
    assert command is not None, f"{page}: {line}"
    if isinstance(command, click.Group) and words[0].islower():
        command, words = command.get_command(click.Context(command), words[0]), words[1:]
        assert command is not None, f"{page}: {line}"
    given = command.make_context(name, words).params
    kind = ShootSettings if name == "simulate" else Recipe
    kind(**{f.name: given[f.name] for f in fields(kind) if given.get(f.name) is not None})  # checks names and ranges
    if name == "develop" and given["output"].suffix:
        format_for(given["output"])


@pytest.mark.parametrize(("page", "line"), [*commands("make "), *commands("python ")])
def test_tools_that_are_shown_exist(page: str, line: str) -> None:
    program, first, *_ = shlex.split(line, comments=True)
    if program == "make":
        assert re.search(rf"^{first}:", text(ROOT / "Makefile"), re.MULTILINE), f"{page}: {line}"
    else:
        assert (ROOT / first).exists(), f"{page}: {line}"


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_that_is_shown_uses_what_is_there(page: Path) -> None:
    import lichtbild
    from lichtbild.recipe import Recipe

    settings = {f.name for f in fields(Recipe)} | {"recipe", "report"}
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "lb":
                assert hasattr(lichtbild, node.attr), f"{page.name}: lb.{node.attr}"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "lb.develop":
                assert {k.arg for k in node.keywords} <= settings, f"{page.name}: {ast.unparse(node)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lichtbild"):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, a.name) for a in node.names), f"{page.name}: {ast.unparse(node)}"


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_python_that_is_shown_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lichtbild.virtual.simulate import simulate

    for i, file in enumerate(simulate("resolution-chart", tmp_path, size="192x144", frames=3, truth="none")):
        file.replace(tmp_path / f"shot_{i + 1}.dng")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for block in blocks(ROOT / page, "python"):
        exec(compile(block, page, "exec"), namespace)
    assert (tmp_path / "photo.jpg").stat().st_size > 1000


def test_the_look_that_is_shown_can_be_read(tmp_path: Path) -> None:
    from lichtbild.look.look import read

    (block,) = blocks(ROOT / "docs" / "looks.md", "toml")
    path = tmp_path / "evening" / "look.toml"
    path.parent.mkdir()
    path.write_text(block, encoding="utf-8")
    look = read(path)
    assert (look.name, look.tone.contrast, look.hue[0].rotate) == ("evening", 1.2, -6)


def test_the_recipe_that_is_shown_can_be_read() -> None:
    from lichtbild.recipe import Recipe

    for block in blocks(ROOT / "docs" / "recipes.md", "json"):
        settings = json.loads(block)
        assert Recipe(**settings).to_dict().items() >= settings.items()


def test_the_kernel_that_is_shown_does_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    hl = pytest.importorskip("halide")
    monkeypatch.syspath_prepend(str(ROOT / "kernels"))
    namespace: dict[str, object] = {}
    exec(compile(blocks(ROOT / "docs" / "kernels.md", "python")[0], "kernels/stretch.py", "exec"), namespace)
    registry = importlib.import_module("kernel").REGISTRY
    pipeline, (plane, factor, offset) = registry.pop("lichtbild_stretch")()
    source = np.random.default_rng(0).integers(0, 65536, (37, 131), dtype=np.uint16)
    plane.set(hl.Buffer(source))
    factor.set(1.5)
    offset.set(-64.0)
    made = np.array(pipeline.realize([131, 37]))
    wanted = np.clip(source.astype(np.float32) * np.float32(1.5) - 64, 0, 65535) + np.float32(0.5)
    np.testing.assert_array_equal(made, wanted.astype(np.uint16))
