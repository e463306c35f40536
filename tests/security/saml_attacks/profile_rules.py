"""The rules of the web browser profile: who, for whom, in answer to what, when (S95 to S114)."""

import xmlsig
from case import Case, accepted, rejected
from message import (ACS, BASE, BEARER, IDP, NOW, REQUEST, SP, SUCCESS, Parts, attribute, audience,
                     confirmation, swap)

WEIRD = "TIME_MALFORMED"


def no(row: str, name: str, parts: Parts, reasons: str, what: str = "assertion", **flags) -> Case:
    """Every such message verifies: only the rule can refuse it."""
    return rejected(row, name, parts.signed(what=what), reasons, library=True, flags=flags)


def yes(row: str, name: str, parts: Parts, what: str = "assertion", expect: dict | None = None,
        subject: str = "alice", **flags) -> Case:
    return accepted(row, name, parts.signed(what=what), flags=flags, expect=expect or {}, subject=subject)


def answers() -> list[Case]:
    unsolicited = BASE.but(answers="", confirmations=confirmation(answers=None))
    asked, nobody = {"--in-response-to": None}, {"--in-response-to": None, "--allow-unsolicited": True}
    return [
        no("S95", "InResponseTo of the response missing", BASE.but(answers=""), "IN_RESPONSE_TO_MISSING"),
        no("S95", "InResponseTo of another request", BASE, "IN_RESPONSE_TO_MISMATCH", **{"--in-response-to": "_other"}),
        no("S95", "InResponseTo in other letters", BASE, "IN_RESPONSE_TO_MISMATCH",
           **{"--in-response-to": REQUEST.upper()}),
        no("S95", "InResponseTo empty", BASE.but(answers=' InResponseTo=""'), "IN_RESPONSE_TO_MISMATCH"),
        no("S95", "InResponseTo with a space", BASE.but(answers=f' InResponseTo=" {REQUEST}"'),
           "IN_RESPONSE_TO_MISMATCH"),
        no("S95", "nobody says which request", BASE, "IN_RESPONSE_TO_MISMATCH", **asked),
        no("S96", "response and confirmation answer different requests", BASE.but(
            confirmations=confirmation(answers="_other")), "IN_RESPONSE_TO_MISMATCH"),
        no("S96", "response answers another request than the confirmation", BASE.but(
            answers=' InResponseTo="_other"'), "IN_RESPONSE_TO_MISMATCH"),
        no("S96", "the confirmation answers nothing", BASE.but(confirmations=confirmation(answers=None)),
           "IN_RESPONSE_TO_MISSING"),
        no("S97", "unsolicited, not allowed", unsolicited, "IN_RESPONSE_TO_MISSING", **asked),
        no("S97", "unsolicited where a request is known", unsolicited, "IN_RESPONSE_TO_MISSING"),
        yes("S97", "unsolicited and allowed", unsolicited, **nobody),
        no("S97", "an answer where unsolicited is allowed", BASE, "IN_RESPONSE_TO_MISMATCH", **nobody),
        no("S97", "half an answer where unsolicited is allowed", BASE.but(answers=""), "IN_RESPONSE_TO_MISMATCH",
           **nobody),
    ]


