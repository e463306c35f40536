"""Logout messages, posted and by Redirect (S130 to S138)."""

import base64
import re
import urllib.parse
import zlib

import keys
import xmlenc
import xmlsig
from case import Case, accepted, rejected
from message import IDP, LOGOUT_REQUEST, LOGOUT_RESPONSE, SAML, SLO, SUCCESS, Logout, swap
from xmlsig import DS, MORE, Recipe

RSA256 = MORE + "rsa-sha256"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def deflate(text: str | bytes, level: int = 9) -> bytes:
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15)
    return squeeze.compress(text.encode() if isinstance(text, str) else text) + squeeze.flush()


def quote(text: str | bytes) -> str:
    return urllib.parse.quote(text, safe="")


def octets(name: str, message: bytes, relay: str | None = "handle", algorithm: str = RSA256) -> str:
    parts = [f"{name}={quote(base64.b64encode(message))}"]
    if relay is not None:
        parts.append(f"RelayState={quote(relay)}")
    return "&".join([*parts, f"SigAlg={quote(algorithm)}"])


def signature(text: str, algorithm: str = RSA256, key: str = "idp", sign=None) -> str:
    return quote(base64.b64encode((sign or (lambda m: xmlsig.sign_bytes(key, algorithm, m)))(text.encode())))


def query(message: Logout = LOGOUT_REQUEST, relay: str | None = "handle", algorithm: str = RSA256,
          key: str = "idp", packed: bytes | None = None, lower: bool = False, sign=None) -> str:
    text = octets(f"SAML{message.kind}", packed or deflate(message.xml()), relay, algorithm)
    if lower:
        text = re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), text)
    value = signature(text, algorithm, key, sign)
    if lower:
        value = re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), value)
    return f"{text}&Signature={value}"


def ask(row: str, name: str, body: str | bytes, reasons: str = "", **more) -> Case:
    """A query of a LogoutRequest."""
    more = {"logout": "request", "query": True} | more
    return rejected(row, name, body, reasons, **more) if reasons else accepted(row, name, body, **more)


def good() -> list[Case]:
    request = {"name_id": "alice", "session_index": "session-1", "in_response_to": ""}
    response = {"name_id": "", "session_index": "", "in_response_to": "_request-1"}
    several = LOGOUT_REQUEST.but(indexes=LOGOUT_REQUEST.indexes + "<samlp:SessionIndex>session-2</samlp:SessionIndex>")
    secret = xmlenc.encrypt(LOGOUT_REQUEST.name_id.replace("<saml:NameID", f'<saml:NameID xmlns:saml="{SAML}"'),
                            None, "EncryptedID")
    elliptic = MORE + "ecdsa-sha256"
    return [
        ask("V", "LogoutRequest by Redirect", query(), expect=request),
        ask("V", "LogoutRequest by Redirect without RelayState", query(relay=None)),
        ask("V", "LogoutRequest by Redirect with an empty RelayState", query(relay="")),
        ask("V", "LogoutRequest by Redirect, RelayState with odd characters", query(relay="a b+c/d=e&f~é")),
        ask("V", "LogoutRequest by Redirect, RSA-SHA512", query(algorithm=MORE + "rsa-sha512")),
        ask("V", "LogoutRequest by Redirect, ECDSA", query(algorithm=elliptic, key="idp-p256"),
            flags={"--idp-cert": "idp-p256.crt"}),
        ask("V", "LogoutRequest by Redirect, stored and not squeezed", query(packed=deflate(LOGOUT_REQUEST.xml(), 0))),
        ask("V", "LogoutRequest by Redirect beside other parameters", "tenant=a&" + query() + "&x=1"),
        ask("V", "LogoutRequest by Redirect with the encoding named", query()
            + "&SAMLEncoding=" + quote("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE")),
        ask("V", "LogoutRequest posted", LOGOUT_REQUEST.signed(), query=False, expect=request),
        ask("V", "LogoutRequest posted, base64", base64.b64encode(LOGOUT_REQUEST.signed().encode()), query=False),
        ask("V", "LogoutRequest posted, pretty-printed signature", LOGOUT_REQUEST.signed(Recipe(line="\n ")),
            query=False),
        ask("V", "LogoutRequest without SessionIndex", LOGOUT_REQUEST.but(indexes="").signed(), query=False,
            expect={"session_index": "", "session_indexes": []}),
        ask("V", "LogoutRequest with two SessionIndexes", several.signed(), query=False,
            expect={"session_indexes": ["session-1", "session-2"]}),
        ask("V", "LogoutRequest without NotOnOrAfter", LOGOUT_REQUEST.but(until="").signed(), query=False),
        ask("V", "LogoutRequest with a reason", query(LOGOUT_REQUEST.but(
            until=LOGOUT_REQUEST.until + ' Reason="urn:oasis:names:tc:SAML:2.0:logout:user"'))),
        ask("V", "LogoutRequest with an encrypted name (P15)", LOGOUT_REQUEST.but(name_id=secret).signed(),
            query=False, flags={"--sp-key": "sp.key"}, expect=request),
        ask("V", "LogoutResponse by Redirect", query(LOGOUT_RESPONSE), logout="response", expect=response),
        ask("V", "LogoutResponse posted", LOGOUT_RESPONSE.signed(), query=False, logout="response",
            expect=response),
        ask("V", "LogoutRequest by Redirect, SHA-1, legacy", query(algorithm=DS + "rsa-sha1"),
            flags={"--legacy-algorithms": True}),
        ask("V", "LogoutRequest by Redirect, RSA-1024, legacy", query(key="idp-rsa1024"),
            flags={"--legacy-algorithms": True, "--idp-cert": "idp-rsa1024.crt"}),
    ]


