"""Messages that are odd and good: what providers of several makers write, and what the standard allows. Who
refuses these keeps people out."""

import xmlsig
from case import Case, accepted
from message import (BASE, IDP, LOA3, SAML, SP, SUCCESS, Parts, attribute, audience, confirmation,
                     swap)
from xmlsig import EXCLUSIVE, Recipe, prefix_list, transform, ENVELOPED

XS = ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
STANDARD = {"va_eauth_csid": ["idme"], "va_eauth_firstname": ["ALICE"]}


def ok(name: str, text: str, expect: dict | None = None, subject: str = "alice", **flags) -> Case:
    return accepted("V", name, text, expect=expect or {}, subject=subject, flags=flags)


def signed(text: str, what: str = "assertion", recipe: Recipe | None = None) -> str:
    for one in ("assertion", "response"):
        if what in (one, "both"):
            text = xmlsig.sign(text, f"_{one}", recipe)
    return text


def renamed(text: str, saml: str, samlp: str) -> str:
    """Other prefixes; "" is the default namespace."""
    for old, new in (("samlp", samlp), ("saml", saml)):
        colon = f"{new}:" if new else ""
        text = text.replace(f"<{old}:", f"<{colon}").replace(f"</{old}:", f"</{colon}")
        text = text.replace(f"xmlns:{old}=", f"xmlns:{new}=" if new else "xmlns=")
    return text


def both_default(text: str) -> str:
    """Each element in its default namespace, as some .NET libraries write it."""
    text = text.replace(f' xmlns:saml="{SAML}"', "", 1)  # on the response
    text = renamed(text, "", "")
    return text.replace(f"<Issuer>{IDP}</Issuer><Status>",
                        f'<Issuer xmlns="{SAML}">{IDP}</Issuer><Status>', 1)


def pretty(text: str) -> str:
    """White space between elements, none inside text."""
    return text.replace("><", ">\n\t  <")


def names() -> list[Case]:
    text = BASE.response()
    cases = []
    for what in ("assertion", "response", "both"):
        cases += [
            ok(f"{what} signed", signed(text, what)),
            ok(f"{what} signed, prefixes of another maker", signed(renamed(text, "saml2", "saml2p"), what)),
            ok(f"{what} signed, prefixes ns0 and ns1", signed(renamed(text, "ns1", "ns0"), what,
                                                              Recipe(prefix="ns2"))),
            ok(f"{what} signed, default namespaces", signed(both_default(text), what, Recipe(prefix=""))),
            ok(f"{what} signed, pretty-printed", signed(pretty(text), what, Recipe(line="\n      "))),
            ok(f"{what} signed, CRLF line ends", signed(pretty(text), what).replace("\n", "\r\n")),
            ok(f"{what} signed, XML declaration and a comment",
               '<?xml version="1.0" encoding="UTF-8"?>\n<!-- hello -->\n' + signed(text, what)),
            ok(f"{what} signed, PrefixList", signed(
                swap(text, "<saml:Assertion ", f"<saml:Assertion{XS} "), what, Recipe(
                transforms=transform(ENVELOPED) + transform(EXCLUSIVE, prefix_list("xs")),
                prefixes=("xs",)))),
            ok(f"{what} signed, InclusiveNamespaces with #default", signed(text, what, Recipe(
                transforms=transform(ENVELOPED) + transform(EXCLUSIVE, prefix_list("#default")), prefixes=("",)))),
        ]
    return cases


