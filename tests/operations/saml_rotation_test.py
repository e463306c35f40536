"""The ring of our SAML keys rotates with `signinctl keys` while people sign in through an identity provider that
knows us by our metadata, takes it over when it likes, and encrypts what it says to each key listed there in turn."""

import json
import os
import pathlib
import re
import subprocess
import unittest

import operations

RATE = 20
RING = "saml.signing_ring_file"
DESCRIPTOR = re.compile(r'<md:KeyDescriptor use="(\w+)">.*?<ds:X509Certificate>([^<]+)<.*?</md:KeyDescriptor>', re.S)


class SamlRotation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("saml-rotation")
        cls.addClassCleanup(cls.stack.close)
        cls.ring = cls.stack.path("pki/saml-sp.ring")
        cls.known = cls.stack.path("known-of-us.xml")
        cls.partner_takes(cls.ours())
        cls.restart_partner()

    @classmethod
    def restart_partner(cls):
        """The identity provider knows us by our metadata from now on."""
        line = pathlib.Path(f"/proc/{cls.stack.pids['idp-simulator']}/cmdline").read_bytes()
        words = [word.decode() for word in line.split(b"\0") if word]
        at = words.index("--sp-cert")
        words[at:at + 2] = ["--sp-metadata", str(cls.known)]
        cls.stack.stop("idp-simulator")
        cls.stack.shell(f"start_process idp-simulator {' '.join(words)}")
        cls.stack.pids["idp-simulator"] = int(cls.stack.shell("pid_of idp-simulator"))
        port = cls.stack.env["VA_PORT_IDP_SIMULATOR"]
        operations.until(lambda: cls.stack.shell(f"port_open {port} && echo yes || true"),
                         "the identity provider listens")

    @classmethod
    def ours(cls) -> str:
        host = operations.host_of(cls.stack)
        status, _, text = operations.answer_to(
            cls.stack, f"GET /saml/metadata HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert status == 200, f"/saml/metadata answers {status}"
        return text

    @staticmethod
    def listed(metadata: str, use: str) -> list[str]:
        return [certificate for said, certificate in DESCRIPTOR.findall(metadata) if said == use]

    @classmethod
    def partner_takes(cls, metadata: str):
        fresh = cls.known.with_name("fresh.xml")
        fresh.write_text(metadata, encoding="utf-8")
        fresh.replace(cls.known)

    def keys(self, *words: str, code: int = 0) -> dict:
        done = subprocess.run([str(operations.binaries() / "signinctl"), "keys", *words, "--json"], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout.decode() + done.stderr.decode())
        return json.loads(done.stdout)

    def until_taken(self, *words: str):
        """A change of the ring, and the gateway has it."""
        before = self.stack.metric("auth-gateway", "va_reload_total", unit="saml", outcome="ok")
        self.keys(*words)
        operations.until(lambda: self.stack.metric("auth-gateway", "va_reload_total", unit="saml",
                                                   outcome="ok") > before, f"keys {words[0]} is taken")

    def sign_in(self) -> int:
        return self.stack.dev("signin", "mhv_premium")[0]

    def ring_keys(self, state: str) -> float:
        return self.stack.metric("auth-gateway", "va_key_ring_keys", ring=RING, state=state)

    def test_A22_a_rotation_under_sign_ins_with_encrypted_assertions_loses_nobody(self):
        ring, pids, before = str(self.ring), dict(self.stack.pids), self.ours()
        old = self.listed(before, "signing")
        self.assertEqual(len(old), 1)
        self.assertEqual(self.listed(before, "encryption"), old)
        old_id = next(key["id"] for key in self.keys("list", ring)["rings"][0]["keys"])
        crowd = operations.Crowd(self.stack, RATE)
        self.addCleanup(crowd.stop)

        self.until_taken("rotate", ring, "--yes")
        both = self.ours()
        new = [one for one in self.listed(both, "signing") if one not in old]
        self.assertEqual(self.listed(both, "signing"), old + new, "the one that signs, then the next")
        self.assertEqual(self.listed(both, "encryption"), old + new)
        self.assertEqual((self.ring_keys("current"), self.ring_keys("next")), (1, 1))
        self.assertEqual(self.keys("rotate", ring, "--yes", code=1)["reason"], "TOO_EARLY")
        crowd.signs_in(RATE)  # through a partner that has not heard of it
        self.partner_takes(both)
        crowd.signs_in(3 * RATE)  # half of what it says is for the next key

        self.until_taken("rotate", ring, "--yes", "--force")
        after = self.ours()
        self.assertEqual((self.listed(after, "signing"), self.listed(after, "encryption")), (new, new))
        self.assertEqual((self.ring_keys("current"), self.ring_keys("retired")), (1, 1))
        crowd.signs_in(3 * RATE)  # half of what it says is for the old key
        self.partner_takes(after)
        crowd.signs_in(3 * RATE)

        self.until_taken("retire", ring, old_id, "--yes", "--force")
        self.assertEqual((self.ring_keys("current"), self.ring_keys("retired")), (1, 0))
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told("SAML ring rotated", result)
        self.assertEqual(result["failures"], {})
        self.assertEqual(self.stack.pids, pids, "nothing was restarted")
        self.assertTrue(all(self.stack.alive(name) for name in pids))

        # That this partner looks at keys at all: it refuses the new one's requests while it knows the old one
        # only, and what it encrypts to the key that is gone opens no more.
        self.partner_takes(before)
        self.assertNotEqual(self.sign_in(), 0)
        head, _, tail = after.rpartition(new[0])
        self.partner_takes(head + old[0] + tail)
        self.assertEqual(self.sign_in(), 3)
        self.partner_takes(after)
        self.assertEqual(self.sign_in(), 0)
        self.assertIn('"key.rotated"', self.stack.path("audit/auth-gateway.jsonl").read_text(encoding="utf-8"))

    def test_a_ring_that_cannot_be_used_changes_nothing_and_its_certificates_are_watched(self):
        good, served = self.ring.read_bytes(), self.ours()
        ends = self.stack.metric("auth-gateway", "va_certificate_not_after_seconds", unit="saml")
        self.assertGreater(ends, 0)
        self.addCleanup(self.ring.write_bytes, good)
        self.ring.write_bytes(good.replace(b":current", b":next", 1))
        operations.until(lambda: self.stack.metric("auth-gateway", "va_reload_failed", unit="saml") == 1,
                         "the alarm is on")
        self.assertEqual(self.listed(self.ours(), "signing"), self.listed(served, "signing"))
        self.assertEqual(self.sign_in(), 0)
        self.ring.write_bytes(good)
        operations.until(lambda: self.stack.metric("auth-gateway", "va_reload_failed", unit="saml") == 0,
                         "the alarm is off")
        # A next key that ends sooner than the one that signs counts at once.
        self.until_taken("rotate", str(self.ring), "--yes", "--valid-days", "20")
        self.assertLess(self.stack.metric("auth-gateway", "va_certificate_not_after_seconds", unit="saml"), ends)
        self.assertEqual(os.stat(self.ring).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
