"""An identity provider that is known by its metadata at an address: a new key is believed without a restart, what
cannot be believed changes nothing, and a publisher that is away costs nobody a sign-in while a good copy is kept."""

import datetime
import http.server
import os
import re
import signal
import ssl
import subprocess
import threading
import unittest

import yaml

import operations

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def body_of(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


class Publisher:
    """Serves what it is told to, at an address of its own."""

    def __init__(self, stack: operations.Stack):
        self.status, self.body, self.location = 200, b"", ""
        self.before_answer = lambda: None
        publisher = self

        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802: the library's name
                publisher.before_answer()
                self.send_response(publisher.status)
                if publisher.location:
                    self.send_header("Location", publisher.location)
                self.send_header("Content-Length", str(len(publisher.body)))
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stack.path("pki/simulators.crt"), stack.path("pki/simulators.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}/metadata"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, body: bytes = b"", status: int = 200, location: str = ""):
        self.status, self.body, self.location = status, body, location

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Metadata(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("metadata")
        cls.addClassCleanup(cls.stack.close)
        cls.publisher = Publisher(cls.stack)
        cls.addClassCleanup(cls.publisher.close)
        cls.stack.shell(f"cd {cls.stack.path('pki')}; make_saml publisher; make_saml saml-idp-next")
        cls.row = yaml.safe_load(cls.stack.path("idps.yaml").read_text(encoding="utf-8"))["idps"]["ssoe"]
        by_address = {
            "entity_id": cls.row["entity_id"],
            "metadata": {"url": cls.publisher.url, "ca_file": str(cls.stack.path("pki/ca.crt")),
                         "signing_certificate_files": [str(cls.stack.path("pki/publisher.crt"))]}}
        cls.publisher.says(cls.signed(["saml-idp"]))
        cls.exchange("idps.yaml", lambda known: known["idps"].update(ssoe=by_address), "saml")
        operations.until(cls.is_open, "the metadata is read")

    @classmethod
    def signed(cls, keys: list[str], signer: str = "publisher", until: str = "2037-01-01T00:00:00Z",
               entity_id: str = "") -> bytes:
        """Metadata of the simulator with these keys, signed by xmlsec1: other software than ours."""
        pki = cls.stack.path("pki")
        listed = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
            f'{body_of((pki / f"{key}.crt").read_text(encoding="ascii"))}'
            f'</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>' for key in keys)
        algorithms = "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
        template = (
            f'<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="{DS}" ID="_m" entityID="{entity_id or cls.row["entity_id"]}" '
            f'validUntil="{until}"><ds:Signature><ds:SignedInfo>'
            f'<ds:CanonicalizationMethod Algorithm="{algorithms[0]}"/>'
            f'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
            f'<ds:Reference URI="#_m"><ds:Transforms><ds:Transform Algorithm="{algorithms[1]}"/>'
            f'<ds:Transform Algorithm="{algorithms[0]}"/></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>'
            f'</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{listed}'
            f'<md:SingleSignOnService Binding="{POST}" Location="{cls.row["sso_url"]}"/>'
            f'</md:IDPSSODescriptor></md:EntityDescriptor>')
        file = cls.stack.path("unsigned.xml")
        file.write_text(template, encoding="utf-8")
        return subprocess.run(["xmlsec1", "--sign", "--id-attr:ID", f"{MD}:EntityDescriptor", "--privkey-pem",
                               str(pki / f"{signer}.key"), str(file)], check=True, stdout=subprocess.PIPE).stdout

    @classmethod
    def is_open(cls) -> bool:
        return cls.stack.metric("auth-gateway", "va_saml_idp_open", idp="ssoe") == 1

    def fetched(self, outcome: str) -> float:
        return self.fetched_of("ssoe", outcome)

    def fetched_of(self, idp: str, outcome: str) -> float:
        return self.stack.metric("auth-gateway", "va_saml_metadata_fetch_total", idp=idp, outcome=outcome)

    def asks_again(self, outcome: str):
        """SIGHUP: every source is asked at once, and nothing restarts."""
        pid, before = self.stack.pids["auth-gateway"], []
        # One source is asked once at a time, so when a request comes, all earlier ones are counted: a retry that was
        # under way, with what the publisher said before, is not taken for the answer.
        self.publisher.before_answer = lambda: before.append(self.fetched(outcome))
        os.kill(pid, signal.SIGHUP)
        operations.until(lambda: before and self.fetched(outcome) > before[0],
                         f"it is asked, and that ends with {outcome}")
        self.publisher.before_answer = lambda: None
        self.assertEqual(self.stack.pids["auth-gateway"], pid)

    def sign_in(self) -> int:
        return self.stack.dev("signin", "mhv_premium")[0]

    def restart(self):
        self.stack.stop("auth-gateway")
        self.stack.start("auth-gateway")

    def sign_in_page(self) -> str:
        return self.page("/sign-in/")

    def page(self, path: str) -> str:
        return operations.answer_to(
            self.stack, f"GET {path} HTTP/1.1\r\nHost: {operations.host_of(self.stack)}\r\n\r\n".encode())[2]

    @classmethod
    def exchange(cls, name: str, change, unit: str):
        """Another content in place of a YAML file, by rename; waits until it is taken."""
        file = cls.stack.path(name)
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        change(content)
        before = cls.stack.metric("auth-gateway", "va_reload_total", unit=unit, outcome="ok")
        fresh = file.with_name("fresh.yaml")
        fresh.write_text(yaml.safe_dump(content), encoding="utf-8")
        fresh.replace(file)
        operations.until(lambda: cls.stack.metric("auth-gateway", "va_reload_total", unit=unit, outcome="ok") > before,
                         f"{name} is taken")

    def test_S55_the_key_that_follows_is_believed_beside_the_old_one_without_a_restart(self):
        self.publisher.says(self.signed(["saml-idp"]))
        self.asks_again("ok")
        self.assertEqual(self.sign_in(), 0)
        self.publisher.says(self.signed(["saml-idp-next"]))
        self.asks_again("ok")
        self.assertEqual(self.sign_in(), 3, "it still signs with the old key, which is listed no more")
        self.publisher.says(self.signed(["saml-idp-next", "saml-idp"]))
        self.asks_again("ok")
        self.assertEqual(self.sign_in(), 0, "both are listed")

    def test_S144_what_cannot_be_believed_changes_nothing(self):
        good = self.signed(["saml-idp"])
        self.publisher.says(good)
        self.asks_again("ok")
        for bad in (self.signed(["saml-idp-next"], signer="saml-idp-next"),
                    self.signed(["saml-idp-next"], until="2020-01-01T00:00:00Z"),
                    good.replace(b"/login", b"/logon"), b"<html/>"):
            self.publisher.says(bad)
            self.asks_again("refused")
            self.assertEqual(self.sign_in(), 0)
        self.assertEqual(self.stack.path("metadata/ssoe.xml").read_bytes(), good)

    def test_S145_an_address_that_leads_elsewhere_or_says_too_much_changes_nothing(self):
        self.publisher.says(self.signed(["saml-idp"]))
        self.asks_again("ok")
        self.publisher.says(status=302, location="file:///etc/hostname")
        self.asks_again("redirected")
        self.publisher.says(b"x" * (3 << 20))
        self.asks_again("too_large")
        self.assertEqual(self.sign_in(), 0)

    def test_while_the_publisher_is_away_a_restart_serves_from_the_copy_and_without_one_is_switched_off(self):
        good = self.signed(["saml-idp"])
        self.publisher.says(good)
        self.asks_again("ok")
        self.publisher.says(status=500)
        self.restart()
        self.assertEqual(self.sign_in(), 0, "the copy on disk is good")

        self.stack.stop("auth-gateway")
        self.stack.path("metadata/ssoe.xml").unlink()
        self.stack.start("auth-gateway")
        self.assertFalse(self.is_open())
        self.assertIn("not available right now", self.sign_in_page())
        self.assertEqual(self.sign_in(), 4, "try later, on a page that says so")
        ready = f"http://127.0.0.1:{self.stack.port('auth-gateway', 'OPS')}/readyz"
        status, health = operations.until(
            lambda: next((answer for answer in [operations.get(ready)] if "METADATA_MISSING" in answer[1]), None),
            "health says why")
        self.assertEqual(status, 200, "a provider that is away takes nobody out of rotation")
        self.assertIn('"name":"identity-providers","kind":"degraded"', health)
        self.publisher.says(good)
        operations.until(self.is_open, "it comes back by itself")
        self.assertEqual(self.sign_in(), 0)
        self.assertNotIn("not available right now", self.sign_in_page())

    def test_a_provider_whose_file_is_missing_is_switched_off_alone_and_shown_under_its_name(self):
        self.publisher.says(self.signed(["saml-idp"]))
        self.asks_again("ok")
        late = self.stack.path("late.xml")
        row = {"entity_id": "https://late.example/entity",
               "metadata": {"file": str(late), "signing_certificate_files": [str(self.stack.path("pki/publisher.crt"))]}}
        self.exchange("idps.yaml", lambda known: known["idps"].update(late=row), "saml")
        self.addCleanup(self.exchange, "idps.yaml", lambda known: known["idps"].pop("late"), "saml")

        def lead_to(name):
            def change(policy):
                policy["idps"].setdefault(name, {"allow_unsolicited": False, "want": "assertion"})
                policy["csps"]["dslogon"]["idp"] = name
            return change
        self.exchange("policy.yaml", lead_to("late"), "policy")
        self.addCleanup(self.exchange, "policy.yaml", lead_to("ssoe"), "policy")

        open_ones = {labels["idp"]: value for name, labels, value in
                     operations.samples(self.stack.metrics_text("auth-gateway")) if name == "va_saml_idp_open"}
        self.assertEqual(open_ones, {"ssoe": 1, "late": 0})
        self.assertEqual(self.sign_in_page().count("not available right now"), 1)
        self.assertEqual(self.sign_in(), 0, "the others work")
        self.restart()
        self.assertEqual(self.sign_in(), 0, "a start does not wait for the file either")
        self.assertEqual(self.sign_in_page().count("not available right now"), 1)
        late.write_bytes(self.signed(["saml-idp"]).replace(self.row["entity_id"].encode(), row["entity_id"].encode()))
        operations.until(lambda: self.fetched_of("late", "refused") > 0, "it is read, and not believed")
        self.assertEqual(self.sign_in_page().count("not available right now"), 1)
        late.write_bytes(self.signed(["saml-idp"], entity_id=row["entity_id"]))
        operations.until(lambda: "not available right now" not in self.sign_in_page(), "it comes back by itself")

    def test_our_metadata_is_signed_as_other_software_reads_it_and_valid_for_a_month(self):
        ours = self.page("/saml/metadata")
        file = self.stack.path("ours.xml")
        file.write_text(ours, encoding="utf-8")
        verified = subprocess.run(["xmlsec1", "--verify", "--id-attr:ID", f"{MD}:EntityDescriptor", "--pubkey-cert-pem",
                                   str(self.stack.path("pki/saml-sp.crt")), str(file)],
                                  check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(verified.returncode, 0, verified.stdout.decode())
        until = datetime.datetime.fromisoformat(re.search(r'validUntil="([^"]+)Z"', ours).group(1) + "+00:00")
        left = until - datetime.datetime.now(datetime.timezone.utc)
        self.assertGreater(left, datetime.timedelta(days=28))
        self.assertLessEqual(left, datetime.timedelta(days=30))


if __name__ == "__main__":
    unittest.main()
