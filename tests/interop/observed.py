"""What a message that a browser carried really holds: which parts are signed and with what, how it is
encrypted. Python's own XML reader, so that neither side judges itself; and the table of docs/interop.md,
which is held against it."""

import os
import re
import xml.etree.ElementTree as ElementTree

import browsing

DOCUMENT = browsing.ROOT / "docs" / "interop.md"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XENC = "{http://www.w3.org/2001/04/xmlenc#}"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def root_of(message: browsing.Message) -> ElementTree.Element:
    return ElementTree.fromstring(message.xml)


def status_of(message: browsing.Message) -> str:
    return root_of(message).find(f"{SAMLP}Status/{SAMLP}StatusCode").get("Value")


def _short(algorithm: str) -> str:
    return algorithm.rpartition("#")[2]


def _signature(element: ElementTree.Element) -> str | None:
    """Signature and digest method of the signature that stands in the element itself."""
    info = element.find(f"{DS}Signature/{DS}SignedInfo")
    if info is None:
        return None
    methods = info.find(f"{DS}SignatureMethod"), info.find(f"{DS}Reference/{DS}DigestMethod")
    return "/".join(_short(one.get("Algorithm")) for one in methods)


def signature_of(xml: bytes) -> str | None:
    """The signature over a whole document."""
    return _signature(ElementTree.fromstring(xml))


def _encryption(data: ElementTree.Element) -> str:
    key = data.find(f"{DS}KeyInfo/{XENC}EncryptedKey/{XENC}EncryptionMethod")
    digest = key.find(f"{DS}DigestMethod")
    hashed = "SHA-1 by default" if digest is None else _short(digest.get("Algorithm"))
    cipher = _short(data.find(f"{XENC}EncryptionMethod").get("Algorithm"))
    return f"{cipher}, key by {_short(key.get('Algorithm'))} with {hashed}"


def protection(message: browsing.Message) -> str:
    """How a message is protected, as one line."""
    root = root_of(message)
    parts = []
    if "SigAlg" in message.parameters:
        parts.append(f"query {_short(message.parameters['SigAlg'])}")
    if _signature(root):
        parts.append(f"message {_signature(root)}")
    for assertion in root.iter(f"{SAML}Assertion"):
        if _signature(assertion):
            parts.append(f"assertion {_signature(assertion)}")
    for wrapper, name in ((f"{SAML}EncryptedAssertion", "assertion"), (f"{SAML}EncryptedID", "NameID")):
        for one in root.iter(wrapper):
            parts.append(f"{name} in {_encryption(one.find(f'{XENC}EncryptedData'))}")
    return "; ".join(parts) or "nothing"


def released(version: str) -> str:
    """The part of a version that a security update of the distribution leaves alone."""
    return ".".join(re.findall(r"\d+", version)[:2])


class Table:
    """The rows of one software in docs/interop.md. VA_INTEROP_WRITE=1 writes what was seen instead."""

    def __init__(self, software: str, version: str):
        self.software, self.version = software, version
        self.rows: dict[str, str] = {}

    def saw(self, case: str, binding: str, protected: str, result: str):
        self.rows[case] = f"| {self.version} | {case} | {binding} | {protected} | {result} |"

    def _written(self) -> list[str]:
        return [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
                if line.startswith(f"| {self.software}")]

    def check(self, test) -> None:
        """What was seen is what the document says, row by row."""
        rows = sorted(self.rows.values())
        if os.environ.get("VA_INTEROP_WRITE"):
            self._write(rows)
        test.assertEqual(rows, self._written(), "docs/interop.md says something else than was seen; "
                                                "VA_INTEROP_WRITE=1 ./dev test interop writes what was")

    def _write(self, rows: list[str]) -> None:
        lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
        head = next(number for number, line in enumerate(lines) if line.startswith("| Software |")) + 2
        table = [line for line in lines[head:] if line.startswith("|")]
        others = [line for line in table if not line.startswith(f"| {self.software}")]
        lines[head:head + len(table)] = sorted(others + rows)
        DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")
