"""An identity provider made of pysaml2 and the xmlsec1 program: its own entity id and key, real HTTPS. It
signs in whomever a test names, without a question, and remembers the browser for logout."""

import base64
import functools
import html
import importlib.metadata
import logging
import pathlib
import secrets
import shutil
import subprocess

import saml2
import saml2.entity
import saml2.metadata
import saml2.saml
import saml2.server
import saml2.sigver
import saml2.time_util
from saml2.config import IdPConfig

import browsing
import far_side
import observed
from far_side import Answer, Asked
from modes import POST, REDIRECT, Mode

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
# The session key that the xmlsec1 program is asked to make for a cipher.
SESSION_KEYS = {
    "http://www.w3.org/2001/04/xmlenc#tripledes-cbc": "des-192",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc": "aes-128",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": "aes-128",
    AES256_GCM: "aes-256",
}


class Refused(Exception):
    """pysaml2 did not accept what the gateway sent."""


class Pysaml2Idp:
    software = "pysaml2"

    def __init__(self, mode: Mode, folder: pathlib.Path, sp_metadata: str):
        # It reports what it refuses; here that is on purpose.
        logging.disable(logging.CRITICAL)
        self.mode, self.folder = mode, folder
        self.name = f"pysaml2_{mode.want}"
        far_side.make_key(folder, self.name)
        (folder / "sp.xml").write_text(sp_metadata, encoding="utf-8")
        self.persona: dict = {}
        self.choices: dict = {}
        self.people: dict[str, tuple[saml2.saml.NameID, str]] = {}  # by the browser's cookie
        self.asked: set[str] = set()  # ids of its own LogoutRequests
        self._server = far_side.HttpsServer(self._answer)
        self.origin = self._server.origin
        self.entity_id = f"{self.origin}/metadata"
        self.sso_url, self.slo_url = f"{self.origin}/sso", f"{self.origin}/slo"
        self.logout_url = f"{self.origin}/logout"
        self.certificate = folder / f"{self.name}.crt"
        self.metadata_url = self.entity_id
        self.idp = self._make(signed_xml=True)
        # For the Redirect binding, where the signature lies over the query: pysaml2 has a function of its
        # own for that, and would look for one inside the message as well.
        self._of_query = self._make(signed_xml=False)

    @staticmethod
    def version() -> str:
        program = subprocess.run(["xmlsec1", "--version"], check=True, capture_output=True, text=True).stdout
        library = importlib.metadata.version("pysaml2")
        xmlsec1 = observed.released(program.partition(" ")[2])
        return f"pysaml2 {observed.released(library)} with xmlsec1 {xmlsec1}"

    def _make(self, signed_xml: bool) -> saml2.server.Server:
        config = IdPConfig()
        config.load({
            "entityid": self.entity_id,
            "key_file": str(self.folder / f"{self.name}.key"),
            "cert_file": str(self.certificate),
            "xmlsec_binary": shutil.which("xmlsec1"),
            "valid_for": 24,
            "metadata": {"local": [str(self.folder / "sp.xml")]},
            "service": {"idp": {
                "endpoints": {
                    "single_sign_on_service": [(self.sso_url, self.mode.sso)],
                    "single_logout_service": [(self.slo_url, self.mode.slo)],
                },
                "want_authn_requests_signed": signed_xml,
                "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                       "name_form": saml2.saml.NAME_FORMAT_BASIC}},
            }},
        })
        return saml2.server.Server(config=config)

    def become(self, persona: dict, **choices):
        """Whoever comes next is this person; choices differ from what the mode says."""
        self.persona, self.choices = persona, choices

    @functools.cached_property
    def metadata(self) -> bytes:
        """Valid for a day, and signed unless its bytes are pinned."""
        described = saml2.metadata.entity_descriptor(self.idp.config)
        if self.mode.known_by == "pinned_url":
            return str(described).encode("utf-8")
        # Its shorter way, create_metadata_string, signs with SHA-1 and cannot be told otherwise.
        _, text = saml2.metadata.sign_entity_descriptor(described, None, self.idp.sec, RSA_SHA256, SHA256)
        return text.encode("utf-8")

    def stop(self):
        self._server.stop()

    # --- what it serves

    def _answer(self, asked: Asked) -> Answer:
        pages = {"/metadata": self._metadata_page, "/sso": self._sso, "/slo": self._slo,
                 "/logout": self._logout}
        page = pages.get(asked.path)
        if page is None:
            return Answer(404)
        try:
            return page(asked)
        except Exception as fault:  # pysaml2 raises bare exceptions, too
            return Answer(403, f"pysaml2 refuses: {type(fault).__name__}: {fault}".encode())

    def _metadata_page(self, _: Asked) -> Answer:
        return Answer(200, self.metadata, [("Content-Type", "application/samlmetadata+xml")])

    def _open(self, asked: Asked, kind: str) -> tuple[saml2.server.Server, str]:
        """The message of a request whose signature pysaml2 has verified, or verifies when it reads it."""
        if asked.method == "POST":
            if self._binding(kind) != POST:
                raise Refused("that does not come by POST")
            return self.idp, POST
        parameters = asked.parameters
        certificates = self.idp.metadata.certs(self._sp(), "any", "signing")
        if not any(saml2.sigver.verify_redirect_signature(parameters, self.idp.sec.sec_backend, one)
                   for one in certificates):
            raise Refused("the signature of the query does not verify")
        return self._of_query, REDIRECT

    def _binding(self, kind: str) -> str:
        return self.mode.sso if kind == "sso" else self.mode.slo

    @staticmethod
    def _sp() -> str:
        return f"{browsing.stack('VA_URL')}/v1/sessions/metadata"

    def _sso(self, asked: Asked) -> Answer:
        reader, binding = self._open(asked, "sso")
        request = reader.parse_authn_request(asked.parameters["SAMLRequest"], binding)
        arguments = self.idp.response_args(request.message)
        name_id = saml2.saml.NameID(format=saml2.saml.NAMEID_FORMAT_UNSPECIFIED,
                                    text=self.persona["name_id"])
        response = self._respond(arguments, name_id)
        # NameID and SessionIndex belong to the browser that came, not to whoever asks later.
        statement = self.idp.session_db.get_authn_statements(name_id)[-1][0]
        cookie = secrets.token_hex(16)
        self.people[cookie] = (name_id, statement.session_index)
        fields = {"SAMLResponse": base64.b64encode(str(response).encode()).decode(),
                  "RelayState": asked.parameters.get("RelayState", "")}
        page = self_posting(arguments["destination"], fields)
        page.headers.append(("Set-Cookie", f"idp={cookie}; Path=/; Secure; HttpOnly; SameSite=None"))
        return page

    def _respond(self, arguments: dict, name_id: saml2.saml.NameID):
        options = {"sign_response": self.mode.sign_response, "sign_assertion": self.mode.sign_assertion,
                   "encrypt_assertion": self.mode.encrypt, "sign_alg": RSA_SHA256, "digest_alg": SHA256}
        options |= {name: value for name, value in self.choices.items() if name != "sign_logout"}
        with self._cipher(options.pop("cipher", AES256_GCM)):
            return self.idp.create_authn_response(
                browsing.attribute_values(self.persona), in_response_to=arguments["in_response_to"],
                destination=arguments["destination"], sp_entity_id=arguments["sp_entity_id"],
                name_id=name_id, authn={"class_ref": self.persona["authn_context"]}, **options)

    def _cipher(self, algorithm: str):
        return Cipher(self.idp, algorithm)

    # --- single logout

    def _slo(self, asked: Asked) -> Answer:
        reader, binding = self._open(asked, "slo")
        if "SAMLRequest" in asked.parameters:
            return self._answer_logout(reader, binding, asked)
        response = reader.parse_logout_request_response(asked.parameters["SAMLResponse"], binding)
        if response is None or response.in_response_to not in self.asked:
            raise Refused("no answer to a request of ours")
        return Answer(200, b"<title>everywhere signed out</title>")

    def _answer_logout(self, reader: saml2.server.Server, binding: str, asked: Asked) -> Answer:
        request = reader.parse_logout_request(asked.parameters["SAMLRequest"], binding)
        name_id, session_index = self._person(asked)
        asked_for = [one.text for one in request.message.session_index]
        if request.message.name_id.text != name_id.text or asked_for != [session_index]:
            raise Refused("a logout of somebody else")
        by_xml = binding == POST
        response = self.idp.create_logout_response(
            request.message, [binding], sign=by_xml, sign_alg=RSA_SHA256, digest_alg=SHA256)
        self._forget(asked)
        to = self.idp.response_args(request.message, [binding])["destination"]
        return self._send(binding, response, to, asked.parameters.get("RelayState", ""), "SAMLResponse")

    def _logout(self, asked: Asked) -> Answer:
        """The provider's own sign-out button."""
        name_id, session_index = self._person(asked)
        endpoint = self.idp.metadata.single_logout_service(self._sp(), self.mode.slo, "spsso")[0]
        signed = self.choices.get("sign_logout", True)
        request_id, request = self.idp.create_logout_request(
            endpoint["location"], self._sp(), name_id=name_id, session_indexes=[session_index],
            expire=saml2.time_util.in_a_while(minutes=5), sign=signed and self.mode.slo == POST,
            sign_alg=RSA_SHA256, digest_alg=SHA256)
        self.asked.add(request_id)
        return self._send(self.mode.slo, request, endpoint["location"], "back-to-the-provider",
                          "SAMLRequest", signed)

    @staticmethod
    def _cookie(asked: Asked) -> str:
        cookies = dict(one.strip().partition("=")[::2] for one in asked.headers.get("cookie", "").split(";"))
        return cookies.get("idp", "")

    def _person(self, asked: Asked) -> tuple[saml2.saml.NameID, str]:
        if self._cookie(asked) not in self.people:
            raise Refused("nobody is signed in in this browser")
        return self.people[self._cookie(asked)]

    def _forget(self, asked: Asked):
        self.people.pop(self._cookie(asked), None)

    def _send(self, binding: str, message, to: str, relay_state: str, kind: str,
              signed: bool = True) -> Answer:
        if binding == POST:
            fields = {kind: base64.b64encode(str(message).encode()).decode()}
            return self_posting(to, fields | ({"RelayState": relay_state} if relay_state else {}))
        sent = self.idp.apply_binding(REDIRECT, str(message), to, relay_state,
                                      response=kind == "SAMLResponse", sign=signed, sigalg=RSA_SHA256)
        return Answer(303, b"", [("Location", dict(sent["headers"])["Location"])])


class Cipher:
    """pysaml2 encrypts with 3DES unless told otherwise, and its own interface to tell it stops one call short
    of create_authn_response: the two functions that take a cipher are called with one here."""

    def __init__(self, idp: saml2.server.Server, algorithm: str):
        self.security, self.algorithm = idp.sec, algorithm
        self.template, self.encrypt = saml2.entity.pre_encryption_part, idp.sec.encrypt_assertion

    def __enter__(self):
        saml2.entity.pre_encryption_part = lambda **options: self.template(msg_enc=self.algorithm, **options)
        self.security.encrypt_assertion = lambda *positional, **options: self.encrypt(
            *positional, key_type=SESSION_KEYS[self.algorithm], **options)

    def __exit__(self, *_):
        saml2.entity.pre_encryption_part = self.template
        del self.security.encrypt_assertion


def self_posting(to: str, fields: dict[str, str]) -> Answer:
    inputs = "".join(f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                     for name, value in fields.items())
    page = f'<!doctype html><title>on</title><form method="post" action="{html.escape(to)}">{inputs}</form>'
    return Answer(200, page.encode(), [("Content-Type", "text/html; charset=utf-8")])
