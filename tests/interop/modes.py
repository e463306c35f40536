"""The ways in which each identity provider of these tests sends: one row of the gateway's list of providers,
one row of the policy and one credential provider (CSP) for each."""

import dataclasses

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def short(binding: str) -> str:
    return binding.rpartition("-")[2]


@dataclasses.dataclass(frozen=True)
class Mode:
    want: str  # what the gateway's policy demands: response, assertion, both or encrypted
    csp: str
    persona: str  # somebody of that CSP
    sign_response: bool
    sign_assertion: bool
    encrypt: bool
    sso: str  # bindings of requests to it
    slo: str
    known_by: str  # how the gateway knows it: url, file, pinned_url (metadata) or settings


MODES = (
    Mode("response", "logingov", "logingov_ial2", True, False, False, REDIRECT, REDIRECT, "url"),
    Mode("assertion", "idme", "idme_loa3", False, True, False, POST, POST, "file"),
    Mode("both", "dslogon", "dslogon_level2", True, True, False, POST, REDIRECT, "pinned_url"),
    Mode("encrypted", "mhv", "mhv_premium", True, True, True, POST, POST, "settings"),
)


def mode(want: str) -> Mode:
    return next(one for one in MODES if one.want == want)
