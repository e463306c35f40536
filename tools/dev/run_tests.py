"""Runs the tests of some labels and counts them: Catch2 programs through CTest's list, node:test and
unittest files under tests/<label>/, and ./dev check for `lint`. Behind ./dev test, which gives it a
database and a stack to test against."""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = ("format", "includes", "pii", "words", "migrations", "links", "proto", "shell")
# Programs of these labels share nothing but the machine's cores.
SIDE_BY_SIDE = ("unit", "contract")
NEEDS_STACK = ("e2e", "browser", "security", "interop")
# What judges from outside and did not run has judged nothing (decision E4).
NEVER_SKIPPED = ("interop",)


@dataclasses.dataclass
class Job:
    """One program to run and how its answer is read."""
    name: str
    label: str
    command: list[str]
    # catch, node, unittest; nested: another ./dev test; rows: counts itself; plain: exit code alone
    kind: str
    timeout: float = 300
    folder: str = str(ROOT)
    will_fail: bool = False
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Result:
    job: Job
    passed: int
    failed: int
    skipped: int
    seconds: float
    output: str


def catch_counts(output: str, code: int) -> tuple[int, int]:
    everything = re.findall(r"^All tests passed \(.* in (\d+) test cases?\)", output, re.M)
    if everything:
        return int(everything[-1]), 0
    mixed = re.findall(r"^test cases:\s*\d+.*$", output, re.M)
    if not mixed:
        return 0, 1  # it ended before it could count, or ran nothing
    numbers = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed)", mixed[-1])}
    return numbers.get("passed", 0), max(numbers.get("failed", 0), int(code != 0))


def node_counts(output: str, code: int) -> tuple[int, int, int]:
    def last(word: str) -> int:
        found = re.findall(rf"^# {word} (\d+)", output, re.M)
        return int(found[-1]) if found else 0
    failed = last("fail") + last("cancelled")
    return last("pass"), failed or int(code != 0), last("skipped") + last("todo")


def unittest_counts(output: str, code: int) -> tuple[int, int, int]:
    ran = re.findall(r"^Ran (\d+) tests?", output, re.M)
    total = int(ran[-1]) if ran else 0
    def word(name: str) -> int:
        found = re.findall(rf"\b{name}=(\d+)", output)
        return int(found[-1]) if found else 0
    failed = word("failures") + word("errors")
    failed = max(failed, int(code != 0))
    return max(total - failed - word("skipped"), 0), failed, word("skipped")


def counts(job: Job, output: str, code: int) -> tuple[int, int, int]:
    if job.kind == "catch":
        passed, failed = catch_counts(output, code)
        # Catch2 2 knows no skipping: a test that cannot run says so in a line of its own.
        skipped = min(len(re.findall(r"^SKIP(?:PED)?\b", output, re.M)), passed)
        return passed - skipped, failed, skipped
    if job.kind == "node":
        return node_counts(output, code)
    if job.kind == "unittest":
        return unittest_counts(output, code)
    if job.kind in ("nested", "rows"):
        inner = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", output, re.M)
        passed, failed, skipped = map(int, inner[-1]) if inner else (0, 0, 0)
        return passed, max(failed, int(code != 0 or not inner)), skipped
    good = (code != 0) if job.will_fail else (code == 0)
    return int(good), int(not good), 0


def judged(job: Job, output: str, code: int) -> tuple[int, int, int]:
    passed, failed, skipped = counts(job, output, code)
    return (passed, failed + skipped, 0) if job.label in NEVER_SKIPPED else (passed, failed, skipped)


