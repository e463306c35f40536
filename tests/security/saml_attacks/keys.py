"""Keys and certificates of one run. Nothing of it is kept: every run makes its own."""

import datetime
import functools
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

ALGORITHMS = {
    "idp": lambda: rsa.generate_private_key(65537, 2048),
    "idp-next": lambda: rsa.generate_private_key(65537, 2048),
    "idp-rsa4096": lambda: rsa.generate_private_key(65537, 4096),
    "idp-rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "idp-e3": lambda: rsa.generate_private_key(3, 2048),
    "idp-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "idp-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "idp-p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "idp-k256": lambda: ec.generate_private_key(ec.SECP256K1()),
    "idp-dsa": lambda: dsa.generate_private_key(2048),
    "attacker": lambda: rsa.generate_private_key(65537, 2048),
    "sp": lambda: rsa.generate_private_key(65537, 2048),
    "sp-next": lambda: rsa.generate_private_key(65537, 2048),
    "sp-other": lambda: rsa.generate_private_key(65537, 2048),
    "sp-ec": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@functools.lru_cache(None)
def private(name: str):
    return ALGORITHMS[name]()


@functools.lru_cache(None)
def certificate(name: str, subject: str = "idp.example", serial: int = 4711, expired: bool = False):
    """Self-signed, and out of date when `expired`. Subject and serial are the same for every name: a
    certificate of the attacker looks like the one of the provider."""
    key = private(name)
    whole = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    begin = datetime.datetime(2019 if expired else 2026, 1, 1)
    return (x509.CertificateBuilder().subject_name(whole).issuer_name(whole).serial_number(serial)
            .public_key(key.public_key()).not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=365)).sign(key, hashes.SHA256()))


def certificate_pem(name: str, **about) -> bytes:
    return certificate(name, **about).public_bytes(serialization.Encoding.PEM)


def certificate_der(name: str, **about) -> bytes:
    return certificate(name, **about).public_bytes(serialization.Encoding.DER)


def private_pem(name: str, pkcs1: bool = False) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL if pkcs1 else serialization.PrivateFormat.PKCS8
    return private(name).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public_der(name: str) -> bytes:
    return private(name).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def write_all(folder: pathlib.Path) -> None:
    for name in ALGORITHMS:
        (folder / f"{name}.crt").write_bytes(certificate_pem(name))
    (folder / "idp.der").write_bytes(certificate_der("idp"))
    (folder / "idp-expired.crt").write_bytes(certificate_pem("idp", expired=True))
    for name in ("sp", "sp-next", "sp-other", "sp-ec"):
        (folder / f"{name}.key").write_bytes(private_pem(name))
    (folder / "sp-pkcs1.key").write_bytes(private_pem("sp", pkcs1=True))
    # Open to everybody, which no service would take and this tool does not judge.
    for key in folder.glob("*.key"):
        key.chmod(0o644)
