"""What the tests of operations share: a stack of their own whose processes they stop and start, a crowd
that signs in meanwhile, the metrics of each process, and raw connections to the edge."""

import collections.abc
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("auth-gateway", "user-attributes", "mpi-adapter", "mhv-account", "inherited-proofing")
OFFSETS = (*range(43, 49), *range(51, 59), *range(61, 65), *range(1043, 1049), *range(1053, 1059))
_PR_SET_CHILD_SUBREAPER = 36


def binaries() -> pathlib.Path:
    return pathlib.Path(os.environ.get("VA_BIN") or os.environ.get("VA_BIN_DIR") or
                        ROOT / "build" / os.environ.get("VA_PRESET", "release") / "bin")


# How long a test waits for what should happen soon. Nothing waits longer than it has to, so this is for a
# machine several times slower than any that people work at, and busy with something else.
PATIENCE = 90


def until(condition: collections.abc.Callable[[], object], what: str, seconds: float = PATIENCE):
    """Asks again and again until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        threading.Event().wait(0.05)


def free_base() -> int:
    # Below the ports that this machine gives to outgoing connections.
    for base in range(18200, 30000, 100):
        taken = False
        for offset in OFFSETS:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", base + offset))
                except OSError:
                    taken = True
                    break
        if not taken:
            return base
    raise RuntimeError("no free ports for a stack between 18200 and 31100")


def get(url: str, timeout: float = 15) -> tuple[int, str]:
    """Status and body of a plain GET; (0, why) when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8")
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode("utf-8", "replace")
    except OSError as fault:
        return 0, str(fault)


