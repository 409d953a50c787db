"""Content credentials: what was done to a photograph, signed with the photographer's own certificate (C2PA 2.2).

The raw frames are named as ingredients, and each step of the path of light is one of the standard's actions with the
numbers that were decided for it. Nothing goes over the network, unless a time-stamp authority is named.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import __version__
from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.jsonable import plain
from lichtbild.output.formats import JPEG, Format
from lichtbild.output.ultrahdr import foreseeing
from lichtbild.record import record

_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "JPEG XL": "image/jxl",
    "HEIC": "image/heic",
    "DNG": "image/x-adobe-dng",
}
_RAW_TYPES = {".dng": "image/x-adobe-dng", ".nef": "image/x-nikon-nef", ".arw": "image/x-sony-arw"}
_UNKNOWN = "application/octet-stream"
_LONGEST = 1 << 20  # bytes of a certificate chain or a key
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_OFFLINE = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


@record
class Credentials:
    """Who signs, and the frames that the photograph was made of.

    certificate: PEM file of the certificate and those up to, and without, the authority's own.
    key: PEM file of its private key.   passphrase: of a locked key.
    timestamp: address of a time-stamp authority (RFC 3161) to ask, which is the only use of the network.
    frames: raw files that are named as ingredients, the reference first.
    """

    certificate: Path
    key: Path
    passphrase: str = ""
    timestamp: str = ""
    frames: tuple[Path, ...] = ()


def check(credentials: Credentials, chosen: Format, path: Path) -> None:
    """Find out, before any light is touched, whether a file can be signed so. Raises `OutputError`."""
    if chosen.name not in _TYPES:
        able = ", ".join(_TYPES)
        raise OutputError(f"{path}: {chosen.article} cannot carry content credentials; choose one of {able}")
    trial = _sign(_smallest(), "image/png", {"claim_generator_info": _generator()}, credentials, frames=(), time=False)
    if not trial:
        raise OutputError(f"{credentials.certificate}: cannot sign")


def signed(
    chunks: Sequence[Chunk], chosen: Format, path: Path, recipe: Mapping[str, Any], credentials: Credentials
) -> list[Chunk]:
    """The file of these chunks with content credentials. recipe: as resolved. Raises `OutputError`."""
    if chosen.name not in _TYPES:
        check(credentials, chosen, path)
    whole = b"".join(chunk.tobytes() if isinstance(chunk, np.ndarray) else chunk for chunk in chunks)
    manifest = {
        "claim_generator_info": _generator(),
        "title": path.name,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions(recipe, credentials.frames))}}],
    }
    made = _sign(whole, _TYPES[chosen.name], manifest, credentials, frames=credentials.frames, time=True)
    ready = foreseeing(whole, made) if chosen is JPEG else whole
    if ready != whole:
        made = _sign(ready, _TYPES[chosen.name], manifest, credentials, frames=credentials.frames, time=True)
    return [made]


def actions(recipe: Mapping[str, Any], frames: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """What was done, in order, by the names of the standard; what has no name there is told in the parameters."""
    settings: Mapping[str, Any] = plain(recipe.get("settings", {}))
    decided: Mapping[str, Any] = plain(recipe.get("decided", {}))
    if frames:
        yield _action("c2pa.opened", ingredientIds=[_label(0)])
    else:
        source = "http://cv.iptc.org/newscodes/digitalsourcetype/computationalCapture"
        yield {**_action("c2pa.created"), "digitalSourceType": source}
    if len(frames) > 1:
        yield _action(
            "c2pa.placed",
            ingredientIds=[_label(i) for i in range(1, len(frames))],
            **_named(decided.get("burst", {})),
        )
    if "develop" in decided:
        yield _action("c2pa.enhanced", **_named(settings, "denoise", "sharpen", "lens", "scale", "rendering"))
        color = _named(decided["develop"], "white_balance", "kelvin", "tint", "white_xy")
        color |= {**_named(settings, "look", "mode"), **_named(decided.get("look", {}))}
        yield _action("c2pa.adjustedColor", **color)
    if settings.get("size"):
        yield _action("c2pa.resized", **_named(settings, "size"))
    if settings.get("frame"):
        yield _action("c2pa.edited", **_named(settings, "frame"))
    if settings.get("strip_location"):
        yield _action("c2pa.edited.metadata", **{"lichtbild.location": "removed"})
    yield _action("c2pa.converted")


def _action(name: str, **parameters: Any) -> dict[str, Any]:
    agent = {"name": "Lichtbild", "version": __version__}
    return {"action": name, "softwareAgent": agent, **({"parameters": parameters} if parameters else {})}


def _named(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The values under names of our own, or those of them that are named."""
    return {f"lichtbild.{k}": v for k, v in values.items() if v is not None and (k in names or not names)}