def addresses() -> list[Case]:
    others = {"empty": "", "prefix": ACS + "/x", "shorter": ACS[:-1],
              "other case in the path": ACS.replace("call", "Call"),
              "other port": ACS.replace("sp.example", "sp.example:443"), "userinfo": ACS.replace("//", "//u@"),
              "http": ACS.replace("https", "http"), "query": ACS + "?x=1", "fragment": ACS + "#x",
              "space behind": ACS + " ", "host in capitals": ACS.replace("sp.example", "SP.example"),
              "percent-encoded": ACS.replace("callback", "%63allback"), "other host": "https://evil.example/acs"}
    cases = [no("S99", "Destination missing on a signed response", BASE.but(destination=""), "DESTINATION_MISSING",
                "response"),
             yes("S99", "Destination missing on an unsigned response", BASE.but(destination="")),
             no("S100", "Recipient missing", BASE.but(confirmations=confirmation(recipient=None)),
                "RECIPIENT_MISSING")]
    for name, url in others.items():
        cases.append(no("S99", f"Destination: {name}", BASE.but(destination=f' Destination="{url}"'),
                        "DESTINATION_MISMATCH", "response"))
        cases.append(no("S100", f"Recipient: {name}", BASE.but(confirmations=confirmation(recipient=url)),
                        "RECIPIENT_MISMATCH"))
    opaque = "https://SP.example:443/acs?tenant=a&amp;b=%7e"
    cases.append(yes("S99", "an address is an opaque string", BASE.but(
        destination=f' Destination="{opaque}"', confirmations=confirmation(recipient=opaque)),
        **{"--acs": opaque.replace("&amp;", "&")}))
    return cases


def audiences() -> list[Case]:
    mismatch = "AUDIENCE_MISMATCH"
    return [
        no("S101", "no restriction", BASE.but(conditions=""), "AUDIENCE_MISSING"),
        no("S101", "restriction without audience", BASE.but(conditions=audience()), "AUDIENCE_MISSING"),
        no("S101", "empty audience", BASE.but(conditions=audience("")), "AUDIENCE_MISSING"),
        no("S101", "other audience", BASE.but(conditions=audience("https://other.example")), mismatch),
        no("S101", "ours with a slash", BASE.but(conditions=audience(SP + "/")), mismatch),
        no("S101", "ours in capitals", BASE.but(conditions=audience(SP.upper())), mismatch),
        no("S101", "ours with spaces", BASE.but(conditions=audience(f" {SP} ")), mismatch),
        no("S101", "ours as prefix", BASE.but(conditions=audience(SP + ".evil.example")), mismatch),
        yes("S101", "several with ours", BASE.but(conditions=audience("https://other.example", SP, "urn:x"))),
        yes("S101", "ours twice", BASE.but(conditions=audience(SP, SP))),
        yes("S101", "two restrictions that both hold", BASE.but(
            conditions=audience(SP) + audience("urn:x", SP))),
        no("S101", "two restrictions of which one holds", BASE.but(conditions=audience(SP) + audience("urn:x")),
           mismatch),
        no("S101", "two restrictions, the second empty", BASE.but(conditions=audience(SP) + audience()),
           "AUDIENCE_MISSING"),
        no("S101", "no Conditions", _without_conditions(), "CONDITIONS_MISSING"),
        no("S113", "unknown condition", BASE.but(conditions=audience(SP) + '<x:C xmlns:x="urn:x"/>'),
           "CONDITION_UNKNOWN"),
        no("S113", "Condition of an unknown type", BASE.but(
            conditions=audience(SP) + '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xmlns:q="urn:q" xsi:type="q:t"/>'), "CONDITION_UNKNOWN"),
        yes("S113", "OneTimeUse", BASE.but(conditions=audience(SP) + "<saml:OneTimeUse/>")),
        yes("S113", "ProxyRestriction", BASE.but(
            conditions=audience(SP) + '<saml:ProxyRestriction Count="0"/>')),
    ]


class _NoConditions(Parts):
    def assertion(self) -> str:
        text = super().assertion()
        at, end = text.index("<saml:Conditions"), text.index("</saml:Conditions>") + len("</saml:Conditions>")
        return text[:at] + text[end:]


def _without_conditions() -> Parts:
    return _NoConditions()


