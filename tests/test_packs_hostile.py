"""Packs from a stranger: nothing leaves its folder, explodes, or crashes, whatever an archive claims."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lichtbild.errors import LichtbildError, PackError
from lichtbild.packs import archive, files, lens, manifest, store, svg
from lichtbild.packs.new import begin

Members = list[tuple[zipfile.ZipInfo | str, bytes]]


@pytest.fixture(autouse=True)
def packs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "store"
    monkeypatch.setenv("LICHTBILD_PACKS", str(folder))
    return folder


@pytest.fixture
def good(tmp_path: Path) -> files.Files:
    begin(tmp_path / "alpenglow", "Studio")
    return files.read_folder(tmp_path / "alpenglow")


def zipped(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def refused(tmp_path: Path, raw: bytes, said: str = "evil") -> None:
    """The archive is refused in one line, in little time, and nothing is anywhere afterwards."""
    path = tmp_path / "evil.lichtbild.zip"
    path.write_bytes(raw)
    before = {p for p in tmp_path.rglob("*") if "home" not in p.parts}
    start = time.perf_counter()
    with pytest.raises(PackError, match=said) as error:
        store.install(path)
    assert time.perf_counter() - start < 5
    assert "\n" not in str(error.value)
    assert {p for p in tmp_path.rglob("*") if "home" not in p.parts} == before
    assert not [p for p in (tmp_path / "home").rglob("*") if p.is_file()]


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil.md",
        "looks/../../evil.md",
        "/etc/evil.md",
        "C:/evil.md",
        "C:evil.md",
        "..\\evil.md",
        "\\\\host\\share\\evil.md",
        "looks/evening/../../../evil.md",
        "con.md",
        "looks/nul/look.toml",
        "LPT1.md",
        "evil.md.",
        "evil .md",
        "~/evil.md",
        ".hidden.md",
        "looks/evening/.lichtbild-receipt.json",
        ".lichtbild-receipt.json",
        "a/b/c/d/e/f/evil.md",
        "code.py",
        "looks/evening/run.sh",
        "inner.zip",
        "x" * 300 + ".md",
        "looks/EVENING/look.toml",
        "evil\nname.md",
        "evil\x1b[2J.md",
    ],
)
def test_names_that_would_escape_are_refused(tmp_path: Path, good: files.Files, name: str) -> None:
    raw = zipped([*good.items(), (entry(name), b"evil")])
    refused(tmp_path, raw)


def test_names_that_differ_in_case_alone_or_twice(tmp_path: Path, good: files.Files) -> None:
    refused(tmp_path, zipped([*good.items(), ("readme.md", b"evil")]), "twice")
    with pytest.warns(UserWarning, match="Duplicate"):
        raw = zipped([*good.items(), ("mark.svg", b"evil")])
    refused(tmp_path, raw, "twice")
    refused(tmp_path, zipped([*good.items(), ("notes.md", b"a"), ("notes.md/x.md", b"evil")]))


def test_links_and_devices_in_an_archive(tmp_path: Path, good: files.Files) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK):
        refused(tmp_path, zipped([*good.items(), (entry("notes.md", kind | 0o777), b"/etc/passwd")]), "a link or")


def test_bombs(tmp_path: Path, good: files.Files) -> None:
    zeros = bytes(40 << 20)
    refused(tmp_path, zipped([*good.items(), ("looks/evening/a.cube", zeros)]), "larger|times its size")
    many: Members = [(f"looks/evening/a{i}.png", bytes(files.LARGEST[".png"])) for i in range(6)]
    refused(tmp_path, zipped([*good.items(), *many]), "times its size|larger")
    refused(tmp_path, zipped([(f"n{i}.md", b"") for i in range(3000)], zipfile.ZIP_STORED), "more than the 1000 files")


def test_a_size_that_lies(tmp_path: Path, good: files.Files) -> None:
    content = os.urandom(1000) * 300
    raw = bytearray(zipped([*good.items(), ("notes.md", content)]))
    for mark, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):  # claims to be 10 bytes long, in both headers
        at = raw.rindex(mark)
        raw[at + place : at + place + 4] = struct.pack("<I", 10)
    refused(tmp_path, bytes(raw), "damaged|larger")


def test_members_that_overlap(tmp_path: Path, good: files.Files) -> None:
    """One compressed kernel that many members share (Fifield, "A better zip bomb", 2019)."""
    raw = bytearray(zipped([*good.items(), ("a.md", bytes(9000)), ("b.md", bytes(9000))]))
    central = [i for i in range(len(raw)) if raw[i : i + 4] == b"PK\1\2"]
    offset = raw[central[-2] + 42 : central[-2] + 46]
    raw[central[-1] + 42 : central[-1] + 46] = offset
    refused(tmp_path, bytes(raw), "overlap|damaged")


def test_encrypted_comments_and_other_methods(tmp_path: Path, good: files.Files) -> None:
    raw = bytearray(zipped([*good.items(), ("notes.md", b"secret")]))
    for mark, place in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        at = raw.rindex(mark)
        raw[at + place] |= 1
    refused(tmp_path, bytes(raw), "encrypted")
    refused(tmp_path, zipped([*good.items()], zipfile.ZIP_LZMA), "unusual way")
    refused(tmp_path, zipped([*good.items()], zipfile.ZIP_BZIP2), "unusual way")
    refused(tmp_path, b"#!/bin/sh\n" + zipped([*good.items()]), "no archive")
    plain = zipped([*good.items()])
    refused(tmp_path, plain[:-2] + b"\5\0hello", "end unlike")
    refused(tmp_path, plain[: len(plain) // 2], "cut short")


def test_an_archive_of_another_program_is_read(tmp_path: Path, good: files.Files, packs_folder: Path) -> None:
    members: Members = [("looks/", b""), *good.items()]
    path = tmp_path / "made-elsewhere.zip"
    path.write_bytes(zipped(members))
    assert archive.read_archive(path) == good
    assert store.install(path)[1]


def test_an_archive_of_the_folder_itself(tmp_path: Path, good: files.Files) -> None:
    """As file managers make it: all in one folder, and what they put beside it."""
    wrapped: Members = [("Alp-main/", b""), *((f"Alp-main/{name}", content) for name, content in good.items())]
    path = tmp_path / "folder.zip"
    path.write_bytes(zipped([*wrapped, ("__MACOSX/._Alp-main", b"x"), ("Alp-main/looks/.DS_Store", b"x")]))
    assert archive.read_archive(path) == good
    refused(tmp_path, zipped([*wrapped, ("evil.md", b"x")]), "not a file that packs have")
    refused(tmp_path, zipped([*wrapped, ("Alp-main/../evil.md", b"x")]), "is not a name")
    refused(tmp_path, zipped([(f"../{name}", content) for name, content in good.items()]), "is not a name")
    refused(tmp_path, zipped([*wrapped, ("__MACOSX/evil", bytes(40 << 20))]), "times its size")


def test_a_folder_with_links_or_pipes(tmp_path: Path, good: files.Files) -> None:
    folder = tmp_path / "alpenglow"
    (folder / "LICENSE").symlink_to("/etc/passwd")
    with pytest.raises(PackError, match="LICENSE is a link"):
        store.install(folder)
    (folder / "LICENSE").unlink()
    os.mkfifo(folder / "notes.md")
    with pytest.raises(PackError, match="no plain file"):
        store.install(folder)
    (folder / "notes.md").unlink()
    (folder / "frames").rename(tmp_path / "elsewhere")
    (folder / "frames").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PackError, match="frames is a link"):
        store.install(folder)


def test_a_link_put_into_an_installed_pack_is_not_followed(tmp_path: Path) -> None:
    begin(tmp_path / "alpenglow", "Studio")
    pack, _ = store.install(tmp_path / "alpenglow")
    (pack.root / "looks" / "evening").rename(tmp_path / "outside")
    (pack.root / "looks" / "evening").symlink_to(tmp_path / "outside")
    with pytest.raises(PackError, match="is a link"):
        pack.folder("looks", "evening")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{}</svg>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG.format("<path d='M0 0h1v1z'/>"), "document type"),
        ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.format("&x;"), "document type"),
        ('<?xml-stylesheet href="http://x/y.css"?>' + SVG.format(""), "processing instruction"),
        (SVG.format("<script>alert(1)</script>"), "<script> is not part"),
        (SVG.format('<image href="http://x/y.png"/>'), "<image> is not part"),
        (SVG.format('<use href="#a"/>'), "<use> is not part"),
        (SVG.format("<style>path{}</style>"), "<style> is not part"),
        (SVG.format('<path onload="x()" d="M0 0h1v1z"/>'), "onload is not known"),
        (SVG.format('<path style="fill:url(#a)" d="M0 0h1v1z"/>'), "fill is"),
        (SVG.format('<path style="filter:url(#a)" d="M0 0h1v1z"/>'), "filter is not known"),
        (SVG.format('<path fill-opacity="0.5" d="M0 0h1v1z"/>'), "fill-opacity is not known"),
        (SVG.format("<defs><script>x()</script></defs><path d='M0 0h1v1z'/>"), "<script> is not part"),
        (SVG.format("<title><script>x()</script></title><path d='M0 0h1v1z'/>"), "<script> is not part"),
        (SVG.format('<path transform="skewX(3)" d="M0 0h1v1z"/>'), "transform is"),
        (SVG.format('<path fill="url(http://x)" d="M0 0h1v1z"/>'), "fill is"),
        (SVG.format('<path stroke="#000" d="M0 0h1v1z"/>'), "stroke is not drawn"),
        (SVG.format('<path d="M0 0h1e9v1z"/>'), "too far"),
        (SVG.format('<path d="M0 0 L1"/>'), "needs 2 numbers"),
        (SVG.format('<path d="M0 0 foo"/>'), "no command or number"),
        (SVG.format('<path d="' + "M0 0h1v1z" * 4000 + '"/>'), "more than"),
        (SVG.format("<g>" * 40 + "</g>" * 40), "too deep"),
        (SVG.format('<text x="1">words</text>'), "<text> is not part"),
        (SVG.format("words"), "text is in it"),
        (SVG.format(""), "no shape"),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e9 1"/>', "size|number"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "viewBox"),
        ("<svg", "is no SVG"),
        ("", "is no SVG"),
    ],
)
def test_a_mark_is_shapes_and_nothing_else(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mark.svg"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match=said) as error:
        svg.read(path)
    assert "\n" not in str(error.value)


def damaged(raw: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken out, or put in twice."""
    made = bytearray(raw)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(made))
        kind = rng.randrange(4)
        if kind == 0:
            made[at] = rng.randrange(256)
        elif kind == 1:
            del made[at : at + rng.randint(1, 40)]
        elif kind == 2:
            made[at:at] = made[at : at + rng.randint(1, 60)]
        else:
            made[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
        if not made:
            break
    return bytes(made)


def test_damaged_archives_and_files_are_read_or_refused(tmp_path: Path, good: files.Files) -> None:
    rng = random.Random(4)
    targets: dict[str, tuple[bytes, Callable[[Path], object]]] = {
        "pack.zip": (zipped([*good.items()]), archive.read_archive),
        "stored.zip": (archive.write_archive(good), archive.read_archive),
        "mark.svg": (good["mark.svg"], svg.read),
        "lens.toml": (good["lenses/old-glass/lens.toml"], lens.read),
        "pack.toml": (good["pack.toml"], lambda path: manifest.read(path.parent)),
    }
    outcomes = {"read": 0, "refused": 0}
    for name, (raw, read) in targets.items():
        path = tmp_path / name
        for _ in range(300):
            path.write_bytes(damaged(raw, rng))
            try:
                read(path)
                outcomes["read"] += 1
            except LichtbildError as error:
                assert "\n" not in str(error)
                outcomes["refused"] += 1
    assert min(outcomes.values()) > 50, outcomes


def test_deflate_without_an_end_is_bounded(tmp_path: Path, good: files.Files) -> None:
    """A member whose stream is longer than its header says stops where the header says."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    long = packer.compress(bytes(200 << 20)) + packer.flush()
    info = entry("notes.md")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in good.items():
            made.writestr(name, content)
        made.writestr(info, long)
    raw = bytearray(out.getvalue())
    for mark, method, size in ((b"PK\1\2", 10, 24), (b"PK\3\4", 8, 22)):
        at = raw.rindex(mark)
        raw[at + method : at + method + 2] = struct.pack("<H", 8)
        raw[at + size : at + size + 4] = struct.pack("<I", 100_000)
    refused(tmp_path, bytes(raw), "damaged")
