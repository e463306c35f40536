"""The far side of a conversation over real HTTPS: a small server for an identity provider, with the
certificate that the stack's simulators have, and keys made for one test run."""

import dataclasses
import http.server
import pathlib
import ssl
import subprocess
import threading
import urllib.parse

import browsing


@dataclasses.dataclass
class Asked:
    """One request, as it came."""
    method: str
    path: str
    query: str  # as it was sent: a signature lies over these very octets
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        source = self.body.decode("ascii") if self.method == "POST" else self.query
        return dict(urllib.parse.parse_qsl(source, keep_blank_values=True))


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)


class HttpsServer:
    """Serves what `answer` makes of a request, at an origin of its own on the loopback interface."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = browsing.TIMEOUT_SECONDS

            def do_GET(self):  # noqa: N802, the name is the library's
                path, _, query = self.path.partition("?")
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.reply(answer(Asked(self.command, path, query, headers, self.rfile.read(length))))

            do_POST = do_GET  # noqa: N815

            def reply(self, given: Answer):
                self.send_response(given.status)
                for name, value in given.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(given.body)))
                self.end_headers()
                self.wfile.write(given.body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(browsing.pki("simulators.crt"), browsing.pki("simulators.key"))
        # The handshake happens in the thread of the connection: one that stays silent holds nobody up.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self.origin = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def make_key(folder: pathlib.Path, name: str) -> None:
    """An RSA key of this run alone and its self-signed certificate, NAME.key and NAME.crt."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "30",
         "-subj", f"/CN={name} (interoperability test)", "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "keyUsage=critical,digitalSignature",
         "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
