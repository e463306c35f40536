"""The keys of data at rest change under a running suite (decision E7), exactly as docs/runbooks/key-rotation.md
says: a new key in every ring, then the current one, then everything written again, then the old key gone,
while people sign in all the time. Everybody stays who they are."""

import json
import pathlib
import re
import secrets
import signal
import subprocess
import threading
import unittest

import edge_test
import operations

RATE = 20
PEOPLE = ("idme_loa3", "mhv_premium", "logingov_ial2", "dslogon_level2")
SEALED = ("auth-gateway", "user-attributes", "mhv-account", "mpi-adapter")
RINGS = {"sealed-box": "sealing AES-256-GCM", "lookup": "lookup HMAC-SHA256"}


def put(path: pathlib.Path, content: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(content, encoding="ascii")
    fresh.replace(path)


class Rewrap(unittest.TestCase):
    def setUp(self):
        self.stack = operations.Stack("rewrap")
        self.addCleanup(self.stack.close)

    def ring(self, name: str) -> pathlib.Path:
        return self.stack.path(f"pki/{name}.keys")

    def exchange(self, change) -> None:
        """Changes every ring, and waits until every process has taken it."""
        users = [(s, "sealed_box") for s in SEALED] + [(s, "lookup") for s in SEALED[1:]]

        def taken(service: str, unit: str) -> float:
            return self.stack.metric(service, "va_reload_total", unit=unit, outcome="ok")

        before = {user: taken(*user) for user in users}
        for name in RINGS:
            change(name)
        for user in users:
            operations.until(lambda u=user: taken(*u) > before[u], f"{user} has taken the ring")
            self.assertEqual(self.stack.metric(user[0], "va_reload_failed", unit=user[1]), 0)

    def keys(self, verb: str, service: str, *more: str) -> tuple[int, dict]:
        done = subprocess.run(self.command(verb, service, *more), check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        return done.returncode, json.loads(done.stdout)

    def command(self, verb: str, service: str, *more: str) -> list[str]:
        return [str(operations.binaries() / "signinctl"), "keys", verb, service, "--config",
                str(self.stack.path(f"config/{service}.yaml")), "--json", *more]

    def begin_ring(self, name: str) -> None:
        """The ring of the stack with its first line, which the verbs of keys go by: no time is waited for."""
        line = self.ring(name).read_text(encoding="ascii")
        put(self.ring(name), f"ring {RINGS[name]} publish=0 overlap=0 kept-by={','.join(self.keepers(name))}\n{line}")

    def keepers(self, name: str) -> tuple[str, ...]:
        return SEALED if name == "sealed-box" else SEALED[1:]

    def rotate(self, name: str, does: str) -> None:
        code, done = self.ring_verb("rotate", name, "--yes")
        self.assertEqual((code, done.get("verdict"), done.get("does")), (0, "changed", does), done)

    def retire(self, name: str, key: str) -> tuple[int, dict]:
        """With the word of every service that keeps values under the ring."""
        asked = [f"--unused-in={s}={self.stack.path(f'config/{s}.yaml')}" for s in self.keepers(name)]
        return self.ring_verb("retire", name, key, "--yes", "--destroy", *asked)

    def ring_verb(self, verb: str, name: str, *more: str) -> tuple[int, dict]:
        done = subprocess.run([str(operations.binaries() / "signinctl"), "keys", verb, str(self.ring(name)), *more,
                               "--json"], check=False, capture_output=True, timeout=300)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        return done.returncode, json.loads(done.stdout)

    def accounts(self) -> dict[str, str]:
        """Who signs in, and the account they land on."""
        found = {}
        for person in PEOPLE:
            code, text = self.stack.dev("signin", person)
            self.assertEqual(code, 0, f"{person}: {text}")
            request = re.search(r'"request_id": *"([^"]+)"', text).group(1)
            found[person] = self.stack.sql(
                f"\\t on\nSELECT account_id FROM gateway.sessions WHERE flow_id = '{request}';")
            self.assertRegex(found[person], r"^[0-9a-f-]{36}$")
        return found

    def test_E7_keys_are_exchanged_while_people_sign_in_and_everybody_stays_who_they_are(self):
        before = self.accounts()
        browser = edge_test.Browser(self.stack)
        self.assertEqual(browser.sign_in()[0], 303)
        crowd = operations.Crowd(self.stack, RATE)
        self.addCleanup(crowd.stop)
        crowd.signs_in(RATE)

        old = self.ring("lookup").read_text(encoding="ascii").split(":")[0]
        self.exchange(self.begin_ring)
        self.exchange(lambda name: self.rotate(name, "add"))
        crowd.signs_in(RATE)
        self.exchange(lambda name: self.rotate(name, "promote"))
        crowd.signs_in(RATE)
        for service in SEALED:
            code, status = self.keys("status", service)
            self.assertEqual((code, status["verdict"]), (1, "behind"), status)
        for name in RINGS:
            code, refused = self.retire(name, old)
            self.assertEqual((code, refused["reason"]), (1, "KEY_IN_USE"), refused)

        # Killed in the middle of it, somewhere: the next one goes on.
        with subprocess.Popen(self.command("rewrap", "auth-gateway", "--yes", "--batch", "1"),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            threading.Event().wait(0.1)
            process.send_signal(signal.SIGKILL)
        for service in SEALED:
            code, done = self.keys("rewrap", service, "--yes", "--batch", "10")
            self.assertEqual((code, done["verdict"]), (0, "rewrapped"), done)
            code, status = self.keys("status", service)
            self.assertEqual((code, status["verdict"]), (0, "current"), status)
            for ring in status["rings"]:
                self.assertEqual(ring["unused"], [old], ring)
        crowd.signs_in(RATE)

        def drop(name: str) -> None:
            code, done = self.retire(name, old)
            self.assertEqual((code, done.get("does")), (0, "drop"), done)
            self.assertNotIn(old, self.ring(name).read_text(encoding="ascii"))

        self.exchange(drop)
        crowd.signs_in(2 * RATE)
        result = crowd.stop()
        operations.told("keys exchanged", result)
        self.assertEqual(result["failures"], {})
        self.assertEqual(result["sessions"], result["started"])
        # Nothing of the old key is left in memory either.
        for service in SEALED:
            self.stack.stop(service)
            self.stack.start(service)
        self.assertEqual(self.accounts(), before)
        self.assertEqual(browser.request("GET", "/v0/user")[0], 200, "the session of before lives on")

    def test_E7_it_would_be_noticed_if_the_old_key_went_before_the_rewrap(self):
        """The same exchange without the step in the middle: if that changed nothing for anybody, the test
        above would prove nothing."""
        before = self.accounts()
        browser = edge_test.Browser(self.stack)
        self.assertEqual(browser.sign_in()[0], 303)
        for name in RINGS:
            put(self.ring(name), f"test-2:{secrets.token_hex(32)}\n")
        for service in SEALED:
            self.stack.stop(service)
            self.stack.start(service)
        self.assertNotEqual(browser.request("GET", "/v0/user")[0], 200)
        code, text = self.stack.dev("signin", PEOPLE[0])
        if code == 0:
            request = re.search(r'"request_id": *"([^"]+)"', text).group(1)
            self.assertNotEqual(self.stack.sql(
                f"\\t on\nSELECT account_id FROM gateway.sessions WHERE flow_id = '{request}';"),
                before[PEOPLE[0]])
        code, status = self.keys("status", "user-attributes")
        self.assertEqual((code, status["verdict"]), (1, "unreadable"), status)


if __name__ == "__main__":
    unittest.main()