def signatures() -> list[Case]:
    def spaced(name: str) -> Case:
        """White space inside an algorithm's element, which a pretty-printer puts there."""
        shell = xmlsig.shell(Recipe(), "_assertion")
        empty = (f'<ds:DigestMethod Algorithm="{xmlsig.SHA256}"/>' if name == "DigestMethod" else
                 f'<ds:{name} Algorithm="{Recipe().method if name == "SignatureMethod" else EXCLUSIVE}"></ds:{name}>')
        full = empty.replace("/>", ">").replace(f"</ds:{name}>", "") + f"\n        </ds:{name}>"
        text = xmlsig.put_behind_issuer(BASE.response(), "_assertion", swap(shell, empty, full))
        return ok(f"white space inside {name}", xmlsig.fill(text, "_assertion", Recipe()))
    late = xmlsig.shell(Recipe(), "_assertion")
    return [
        spaced("DigestMethod"), spaced("SignatureMethod"), spaced("CanonicalizationMethod"),
        ok("signature at the end of the assertion", xmlsig.fill(swap(
            BASE.response(), "</saml:Assertion>", late + "</saml:Assertion>"), "_assertion", Recipe())),
        ok("certificate chain in KeyInfo", BASE.signed(Recipe(
            key_info="<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate><ds:X509Certificate>BBBB"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"))),
        ok("Id on KeyInfo and SignatureValue", swap(BASE.signed(Recipe(
            key_info='<ds:KeyInfo Id="_ki"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>')),
            "<ds:SignatureValue>", '<ds:SignatureValue Id="_sv">')),
        ok("response and assertion signed by different listed keys", xmlsig.sign(
            BASE.signed(Recipe(key="idp-next")), "_response"), **{"--idp-cert": ["idp.crt", "idp-next.crt"]}),
        ok("response RSA, assertion ECDSA", xmlsig.sign(BASE.signed(Recipe(
            key="idp-p256", method=xmlsig.MORE + "ecdsa-sha256")), "_response"),
            **{"--idp-cert": ["idp.crt", "idp-p256.crt"]}),
    ]


def subjects() -> list[Case]:
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    formats = {"persistent": persistent, "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
               "e-mail": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "unheard of": "urn:x:y"}
    cases = [ok(f"NameID {name}", BASE.but(name_id=f'<saml:NameID Format="{value}">a@b.example</saml:NameID>').signed(),
                {"name_id_format": value}, "a@b.example") for name, value in formats.items()]
    return cases + [
        ok("NameID without Format", BASE.but(name_id="<saml:NameID>alice</saml:NameID>").signed(),
           {"name_id_format": ""}),
        ok("NameID with SPProvidedID", BASE.but(
            name_id='<saml:NameID SPProvidedID="x">alice</saml:NameID>').signed()),
        ok("NameID with white space around", BASE.but(name_id="<saml:NameID>\n alice </saml:NameID>").signed(),
           subject="\n alice "),
        ok("NameID of other letters", BASE.but(name_id="<saml:NameID>Ren\u00e9e \u738b</saml:NameID>").signed(),
           subject="Ren\u00e9e \u738b"),
        ok("NameID with escaped characters", BASE.but(name_id="<saml:NameID>a&amp;b&lt;c&gt;\"</saml:NameID>").signed(),
           subject='a&b<c>"'),
        ok("confirmation with KeyInfo-free extra attributes", BASE.but(confirmations=confirmation(
            more=' Address="2001:db8::7" xmlns:x="urn:x" x:hint="1"')).signed()),
        ok("confirmation with an identifier of its own", BASE.but(confirmations=swap(
            confirmation(), "<saml:SubjectConfirmationData", "<saml:NameID>proxy</saml:NameID>"
            "<saml:SubjectConfirmationData")).signed()),
        ok("three confirmations, the last holds", BASE.but(
            confirmations=confirmation(recipient="https://x.example") + confirmation(
                "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key") + confirmation()).signed()),
        ok("confirmation data with content", BASE.but(confirmations=swap(
            confirmation(), "/></saml:SubjectConfirmation>", '><x:y xmlns:x="urn:x"/></saml:SubjectConfirmationData>'
            "</saml:SubjectConfirmation>")).signed()),
    ]


def attributes() -> list[Case]:
    basic = ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" FriendlyName="x"'

    def of(inner: str) -> Parts:
        return BASE.but(attributes=f'<saml:Attribute Name="x">{inner}</saml:Attribute>', assertion_more=XS)

    def value(inner: str, more: str = "") -> str:
        return f"<saml:AttributeValue{more}>{inner}</saml:AttributeValue>"
    rows = {
        "no value": (of(""), []), "empty value": (of(value("")), [""]),
        "empty value, self-closed": (of("<saml:AttributeValue/>"), [""]),
        "nil": (of('<saml:AttributeValue xsi:nil="true"/>'), [""]),
        "typed string": (of(value("v", ' xsi:type="xs:string"')), ["v"]),
        "typed anyType": (of(value("v", ' xsi:type="xs:anyType"')), ["v"]),
        "typed integer": (of(value("3", ' xsi:type="xs:integer"')), ["3"]),
        "several values": (of(value("a") + value("b") + value("a")), ["a", "b", "a"]),
        "value in CDATA": (of(value("<![CDATA[<a>&]]>")), ["<a>&"]),
        "value with white space": (of(value("\n  v\n ")), ["\n  v\n "]),
        "pretty-printed values": (of("\n " + value("a") + "\n " + value("b") + "\n"), ["a", "b"]),
        "value with a namespace declared on it": (of(value("v", ' xmlns:q="urn:q"')), ["v"]),
        "name format and friendly name": (BASE.but(attributes=attribute("x", "v", more=basic)), ["v"]),
        "extension attribute": (BASE.but(attributes=attribute("x", "v", more=' xmlns:y="urn:y" y:z="1"')), ["v"]),
    }
    cases = [ok(f"attribute: {name}", parts.signed(), {"attributes": {"x": values}})
             for name, (parts, values) in rows.items()]
    none = swap(BASE.response(), f"<saml:AttributeStatement>{BASE.attributes}</saml:AttributeStatement>", "")
    many = "".join(attribute(f"va_eauth_{i}", f"value {i}") for i in range(120))
    return cases + [
        ok("no AttributeStatement", signed(none), {"attributes": {}}),
        ok("two AttributeStatements", BASE.but(attributes=attribute("x", "1") + "</saml:AttributeStatement>"
           "<saml:AttributeStatement>" + attribute("y", "2")).signed(), {"attributes": {"x": ["1"], "y": ["2"]}}),
        ok("120 attributes", BASE.but(attributes=many).signed(),
           {"attributes": {f"va_eauth_{i}": [f"value {i}"] for i in range(120)}}),
        ok("names that differ in letters alone", BASE.but(
            attributes=attribute("a", "1") + attribute("A", "2")).signed(),
           {"attributes": {"a": ["1"], "A": ["2"]}}),
        ok("attributes before the AuthnStatement", signed(_attributes_first())),
    ]


def _attributes_first() -> str:
    text = BASE.response()
    return swap(swap(text, BASE.statement, ""), "</saml:AttributeStatement>",
                "</saml:AttributeStatement>" + BASE.statement)


def statements() -> list[Case]:
    plain = BASE.statement
    reference = f"<saml:AuthnContextClassRef>{LOA3}</saml:AuthnContextClassRef>"
    return [
        ok("AuthnContext with a declaration and an authority", BASE.but(statement=swap(
            plain, reference, reference + "<saml:AuthnContextDeclRef>https://idp.example/decl"
            "</saml:AuthnContextDeclRef><saml:AuthenticatingAuthority>https://a.example"
            "</saml:AuthenticatingAuthority>")).signed(), {"authn_context": LOA3}),
        ok("SubjectLocality", BASE.but(statement=swap(
            plain, "<saml:AuthnContext>", '<saml:SubjectLocality Address="203.0.113.7" DNSName="x"/>'
            "<saml:AuthnContext>")).signed()),
        ok("authenticated yesterday", BASE.but(statement=swap(plain, "2026-03-04T11:59:30Z",
                                                              "2026-03-03T08:00:00Z")).signed()),
        ok("AuthzDecisionStatement beside it", BASE.but(statement=plain + '<saml:AuthzDecisionStatement '
           'Resource="x" Decision="Permit"><saml:Action Namespace="urn:x">r</saml:Action>'
           "</saml:AuthzDecisionStatement>").signed()),
        ok("context unspecified", BASE.but(statement=swap(
            plain, LOA3, "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")).signed(),
            {"authn_context": "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"}),
        ok("Consent on the response", BASE.but(answers=BASE.answers
           + ' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"').signed()),
        ok("Extensions", BASE.but(extensions='<samlp:Extensions><x:y xmlns:x="urn:x">z</x:y></samlp:Extensions>')
           .signed(what="both")),
        ok("Success with a code below it", BASE.but(status=f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}">'
           '<samlp:StatusCode Value="urn:x:fine"/></samlp:StatusCode></samlp:Status>').signed()),
        ok("Issuer with Format entity in both", BASE.but(
            issuer=swap(BASE.issuer, ">", ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">'),
            response_issuer=swap(BASE.issuer, ">", ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">'))
            .signed(what="both")),
        ok("Advice with a reference", BASE.but(
            advice="<saml:Advice><saml:AssertionIDRef>_x</saml:AssertionIDRef></saml:Advice>").signed()),
        ok("entity ids that are no addresses", BASE.but(
            issuer="<saml:Issuer>urn:IdP A</saml:Issuer>", response_issuer="<saml:Issuer>urn:IdP A</saml:Issuer>",
            conditions=audience("our-sp")).signed(),
            {"issuer": "urn:IdP A"}, **{"--idp-entity-id": "urn:IdP A", "--sp-entity-id": "our-sp"}),
        ok("white space, several audiences, one use, both signed", signed(
            pretty(BASE.but(conditions=audience(SP, "urn:x") + "<saml:OneTimeUse/>").response()), "both",
            Recipe(line="\n"))),
    ]


def makers() -> list[Case]:
    """Whole messages in the shape that single makers give them."""
    adfs = both_default(BASE.but(
        response_issued=' IssueInstant="2026-03-04T11:59:58.123Z"', assertion_issued=' IssueInstant="2026-03-04T11:59:58.1234567Z"',
        answers=BASE.answers + ' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"').response())
    token = ('<ds:KeyInfo><o:SecurityTokenReference xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-'
             'wssecurity-secext-1.0.xsd"><o:KeyIdentifier>x</o:KeyIdentifier></o:SecurityTokenReference></ds:KeyInfo>')
    chain = ("<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
             "</ds:RSAKeyValue></ds:KeyValue><ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName>"
             "<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1"
             "</ds:X509SerialNumber></ds:X509IssuerSerial><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data></ds:KeyInfo>")
    many = ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"'
    targeted = ('<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="a" '
                'SPNameQualifier="b">zz</saml:NameID>')
    advised = BASE.but(advice="<saml:Advice>" + BASE.but(assertion_id="_advised").assertion() + "</saml:Advice>")
    return [
        ok("AD FS and Azure AD: default namespaces, fractions of a second, Consent", signed(
            adfs, recipe=Recipe(prefix=""))),
        ok("AD FS: a token reference in KeyInfo", BASE.signed(Recipe(key_info=token))),
        ok("Keycloak: the key's value and names in KeyInfo", BASE.signed(Recipe(key_info=chain), "both")),
        ok("SimpleSAMLphp: namespaces that nothing uses", signed(swap(
            BASE.response(), "<samlp:Response ", f"<samlp:Response{many} "), "both")),
        ok("Shibboleth: eduPersonTargetedID", BASE.but(attributes=attribute("x", targeted)).signed(),
           {"attributes": {"x": []}}),
        ok("Java: line ends as &#13; in the signature", BASE.signed(Recipe(line="&#13;\n"))),
        ok("pysaml2: Id on the Signature", swap(BASE.signed(), "<ds:Signature ", '<ds:Signature Id="Signature1" ')),
        ok("comments between all elements", signed(BASE.response().replace("><", "><!-- c --><"))),
        ok("single quotes, white space in tags", signed(BASE.response().replace("<saml:Subject>", "<saml:Subject\n >")
                                                        .replace(' Version="2.0"', "  Version='2.0'"))),
        ok("standalone", "<?xml version='1.0' standalone='yes'?>" + BASE.signed()),
        ok("time with an offset", BASE.but(assertion_issued=' IssueInstant="2026-03-04T12:59:58+01:00"').signed()),
        ok("no bounds on the conditions", BASE.but(bounds="").signed()),
        ok("two restrictions that name us, use once, proxies", BASE.but(conditions=audience(SP) + audience("urn:x", SP)
           + '<saml:OneTimeUse/><saml:ProxyRestriction Count="0"><saml:Audience>urn:x</saml:Audience>'
           "</saml:ProxyRestriction>").signed()),
        ok("another assertion in Advice", advised.signed()),
        ok("confirmation with an encrypted identifier", BASE.but(confirmations=swap(
            confirmation(), "<saml:SubjectConfirmationData", "<saml:EncryptedID><x/></saml:EncryptedID>"
            "<saml:SubjectConfirmationData")).signed()),
        ok("white space around the context", BASE.but(statement=swap(
            BASE.statement, LOA3, f"\n {LOA3}\n")).signed(), {"authn_context": f"\n {LOA3}\n"}),
    ]


def cases() -> list[Case]:
    return makers() + names() + signatures() + subjects() + attributes() + statements()