def run_aloud(job: Job) -> tuple[str, int]:
    """For what takes many minutes and tells how far it is: shown as it comes."""
    lines = []
    with subprocess.Popen(job.command, cwd=job.folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            lines.append(line.decode("utf-8", "replace"))
            print("  " + lines[-1], end="", flush=True)
    return "".join(lines), process.returncode


def run(job: Job, log: pathlib.Path) -> Result:
    started = time.monotonic()
    environment = {**os.environ, **job.environment}
    if job.kind == "nested":
        output, code = run_aloud(job)
        (log / f"{job.label}-{job.name}.log").write_text(output, encoding="utf-8")
        return Result(job, *counts(job, output, code), time.monotonic() - started, output)
    try:
        done = subprocess.run(job.command, cwd=job.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=job.timeout,
                              check=False)
        output, code = done.stdout.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode("utf-8", "replace")
        output += f"\nstopped: longer than {job.timeout:.0f} s\n"
        code = -1
    except OSError as fault:
        output, code = f"{job.command[0]}: {fault}\n", -1
    if code < 0:
        output += f"\nended by signal or time limit ({code})\n"
    (log / f"{job.label}-{job.name}.log").write_text(output, encoding="utf-8")
    return Result(job, *judged(job, output, code), time.monotonic() - started, output)


def catch_jobs(build: pathlib.Path, label: str) -> list[Job]:
    listed = subprocess.run(
        ["ctest", "--test-dir", str(build), "--show-only=json-v1", "-L", f"^{label}$"],
        capture_output=True, check=False)
    if listed.returncode != 0:
        return []
    only = os.environ.get("VA_TEST_PROGRAMS", "").split()
    jobs = []
    for test in json.loads(listed.stdout).get("tests", []):
        if only and test["name"] not in only:
            continue
        about = {p["name"]: p["value"] for p in test.get("properties", [])}
        command = test.get("command") or [str(build / "bin" / test["name"])]
        kind = "catch" if command[0].endswith("_test") else "plain"
        if pathlib.Path(command[0]).name == "conformance":
            kind = "rows"
        environment = dict(e.split("=", 1) for e in about.get("ENVIRONMENT", []))
        if kind == "catch":
            command = [*command, "--use-colour", "no"]
        jobs.append(Job(test["name"], label, command, kind, float(about.get("TIMEOUT", 300)),
                        about.get("WORKING_DIRECTORY", str(ROOT)),
                        bool(about.get("WILL_FAIL", False)), environment))
    return jobs


def file_jobs(label: str) -> list[Job]:
    folder = ROOT / "tests" / label
    jobs = []
    for path in sorted([*folder.glob("*.mjs"), *folder.glob("*.js")]):
        if "node:test" in path.read_text(encoding="utf-8"):
            jobs.append(Job(path.name, label, ["node", "--test", "--test-reporter=tap", str(path)],
                            "node", 600))
    # Tests of operations are end-to-end tests that bring stacks of their own, to break them.
    folders = [folder, ROOT / "tests/operations"] if label == "e2e" else [folder]
    for path in sorted(path for one in folders for path in one.glob("*_test.py")):
        # One builds the previous programs the first time it runs.
        limit = 1900 if path.name == "previous_binary_test.py" else 600
        jobs.append(Job(path.name, label, ["/usr/bin/python3", "-B", str(path)], "unittest", limit))
    return jobs


def fuzz_jobs() -> list[Job]:
    seconds = os.environ.get("VA_TEST_FUZZ_SECONDS", "20")
    script = str(ROOT / "tools/dev/fuzz.sh")
    # The first one builds them all from new.
    return [Job(path.stem, "fuzz", ["bash", script, path.stem, seconds], "plain", 3600)
            for path in sorted((ROOT / "tests/fuzz/targets").glob("*.cc"))]


def jobs_of(build: pathlib.Path, label: str) -> list[Job]:
    if label == "lint":
        checks = [Job(f"check-{name}", label, ["bash", str(ROOT / "tools/dev/check.sh"), name], "plain")
                  for name in CHECKS]
        return checks + [Job(pathlib.Path(name).name, label, ["/usr/bin/python3", "-B", str(ROOT / name)],
                             "unittest")
                         for name in ("tools/checks/checks_test.py", "tools/dev/run_tests_test.py")]
    if label == "bare":
        return [Job("bare", label, ["bash", str(ROOT / "tools/dev/bare.sh")], "nested")]
    if label == "fuzz":
        return fuzz_jobs()
    return catch_jobs(build, label) + file_jobs(label)


def failure_text(result: Result) -> str:
    lines = [line for line in result.output.splitlines()
             if not re.match(r"\s*(duration_ms|type:|ok \d+ )", line)]
    shown = lines if len(lines) <= 120 else [*lines[:80], "…", *lines[-40:]]
    return "\n".join("    " + line for line in shown)


def tell(result: Result) -> None:
    word = "ok    " if not result.failed else "FAILED"
    extra = "".join(f", {n} {what}" for n, what in
                    ((result.failed, "failed"), (result.skipped, "skipped")) if n)
    print(f"{word} {result.job.label:<12} {result.job.name:<34} "
          f"{result.passed:>4} passed{extra}  {result.seconds:.1f} s", flush=True)
    for line in re.findall(r"^SKIP.*$", result.output, re.M):
        print(f"       {line}")
    if result.failed and result.job.kind != "nested":
        print(failure_text(result), flush=True)


def run_label(jobs: list[Job], workers: int, log: pathlib.Path) -> list[Result]:
    results = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, job, log) for job in jobs]):
            results.append(done.result())
            tell(results[-1])
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--log", type=pathlib.Path, required=True)
    parser.add_argument("--stack-failed", action="store_true",
                        help="there is no stack to test against: its labels count as failed")
    parser.add_argument("--summary", action="store_true", help="print the count of the last run")
    parser.add_argument("labels", nargs="*")
    asked = parser.parse_args()
    kept = asked.log / "counts.json"
    if asked.summary:
        count = json.loads(kept.read_text(encoding="utf-8"))
        print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
        return 0

    count = {"passed": 0, "failed": 0, "skipped": 0}
    troubled = []
    for label in asked.labels:
        jobs = jobs_of(asked.build, label)
        if not jobs:
            missing = label in NEVER_SKIPPED
            print(f"{'FAILED' if missing else '':<6} {label:<12} has no tests yet")
            count["failed"] += int(missing)
            troubled += [label] * missing
            continue
        if asked.stack_failed and label in NEEDS_STACK:
            print(f"FAILED {label:<12} {len(jobs)} programs could not run: the test stack did not start")
            count["failed"] += len(jobs)
            troubled.append(label)
            continue
        workers = (os.cpu_count() or 1) if label in SIDE_BY_SIDE else 1
        for result in run_label(jobs, workers, asked.log):
            count["passed"] += result.passed
            count["failed"] += result.failed
            count["skipped"] += result.skipped
            if result.failed:
                troubled.append(f"{label}/{result.job.name}")
    if troubled:
        print("Failed: " + " ".join(troubled))
    kept.write_text(json.dumps(count), encoding="utf-8")
    if count["passed"] + count["failed"] + count["skipped"] == 0:
        print("No test was run.")
        return 1
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
