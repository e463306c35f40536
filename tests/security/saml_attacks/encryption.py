"""Encrypted assertions and names, in good order and attacked (S14, S15, S115 to S123)."""

import base64
import os

import message
import wrapping
import xmlenc
import xmlsig
from case import Case, accepted, rejected
from message import BASE, FORGED, SAML, span, swap
from xmlenc import (CBC128, CBC256, DES3, ENC, GCM128, GCM192, GCM256, OAEP11, PKCS1, Recipe, encrypt,
                    encrypted_key)
from xmlsig import DS, sign

OURS = {"--sp-key": "sp.key"}
LEGACY = OURS | {"--legacy-algorithms": True}
FAILED, ALGORITHM, KEY = "DECRYPTION_FAILED", "ENCRYPTION_ALGORITHM", "ENCRYPTION_KEY"
REFERENCE, MALFORMED, CONTENT = "ENCRYPTION_REFERENCE", "ENCRYPTION_MALFORMED", "DECRYPTED_CONTENT"

# As a provider sends it: the assertion is signed, then encrypted; the response is not signed.
INNER = wrapping.ASSERTION
UNSIGNED = BASE.assertion()


def sealed(recipe: Recipe | None = None, plain: str | bytes = INNER) -> str:
    return BASE.around(encrypt(plain, recipe))


def under_response(recipe: Recipe | None = None, plain: str | bytes = UNSIGNED) -> str:
    return sign(sealed(recipe, plain), "_response")


