"""What the services tell about themselves: metrics as their page describes them, and the spans of a whole
sign-in in one trace, at a collector that is part of this test."""

import http.server
import re
import threading
import unittest

import yaml

import operations

PAGE = operations.ROOT / "docs/metrics.md"
PERSONA = "mhv_premium"
BROWSERS_OWN = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """Takes OTLP over HTTP and keeps the bytes, like a collector that forwards nothing."""

    def __init__(self):
        collector = self
        self._bodies: list[bytes] = []
        self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the name the library calls
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector._lock:
                    collector._bodies.append(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def bytes(self) -> bytes:
        with self._lock:
            return b"".join(self._bodies)

    def spans(self) -> list[dict]:
        with self._lock:
            bodies = list(self._bodies)
        return [span for body in bodies for span in spans_of(body)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def fields(message: bytes):
    """Number and value of each field of a protobuf message, by the wire format alone."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            value = message[at:at + size]
            at += size
        yield key >> 3, value


def one(message: bytes, number: int, default=b""):
    return next((value for found, value in fields(message) if found == number), default)


def attributes(message: bytes, number: int) -> dict[str, str]:
    pairs = [value for found, value in fields(message) if found == number]
    return {one(pair, 1).decode(): one(one(pair, 2), 1, b"").decode()
            for pair in pairs if isinstance(one(one(pair, 2), 1, b""), bytes)}


def spans_of(body: bytes) -> list[dict]:
    """The spans of an ExportTraceServiceRequest."""
    found = []
    for _, resource_spans in fields(body):
        service = attributes(one(resource_spans, 1), 1).get("service.name", "")
        for number, scope_spans in fields(resource_spans):
            if number != 2:
                continue
            for inner, span in fields(scope_spans):
                if inner == 2:
                    found.append({"service": service, "trace": one(span, 1).hex(), "id": one(span, 2).hex(),
                                  "parent": one(span, 4).hex(), "name": one(span, 5).decode(),
                                  "attributes": attributes(span, 9)})
    return found


def canaries() -> list[bytes]:
    """Everything the persona's file says about the person that is long enough to be told from chance."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif len(str(value)) >= 6:
            found.append(str(value).encode())

    persona = yaml.safe_load((operations.ROOT / f"tests/personas/{PERSONA}.yaml").read_text(encoding="utf-8"))
    for part in ("name_id", "attributes", "mpi", "mhv"):
        walk(persona.get(part, {}))
    return found


class Telemetry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector = Collector()
        cls.addClassCleanup(cls.collector.close)
        settings = {f"VA_{name.upper().replace('-', '_')}__TRACES__ENDPOINT": cls.collector.url
                    for name in operations.SERVICES}
        cls.stack = operations.Stack("telemetry", **settings)
        cls.addClassCleanup(cls.stack.close)

    def sign_in(self) -> str:
        """Signs a person in; the id of the attempt, from the gateway's own audit trail."""
        code, said = self.stack.dev("signin", PERSONA)
        self.assertEqual(code, 0, said)
        trail = self.stack.path("audit/auth-gateway.jsonl").read_text(encoding="utf-8")
        started = [line for line in trail.splitlines() if '"sign_in.started"' in line]
        self.assertTrue(started, "the trail knows of no sign-in")
        return re.search(r'"req(?:uest_id)?":"([0-9a-f-]{36})"', started[-1]).group(1)

    def test_the_page_names_exactly_the_metrics_that_the_services_show(self):
        page = re.findall(r"^\| `(va_\w+)` \| (\w+) \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.M)
        described = {name: kind for name, kind, _ in page}
        self.assertEqual(len(described), len(page), "a metric stands twice on the page")
        shown = {}
        for name in operations.SERVICES:
            shown |= dict(re.findall(r"^# TYPE (\w+) (\w+)$", self.stack.metrics_text(name), re.M))
        self.assertEqual(described, shown)

    def test_the_page_names_the_labels_that_the_services_show(self):
        self.sign_in()
        page = re.findall(r"^\| `(va_\w+)` \| \w+ \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.M)
        labels = {name: set(re.findall(r"\w+", words)) for name, words in page}
        for service in operations.SERVICES:
            for name, given, _ in operations.samples(self.stack.metrics_text(service)):
                family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in labels else name
                self.assertEqual(set(given) - {"le"}, labels[family], name)

    def test_every_call_of_a_sign_in_has_a_name_and_a_caller(self):
        self.sign_in()
        for service in operations.SERVICES:
            for name, given, value in operations.samples(self.stack.metrics_text(service)):
                if name.startswith("va_rpc_") and value > 0:
                    self.assertNotEqual(given.get("method"), "other", f"{service}: {name} {given}")
                    self.assertNotEqual(given.get("caller"), "other", f"{service}: {name} {given}")

    def test_a_whole_sign_in_is_one_trace_named_by_its_attempt(self):
        # Whom mpi-adapter has kept an answer about, it does not ask MPI about.
        self.stack.sql("DELETE FROM mpi.kept_answers;")
        trace = self.sign_in().replace("-", "")

        operations.until(lambda: {span["service"] for span in self.mine(trace)} == set(operations.SERVICES),
                         "spans of all services arrive")
        operations.until(lambda: {"sign_in.start", "sign_in.callback", "sign_in.provision", "mpi", "mhv"} <=
                         {span["name"] for span in self.mine(trace)}, "both halves and the parties outside are there")

        # Each service sends when it likes, and a span when it has ended: a child's comes before its parent's.
        def orphans() -> list[dict]:
            spans = self.mine(trace)
            ids = {span["id"] for span in spans}
            return [span for span in spans if span["parent"] not in ids and span["name"] != "sign_in.start"]

        try:
            operations.until(lambda: not orphans(), "every span's parent arrives")
        except AssertionError:
            self.fail(f"nobody's children: {orphans()}")
        roots = [span["name"] for span in self.mine(trace) if span["parent"] in ("", "0" * 16)]
        self.assertEqual(roots, ["sign_in.start"])

    def mine(self, trace: str) -> list[dict]:
        return [span for span in self.collector.spans() if span["trace"] == trace]

    def test_L1_nothing_of_the_person_is_in_any_byte_of_the_spans(self):
        trace = self.sign_in().replace("-", "")
        operations.until(lambda: {span["service"] for span in self.mine(trace)} >=
                         {"auth-gateway", "user-attributes", "mhv-account", "inherited-proofing"}, "spans arrive")
        sent = self.collector.bytes()
        values = canaries()
        self.assertGreater(len(values), 5, "the persona has values to look for")
        self.assertEqual([value for value in values if value in sent], [])
        self.assertNotIn(b"SAMLRe", sent)
        # The same search finds what is planted.
        self.assertIn(values[0], sent + values[0])

    def test_a_traceparent_from_a_browser_is_not_believed(self):
        connection = operations.connect(self.stack)
        self.addCleanup(connection.close)
        host = operations.host_of(self.stack)
        connection.sendall((f"GET /v1/sessions/mhv/new HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
                            f"traceparent: 00-{BROWSERS_OWN}-b7ad6b7169203331-01\r\n\r\n").encode())
        self.assertIn(b"200", connection.recv(65536).split(b"\r\n")[0])
        # A service sends its spans in the order in which they ended: when a later one is there, so are those.
        trace = self.sign_in().replace("-", "")
        operations.until(lambda: any(span["service"] == "auth-gateway" for span in self.mine(trace)), "spans arrive")
        self.assertNotIn(bytes.fromhex(BROWSERS_OWN), self.collector.bytes())


if __name__ == "__main__":
    unittest.main()