def packing() -> list[Case]:
    xml = LOGOUT_REQUEST.xml()
    large = "XML_TOO_LARGE"
    bomb = deflate(b"<a>" + b" " * (64 << 20))
    return [
        ask("S130", "a bomb of 64 MiB", query(packed=bomb), large),
        ask("S130", "a bomb under a good message", query(packed=deflate(xml + " " * (1 << 20))), large),
        ask("S130", "inflates to 256 KiB and one byte", query(packed=deflate(xml.ljust(256 * 1024 + 1))), large),
        ask("S130", "inflates to 256 KiB", query(packed=deflate(xml.ljust(256 * 1024)))),
        ask("S130", "bytes behind the end", query(packed=deflate(xml) + b"x"), "BAD_DEFLATE"),
        ask("S130", "two members", query(packed=deflate(xml) + deflate(xml)), "BAD_DEFLATE"),
        ask("S130", "a thousand members", query(packed=deflate(xml[:10]) * 1000), "BAD_DEFLATE"),
        ask("S130", "cut off", query(packed=deflate(xml)[:-5]), "BAD_DEFLATE"),
        ask("S130", "zlib header", query(packed=zlib.compress(xml.encode())), "BAD_DEFLATE"),
        ask("S130", "gzip", query(packed=zlib.compress(xml.encode(), wbits=31)), "BAD_DEFLATE"),
        ask("S130", "not deflated", query(packed=xml.encode()), "BAD_DEFLATE"),
        ask("S130", "nothing inside", query(packed=deflate(b"")), "BLANK_RESPONSE"),
    ]