def times() -> list[Case]:
    def bounds(begin: str | None, end: str | None) -> Parts:
        return BASE.but(bounds="".join(f' {name}="{value}"' for name, value in (
            ("NotBefore", begin), ("NotOnOrAfter", end)) if value is not None))

    def until(value: str) -> Parts:
        return BASE.but(confirmations=confirmation(until=value))

    def at(moment: str, skew: int | None = 0) -> dict[str, object]:
        return {"--now": moment} | ({} if skew is None else {"--skew": skew})
    begin, end = "2026-03-04T11:59:00Z", "2026-03-04T12:05:00Z"
    issued = BASE.but(response_issued=' IssueInstant="2026-03-04T11:00:00Z"',
                      assertion_issued=' IssueInstant="2026-03-04T11:00:00Z"',
                      statement=swap(BASE.statement, "11:59:30", "11:00:00"))
    cases = [
        no("S102", "NotBefore in the future", bounds("2026-03-04T12:01:01Z", end), "NOT_YET_VALID"),
        yes("S102", "NotBefore at the edge of the skew", bounds("2026-03-04T12:01:00Z", end)),
        yes("S102", "NotBefore is now", issued, **at(begin)),
        no("S102", "a second before NotBefore", issued, "NOT_YET_VALID", **at("2026-03-04T11:58:59Z")),
        yes("S102", "a second before NotOnOrAfter", BASE, **at("2026-03-04T12:04:59Z")),
        no("S102", "NotOnOrAfter is now", BASE, "EXPIRED", **at(end)),
        no("S102", "a second behind NotOnOrAfter", BASE, "EXPIRED", **at("2026-03-04T12:05:01Z")),
        yes("S102", "a second before the skew ends", BASE, **at("2026-03-04T12:05:59Z", None)),
        no("S102", "the skew ends now", BASE, "EXPIRED", **at("2026-03-04T12:06:00Z", None)),
        yes("S102", "180 seconds of skew", BASE, **at("2026-03-04T12:07:59Z", 180)),
        no("S102", "confirmation past", until("2026-03-04T11:59:00Z"), "CONFIRMATION_EXPIRED"),
        no("S102", "confirmation ends now", until("2026-03-04T12:00:00Z"), "CONFIRMATION_EXPIRED", **at(NOW)),
        no("S102", "begins when it ends", bounds(end, end), WEIRD),
        no("S102", "ends before it begins", bounds(end, begin), WEIRD),
        yes("S102", "no bounds of the conditions", bounds(None, None)),
        yes("S102", "fractions of a second", bounds("2026-03-04T11:59:00.123Z", "2026-03-04T12:05:00.999999999Z")),
        no("S102", "a fraction behind", until("2026-03-04T11:59:59.999Z"), "CONFIRMATION_EXPIRED", **at(NOW)),
        yes("S102", "a fraction before", until("2026-03-04T12:00:00.001Z"), **at(NOW)),
        yes("S102", "offset east", bounds("2026-03-04T13:59:00+02:00", "2026-03-04T14:05:00+02:00")),
        yes("S102", "offset west", bounds("2026-03-04T06:59:00-05:00", "2026-03-04T07:05:00-05:00")),
        yes("S102", "offset of half an hour", bounds("2026-03-04T17:29:00+05:30", "2026-03-04T17:35:00+05:30")),
        no("S102", "an offset that is past", bounds(begin, "2026-03-04T12:05:00+02:00"), WEIRD),
        no("S102", "issued in the future", BASE.but(assertion_issued=' IssueInstant="2026-03-04T12:01:01Z"'),
           "ISSUED_IN_FUTURE"),
        no("S102", "response issued in the future", BASE.but(
            response_issued=' IssueInstant="2026-03-04T12:01:01Z"'), "ISSUED_IN_FUTURE", "response"),
        no("S102", "assertion without IssueInstant", BASE.but(assertion_issued=""), WEIRD),
    ]
    for value in ("2026-03-04T24:00:00Z", "2026-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "99999-01-01T00:00:00Z",
                  "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-01-01T00:00:00", "2027-01-01",
                  "2027-01-01 00:00:00Z", "", " 2027-01-01T00:00:00Z", "2027-01-01T00:00:00z", "-2027-01-01T00:00:00Z",
                  "2027-01-01T00:00:00+15:00", "2027-01-01T00:00:00.Z", "2027-1-1T00:00:00Z", "now", "1772625600",
                  "2027-01-01T25:00:00Z", "infinite-future"):
        cases.append(no("S102", f"NotOnOrAfter '{value}'", bounds(begin, value), WEIRD))
    cases.append(no("S102", "malformed end of the confirmation", until("tomorrow"), WEIRD))
    return cases


