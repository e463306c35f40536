"""Keys, algorithms and transforms (S40 to S58)."""

import hashlib

import keys
import wrapping
import xmlsig
from case import Case, accepted, rejected
from cryptography.hazmat.primitives import serialization
from message import BASE, FORGED, span, swap
from xmlsig import (DS, ENC, ENVELOPED, EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, MORE, SHA1, SHA384, SHA512, Recipe,
                    b64, prefix_list, transform)

ALGORITHM, TRANSFORM, INVALID = "SIGNATURE_ALGORITHM", "SIGNATURE_TRANSFORM", "SIGNATURE_INVALID"
LEGACY = {"--legacy-algorithms": True}


def info(content: str) -> str:
    return f"<ds:KeyInfo>{content}</ds:KeyInfo>"


def x509(der: bytes) -> str:
    return f"<ds:X509Data><ds:X509Certificate>{b64(der)}</ds:X509Certificate></ds:X509Data>"


def rsa_value(name: str) -> str:
    numbers = keys.private(name).public_key().public_numbers()
    modulus = b64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big"))
    return (f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB"
            "</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>")


def key_infos(name: str) -> dict[str, str]:
    """Every form of KeyInfo, made for the key `name` where there is one in it."""
    def retrieval(uri: str, kind: str = "X509Data") -> str:
        return f'<ds:RetrievalMethod URI="{uri}" Type="{DS}{kind}"/>'
    return {
        "certificate": x509(keys.certificate_der(name)),
        "RSAKeyValue": rsa_value(name),
        "KeyName": "<ds:KeyName>idp</ds:KeyName>",
        "RetrievalMethod http": retrieval("http://127.0.0.1:9/key.crt"),
        "RetrievalMethod file": retrieval("file:///etc/hostname"),
        "RetrievalMethod same document": retrieval("#_response"),
        "X509IssuerSerial": "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=idp.example"
                            "</ds:X509IssuerName><ds:X509SerialNumber>4711</ds:X509SerialNumber>"
                            "</ds:X509IssuerSerial></ds:X509Data>",
        "X509SubjectName": "<ds:X509Data><ds:X509SubjectName>CN=idp.example</ds:X509SubjectName></ds:X509Data>",
        "KeyInfoReference": '<dsig11:KeyInfoReference xmlns:dsig11="http://www.w3.org/2009/xmldsig11#" '
                            'URI="http://127.0.0.1:9/key"/>',
        "DEREncodedKeyValue": '<dsig11:DEREncodedKeyValue xmlns:dsig11="http://www.w3.org/2009/xmldsig11#">'
                              f"{b64(keys.public_der(name))}</dsig11:DEREncodedKeyValue>",
        "MgmtData": "<ds:MgmtData>x</ds:MgmtData>",
        "PGPData": "<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>",
        "foreign element": '<x:key xmlns:x="urn:x">y</x:key>',
    }


def key_info_cases() -> list[Case]:
    cases = [
        rejected("S40", "attacker's copy of the certificate in KeyInfo", FORGED.signed(
            Recipe(key="attacker", key_info=info(x509(keys.certificate_der("attacker")))), "both"),
            INVALID, library=False),
        accepted("S41", "the attacker's certificate beside a good signature", BASE.signed(
            Recipe(key_info=info(x509(keys.certificate_der("attacker"))))), library=True),
        accepted("S41", "a certificate that is none beside a good signature", BASE.signed(
            Recipe(key_info=info("<ds:X509Data><ds:X509Certificate>!!</ds:X509Certificate></ds:X509Data>")))),
    ]
    for form, content in key_infos("attacker").items():
        row = "S40" if form == "certificate" else "S42"
        cases.append(rejected(row, f"signed by the attacker, KeyInfo: {form}", BASE.signed(
            Recipe(key="attacker", key_info=info(content))), INVALID))
        cases.append(accepted(row, f"signed by the provider, KeyInfo: {form}", BASE.signed(
            Recipe(key_info=info(content)))))
    return cases


