"""What the services stand on goes wrong under people who sign in: the database's password, its user, its
connections, a peer's name. They are told to try later, and it passes without a restart."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import threading
import time
import unittest

import operations

RATE = 20
# A user that nothing else runs as.
USER = 31999
# What a person may be told while something is down: an honest "try later".
TRY_LATER = re.compile(r"\bstatus 503\b")
INSIDE = ("Postgres", "postgres", "password", "FATAL", "role", "gateway_app", "pqxx", "SQL", "relation",
          ".internal", ".invalid", "127.0.0.1:", "gRPC", "UNAVAILABLE", "absl", "/sock")


class Outages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("outages")
        cls.addClassCleanup(cls.stack.close)

    def setUp(self):
        self.pids = dict(self.stack.pids)

    def crowd(self, rate: float = RATE, *options: str) -> operations.Crowd:
        crowd = operations.Crowd(self.stack, rate, *options)
        self.addCleanup(crowd.stop)
        return crowd

    def password_file(self, role: str):
        return self.stack.path(f"secrets/{role}.password")

    def lose_connections(self, role: str) -> None:
        """As a database does that is restarted or fails over. They are gone when this returns: one that is
        still dying could be given a statement, and then nobody can know whether it was carried out."""
        self.stack.sql("SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity "
                       f"WHERE usename = '{role}';")

    def page(self, path: str) -> tuple[int, str, str]:
        """Status, head and body of a page of the gateway, by curl."""
        done = subprocess.run(["curl", "-sS", "-i", "--noproxy", "*", "--max-time", "20", "--cacert",
                               self.stack.env["VA_CA"], self.stack.url + path],
                              check=True, stdout=subprocess.PIPE)
        head, _, body = done.stdout.decode("utf-8", "replace").partition("\r\n\r\n")
        return int(head.split()[1]), head, body

    def expect_try_later(self, page: tuple[int, str, str]) -> None:
        status, head, body = page
        self.assertEqual(status, 503, body[:500])
        self.assertRegex(head, r"(?i)\r\nretry-after: [1-9]")
        for word in (*INSIDE, str(self.stack.folder), socket.gethostname()):
            self.assertNotIn(word, re.sub(r"<style.*?</style>", "", body, flags=re.S), "L5")

    def expect_only_try_later(self, result: dict) -> None:
        for kind in result["failures"]:
            self.assertRegex(kind, TRY_LATER)

    def expect_healthy_again(self) -> None:
        operations.until(lambda: self.stack.dev("signin", "mhv_premium")[0] == 0, "somebody signs in again")
        after = self.crowd()
        after.signs_in(RATE)
        self.assertEqual(after.stop()["failures"], {})
        self.assertEqual(self.stack.pids, self.pids)
        for name in self.stack.services():
            self.assertTrue(self.stack.alive(name), name)
            operations.until(lambda n=name: self.stack.ready(n), f"{name} is ready")

    def test_B3_a_rotated_password_is_used_for_new_connections_and_no_sign_in_fails(self):
        crowd = self.crowd()
        for role in ("gateway_app", "attributes_app"):
            crowd.signs_in(RATE)
            fresh = f"rotated-{role}-{time.monotonic_ns()}"
            # Both at one moment; connections that are open stay good.
            self.stack.shell(f"printf %s {fresh} >{self.password_file(role)}; "
                             f"pg_sql va <<<\"ALTER ROLE {role} PASSWORD '{fresh}'\"")
            crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told("B3 rotated", result)
        self.assertEqual(result["failures"], {})

    def test_B3_connections_that_died_while_idle_are_replaced_before_anything_is_sent_on_them(self):
        for role in ("gateway_app", "attributes_app"):
            self.lose_connections(role)
        after = self.crowd()
        after.signs_in(RATE)
        self.assertEqual(after.stop()["failures"], {})

    def test_B3_a_statement_whose_connection_dies_is_not_sent_twice_and_its_person_tries_later(self):
        # Whether it was carried out is unknown. So: 503, not a second session and not another page.
        before = self.count("gateway.sessions")
        crowd = self.crowd(2 * RATE)
        for _ in range(5):
            crowd.signs_in(RATE)
            for role in ("gateway_app", "attributes_app"):
                self.lose_connections(role)
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told("B3 connections die under way", result)
        self.expect_only_try_later(result)
        # At most what was under way at ten such moments; and everybody who begins later gets in.
        self.assertLess(sum(result["failures"].values()), result["sessions"])
        kept = self.count("gateway.sessions") - before
        self.assertGreaterEqual(kept, result["sessions"])
        self.assertLessEqual(kept, result["started"], "nobody has two sessions")
        self.expect_healthy_again()

    def count(self, table: str) -> int:
        found = re.search(r"n=(\d+)", self.stack.sql(f"SELECT 'n=' || count(*) FROM {table};"))
        return int(found.group(1))

    def test_B3_L5_while_the_password_is_wrong_people_are_told_to_try_later_and_it_passes(self):
        self.outage("gateway_app", "PASSWORD 'something else'",
                    f"PASSWORD '{self.password_file('gateway_app').read_text(encoding='ascii')}'")

    def test_B3_L5_while_the_user_is_locked_people_are_told_to_try_later_and_it_passes(self):
        self.outage("gateway_app", "NOLOGIN", "LOGIN")

    def test_B3_while_the_user_of_another_service_is_locked_people_are_told_to_try_later(self):
        self.outage("attributes_app", "NOLOGIN", "LOGIN", start_fails=False)

    def outage(self, role: str, bad: str, good: str, start_fails: bool = True) -> None:
        crowd = self.crowd()
        crowd.signs_in(RATE)
        self.assertEqual(crowd.failures(), 0)
        self.stack.sql(f"ALTER ROLE {role} {bad};")
        try:
            operations.until(lambda: self.lose_connections(role) or crowd.failures() > 0, "sign-ins fail")
            if start_fails:
                self.expect_try_later(self.page("/v1/sessions/mhv/new"))
            self.assertEqual(operations.get(
                f"http://127.0.0.1:{self.stack.port('auth-gateway', 'OPS')}/livez")[0], 200)
            failed = crowd.failures()
            operations.until(lambda: crowd.failures() > failed + RATE / 2, "it goes on for a while")
        finally:
            self.stack.sql(f"ALTER ROLE {role} {good};")
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told(f"B3 {role} {bad.split()[0]}", result)
        self.expect_only_try_later(result)
        self.expect_healthy_again()

    def test_B5_with_every_connection_in_use_people_are_told_to_try_later_and_it_passes(self):
        crowd = self.crowd(2 * RATE)
        crowd.signs_in(RATE)
        locked = threading.Event()

        def lock_until_told():
            with contextlib.suppress(RuntimeError):  # it ends by being cancelled
                self.stack.sql("SET application_name = 'locker'; BEGIN; "
                               "LOCK TABLE gateway.flows IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(100);")
            locked.set()

        def unlock():
            self.stack.sql("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                           "WHERE application_name = 'locker';")
            lock.join(operations.PATIENCE)

        lock = threading.Thread(target=lock_until_told)
        lock.start()
        self.addCleanup(unlock)
        operations.until(lambda: crowd.failures() > RATE, "sign-ins are shed")
        self.expect_try_later(self.page("/v1/sessions/mhv/new"))
        began = time.monotonic()
        self.assertEqual(self.page("/sign-in/")[0], 200, "what needs no database is served")
        took = time.monotonic() - began
        self.assertFalse(locked.is_set(), "all that happened while every connection was in use")
        # Whoever waited in line behind the others would have waited for their whole time.
        self.assertLess(took, 8)
        unlock()
        crowd.signs_in(RATE)
        result = crowd.stop()
        operations.told("B5 every connection in use", result)
        self.expect_only_try_later(result)
        self.expect_healthy_again()
        connections = self.stack.shell(
            "pg_sql va <<<\"SELECT 'open=' || count(*) FROM pg_stat_activity WHERE usename = 'gateway_app'\"")
        self.assertLessEqual(int(re.search(r"open=(\d+)", connections).group(1)), 8, "none leaked")

    def test_C3_a_peer_whose_name_is_gone_means_try_later_within_the_deadline_and_nobody_else_is_asked(self):
        # RFC 6761: no resolver ever knows a name under .invalid.
        self.stack.stop("auth-gateway")
        self.stack.start("auth-gateway", VA_AUTH_GATEWAY__PEERS__MPI_ADAPTER__TARGET="dns:///mpi.invalid:8444")
        try:
            began = time.monotonic()
            code, text = self.stack.dev("signin", "mhv_premium")
            self.assertEqual(code, 4, text)
            self.assertLess(time.monotonic() - began, operations.PATIENCE)
        finally:
            self.stack.stop("auth-gateway")
            self.stack.start("auth-gateway")
        self.pids = dict(self.stack.pids)
        self.expect_healthy_again()

    @unittest.skipUnless(os.geteuid() == 0, "only root can run the gateway as a user of its own")
    def test_C2_a_gateway_that_gets_no_more_threads_goes_on_and_one_that_gets_too_few_never_says_ready(self):
        # RLIMIT_NPROC counts a user's threads and does not hold for root, so the gateway gets a user.
        own = [self.stack.path(name) for name in ("pki", "secrets", "config", "audit", "policy.yaml")]
        files = [file for one in own for file in (one, *one.rglob("*"))]
        owners = {file: file.stat().st_uid for file in files}
        sockets = self.stack.path("pg/sock")
        if not sockets.is_dir():
            sockets = pathlib.Path(self.stack.env["VA_PG_HOST"])
        mode = sockets.stat().st_mode
        self.stack.stop("auth-gateway")

        def as_it_was():
            sockets.chmod(mode)
            for file, owner in owners.items():
                os.chown(file, owner, -1)
            if self.stack.alive("auth-gateway"):
                self.stack.stop("auth-gateway")
            for file in self.stack.path("audit").iterdir():
                os.chown(file, 0, -1)
            self.stack.start("auth-gateway")

        self.addCleanup(as_it_was)
        for file in files:
            os.chown(file, USER, -1)
        sockets.chmod(0o711)
        self.start_as_user()
        operations.until(lambda: self.stack.ready("auth-gateway"), "the gateway is ready as another user")
        self.stack.dev("signin", "mhv_premium")
        # gRPC takes threads as it comes to need them, so what counts is the most that there were.
        tasks = f"/proc/{self.stack.pids['auth-gateway']}/task"
        needed = 0
        for _ in range(30):
            needed = max(needed, len(os.listdir(tasks)))
            threading.Event().wait(0.1)
        self.stack.stop("auth-gateway")

        self.start_as_user("prlimit", f"--nproc={needed}")
        operations.until(lambda: self.stack.ready("auth-gateway"), "the gateway is ready with just enough")
        crowd = self.crowd(RATE, "--fresh-connections")
        crowd.signs_in(3 * RATE)
        result = crowd.stop()
        operations.told(f"C2 {needed} threads and not one more", result)
        self.expect_only_try_later(result)
        self.assertTrue(self.stack.alive("auth-gateway"))
        self.stack.stop("auth-gateway")

        # It cannot do its work with these: it ends, or it goes on and says that it is not ready.
        for threads in (needed // 4, needed // 2):
            self.start_as_user("prlimit", f"--nproc={threads}")
            operations.until(lambda: not self.stack.alive("auth-gateway") or "database.waiting"
                             in self.stack.log("auth-gateway"), "it has tried")
            self.assertFalse(self.stack.ready("auth-gateway"))
            if self.stack.alive("auth-gateway"):
                self.stack.kill("auth-gateway")

    def start_as_user(self, *limit: str) -> None:
        self.stack.path("log/auth-gateway.log").write_bytes(b"")
        config = self.stack.path("config/auth-gateway.yaml")
        self.stack.shell(f"start_process auth-gateway {' '.join(limit)} setpriv --reuid={USER} --clear-groups "
                         f'"$(bin_dir)/auth-gateway" --config {config}')
        pid, _, _ = self.stack.path("run/auth-gateway.pid").read_text(encoding="ascii").partition(" ")
        self.stack.pids["auth-gateway"] = int(pid)


if __name__ == "__main__":
    unittest.main()