def confirmations() -> list[Case]:
    good, late = confirmation(), confirmation(until="2026-03-04T11:00:00Z")
    method = "urn:oasis:names:tc:SAML:2.0:cm:{}".format
    malformed = "CONFIRMATION_MALFORMED"
    return [
        no("S103", "without NotOnOrAfter", BASE.but(confirmations=confirmation(until=None)), malformed),
        no("S103", "with NotBefore", BASE.but(confirmations=confirmation(
            more=' NotBefore="2026-03-04T11:00:00Z"')), malformed),
        no("S103", "without data", BASE.but(
            confirmations=f'<saml:SubjectConfirmation Method="{BEARER}"/>'), malformed),
        yes("S104", "the second of two holds", BASE.but(confirmations=late + good)),
        yes("S104", "the first of two holds", BASE.but(confirmations=good + late)),
        yes("S104", "one of another method beside ours", BASE.but(
            confirmations=confirmation(method("sender-vouches")) + good)),
        no("S104", "each of two lacks something", BASE.but(
            confirmations=late + confirmation(recipient="https://x.example")),
            "CONFIRMATION_EXPIRED"),
        no("S105", "holder-of-key", BASE.but(confirmations=confirmation(method("holder-of-key"))),
           "NO_BEARER_CONFIRMATION"),
        no("S105", "sender-vouches", BASE.but(confirmations=confirmation(method("sender-vouches"))),
           "NO_BEARER_CONFIRMATION"),
        no("S105", "no method", BASE.but(confirmations=swap(good, f' Method="{BEARER}"', "")),
           "NO_BEARER_CONFIRMATION"),
        no("S105", "method in capitals", BASE.but(confirmations=confirmation(BEARER.upper())),
           "NO_BEARER_CONFIRMATION"),
        no("S105", "none", BASE.but(confirmations=""), "NO_BEARER_CONFIRMATION"),
        yes("S104", "with an address and a NotBefore beside an older one", BASE.but(
            confirmations=confirmation(more=' Address="203.0.113.7"'))),
    ]


def issuers() -> list[Case]:
    mismatch = "ISSUER_MISMATCH"
    entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
    others = {"other": "https://evil.example", "spaces": f" {IDP} ", "slash": IDP + "/", "capitals": IDP.upper(),
              "homoglyph": IDP.replace("i", "\u0456", 1), "empty": "", "prefix": IDP + ".evil.example"}
    cases = []
    for name, value in others.items():
        issuer = f"<saml:Issuer>{value}</saml:Issuer>"
        cases.append(no("S106", f"Issuer of the assertion: {name}", BASE.but(issuer=issuer), mismatch))
        cases.append(no("S106", f"Issuer of the response: {name}", BASE.but(response_issuer=issuer), mismatch,
                        "response"))
    email = ' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"'
    return cases + [
        no("S106", "Format that is not entity", BASE.but(issuer=swap(BASE.issuer, ">", email + ">")), mismatch),
        yes("S106", "Format entity", BASE.but(issuer=swap(BASE.issuer, ">", f' Format="{entity}">'))),
        no("S106", "two Issuers", BASE.but(issuer=BASE.issuer * 2), "MALFORMED_ASSERTION"),
        no("S106", "Issuer missing in a signed response", swapped_issuer(), "ISSUER_MISSING", "response"),
        yes("S106", "Issuer missing in an unsigned response", swapped_issuer()),
        no("S107", "an assertion of another provider", BASE, mismatch,
           **{"--idp-entity-id": "https://other-idp.example/entity"}),
        rejected("S107", "an assertion of another provider with its own key", BASE.signed(), "SIGNATURE_INVALID",
                 flags={"--idp-cert": "idp-next.crt"}),
    ]


