"""The real gateway's edge against those who are slow, large, in disguise or in the wrong place, while other
people sign in; and the process at the end of its file descriptors."""

import contextlib
import os
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import operations

RATE = 10
IDLE = 10_000
# After which a connection is closed that says nothing.
IDLE_CLOSED = 10
# The longest deadline of the edge is twenty seconds; the rest is room for a machine that is busy.
CLOSED_WITHIN = 20 + operations.PATIENCE
# What a person may wait for a sign-in that takes a twentieth of a second in peace, on a slow machine on
# whose cores the attackers run too. Whoever waits for one of their deadlines waits ten seconds.
USUAL_MS, LONGEST_MS = 2_000, 9_000


def may_open(files: int) -> None:
    """This process and what it starts may have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(hard, files)))


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Browser:
    """Enough of one to sign in: cookies of the gateway, forms, no redirects."""

    def __init__(self, stack: operations.Stack):
        self.stack = stack
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: str = "", *headers: str):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {operations.host_of(self.stack)}", *headers]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        with operations.connect(self.stack) as edge:
            edge.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            text = b""
            with contextlib.suppress(OSError):
                while not operations.complete(text) and (piece := edge.recv(65536)):
                    text += piece
        for name, value in re.findall(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", text, re.I):
            self.cookies[name.decode()] = value.decode()
        return operations.parsed(text)

    def at_idp(self, url: str, fields: dict[str, str]) -> str:
        done = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--cacert", self.stack.env["VA_CA"], url,
             *(word for k, v in fields.items() for word in ("--data-urlencode", f"{k}={v}"))],
            check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def start(self, persona_type: str = "mhv", *headers: str):
        return self.request("GET", f"/v1/sessions/{persona_type}/new", "", *headers)

    def sign_in(self, persona: str = "mhv_premium"):
        """The gateway's answer to the response of the identity provider."""
        page = self.start()[2]
        choice = self.at_idp(*form(page, self.stack.url))
        url, fields = form(choice, self.stack.env["VA_IDP_URL"])
        answer = self.at_idp(url, fields | {"persona": persona})
        _, fields = form(answer, self.stack.url)
        return self.request("POST", "/v1/sessions/callback", urllib.parse.urlencode(fields),
                            f"Origin: {self.stack.env['VA_IDP_URL']}")


