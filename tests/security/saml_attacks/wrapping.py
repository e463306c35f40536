"""Signature wrapping, and what is signed (S1 to S32)."""

import base64

import xmlsig
from case import Case, accepted, rejected
from message import BASE, FORGED, IDP, LOGOUT_REQUEST, NOW, SAML, SAMLP, audience, span, swap
from xmlsig import DS, Recipe, sign

GENUINE = BASE.signed()
ASSERTION = span(GENUINE, "<saml:Assertion ", "</saml:Assertion>")
SIGNATURE = span(ASSERTION, "<ds:Signature ", "</ds:Signature>")
BARE = swap(ASSERTION, SIGNATURE, "")
MALLORY = FORGED.assertion()
# With the id of the genuine one: who looks elements up by id finds one of two.
TWIN = FORGED.but(assertion_id="_assertion").assertion()

WHOLE = BASE.signed(what="response")
WHOLE_SIGNATURE = span(WHOLE, "<ds:Signature ", "</ds:Signature>")
WHOLE_BARE = swap(WHOLE, WHOLE_SIGNATURE, "")

MISPLACED = "MISPLACED_ASSERTION"
SEVERAL = "SEVERAL_ASSERTIONS"
TWICE = "XML_DUPLICATE_ID"


def in_signature(signature: str, what: str) -> str:
    return swap(signature, "</ds:Signature>", what + "</ds:Signature>")


def carrying(assertion: str, signature: str) -> str:
    return swap(assertion, "</saml:Issuer><saml:Subject>", f"</saml:Issuer>{signature}<saml:Subject>")


def inside(assertion: str, what: str) -> str:
    return swap(assertion, "</saml:Assertion>", what + "</saml:Assertion>")


def message(*assertions: str) -> str:
    return BASE.around(*assertions)


def with_extensions(what: str, *assertions: str) -> str:
    return BASE.but(extensions=f"<samlp:Extensions>{what}</samlp:Extensions>").around(*assertions)


def obj(what: str) -> str:
    return f"<ds:Object>{what}</ds:Object>"


def detached(what: str) -> str:
    return f'<ds:Signature xmlns:ds="{DS}">{what}</ds:Signature>'


ENTITY_IDS = '<!DOCTYPE samlp:Response [<!ENTITY id "_assertion">]>'


def wrapped_responses() -> list[Case]:
    shell = FORGED.response()
    twin = FORGED.but(response_id="_response", assertion_id="_assertion").response()
    after_issuer = "</saml:Issuer><samlp:Status>"

    def put(around: str, what: str) -> str:
        return swap(around, after_issuer, f"</saml:Issuer>{what}<samlp:Status>")
    return [
        rejected("S1", "XSW1: original inside the signature of a forged response",
                 put(shell, in_signature(WHOLE_SIGNATURE, WHOLE_BARE)), "MALFORMED_RESPONSE"),
        rejected("S1", "XSW1 with one id", put(twin, in_signature(WHOLE_SIGNATURE, WHOLE_BARE)), TWICE),
        rejected("S1", "original in an Object of that signature",
                 put(shell, in_signature(WHOLE_SIGNATURE, obj(WHOLE_BARE))), "MALFORMED_RESPONSE"),
        rejected("S2", "XSW2: original before the detached signature",
                 put(shell, WHOLE_BARE + WHOLE_SIGNATURE), "MALFORMED_RESPONSE", library=True),
        rejected("S2", "XSW2 with one id", put(twin, WHOLE_BARE + WHOLE_SIGNATURE), TWICE),
        rejected("S11", "signed response inside a forged one",
                 swap(shell, "</samlp:Response>", WHOLE + "</samlp:Response>"), "MALFORMED_RESPONSE",
                 library=True),
        rejected("S11", "forged response inside the signed one",
                 swap(WHOLE, "</samlp:Response>", shell + "</samlp:Response>"),
                 "MALFORMED_RESPONSE"),
        rejected("S11", "response with a signed assertion inside a forged one",
                 swap(shell, "</samlp:Response>", GENUINE + "</samlp:Response>"),
                 "MALFORMED_RESPONSE", library=True),
        rejected("S31", "the response's signature stands in the assertion",
                 carrying(WHOLE_BARE, WHOLE_SIGNATURE), "SIGNATURE_REFERENCE"),
        rejected("S31", "the assertion's signature stands in the response, assertion altered",
                 put(swap(message(BARE), ">alice<", ">mallory<"), SIGNATURE), "SIGNATURE_REFERENCE"),
        rejected("S31", "the forged assertion holds the signature of its genuine neighbour",
                 message(carrying(MALLORY, SIGNATURE), BARE), SEVERAL, library=True),
    ]