def queries() -> list[Case]:
    whole = query()
    parts = dict(part.split("=", 1) for part in whole.split("&"))
    other = query(LOGOUT_REQUEST.but(id="_logout-2"))
    message = f"SAMLRequest={parts['SAMLRequest']}"
    relay, algorithm = f"RelayState={parts['RelayState']}", f"SigAlg={parts['SigAlg']}"
    value = f"Signature={parts['Signature']}"
    invalid, malformed = "SIGNATURE_INVALID", "QUERY_MALFORMED"

    def put(*pieces: str) -> str:
        return "&".join(pieces)
    lower_first = re.sub(r"%[0-9A-F]{2}", lambda f: f.group().lower(), message)
    hidden = LOGOUT_RESPONSE.xml()
    cases = [
        ask("S131", "RelayState changed", swap(whole, "RelayState=handle", "RelayState=other"), invalid),
        ask("S131", "RelayState removed", put(message, algorithm, value), invalid),
        ask("S131", "RelayState added", query(relay=None) + "&RelayState=x", malformed),
        ask("S131", "RelayState added in its place", swap(query(relay=None), "&SigAlg", "&RelayState=x&SigAlg"),
            invalid),
        ask("S131", "SigAlg changed", swap(whole, "rsa-sha256", "rsa-sha512"), invalid),
        ask("S131", "SigAlg removed", put(message, relay, value), malformed),
        ask("S131", "Signature removed", put(message, relay, algorithm), malformed),
        ask("S131", "both removed", put(message, relay), "UNSIGNED"),
        ask("S131", "Signature empty", put(message, relay, algorithm, "Signature="), malformed),
        ask("S131", "reordered", put(relay, message, algorithm, value), malformed),
        ask("S131", "Signature first", put(value, message, relay, algorithm), malformed),
        ask("S131", "message twice", put(message, message, relay, algorithm, value), malformed),
        ask("S131", "another message in front", put(other.split("&")[0], message, relay, algorithm, value), malformed),
        ask("S131", "another message behind", put(message, relay, algorithm, value, other.split("&")[0]), malformed),
        ask("S131", "RelayState twice", put(message, relay, relay, algorithm, value), malformed),
        ask("S131", "Signature twice", put(message, relay, algorithm, value, value), malformed),
        ask("S131", "another message under this signature", put(other.split("&")[0], relay, algorithm, value), invalid),
        ask("S131", "signed by the attacker", query(key="attacker"), invalid),
        ask("S131", "one bit of the signature", _bit(whole), invalid),
        ask("S132", "escaped name behind the genuine one", put(message, relay, algorithm, value, "%53AMLRequest="
            + other.split("&")[0].split("=", 1)[1]), malformed),
        ask("S132", "escaped name in front of the genuine one", put("%53AMLRequest=" + other.split("&")[0].split(
            "=", 1)[1], message, relay, algorithm, value), malformed),
        ask("S132", "escaped name alone", swap(whole, "SAMLRequest", "%53AMLRequest"), malformed),
        ask("S132", "escaped RelayState", swap(whole, "RelayState", "Relay%53tate"), malformed),
        ask("S132", "name in small letters", put(message, relay, algorithm, value, "samlrequest=x"), malformed),
        ask("S133", "unsigned SAMLResponse beside the signed SAMLRequest", put(
            message, relay, algorithm, value, f"SAMLResponse={quote(base64.b64encode(deflate(hidden)))}"), malformed),
        ask("S133", "unsigned SAMLResponse in front", put(
            f"SAMLResponse={quote(base64.b64encode(deflate(hidden)))}", message, relay, algorithm, value), malformed,
            logout="response"),
        ask("S133", "request where a response is expected", whole, "NOT_A_LOGOUT_MESSAGE", logout="response"),
        ask("S133", "response in the parameter of a request", query(LOGOUT_RESPONSE).replace(
            "SAMLResponse=", "SAMLRequest="), "NOT_A_LOGOUT_MESSAGE"),
        ask("S134", "small letters in percent-encoding, signed so", query(relay="a/b c", lower=True)),
        ask("S134", "other spelling than was signed", put(lower_first, relay, algorithm, value), invalid),
        ask("S134", "spaces as plus in RelayState, signed so", _plus()),
        ask("S135", "SigAlg of an EC key, key RSA", query(algorithm=MORE + "ecdsa-sha256", key="idp-p256"),
            "SIGNATURE_ALGORITHM"),
        ask("S135", "SigAlg of RSA, key EC", whole, "SIGNATURE_ALGORITHM",
            flags={"--idp-cert": "idp-p256.crt"}),
        ask("S135", "unknown SigAlg", query(algorithm="urn:nothing"), "SIGNATURE_ALGORITHM"),
        ask("S135", "SHA-1", query(algorithm=DS + "rsa-sha1"), "SIGNATURE_ALGORITHM"),
        ask("S135", "DSA", query(algorithm=DS + "dsa-sha1", key="idp-dsa"), "SIGNATURE_KEY",
            flags={"--idp-cert": "idp-dsa.crt"}),
        ask("S135", "HMAC under the certificate", query(algorithm=MORE + "hmac-sha256", sign=xmlsig.hmac_signer(
            keys.certificate_pem("idp"), MORE + "hmac-sha256")), "SIGNATURE_ALGORITHM"),
        ask("S135", "RSA-1024", query(key="idp-rsa1024"), "SIGNATURE_KEY", flags={"--idp-cert": "idp-rsa1024.crt"}),
        ask("S136", "a Response by Redirect", _response_by_redirect(), "NOT_A_LOGOUT_MESSAGE", logout="response"),
        ask("S131", "empty query", "&", "BLANK_RESPONSE"),
        ask("S131", "no message", put(relay, algorithm, value), "BLANK_RESPONSE"),
        ask("S131", "base64 with junk", swap(whole, "SAMLRequest=", "SAMLRequest=%2A"), "BAD_BASE64"),
        ask("S131", "broken percent code", swap(whole, "SAMLRequest=", "SAMLRequest=%zz"), malformed),
        ask("S131", "RelayState of 8 KB", query(relay="a" * 8192), malformed),
        ask("S131", "XML signature instead of the query's", put(
            f"SAMLRequest={quote(base64.b64encode(deflate(LOGOUT_REQUEST.signed())))}"),
            "SIGNATURE_MISPLACED"),
        ask("S131", "another encoding named", whole + "&SAMLEncoding=urn%3Anothing", malformed),
    ]
    return cases


