"""All cases, and as a program: writes them with their keys and a manifest for other tools to judge.

    /usr/bin/python3 manifest.py FOLDER
"""

import json
import pathlib
import sys

import algorithms
import encryption
import judges
import keys
import logout
import odd
import parsing
import profile_rules
import wrapping
from case import Case

PARTS = (wrapping, algorithms, parsing, profile_rules, encryption, logout, odd)


def cases() -> list[Case]:
    return [case for part in PARTS for case in part.cases()]


def write(folder: pathlib.Path) -> int:
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    keys.write_all(folder / "keys")
    rows = []
    for number, case in enumerate(cases()):
        name = f"{number:04}-{case.row}.{'query' if case.query else 'xml'}"
        (folder / name).write_bytes(case.bytes())
        rows.append({"file": name, "row": case.row, "name": case.name,
                     "command": judges.command(case, folder / "keys", folder / name),
                     "verdict": "accept" if case.accepted else "reject", "reasons": list(case.reasons)})
    (folder / "manifest.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return len(rows)


if __name__ == "__main__":
    print(f"{write(pathlib.Path(sys.argv[1]))} files")
