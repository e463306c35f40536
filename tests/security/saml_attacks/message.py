"""A SAML response made of parts, each of which can be replaced, and the logout messages. Beside what the
cases change it is what a genuine provider sends."""

import dataclasses

import xmlsig

IDP, SP = "https://idp.example/entity", "https://sp.example/entity"
ACS, SLO = "https://sp.example/v1/sessions/callback", "https://sp.example/v1/sessions/saml_logout"
REQUEST = "_request-1"
NOW = "2026-03-04T12:00:00Z"
SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
LOA3 = "http://idmanagement.gov/ns/assurance/loa/3"


def confirmation(method: str = BEARER, recipient: str | None = ACS, answers: str | None = REQUEST,
                 until: str | None = "2026-03-04T12:05:00Z", more: str = "") -> str:
    data = "".join(f' {name}="{value}"' for name, value in (
        ("NotOnOrAfter", until), ("Recipient", recipient), ("InResponseTo", answers)) if value is not None)
    return (f'<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData{data}{more}/>'
            "</saml:SubjectConfirmation>")


def audience(*names: str) -> str:
    inner = "".join(f"<saml:Audience>{name}</saml:Audience>" for name in names)
    return f"<saml:AudienceRestriction>{inner}</saml:AudienceRestriction>"


def attribute(name: str, *values: str, more: str = "") -> str:
    inner = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{name}"{more}>{inner}</saml:Attribute>'


@dataclasses.dataclass
class Parts:
    response_id: str = "_response"
    response_version: str = ' Version="2.0"'
    response_issued: str = ' IssueInstant="2026-03-04T11:59:58Z"'
    destination: str = f' Destination="{ACS}"'
    answers: str = f' InResponseTo="{REQUEST}"'
    response_issuer: str = f"<saml:Issuer>{IDP}</saml:Issuer>"
    extensions: str = ""
    status: str = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
    assertion_id: str = "_assertion"
    assertion_version: str = ' Version="2.0"'
    assertion_issued: str = ' IssueInstant="2026-03-04T11:59:58Z"'
    assertion_more: str = ""  # further attributes and namespaces
    issuer: str = f"<saml:Issuer>{IDP}</saml:Issuer>"
    name_id: str = ('<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice'
                    "</saml:NameID>")
    confirmations: str = confirmation()
    bounds: str = ' NotBefore="2026-03-04T11:59:00Z" NotOnOrAfter="2026-03-04T12:05:00Z"'
    conditions: str = audience(SP)
    advice: str = ""
    statement: str = (
        '<saml:AuthnStatement AuthnInstant="2026-03-04T11:59:30Z" SessionIndex="session-1">'
        f"<saml:AuthnContext><saml:AuthnContextClassRef>{LOA3}</saml:AuthnContextClassRef>"
        "</saml:AuthnContext></saml:AuthnStatement>")
    attributes: str = (attribute("va_eauth_csid", "idme") + attribute("va_eauth_firstname", "ALICE"))
    behind: str = ""  # inside the Response, after the assertion

    def but(self, **changes: str) -> "Parts":
        return dataclasses.replace(self, **changes)

    def subject(self) -> str:
        return f"<saml:Subject>{self.name_id}{self.confirmations}</saml:Subject>"

    def assertion(self) -> str:
        """Stands alone: it declares what it uses."""
        return (f'<saml:Assertion xmlns:saml="{SAML}" ID="{self.assertion_id}"{self.assertion_version}'
                f"{self.assertion_issued}{self.assertion_more}>{self.issuer}{self.subject()}"
                f"<saml:Conditions{self.bounds}>{self.conditions}</saml:Conditions>{self.advice}"
                f"{self.statement}<saml:AttributeStatement>{self.attributes}</saml:AttributeStatement>"
                "</saml:Assertion>")

    def around(self, *assertions: str) -> str:
        return (f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{self.response_id}"'
                f"{self.response_version}{self.response_issued}{self.destination}{self.answers}>"
                f'{self.response_issuer}{self.extensions}{self.status}{"".join(assertions)}{self.behind}'
                "</samlp:Response>")

    def response(self) -> str:
        return self.around(self.assertion())

    def signed(self, recipe: xmlsig.Recipe | None = None, what: str = "assertion") -> str:
        """`what`: assertion, response or both."""
        text = self.response()
        if what in ("assertion", "both"):
            text = xmlsig.sign(text, self.assertion_id, recipe)
        if what in ("response", "both"):
            text = xmlsig.sign(text, self.response_id, recipe)
        return text


BASE = Parts()
# Says mallory, has ids of its own, and nobody signs it.
FORGED = BASE.but(assertion_id="_forged", response_id="_forged-response",
                  name_id="<saml:NameID>mallory</saml:NameID>")


def span(text: str, begin: str, end: str) -> str:
    """From `begin` to the first `end` behind it, both included."""
    at = text.index(begin)
    return text[at:text.index(end, at) + len(end)]


def swap(text: str, old: str, new: str) -> str:
    """Replaces what must be there, so that no case tests nothing."""
    if old not in text:
        raise ValueError(f"nothing to replace: {old}")
    return text.replace(old, new, 1)


@dataclasses.dataclass
class Logout:
    kind: str = "Request"
    id: str = "_logout-1"
    version: str = ' Version="2.0"'
    issued: str = ' IssueInstant="2026-03-04T11:59:58Z"'
    until: str = ' NotOnOrAfter="2026-03-04T12:05:00Z"'
    destination: str = f' Destination="{SLO}"'
    answers: str = ""
    issuer: str = f"<saml:Issuer>{IDP}</saml:Issuer>"
    name_id: str = ('<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">alice'
                    "</saml:NameID>")
    indexes: str = "<samlp:SessionIndex>session-1</samlp:SessionIndex>"
    status: str = ""
    more: str = ""

    def but(self, **changes: str) -> "Logout":
        return dataclasses.replace(self, **changes)

    def xml(self) -> str:
        return (f'<samlp:Logout{self.kind} xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{self.id}"'
                f"{self.version}{self.issued}{self.until}{self.destination}{self.answers}>{self.issuer}"
                f"{self.name_id}{self.indexes}{self.status}{self.more}</samlp:Logout{self.kind}>")

    def signed(self, recipe: xmlsig.Recipe | None = None) -> str:
        return xmlsig.sign(self.xml(), self.id, recipe)


LOGOUT_REQUEST = Logout()
LOGOUT_RESPONSE = Logout(kind="Response", until="", name_id="", indexes="", status=BASE.status,
                         answers=f' InResponseTo="{REQUEST}"')
