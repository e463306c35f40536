"""A suite that begins again from a backup, as docs/runbooks/restore.md says: a dump of the whole database, a fresh
cluster, the same files on disk. The commands for a dump that is older than the loss are taken from the runbook
itself, so that what is written there is what was tried."""

import json
import pathlib
import re
import shutil
import subprocess
import unittest
import urllib.parse

import edge_test
import operations

RUNBOOK = operations.ROOT / "docs/runbooks/restore.md"
PEOPLE = ("idme_loa3", "mhv_premium", "logingov_ial2", "dslogon_level2")
SCHEMAS = ("gateway", "attributes", "mpi", "mhv", "proofing")


def sql_of_runbook() -> str:
    """The one block of SQL in it."""
    blocks = re.findall(r"```sql\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1, f"{len(blocks)} blocks of SQL in {RUNBOOK}"
    return blocks[0]


class Restore(unittest.TestCase):
    def setUp(self):
        self.stack = operations.Stack("restore")
        self.addCleanup(self.stack.close)
        self.dump = self.stack.path("pg-dump")

    def query(self, words: str) -> str:
        return self.stack.sql(f"\\t on\n\\a\n{words};")

    def account_of(self, request: str) -> str:
        return self.query(f"SELECT account_id FROM gateway.sessions WHERE flow_id = '{request}'")

    def accounts(self) -> dict[str, str]:
        found = {}
        for person in PEOPLE:
            code, text = self.stack.dev("signin", person)
            self.assertEqual(code, 0, f"{person}: {text}")
            found[person] = self.account_of(re.search(r'"request_id": *"([^"]+)"', text).group(1))
            self.assertRegex(found[person], r"^[0-9a-f-]{36}$")
        return found

    def take_dump(self) -> None:
        """While people may sign in: one snapshot of all five schemas."""
        self.stack.shell(
            f'as_pg "$VA_PG_BIN/pg_dump" -Fc -h "$(pg_socket_dir)" -U "$(pg_superuser)" va >{self.dump}')

    def restore(self, then: str = "") -> None:
        """Everything is gone but the dump and the files on disk: a fresh cluster, the roles, the data."""
        code, text = self.stack.dev("down")
        self.assertEqual(code, 0, text)
        place = pathlib.Path(self.stack.shell("pg_location"))
        shutil.rmtree(place / "data")
        roles = " ".join(f"CREATE ROLE {s}_owner LOGIN; CREATE ROLE {s}_app LOGIN;" for s in SCHEMAS)
        self.stack.shell("pg_init && pg_start && pg_sql postgres <<'SQL'\n"
                         f"{roles} CREATE DATABASE va;\nSQL\n"
                         'as_pg "$VA_PG_BIN/pg_restore" --exit-on-error -h "$(pg_socket_dir)" '
                         f'-U "$(pg_superuser)" -d va <{self.dump}')
        if then:
            self.stack.sql(then)
        code, text = self.stack.dev("up")
        self.assertEqual(code, 0, text)
        self.stack.read_env()

    def signinctl(self, *words: str) -> tuple[int, dict]:
        done = subprocess.run([str(operations.binaries() / "signinctl"), *words, "--json"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertNotEqual(done.returncode, 2, done.stderr.decode())
        return done.returncode, json.loads(done.stdout)

    def test_a_restored_suite_knows_everybody_and_goes_on(self):
        before = self.accounts()
        browser = edge_test.Browser(self.stack)
        self.assertEqual(browser.sign_in()[0], 303)
        user = browser.request("GET", "/v0/user")
        self.assertEqual(user[0], 200)
        events = int(self.query("SELECT max(id) FROM mhv.account_events"))
        # A move: whoever ends properly has anchored the head of its audit trail by then.
        for service in operations.SERVICES:
            self.assertEqual(self.stack.stop(service), 0)
        self.take_dump()
        self.restore()

        for service in operations.SERVICES:
            code, status = self.signinctl("migrate", "status", service, "--config",
                                          str(self.stack.path(f"config/{service}.yaml")))
            self.assertEqual((code, status["verdict"]), (0, "current"), status)
        for service in ("auth-gateway", "user-attributes", "mhv-account", "mpi-adapter"):
            code, status = self.signinctl("keys", "status", service, "--config",
                                          str(self.stack.path(f"config/{service}.yaml")))
            self.assertEqual((code, status["verdict"]), (0, "current"), status)
        again = browser.request("GET", "/v0/user")
        self.assertEqual(again[0], 200, "a session of before the restore lives on")
        self.assertEqual(json.loads(again[2])["data"]["id"], json.loads(user[2])["data"]["id"])
        self.assertEqual(self.accounts(), before)
        # Numbers go on where they were, so that no history is written over another.
        self.stack.sql("UPDATE mhv.accounts SET ensured_at = ensured_at - interval '30 days'")
        self.accounts()
        operations.until(lambda: int(self.query("SELECT max(id) FROM mhv.account_events")) > events,
                         "the history goes on")
        # What the roles may do came with the dump.
        self.assertEqual(self.query(
            "SELECT has_table_privilege('gateway_app', 'mhv.accounts', 'SELECT') OR "
            "has_table_privilege('mhv_app', 'mhv.schema_migrations', 'UPDATE')"), "f")
        for service in ("auth-gateway", "user-attributes", "mhv-account"):
            trail = self.stack.path(f"audit/{service}.jsonl")
            code, verdict = self.signinctl("audit", "verify", "--config",
                                           str(self.stack.path(f"config/{service}.yaml")), str(trail))
            self.assertEqual(code, 0, verdict)

    def post_again(self, browser: edge_test.Browser, fields: dict[str, str]):
        return browser.request("POST", "/v1/sessions/callback", urllib.parse.urlencode(fields),
                               f"Origin: {self.stack.env['VA_IDP_URL']}")

    def answered(self, browser: edge_test.Browser) -> dict[str, str]:
        """Up to the moment in which the browser would post the answer of its provider."""
        choice = browser.at_idp(*edge_test.form(browser.start()[2], self.stack.url))
        url, fields = edge_test.form(choice, self.stack.env["VA_IDP_URL"])
        answer = browser.at_idp(url, fields | {"persona": "mhv_premium"})
        return edge_test.form(answer, self.stack.url)[1]

    def test_B9_what_was_used_or_ended_after_the_dump_does_not_come_back_to_life(self):
        left, held = edge_test.Browser(self.stack), edge_test.Browser(self.stack)
        self.assertEqual(left.sign_in()[0], 303)
        cookies = dict(left.cookies)
        fields = self.answered(held)
        flow = dict(held.cookies)
        self.take_dump()
        # After the dump one person signs out, and another one's assertion is used.
        page = left.request("POST", "/v0/logout")
        self.assertLess(page[0], 400, page[2][:300])
        self.assertEqual(left.request("GET", "/v0/user")[0], 401)
        self.assertEqual(self.post_again(held, fields)[0], 303)

        # Without the measure both come back: that is why there is one.
        self.restore()
        self.assertNotEqual(self.query("SELECT count(*) FROM mpi.kept_answers"), "0")
        left.cookies, held.cookies = dict(cookies), dict(flow)
        self.assertEqual(left.request("GET", "/v0/user")[0], 200)
        self.assertEqual(self.post_again(held, fields)[0], 303)

        self.restore(then=sql_of_runbook())
        # What was cached of anybody may have been forgotten since the dump.
        for table in ("mpi.kept_answers", "mpi.retired_icns", "attributes.contact_cache"):
            self.assertEqual(self.query(f"SELECT count(*) FROM {table}"), "0", table)
        left.cookies, held.cookies = dict(cookies), dict(flow)
        self.assertEqual(left.request("GET", "/v0/user")[0], 401)
        answer = self.post_again(held, fields)
        self.assertNotEqual(answer[0], 303, answer[2][:300])
        self.assertEqual(self.query("SELECT count(*) FROM gateway.sessions"), "0")
        # And whoever begins anew gets in.
        self.assertEqual(edge_test.Browser(self.stack).sign_in()[0], 303)


if __name__ == "__main__":
    unittest.main()