def wrapped_assertions() -> list[Case]:
    foreign = '<x:wrapper xmlns:x="urn:x">{}</x:wrapper>'
    return [
        rejected("S3", "XSW3: forged assertion before the signed one", message(MALLORY, ASSERTION), SEVERAL,
                 library=True),
        rejected("S3", "XSW3 with one id", message(TWIN, ASSERTION), TWICE),
        rejected("S4", "XSW4: signed assertion becomes a child of the forged one",
                 message(inside(MALLORY, ASSERTION)), MISPLACED, library=True),
        rejected("S4", "XSW4 with one id", message(inside(TWIN, ASSERTION)), TWICE),
        rejected("S5", "XSW5: forged content under the old signature, original at the end",
                 message(carrying(MALLORY, SIGNATURE), BARE), SEVERAL, library=True),
        rejected("S5", "XSW5 with one id", message(carrying(TWIN, SIGNATURE), BARE), TWICE),
        rejected("S6", "XSW6: as XSW5 with the original inside the signature",
                 message(carrying(MALLORY, in_signature(SIGNATURE, BARE))), MISPLACED),
        rejected("S7", "XSW7: original in Extensions", with_extensions(ASSERTION, MALLORY), MISPLACED,
                 library=True),
        rejected("S7", "XSW7: forged in Extensions, one id", with_extensions(TWIN, ASSERTION), TWICE),
        rejected("S7", "XSW7: forged in Extensions", with_extensions(MALLORY, ASSERTION), MISPLACED,
                 library=True),
        rejected("S8", "XSW8: original in an Object of the forged one's signature",
                 message(carrying(MALLORY, in_signature(SIGNATURE, obj(BARE)))), MISPLACED),
        rejected("S8", "XSW8 with one id", message(carrying(TWIN, in_signature(SIGNATURE, obj(BARE)))), TWICE),
        rejected("S9", "XSW9: ids built from an entity, original in an Object",
                 ENTITY_IDS + swap(message(carrying(MALLORY, in_signature(SIGNATURE, obj(BARE)))),
                                   '"_assertion"', '"&id;"'), "XML_DOCTYPE"),
        rejected("S9", "XSW10: as XSW9 with the forged id from the entity",
                 ENTITY_IDS + swap(message(carrying(TWIN, in_signature(SIGNATURE, obj(BARE)))),
                                   '"_assertion"', '"&id;"'), "XML_DOCTYPE"),
        rejected("S9", "XSW9 without entities: signature and original both in an Object",
                 message(carrying(MALLORY, detached(obj(ASSERTION)))), MISPLACED, library=None),
        rejected("S9", "original in the KeyInfo of the signature",
                 message(carrying(MALLORY, in_signature(SIGNATURE, f"<ds:KeyInfo>{BARE}</ds:KeyInfo>"))),
                 MISPLACED),
        rejected("S10", "original in a foreign wrapper before the forged one",
                 message(foreign.format(ASSERTION), MALLORY), MISPLACED, library=True),
        rejected("S10", "original in a foreign wrapper behind the forged one",
                 message(MALLORY, foreign.format(ASSERTION)), MISPLACED, library=True),
        rejected("S10", "original in a foreign wrapper inside the forged one's attribute",
                 message(swap(MALLORY, ">ALICE<", f">{foreign.format(ASSERTION)}<")), MISPLACED,
                 library=True),
        rejected("S10", "original in StatusDetail", swap(
            message(MALLORY), "</samlp:Status>",
            f"<samlp:StatusDetail>{ASSERTION}</samlp:StatusDetail></samlp:Status>"), MISPLACED, library=True),
        rejected("S12", "forged assertion inside the signed one", message(inside(ASSERTION, MALLORY)),
                 MISPLACED),
        rejected("S12", "forged assertion inside the subject of the signed one",
                 message(swap(ASSERTION, "</saml:Subject>", MALLORY + "</saml:Subject>")), MISPLACED),
        rejected("S13", "forged assertion behind the genuine one", message(ASSERTION, MALLORY), SEVERAL,
                 library=True),
        rejected("S13", "the genuine one twice", message(ASSERTION, ASSERTION), TWICE),
        rejected("S13", "two genuine ones with ids of their own", sign(sign(
            BASE.around(BASE.assertion(), BASE.but(assertion_id="_second").assertion()), "_assertion"),
            "_second"), SEVERAL, library=True),
        rejected("S13", "forged assertion in a comment and in its place, genuine one gone",
                 message(f"<!--{ASSERTION}-->", MALLORY), "UNSIGNED"),
    ]


