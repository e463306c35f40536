"""L1, L4, L5, K1: after every persona has signed in at level debug, nothing that a service of the running
stack writes or shows holds a value of theirs, a credential of the attempt, or a key."""

import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "interop"), str(ROOT / "tests" / "security")]

import browsing  # noqa: E402
import secrets_scan  # noqa: E402

SERVICES = ("auth-gateway", "user-attributes", "mpi-adapter", "mhv-account", "inherited-proofing")
PATIENCE_SECONDS = 90


def dev(name: str) -> pathlib.Path:
    return pathlib.Path(browsing.stack("VA_DEV_DIR")) / name


def processes() -> dict[str, int]:
    """Running services by name, of every replica."""
    found = {}
    for path in sorted(dev("run").glob("*.pid")):
        if path.stem.startswith(SERVICES):
            found[path.stem] = int(path.read_text(encoding="utf-8").split()[0])
    return found


def ops_addresses() -> dict[str, str]:
    """The operators' listener of each process, as its log says."""
    found = {}
    for name in processes():
        ports = re.findall(r'"ev":"ops.listening","port":(\d+)',
                           dev(f"log/{name}.log").read_text(encoding="utf-8"))
        if ports:
            found[name] = f"http://127.0.0.1:{ports[-1]}"
    return found


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode("utf-8", "replace")


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_SECONDS} s: {what}")
        os.sched_yield()


def set_level(level: str) -> None:
    """Turns every service to the level while it runs, as an operator would."""
    sizes = {}
    for name, pid in processes().items():
        config = dev(f"config/{name}.yaml")
        text = config.read_text(encoding="utf-8")
        changed = re.sub(r"(\nlog:\n\s+level: )\w+", rf"\g<1>{level}", text)
        if f"level: {level}" not in changed:
            raise AssertionError(f"{config.name} names no log.level")
        config.write_text(changed, encoding="utf-8")
        sizes[name] = (pid, dev(f"log/{name}.log").stat().st_size)
        os.kill(pid, signal.SIGHUP)


def log_text(name: str) -> str:
    return dev(f"log/{name}.log").read_text(encoding="utf-8", errors="replace")


def ask_user(url: str, token: str | None):
    """Who the browser with this session is, in a browser that has been nowhere else."""
    headers = {"Cookie": f"__Host-va_session={token}"} if token else {}
    return browsing.Browser().open(f"{url}/v0/user", headers=headers)


def logout(url: str, token: str) -> None:
    answer = browsing.Browser().open(f"{url}/v0/logout", {}, {"Cookie": f"__Host-va_session={token}",
                                                              "Origin": url})
    if answer.status not in (200, 204, 303):
        raise AssertionError(f"no logout: {answer.status}")


class SignIn:
    """One persona's way through, with everything secret that was handed around."""

    def __init__(self, persona: dict):
        self.persona = persona
        self.secrets: list[tuple[str, str | None]] = []
        browser = browsing.Browser()
        action, fields = browsing.start(browser, persona)
        self._note("relay state", fields.get("RelayState"))
        self._note("AuthnRequest", fields.get("SAMLRequest"))
        choice = browser.open(action, fields)
        self.answer = self._return(browser, choice, persona)
        for name in ("__Host-va_session", "__Host-va_flow"):
            self._note(f"cookie {name}", browser.cookie(name))
        self.session_page = browser.open(f"{browsing.stack('VA_URL')}/v0/user")

    def _note(self, what: str, value: str | None) -> None:
        self.secrets.append((what, value))

    def _return(self, browser, choice, persona):
        # The buttons of the page all send the same request and name the person.
        action, fields = browsing.form_with(choice, "request")
        page = browser.open(action, {"request": fields["request"], "persona": persona["id"]})
        action, form = browsing.form_with(page, "SAMLResponse")
        for part in secrets_scan.saml_parts(form["SAMLResponse"]):
            self._note("SAMLResponse", part)
        return browser.open(action, form)


class SecretsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        set_level("debug")
        cls.addClassCleanup(set_level, "info")
        cls.canaries = secrets_scan.Canaries()
        cls.skipped = set()
        cls.sign_ins = []
        wait_until(lambda: cls._debug_seen(), "no service turned to debug")
        for persona in browsing.personas():
            cls.canaries.add_person(persona)
            cls.skipped |= secrets_scan.skipped_values(secrets_scan.personal_values(persona))
            walk = SignIn(persona)
            cls.sign_ins.append(walk)
            for what, value in walk.secrets:
                cls.canaries.add_secret(what, value)
        for what, value in cls._keys():
            cls.canaries.add_secret(what, value)

    @classmethod
    def _debug_seen(cls) -> bool:
        browsing.Browser().open(f"{browsing.stack('VA_URL')}/v0/user")
        persona = next(p for p in browsing.personas() if p["id"] == "idme_loa3")
        SignIn(persona)
        return '"sev":"debug"' in log_text("user-attributes") + log_text("user-attributes-b") \
            if "user-attributes-b" in processes() else '"sev":"debug"' in log_text("user-attributes")

    @staticmethod
    def _keys():
        """Keys and passwords of the stack, by the file they lie in."""
        for folder in ("pki", "secrets"):
            for path in sorted(dev(folder).iterdir()):
                if path.suffix in (".crt", ".csr", ".srl", ".jwks", ".ring") or not path.is_file():
                    continue
                text = path.read_text(encoding="utf-8", errors="replace")
                for line in text.splitlines():
                    line = line.strip()
                    if path.suffix == ".keys":
                        line = line.split(":")[1] if ":" in line else ""
                    # A line of a PEM in the middle; the first ones are alike in all keys.
                    if len(line) >= 24 and not line.startswith("-----"):
                        yield f"{folder}/{path.name}", line

    def outputs(self) -> dict[str, str]:
        """Everything that the services wrote or show."""
        found = {}
        for folder in ("log", "audit"):
            for name, text in secrets_scan.texts_below(dev(folder)).items():
                # What stands in for other parties and the database may write what it likes.
                if not name.startswith(("idp-", "mpi-simulator", "mhv-simulator", "va-profile-simulator", "postgres", "nginx")):
                    found[f"{folder}/{name}"] = text
        for name, address in ops_addresses().items():
            for path in ("/metrics", "/readyz", "/livez", "/startupz", "/nothing-here"):
                found[f"{name}{path}"] = get(address + path)[1]
        return found

    @staticmethod
    def sql(words: str) -> str:
        """What the superuser of the stack's cluster gets printed."""
        return SecretsTest.shell(f"pg_sql va <<'SQL'\n{words}\nSQL")

    @staticmethod
    def shell(words: str) -> str:
        script = f"cd {ROOT}; source tools/dev/lib.sh; source tools/dev/stack.sh; {words}"
        done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    @classmethod
    def kept(cls) -> dict[str, str]:
        """Every table of every service as it is dumped; what is kept as bytes also as what they say."""
        dump = cls.shell('as_pg "$VA_PG_BIN/pg_dump" --data-only -h "$(pg_socket_dir)" -U "$(pg_superuser)" va')
        found = {}
        for table, rows in re.findall(r"^COPY (\S+) .*?;\n(.*?)^\\\.$", dump, re.M | re.S):
            said = [bytes.fromhex(one).decode("utf-8", "replace")
                    for one in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", rows)]
            found[table] = "\n".join([rows, *said])
        return found

    def error_pages(self) -> dict[str, str]:
        url = browsing.stack("VA_URL")
        browser = browsing.Browser()
        pages = {
            "not found": browser.open(f"{url}/nothing-here"),
            "unknown type": browser.open(f"{url}/v1/sessions/nobody/new"),
            "bad query": browser.open(f"{url}/v1/sessions/idme/new?to=%zz"),
            "empty callback": browser.open(f"{url}/v1/sessions/callback", {}),
            "foreign response": browser.open(f"{url}/v1/sessions/callback",
                                             {"SAMLResponse": base64.b64encode(b"<a/>").decode(),
                                              "RelayState": "nobody"}),
        }
        return {name: "\n".join([*(f"{k}: {v}" for k, v in page.headers.items()), page.body])
                for name, page in pages.items()}

    def test_l1_nothing_that_services_write_holds_a_value_of_a_person_or_an_attempt(self):
        outputs = self.outputs()
        self.assertGreater(len(outputs), 3 * len(SERVICES))
        for name in SERVICES:
            self.assertIn(f"{name}/metrics", outputs)
        leaks = [leak for name, text in outputs.items() for leak in self.canaries.find(name, text)]
        self.assertEqual(leaks, [])

    def test_l1_every_canary_bites_wherever_it_is_planted(self):
        # One at a time into a copy of what was really written, so that no pattern is blind.
        self.assertGreater(len(self.canaries), 300)
        shapes = ('{{"ts":"2026-01-15T12:00:00Z","ev":"x","detail":"{}"}}', "va_x_total{{who=\"{}\"}} 1",
                  "<p>{}</p>")
        for value in self.canaries.values():
            for shape in shapes:
                self.assertTrue(self.canaries.find("planted", shape.format(value)),
                                f"a value of {len(value)} characters is not seen in {shape}")

    def test_l1_a_service_that_leaks_is_caught(self):
        # A real way out: what a caller sends as the name of a file of settings ends on stderr.
        persona = next(p for p in browsing.personas() if p["id"] == "idme_loa3")
        number = persona["attributes"]["va_eauth_pnid"]
        program = pathlib.Path(os.environ.get("VA_BIN", ROOT / "build/release/bin")) / "mpi-adapter"
        said = subprocess.run([str(program), "--config", f"/nowhere/{number}.yaml"], check=False,
                              capture_output=True, timeout=30)
        text = (said.stdout + said.stderr).decode("utf-8", "replace")
        self.assertIn(number, text)
        self.assertTrue(self.canaries.find("stderr", text))

    def test_l1_no_table_holds_a_value_of_a_person_or_an_attempt_but_under_a_seal(self):
        kept = self.kept()
        for table in ("gateway.sessions", "attributes.user_verifications", "mhv.accounts", "mpi.kept_answers",
                      "mpi.retired_icns"):
            self.assertTrue(kept.get(table), f"{table} holds nothing to search")
        self.assertEqual([leak for table, text in kept.items() for leak in self.canaries.find(table, text)], [])

    def test_l1_a_value_in_a_table_is_caught(self):
        persona = next(p for p in browsing.personas() if p["id"] == "retired_icn")
        number, name = persona["mpi"]["person"]["icn"], persona["attributes"]["va_eauth_lastname"]
        self.addCleanup(self.sql, "DELETE FROM mpi.add_claims WHERE owner = 'planted'; "
                                  "DELETE FROM mpi.retired_icns WHERE icn_hash = 'planted';")
        self.sql("INSERT INTO mpi.add_claims (credential_hash, owner, held_until) "
                 f"VALUES ('{number}', 'planted', now() + interval '1 hour');")
        self.assertEqual(len(self.canaries.find("claims", self.kept()["mpi.add_claims"])), 1)
        # Bytes that are no seal.
        self.sql("INSERT INTO mpi.retired_icns (id, icn_hash, successor_hash, link_sealed, learned_at) "
                 f"VALUES (gen_random_uuid(), 'planted', 'other', convert_to('x {name} x', 'UTF8'), now());")
        self.assertEqual(len(self.canaries.find("links", self.kept()["mpi.retired_icns"])), 1)

    def test_l1_only_words_that_say_nothing_about_one_person_are_not_searched(self):
        self.assertLessEqual(len(self.skipped), 6, sorted(self.skipped))

    def test_l1_people_stand_in_the_audit_trail_as_pseudonyms(self):
        whose = {}
        for name, text in secrets_scan.texts_below(dev("audit")).items():
            for line in text.splitlines():
                record = json.loads(line)
                if "who" in record:
                    self.assertRegex(record["who"], r"^[\w-]+:[0-9a-f]{64}$")
                    whose.setdefault(record.get("req"), set()).add(record["who"])
        # gateway and user-attributes name the same person by the same pseudonym.
        self.assertGreater(len(whose), 5)
        for request, names in whose.items():
            self.assertEqual(len(names), 1, f"request {request} is about several people")

    def test_l5_error_pages_hold_neither_version_host_path_nor_stack(self):
        for name, text in self.error_pages().items():
            with self.subTest(page=name):
                for what, pattern in (
                        ("a path", r"/(?:work|home|usr|etc|var|tmp|build)/"),
                        ("a source file", r"\w+\.(?:cc|cpp|h|hpp|py):?\d*\b"),
                        ("a version", r"(?i)\b(?:boost|beast|openssl|libxml2?|grpc|postgres\w*|libpqxx|debian|"
                                      r"nginx)\b[/ ]?\d*"),
                        ("a server header", r"(?im)^(?:server|x-powered-by|via): "),
                        ("a host inside", r"\.va\.internal|127\.0\.0\.1:(?!%s)" % "|".join(
                            re.findall(r"127\.0\.0\.1:(\d+)", browsing.stack("VA_IDP_URL")))),
                        ("a stack", r"(?i)traceback|terminate called|std::|absl::|what\(\)")):
                    self.assertNotRegex(text, pattern, what)
                self.assertEqual(self.canaries.find(name, text), [])

    def test_k1_no_key_or_password_in_environment_command_line_or_core(self):
        running = processes()
        self.assertEqual({name.removesuffix("-b") for name in running}, set(SERVICES))
        keys = secrets_scan.Canaries()
        for what, value in self._keys():
            keys.add_secret(what, value)
        self.assertGreater(len(keys), 10)
        for name, pid in running.items():
            proc = pathlib.Path("/proc") / str(pid)
            with self.subTest(process=name):
                for part in ("environ", "cmdline"):
                    text = (proc / part).read_bytes().decode("utf-8", "replace")
                    self.assertTrue(text, part)
                    self.assertEqual(keys.find(f"{name}/{part}", text), [])
                    self.assertNotRegex(text, r"(?i)BEGIN [A-Z ]*PRIVATE|password=\S")
                self.assertRegex((proc / "limits").read_text(encoding="utf-8"),
                                 r"(?m)^Max core file size\s+0\s+0\s")
                # A process that is not dumpable belongs to root in /proc, whoever runs it.
                self.assertEqual((proc / "mem").stat().st_uid, 0)
        # The scan bites.
        planted = keys.values()[0]
        self.assertTrue(keys.find("planted", f"VA_X={planted}\0"))

    @staticmethod
    def _whole(page) -> tuple:
        """Status, headers and body to the byte, but for the request id and the way back that the person
        chose at the start."""
        def same(text):
            text = re.sub(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>", text)
            return re.sub(r"/v1/sessions/[a-z_]+/new", "/v1/sessions/<csp>/new", text)
        # The length follows from the two.
        headers = sorted((name.lower(), same(value)) for name, value in page.headers.items()
                         if name.lower() not in ("content-length", "date"))
        return page.status, headers, same(page.body)

    def test_l4_people_who_are_refused_for_the_same_code_get_the_same_bytes(self):
        # Dead or stolen, unknown or known twice: the page does not tell which. What the catalogue gives
        # codes of their own differs by that code and its words, which the person reads out to the help
        # desk; nobody sees such a page without having signed in as that person at the provider.
        alike = {}
        for walk in self.sign_ins:
            if walk.persona["expect"]["outcome"] != "session":
                alike.setdefault(walk.persona["expect"]["code"], []).append(walk)
        self.assertLessEqual({"107", "004"}, {code for code, walks in alike.items() if len(walks) > 1})
        for code, walks in alike.items():
            first = self._whole(walks[0].answer)
            self.assertIn("<id>", first[2])
            for walk in walks[1:]:
                with self.subTest(code=code, persona=walk.persona["id"]):
                    self.assertEqual(self._whole(walk.answer), first)
            for walk in walks:
                for tag in ("deceased", "death", "theft", "stolen", "locked", "no_match", "multiple_matches",
                            walk.persona["expect"]["tag"]):
                    self.assertNotIn(tag, walk.answer.body.lower())

    def test_l4_a_session_that_ended_reads_like_one_that_never_was(self):
        url = browsing.stack("VA_URL")
        answers = []
        ended = next(walk for walk in self.sign_ins if walk.persona["expect"]["outcome"] == "session")
        token = dict(ended.secrets)["cookie __Host-va_session"]
        self.assertEqual(ask_user(url, token).status, 200)
        logout(url, token)
        for cookie in (None, token, "A" * len(token)):
            answers.append(self._whole(ask_user(url, cookie)))
        self.assertEqual(answers[0][0], 401)
        self.assertEqual(answers[1:], [answers[0]] * 2)


if __name__ == "__main__":
    unittest.main()
