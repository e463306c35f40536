"""What stands between bytes and a tree: documents, encodings, limits, text, base64 (S60 to S80)."""

import base64
import zlib

import wrapping
from case import Case, accepted, rejected
from message import BASE, FORGED, IDP, SP, attribute, audience, span, swap
from wrapping import GENUINE, message
from xmlsig import DS

DOCTYPE, MALFORMED, ENCODING = "XML_DOCTYPE", "XML_NOT_WELL_FORMED", "XML_ENCODING"
COMPLEX, MARKUP, DIGEST = "XML_TOO_COMPLEX", "MARKUP_IN_TEXT", "SIGNATURE_DIGEST"


def documents() -> list[Case]:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    heads = {
        ("S60", "DOCTYPE with nothing in it"): "<!DOCTYPE x>",
        ("S60", "DOCTYPE of an HTML page"): "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"x.dtd\">",
        ("S60", "DOCTYPE behind a comment"): "<!-- x --><!DOCTYPE x>",
        ("S60", "DOCTYPE behind an XML declaration"): '<?xml version="1.0"?>\n<!DOCTYPE x>',
        ("S60", "DOCTYPE in other letters"): "<!doctype x>",
        ("S61", "external entity of a file"): '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        ("S61", "external entity by http"): '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]>',
        ("S61", "parameter entity"): '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
        ("S61", "external subset"): '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        ("S62", "billion laughs"): f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>',
        ("S62", "quadratic blow-up"): f'<!DOCTYPE x [<!ENTITY q "{"q" * 50000}">]>',
        ("S63", "literal in a DOCTYPE that two parsers read differently"):
            '<!DOCTYPE x [<!ENTITY a "\'"><!--"><!ENTITY b "-->">]>',
        ("S64", "attribute list that declares a namespace"):
            f'<!DOCTYPE x [<!ATTLIST saml:Subject xmlns:saml CDATA #FIXED "urn:x">]>',
        ("S65", "id from an entity"): '<!DOCTYPE x [<!ENTITY id "_assertion">]>',
        ("S74", "default attribute value"): '<!DOCTYPE x [<!ATTLIST saml:Audience x CDATA "y">]>',
    }
    cases = [rejected(row, name, head + GENUINE, DOCTYPE) for (row, name), head in heads.items()]
    return cases + [
        rejected("S61", "entity used in the subject", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
                 + swap(GENUINE, ">alice<", ">&e;<"), DOCTYPE),
        rejected("S61", "entity that nobody declared", swap(GENUINE, ">alice<", ">&e;<"), MALFORMED),
        rejected("S65", "id from an entity in a signed message", '<!DOCTYPE x [<!ENTITY id "_assertion">]>'
                 + swap(GENUINE, 'ID="_assertion"', 'ID="&id;"'), DOCTYPE),
        rejected("S66", "relative namespace on the response", swap(
            GENUINE, "<samlp:Response ", '<samlp:Response xmlns:z="relative" '), "XML_NAMESPACE"),
        rejected("S66", "relative namespace in the signed assertion", BASE.but(
            assertion_more=' xmlns:z="./x"').signed(), "XML_NAMESPACE"),
        rejected("S68", "colon twice in a name", swap(GENUINE, "<samlp:Status>", "<samlp:Status><a:b:c/>"),
                 "XML_NAMESPACE"),
        rejected("S68", "prefix that nobody declared", swap(GENUINE, "<samlp:Status>", "<samlp:Status><y:z/>"),
                 "XML_NAMESPACE"),
        rejected("S68", "empty prefix", swap(GENUINE, "<samlp:Status>", "<samlp:Status><:z/>"),
                 "XML_NAMESPACE"),
        rejected("S68", "prefix declared as nothing", swap(
            GENUINE, "<samlp:Status>", '<samlp:Status><y:z xmlns:y=""/>'), "XML_NAMESPACE"),
        rejected("S68", "xmlns bound to something else", swap(
            GENUINE, "<samlp:Status>", '<samlp:Status><z xmlns:xmlns="urn:x"/>'),
            "XML_NAMESPACE"),
        rejected("S68", "directive in the message", swap(GENUINE, "<samlp:Status>", "<!x><samlp:Status>"),
                 "XML_DOCTYPE"),
        rejected("S68", "one attribute by two prefixes of one namespace", swap(
            GENUINE, "<samlp:Status>", '<samlp:Status xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="2">'),
            "XML_NAMESPACE"),
        rejected("S68", "attribute given twice", swap(GENUINE, "<samlp:Status>", '<samlp:Status a="1" a="2">'),
                 MALFORMED),
    ]


