"""Somebody whom the Master Person Index does not know (decision R4), under a policy that has such people
added; what an MPI that fails means for them; and for how long what is cached of MPI lets anybody in."""

import concurrent.futures
import json
import re
import ssl
import time
import unittest
import urllib.request

import operations

# How long death and identity theft in a cached profile count, in this stack.
FLAGS_TTL = 5


class Mpi:
    """The stand-in for MPI: what goes wrong there, and what it was asked."""

    def __init__(self, stack: operations.Stack):
        context = ssl.create_default_context(cafile=stack.env["VA_CA"])
        context.load_cert_chain(stack.path("pki/mpi-adapter.crt"), stack.path("pki/mpi-adapter.key"))
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                   urllib.request.HTTPSHandler(context=context))
        self._base = stack.env["VA_MPI_URL"].rpartition("/")[0]

    def _ask(self, path: str, body: bytes | None = None) -> dict:
        request = urllib.request.Request(self._base + path, data=body)
        with self._opener.open(request, timeout=15) as answer:
            return json.loads(answer.read())

    def reset(self) -> None:
        self._ask("/_sim/reset", b"")

    def goes_wrong(self, *faults: dict) -> None:
        self._ask("/_sim/faults", json.dumps(faults or [{"mode": "none"}]).encode())

    def calls(self) -> dict:
        return self._ask("/_sim/calls")

    def people(self) -> list[dict]:
        """Who was added or changed since the reset."""
        return self._ask("/_sim/state")["altered"]