def unescaped(text: str) -> str:
    for entity, char in (("&quot;", '"'), ("&#34;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"),
                         ("&gt;", ">"), ("&#x2F;", "/"), ("&#x3D;", "="), ("&#43;", "+"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


def form(page: str, base: str) -> tuple[str, dict[str, str]]:
    action = re.search(r'<form[^>]*\baction="([^"]*)"', page)
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in given:
            fields[given["name"]] = unescaped(given.get("value", ""))
    return urllib.parse.urljoin(base, unescaped(action.group(1))), fields


class Edge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        may_open(16_000)
        # Room for all idle connections of W4, so that deadlines and not their number close them; and a
        # limit for each address that the crowd of these tests stays far below.
        cls.stack = operations.Stack("edge", VA_AUTH_GATEWAY__PUBLIC__MAX_CONNECTIONS="12000",
                                     VA_AUTH_GATEWAY__LIMITS__PER_ADDRESS__RATE="100",
                                     VA_AUTH_GATEWAY__LIMITS__PER_ADDRESS__BURST="300",
                                     VA_AUTH_GATEWAY__LIMITS__CONNECTIONS_PER_ADDRESS="0")
        cls.addClassCleanup(cls.stack.close)
        cls.gateway = cls.stack.pids["auth-gateway"]

    def setUp(self):
        self.port = self.stack.port("auth-gateway", "PUBLIC")
        self.host = operations.host_of(self.stack)

    def crowd(self, rate: float = RATE, *options: str) -> operations.Crowd:
        crowd = operations.Crowd(self.stack, rate, *options)
        self.addCleanup(crowd.stop)
        return crowd

    def expect_healthy(self, result: dict) -> None:
        self.assertEqual(result["failures"], {})
        self.assertLess(result["p50_ms"], USUAL_MS)
        self.assertLess(result["p99_ms"], LONGEST_MS)

    # --- W4 --------------------------------------------------------------------------------------

    def test_W4_ten_thousand_idle_connections_are_held_then_closed_and_people_sign_in_meanwhile(self):
        files, memory = open_files(self.gateway), resident_mib(self.gateway)
        with contextlib.ExitStack() as attackers:
            held = operations.until(lambda: self.hold_idle(attackers, files),
                                    "the gateway holds ten thousand connections", 3 * operations.PATIENCE)
            grown = resident_mib(self.gateway) - memory
            crowd = self.crowd(RATE, "--fresh-connections")
            crowd.signs_in(5 * RATE)
            result = crowd.stop()
            operations.told(f"W4 {held} idle connections, {grown:.0f} MiB", result)
            self.expect_healthy(result)
            operations.until(lambda: open_files(self.gateway) - files < 100,
                             "all idle connections are closed by their deadline", CLOSED_WITHIN)

    def hold_idle(self, attackers: contextlib.ExitStack, files: int) -> int:
        """Opens them from many addresses, as a botnet: not what a limit for one of them stops. How many are held at
        once; 0 when the first were closed again before a busy machine had opened the last."""
        attackers.close()
        operations.until(lambda: open_files(self.gateway) - files < 100, "those of before are gone", CLOSED_WITHIN)
        for i in range(IDLE):
            one = attackers.enter_context(socket.socket())
            one.bind((f"127.0.{1 + i // 5000}.{1 + i % 200}", 0))
            one.settimeout(operations.PATIENCE)
            one.connect(("127.0.0.1", self.port))
        began = time.monotonic()
        while time.monotonic() - began < IDLE_CLOSED:
            held = open_files(self.gateway) - files
            if held >= 0.99 * IDLE:
                return held
        return 0

    def test_W4_slow_headers_bodies_and_readers_are_closed_by_deadline_and_people_sign_in_meanwhile(self):
        head = f"POST /v1/sessions/callback HTTP/1.1\r\nHost: {self.host}\r\n"
        body = head + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\n"
        page = f"GET /sign-in/ HTTP/1.1\r\nHost: {self.host}\r\n\r\n"
        stop = threading.Event()
        with contextlib.ExitStack() as attackers:
            attackers.callback(stop.set)
            slow = {"headers": [], "bodies": [], "readers": []}
            for kind, begin in (("headers", head), ("bodies", body), ("readers", page * 40)):
                for _ in range(60):
                    one = attackers.enter_context(operations.connect(self.stack))
                    if kind == "readers":
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                    one.sendall(begin.encode())
                    slow[kind].append(one)
            dripping = slow["headers"] + slow["bodies"]
            gone: set[int] = set()

            def drip():
                while not stop.wait(0.5):
                    for one in dripping:
                        if id(one) in gone:
                            continue
                        try:
                            one.sendall(b"x")
                            one.settimeout(0)
                            if not one.recv(4096):
                                gone.add(id(one))
                        except (ssl.SSLWantReadError, BlockingIOError):
                            pass
                        except OSError:
                            gone.add(id(one))
                        one.settimeout(5)

            dripper = threading.Thread(target=drip, daemon=True)
            dripper.start()
            attackers.callback(dripper.join, 10)
            crowd = self.crowd(RATE, "--fresh-connections")
            crowd.signs_in(5 * RATE)
            result = crowd.stop()
            operations.told("W4 180 slow ones", result)
            self.expect_healthy(result)
            operations.until(lambda: len(gone) == len(dripping),
                             "every slow sender is cut off, however steadily it sends", CLOSED_WITHIN)

    # --- W5, W7, W8, W12, W15, W17, L5 ----------------------------------------------------------

    def ask(self, target: str, *headers: str, method: str = "GET", body: bytes = b""):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", *headers]
        return operations.answer_to(self.stack, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def test_W5_requests_beyond_the_limits_are_refused_early(self):
        self.assertEqual(self.ask("/sign-in/", "X-Long: " + "a" * 65536)[0], 431)
        self.assertEqual(self.ask("/sign-in/", *(f"X-{i}: 1" for i in range(10_000)))[0], 431)
        self.assertEqual(self.ask("/sign-in/?" + "a" * 1_000_000)[0], 414)
        form_type = "Content-Type: application/x-www-form-urlencoded"
        # By its own word too large: refused before a byte of it came.
        self.assertEqual(self.ask("/v1/sessions/callback", form_type, "Content-Length: 100000000",
                                  method="POST")[0], 413)
        chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
        self.assertEqual(self.ask("/v1/sessions/callback", form_type, "Transfer-Encoding: chunked",
                                  method="POST", body=chunk * 40)[0], 413)

    def test_W7_forwarding_headers_of_strangers_change_no_address_and_no_link(self):
        lies = ("X-Forwarded-For: 203.0.113.77", "X-Forwarded-Host: evil.example",
                "X-Forwarded-Proto: http", "X-Forwarded-Uri: /evil", "X_Forwarded_For: 203.0.113.77",
                "Forwarded: for=203.0.113.77;host=evil.example;proto=http", "X-Real-IP: 203.0.113.77",
                "X-Original-URL: /evil", "X-Rewrite-Url: /evil")
        for lie in lies:
            with self.subTest(lie=lie):
                status, headers, body = Browser(self.stack).start("mhv", lie)
                self.assertEqual(status, 200, body[:300])
                self.assertNotIn("evil", str(headers) + body)
                status, headers, body = self.ask("/", lie)
                self.assertEqual(headers.get("location"), "/sign-in/")
        audit = self.stack.path("audit/auth-gateway.jsonl").read_text(encoding="utf-8")
        self.assertNotIn("203.0.113.77", audit + self.stack.log("auth-gateway"))

    def test_W7_a_new_forwarded_address_with_every_request_does_not_evade_the_limit(self):
        crowd = self.crowd()
        statuses: list[int] = []
        said = b""
        with socket.socket() as plain:
            plain.bind(("127.0.9.9", 0))
            plain.settimeout(operations.PATIENCE)
            plain.connect(("127.0.0.1", self.port))
            with operations.tls_context(self.stack).wrap_socket(plain, server_hostname="localhost") as edge:
                # A hundred at a time, so that it is the gateway that answers faster than it may, however
                # slow this client is.
                for burst in range(60):
                    edge.sendall(b"".join(
                        f"GET / HTTP/1.1\r\nHost: {self.host}\r\n"
                        f"X-Forwarded-For: 198.51.{burst}.{i}\r\n\r\n".encode() for i in range(100)))
                    while len(statuses) < 100 * (burst + 1) and 429 not in statuses:
                        try:
                            piece = edge.recv(65536)
                        except OSError:
                            piece = b""
                        if not piece:
                            break
                        said += piece
                        statuses = [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3})", said)]
                    if 429 in statuses or not piece:
                        break
        self.assertRegex(said.decode("latin-1"), r"(?i)HTTP/1\.1 429[^\0]*?\r\nretry-after: [1-9]")
        self.assertTrue(429 in statuses, f"{len(statuses)} requests of one address, and none too many")
        self.assertEqual(set(statuses[:100]), {302})
        crowd.signs_in(RATE)
        self.assertEqual(crowd.stop()["failures"], {}, "the crowd comes from another address")

    def test_W8_identity_headers_from_outside_make_nobody_anybody(self):
        names = ("X-Remote-User", "Remote-User", "REMOTE_USER", "X-Forwarded-User", "X-Auth-Request-User",
                 "X-SSL-Client-Verify", "X-Client-Cert", "X-Forwarded-Client-Cert", "va_eauth_pnid",
                 "va_eauth_icn", "X-VA-ICN", "X-VA-Decision", "Authorization")
        plain = self.ask("/v0/user")
        self.assertEqual(plain[0], 401)
        for name in names:
            with self.subTest(name=name):
                status, _, body = self.ask("/v0/user", f"{name}: 1012345678V123456")
                self.assertEqual(status, 401)
                self.assertNotIn("1012345678V123456", body)

    def test_W12_nothing_of_a_sign_in_may_be_kept_and_no_path_pretends_to_be_a_file(self):
        browser = Browser(self.stack)
        answers = {"start": browser.start(), "callback": browser.sign_in()}
        self.assertEqual(answers["callback"][0], 303, answers["callback"][2][:500])
        self.assertIn("__Host-va_session", browser.cookies)
        answers["user"] = browser.request("GET", "/v0/user")
        self.assertEqual(answers["user"][0], 200)
        answers["sign-in page"] = browser.request("GET", "/sign-in/")
        answers["refused"] = browser.request("POST", "/v1/sessions/callback", "SAMLResponse=x&RelayState=y")
        for name, (status, headers, _) in answers.items():
            with self.subTest(name=name, status=status):
                self.assertIn("no-store", headers.get("cache-control", ""))
        for path in ("/v0/user/x.css", "/v0/user;x.css", "/v0/user%2fx.css", "/v0/user/..%2fx.css",
                     "/v0/user.css", "/v0/user/x.js"):
            with self.subTest(path=path):
                status, headers, body = browser.request("GET", path)
                self.assertIn(status, (400, 404))
                self.assertNotIn("loa", body)
                self.assertIn("no-store", headers.get("cache-control", ""))

    def test_W15_old_tls_renegotiation_and_early_data_are_refused_by_the_real_listener(self):
        old = operations.tls_context(self.stack)
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError) as refused:
            operations.connect(self.stack, context=old)
        self.assertIn("alert", str(refused.exception).lower(), "the server said no, not this client")

        page = f"GET / HTTP/1.1\r\nHost: {self.host}\r\n".encode()
        # "R" alone in what s_client reads makes it renegotiate; then the request would go on.
        again = self.s_client("-tls1_2", (page, "New, TLSv1.2"), (b"R\n", "RENEGOTIATING"), (b"\r\n", ""))
        self.assertNotIn("HTTP/1.1 302", again)
        self.assertRegex(again, r"no renegotiation|alert|closed|error")
        session = self.s_client("-tls1_3", (page + b"\r\n", "HTTP/1.1 302"))
        self.assertIn("HTTP/1.1 302", session, "a good client on the same port is served")
        self.assertIn("Max Early Data: 0", session)

    def s_client(self, protocol: str, *steps: tuple[bytes, str]) -> str:
        """What openssl's client printed: after each text that it is given, it must print a word."""
        with tempfile.NamedTemporaryFile() as output:
            command = ["openssl", "s_client", protocol, "-connect", f"127.0.0.1:{self.port}",
                       "-servername", "localhost", "-CAfile", self.stack.env["VA_CA"]]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output,
                                  stderr=subprocess.STDOUT) as client:
                printed = pathlib.Path(output.name)
                for text, word in steps:
                    with contextlib.suppress(BrokenPipeError):
                        client.stdin.write(text)
                        client.stdin.flush()
                    operations.until(lambda w=word: w in printed.read_text("utf-8", "replace"),
                                     f"s_client prints {word!r}")
                if protocol == "-tls1_2":
                    client.wait(operations.PATIENCE)  # the server ends it
                with contextlib.suppress(BrokenPipeError):
                    client.stdin.close()
                client.wait(operations.PATIENCE)
                return printed.read_text("utf-8", "replace")

    def test_W17_health_and_metrics_are_not_on_the_public_port_whoever_asks(self):
        for path in ("/livez", "/readyz", "/startupz", "/metrics", "/healthz", "/debug/pprof/", "/attempts/x",
                     "/status", "/server-status"):
            for agent in ("Mozilla/5.0", "kube-probe/1.29", "GoogleHC/1.0", "Prometheus/2.42.0",
                          "ELB-HealthChecker/2.0"):
                with self.subTest(path=path, agent=agent):
                    status, _, body = self.ask(path, f"User-Agent: {agent}")
                    self.assertEqual(status, 404)
                    self.assertNotIn("va_", body)
        ops = f"http://127.0.0.1:{self.stack.port('auth-gateway', 'OPS')}"
        for path in ("/livez", "/readyz", "/startupz", "/metrics"):
            self.assertEqual(operations.get(ops + path)[0], 200, path)
        # And the other way round: nobody signs in at the operators' port.
        self.assertEqual(operations.get(ops + "/sign-in/")[0], 404)

    def test_L5_error_pages_name_no_software_version_path_or_inner_host(self):
        answers = {
            "400": self.ask("/v1/sessions/callback", "Content-Length: 3",
                            "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"a=%"),
            "404": self.ask("/no/such/page"), "405": self.ask("/sign-in/", method="DELETE"),
            "414": self.ask("/" + "a" * 20_000), "431": self.ask("/", "X: " + "a" * 40_000),
            "421": operations.answer_to(self.stack, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
            "garbage": operations.answer_to(self.stack, b"\x00\x01\x02 garbage\r\n\r\n"),
        }
        for name, (status, headers, body) in answers.items():
            with self.subTest(name=name):
                self.assertGreaterEqual(status, 400)
                text = body + str(headers)
                for inside in ("Boost", "Beast", "OpenSSL", "gRPC", "Postgres", "postgres", "nginx", ".cc",
                               "/usr/", str(self.stack.folder), ".internal", "x-powered-by", "absl",
                               socket.gethostname() or "?"):
                    self.assertNotIn(inside, text)
                self.assertNotIn("server", headers)

    # --- C2 --------------------------------------------------------------------------------------

    def test_C2_out_of_file_descriptors_the_gateway_sheds_and_recovers_without_restart(self):
        soft, hard = resource.prlimit(self.gateway, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, self.gateway, resource.RLIMIT_NOFILE, (soft, hard))
        crowd = self.crowd(RATE, "--fresh-connections", "--timeout", "2")
        crowd.signs_in(RATE)
        before_it = crowd.failures()
        resource.prlimit(self.gateway, resource.RLIMIT_NOFILE, (16, hard))
        operations.until(lambda: crowd.failures() > before_it + RATE / 2, "somebody is turned away")
        before, began = cpu_seconds(self.gateway), time.monotonic()
        operations.until(lambda: time.monotonic() - began > 3, "three seconds pass")
        spent = (cpu_seconds(self.gateway) - before) / (time.monotonic() - began)
        self.assertLess(spent, 0.8, "it does not spin on what it cannot accept")
        resource.prlimit(self.gateway, resource.RLIMIT_NOFILE, (soft, hard))
        # Whoever was under way may still fail; after that nobody does.
        crowd.signs_in(3 * RATE)
        operations.told("C2 out of descriptors", crowd.stop())
        after = self.crowd(RATE, "--fresh-connections")
        after.signs_in(3 * RATE)
        self.assertEqual(after.stop()["failures"], {})
        self.assertEqual(self.stack.pids["auth-gateway"], self.gateway)
        self.assertTrue(self.stack.alive("auth-gateway"))


if __name__ == "__main__":
    unittest.main()
