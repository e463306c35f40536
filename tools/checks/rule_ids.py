"""Ids of decisions and attacks: every id in the name of a test has its line in docs/decisions.md or
docs/attacks.md, and every file that such a line names exists and cites the id."""

import re

import tree

PAGES = ("docs/decisions.md", "docs/attacks.md")

_ROW = re.compile(r"^\| ([A-Z]\d{1,3}) \|(.*)\|$", re.M)
_NAME = re.compile(r'(?:TEST_CASE\(|\btest\(|\bit\()\s*"((?:[^"\\]|\\.)*)"|\bdef (test_\w+)')
_ID = re.compile(r"(?<![A-Za-z0-9])([RPMESWGHBJAKLCO]\d{1,3})(?![A-Za-z0-9])")


def find(top) -> list[str]:
    found, listed = [], set()
    for page in PAGES:
        if not (top / page).exists():
            continue
        source = tree.text(top, page)
        for row in _ROW.finditer(source):
            name, line = row.group(1), source.count("\n", 0, row.start()) + 1
            listed.add(name)
            for path in re.findall(r"`((?:lib|services|tests|tools)/[^`\s]+)`", row.group(2)):
                if not (top / path).exists():
                    found.append(f"{page}:{line}: {path} does not exist")
                elif not re.search(rf"(?<![A-Za-z0-9]){name}(?![0-9A-Za-z])",
                                   tree.text(top, path).replace("_", " ")):
                    found.append(f"{page}:{line}: {path} does not mention {name}")
    for path in tree.files(top):
        if not path.endswith(("_test.cc", "_test.py", "_test.mjs")):
            continue
        source = tree.text(top, path)
        for match in _NAME.finditer(source):
            for name in _ID.findall((match.group(1) or match.group(2)).replace("_", " ")):
                if name not in listed:
                    line = source.count("\n", 0, match.start()) + 1
                    found.append(f"{path}:{line}: {name} has no line in {' or '.join(PAGES)}")
    return found


if __name__ == "__main__":
    tree.main("ids", find, "Add a line for the id, or correct the file that its line names.")