def _label(number: int) -> str:
    return f"frame-{number + 1}"


def _generator() -> list[dict[str, str]]:
    return [{"name": "Lichtbild", "version": __version__}]


def _sign(
    data: bytes, kind: str, manifest: dict[str, Any], its: Credentials, *, frames: Sequence[Path], time: bool
) -> bytes:
    """The signed file. time: ask the time-stamp authority, if there is one."""
    try:
        import c2pa
    except ImportError:
        raise OutputError("content credentials need an extra package: pip install 'lichtbild[credentials]'") from None
    certificate, key, algorithm = _identity(its)
    with _in_words(its):
        timestamp = its.timestamp.encode() if time and its.timestamp else None
        info = c2pa.C2paSignerInfo(algorithm.encode(), certificate, key, timestamp)
        with c2pa.Signer.from_info(info) as signer, c2pa.Context.from_dict(_OFFLINE) as context:
            builder = c2pa.Builder(manifest, context)
            for i, frame in enumerate(frames):
                told = {
                    "title": frame.name,
                    "relationship": "componentOf" if i else "parentOf",
                    "label": _label(i),
                }
                with frame.open("rb") as file:
                    kind_of_frame = _RAW_TYPES.get(frame.suffix.lower(), _UNKNOWN)
                    try:
                        builder.add_ingredient(told, kind_of_frame, file)
                    except c2pa.C2paError:  # damaged credentials of its own
                        file.seek(0)
                        builder.add_ingredient(told, _UNKNOWN, file)
            out = io.BytesIO()
            builder.sign(signer, kind, io.BytesIO(data), out)
    return out.getvalue()


def _identity(its: Credentials) -> tuple[bytes, bytes, str]:
    """(certificates, key, algorithm) as the signer takes them, after they are found to belong together."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    chain, locked = _bytes(its.certificate), _bytes(its.key)
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise OutputError(f"{its.certificate}: holds no certificate; name a PEM file of one") from None
    passphrase = its.passphrase or os.environ.get("LICHTBILD_KEY_PASSPHRASE", "")
    try:
        key = serialization.load_pem_private_key(locked, None)
    except TypeError:
        try:
            key = serialization.load_pem_private_key(locked, passphrase.encode() or b"\0")
        except ValueError:
            wrong = "does not open with what LICHTBILD_KEY_PASSPHRASE says" if passphrase else "is locked"
            raise OutputError(f"{its.key}: {wrong}; set LICHTBILD_KEY_PASSPHRASE to its passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise OutputError(f"{its.key}: holds no private key that can be read; name a PEM file of one") from None
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificates[0].public_key().public_bytes(*form):
        raise OutputError(f"{its.key}: is not the key of {its.certificate}; name the one that belongs to it")
    now = datetime.now(UTC)
    first, last = certificates[0].not_valid_before_utc, certificates[0].not_valid_after_utc
    if not first <= now <= last:
        raise OutputError(
            f"{its.certificate}: is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only; name another one"
        )
    unlocked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return chain, unlocked, _algorithm(key, its.key)


def _algorithm(key: Any, path: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise OutputError(f"{path}: is a key of a kind that signs no content credentials; use P-256, Ed25519 or RSA")


@contextmanager
def _in_words(its: Credentials) -> Iterator[None]:
    """What the library has to say, in one line."""
    import c2pa

    try:
        yield
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read ({error.strerror})") from None
    except c2pa.C2paError as error:
        words = " ".join(str(error).split())[:200]
        if its.timestamp and ("time" in words.lower() or "http" in words.lower() or "internal" in words.lower()):
            raise OutputError(f"{its.timestamp}: gave no time stamp ({words}); sign without one, or later") from None
        raise OutputError(
            f"{its.certificate}: cannot sign content credentials ({words}); "
            "use a certificate for signing documents or e-mail, with those of its issuers behind it"
        ) from None


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: is no plain file; name a PEM file")
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror}); name a PEM file") from None


def _smallest() -> bytes:
    """A PNG to try a signature on."""
    from lichtbild.output.png import encode

    return encode(np.zeros((1, 1, 3), np.uint8))
