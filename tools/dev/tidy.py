"""clang-tidy over files, side by side, remembering what was clean: a file is read again only when what
the compiler sees of it, the list of checks or clang-tidy itself has changed. Behind ./dev check tidy."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TELL_EVERY_SECONDS = 30


def commands(build: pathlib.Path) -> dict[str, tuple[list[str], str]]:
    """The compiler's command and folder for each file the build knows; examples that must not compile
    have none."""
    known = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        words = shlex.split(entry["command"])
        known[os.path.relpath(entry["file"], ROOT)] = (words, entry["directory"])
    return known


def preprocessing(words: list[str]) -> list[str]:
    """The same command, but only up to what the compiler proper would read. Comments stay: some of
    them speak to clang-tidy."""
    out = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif word not in ("-c", "-MD", "-MMD", "-Werror") and not word.endswith("ccache"):
            out.append(word)
    return [*out, "-E", "-C", "-w"]


def fingerprint(words: list[str], folder: str, rules: bytes) -> str | None:
    """What a clean result depends on; nothing when the file does not even preprocess."""
    done = subprocess.run(preprocessing(words), cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if done.returncode != 0:
        return None
    return hashlib.sha256(rules + done.stdout).hexdigest()


def tidy(file: str, known, build: pathlib.Path, clean: pathlib.Path, rules: bytes) -> tuple[bool, str]:
    """Whether it was read, and what was found."""
    key = fingerprint(*known[file], rules)
    if key is not None and (clean / key).exists():
        return False, ""
    done = subprocess.run(["clang-tidy", "-p", str(build), "--quiet", file], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return True, done.stdout or f"{file}: clang-tidy ended with {done.returncode}\n{done.stderr}"
    if key is not None:
        (clean / key).touch()
    return True, ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--clean", type=pathlib.Path, required=True, help="folder that remembers")
    parser.add_argument("files", nargs="*")
    asked = parser.parse_args()
    known = commands(asked.build)
    files = [file for file in asked.files if file in known]
    asked.clean.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    rules = version + (ROOT / ".clang-tidy").read_bytes()
    read = found = 0
    told = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(tidy, file, known, asked.build, asked.clean, rules) for file in files]
        for at, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            was_read, findings = job.result()
            read += was_read
            found += bool(findings)
            if findings:
                print(findings, flush=True)
            if time.monotonic() - told > TELL_EVERY_SECONDS:
                told = time.monotonic()
                print(f"  tidy … {at} of {len(files)}", flush=True)
    print(f"clang-tidy: {len(files)} files, {len(files) - read} of them unchanged since they were clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