def digest_elsewhere() -> list[Case]:
    forged = swap(wrapping.ASSERTION, ">alice<", ">mallory<")
    fresh = span(FORGED.but(assertion_id="_assertion").signed(), "<ds:DigestValue>", "</ds:DigestValue>")
    smuggled = fresh.replace("<ds:DigestValue>", f'<ds:DigestValue xmlns:ds="{DS}">')
    detail = BASE.but(status=swap(BASE.status, "</samlp:Status>",
                                  f"<samlp:StatusDetail>{smuggled}</samlp:StatusDetail></samlp:Status>"))
    return [
        rejected("S67", "digest of the forged assertion in StatusDetail", detail.around(forged), DIGEST),
        rejected("S67", "digest of the forged assertion in Extensions",
                 wrapping.with_extensions(smuggled, forged), DIGEST),
        rejected("S67", "digest of the forged assertion in an Object", message(swap(
            forged, "</ds:Signature>", f"<ds:Object>{fresh}</ds:Object></ds:Signature>")),
            "SIGNATURE_MALFORMED"),
        rejected("S67", "two DigestValues in one Reference", message(swap(
            forged, "<ds:DigestValue>", fresh + "<ds:DigestValue>")), "SIGNATURE_MALFORMED"),
        rejected("S67", "two SignedInfos", message(swap(
            forged, "<ds:SignedInfo>", span(FORGED.signed(), "<ds:SignedInfo>", "</ds:SignedInfo>")
            + "<ds:SignedInfo>")), "SIGNATURE_MALFORMED"),
    ]


