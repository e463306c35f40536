"""The previous programs run on the new schema, as they must while a rollout is under way: the commit
before the last change of a migration is built, its stack signs somebody in, the schemas are brought
forward under it with today's migrations, and it goes on signing people in, restarted or not.

The programs of that commit stay in build/previous/<commit>, so that only the first run builds them.
What its stack consists of, that commit says itself: programs and ports come and go."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "build/previous"
MIGRATIONS = ":(glob)services/*/migrations/**"
# A cold compiler cache on two busy cores; tools/dev/run_tests.py allows some minutes more.
BUILD_SECONDS = 1500
PEOPLE = ("idme_loa3", "mhv_premium")
SIGNINCTL = pathlib.Path(os.environ.get("VA_SIGNINCTL") or
                         ROOT / "build" / os.environ.get("VA_PRESET", "release") / "bin/signinctl")


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if done.returncode != 0:
        raise LookupError(f"git {' '.join(words)}: {done.stderr.decode().strip()}")
    return done.stdout.decode().strip()


def previous_commit() -> str:
    """The newest commit that does not know the newest migration."""
    if git("status", "--porcelain", "--", MIGRATIONS):
        return git("rev-parse", "HEAD")
    changed = git("log", "-1", "--format=%H", "--", MIGRATIONS)
    if not changed:
        raise LookupError("no commit of this history touches a migration")
    # At the edge of a shallow clone every file looks as if it were new.
    edge = ROOT / git("rev-parse", "--git-path", "shallow")
    if edge.exists() and changed in edge.read_text(encoding="utf-8").split():
        raise LookupError(f"the history ends at {changed[:12]}")
    if not git("rev-list", "-1", "--parents", changed).split()[1:]:
        raise LookupError(f"the history begins with {changed[:12]}")
    return git("rev-parse", "--verify", f"{changed}^1^{{commit}}")


def free_base(distances: list[int]) -> int:
    for base in range(30200, 31600, 100):
        with_answer = False
        for offset in distances:
            with socket.socket() as probe:
                with_answer = with_answer or probe.connect_ex(("127.0.0.1", base + offset)) == 0
        if not with_answer:
            return base
    raise RuntimeError("no free ports between 30200 and 32700")


class PreviousBinary(unittest.TestCase):
    def setUp(self):
        if shutil.which("git") is None or not (ROOT / ".git").exists():
            self.skipTest("not a checkout of git: there is no previous program to build")
        try:
            self.commit = previous_commit()
        except LookupError as missing:
            # Nothing that this checkout could prove: told in the output and in the count of skips.
            self.skipTest(f"the commit before the last migration is not here ({missing}). "
                          "In a shallow clone: git fetch --unshallow")
        self.assertTrue(SIGNINCTL.exists(), f"{SIGNINCTL} is not built: ./dev build")
        self.tree = KEPT / self.commit[:12]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="va-previous."))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("VA_")}
        self.environment |= {"VA_DEV_DIR": str(self.folder / "dev"), "VA_PRESET": "release"}
        self.addCleanup(self.clean)

    def clean(self):
        if (self.tree / "dev").exists():
            self.run_in_tree(["./dev", "down", "--delete-data"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_in_tree(self, command, timeout=120.0):
        """Exit code and output. What does not end in time is ended with all it started."""
        with subprocess.Popen(command, cwd=self.tree, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True) as process:
            try:
                output, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGTERM)
                output, _ = process.communicate()
                output += f"\nstopped: longer than {timeout:.0f} s\n".encode()
        return process.returncode, output.decode("utf-8", "replace")

    def unpack(self):
        """The sources of that commit; what is kept of any other is removed."""
        if (self.tree / "dev").exists():
            return
        shutil.rmtree(KEPT, ignore_errors=True)
        coming = KEPT / "coming"
        coming.mkdir(parents=True)
        with subprocess.Popen(["git", "-C", str(ROOT), "archive", self.commit],
                              stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-x", "-C", str(coming)], stdin=archive.stdout, check=True)
        self.assertEqual(archive.returncode, 0)
        coming.rename(self.tree)

    def words_of_the_stack(self, script: str, base=10_000) -> list[str]:
        """What the scripts of that commit say of its stack."""
        done = subprocess.run(["bash", "-c", f"source tools/dev/lib.sh; source tools/dev/stack.sh; {script}"],
                              cwd=self.tree, env=self.environment | {"VA_DEV_PORT_BASE": str(base)},
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        words = done.stdout.decode().split()
        self.assertNotEqual(words, [], script)
        return words

    def read_the_stack(self):
        self.services = self.words_of_the_stack('printf "%s\\n" "${VA_SERVICES[@]}"')
        self.programs = [*self.services, *self.words_of_the_stack('printf "%s\\n" "${VA_SIMULATORS[@]}"'),
                         "signin"]
        ports = self.words_of_the_stack("stack_ports | cut -d' ' -f1", base=10_000)
        self.environment["VA_DEV_PORT_BASE"] = str(free_base([int(port) - 10_000 for port in ports]))

    def say_while(self, started, done):
        """How far the build is, every half minute: nobody shall wonder whether it stands."""
        while not done.wait(30):
            objects = sum(1 for _ in self.tree.glob("build/release/**/*.o"))
            print(f"building the programs of {self.commit[:12]}: {objects} files compiled after "
                  f"{time.monotonic() - started:.0f} s (at most {BUILD_SECONDS} s)", flush=True)

    def build(self):
        """The first time; the compiler cache knows what has not changed since."""
        started = time.monotonic()
        done = threading.Event()
        saying = threading.Thread(target=self.say_while, args=(started, done))
        saying.start()
        try:
            code, text = self.run_in_tree(["./dev", "build", "release", *self.programs],
                                          timeout=BUILD_SECONDS)
        finally:
            done.set()
            saying.join()
        self.assertEqual(code, 0, f"{self.commit[:12]} does not build; what is done is kept, so that "
                                  f"another run goes on from there:\n{text}")
        print(f"programs of {self.commit[:12]} ready after {time.monotonic() - started:.0f} s")

    def sign_in(self, person: str):
        return self.run_in_tree(["./dev", "signin", person])

    def everybody_signs_in(self, when: str):
        for person in PEOPLE:
            code, text = self.sign_in(person)
            self.assertEqual(code, 0, f"{person}, {when}: {text}")

    def migrate(self, service: str):
        """As an operator does, with the settings the old service runs with."""
        config = self.folder / f"dev/config/{service}.yaml"
        done = subprocess.run([str(SIGNINCTL), "migrate", "up", service, "--config", str(config), "--yes",
                               "--json"], capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, f"{service}: {done.stdout.decode()}{done.stderr.decode()}")
        return json.loads(done.stdout)["applied"]

    def ops_address(self, service: str) -> str:
        text = (self.folder / f"dev/config/{service}.yaml").read_text(encoding="utf-8")
        return re.search(r"^ops:\s*(?:\{\s*|\n\s+)listen: ['\"]?([\d.]+:\d+)", text, re.M).group(1)

    def await_ready(self):
        deadline = time.monotonic() + 180
        pause = threading.Event()
        for service in self.services:
            while True:
                said = "no answer"
                try:
                    with urllib.request.urlopen(f"http://{self.ops_address(service)}/readyz",
                                                timeout=2) as answer:
                        if answer.status == 200:
                            break
                except urllib.error.HTTPError as refused:
                    said = refused.read().decode("utf-8", "replace")
                except OSError:
                    pass
                self.assertLess(time.monotonic(), deadline,
                                f"{service} of {self.commit[:12]} is not ready on the new schema: {said}")
                pause.wait(0.1)

    def restart(self):
        code, text = self.run_in_tree(["bash", "-c", """
            source tools/dev/lib.sh; source tools/dev/stack.sh
            stop_stack "${VA_SERVICES[@]}"
            exec 9>/dev/null
            for s in "${VA_SERVICES[@]}"; do
              start_process "$s" "$(bin_dir)/$s" --config "$VA_DEV_DIR/config/$s.yaml"
            done"""])
        self.assertEqual(code, 0, text)

    def test_the_previous_programs_serve_on_todays_schema(self):
        self.unpack()
        self.read_the_stack()
        self.build()
        code, text = self.run_in_tree(["./dev", "up"])
        self.assertEqual(code, 0, text)
        self.everybody_signs_in("before the migration")

        # The old programs run meanwhile: what needs a lock must not need it for long.
        applied = [name for service in self.services for name in self.migrate(service)]
        self.assertNotEqual(applied, [], "today's migrations are those of the previous commit")
        self.everybody_signs_in("after the migration, not restarted")

        self.restart()
        self.await_ready()
        self.everybody_signs_in("after the migration, restarted")

        # The proof that this bites: what a migration must never do.
        code, text = self.run_in_tree(["bash", "-c", """
            source tools/dev/lib.sh; source tools/dev/stack.sh
            pg_sql va <<<'ALTER TABLE gateway.sessions RENAME COLUMN session_index TO renamed'"""])
        self.assertEqual(code, 0, text)
        self.assertNotEqual(self.sign_in(PEOPLE[0])[0], 0, "a renamed column was not noticed")


if __name__ == "__main__":
    unittest.main()