def other_places() -> list[Case]:
    signed_advice = BASE.but(advice=f"<saml:Advice>{MALLORY}</saml:Advice>").signed()
    foreign = BASE.but(assertion_id="_advised", conditions=audience("https://other.example"))
    signature_at = {
        "Status": "</samlp:Status>", "Issuer of the response": "</saml:Issuer><samlp:",
        "Conditions": "</saml:Conditions>", "Subject": "</saml:Subject>",
        "AttributeStatement": "</saml:AttributeStatement>"}
    cases = [
        accepted("S16", "forged assertion in the Advice of the signed one is not read", signed_advice),
        accepted("S16", "signed advice of another service", sign(
            BASE.but(advice=f"<saml:Advice>{foreign.assertion()}</saml:Advice>").response(), "_assertion")),
        rejected("S16", "genuine assertion in the Advice of a forged one", message(swap(
            MALLORY, "</saml:Conditions>", f"</saml:Conditions><saml:Advice>{ASSERTION}</saml:Advice>")),
            "UNSIGNED", library=True),
    ]
    for place, anchor in signature_at.items():
        text = message(BARE)
        cases.append(rejected("S17", f"signature inside {place}", swap(text, anchor, SIGNATURE + anchor),
                              "SIGNATURE_MISPLACED"))
    cases.append(rejected("S17", "signature in a foreign wrapper in the assertion",
                          message(inside(BARE, f'<x:w xmlns:x="urn:x">{SIGNATURE}</x:w>')),
                          "SIGNATURE_MISPLACED"))
    return cases