def texts() -> list[Case]:
    cut = "alice@example.com<!---->.evil.example"
    name_id = "<saml:NameID>{}</saml:NameID>"
    signed_with = {
        "comment in NameID": BASE.but(name_id=name_id.format(cut)),
        "processing instruction in NameID": BASE.but(name_id=name_id.format("alice<?x?>.evil")),
        "element in NameID": BASE.but(name_id=name_id.format("alice<x xmlns='urn:x'>evil</x>")),
        "comment in Audience": BASE.but(conditions=audience(SP + "<!---->")),
        "comment in Issuer": BASE.but(issuer=f"<saml:Issuer>{IDP}<!-- --></saml:Issuer>"),
        "comment in AttributeValue": BASE.but(attributes=attribute("va_eauth_csid", "id<!---->me")),
        "processing instruction in AttributeValue": BASE.but(attributes=attribute("va_eauth_csid", "id<?x y?>me")),
        "comment in AuthnContextClassRef": BASE.but(statement=swap(BASE.statement, "loa/3", "loa/<!---->3")),
        "comment before NameID's text": BASE.but(name_id=name_id.format("<!--x-->alice")),
    }
    cases = [rejected("S69", name + ", signed so", parts.signed(), MARKUP) for name, parts in signed_with.items()]
    cases += [
        rejected("S69", "comment put into NameID afterwards", swap(GENUINE, ">alice<", ">ali<!-- -->ce<"), MARKUP,
                 library=True),
        rejected("S69", "comment put into an attribute afterwards", swap(GENUINE, ">ALICE<", ">AL<!-- -->ICE<"),
                 MARKUP, library=True),
        rejected("S69", "processing instruction put in afterwards", swap(GENUINE, ">alice<", ">ali<?x?>ce<"),
                 "SIGNATURE_DIGEST", library=False),
        accepted("S69", "CDATA in NameID is its text", BASE.but(
            name_id=name_id.format("<![CDATA[alice]]>")).signed()),
        accepted("S69", "CDATA spelling put in afterwards", swap(GENUINE, ">alice<", "><![CDATA[ali]]>ce<"),
                 library=True),
        accepted("S69", "CDATA in an attribute", BASE.but(
            attributes=attribute("x", "<![CDATA[a<b>&amp;]]>c")).signed(),
            expect={"attributes": {"x": ["a<b>&amp;c"]}}),
        accepted("S69", "character references", swap(GENUINE, ">alice<", ">&#97;&#x6c;ice<"), library=True),
        accepted("S69", "comments between elements", swap(swap(
            GENUINE, "<samlp:Status>", "<!-- x --><samlp:Status>"), "<saml:Conditions", "<!--y--><saml:Conditions"),
            library=True),
        rejected("S77", "element in AttributeValue", BASE.but(attributes=attribute(
            "va_eauth_csid", "id<b xmlns='urn:x'>me</b>")).signed(), MARKUP),
        rejected("S77", "NameID beside text in AttributeValue", BASE.but(attributes=attribute(
            "va_eauth_csid", "idme<saml:NameID>x</saml:NameID>")).signed(), MARKUP),
        accepted("S77", "NameID alone in AttributeValue (eduPersonTargetedID) is not taken for text", BASE.but(
            attributes=attribute("x", "<saml:NameID>mallory</saml:NameID>")).signed(),
            expect={"attributes": {"x": []}}),
        rejected("S75", "foreign Subject with NameID", BASE.but(
            name_id='<evil:NameID xmlns:evil="urn:x">mallory</evil:NameID>').signed(), "NAME_ID_MISSING"),
        accepted("S75", "foreign NameID beside ours is not read", BASE.but(
            name_id='<evil:NameID xmlns:evil="urn:x">mallory</evil:NameID>' + BASE.name_id).signed()),
        rejected("S75", "foreign Assertion", message(span(FORGED.but().response(), "<saml:Assertion",
                 "</saml:Assertion>").replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:x")), "NO_ASSERTION"),
        rejected("S75", "SAML 1.1 assertion", message(
            '<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:1.0:assertion"/>'), "NO_ASSERTION"),
        accepted("S75", "foreign AttributeStatement is not read", BASE.but(
            statement=BASE.statement + '<x:AttributeStatement xmlns:x="urn:x"><x:Attribute Name="admin"/>'
            "</x:AttributeStatement>").signed(),
            expect={"attributes": {"va_eauth_csid": ["idme"], "va_eauth_firstname": ["ALICE"]}}),
    ]
    return cases


def bytes_() -> list[Case]:
    latin = BASE.but(attributes=attribute("n", "Zo\u00eb")).signed()
    declared = '<?xml version="1.0" encoding="{}"?>'
    overlong = GENUINE.encode().replace(b">alice<", b">alic\xc1\xa5<")
    surrogate = GENUINE.encode().replace(b">alice<", b">\xed\xa0\x80alice<")
    form = base64.b64encode(GENUINE.encode())
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = squeeze.compress(GENUINE.encode()) + squeeze.flush()
    lines = b"\r\n".join(form[i:i + 76] for i in range(0, len(form), 76))
    odd = form.rstrip(b"=")
    unpadded = odd if odd != form else base64.b64encode(GENUINE.encode() + b"\n").rstrip(b"=")
    cases = [
        rejected("S70", "UTF-16 with a byte order mark", GENUINE.encode("utf-16"), ENCODING),
        rejected("S70", "UTF-16 big-endian, declared", (declared.format("UTF-16") + GENUINE).encode("utf-16-be"),
                 ENCODING),
        rejected("S70", "UTF-32", GENUINE.encode("utf-32"), ENCODING),
        rejected("S70", "UTF-7 declared", declared.format("UTF-7") + GENUINE, ENCODING),
        rejected("S70", "EBCDIC", GENUINE.encode("cp037"), ENCODING),
        rejected("S70", "EBCDIC declared in ASCII", declared.format("IBM037") + GENUINE, ENCODING),
        rejected("S70", "Latin-1 declared", declared.format("ISO-8859-1") + GENUINE, ENCODING),
        rejected("S70", "Latin-1 bytes as UTF-8", latin.encode("latin-1"), ENCODING),
        rejected("S70", "overlong UTF-8", overlong, ENCODING),
        rejected("S70", "a surrogate in UTF-8", surrogate, ENCODING),
        rejected("S70", "NUL in a name", GENUINE.encode().replace(b">alice<", b">alice\0<"), ENCODING),
        rejected("S70", "NUL as character reference", swap(GENUINE, ">alice<", ">alice&#0;<"), MALFORMED),
        rejected("S70", "U+FFFE", swap(GENUINE, ">alice<", ">alice\ufffe<"), MALFORMED),
        rejected("S70", "control character", swap(GENUINE, ">alice<", ">alice\x01<"),
                 MALFORMED),
        rejected("S70", "XML 1.1", '<?xml version="1.1"?>' + GENUINE, ENCODING),
        accepted("S70", "UTF-8 with a byte order mark", b"\xef\xbb\xbf" + GENUINE.encode()),
        accepted("S70", "UTF-8 declared", declared.format("UTF-8") + GENUINE),
        accepted("S70", "utf-8 in small letters, single quotes", "<?xml version='1.0' encoding='utf-8'?>\n" + GENUINE),
        accepted("S70", "letters of the world", BASE.but(
            attributes=attribute("n", "Zo\u00eb \u5b57 \U0001f600")).signed(),
                 expect={"attributes": {"n": ["Zo\u00eb \u5b57 \U0001f600"]}}),
        accepted("S78", "base64", form), accepted("S78", "base64 in lines", lines + b"\r\n"),
        accepted("S78", "base64 with spaces and tabs", b" " + form[:40] + b"\t \n" + form[40:]),
        accepted("S78", "base64 behind a byte order mark", b"\xef\xbb\xbf" + form),
        rejected("S78", "url-safe alphabet", base64.urlsafe_b64encode(BASE.but(attributes=attribute(
            "n", "\u00fb\u00ff\u00fe" * 9)).signed().encode()), "BAD_BASE64"),
        rejected("S78", "padding missing", unpadded, "BAD_BASE64"),
        rejected("S78", "junk in between", form[:40] + b"*" + form[40:], "BAD_BASE64"),
        rejected("S78", "junk behind", form + b"%", "BAD_BASE64"),
        rejected("S78", "twice", form + form, "BAD_BASE64"),
        rejected("S78", "base64 of base64", base64.b64encode(form), MALFORMED),
        rejected("S78", "percent-encoded", form.replace(b"=", b"%3D") + b"%0A", "BAD_BASE64"),
        rejected("S80", "deflated, as by Redirect", base64.b64encode(deflated), ENCODING),
        rejected("S80", "gzip", base64.b64encode(zlib.compress(GENUINE.encode(), wbits=31)),
                 ENCODING),
        rejected("S80", "deflated bytes themselves", deflated, "XML_ENCODING"),
        rejected("S78", "empty file", b"", "BLANK_RESPONSE"),
        rejected("S78", "only white space", b" \r\n\t", "BLANK_RESPONSE"),
    ]
    return cases


def limits() -> list[Case]:
    def nested(depth: int) -> str:
        return BASE.but(extensions="<samlp:Extensions>" + "<x>" * depth + "</x>" * depth
                        + "</samlp:Extensions>").signed()
    many = " ".join(f'a{i}="1"' for i in range(20000))
    return [
        rejected("S71", "100,000 levels", "<a>" * 100_000, "XML_TOO_LARGE"),
        rejected("S71", "30,000 levels within the size", "<a>" * 30_000, COMPLEX),
        rejected("S71", "65 levels", nested(64), COMPLEX),
        accepted("S71", "60 levels", nested(58)),
        rejected("S71", "20,000 attributes", swap(GENUINE, "<samlp:Status>", f"<samlp:Status {many}>"), COMPLEX),
        rejected("S71", "65 attributes", swap(GENUINE, "<samlp:Status>", "<samlp:Status " + " ".join(
            f'a{i}="1"' for i in range(65)) + ">"), COMPLEX),
        rejected("S71", "name of 300 KB", swap(GENUINE, "<samlp:Status>", f"<samlp:Status><{'n' * 300_000}/>"),
                 "XML_TOO_LARGE"),
        rejected("S71", "name of 200 KB", swap(GENUINE, "<samlp:Status>", f"<samlp:Status><{'n' * 200_000}/>"),
                 "XML_NOT_WELL_FORMED"),
        rejected("S71", "text of 3 MB", swap(GENUINE, ">alice<", f">{'a' * 3_000_000}<"), "XML_TOO_LARGE"),
        rejected("S71", "more than the tool reads", b"<" * (5 << 20), "INPUT_TOO_LARGE"),
        rejected("S71", "30,000 elements", swap(GENUINE, "<samlp:Status>", "<samlp:Status>" + "<x/>" * 30_000),
                 COMPLEX),
        rejected("S71", "30,000 open tags and the end", swap(GENUINE, "<samlp:Status>", "<" * 30_000),
                 "XML_NOT_WELL_FORMED"),
    ]


def instance() -> list[Case]:
    xsi = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'

    def valued(inner: str) -> str:
        return f'<saml:Attribute Name="x">{inner}</saml:Attribute>'
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    return [
        accepted("S73", "XInclude in Extensions is not followed", BASE.but(
            extensions=f"<samlp:Extensions>{include}</samlp:Extensions>").signed()),
        rejected("S73", "XInclude in NameID", BASE.but(name_id=f"<saml:NameID>{include}</saml:NameID>").signed(),
                 "MARKUP_IN_TEXT"),
        accepted("S73", "xml:base and xml:lang", BASE.but(
            assertion_more=' xml:base="http://127.0.0.1:9/" xml:lang="en"').signed()),
        accepted("S73", "schemaLocation is not fetched", BASE.but(
            assertion_more=xsi + ' xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd"').signed()),
        accepted("S73", "xsi:type of a string", BASE.but(assertion_more=xsi, attributes=valued(
            '<saml:AttributeValue xsi:type="xs:string">v</saml:AttributeValue>')).signed(),
            expect={"attributes": {"x": ["v"]}}),
        accepted("S73", "xsi:type that nobody knows", BASE.but(assertion_more=xsi + ' xmlns:q="urn:q"',
                 attributes=valued('<saml:AttributeValue xsi:type="q:secret">v</saml:AttributeValue>')).signed(),
                 expect={"attributes": {"x": ["v"]}}),
        accepted("S73", "xsi:nil", BASE.but(assertion_more=xsi, attributes=valued(
            '<saml:AttributeValue xsi:nil="true"/>')).signed(), expect={"attributes": {"x": [""]}}),
        accepted("S73", "processing instruction for a style sheet",
                 '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + GENUINE),
        rejected("S76", "XPath in the Reference", GENUINE.replace(
            'URI="#_assertion"', "URI=\"#' or '1'='1\""), "SIGNATURE_REFERENCE"),
        rejected("S76", "XPath in the id", BASE.but(assertion_id="x'] | //*['").signed(),
                 "XML_BAD_ID"),
        rejected("S76", "XPointer in the Reference", GENUINE.replace(
            'URI="#_assertion"', 'URI="#xpointer(//*[@ID=&apos;_assertion&apos;])"'), "SIGNATURE_REFERENCE"),
    ]


def cases() -> list[Case]:
    return documents() + digest_elsewhere() + texts() + bytes_() + limits() + instance()