def _bit(whole: str) -> str:
    head, value = whole.split("Signature=")
    raw = bytearray(base64.b64decode(urllib.parse.unquote(value)))
    raw[20] ^= 4
    return head + "Signature=" + quote(base64.b64encode(bytes(raw)))


def _plus() -> str:
    text = octets("SAMLRequest", deflate(LOGOUT_REQUEST.xml()), "a b").replace("a%20b", "a+b")
    return f"{text}&Signature={signature(text)}"


def _response_by_redirect() -> str:
    from message import BASE
    text = octets("SAMLResponse", deflate(BASE.response()))
    return f"{text}&Signature={signature(text)}"


def messages() -> list[Case]:
    base = LOGOUT_REQUEST
    other_name = '<saml:NameID SPNameQualifier="https://other.example">alice</saml:NameID>'
    changed = {
        "wrong Issuer": (base.but(issuer="<saml:Issuer>https://evil.example</saml:Issuer>"), "ISSUER_MISMATCH"),
        "no Issuer": (base.but(issuer=""), "ISSUER_MISSING"),
        "two Issuers": (base.but(issuer=base.issuer * 2), "MALFORMED_LOGOUT"),
        "comment in the Issuer": (base.but(issuer=f"<saml:Issuer>{IDP}<!-- --></saml:Issuer>"), "MARKUP_IN_TEXT"),
        "expired": (base.but(until=' NotOnOrAfter="2026-03-04T11:58:59Z"'), "EXPIRED"),
        "expired at the edge of the skew": (base.but(until=' NotOnOrAfter="2026-03-04T11:59:00Z"'), "EXPIRED"),
        "malformed end": (base.but(until=' NotOnOrAfter="later"'), "TIME_MALFORMED"),
        "issued in the future": (base.but(issued=' IssueInstant="2026-03-04T12:01:01Z"'), "ISSUED_IN_FUTURE"),
        "no IssueInstant": (base.but(issued=""), "TIME_MALFORMED"),
        "older than we remember, without an end": (base.but(
            issued=' IssueInstant="2026-03-03T12:00:00Z"', until=""), "EXPIRED"),
        "other Destination": (base.but(destination=' Destination="https://evil.example/slo"'),
                              "DESTINATION_MISMATCH"),
        "no Destination": (base.but(destination=""), "DESTINATION_MISSING"),
        "name for another service": (base.but(name_id=other_name), "NAME_ID_OTHER_SP"),
        "no name": (base.but(name_id=""), "NAME_ID_MISSING"),
        "empty name": (base.but(name_id="<saml:NameID/>"), "NAME_ID_MISSING"),
        "two names": (base.but(name_id=base.name_id * 2), "MALFORMED_LOGOUT"),
        "BaseID": (base.but(name_id="<saml:BaseID/>"), "NAME_ID_MISSING"),
        "comment in the name": (base.but(name_id="<saml:NameID>alice<!-- -->.evil</saml:NameID>"),
                                "MARKUP_IN_TEXT"),
        "empty SessionIndex": (base.but(indexes="<samlp:SessionIndex/>"), "MALFORMED_LOGOUT"),
        "comment in the SessionIndex": (base.but(
            indexes="<samlp:SessionIndex>s<!-- -->1</samlp:SessionIndex>"), "MARKUP_IN_TEXT"),
        "a hundred SessionIndexes": (base.but(indexes=base.indexes * 100), "MALFORMED_LOGOUT"),
        "another version": (base.but(version=' Version="1.1"'), "BAD_VERSION"),
        "a part in a foreign place": (base.but(more="<x:y xmlns:x='urn:x'/>"), "MALFORMED_LOGOUT"),
        "bad id": (base.but(id="1"), "XML_BAD_ID"),
        "encrypted name without a key of ours": (base.but(name_id=xmlenc.encrypt(
            base.name_id, None, "EncryptedID")), "NAME_ID_ENCRYPTED"),
    }
    cases = []
    for name, (logout, reason) in changed.items():
        cases.append(ask("S137", f"{name}, posted", logout.signed() if "Issuer" in logout.issuer else
                         _signed_first(logout), reason, query=False))
        cases.append(ask("S137", f"{name}, by Redirect", query(logout), reason))
    forged = swap(base.signed(), ">alice<", ">bob<")
    cases += [
        ask("S137", "unsigned, posted", base.xml(), "UNSIGNED", query=False),
        ask("S137", "another name after signing", forged, "SIGNATURE_DIGEST", query=False),
        ask("S137", "another SessionIndex after signing", swap(base.signed(), ">session-1<", ">session-2<"),
            "SIGNATURE_DIGEST", query=False),
        ask("S137", "signed by the attacker", base.signed(Recipe(key="attacker")), "SIGNATURE_INVALID", query=False),
        ask("S137", "SHA-1, posted", base.signed(Recipe(digest=xmlsig.SHA1, method=DS + "rsa-sha1")),
            "SIGNATURE_ALGORITHM", query=False),
        ask("S137", "DOCTYPE", "<!DOCTYPE x>" + base.signed(), "XML_DOCTYPE", query=False),
        ask("S137", "signed request inside a forged one", base.but(
            id="_forged", more=f"<samlp:Extensions>{base.signed()}</samlp:Extensions>").xml(),
            "SIGNATURE_MISPLACED", query=False),
        ask("S137", "by Redirect with a DOCTYPE", query(packed=deflate("<!DOCTYPE x>" + base.xml())), "XML_DOCTYPE"),
        ask("S137", "both a file and a query", base.signed(), "ARGUMENT_INVALID", query=False,
            flags={"--query": query()}),
        ask("S137", "a response where a request is expected", LOGOUT_RESPONSE.signed(), "NOT_A_LOGOUT_MESSAGE",
            query=False),
    ]
    return cases + responses()