class _IssuerLast(Parts):
    """Without Issuer in the response the signature stands in front of Status."""

    def signed(self, recipe=None, what="assertion"):
        if what != "response":
            return super().signed(recipe, what)
        recipe = recipe or xmlsig.Recipe()
        text = swap(self.response(), "<samlp:Status>", xmlsig.shell(recipe, self.response_id) + "<samlp:Status>")
        return xmlsig.fill(text, self.response_id, recipe)


def swapped_issuer() -> Parts:
    return _IssuerLast(response_issuer="")


def statuses() -> list[Case]:
    base = "urn:oasis:names:tc:SAML:2.0:status:"

    def status(*codes: str, more: str = "") -> Parts:
        inner = ""
        for code in reversed(codes):
            inner = f'<samlp:StatusCode Value="{code}">{inner}</samlp:StatusCode>'
        return BASE.but(status=f"<samlp:Status>{inner}{more}</samlp:Status>")
    failed = "STATUS_NOT_SUCCESS"
    return [
        no("S108", "Responder", status(base + "Responder"), failed),
        no("S108", "AuthnFailed", status(base + "Responder", base + "AuthnFailed"), failed),
        no("S108", "Success below Requester", status(base + "Requester", SUCCESS), failed),
        no("S108", "RequestDenied", status(base + "Responder", base + "RequestDenied"), "STATUS_CONSENT_DENIED"),
        no("S108", "success in small letters", status(SUCCESS.lower()), failed),
        no("S108", "success with a space", status(SUCCESS + " "), failed),
        no("S108", "empty value", status(""), failed),
        no("S108", "no Status", BASE.but(status=""), "STATUS_MISSING"),
        no("S108", "no StatusCode", BASE.but(status="<samlp:Status/>"), "STATUS_MISSING"),
        no("S108", "two Statuses", BASE.but(status=status(base + "Responder").status + BASE.status),
           "STATUS_MISSING"),
        no("S108", "two StatusCodes", BASE.but(status=BASE.status.replace(
            "<samlp:StatusCode", f'<samlp:StatusCode Value="{base}Responder"/><samlp:StatusCode')),
            "STATUS_MISSING"),
        rejected("S108", "a failure without assertion, unsigned", status(base + "Responder").around(), failed),
        yes("S108", "message and detail beside Success", status(
            SUCCESS, more="<samlp:StatusMessage>fine</samlp:StatusMessage><samlp:StatusDetail><x/>"
            "</samlp:StatusDetail>")),
    ]


