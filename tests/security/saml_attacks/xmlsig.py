"""Enveloped XML signatures in any shape: good ones, and what an attacker or a careless signer writes."""

import base64
import dataclasses
import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

import keys
import tree

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
ENVELOPED = DS + "enveloped-signature"
SHA1, SHA256, SHA384, SHA512 = DS + "sha1", ENC + "sha256", MORE + "sha384", ENC + "sha512"

DIGESTS = {SHA1: "sha1", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512", MORE + "md5": "md5",
           MORE + "sha224": "sha224", ENC + "ripemd160": "sha1"}
HASHES = {"sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
          "sha512": hashes.SHA512, "md5": hashes.MD5}


def transform(algorithm: str, inner: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inner}</ds:Transform>'


def prefix_list(prefixes: str) -> str:
    return f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>'


@dataclasses.dataclass
class Recipe:
    """What to write into a signature. As it stands: what every provider of today writes."""
    key: str = "idp"
    method: str = MORE + "rsa-sha256"
    digest: str = SHA256
    method_content: str = ""
    c14n: str = EXCLUSIVE
    c14n_content: str = ""
    transforms: str = transform(ENVELOPED) + transform(EXCLUSIVE)
    uri: str | None = "#{id}"  # None: no URI at all
    # How the element is really made into bytes; fits `transforms` as it stands.
    exclusive: bool = True
    prefixes: tuple[str, ...] = ()
    comments: bool = False
    key_info: str = ""
    behind: str = ""  # after KeyInfo
    more_references: str = ""
    reference_attributes: str = ""
    attributes: str = ""  # of Signature
    line: str = ""  # white space between all parts of the signature
    prefix: str = "ds"
    sign: Callable[[bytes], bytes] | None = None  # instead of `key`


def _hash_name(method: str) -> str:
    name = method.rpartition("#")[2].rpartition("-")[2]
    return name if name in HASHES else "sha256"


def sign_bytes(key: str, method: str, message: bytes) -> bytes:
    private = keys.private(key)
    chosen = HASHES[_hash_name(method)]()
    if isinstance(private, rsa.RSAPrivateKey):
        if "MGF1" in method:
            return private.sign(message, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)
        return private.sign(message, padding.PKCS1v15(), chosen)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(private.sign(message, ec.ECDSA(chosen)))
        size = (private.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    r, s = utils.decode_dss_signature(private.sign(message, chosen))  # DSA
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hmac_signer(secret: bytes, method: str, bits: int | None = None) -> Callable[[bytes], bytes]:
    def sign(message: bytes) -> bytes:
        whole = hmac.new(secret, message, _hash_name(method)).digest()
        return whole[:bits // 8] if bits else whole
    return sign


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def shell(recipe: Recipe, element_id: str) -> str:
    """The Signature with @DIGEST@ and @VALUE@ where the two values belong."""
    n = recipe.line
    uri = "" if recipe.uri is None else f' URI="{recipe.uri.format(id=element_id)}"'
    text = (
        f'<ds:Signature xmlns:ds="{DS}"{recipe.attributes}>{n}<ds:SignedInfo>{n}'
        f'<ds:CanonicalizationMethod Algorithm="{recipe.c14n}">{recipe.c14n_content}'
        f'</ds:CanonicalizationMethod>{n}<ds:SignatureMethod Algorithm="{recipe.method}">'
        f'{recipe.method_content}</ds:SignatureMethod>{n}'
        f'<ds:Reference{uri}{recipe.reference_attributes}>{n}'
        f'<ds:Transforms>{n}{recipe.transforms}{n}</ds:Transforms>{n}<ds:DigestMethod '
        f'Algorithm="{recipe.digest}"/>{n}<ds:DigestValue>@DIGEST@</ds:DigestValue>{n}</ds:Reference>{n}'
        f'{recipe.more_references}</ds:SignedInfo>{n}<ds:SignatureValue>@VALUE@</ds:SignatureValue>{n}'
        f'{recipe.key_info}{recipe.behind}</ds:Signature>')
    if recipe.prefix == "ds":
        return text
    if recipe.prefix == "":
        return text.replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=")
    return (text.replace("<ds:", f"<{recipe.prefix}:").replace("</ds:", f"</{recipe.prefix}:")
            .replace("xmlns:ds=", f"xmlns:{recipe.prefix}="))


def _by_id(root: tree.Element, element_id: str) -> tree.Element:
    return next(e for e in root.walk() if e.attribute("ID") == element_id)


def _signature_in(root: tree.Element) -> tree.Element:
    """The one that still has no value."""
    return next(e.parent for e in root.walk() if e.local() == "SignatureValue" and "@VALUE@" in e.text())


def put_behind_issuer(text: str, element_id: str, what: str) -> str:
    """Behind the first Issuer of the element, where SAML's schemas want a Signature."""
    at = text.index("Issuer>", text.index("</", text.index(f'ID="{element_id}"'))) + len("Issuer>")
    return text[:at] + what + text[at:]


def fill(text: str, element_id: str, recipe: Recipe) -> str:
    """Computes both values of the Signature that stands in `text` without them."""
    root = tree.parse(text)
    content = tree.canonical(_by_id(root, element_id), exclusive=recipe.exclusive,
                             prefixes=recipe.prefixes, comments=recipe.comments,
                             without=_signature_in(root))
    digest = hashlib.new(DIGESTS.get(recipe.digest, "sha256"), content.encode()).digest()
    text = text.replace("@DIGEST@", b64(digest))
    info = next(e for e in _signature_in(tree.parse(text)).children
                if isinstance(e, tree.Element) and e.local() == "SignedInfo")
    inner = tuple(recipe.c14n_content.partition('PrefixList="')[2].partition('"')[0].split())
    signed = tree.canonical(info, exclusive=recipe.c14n.startswith(EXCLUSIVE), prefixes=inner,
                            comments=recipe.c14n.endswith("WithComments")).encode()
    value = recipe.sign(signed) if recipe.sign else sign_bytes(recipe.key, recipe.method, signed)
    return text.replace("@VALUE@", b64(value))


def sign(text: str, element_id: str, recipe: Recipe | None = None) -> str:
    recipe = recipe or Recipe()
    return fill(put_behind_issuer(text, element_id, shell(recipe, element_id)), element_id, recipe)