class Stack:
    """A stack in a temporary folder on free ports; always stopped. `settings` are environment variables
    for ./dev up, those of services (VA_AUTH_GATEWAY__...) included; later starts of a process get them too."""

    def __init__(self, name: str, **settings: str):
        # Whoever ends is ours to wait for, so that its exit code is known.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="va-ops."))
        self.folder.chmod(0o711)  # the database's user passes through
        self.base = free_base()
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("VA_")}
        self._environment |= {"VA_DEV_DIR": str(self.folder / "dev"), "VA_BIN_DIR": str(binaries()),
                              "VA_DEV_PORT_BASE": str(self.base), **settings}
        code, text = self.dev("up")
        if code != 0:
            self.close()
            raise RuntimeError(f"the stack does not start:\n{text}")
        self.read_env()

    def dev(self, *words: str) -> tuple[int, str]:
        done = subprocess.run([str(ROOT / "dev"), *words], env=self._environment, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def shell(self, words: str, **settings: str) -> str:
        """Runs words of the scripts behind ./dev: start_service NAME, pid_of NAME, pg_sql ..."""
        script = (f"cd {ROOT}; source tools/dev/lib.sh; source tools/dev/stack.sh; {words}")
        done = subprocess.run(["bash", "-c", script], env=self._environment | settings, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def read_env(self) -> None:
        text = (self.folder / "dev/env").read_text(encoding="utf-8")
        self.env = dict(re.findall(r"^(VA_\w+)=(.*)$", text, re.M))
        self.pids = {k.removeprefix("VA_PID_").lower().replace("_", "-"): int(v)
                     for k, v in self.env.items() if k.startswith("VA_PID_")}

    def path(self, inside: str) -> pathlib.Path:
        return self.folder / "dev" / inside

    def log(self, name: str) -> str:
        return self.path(f"log/{name}.log").read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        return self.env["VA_URL"]

    def port(self, name: str, kind: str) -> int:
        """port("mpi-adapter-b", "OPS")"""
        word = name.removeprefix("auth-").upper().replace("-", "_")
        return int(self.env[f"VA_PORT_{word}_{kind}"])

    def services(self) -> list[str]:
        return [name for name in self.pids if name.removesuffix("-b") in SERVICES]

    # --- Processes -------------------------------------------------------------------------------

    def ready(self, name: str) -> bool:
        return get(f"http://127.0.0.1:{self.port(name, 'OPS')}/readyz", 10)[0] == 200

    def alive(self, name: str) -> bool:
        try:
            stat = pathlib.Path(f"/proc/{self.pids[name]}/stat").read_text(encoding="utf-8")
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def stop(self, name: str, seconds: float = PATIENCE) -> int:
        """SIGTERM; the exit code (negative: the signal that ended it)."""
        pid = self.pids[name]
        os.kill(pid, signal.SIGTERM)
        _, status = until(lambda: _ended(pid), f"{name} ends after SIGTERM", seconds)
        return os.waitstatus_to_exitcode(status)

    def kill(self, name: str) -> None:
        """SIGKILL: it finishes nothing."""
        os.kill(self.pids[name], signal.SIGKILL)
        until(lambda: _ended(self.pids[name]), f"{name} is gone")

    def start(self, name: str, seconds: float = PATIENCE, **settings: str) -> None:
        self.shell(f"start_service {name}", **settings)
        self.pids[name] = int(self.shell(f"pid_of {name}") or 0)
        until(lambda: self.ready(name), f"{name} is ready", seconds)

    # --- What it says of itself ------------------------------------------------------------------

    def metrics_text(self, name: str) -> str:
        status, text = get(f"http://127.0.0.1:{self.port(name, 'OPS')}/metrics")
        assert status == 200, f"{name}: /metrics answers {status}"
        return text

    def metric(self, name: str, family: str, **labels: str) -> float:
        """The sum of a family's series that carry these labels; 0 when there is none."""
        return sum(value for found, given, value in samples(self.metrics_text(name))
                   if found == family and labels.items() <= given.items())

    def sql(self, words: str, database: str = "va") -> str:
        return self.shell(f"pg_sql {database} <<'SQL'\n{words}\nSQL\n")

    # --- Its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        kept = ROOT / "build/test/log"
        if kept.is_dir() and self.path("log").is_dir():
            shutil.copytree(self.path("log"), kept / f"operations-{self.name}", dirs_exist_ok=True)
        self.dev("down", "--delete-data")
        for pid in getattr(self, "pids", {}).values():
            _ended(pid)
        shutil.rmtree(self.folder, ignore_errors=True)


def _ended(pid: int):
    """(pid, status) once a process that we inherited has ended."""
    try:
        found = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return found if found[0] == pid else None


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    """Name, labels and value of each line of a metrics page."""
    found = []
    for line in text.splitlines():
        match = re.match(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$", line)
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            found.append((match.group(1), labels, float(match.group(3))))
    return found


class Crowd:
    """People who sign in at a steady rate, until `stop`."""

    def __init__(self, stack: Stack, rate: float, *options: str, url: str = ""):
        self.rate = rate
        self._last: dict = {}
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [str(binaries() / "signin-load"), "--url", url or stack.url, "--ca", stack.env["VA_CA"],
             "--personas", str(ROOT / "tests/personas"), "--rate", str(rate), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: self.now().get("sessions", 0) > 0, "the first of the crowd is signed in")

    def _read(self) -> None:
        for line in self._process.stdout:
            with self._lock:
                self._last = json.loads(line)

    def now(self) -> dict:
        with self._lock:
            return dict(self._last)

    def signs_in(self, more: int = 5, seconds: float = PATIENCE) -> None:
        """Waits until so many more are signed in."""
        before = self.now()["sessions"]
        until(lambda: self.now()["sessions"] >= before + more, f"{more} more are signed in", seconds)

    def failures(self) -> int:
        return sum(self.now().get("failures", {}).values())

    def stop(self) -> dict:
        """Lets those who have started finish; what became of everybody."""
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(PATIENCE)
            self._reader.join(10)
            self._process.stdout.close()
        return self.now()


def told(name: str, result: dict) -> None:
    """One line for the log of the test."""
    failures = ", ".join(f"{n}x {kind}" for kind, n in result["failures"].items()) or "none"
    print(f"{name}: {result['sessions']} sign-ins in {result['seconds']:.0f} s, "
          f"p50 {result['p50_ms']:.0f} ms, p99 {result['p99_ms']:.0f} ms, max {result['max_ms']:.0f} ms, "
          f"late {result['late']}, failures: {failures}", file=sys.stderr)


# --- Raw connections to the edge -----------------------------------------------------------------

def tls_context(stack: Stack) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=stack.env["VA_CA"])


def connect(stack: Stack, name: str = "auth-gateway", timeout: float = 20,
            context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", stack.port(name, "PUBLIC")), timeout)
    try:
        return (context or tls_context(stack)).wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def host_of(stack: Stack) -> str:
    return stack.url.removeprefix("https://")


def answer_to(stack: Stack, request: bytes, name: str = "auth-gateway") -> tuple[int, dict[str, str], str]:
    """Sends bytes as they are: status (0: closed without one), headers by lower-case name, body."""
    with connect(stack, name) as edge:
        try:
            edge.sendall(request)
        except OSError:
            pass  # refused before everything was sent: the answer says why
        return read_answer(edge)


def read_answer(edge: ssl.SSLSocket) -> tuple[int, dict[str, str], str]:
    text = b""
    while not complete(text):
        try:
            piece = edge.recv(65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    return parsed(text)


def parsed(text: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = text.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    match = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return (int(match.group(1)) if match else 0), headers, body.decode("utf-8", "replace")


def complete(text: bytes) -> bool:
    head, found, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    return bool(found) and length is not None and len(body) >= int(length.group(1))
