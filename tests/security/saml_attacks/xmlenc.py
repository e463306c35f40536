"""XML Encryption in any shape: good, and what an attacker or a careless sender writes."""

import dataclasses
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import keys
from xmlsig import DS, ENC, b64

ENC11 = "http://www.w3.org/2009/xmlenc11#"
GCM128, GCM192, GCM256 = (f"{ENC11}aes{bits}-gcm" for bits in (128, 192, 256))
CBC128, CBC256, DES3 = f"{ENC}aes128-cbc", f"{ENC}aes256-cbc", f"{ENC}tripledes-cbc"
OAEP, OAEP11, PKCS1 = f"{ENC}rsa-oaep-mgf1p", f"{ENC11}rsa-oaep", f"{ENC}rsa-1_5"
ELEMENT = f"{ENC}Element"
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
SIZES = {GCM128: 16, GCM192: 24, GCM256: 32, CBC128: 16, CBC256: 32, DES3: 24}


@dataclasses.dataclass
class Recipe:
    """What to encrypt with. As it stands: what a provider of today writes."""
    key: str = "sp"
    cipher: str | None = GCM256  # None: no EncryptionMethod
    transport: str | None = OAEP
    digest: str = "sha1"  # of OAEP, and what is said about it
    mask: str = "sha1"
    transport_content: str = ""
    type: str | None = ELEMENT
    place: str = "inside"  # inside, sibling, retrieval, none
    key_id: str = "_key"
    key_attributes: str = ""
    key_info: str = ""  # of the EncryptedKey
    data_key_info: str = ""  # in the KeyInfo of EncryptedData, before the key
    more_keys: str = ""
    line: str = ""
    cipher_data: str | None = None  # instead of the CipherValue
    iv_bytes: int = 12
    tag_bytes: int = 16
    flip: int | None = None  # a byte of the ciphertext that is changed
    secret: bytes | None = None  # the content key
    wrapped: bytes | None = None  # instead of the content key under the public key


def seal(recipe: Recipe, secret: bytes, plain: bytes) -> bytes:
    cipher = recipe.cipher or GCM256
    if cipher.endswith("gcm"):
        iv = os.urandom(recipe.iv_bytes)
        sealed = AESGCM(secret).encrypt(iv, plain, None)
        return iv + sealed[:len(sealed) - 16 + recipe.tag_bytes]
    size = 8 if cipher == DES3 else 16
    fill = size - len(plain) % size
    padded = plain + os.urandom(fill - 1) + bytes([fill])
    iv = os.urandom(size)
    algorithm = algorithms.TripleDES(secret) if cipher == DES3 else algorithms.AES(secret)
    encryptor = Cipher(algorithm, modes.CBC(iv)).encryptor()
    return iv + encryptor.update(padded) + encryptor.finalize()


def wrap(recipe: Recipe, secret: bytes) -> bytes:
    public = keys.private(recipe.key).public_key()
    if recipe.transport == PKCS1:
        return public.encrypt(secret, padding.PKCS1v15())
    return public.encrypt(secret, padding.OAEP(padding.MGF1(HASHES[recipe.mask]()), HASHES[recipe.digest](), None))


def transport_content(recipe: Recipe) -> str:
    content = recipe.transport_content
    if recipe.digest != "sha1":
        uri = {"sha256": ENC, "sha512": ENC, "sha384": "http://www.w3.org/2001/04/xmldsig-more#"}[recipe.digest]
        content += f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{uri}{recipe.digest}"/>'
    if recipe.mask != "sha1":
        content += f'<xenc11:MGF xmlns:xenc11="{ENC11}" Algorithm="{ENC11}mgf1{recipe.mask}"/>'
    return content


def encrypted_key(recipe: Recipe, secret: bytes) -> str:
    n = recipe.line
    method = "" if recipe.transport is None else (
        f'<xenc:EncryptionMethod Algorithm="{recipe.transport}">{transport_content(recipe)}'
        f"</xenc:EncryptionMethod>{n}")
    info = f'<ds:KeyInfo xmlns:ds="{DS}">{recipe.key_info}</ds:KeyInfo>' if recipe.key_info else ""
    identity = f' Id="{recipe.key_id}"' if recipe.key_id else ""
    wrapped = recipe.wrapped if recipe.wrapped is not None else wrap(recipe, secret)
    return (f'<xenc:EncryptedKey xmlns:xenc="{ENC}"{identity}{recipe.key_attributes}>{n}{method}{info}'
            f"<xenc:CipherData>{n}<xenc:CipherValue>{n}{b64(wrapped)}{n}</xenc:CipherValue>{n}"
            f"</xenc:CipherData>{n}</xenc:EncryptedKey>")


def encrypt(plain: str | bytes, recipe: Recipe | None = None, container: str = "EncryptedAssertion") -> str:
    recipe = recipe or Recipe()
    n = recipe.line
    plain = plain.encode() if isinstance(plain, str) else plain
    secret = recipe.secret or os.urandom(SIZES.get(recipe.cipher, 32))
    sealed = bytearray(seal(recipe, secret, plain))
    if recipe.flip is not None:
        sealed[recipe.flip] ^= 0x01
    key = encrypted_key(recipe, secret)
    info = recipe.data_key_info
    if recipe.place == "inside":
        info += key
    if recipe.place == "retrieval":
        info += f'<ds:RetrievalMethod Type="{ENC}EncryptedKey" URI="#{recipe.key_id}"/>'
    beside = key if recipe.place in ("sibling", "retrieval") else ""
    method = "" if recipe.cipher is None else f'<xenc:EncryptionMethod Algorithm="{recipe.cipher}"/>{n}'
    key_info = f'<ds:KeyInfo xmlns:ds="{DS}">{n}{info}{recipe.more_keys}{n}</ds:KeyInfo>{n}' if info else ""
    kind = "" if recipe.type is None else f' Type="{recipe.type}"'
    data = recipe.cipher_data or f"<xenc:CipherValue>{n}{b64(bytes(sealed))}{n}</xenc:CipherValue>"
    return (f'<saml:{container} xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{n}'
            f'<xenc:EncryptedData xmlns:xenc="{ENC}"{kind}>{n}{method}{key_info}<xenc:CipherData>{n}{data}{n}'
            f"</xenc:CipherData>{n}</xenc:EncryptedData>{n}{beside}</saml:{container}>")