class MpiAdditions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("mpi-add", VA_MPI_ADAPTER__MPI__CACHE__FLAGS_TTL=f"{FLAGS_TTL}s")
        cls.addClassCleanup(cls.stack.close)
        cls.mpi = Mpi(cls.stack)
        cls.add_whom_mpi_does_not_know()

    @classmethod
    def add_whom_mpi_does_not_know(cls):
        """Switches add_on_no_match on for the people of the broker, as an operator would."""
        services = ("auth-gateway", "user-attributes")
        before = {s: cls.stack.metric(s, "va_reload_total", unit="policy", outcome="ok") for s in services}
        path = cls.stack.path("policy.yaml")
        text = path.read_text(encoding="utf-8")
        text, found = re.subn(r"^(  ssoe-2022:\n)", r"\1    add_on_no_match: true\n", text, flags=re.M)
        assert found == 1
        text = re.sub(r'^version: "(.*)"', r'version: "\1-adds"', text, flags=re.M)
        fresh = path.with_name("policy.yaml.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
        for service in services:
            operations.until(lambda s=service: cls.stack.metric(s, "va_reload_total", unit="policy",
                                                                outcome="ok") > before[s],
                             f"{service} takes the new policy")

    def setUp(self):
        self.mpi.reset()
        self.addCleanup(self.mpi.reset)
        self.forget_what_is_kept()
        self.added_before = self.additions()

    def forget_what_is_kept(self) -> None:
        """What is known of people from the test before."""
        self.stack.sql("TRUNCATE mpi.kept_answers, mpi.retired_icns, mpi.invalidations, mpi.add_claims;")

    def additions(self) -> dict[str, float]:
        return {outcome: self.stack.metric("auth-gateway", "va_signin_mpi_additions_total", outcome=outcome)
                for outcome in ("done", "known", "refused", "unavailable", "no_time")}

    def counted(self) -> dict[str, float]:
        """What became of additions in this test."""
        return {outcome: n - self.added_before[outcome] for outcome, n in self.additions().items()
                if n != self.added_before[outcome]}

    def sign_in(self, persona: str) -> tuple[int, dict]:
        code, text = self.stack.dev("signin", persona)
        try:
            # One line in words for people follows the object.
            return code, json.JSONDecoder().raw_decode(text)[0]
        except json.JSONDecodeError:
            self.fail(f"exit {code}: {text}")

    def test_R4_somebody_mpi_does_not_know_is_added_signed_in_and_found_the_next_time(self):
        code, result = self.sign_in("mpi_unknown")
        self.assertEqual((code, result["outcome"], result["loa"]), (0, "session", 3), result)
        self.assertEqual([s["name"] for s in result["stations"]],
                         ["return", "derive", "resolve", "add", "admit"])
        self.assertEqual(self.mpi.calls()["add"], 1)
        self.assertEqual(len(self.mpi.people()), 1)
        self.assertEqual(self.counted(), {"done": 1})
        code, result = self.sign_in("mpi_unknown")
        self.assertEqual((code, result["outcome"]), (0, "session"), result)
        self.assertNotIn("add", [s["name"] for s in result["stations"]], "MPI knows them now")
        self.assertEqual(self.mpi.calls()["add"], 1)

    def test_R4_somebody_mpi_knows_by_the_credential_alone_is_not_added_again(self):
        # The traits fit nobody there, the uuid does: their record was made under another name.
        code, result = self.sign_in("mpi_no_match")
        self.assertEqual((code, result["outcome"]), (0, "session"), result)
        self.assertEqual(self.mpi.calls()["add"], 0)
        self.assertEqual(self.counted(), {"known": 1})

    def test_R4_two_browsers_at_once_make_one_person(self):
        # Slow enough that both have been told that nobody is there before the first has added anybody.
        self.mpi.goes_wrong({"mode": "slow", "ms": 400, "interaction": "find"},
                            {"mode": "slow", "ms": 400, "interaction": "add"})
        with concurrent.futures.ThreadPoolExecutor(2) as browsers:
            ends = list(browsers.map(self.sign_in, ["mpi_unknown"] * 2))
        for code, result in ends:
            self.assertEqual((code, result["outcome"]), (0, "session"), result)
        self.assertEqual(self.mpi.calls()["add"], 1)
        self.assertEqual(len(self.mpi.people()), 1)

    def test_R4_what_mpi_does_not_take_is_an_explained_refusal(self):
        self.mpi.goes_wrong({"mode": "duplicate", "interaction": "add"})
        code, result = self.sign_in("mpi_unknown")
        self.assertEqual((code, result["code"], result["tag"]), (3, "004", "mpi_add_refused"), result)
        self.assertEqual(self.mpi.people(), [])

    def test_R5_an_mpi_that_fails_while_somebody_is_added_is_try_later_and_it_passes(self):
        for fault in ({"mode": "down"}, {"mode": "ar"}, {"mode": "unknown_sender"}, {"mode": "hang"}):
            with self.subTest(fault=fault):
                self.mpi.goes_wrong(fault | {"interaction": "add"})
                code, result = self.sign_in("mpi_unknown")
                self.assertEqual((code, result["outcome"], result["tag"]),
                                 (4, "try_later", "mpi_unavailable"), result)
                self.assertEqual(self.mpi.people(), [])
        self.mpi.goes_wrong()
        # A message that was not answered may keep the claim for a while: nobody is added meanwhile.
        operations.until(lambda: self.sign_in("mpi_unknown")[0] == 0, "they are added and signed in")
        self.assertEqual(len(self.mpi.people()), 1)

    def test_H11_R4_an_add_whose_answer_is_lost_adds_nobody_twice(self):
        self.mpi.goes_wrong({"mode": "lost", "interaction": "add", "times": 1})
        code, result = self.sign_in("mpi_unknown")
        self.assertEqual((code, result["outcome"]), (0, "session"), result)
        self.assertEqual(self.mpi.calls()["add"], 1, "they were looked for, and not added again")
        self.assertEqual(len(self.mpi.people()), 1)

    def test_R7_somebody_mpi_locks_signs_in_for_no_longer_than_flags_count(self):
        for flag in ("deceased", "theft"):
            with self.subTest(flag=flag):
                self.mpi.goes_wrong()
                operations.until(lambda: self.sign_in("idme_loa3")[0] == 0, "MPI holds nothing against them")
                began = time.monotonic()
                self.mpi.goes_wrong({"mode": flag, "persona": "idme_loa3"})

                def locked() -> bool:
                    started = time.monotonic()
                    code, result = self.sign_in("idme_loa3")
                    if code == 0:
                        self.assertLess(started - began, FLAGS_TTL + 0.5, "from the cache, and not for longer")
                        return False
                    self.assertEqual((code, result["code"], result["tag"]), (3, "107", "account_locked"), result)
                    return True

                operations.until(locked, "MPI's word counts")

    def test_R5_R7_a_cached_profile_lets_nobody_in_for_longer_than_its_flags_count(self):
        def twice_in_time() -> bool:
            """Two sign-ins, MPI down before the second. Not while flags count: too slow to say anything."""
            self.mpi.goes_wrong()
            self.forget_what_is_kept()
            began = time.monotonic()
            if self.sign_in("idme_loa3")[0] != 0:
                return False  # what failed there the time before is still remembered
            asked = self.mpi.calls()["find"]
            self.mpi.goes_wrong({"mode": "down"})
            code, result = self.sign_in("idme_loa3")
            if time.monotonic() - began >= FLAGS_TTL:
                return False
            self.assertEqual(code, 0, result)
            self.assertEqual(self.mpi.calls()["find"], asked, "from the cache")
            return True

        operations.until(twice_in_time, f"somebody signs in twice within {FLAGS_TTL} s")

        def refused() -> bool:
            code, result = self.sign_in("idme_loa3")
            self.assertIn(code, (0, 4), result)
            return code == 4

        operations.until(refused, "MPI has to be asked about flags", FLAGS_TTL + operations.PATIENCE)


if __name__ == "__main__":
    unittest.main()
