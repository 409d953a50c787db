"""Content credentials, as C2PA's own reader finds them; keys and chains are made here."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_encode

from lichtbild.cli.root import root
from lichtbild.errors import OutputError
from lichtbild.output.credentials import Credentials, check, signed
from lichtbild.output.formats import EXR, JPEG, PNG
from lichtbild.recipe import load
from test_made import Run, run, shots  # noqa: F401 - fixtures
from test_output_save import exiftool

c2pa = pytest.importorskip("c2pa")
x509 = pytest.importorskip("cryptography.x509")

TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "tif": "image/tiff",
    "avif": "image/avif",
    "jxl": "image/jxl",
    "heic": "image/heic",
    "dng": "image/x-adobe-dng",
}


class Authority:
    """A root that signs certificates for photographers."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.certificate("Root", self.key, authority=True)

    def certificate(self, name: str, key: Any, *, authority: bool = False, days: int = 3650) -> Any:
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        def words(common: str) -> Any:
            pairs = ((NameOID.ORGANIZATION_NAME, "Test"), (NameOID.COMMON_NAME, common))
            return x509.Name([x509.NameAttribute(*pair) for pair in pairs])

        now = datetime.now(UTC)
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        ) | dict.fromkeys(("encipher_only", "decipher_only"), False)
        builder = x509.CertificateBuilder().subject_name(words(name)).issuer_name(words("Root"))
        builder = builder.public_key(key.public_key()).serial_number(1 if authority else 2)
        builder = builder.not_valid_before(now - timedelta(days=4000)).not_valid_after(now + timedelta(days=days))
        for extension, critical in (
            (x509.BasicConstraints(authority, None), True),
            (x509.KeyUsage(not authority, key_cert_sign=authority, crl_sign=authority, **usage), True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical)
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        return builder.sign(self.key, hashes.SHA256())


def pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.PEM))


def key_pem(key: Any, passphrase: str = "") -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    lock = s.BestAvailableEncryption(passphrase.encode()) if passphrase else s.NoEncryption()
    return bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, lock))


class Signer:
    """A certificate and its key as files, and the root that they go back to."""

    def __init__(self, folder: Path, key: Any, name: str = "me") -> None:
        self.authority = Authority()
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.pem"
        self.key.write_bytes(key_pem(key))
        self.certificate.write_bytes(pem(self.authority.certificate("Ida", key)) + pem(self.authority.root))

    @property
    def options(self) -> list[str | Path]:
        return ["--sign", self.certificate, "--key", self.key]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    from cryptography.hazmat.primitives.asymmetric import ec

    return Signer(tmp_path_factory.mktemp("keys"), ec.generate_private_key(ec.SECP256R1()))


def read(path: Path, signer: Signer) -> tuple[str, dict[str, Any]]:
    """The state of validation against the test's root alone, and the active manifest."""
    trust = {
        "trust": {"trust_anchors": pem(signer.authority.root).decode()},
        "verify": {"remote_manifest_fetch": False},
    }
    with c2pa.Context.from_dict(trust) as context:
        reader = c2pa.Reader(TYPES[path.suffix[1:]], io.BytesIO(path.read_bytes()), context=context)
        store = json.loads(reader.json())
        return reader.get_validation_state(), store["manifests"][store["active_manifest"]]


def actions_of(manifest: dict[str, Any]) -> dict[str, Any]:
    (told,) = [a["data"]["actions"] for a in manifest["assertions"] if a["label"].startswith("c2pa.actions")]
    return {action["action"]: action.get("parameters", {}) for action in told}


@pytest.mark.parametrize("ending", TYPES)
def test_the_standards_reader_trusts_every_format(
    shots: list[Path],  # noqa: F811
    tmp_path: Path,
    run: Run,  # noqa: F811
    signer: Signer,
    ending: str,
) -> None:
    if ending == "heic":
        pytest.importorskip("pillow_heif")
    path = tmp_path / f"a.{ending}"
    run("develop", *shots, "-o", path, "--ev", "0.25", "--strip-location", *signer.options)
    state, manifest = read(path, signer)
    assert state == "Trusted" and manifest["title"] == path.name
    assert manifest["claim_generator_info"][0]["name"] == "Lichtbild"
    titles = {i["title"]: i["relationship"] for i in manifest["ingredients"]}
    assert sorted(titles) == [s.name for s in shots] and sorted(titles.values()) == ["componentOf"] * 2 + ["parentOf"]
    told = actions_of(manifest)
    assert next(iter(told)) == "c2pa.opened" and len(told["c2pa.placed"]["ingredients"]) == 2
    assert told["c2pa.edited.metadata"] == {"lichtbild.location": "removed"}
    if ending != "dng":
        color = told["c2pa.adjustedColor"]
        assert color["lichtbild.look"] == "natural" and color["lichtbild.white_balance"] == "as-shot"
        decided = json.loads(str(exif(path)["XMP-lichtbild:Decided"]))
        assert color["lichtbild.ev"] == pytest.approx(decided["look"]["ev"])
    assert load(path).ev == 0.25
    if ending != "png":  # where exiftool 12 loses its way behind the credentials
        assert exif(path)["IFD0:Orientation"] == 1


def exif(path: Path) -> dict[str, Any]:
    return exiftool(path, "-G1", "-a")


def test_a_changed_pixel_breaks_the_seal(shots: list[Path], tmp_path: Path, run: Run, signer: Signer) -> None:  # noqa: F811
    path = tmp_path / "a.png"
    run("develop", shots[0], "-o", path, *signer.options)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert read(path, signer)[0] == "Invalid"
    assert read(tmp_path / "a.png", signer)[1]["ingredients"][0]["relationship"] == "parentOf"


