"""A pack as one file: a ZIP archive (PKWARE APPNOTE 6.3), written the same byte for byte, read as a stranger's.

Members are stored, not compressed, so that no version of a compressor changes the bytes: the same pack has the same
checksum on every machine. Archives made by other programs may be compressed.
"""

from __future__ import annotations

import io
import lzma
import stat
import zipfile
import zlib
from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs.files import MOST_BYTES, MOST_FILES, Collected, Files
from lichtbild.plain_file import read_plain

SUFFIX = ".lichtbild.zip"
MOST_RATIO = 250  # of a member's bytes to its compressed ones; a table of zeros may come near, no more than that
_MOMENT = (1980, 1, 1, 0, 0, 0)
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError, RuntimeError,
            OverflowError, UnicodeError, KeyError, IndexError)  # fmt: skip


def write_archive(files: Files) -> bytes:
    """The archive of a pack's files, the same for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _MOMENT)
            member.create_system = 3  # Unix, whatever this system is
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, files[name])
    return out.getvalue()


def read_archive(path: Path) -> Files:
    """All files in an archive, none of them on the disk. Raises `PackError` for whatever is not plainly a pack."""
    try:
        raw = read_plain(path, MOST_BYTES + _overhead())
    except OSError as error:
        raise PackError(
            f"{path}: cannot be read ({error.strerror}); name the folder or the archive of a pack"
        ) from None
    if not raw.startswith(b"PK\3\4"):
        raise PackError(f"{path}: is no archive of a pack; make it with lichtbild packs build")
    _check_end(path, raw)
    collected = Collected(path)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [m for m in archive.infolist() if not _is_folder(path, m) and not _is_hidden(m.orig_filename)]
            _check_members(path, archive.infolist(), archive.start_dir)
            top = _top(members)
            for member in members:
                name = member.orig_filename[len(top) :]
                limit = collected.limit(name)
                if member.file_size > limit:
                    raise collected.too_large(name)
                with archive.open(member) as content:
                    collected.add(name, content.read(limit + 1))
    except _DAMAGED as error:
        raise PackError(f"{path}: is a damaged archive ({error}); fetch it again") from None
    return collected.files


def _is_hidden(name: str) -> bool:
    """What systems add to an archive of a folder; passed over, as in a folder itself."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _top(members: list[zipfile.ZipInfo]) -> str:
    """The folder in which all of the pack lies, with its slash, as in an archive that was made of the folder; or
    nothing."""
    top = members[0].orig_filename.partition("/")[0] + "/" if members else ""
    names = {m.orig_filename for m in members}
    whole = f"{top}pack.toml" in names and all(name.startswith(top) for name in names)
    return top if whole and top[0].isalnum() else ""


def _overhead() -> int:
    return MOST_FILES * 512


def _check_end(path: Path, raw: bytes) -> None:
    """The archive ends in a plain end record whose directory is no longer than that of a pack: it is read as a
    whole."""
    end, size = raw[-22:], int.from_bytes(raw[-10:-6], "little")
    if len(end) < 22 or end[:4] != b"PK\5\6" or end[20:] != b"\0\0" or raw[-42:-38] == b"PK\6\7":
        raise PackError(f"{path}: is cut short, or has an end unlike a pack's; make it with lichtbild packs build")
    if size > _overhead():
        raise PackError(f"{path}: has more than the {MOST_FILES} files that a pack may have")


def _is_folder(path: Path, member: zipfile.ZipInfo) -> bool:
    """A folder's own entry has nothing in it, and says nothing that its files do not."""
    if not member.orig_filename.endswith("/"):
        return False
    if member.file_size or member.compress_size > 2:
        raise PackError(f"{path}: {member.orig_filename[:80]!r} is a folder with content")
    return True


def _check_members(path: Path, members: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse encrypted, linked, overlapping, and far too well compressed members before any is opened."""
    if len(members) > 2 * MOST_FILES:
        raise PackError(f"{path}: has more than the {MOST_FILES} files that a pack may have")
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        name = member.orig_filename[:80]
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.flag_bits & 0x2041:
            raise PackError(f"{path}: {name!r} is encrypted; a pack is open to everybody")
        if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise PackError(f"{path}: {name!r} is a link or no plain file")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackError(f"{path}: {name!r} is compressed in an unusual way; make it with lichtbild packs build")
        if member.header_offset < end or member.header_offset + 30 + member.compress_size > directory:
            raise PackError(f"{path}: {name!r} overlaps another file of the archive")
        end = member.header_offset + 30 + len(member.orig_filename.encode()) + member.compress_size
        if member.file_size > MOST_RATIO * (member.compress_size + 16):
            raise PackError(f"{path}: {name!r} claims to unpack to {MOST_RATIO} times its size")