def statements() -> list[Case]:
    plain = BASE.statement
    return [
        no("S109", "no AuthnStatement", BASE.but(statement=""), "AUTHN_STATEMENT_MISSING"),
        no("S109", "two AuthnStatements", BASE.but(statement=plain * 2), "SEVERAL_AUTHN_STATEMENTS"),
        no("S109", "session over", BASE.but(statement=swap(
            plain, " SessionIndex", ' SessionNotOnOrAfter="2026-03-04T11:58:00Z" SessionIndex')), "SESSION_EXPIRED"),
        yes("S109", "session goes on", BASE.but(statement=swap(
            plain, " SessionIndex", ' SessionNotOnOrAfter="2026-03-04T20:00:00Z" SessionIndex'))),
        no("S109", "AuthnInstant in the future", BASE.but(statement=swap(plain, "11:59:30", "12:01:01")),
           "AUTHN_INSTANT_IN_FUTURE"),
        no("S109", "no AuthnInstant", BASE.but(statement=swap(
            plain, ' AuthnInstant="2026-03-04T11:59:30Z"', "")), WEIRD),
        no("S109", "no context", BASE.but(statement=swap(plain, plain[plain.index("<saml:AuthnContext>"):], "")
                                          + "</saml:AuthnStatement>"), "CONTEXT_MISSING"),
        yes("S109", "no SessionIndex", BASE.but(statement=swap(plain, ' SessionIndex="session-1"', "")),
            expect={"session_index": ""}),
        no("S111", "one attribute named twice", BASE.but(
            attributes=attribute("va_eauth_pnid", "1") + attribute("va_eauth_pnid", "2")), "DUPLICATE_ATTRIBUTE"),
        no("S111", "one attribute in two statements", BASE.but(
            attributes=attribute("u", "1") + "</saml:AttributeStatement><saml:AttributeStatement>"
            + attribute("u", "2")), "DUPLICATE_ATTRIBUTE"),
        no("S111", "attribute without a name", BASE.but(attributes=attribute("", "1")), "MALFORMED_ATTRIBUTE"),
        no("S112", "empty NameID", BASE.but(name_id="<saml:NameID/>"), "NAME_ID_MISSING"),
        no("S112", "NameID of white space", BASE.but(name_id="<saml:NameID> \n</saml:NameID>"), "NAME_ID_MISSING"),
        no("S112", "no NameID", BASE.but(name_id=""), "NAME_ID_MISSING"),
        no("S112", "two NameIDs", BASE.but(name_id=BASE.name_id * 2), "MALFORMED_ASSERTION"),
        no("S112", "NameID for another service", BASE.but(name_id=swap(
            BASE.name_id, "<saml:NameID ", '<saml:NameID SPNameQualifier="https://other.example" ')),
            "NAME_ID_OTHER_SP"),
        yes("S112", "NameID for us, with a qualifier", BASE.but(name_id=swap(
            BASE.name_id, "<saml:NameID ", f'<saml:NameID SPNameQualifier="{SP}" NameQualifier="{IDP}" '))),
        no("S112", "two Subjects", _TwoSubjects(), "MALFORMED_ASSERTION"),
    ]


class _TwoSubjects(Parts):
    def subject(self) -> str:
        return super().subject() * 2


def data() -> list[Case]:
    values = {"SQL": "'; DROP TABLE sessions;--", "LDAP": "*)(uid=*))(|(uid=*", "right to left": "a\u202egnp.exe",
              "line ends": "a&#13;&#10;Set-Cookie: x=1", "spaces kept": "  a  b ",
              "tab and line": "a\tb\nc", "a long one": "v" * 60_000}
    cases = [accepted("S114", f"attribute value: {name}", BASE.but(attributes=attribute("x", value)).signed(),
                      expect={"attributes": {"x": [value.replace("&#13;", "\r").replace("&#10;", "\n")]}})
             for name, value in values.items()]
    return cases + [
        accepted("S114", "attribute value: HTML", BASE.but(
            attributes=attribute("x", "&lt;script&gt;alert(1)&lt;/script&gt;")).signed(),
            expect={"attributes": {"x": ["<script>alert(1)</script>"]}}),
        accepted("S114", "attribute name of any kind", BASE.but(
            attributes=attribute("urn:x/'&quot;;--", "1")).signed(), expect={"attributes": {"urn:x/'\";--": ["1"]}}),
        rejected("S114", "attribute value: control character", BASE.but(
            attributes=attribute("x", "a&#8;b")).response(), "XML_NOT_WELL_FORMED"),
        rejected("S114", "attribute value of 1 MB", BASE.but(attributes=attribute("x", "v" * (1 << 20))).response(),
                 "XML_TOO_LARGE"),
    ]


def cases() -> list[Case]:
    return (answers() + addresses() + audiences() + times() + confirmations() + issuers() + statuses()
            + statements() + data())
