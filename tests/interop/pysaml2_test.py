"""pysaml2 as identity provider: it reads our metadata and our signed AuthnRequest, and the gateway
admits what it signs. Neither side has a line of code in common with the other."""

import base64
import logging
import shutil
import tempfile
import unittest

import saml2
import saml2.saml
import saml2.server
from saml2.config import IdPConfig

import browsing

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"


def make_idp(folder: str, sso_url: str) -> saml2.server.Server:
    """An identity provider with the identity that the stack's gateway trusts."""
    metadata = browsing.Browser().open(f"{browsing.stack('VA_URL')}/v1/sessions/metadata")
    with open(f"{folder}/sp.xml", "w", encoding="utf-8") as file:
        file.write(metadata.body)
    config = IdPConfig()
    config.load({
        "entityid": f"{browsing.stack('VA_IDP_URL')}/metadata",
        "key_file": str(browsing.pki("saml-idp.key")),
        "cert_file": str(browsing.pki("saml-idp.crt")),
        "xmlsec_binary": shutil.which("xmlsec1"),
        "metadata": {"local": [f"{folder}/sp.xml"]},
        "service": {"idp": {
            "endpoints": {"single_sign_on_service": [(sso_url, saml2.BINDING_HTTP_POST)]},
            "want_authn_requests_signed": True,
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                   "name_form": saml2.saml.NAME_FORMAT_BASIC}},
        }},
    })
    return saml2.server.Server(config=config)


class Pysaml2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # It reports what it refuses; here that is on purpose.
        logging.disable(logging.CRITICAL)
        cls.folder = tempfile.mkdtemp(prefix="va-pysaml2.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def sign_in(self, persona: dict, browser: browsing.Browser, **signing) -> browsing.Page:
        sso_url, fields = browsing.start(browser, persona)
        idp = make_idp(self.folder, sso_url)
        # Verifies our signature with the key of our metadata, and the Destination.
        asked = idp.parse_authn_request(fields["SAMLRequest"], saml2.BINDING_HTTP_POST)
        arguments = idp.response_args(asked.message)
        name_id = saml2.saml.NameID(format=saml2.saml.NAMEID_FORMAT_UNSPECIFIED,
                                    text=persona["name_id"])
        options = {"sign_response": False, "sign_assertion": True, "sign_alg": RSA_SHA256,
                   "digest_alg": SHA256} | signing
        response = idp.create_authn_response(
            browsing.attribute_values(persona), in_response_to=arguments["in_response_to"],
            destination=arguments["destination"], sp_entity_id=arguments["sp_entity_id"],
            name_id=name_id, authn={"class_ref": persona["authn_context"]}, **options)
        return browser.open(arguments["destination"], {
            "SAMLResponse": base64.b64encode(str(response).encode()).decode(),
            "RelayState": fields["RelayState"]})

    def test_every_persona_ends_as_its_file_says(self):
        for persona in browsing.personas():
            with self.subTest(persona["id"]):
                browser = browsing.Browser()
                answer = self.sign_in(persona, browser)
                browsing.check_end(self, browser, persona, answer)

    def test_a_signed_response_and_sha512_are_admitted(self):
        persona = next(one for one in browsing.personas() if one["id"] == "idme_loa3")
        for signing in ({"sign_response": True, "sign_assertion": True},
                        {"sign_alg": RSA_SHA512, "digest_alg": SHA512}):
            with self.subTest(signing):
                browser = browsing.Browser()
                answer = self.sign_in(persona, browser, **signing)
                browsing.check_end(self, browser, persona, answer)

    def test_P4_sha1_is_refused(self):
        persona = next(one for one in browsing.personas() if one["id"] == "idme_loa3")
        browser = browsing.Browser()
        answer = self.sign_in(persona, browser, sign_alg=RSA_SHA1, digest_alg=SHA1)
        self.assertEqual(answer.status, 403, answer.body[:300])
        self.assertIsNone(browser.cookie("__Host-va_session"))

    def test_P5_an_unsigned_assertion_is_refused(self):
        persona = next(one for one in browsing.personas() if one["id"] == "idme_loa3")
        browser = browsing.Browser()
        answer = self.sign_in(persona, browser, sign_assertion=False)
        self.assertEqual(answer.status, 403, answer.body[:300])
        self.assertIsNone(browser.cookie("__Host-va_session"))

    def test_an_authn_request_that_was_altered_is_refused_by_pysaml2(self):
        """Shows that its check of our signature is one that can fail."""
        persona = next(one for one in browsing.personas() if one["id"] == "idme_loa3")
        sso_url, fields = browsing.start(browsing.Browser(), persona)
        xml = base64.b64decode(fields["SAMLRequest"]).decode()
        self.assertIn('ForceAuthn="true"', xml)
        altered = base64.b64encode(xml.replace('ForceAuthn="true"', 'ForceAuthn="false"').encode())
        idp = make_idp(self.folder, sso_url)
        with self.assertRaises(Exception):
            idp.parse_authn_request(altered.decode(), saml2.BINDING_HTTP_POST)


if __name__ == "__main__":
    unittest.main()
