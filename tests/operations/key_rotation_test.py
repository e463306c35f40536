"""Signing keys change under load (attack A22), by the commands of docs/runbooks/key-rotation.md: two processes of
every service, calls with decision tokens at a steady rate, people who sign in, and meanwhile a ring goes
from a next key to a current one to none of the old. No token is refused inside its overlap, none of a
key that is gone is believed, and none is signed by a key before its time."""

import json
import pathlib
import re
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request

import operations

PEOPLE_A_SECOND = 4
TOKENS_A_SECOND = 30
# How old a token gets before it is shown. The ring waits longer: for this, and for processes that read it late.
HOLD = 6
PUBLISH = 20
OVERLAP = 20
PERSON = "mhv_premium"


class Calls:
    """decision-load, with the latest it said."""

    def __init__(self, stack: operations.Stack, session: dict[str, str]):
        def processes(name: str) -> str:
            return ",".join(f"127.0.0.1:{stack.port(n, 'GRPC')}" for n in (name, name + "-b"))
        self._last: dict = {}
        self._probes: list[dict] = []
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [str(operations.binaries() / "decision-load"), "--rate", str(TOKENS_A_SECOND), "--hold", str(HOLD),
             "--threads", str(TOKENS_A_SECOND * HOLD), "--attributes", processes("user-attributes"),
             "--mhv", processes("mhv-account"), "--proofing", processes("inherited-proofing"),
             "--ca", stack.env["VA_CA"], "--cert", stack.env["VA_CLIENT_CERT"],
             "--key", stack.env["VA_CLIENT_KEY"],
             *(word for name, value in session.items() for word in ("--" + name, value))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            said = json.loads(line)
            with self._lock:
                if "probe" in said:
                    self._probes.append(said["answers"])
                else:
                    self._last = said

    def now(self) -> dict:
        with self._lock:
            return dict(self._last)

    def issued(self, kid: str) -> int:
        return self.now().get("issued", {}).get(kid, 0)

    def probe(self, kid: str) -> set[str]:
        """What the processes say of the newest token of that key, each answer once."""
        with self._lock:
            before = len(self._probes)
        self._process.stdin.write(f"probe {kid}\n".encode())
        self._process.stdin.flush()

        def answered():
            with self._lock:
                return self._probes[before:]
        return set(operations.until(answered, "every process has answered")[0].values())

    def stop(self) -> dict:
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(operations.PATIENCE)
            self._reader.join(10)
            self._process.stdout.close()
        return self.now()


class KeyRotation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What MHV said is good for a second, so that the token service is asked all the time.
        cls.stack = operations.Stack("key-rotation", VA_DEV_REPLICAS="2",
                                     VA_MHV_ACCOUNT__MHV__ACCOUNT_LIFETIME="1s")
        cls.addClassCleanup(cls.stack.close)
        cls.session = cls.sign_in()

    @classmethod
    def sign_in(cls) -> dict[str, str]:
        code, text = cls.stack.dev("signin", PERSON)
        assert code == 0, text
        flow = re.search(r'"request_id": *"([^"]+)"', text).group(1)
        account = cls.stack.sql(f"\\t on\nSELECT account_id FROM gateway.sessions WHERE flow_id = '{flow}';")
        verification = cls.stack.sql(
            f"\\t on\nSELECT id FROM attributes.user_verifications WHERE user_account_id = '{account}';")
        persona = (operations.ROOT / f"tests/personas/{PERSON}.yaml").read_text(encoding="utf-8")
        policy = cls.stack.path("policy.yaml").read_text(encoding="utf-8")
        return {"flow": flow, "account": account, "verification": verification,
                "icn": re.search(r'va_eauth_icn: "(\w+)"', persona).group(1),
                "policy-version": re.search(r'(?m)^version: "?([^"\n]+)"?$', policy).group(1)}

    def load(self) -> tuple[Calls, operations.Crowd]:
        crowd = operations.Crowd(self.stack, PEOPLE_A_SECOND)
        self.addCleanup(crowd.stop)
        calls = Calls(self.stack, self.session)
        self.addCleanup(calls.stop)
        operations.until(lambda: len(calls.now().get("accepted", {})) == 6, "every process has believed a token")
        return calls, crowd

    def keys(self, verb: str, ring: pathlib.Path, *more: str) -> tuple[int, dict]:
        done = subprocess.run([str(operations.binaries() / "signinctl"), "keys", verb, str(ring), *more, "--json"],
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        return done.returncode, json.loads(done.stdout)

    def kids(self, ring: pathlib.Path) -> dict[str, tuple[str, str]]:
        """By state: the key's id in the ring, and the name its tokens carry."""
        _, listed = self.keys("list", ring)
        return {key["state"]: (key["id"], key["kid"]) for key in listed["rings"][0]["keys"]}

    def shorten(self, ring: pathlib.Path, state: str, left: int) -> None:
        """As if the key had been in this state for so long that it may leave it in `left` seconds: the services
        refuse a ring whose times are shorter than their tokens live."""
        listed = self.keys("list", ring)[1]["rings"][0]
        whole = sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in
                    re.findall(r"(\d+)([hms])", listed["publish" if state == "next" else "overlap"]))
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - whole + left))
        text, found = re.subn(rf"(?m)^([^#:]+:[^:]+:{state}):.*$", rf"\1:{since}", ring.read_text(encoding="ascii"))
        self.assertEqual(found, 1, listed)
        fresh = ring.with_name(ring.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="ascii")
        fresh.replace(ring)

    def step(self, verb: str, ring: pathlib.Path, *more: str) -> float:
        """Does a step as soon as it may be done; the moment it was asked for."""
        def done():
            asked = time.time()
            code, said = self.keys(verb, ring, *more, "--yes")
            if code == 0:
                return asked
            self.assertEqual(said["reason"], "TOO_EARLY", said)
            return None
        return operations.until(done, f"{verb} {more} may be done", PUBLISH + OVERLAP + operations.PATIENCE)

    def nobody_noticed(self, name: str, calls: Calls, crowd: operations.Crowd) -> None:
        people, said = crowd.stop(), calls.stop()
        operations.told(name, people)
        print(f"{name}: {sum(said['issued'].values())} tokens, {sum(said['accepted'].values())} believed, "
              f"oldest {said['oldest_ms'] / 1000:.1f} s, refused {said['refused'] or 'none'}, "
              f"failures {said['failures'] or 'none'}, late {said['late']}, ensured {said['ensured']}", flush=True)
        self.assertEqual(said["refused"], {}, "a token was refused inside its overlap")
        self.assertEqual(said["failures"], {})
        self.assertEqual(people["failures"], {})
        # Tokens did get as old as the test says.
        self.assertGreater(said["oldest_ms"], HOLD * 1000 * 0.8)
        self.assertEqual(set(said["ensured"]), {"ACCOUNT_STATE_ENSURED "})

    def test_A22_the_key_of_decision_tokens_is_exchanged_and_no_token_is_lost(self):
        ring = self.stack.path("pki/decision.ring")
        calls, crowd = self.load()
        old = self.kids(ring)["current"]
        self.assertGreater(calls.issued(old[1]), 0)
        self.step("rotate", ring)
        new = self.kids(ring)["next"]
        published = self.stack.path("pki/decision.jwks").read_text(encoding="ascii")
        self.assertIn(new[1], published, "the next key stands in the set before it works")
        self.shorten(ring, "next", PUBLISH)
        code, said = self.keys("rotate", ring, "--yes")
        self.assertEqual((code, said["reason"]), (1, "TOO_EARLY"))
        promoted = self.step("rotate", ring)
        self.assertEqual(self.kids(ring), {"current": new, "retired": old})
        self.shorten(ring, "retired", OVERLAP)
        operations.until(lambda: calls.issued(new[1]) > 5 * TOKENS_A_SECOND, "both processes sign with the new key")
        now = calls.now()
        self.assertGreaterEqual(now["first"][new[1]], promoted, "the next key signed before its time")
        self.assertGreater(now["last"][old[1]], promoted - 2, "nobody signed when the key was exchanged")
        self.assertEqual(calls.probe(old[1]), {"accepted"}, "a token of before lives until it ends")
        code, said = self.keys("retire", ring, old[0], "--yes")
        self.assertEqual((code, said["reason"]), (1, "TOO_EARLY"))
        self.step("retire", ring, old[0])
        operations.until(lambda: calls.probe(old[1]) == {"DECISION_TOKEN"},
                         "a token of the key that is gone is refused by all")
        self.assertEqual(calls.probe(new[1]), {"accepted"})
        self.nobody_noticed("decision.ring rotated", calls, crowd)

    def assertions(self) -> dict[str, int]:
        """Assertions that the token service believed, by key."""
        context = ssl.create_default_context(cafile=self.stack.env["VA_CA"])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=context))
        with opener.open(self.stack.env["VA_MHV_URL"] + "/_sim/assertions", timeout=15) as answer:
            return json.load(answer)

    def test_A22_the_key_that_proves_us_to_the_token_service_is_exchanged_and_no_call_is_lost(self):
        ring = self.stack.path("pki/mhv-sts.ring")
        calls, crowd = self.load()
        old = self.kids(ring)["current"]
        operations.until(lambda: self.assertions().get(old[1], 0) > 5, "the token service is asked")
        self.step("rotate", ring)
        new = self.kids(ring)["next"]
        self.shorten(ring, "next", PUBLISH)
        while self.keys("rotate", ring)[0] != 0:
            self.assertNotIn(new[1], self.assertions(), "the next key signed before its time")
            threading.Event().wait(0.5)
        self.step("rotate", ring)
        self.shorten(ring, "retired", OVERLAP)
        operations.until(lambda: self.assertions().get(new[1], 0) > 10, "the new key signs")

        def quiet():
            before = self.assertions()[old[1]]
            threading.Event().wait(3)
            return self.assertions()[old[1]] == before
        operations.until(quiet, "the old key signs no more")
        self.step("retire", ring, old[0])
        before = self.assertions()[new[1]]
        operations.until(lambda: self.assertions()[new[1]] > before + 5, "the new key goes on")
        self.nobody_noticed("mhv-sts.ring rotated", calls, crowd)
        self.assertNotIn("request refused", self.stack.log("mhv-simulator"))


if __name__ == "__main__":
    unittest.main()