def _signed_first(logout: Logout) -> str:
    """Without an Issuer the signature comes first."""
    text = logout.xml()
    at = text.index(">") + 1
    recipe = Recipe()
    return xmlsig.fill(text[:at] + xmlsig.shell(recipe, logout.id) + text[at:], logout.id, recipe)


def responses() -> list[Case]:
    base = LOGOUT_RESPONSE

    def status(code: str, inner: str = "") -> Logout:
        return base.but(status=f'<samlp:Status><samlp:StatusCode Value="{code}">{inner}</samlp:StatusCode>'
                               "</samlp:Status>")
    partial = f'<samlp:StatusCode Value="{STATUS}PartialLogout"/>'
    changed = {
        "wrong InResponseTo": (base.but(answers=' InResponseTo="_other"'), "IN_RESPONSE_TO_MISMATCH"),
        "no InResponseTo": (base.but(answers=""), "IN_RESPONSE_TO_MISSING"),
        "failed": (status(STATUS + "Responder"), "STATUS_NOT_SUCCESS"),
        "partial logout": (status(SUCCESS, partial), "STATUS_PARTIAL_LOGOUT"),
        "partial logout under a failure": (status(STATUS + "Responder", partial), "STATUS_PARTIAL_LOGOUT"),
        "no status": (base.but(status=""), "STATUS_MISSING"),
        "other Destination": (base.but(destination=f' Destination="{SLO}/"'), "DESTINATION_MISMATCH"),
    }
    cases = []
    for name, (logout, reason) in changed.items():
        cases.append(ask("S138", f"{name}, posted", logout.signed(), reason, query=False, logout="response"))
        cases.append(ask("S138", f"{name}, by Redirect", query(logout), reason, logout="response"))
    return cases + [
        ask("S138", "unsolicited", query(base), "IN_RESPONSE_TO_MISMATCH", logout="response",
            flags={"--in-response-to": None}),
        ask("S138", "unsigned", base.xml(), "UNSIGNED", query=False, logout="response"),
        ask("S138", "an answer where none was asked for", query(base), "IN_RESPONSE_TO_MISMATCH", logout="response",
            flags={"--in-response-to": None, "--allow-unsolicited": True}),
    ]


def cases() -> list[Case]:
    return good() + packing() + queries() + messages()
