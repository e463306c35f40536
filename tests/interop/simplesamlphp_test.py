"""SimpleSAMLphp as identity provider: it reads our published metadata, verifies our AuthnRequest and
signs the personas' attribute sets; the gateway admits them."""

import base64
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import browsing

HERE = pathlib.Path(__file__).resolve().parent
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
START_SECONDS = 15


class Provider:
    """One SimpleSAMLphp under PHP's built-in server, with a configuration folder of its own."""

    def __init__(self, folder: str):
        self.folder = pathlib.Path(folder)
        shutil.copytree(HERE / "simplesamlphp", self.folder / "config")
        metadata = browsing.Browser().open(f"{browsing.stack('VA_URL')}/v1/sessions/metadata")
        (self.folder / "config" / "sp.xml").write_text(metadata.body, encoding="utf-8")
        # What the gateway has been told is the provider's address: AuthnRequests name it.
        self.origin = browsing.stack("VA_IDP_URL")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = subprocess.Popen(
            ["php8.2", "-d", "display_errors=0", "-d", "log_errors=0", "-S", f"127.0.0.1:{self.port}",
             str(HERE / "simplesamlphp" / "router.php")],
            env=os.environ | {"SIMPLESAMLPHP_CONFIG_DIR": str(self.folder / "config")},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.server.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("PHP's built-in server does not start")

    def stop(self):
        self.server.terminate()
        self.server.wait(10)

    def become(self, persona: dict, **signing):
        run = {"base_url": self.origin, "folder": str(self.folder),
               "pki": str(browsing.pki("")), "salt": secrets.token_hex(16),
               "entity_id": f"{self.origin}/metadata", "attributes": browsing.attribute_values(persona),
               "name_id": persona["name_id"], "authn_context": persona["authn_context"],
               "signature_algorithm": RSA_SHA256, "sign_assertion": True,
               "sign_response": False} | signing
        (self.folder / "config" / "run.json").write_text(json.dumps(run), encoding="utf-8")

    def answer(self, fields: dict[str, str]) -> browsing.Page:
        """Posts an AuthnRequest, and follows the provider's own redirects."""
        browser = browsing.Browser()
        host = {"Host": urllib.parse.urlsplit(self.origin).netloc}
        local = f"http://127.0.0.1:{self.port}"
        page = browser.open(f"{local}/simplesaml/saml2/idp/SSOService.php", fields, host)
        for _ in range(5):
            if page.status not in (302, 303):
                break
            target = urllib.parse.urlsplit(page.headers["location"])
            cookies = "; ".join(f"{one.name}={one.value}" for one in browser.jar)
            page = browser.open(f"{local}{target.path}?{target.query}", None, host | {"Cookie": cookies})
        return page


class SimpleSamlPhp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="va-simplesamlphp.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.provider = Provider(cls.folder)
        cls.addClassCleanup(cls.provider.stop)

    def sign_in(self, persona: dict, browser: browsing.Browser, **signing) -> browsing.Page:
        self.provider.become(persona, **signing)
        _, fields = browsing.start(browser, persona)
        page = self.provider.answer(fields)
        acs, answer = browsing.form_with(page, "SAMLResponse")
        self.assertEqual(acs, f"{browsing.stack('VA_URL')}/v1/sessions/callback")
        return browser.open(acs, {name: answer[name] for name in ("SAMLResponse", "RelayState")})

    def test_every_persona_ends_as_its_file_says(self):
        for persona in browsing.personas():
            with self.subTest(persona["id"]):
                browser = browsing.Browser()
                answer = self.sign_in(persona, browser)
                browsing.check_end(self, browser, persona, answer)

    def one(self) -> dict:
        return next(one for one in browsing.personas() if one["id"] == "idme_loa3")

    def test_signed_responses_and_sha512_are_admitted(self):
        for signing in ({"sign_response": True}, {"sign_response": True, "sign_assertion": False},
                        {"signature_algorithm": RSA_SHA512}):
            with self.subTest(signing):
                # The policy asks for a signed assertion (decision P5): a signed response alone is not.
                browser = browsing.Browser()
                answer = self.sign_in(self.one(), browser, **signing)
                if signing.get("sign_assertion", True):
                    browsing.check_end(self, browser, self.one(), answer)
                else:
                    self.refused(browser, answer)

    def test_P4_sha1_is_refused(self):
        browser = browsing.Browser()
        self.refused(browser, self.sign_in(self.one(), browser, signature_algorithm=RSA_SHA1))

    def test_P5_an_unsigned_assertion_is_refused(self):
        browser = browsing.Browser()
        self.refused(browser, self.sign_in(self.one(), browser, sign_assertion=False))

    def refused(self, browser: browsing.Browser, answer: browsing.Page):
        self.assertEqual(answer.status, 403)
        self.assertIsNone(browser.cookie("__Host-va_session"))

    def test_an_authn_request_that_was_altered_is_refused_by_simplesamlphp(self):
        """Shows that its check of our signature is one that can fail."""
        self.provider.become(self.one())
        _, fields = browsing.start(browsing.Browser(), self.one())
        xml = base64.b64decode(fields["SAMLRequest"]).decode()
        self.assertIn('ForceAuthn="true"', xml)
        xml = xml.replace('ForceAuthn="true"', 'ForceAuthn="false"')
        page = self.provider.answer(fields | {"SAMLRequest": base64.b64encode(xml.encode()).decode()})
        self.assertNotIn("SAMLResponse", page.body)


if __name__ == "__main__":
    unittest.main()
