"""Debian's Prometheus scrapes every process of every service, as an operator's would, and knows afterwards
who signed in; the metrics pages and the alert rules pass its own tool."""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

import operations

ALERTS = operations.ROOT / "deploy/alerts/signin.yaml"
ALERT_TESTS = operations.ROOT / "tests/operations/alerts_test.yaml"


def promtool(*words: str, text: str = "") -> tuple[int, str]:
    done = subprocess.run(["/usr/bin/promtool", *words], input=text.encode(), check=False, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Prometheus:
    """A process of its own on a loopback port; its data goes with it."""

    def __init__(self, targets: list[str]):
        self._folder = tempfile.TemporaryDirectory(prefix="va-prometheus.")
        folder = pathlib.Path(self._folder.name)
        self.port = free_port()
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                  "rule_files": [str(ALERTS)],
                  "scrape_configs": [{"job_name": "va-signin", "static_configs": [{"targets": targets}]}]}
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self._log = open(folder / "log", "wb")
        self._process = subprocess.Popen(
            ["/usr/bin/prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        operations.until(lambda: operations.get(f"http://127.0.0.1:{self.port}/-/ready")[0] == 200,
                         "Prometheus is ready")

    def api(self, path: str, **query: str):
        status, text = operations.get(
            f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}")
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)["data"]

    def query(self, words: str) -> list[tuple[dict[str, str], float]]:
        return [(one["metric"], float(one["value"][1])) for one in self.api("query", query=words)["result"]]

    def value(self, words: str) -> float:
        """The one value of a query; 0 when there is no series yet."""
        return sum(value for _, value in self.query(words))

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._log.close()
        self._folder.cleanup()


def free_port() -> int:
    """Below the ports that this machine gives to outgoing connections: none of them can take it meanwhile."""
    for port in range(17900, 18200):
        with operations.socket.socket() as probe:
            probe.setsockopt(operations.socket.SOL_SOCKET, operations.socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no free port for Prometheus between 17900 and 18200")


class Scraped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = operations.Stack("prometheus", VA_DEV_REPLICAS="2")
        cls.addClassCleanup(cls.stack.close)
        cls.targets = {name: f"127.0.0.1:{cls.stack.port(name, 'OPS')}" for name in cls.stack.services()}
        cls.prometheus = Prometheus(sorted(cls.targets.values()))
        cls.addClassCleanup(cls.prometheus.close)

    def test_debians_prometheus_scrapes_every_process_of_every_service(self):
        self.assertEqual(len(self.targets), 10)

        def all_up():
            found = self.prometheus.api("targets")["activeTargets"]
            return len(found) == 10 and all(one["health"] == "up" for one in found)

        try:
            operations.until(all_up, "all targets are up")
        except AssertionError:
            self.fail(str([(one["scrapeUrl"], one["lastError"]) for one in
                           self.prometheus.api("targets")["activeTargets"]]))
        built = operations.until(lambda: len(found := self.prometheus.query("va_build_info")) == 10 and found,
                                 "every process says what it is")
        self.assertEqual({labels["service"] for labels, _ in built}, set(operations.SERVICES))
        for labels, value in built:
            self.assertEqual(value, 1)
            self.assertTrue(labels["version"])
            name = next(n for n, target in self.targets.items() if target == labels["instance"])
            self.assertEqual(labels["service"], name.removesuffix("-b"))

    def test_a_sign_in_and_a_refusal_are_seen_by_csp_application_and_outcome(self):
        def count(**labels: str) -> float:
            inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
            return self.prometheus.value(f"sum(va_signin_outcomes_total{{{inside}}})")

        sessions, refusals = count(csp="mhv", outcome="session"), count(outcome="refusal", code="101")
        self.assertEqual(self.stack.dev("signin", "mhv_premium", "--application", "mhv")[0], 0)
        self.assertEqual(self.stack.dev("signin", "two_mhv_ids")[0], 3)
        operations.until(lambda: count(csp="mhv", application="mhv", outcome="session") >= 1 and
                         count(csp="mhv", outcome="session") == sessions + 1, "the session is counted")
        operations.until(lambda: count(outcome="refusal", code="101") == refusals + 1, "the refusal is counted")
        calls = 'sum by (instance) (va_rpc_server_calls_total{code="OK"})'
        operations.until(lambda: self.prometheus.query(calls), "calls among the services are counted")

    def test_calls_are_spread_over_both_processes_of_a_service(self):
        crowd = operations.Crowd(self.stack, 20)
        self.addCleanup(crowd.stop)
        crowd.signs_in(40)
        self.assertEqual(crowd.stop()["failures"], {})
        for name in ("user-attributes", "mpi-adapter"):
            with self.subTest(name=name):
                shares = [self.stack.metric(one, "va_rpc_server_calls_total") for one in (name, name + "-b")]
                self.assertGreater(min(shares), 0.25 * sum(shares), shares)

    def test_every_metrics_page_passes_promtool(self):
        self.assertEqual(self.stack.dev("signin", "mhv_premium")[0], 0)
        for name in self.targets:
            with self.subTest(name=name):
                text = self.stack.metrics_text(name)
                code, said = promtool("check", "metrics", text=text)
                self.assertEqual((code, said.strip()), (0, ""))
                for family in re.findall(r"^# TYPE (\S+)", text, re.M):
                    self.assertRegex(family, r"^va_[a-z0-9_]+$")

    def test_the_alert_rules_pass_promtool_and_their_own_tests(self):
        for words in (("check", "rules", str(ALERTS)), ("test", "rules", str(ALERT_TESTS))):
            code, said = promtool(*words)
            self.assertEqual(code, 0, said)

    def test_every_alert_asks_for_metrics_that_exist_and_names_a_page_that_exists(self):
        self.assertEqual(self.stack.dev("signin", "mhv_premium")[0], 0)
        known = set()
        for name in self.targets:
            known |= set(re.findall(r"^# TYPE (\S+)", self.stack.metrics_text(name), re.M))
        text = ALERTS.read_text(encoding="utf-8")
        # What stands in quotes is the value of a label.
        asked = set(re.findall(r"\bva_[a-z_]+", re.sub(r'"[^"\n]*"', "", text)))
        self.assertGreater(len(asked), 8)
        self.assertEqual(asked - known, set(), "an alert that asks for nothing never fires")
        pages = re.findall(r"runbook: (\S+)", text)
        self.assertEqual(len(pages), len(re.findall(r"- alert:", text)))
        for page in pages:
            self.assertTrue((operations.ROOT / page).is_file(), page)

    def test_no_alert_fires_while_all_is_well(self):
        # The certificates of a new stack end in a year, and no page of ours needs longer than its `for`.
        operations.until(lambda: self.prometheus.value("count(va_build_info)") == 10, "all are scraped")

        def rules_now():
            return [rule for group in self.prometheus.api("rules")["groups"] for rule in group["rules"]]

        operations.until(lambda: {rule["health"] for rule in rules_now()} == {"ok"}, "all rules were judged")
        rules = rules_now()
        firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
        self.assertEqual(firing, [])


if __name__ == "__main__":
    unittest.main()
