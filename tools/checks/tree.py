"""The files of this repository, and how a check reports: shared by every check."""

import os
import pathlib
import subprocess
import sys

_NOT_OURS = {".git", "build", ".dev", "node_modules", "__pycache__"}


def root() -> pathlib.Path:
    return pathlib.Path(__file__).resolve().parents[2]


def files(top: pathlib.Path, *suffixes: str) -> list[str]:
    """Paths below `top` that belong to the repository: as git sees them, else as they lie there."""
    listed = subprocess.run(
        ["git", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    own_repository = (top / ".git").exists()
    if own_repository and listed.returncode == 0:
        names = [n for n in listed.stdout.decode().split("\0") if n and (top / n).is_file()]
    else:
        names = []
        for folder, folders, here in os.walk(top):
            folders[:] = [f for f in folders if f not in _NOT_OURS]
            names += [os.path.relpath(os.path.join(folder, n), top) for n in here]
    wanted = [n for n in names if not suffixes or n.endswith(suffixes)]
    return sorted(wanted)


def text(top: pathlib.Path, name: str) -> str:
    return (top / name).read_text(encoding="utf-8", errors="replace")


def report(title: str, problems: list[str], advice: str) -> int:
    """Prints the problems and what to do about them; the exit code of the check."""
    if not problems:
        return 0
    for problem in problems:
        print(problem)
    print(f"{title}: {len(problems)} problem{'s' if len(problems) > 1 else ''}. {advice}")
    return 1


def main(title: str, find, advice: str) -> None:
    top = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root()
    sys.exit(report(title, find(top), advice))
