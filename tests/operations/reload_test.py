"""What changes under a running suite: keys, certificates, policy, configuration. What cannot be used leaves
the service on what it has, with an alarm, while people go on signing in; what is good takes effect."""

import os
import pathlib
import re
import signal
import ssl
import subprocess
import unittest

import operations

# Enough to notice, little enough to leave the machine to what is tested.
RATE = 20
# Folders are watched; where a change is not seen by itself, contents are compared every few seconds.
NOTICED = operations.PATIENCE


def put(path: pathlib.Path, content: bytes) -> None:
    """As careful operators do it: whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)


def openssl(*words: str) -> bytes:
    return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class Reload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("reload")
        cls.addClassCleanup(cls.stack.close)

    def file(self, name: str) -> pathlib.Path:
        """A file of the stack, put back as it was when the test ends."""
        path = self.stack.path(name)
        content = path.read_bytes()
        self.addCleanup(lambda: path.read_bytes() == content or put(path, content))
        return path

    def crowd(self) -> operations.Crowd:
        crowd = operations.Crowd(self.stack, RATE)
        self.addCleanup(crowd.stop)
        return crowd

    def alarm(self, service: str, unit: str) -> float:
        return self.stack.metric(service, "va_reload_failed", unit=unit)

    def reloads(self, service: str, unit: str, outcome: str) -> float:
        return self.stack.metric(service, "va_reload_total", unit=unit, outcome=outcome)

    def refuses(self, path: pathlib.Path, bad: bytes, unit: str, services: tuple[str, ...],
                spoil=put) -> None:
        """Bad content: an alarm, and everything goes on; good content again: no alarm."""
        good = path.read_bytes()
        crowd = self.crowd()
        for service in services:
            self.assertEqual(self.alarm(service, unit), 0, "the alarm is on before anything happened")
        pids = dict(self.stack.pids)
        spoil(path, bad)
        for service in services:
            operations.until(lambda s=service: self.alarm(s, unit) == 1,
                             f"{service} gives the alarm of {unit}", NOTICED)
        crowd.signs_in(RATE)
        for service in services:
            self.assertTrue(self.stack.alive(service))
            self.assertTrue(self.stack.ready(service), f"{service} serves with what it had, and says so")
            self.assertEqual(self.alarm(service, unit), 1, "an alarm stays as long as its cause")
        put(path, good)
        for service in services:
            operations.until(lambda s=service: self.alarm(s, unit) == 0,
                             f"{service} ends the alarm of {unit}", NOTICED)
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told(f"{unit} spoilt", result)
        self.assertEqual(result["failures"], {})
        self.assertEqual(self.stack.pids, pids)

    def test_K2_the_saml_key_of_somebody_else_changes_nothing_and_gives_an_alarm(self):
        self.refuses(self.file("pki/saml-sp.key"), openssl("genrsa", "2048"), "saml", ("auth-gateway",))

    def test_K2_a_half_written_idp_certificate_changes_nothing_and_gives_an_alarm(self):
        path = self.file("pki/saml-idp.crt")
        content = path.read_bytes()
        # In place, as a careless copy does it.
        self.refuses(path, content[:len(content) // 2], "saml", ("auth-gateway",),
                     pathlib.Path.write_bytes)

    def test_K2_a_grpc_certificate_without_its_key_changes_nothing_and_gives_an_alarm(self):
        path = self.file("pki/user-attributes.crt")
        self.refuses(path, self.stack.path("pki/mpi-adapter.crt").read_bytes(), "grpc_tls",
                     ("user-attributes",))

    def test_K2_our_certificate_for_mpi_without_its_key_changes_nothing_and_gives_an_alarm(self):
        path = self.file("pki/mpi-adapter.crt")
        self.refuses(path, self.stack.path("pki/user-attributes.crt").read_bytes(), "http_tls",
                     ("mpi-adapter",))

    def test_K2_half_a_ring_changes_nothing_and_gives_an_alarm_in_every_service_that_shares_it(self):
        for name, unit, services in (
                ("lookup", "lookup", ("user-attributes", "mhv-account", "mpi-adapter")),
                ("sealed-box", "sealed_box", ("auth-gateway", "user-attributes", "mhv-account", "mpi-adapter"))):
            with self.subTest(ring=name):
                path = self.file(f"pki/{name}.keys")
                self.refuses(path, path.read_bytes()[:40], unit, services)

    def test_K2_a_public_certificate_without_its_key_changes_nothing_and_gives_an_alarm(self):
        path = self.file("pki/gateway-tls.crt")
        before = self.public_certificate()
        self.refuses(path, self.stack.path("pki/mpi-adapter.crt").read_bytes(), "public_tls",
                     ("auth-gateway",))
        self.assertEqual(self.public_certificate(), before)

    def test_K3_a_bad_policy_changes_nothing_and_gives_an_alarm_in_both_services(self):
        path = self.file("policy.yaml")
        bad = path.read_bytes().replace(b"min_aal: 1", b"min_aal: one", 1)
        self.refuses(path, bad, "policy", ("auth-gateway", "user-attributes"))

    def test_K3_a_bad_configuration_at_sighup_changes_nothing_and_gives_an_alarm(self):
        path = self.file("config/auth-gateway.yaml")

        def spoil(where, content):
            put(where, content)
            os.kill(self.stack.pids["auth-gateway"], signal.SIGHUP)

        self.refuses(path, path.read_bytes() + b"\nno_such_section:\n  key: 1\n", "config",
                     ("auth-gateway",), spoil)

    def public_certificate(self) -> bytes:
        with operations.connect(self.stack) as edge:
            return edge.getpeercert(binary_form=True)

    def test_a_new_public_certificate_is_shown_to_new_connections_and_open_ones_stay(self):
        pki = self.stack.path("pki")
        files = self.file("pki/gateway-tls.crt"), self.file("pki/gateway-tls.key")
        crowd = self.crowd()
        before = self.public_certificate()
        page = f"GET /sign-in/ HTTP/1.1\r\nHost: {operations.host_of(self.stack)}\r\n\r\n".encode()
        with operations.connect(self.stack) as kept:
            def serves() -> int:
                """A connection that asks nothing is closed after a while, whatever else happens."""
                kept.sendall(page)
                return operations.read_answer(kept)[0]

            self.assertEqual(serves(), 200)
            for one in files:
                one.unlink()
            self.stack.shell(f"cd {pki}; make_leaf gateway-tls DNS:localhost serverAuth")
            wanted = ssl.PEM_cert_to_DER_cert(files[0].read_text(encoding="ascii"))
            self.assertNotEqual(wanted, before)
            operations.until(lambda: serves() == 200 and self.public_certificate() == wanted,
                             "clients see the new one, and the open connection serves", NOTICED)
            self.assertEqual(serves(), 200, "the open connection still serves")
        crowd.signs_in(RATE)
        self.assertEqual(crowd.stop()["failures"], {})
        operations.until(lambda: self.alarm("auth-gateway", "public_tls") == 0, "no alarm is left", NOTICED)

    def test_a_new_grpc_certificate_is_used_and_no_call_is_lost(self):
        pki = self.stack.path("pki")
        files = self.file("pki/user-attributes.crt"), self.file("pki/user-attributes.key")
        before = self.reloads("user-attributes", "grpc_tls", "ok")
        crowd = self.crowd()
        for one in files:
            one.unlink()
        self.stack.shell(f"cd {pki}; make_leaf user-attributes "
                         "DNS:user-attributes.va.internal,DNS:localhost,IP:127.0.0.1 serverAuth,clientAuth")
        wanted = ssl.PEM_cert_to_DER_cert(files[0].read_text(encoding="ascii"))
        operations.until(lambda: self.reloads("user-attributes", "grpc_tls", "ok") > before,
                         "the new certificate is taken", NOTICED)
        self.assertEqual(self.grpc_certificate(), wanted)
        crowd.signs_in(RATE)
        self.assertEqual(crowd.stop()["failures"], {})

    def grpc_certificate(self) -> bytes:
        port = self.stack.port("user-attributes", "GRPC")
        shown = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "h2",
                        "-cert", self.stack.env["VA_CLIENT_CERT"], "-key", self.stack.env["VA_CLIENT_KEY"])
        found = re.search(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", shown, re.S)
        return ssl.PEM_cert_to_DER_cert(found.group(0).decode("ascii"))

    def test_E5_a_new_policy_takes_effect_in_both_services_and_nobody_falls_between_two(self):
        path = self.file("policy.yaml")
        services = "auth-gateway", "user-attributes"
        before = {s: self.reloads(s, "policy", "ok") for s in services}
        crowd = self.crowd()
        version = "2026-11-operations"
        put(path, re.sub(rb'(?m)^version: .*$', f'version: "{version}"'.encode(), path.read_bytes()))
        for service in services:
            operations.until(lambda s=service: self.reloads(s, "policy", "ok") > before[s],
                             f"{service} takes the new policy", NOTICED)
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told("policy changed", result)
        self.assertEqual(result["failures"], {})
        self.assertIn(version, self.stack.path("audit/user-attributes.jsonl").read_text(encoding="utf-8"))

    def test_a_new_key_of_the_idp_is_believed_and_the_old_one_no_more(self):
        certificate, key = self.file("pki/saml-idp.crt"), self.file("pki/saml-idp.key")
        line = pathlib.Path(f"/proc/{self.stack.pids['idp-simulator']}/cmdline").read_bytes()
        command = " ".join(word.decode() for word in line.split(b"\0") if word)

        def restart_idp():
            self.stack.stop("idp-simulator")
            self.stack.shell(f"start_process idp-simulator {command}")
            self.stack.pids["idp-simulator"] = int(self.stack.shell("pid_of idp-simulator"))
            port = self.stack.env["VA_PORT_IDP_SIMULATOR"]
            operations.until(lambda: self.stack.shell(f"port_open {port} && echo yes || true"),
                             "the identity provider listens")

        old = certificate.read_bytes(), key.read_bytes()
        before = self.reloads("auth-gateway", "saml", "ok")
        for one in (certificate, key):
            one.unlink()
        self.stack.shell(f"cd {certificate.parent}; make_saml saml-idp")
        operations.until(lambda: self.reloads("auth-gateway", "saml", "ok") > before,
                         "the new certificate is taken", NOTICED)
        # The simulator still signs with the old key: nobody may get in.
        self.assertEqual(self.sign_in()[0], 3)
        restart_idp()
        self.assertEqual(self.sign_in()[0], 0, self.sign_in()[1])
        put(certificate, old[0])
        put(key, old[1])
        restart_idp()
        operations.until(lambda: self.sign_in()[0] == 0, "the old key is believed again", NOTICED)

    def sign_in(self) -> tuple[int, str]:
        return self.stack.dev("signin", "mhv_premium")


if __name__ == "__main__":
    unittest.main()