def references() -> list[Case]:
    uris = {"empty": "", "missing": None, "xpointer of the root": "#xpointer(/)",
            "xpointer id": "#xpointer(id('_assertion'))", "id()": "#id(_assertion)", "other element": "#_response",
            "no such element": "#_nothing", "without #": "_assertion", "element()": "#element(/1/3)",
            "with a query": "?x#_assertion", "percent-encoded": "#_%61ssertion", "space behind": "#_assertion "}
    cases = []
    for name, uri in uris.items():
        recipe = Recipe(uri=uri)
        cases.append(rejected("S18", f"Reference URI {name}", BASE.signed(recipe), "SIGNATURE_REFERENCE"))
    second = swap(span(SIGNATURE, "<ds:Reference ", "</ds:Reference>"), "#_assertion", "#_response")
    return cases + [
        rejected("S19", "a second Reference to another element", BASE.signed(Recipe(more_references=second)),
                 "SIGNATURE_REFERENCE"),
        rejected("S19", "the same Reference twice", BASE.signed(
            Recipe(more_references=span(SIGNATURE, "<ds:Reference ", "</ds:Reference>"))),
            "SIGNATURE_REFERENCE"),
        rejected("S20", "two signatures in one parent", message(carrying(BARE, SIGNATURE * 2)),
                 "SIGNATURE_MULTIPLE", library=None),
        rejected("S20", "a bad signature before the good one", message(carrying(BARE, swap(
            SIGNATURE, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA") + SIGNATURE)), "SIGNATURE_MULTIPLE"),
    ]


def ids() -> list[Case]:
    def bad(value: str) -> str:
        return BASE.but(assertion_id=value).signed()
    cases = [
        rejected("S21", "ID of response and assertion are one", BASE.but(response_id="_assertion").signed(),
                 TWICE, library=None),
    ]
    for spelling in ("Id", "id", "xml:id"):
        cases.append(rejected("S21", f"{spelling} on another element with the value of ID", swap(
            GENUINE, "<samlp:Status>", f'<samlp:Status {spelling}="_assertion">'), TWICE))
    cases += [rejected("S22", name, bad(value), "XML_BAD_ID") for name, value in (
        ("id with a leading space", " _assertion"), ("id with a space behind", "_assertion "),
        ("id begins with a digit", "1assertion"), ("id with a colon", "a:assertion"),
        ("id percent-encoded", "_%61ssertion"), ("id with a quote", "_a\'ssertion"))]
    cases.append(rejected("S22", "empty id", swap(GENUINE, 'ID="_assertion"', 'ID=""'), "XML_BAD_ID"))
    cases.append(rejected("S22", "id of 300 characters", bad("_" + "a" * 300), "XML_BAD_ID"))
    return cases


def values() -> list[Case]:
    digest = span(SIGNATURE, "<ds:DigestValue>", "</ds:DigestValue>")
    value = span(SIGNATURE, "<ds:SignatureValue>", "</ds:SignatureValue>")
    both = BASE.signed(what="both")
    first, second = both.split("</ds:Signature>", 1)
    outer = span(first + "</ds:Signature>", "<ds:Signature ", "</ds:Signature>")
    inner = span(second, "<ds:Signature ", "</ds:Signature>")

    def in_digest(what: str) -> str:
        return swap(GENUINE, digest, swap(digest, ">", ">" + what))
    return [
        rejected("S23", "no signature", BASE.response(), "UNSIGNED"),
        rejected("S23", "the assertion's signature taken from both", swap(both, inner, ""), "SIGNATURE_DIGEST"),
        rejected("S23", "both signatures taken away", swap(swap(both, inner, ""), outer, ""), "UNSIGNED"),
        rejected("S23", "empty Signature", message(carrying(BARE, f'<ds:Signature xmlns:ds="{DS}"/>')),
                 "SIGNATURE_MALFORMED"),
        rejected("S24", "empty SignatureValue", swap(GENUINE, value, "<ds:SignatureValue/>"),
                 "SIGNATURE_MALFORMED"),
        rejected("S24", "empty DigestValue", swap(GENUINE, digest, "<ds:DigestValue></ds:DigestValue>"),
                 "SIGNATURE_MALFORMED"),
        rejected("S24", "no SignatureValue", swap(GENUINE, value, ""), "SIGNATURE_MALFORMED"),
        rejected("S24", "SignatureValue too short", swap(
            GENUINE, value, "<ds:SignatureValue>AAAA</ds:SignatureValue>"), "SIGNATURE_INVALID"),
        rejected("S25", "subject altered", swap(GENUINE, ">alice<", ">mallory<"), "SIGNATURE_DIGEST",
                 library=False),
        rejected("S25", "attribute altered", swap(GENUINE, ">ALICE<", ">MALICE<"), "SIGNATURE_DIGEST",
                 library=False),
        rejected("S25", "SignedInfo altered", swap(GENUINE, "<ds:Reference ", '<ds:Reference Id="r" '),
                 "SIGNATURE_INVALID", library=False),
        rejected("S25", "DigestValue recomputed for an altered subject", xmlsig.fill(swap(swap(
            GENUINE, ">alice<", ">mallory<"), digest, "<ds:DigestValue>@DIGEST@</ds:DigestValue>").replace(
                value, "<ds:SignatureValue>@VALUE@</ds:SignatureValue>"), "_assertion", Recipe(
                    sign=lambda _: base64.b64decode(value[len("<ds:SignatureValue>"):-len("</ds:SignatureValue>")]))),
            "SIGNATURE_INVALID",
            library=False),
        rejected("S25", "comment inside DigestValue", in_digest("<!--x-->"), "SIGNATURE_MALFORMED"),
        rejected("S25", "processing instruction inside DigestValue", in_digest("<?x?>"),
                 "SIGNATURE_MALFORMED"),
        rejected("S25", "comment inside SignatureValue", swap(GENUINE, value, swap(value, ">", "><!--x-->")),
                 "SIGNATURE_MALFORMED"),
        rejected("S25", "comment inside SignedInfo", swap(GENUINE, "<ds:SignedInfo>", "<ds:SignedInfo><!--x-->"),
                 "SIGNATURE_MALFORMED"),
        rejected("S25", "one bit of SignatureValue", swap(
            GENUINE, value, value[:30] + ("A" if value[30] != "A" else "B") + value[31:]),
            "SIGNATURE_INVALID", library=False),
        rejected("S26", "relative namespace, digest over nothing", BASE.but(
            assertion_more=' xmlns:z="relative"').signed(), "XML_NAMESPACE"),
        rejected("S26", "digest of the empty string", xmlsig.fill(swap(xmlsig.put_behind_issuer(
            BASE.response(), "_assertion", xmlsig.shell(Recipe(), "_assertion")), "@DIGEST@",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), "_assertion", Recipe()), "SIGNATURE_DIGEST",
            library=False),
    ]


def transplants() -> list[Case]:
    attacker = Recipe(key="attacker")
    other_sp = BASE.but(conditions=audience("https://other.example/entity"))
    request = sign(
        f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_assertion" Version="2.0" '
        f'IssueInstant="{NOW}"><saml:Issuer>{IDP}</saml:Issuer></samlp:AuthnRequest>', "_assertion")
    metadata = sign(
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_assertion" '
        f'entityID="{IDP}"><md:Issuer>x</md:Issuer></md:EntityDescriptor>', "_assertion")
    logout = sign(LOGOUT_REQUEST.but(id="_assertion").xml(), "_assertion")
    fields = {
        "Destination": ("destination", ' Destination="https://evil.example/"', "DESTINATION_MISMATCH"),
        "InResponseTo": ("answers", ' InResponseTo="_other"', "IN_RESPONSE_TO_MISMATCH"),
        "Issuer": ("response_issuer", "<saml:Issuer>https://evil.example</saml:Issuer>", "ISSUER_MISMATCH"),
        "Status": ("status", '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:'
                   'Responder"/></samlp:Status>', "STATUS_NOT_SUCCESS"),
        "Version": ("response_version", ' Version="1.1"', "BAD_VERSION"),
        "IssueInstant": ("response_issued", ' IssueInstant="2026-03-04T13:59:58Z"', "ISSUED_IN_FUTURE")}
    cases = [rejected("S28", f"{name} of the unsigned response altered", BASE.but(**{part: value}).signed(),
                      reason, library=True) for name, (part, value, reason) in fields.items()]
    # A signed response that says less than an unsigned one may.
    cases += [
        accepted("S28", "unsigned response without Destination and Issuer", BASE.but(
            destination="", response_issuer="").signed()),
        rejected("S27", "response signed, assertion forged and signed by the attacker", swap(
            WHOLE, span(WHOLE, "<saml:Assertion ", "</saml:Assertion>"), span(
                FORGED.signed(attacker), "<saml:Assertion ", "</saml:Assertion>")), "SIGNATURE_DIGEST"),
        rejected("S27", "everything signed by the attacker", FORGED.signed(attacker, "both"),
                 "SIGNATURE_INVALID", library=False),
        rejected("S27", "response by the attacker around the genuine assertion",
                 sign(GENUINE, "_response", attacker), "SIGNATURE_INVALID"),
        rejected("S30", "assertion of the same provider for another service", other_sp.signed(),
                 "AUDIENCE_MISMATCH", library=True),
        rejected("S32", "something behind the root", GENUINE + "<x/>", "XML_NOT_WELL_FORMED"),
        rejected("S32", "text behind the root", GENUINE + "x", "XML_NOT_WELL_FORMED"),
        rejected("S32", "two responses", GENUINE + GENUINE, "XML_NOT_WELL_FORMED"),
        rejected("S32", "something before the root", "x" + GENUINE, "XML_NOT_WELL_FORMED"),
        rejected("S29", "a signed AuthnRequest instead of a response", swap(request, "_assertion", "_x"),
                 "NOT_A_RESPONSE"),
    ]
    for what, text in (("AuthnRequest", request), ("metadata", metadata), ("LogoutRequest", logout)):
        signature = span(text, "<ds:Signature ", "</ds:Signature>")
        cases.append(rejected("S29", f"signature of {what} in the assertion",
                              message(carrying(BARE, signature)), "SIGNATURE_DIGEST"))
    return cases


def artifacts() -> list[Case]:
    """We offer no Artifact binding: neither its messages nor an artifact itself is an answer."""
    def answer(inner: str) -> str:
        return (f'<samlp:ArtifactResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_artifact" Version="2.0" '
                f'IssueInstant="{NOW}" InResponseTo="_request-1"><saml:Issuer>{IDP}</saml:Issuer>{BASE.status}{inner}'
                "</samlp:ArtifactResponse>")
    artifact = base64.b64encode(b"\x00\x04\x00\x00" + bytes(range(40)))
    return [
        rejected("S146", "ArtifactResponse around the genuine response", answer(GENUINE), "NOT_A_RESPONSE"),
        rejected("S146", "ArtifactResponse, itself signed", sign(answer(GENUINE), "_artifact"), "NOT_A_RESPONSE"),
        rejected("S146", "ArtifactResponse in a SOAP envelope",
                 f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{answer(GENUINE)}</e:Body>'
                 "</e:Envelope>", "NOT_A_RESPONSE"),
        rejected("S146", "the artifact instead of a response", artifact, "XML_ENCODING"),
    ]


def cases() -> list[Case]:
    return (wrapped_responses() + wrapped_assertions() + other_places() + references() + ids() + values()
            + transplants() + artifacts())