def mac_cases() -> list[Case]:
    secrets = {"certificate in PEM": keys.certificate_pem("idp"), "certificate in DER": keys.certificate_der("idp"),
               "public key in DER": keys.public_der("idp"),
               "public key in PEM": keys.private("idp").public_key().public_bytes(
                   serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
               "nothing": b""}
    cases = []
    for method in (DS + "hmac-sha1", MORE + "hmac-sha256"):
        for name, secret in secrets.items():
            cases.append(rejected("S43", f"{method.rpartition('#')[2]} under the {name}", FORGED.signed(
                Recipe(method=method, sign=xmlsig.hmac_signer(secret, method))), ALGORITHM))
    for bits in (0, 8, 80):
        method = MORE + "hmac-sha256"
        cases.append(rejected("S44", f"HMACOutputLength {bits}", FORGED.signed(Recipe(
            method=method, method_content=f"<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>",
            sign=xmlsig.hmac_signer(keys.certificate_der("idp"), method, bits))), ALGORITHM))
    cases.append(rejected("S44", "HMACOutputLength in an RSA signature", BASE.signed(
        Recipe(method_content="<ds:HMACOutputLength>8</ds:HMACOutputLength>")), "SIGNATURE_MALFORMED"))
    return cases


def pinned(name: str) -> dict[str, object]:
    return {"--idp-cert": f"{name}.crt"}


def weak_cases() -> list[Case]:
    ecdsa256, rsa256 = MORE + "ecdsa-sha256", MORE + "rsa-sha256"
    weak = {
        "SHA-1 digest": (Recipe(digest=SHA1), ALGORITHM, {}),
        "RSA-SHA1": (Recipe(method=DS + "rsa-sha1"), ALGORITHM, {}),
        "MD5 digest": (Recipe(digest=MORE + "md5"), ALGORITHM, {}),
        "RSA-MD5": (Recipe(method=MORE + "rsa-md5"), ALGORITHM, {}),
        "SHA-224": (Recipe(method=MORE + "rsa-sha224", digest=MORE + "sha224"), ALGORITHM, {}),
        "RIPEMD-160 digest": (Recipe(digest=ENC + "ripemd160"), ALGORITHM, {}),
        "RSA-RIPEMD160": (Recipe(method=MORE + "rsa-ripemd160"), ALGORITHM, {}),
        "RSA-PSS": (Recipe(method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"), ALGORITHM, {}),
        "DSA-SHA1": (Recipe(key="idp-dsa", method=DS + "dsa-sha1"), "SIGNATURE_KEY",
                     pinned("idp-dsa")),
        "DSA-SHA256": (Recipe(key="idp-dsa", method="http://www.w3.org/2009/xmldsig11#dsa-sha256"),
                       "SIGNATURE_KEY", pinned("idp-dsa")),
        "RSA-1024": (Recipe(key="idp-rsa1024"), "SIGNATURE_KEY", pinned("idp-rsa1024")),
        "ECDSA on P-521": (Recipe(key="idp-p521", method=MORE + "ecdsa-sha512"),
                           "SIGNATURE_KEY", pinned("idp-p521")),
        "ECDSA on secp256k1": (Recipe(key="idp-k256", method=ecdsa256), "SIGNATURE_KEY", pinned("idp-k256")),
        "ECDSA-SHA1": (Recipe(key="idp-p256", method=MORE + "ecdsa-sha1"), ALGORITHM, pinned("idp-p256")),
    }
    cases = [rejected("S45", name, BASE.signed(recipe), reason, flags=flags)
             for name, (recipe, reason, flags) in weak.items()]
    cases += [
        accepted("S45", "SHA-1 digest with --legacy-algorithms", BASE.signed(Recipe(digest=SHA1)), flags=LEGACY),
        accepted("S45", "RSA-SHA1 with --legacy-algorithms", BASE.signed(
            Recipe(method=DS + "rsa-sha1", digest=SHA1)), flags=LEGACY),
        accepted("S45", "RSA-1024 with --legacy-algorithms", BASE.signed(Recipe(key="idp-rsa1024")),
                 flags=LEGACY | pinned("idp-rsa1024")),
        rejected("S45", "MD5 with --legacy-algorithms", BASE.signed(
            Recipe(method=MORE + "rsa-md5", digest=MORE + "md5")), ALGORITHM, flags=LEGACY),
        rejected("S45", "secp256k1 with --legacy-algorithms", BASE.signed(
            Recipe(key="idp-k256", method=ecdsa256)), "SIGNATURE_KEY", flags=LEGACY | pinned("idp-k256")),
        rejected("S45", "HMAC with --legacy-algorithms", FORGED.signed(Recipe(
            method=DS + "hmac-sha1", sign=xmlsig.hmac_signer(keys.certificate_pem("idp"), DS + "hmac-sha1"))),
            ALGORITHM, flags=LEGACY),
        rejected("S45", "ECDSA named, RSA key pinned", BASE.signed(Recipe(key="idp-p256", method=ecdsa256)),
                 "SIGNATURE_KEY"),
        rejected("S45", "RSA named, EC key pinned", BASE.signed(Recipe(method=rsa256)), "SIGNATURE_KEY",
                 flags=pinned("idp-p256")),
    ]
    misspelled = ("xmldsig-more#rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha1", "",
                  "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256", " " + rsa256, rsa256 + " ",
                  "http://www.w3.org/2000/09/xmldsig#rsa-sha256", "none", rsa256.replace("http:", "https:"))
    cases += [rejected("S46", f"algorithm '{uri}'", BASE.signed(Recipe(method=uri)), ALGORITHM)
              for uri in misspelled]
    cases += [rejected("S46", f"digest '{uri}'", BASE.signed(Recipe(digest=uri)), ALGORITHM)
              for uri in ("", "sha256", MORE + "sha256", DS + "sha256")]
    return cases


SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def cube_root(block: int) -> int:
    low, high = 0, 1 << 800
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle ** 3 < block else (low, middle)
    return low


def forged_cube(message: bytes) -> bytes:
    """A number whose cube begins with a padded hash: no private key is needed for it."""
    head = b"\x00\x01" + b"\xff" * 8 + b"\x00" + SHA256_PREFIX + hashlib.sha256(message).digest()
    return cube_root(int.from_bytes(head + b"\x00" * (256 - len(head)), "big")).to_bytes(256, "big")


def raw_signer(block_of) -> object:
    """Signs a block that the private key's owner would never make."""
    def sign(message: bytes) -> bytes:
        numbers = keys.private("idp").private_numbers()
        block = block_of(hashlib.sha256(message).digest())
        value = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
        return value.to_bytes(256, "big")
    return sign


def padding_cases() -> list[Case]:
    def short(digest: bytes) -> bytes:
        head = b"\x00\x01" + b"\xff" * 8 + b"\x00" + SHA256_PREFIX + digest
        return head + b"\xaa" * (256 - len(head))

    def without_parameters(digest: bytes) -> bytes:
        info_ = bytes.fromhex("302f300b0609608648016503040201") + bytes.fromhex("0420") + digest
        return b"\x00\x01" + b"\xff" * (253 - len(info_)) + b"\x00" + info_

    def other_block(digest: bytes) -> bytes:
        info_ = SHA256_PREFIX + digest
        return b"\x00\x02" + b"\xff" * (253 - len(info_)) + b"\x00" + info_

    def bare_hash(digest: bytes) -> bytes:
        return b"\x00\x01" + b"\xff" * (253 - len(digest)) + b"\x00" + digest
    def genuine(digest: bytes) -> bytes:
        info_ = SHA256_PREFIX + digest
        return b"\x00\x01" + b"\xff" * (253 - len(info_)) + b"\x00" + info_

    # The padding is judged where such a key is read at all: keys of e=3 are refused today (J13).
    small = pinned("idp-e3")
    return [
        rejected("S47", "a good signature with e=3", BASE.signed(Recipe(key="idp-e3")), "SIGNATURE_KEY", flags=small),
        accepted("S47", "a good signature with e=3, of old", BASE.signed(Recipe(key="idp-e3")), flags=LEGACY | small),
        rejected("S47", "cube root of a padded hash", FORGED.signed(Recipe(key="idp-e3", sign=forged_cube)),
                 INVALID, flags=LEGACY | small),
        accepted("S47", "the block that it should be", BASE.signed(Recipe(sign=raw_signer(genuine)))),
        rejected("S47", "garbage behind the hash", BASE.signed(Recipe(sign=raw_signer(short))), INVALID),
        rejected("S47", "hash without its name", BASE.signed(Recipe(sign=raw_signer(bare_hash))), INVALID),
        rejected("S47", "block of an encryption", BASE.signed(Recipe(sign=raw_signer(other_block))), INVALID),
        rejected("S47", "name of the hash without parameters",
                 BASE.signed(Recipe(sign=raw_signer(without_parameters))), INVALID),
    ]


XSLT = ('<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">'
        "{}</xsl:template></xsl:stylesheet>")
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


def transform_cases() -> list[Case]:
    envelope, exclusive = transform(ENVELOPED), transform(EXCLUSIVE)
    xslt = {"that reads a file": '<xsl:copy-of select="document(\'file:///etc/hostname\')"/>',
            "that fetches": '<xsl:copy-of select="document(\'http://127.0.0.1:9/\')"/>',
            "that runs a command": '<xsl:value-of xmlns:rt="http://xml.apache.org/xalan/java/java.lang.Runtime" '
                                   'select="rt:exec(rt:getRuntime(),\'id\')"/>', "that does nothing": ""}
    cases = [rejected("S48", f"XSLT {name}", BASE.signed(Recipe(
        transforms=envelope + transform("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT.format(body))
        + exclusive)), TRANSFORM) for name, body in xslt.items()]
    cases += [rejected("S49", name, BASE.signed(Recipe(transforms=envelope + part + exclusive)), TRANSFORM)
              for name, part in {
        "XPath": transform(XPATH, "<ds:XPath>1</ds:XPath>"),
        "XPath with here()": transform(XPATH, "<ds:XPath>here()</ds:XPath>"),
        "XPath Filter 2": transform("http://www.w3.org/2002/06/xmldsig-filter2",
                                    '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" '
                                    'Filter="intersect">/</f:XPath>'),
        "base64": transform(DS + "base64"),
        "decryption": transform("http://www.w3.org/2002/07/decrypt#XML"),
        "unknown": transform("urn:nothing")}.items()]
    cases += [
        rejected("S49", "XPath instead of the enveloped transform", BASE.signed(Recipe(transforms=transform(
            XPATH, "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>") + exclusive)), TRANSFORM),
        rejected("S50", "inclusive canonicalization of the element", BASE.signed(
            Recipe(transforms=envelope + transform(INCLUSIVE), exclusive=False)), TRANSFORM, library=True),
        rejected("S50", "inclusive canonicalization of SignedInfo", BASE.signed(Recipe(c14n=INCLUSIVE)),
                 TRANSFORM, library=True),
        rejected("S50", "Canonical XML 1.1", BASE.signed(
            Recipe(transforms=envelope + transform(INCLUSIVE_11), exclusive=False)), TRANSFORM),
        rejected("S50", "with comments", BASE.signed(
            Recipe(transforms=envelope + transform(EXCLUSIVE + "WithComments"), comments=True)), TRANSFORM,
            library=True),
        rejected("S50", "SignedInfo with comments", BASE.signed(Recipe(c14n=EXCLUSIVE + "WithComments")),
                 TRANSFORM, library=True),
        rejected("S50", "no canonicalization named", BASE.signed(Recipe(transforms=envelope, exclusive=False)),
                 TRANSFORM),
        rejected("S50", "canonicalization before the enveloped transform", BASE.signed(
            Recipe(transforms=exclusive + envelope)), TRANSFORM),
        rejected("S50", "no transform at all", BASE.signed(Recipe(transforms="")), TRANSFORM),
        rejected("S52", "three transforms", BASE.signed(Recipe(transforms=envelope + exclusive * 2)), TRANSFORM),
        rejected("S52", "a thousand transforms", BASE.signed(Recipe(transforms=envelope + exclusive * 999)),
                 TRANSFORM),
        rejected("S52", "a thousand references", BASE.signed(Recipe(more_references=span(
            wrapping.SIGNATURE, "<ds:Reference ", "</ds:Reference>") * 300)),
            "SIGNATURE_REFERENCE"),
    ]
    cases += [rejected("S53", f"Reference to {uri}", BASE.signed(Recipe(uri=uri)), "SIGNATURE_REFERENCE")
              for uri in ("http://127.0.0.1:9/x.xml", "file:///etc/hostname", "ftp://127.0.0.1/x", "cid:part",
                          "/etc/hostname", "http://127.0.0.1:9/#_assertion")]
    return cases


def prefix_cases() -> list[Case]:
    listed = Recipe(transforms=transform(ENVELOPED) + transform(EXCLUSIVE, prefix_list("xs saml")),
                    prefixes=("xs", "saml"))
    typed = BASE.but(assertion_more=' xmlns:xs="http://www.w3.org/2001/XMLSchema" '
                     'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"')
    redefined = BASE.but(attributes='<saml:Attribute Name="va_eauth_csid"><s:AttributeValue xmlns:s='
                         '"urn:oasis:names:tc:SAML:2.0:assertion">idme</s:AttributeValue></saml:Attribute>')
    hostile = BASE.but(attributes='<saml:Attribute Name="va_eauth_csid"><saml:AttributeValue '
                       'xmlns:saml="urn:x">idme</saml:AttributeValue></saml:Attribute>')
    return [
        accepted("S51", "PrefixList of what is declared", typed.signed(listed), library=True),
        accepted("S51", "PrefixList of what is not declared", BASE.signed(Recipe(
            transforms=transform(ENVELOPED) + transform(EXCLUSIVE, prefix_list("nothing")),
            prefixes=("nothing",)))),
        accepted("S51", "PrefixList in CanonicalizationMethod", BASE.signed(
            Recipe(c14n_content=prefix_list("samlp")))),
        accepted("S51", "a prefix of its own inside", redefined.signed(),
                 expect={"attributes": {"va_eauth_csid": ["idme"]}}),
        accepted("S51", "the prefix saml means another namespace inside", hostile.signed(),
                 expect={"attributes": {"va_eauth_csid": []}}),
        rejected("S51", "PrefixList named, namespace changed above", swap(
            typed.signed(listed), "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/2001/Other"),
            "SIGNATURE_DIGEST"),
        rejected("S51", "PrefixList with an element inside", BASE.signed(Recipe(transforms=transform(
            ENVELOPED) + transform(EXCLUSIVE, prefix_list("xs").replace("/>", "><ds:X/></ec:InclusiveNamespaces>")))),
            TRANSFORM),
    ]


def certificate_cases() -> list[Case]:
    return [
        accepted("S54", "out of date: the key alone is pinned", BASE.signed(), flags=pinned("idp-expired")),
        accepted("S55", "old and new listed, signed by the old", BASE.signed(),
                 flags={"--idp-cert": ["idp.crt", "idp-next.crt"]}),
        accepted("S55", "old and new listed, signed by the new", BASE.signed(Recipe(key="idp-next")),
                 flags={"--idp-cert": ["idp.crt", "idp-next.crt"]}),
        accepted("S55", "RSA and EC listed, signed by EC", BASE.signed(
            Recipe(key="idp-p384", method=MORE + "ecdsa-sha384", digest=SHA384)),
            flags={"--idp-cert": ["idp.crt", "idp-p256.crt", "idp-p384.crt"]}),
        rejected("S55", "signed by one that is not listed", BASE.signed(Recipe(key="idp-next")), INVALID),
        rejected("S58", "a signature that the library cannot process", BASE.signed(Recipe(
            c14n_content='<ec:InclusiveNamespaces xmlns:ec="' + EXCLUSIVE + '"/>')),
            "SIGNATURE_PROCESSING"),
    ]


def good() -> list[Case]:
    def ok(name: str, recipe: Recipe, key: str = "idp", **flags) -> Case:
        return accepted("V", name, BASE.signed(recipe), flags=pinned(key) | flags, library=None)
    spaced = Recipe(line="\n  ")
    return [
        ok("RSA-SHA384", Recipe(method=MORE + "rsa-sha384", digest=SHA384)),
        ok("RSA-SHA512", Recipe(method=MORE + "rsa-sha512", digest=SHA512)),
        ok("RSA-4096", Recipe(key="idp-rsa4096"), "idp-rsa4096"),
        ok("ECDSA P-256", Recipe(key="idp-p256", method=MORE + "ecdsa-sha256"), "idp-p256"),
        ok("ECDSA P-256 with SHA-384", Recipe(key="idp-p256", method=MORE + "ecdsa-sha384"), "idp-p256"),
        ok("ECDSA P-384", Recipe(key="idp-p384", method=MORE + "ecdsa-sha384", digest=SHA384), "idp-p384"),
        ok("ECDSA P-384 with SHA-256", Recipe(key="idp-p384", method=MORE + "ecdsa-sha256"), "idp-p384"),
        ok("white space in the signature", spaced),
        ok("default namespace in the signature", Recipe(prefix="")),
        ok("another prefix in the signature", Recipe(prefix="sig")),
        ok("Id on the signature", Recipe(attributes=' Id="_signature"')),
        ok("Type on the reference", Recipe(reference_attributes=f' Type="{DS}Object"')),
        accepted("V", "certificate in DER", BASE.signed(), flags={"--idp-cert": "idp.der"}),
        accepted("V", "signature broken into lines", _wrapped(BASE.signed())),
    ]


def _wrapped(text: str) -> str:
    value = span(text, "<ds:SignatureValue>", "</ds:SignatureValue>")[19:-20]
    return swap(text, value, "\n" + "\r\n".join(value[i:i + 64] for i in range(0, len(value), 64)) + "\n")


def cases() -> list[Case]:
    return (key_info_cases() + mac_cases() + weak_cases() + padding_cases() + transform_cases() + prefix_cases()
            + certificate_cases() + good())