def test_a_frame_that_the_library_cannot_read_is_named_all_the_same(
    shots: list[Path],  # noqa: F811
    tmp_path: Path,
    signer: Signer,
) -> None:
    odd = tmp_path / "odd.dng"
    odd.write_bytes(b"II*\0\xff\xff\xff\x7f damaged")
    its = Credentials(signer.certificate, signer.key, frames=(odd, shots[0]))
    data = signed([png_encode(np.zeros((9, 9, 3), np.uint8))], PNG, tmp_path / "a.png", {}, its)
    (tmp_path / "a.png").write_bytes(b"".join(bytes(d) for d in data))
    state, manifest = read(tmp_path / "a.png", signer)
    assert state == "Trusted" and {i["title"] for i in manifest["ingredients"]} == {"odd.dng", shots[0].name}


def test_the_gain_map_is_found_in_a_signed_jpeg(shots: list[Path], tmp_path: Path, run: Run, signer: Signer) -> None:  # noqa: F811
    import imagecodecs

    run("develop", *shots, "-o", tmp_path / "a.jpg", "--hdr", "on", *signer.options)
    run("develop", *shots, "-o", tmp_path / "b.jpg", "--hdr", "on")
    signed, bare = ((tmp_path / n).read_bytes() for n in ("a.jpg", "b.jpg"))
    one, other = (imagecodecs.ultrahdr_decode(data) for data in (signed, bare))
    assert one.shape == other.shape and (one == other).all()


@pytest.mark.parametrize("kind", ["P-384", "Ed25519", "RSA", "locked"])
def test_other_keys_sign_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    makers = {
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "locked": lambda: ec.generate_private_key(ec.SECP256R1()),
    }
    key = makers[kind]()
    its = Signer(tmp_path, key)
    if kind == "locked":
        its.key.write_bytes(key_pem(key, "Öffne dich"))
        with pytest.raises(OutputError, match="is locked; set LICHTBILD_KEY_PASSPHRASE"):
            check(Credentials(its.certificate, its.key), JPEG, Path("a.jpg"))
        monkeypatch.setenv("LICHTBILD_KEY_PASSPHRASE", "no")
        with pytest.raises(OutputError, match="does not open"):
            check(Credentials(its.certificate, its.key), JPEG, Path("a.jpg"))
        monkeypatch.setenv("LICHTBILD_KEY_PASSPHRASE", "Öffne dich")
    check(Credentials(its.certificate, its.key), JPEG, Path("a.jpg"))


def test_wrong_files_are_one_line_before_any_light_is_touched(
    shots: list[Path],  # noqa: F811
    tmp_path: Path,
    signer: Signer,
) -> None:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec

    stranger = tmp_path / "stranger.key"
    stranger.write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
    odd = Signer(tmp_path, dsa.generate_private_key(2048), "odd")
    old = tmp_path / "old.pem"
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(signer.key.read_bytes(), None)
    old.write_bytes(pem(signer.authority.certificate("Ida", key, days=-1)))
    lone = tmp_path / "lone.pem"
    lone.write_bytes(pem(signer.authority.root))
    lone_key = tmp_path / "lone.key"
    lone_key.write_bytes(key_pem(signer.authority.key))
    cases = [
        (signer.certificate, stranger, r"stranger\.key: is not the key of .*me\.pem"),
        (signer.key, signer.key, r"me\.key: holds no certificate"),
        (signer.certificate, signer.certificate, r"me\.pem: holds no private key"),
        (tmp_path / "none.pem", signer.key, r"none\.pem: cannot be read"),
        (tmp_path, signer.key, "is no plain file"),
        (old, signer.key, r"old\.pem: is valid from"),
        (odd.certificate, odd.key, "kind that signs no content credentials"),
        (lone, lone_key, r"lone\.pem: cannot sign content credentials"),
    ]
    for certificate, key_file, words in cases:
        with pytest.raises(OutputError, match=words) as caught:
            root.main(
                [
                    "develop",
                    str(shots[0]),
                    "-o",
                    str(tmp_path / "a.jpg"),
                    "--sign",
                    str(certificate),
                    "--key",
                    str(key_file),
                ],
                standalone_mode=False,
            )
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.jpg").exists()
    with pytest.raises(OutputError, match="OpenEXR cannot carry"):
        check(Credentials(signer.certificate, signer.key), EXR, tmp_path / "a.exr")


def test_both_halves_must_be_named(shots: list[Path], tmp_path: Path, run: Run, signer: Signer) -> None:  # noqa: F811
    with pytest.raises(OutputError, match="give both"):
        run("develop", shots[0], "-o", tmp_path / "a.jpg", "--sign", signer.certificate)
    with pytest.raises(OutputError, match=r"127\.0\.0\.1:9/: gave no time stamp"):
        run("develop", shots[0], "-o", tmp_path / "a.jpg", *signer.options, "--timestamp", "http://127.0.0.1:9/")
    assert not (tmp_path / "a.jpg").exists()


def test_the_index_of_an_ultra_hdr_jpeg_is_true_of_the_signed_file(tmp_path: Path, signer: Signer) -> None:
    import imagecodecs

    from test_output_ultrahdr import lit, pictures

    path = tmp_path / "a.jpg"
    lit().save(path, credentials=Credentials(signer.certificate, signer.key))
    assert read(path, signer)[0] == "Trusted"
    first, second = pictures(path.read_bytes())
    assert imagecodecs.jpeg8_decode(first).shape == (122, 166, 3)
    assert imagecodecs.jpeg8_decode(second).shape == (61, 83)
    assert float(imagecodecs.ultrahdr_decode(path.read_bytes())[..., :3].max()) > 2.0
    assert exiftool(path, "-G1")["MPImage2:MPImageLength"] == len(second)