def good() -> list[Case]:
    ciphers = {"AES-128-GCM": GCM128, "AES-192-GCM": GCM192, "AES-256-GCM": GCM256}
    cases = [accepted("V", f"encrypted: {name}", sealed(Recipe(cipher=cipher)), flags=OURS)
             for name, cipher in ciphers.items()]
    transports = {
        "OAEP-MGF1P with SHA-256": Recipe(digest="sha256"),
        "OAEP-MGF1P that names SHA-1": Recipe(
            transport_content=f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{DS}sha1"/>'),
        "OAEP 1.1 with SHA-1": Recipe(transport=OAEP11),
        "OAEP 1.1 with SHA-256 and its mask": Recipe(transport=OAEP11, digest="sha256", mask="sha256"),
        "OAEP 1.1 with SHA-512 and mask SHA-1": Recipe(transport=OAEP11, digest="sha512"),
        "OAEP 1.1 with SHA-384 and its mask": Recipe(transport=OAEP11, digest="sha384", mask="sha384")}
    cases += [accepted("V", f"encrypted: {name}", sealed(recipe), flags=OURS) for name, recipe in transports.items()]
    shapes = {
        "key beside the data (P15)": Recipe(place="sibling"),
        "key by RetrievalMethod (P15)": Recipe(place="retrieval"),
        "key without Id": Recipe(key_id=""),
        "Recipient on the key": Recipe(key_attributes=' Recipient="https://sp.example/entity"'),
        "certificate in the key's KeyInfo": Recipe(key_info="<ds:KeyName>sp</ds:KeyName><ds:X509Data>"
                                                   "<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"),
        "KeyName before the key": Recipe(data_key_info="<ds:KeyName>x</ds:KeyName>"),
        "white space everywhere": Recipe(line="\n    "),
        "no Type": Recipe(type=None),
        "a key for somebody else before ours": Recipe(data_key_info=encrypted_key(
            Recipe(key="sp-other", key_id="_other"), os.urandom(32)))}
    cases += [accepted("V", f"encrypted: {name}", sealed(recipe), flags=OURS) for name, recipe in shapes.items()]
    return cases + [
        accepted("V", "encrypted: response signed over the ciphertext", under_response(), flags=OURS),
        accepted("V", "encrypted: both signed", under_response(plain=INNER), flags=OURS),
        accepted("V", "encrypted: CBC under a signed response (P4)", under_response(Recipe(cipher=CBC128)),
                 flags=OURS),
        accepted("V", "encrypted: CBC-256 under a signed response (P4)", under_response(
            Recipe(cipher=CBC256), INNER), flags=OURS),
        accepted("V", "encrypted: signed inside, prefix declared outside", _inherited(), flags=OURS),
        accepted("V", "encrypted: white space around the assertion", sealed(plain=f"\n {INNER}\n"), flags=OURS),
        accepted("V", "encrypted: our key in PKCS#1", sealed(), flags={"--sp-key": "sp-pkcs1.key"}),
        accepted("V", "encrypted: for the second of our keys", sealed(Recipe(key="sp-next")),
                 flags={"--sp-key": ["sp.key", "sp-next.key"]}),
        accepted("V", "a key that nothing is encrypted for", wrapping.GENUINE, flags=OURS),
        accepted("V", "an EC key that nothing is encrypted for", wrapping.GENUINE, flags={"--sp-key": "sp-ec.key"}),
        accepted("V", "encrypted: in base64", base64.b64encode(sealed().encode()), flags=OURS),
    ]


def _inherited() -> str:
    """Signed and encrypted in its place, so that saml: is declared on the response alone."""
    bare = swap(INNER, f' xmlns:saml="{SAML}"', "")
    return sealed(plain=bare)


def name_ids() -> list[Case]:
    def of(recipe: Recipe | None = None, plain: str = BASE.name_id.replace(
            "<saml:NameID", f'<saml:NameID xmlns:saml="{SAML}"')) -> str:
        return BASE.but(name_id=encrypt(plain, recipe, "EncryptedID")).signed()
    attribute = encrypt('<saml:Attribute xmlns:saml="' + SAML + '" Name="x"/>', None, "EncryptedAttribute")
    return [
        accepted("V", "encrypted name (P15)", of(), flags=OURS),
        accepted("V", "encrypted name with the key beside it (P15)", of(Recipe(place="sibling")), flags=OURS),
        accepted("V", "encrypted name in an encrypted assertion", sealed(plain=span(
            of(), "<saml:Assertion ", "</saml:Assertion>")), flags=OURS),
        accepted("V", "encrypted name, CBC under the assertion's signature", of(Recipe(cipher=CBC128)), flags=OURS),
        rejected("S121", "encrypted name for another key", of(Recipe(key="sp-other")),
                 FAILED, flags=OURS),
        rejected("S121", "encrypted name without EncryptionMethod", of(Recipe(cipher=None)), ALGORITHM, flags=OURS),
        rejected("S121", "encrypted name without key transport method", of(Recipe(transport=None)), ALGORITHM,
                 flags=OURS),
        rejected("S121", "encrypted name without a key of ours", of(), "NAME_ID_ENCRYPTED"),
        rejected("S121", "encrypted name that hides an Issuer", of(
            plain=f'<saml:Issuer xmlns:saml="{SAML}">x</saml:Issuer>'), CONTENT, flags=OURS),
        rejected("S121", "encrypted attribute", BASE.but(attributes=BASE.attributes + attribute).signed(),
                 "ATTRIBUTE_ENCRYPTED", flags=OURS),
        rejected("S121", "encrypted and plain name", BASE.but(
            name_id=BASE.name_id + encrypt(BASE.name_id, None, "EncryptedID")).signed(),
            "MALFORMED_ASSERTION", flags=OURS),
    ]


def counted() -> list[Case]:
    genuine, forged = encrypt(INNER), encrypt(FORGED.assertion())
    several = "SEVERAL_ASSERTIONS"
    return [
        rejected("S14", "forged plain assertion before the encrypted one", BASE.around(
            FORGED.assertion(), genuine), several, flags=OURS),
        rejected("S14", "forged plain assertion behind the encrypted one", BASE.around(
            genuine, FORGED.assertion()), several, flags=OURS),
        rejected("S15", "two encrypted assertions", BASE.around(genuine, encrypt(INNER, Recipe(key_id="_2"))),
                 several, flags=OURS),
        rejected("S15", "one encrypted assertion twice", BASE.around(genuine, genuine),
                 "XML_DUPLICATE_ID", flags=OURS),
        rejected("S116", "genuine encrypted, second encrypted forged, unsigned response", BASE.around(
            genuine, forged.replace('"_key"', '"_key2"')), several, flags=OURS),
        rejected("S116", "forged encrypted first", BASE.around(forged.replace('"_key"', '"_key2"'), genuine),
                 several, flags=OURS),
        rejected("S116", "two EncryptedData in one EncryptedAssertion", BASE.around(swap(
            genuine, "</saml:EncryptedAssertion>", span(forged, "<xenc:EncryptedData ", "</xenc:EncryptedData>")
            .replace('"_key"', '"_key2"') + "</saml:EncryptedAssertion>")), MALFORMED, flags=OURS),
        rejected("S115", "unsigned inside an unsigned response", sealed(plain=UNSIGNED), "UNSIGNED", flags=OURS),
        rejected("S115", "signed by the attacker", sealed(plain=span(FORGED.signed(xmlsig.Recipe(key="attacker")),
                 "<saml:Assertion ", "</saml:Assertion>")), "SIGNATURE_INVALID", flags=OURS),
        rejected("S115", "altered after it was signed", sealed(plain=swap(INNER, ">alice<", ">mallory<")),
                 "SIGNATURE_DIGEST", flags=OURS),
        rejected("S115", "ciphertext exchanged under the signed response", _exchanged(), "SIGNATURE_DIGEST",
                 flags=OURS),
        rejected("S115", "the response is for nobody who has no key", sealed(), "ENCRYPTED_ASSERTION"),
        rejected("S115", "for another key", sealed(Recipe(key="sp-other")), FAILED,
                 flags=OURS),
        rejected("S115", "our key is of another kind", sealed(), "ENCRYPTED_ASSERTION",
                 flags={"--sp-key": "sp-ec.key"}),
    ]


def _exchanged() -> str:
    whole = under_response()
    return swap(whole, span(whole, "<saml:EncryptedAssertion", "</saml:EncryptedAssertion>"),
                encrypt(FORGED.assertion()))


def ciphertexts() -> list[Case]:
    cases = []
    for at in (0, 16, 200, -1, -17):
        cases.append(rejected("S117", f"CBC without a signed response, byte {at} flipped", sealed(
            Recipe(cipher=CBC128, flip=at)), ALGORITHM, flags=OURS))
        cases.append(rejected("S117", f"CBC under a signature, byte {at} flipped", _flipped(at),
                              "SIGNATURE_DIGEST", flags=OURS))
        cases.append(rejected("S117", f"legacy CBC, byte {at} flipped", sealed(Recipe(cipher=CBC128, flip=at)),
                              "DECRYPTION_FAILED SIGNATURE_DIGEST XML_BAD_ID", flags=LEGACY))
        cases.append(rejected("S119", f"GCM, byte {at} flipped", sealed(Recipe(flip=at)), FAILED, flags=OURS))
    cases += [
        rejected("S117", "CBC without a signed response", sealed(Recipe(cipher=CBC256)), ALGORITHM, flags=OURS),
        accepted("S117", "CBC without a signed response, legacy", sealed(Recipe(cipher=CBC256)), flags=LEGACY),
        rejected("S117", "CBC legacy, unsigned all the same", sealed(Recipe(cipher=CBC256), UNSIGNED), "UNSIGNED",
                 flags=LEGACY),
        rejected("S117", "CBC of no whole block", sealed(Recipe(cipher=CBC128, cipher_data=(
            f"<xenc:CipherValue>{xmlsig.b64(os.urandom(37))}</xenc:CipherValue>"))), FAILED, flags=LEGACY),
        rejected("S118", "3DES", under_response(Recipe(cipher=DES3)), ALGORITHM, flags=OURS),
        accepted("S118", "3DES, legacy", sealed(Recipe(cipher=DES3)), flags=LEGACY),
        rejected("S118", "RSA-1.5", under_response(Recipe(transport=PKCS1)), ALGORITHM, flags=OURS),
        accepted("S118", "RSA-1.5, legacy", sealed(Recipe(transport=PKCS1)), flags=LEGACY),
        rejected("S118", "RSA-1.5 with a damaged block, legacy", sealed(Recipe(
            transport=PKCS1, wrapped=os.urandom(255) + b"\x01")), FAILED, flags=LEGACY),
        rejected("S118", "RSA-1.5 with a content key too short, legacy", sealed(Recipe(
            transport=PKCS1, wrapped=xmlenc.wrap(Recipe(transport=PKCS1), os.urandom(16)))), FAILED, flags=LEGACY),
        rejected("S119", "GCM tag cut to 12 bytes", sealed(Recipe(tag_bytes=12)), FAILED, flags=OURS),
        rejected("S119", "GCM tag cut to 4 bytes", sealed(Recipe(tag_bytes=4)), FAILED, flags=OURS),
        rejected("S119", "GCM without a tag", sealed(Recipe(tag_bytes=0)), FAILED, flags=OURS),
        rejected("S119", "GCM with an IV of 16 bytes", sealed(Recipe(iv_bytes=16)), FAILED, flags=OURS),
        rejected("S119", "GCM with an IV of 8 bytes", sealed(Recipe(iv_bytes=8)), FAILED, flags=OURS),
        rejected("S119", "content key of another length", sealed(Recipe(
            cipher=GCM256, wrapped=xmlenc.wrap(Recipe(), os.urandom(16)))), FAILED, flags=OURS),
        rejected("S119", "nothing but IV and tag", sealed(plain=b""), CONTENT,
                 flags=OURS),
    ]
    return cases


def _flipped(at: int) -> str:
    """One bit of the ciphertext after the response was signed."""
    whole = under_response(Recipe(cipher=CBC128))
    values = whole.split("<xenc:CipherValue>")
    raw = bytearray(base64.b64decode(values[-1].split("<")[0]))
    raw[at] ^= 1
    values[-1] = xmlsig.b64(bytes(raw)) + values[-1][values[-1].index("<"):]
    return "<xenc:CipherValue>".join(values)


def contents() -> list[Case]:
    plain = {
        "not XML": b"hello", "a response": wrapping.GENUINE, "another encrypted assertion": encrypt(INNER),
        "an assertion with a DOCTYPE": "<!DOCTYPE x>" + INNER,
        "an entity": '<!DOCTYPE x [<!ENTITY e "alice">]>' + INNER, "two assertions": INNER + BASE.but(
            assertion_id="_second").assertion(), "text behind the assertion": INNER + "x",
        "a foreign assertion": '<Assertion xmlns="urn:x"/>', "bytes that are no UTF-8": b"\xff\xfe<a/>",
        "a tag that closes what is around it": INNER + "</in-place><in-place>", "an XML declaration and a tail":
            "<?xml version='1.0'?>" + INNER + "<!-- -->", "nothing but space": b"  \n ",
        "an assertion without namespace": b"<Assertion/>"}
    cases = [rejected("S120", f"hides {name}", sealed(plain=what), CONTENT, flags=OURS)
             for name, what in plain.items()]
    return cases + [
        rejected("S120", "hides an assertion with the response's id", sealed(plain=span(BASE.but(
            assertion_id="_response2").signed(), "<saml:Assertion ", "</saml:Assertion>").replace(
                "_response2", "_response")), "XML_DUPLICATE_ID", flags=OURS),
        rejected("S120", "hides an assertion that hides another", sealed(plain=swap(
            UNSIGNED, "</saml:Assertion>", INNER + "</saml:Assertion>")),
            "XML_DUPLICATE_ID", flags=OURS),
        rejected("S120", "hides a forged assertion around the genuine one", sealed(plain=swap(
            FORGED.assertion(), "</saml:Assertion>", INNER + "</saml:Assertion>")), "MISPLACED_ASSERTION",
            flags=OURS),
        rejected("S120", "hides the genuine one inside the forged one's signature", sealed(plain=wrapping.carrying(
            FORGED.assertion(), wrapping.in_signature(wrapping.SIGNATURE, wrapping.obj(wrapping.BARE)))),
            "MISPLACED_ASSERTION", flags=OURS),
        rejected("S120", "Type of content instead of an element", sealed(Recipe(type=f"{ENC}Content")), MALFORMED,
                 flags=OURS),
        rejected("S120", "another audience inside", sealed(plain=span(BASE.but(
            conditions=message.audience("https://other.example")).signed(), "<saml:Assertion ",
            "</saml:Assertion>")), "AUDIENCE_MISMATCH", flags=OURS),
    ]


def shapes() -> list[Case]:
    spare = encrypted_key(Recipe(key_id="_spare"), os.urandom(32))
    thousand = "".join(spare.replace("_spare", f"_spare{i}") for i in range(150))
    elsewhere = '<ds:RetrievalMethod Type="' + ENC + 'EncryptedKey" URI="{}"/>'
    reference = f'<xenc:CipherReference xmlns:xenc="{ENC}" URI="{{}}"/>'
    cases = [
        rejected("S121", "no EncryptionMethod", sealed(Recipe(cipher=None)), ALGORITHM, flags=OURS),
        rejected("S121", "no key transport method", sealed(Recipe(transport=None)), ALGORITHM, flags=OURS),
        rejected("S121", "unknown cipher", sealed(Recipe(cipher="urn:nothing")), ALGORITHM, flags=OURS),
        rejected("S121", "cipher 'none'", sealed(Recipe(cipher="none")), ALGORITHM, flags=OURS),
        rejected("S121", "no key", sealed(Recipe(place="none")), KEY, flags=OURS),
        rejected("S121", "AES key wrap", sealed(Recipe(transport=f"{ENC}kw-aes256")), ALGORITHM, flags=OURS),
        rejected("S122", "1,000 encrypted keys", sealed(Recipe(more_keys=thousand)),
                 KEY, flags=OURS),
        rejected("S122", "nine encrypted keys", sealed(Recipe(more_keys="".join(
            spare.replace("_spare", f"_spare{i}") for i in range(8)))), KEY, flags=OURS),
        rejected("S122", "CipherValue of 300 KB", sealed(plain=b"<a>" + b"x" * 300_000 + b"</a>"), "XML_TOO_LARGE",
                 flags=OURS),
        rejected("S122", "CipherValue of 150 KB of nothing", sealed(plain=b"<a>" + b"x" * 150_000 + b"</a>"),
                 CONTENT, flags=OURS),
        rejected("S122", "no CipherValue", sealed(Recipe(cipher_data="<x/>")), MALFORMED, flags=OURS),
        rejected("S122", "empty CipherValue", sealed(Recipe(cipher_data="<xenc:CipherValue/>")), MALFORMED,
                 flags=OURS),
        rejected("S122", "EncryptedAssertion with nothing in it", BASE.around("<saml:EncryptedAssertion/>"),
                 MALFORMED, flags=OURS),
    ]
    for uri in ("http://127.0.0.1:9/c", "file:///etc/hostname", "#_response", ""):
        cases.append(rejected("S123", f"CipherReference to '{uri}'", sealed(
            Recipe(cipher_data=reference.format(uri))), REFERENCE, flags=OURS))
        cases.append(rejected("S123", f"RetrievalMethod of the key to '{uri}'", sealed(
            Recipe(place="sibling", data_key_info=elsewhere.format(uri))), REFERENCE, flags=OURS))
    outside = BASE.but(extensions=f"<samlp:Extensions>{encrypted_key(Recipe(), b'k' * 32)}</samlp:Extensions>")
    cases.append(rejected("S123", "RetrievalMethod to a key outside of the encrypted assertion (P15)",
                          outside.around(encrypt(INNER, Recipe(place="none", secret=b"k" * 32, data_key_info=(
                              elsewhere.format("#_key"))))),
                          REFERENCE, flags=OURS))
    return cases


def cases() -> list[Case]:
    return good() + name_ids() + counted() + ciphertexts() + contents() + shapes()
