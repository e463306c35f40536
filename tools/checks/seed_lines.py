"""Lines of the seed documents: every row of docs/seeds.md names a test that exists and quotes the seed.

A row is `| what the seed says | test | file |`; the test is the name of a TEST_CASE, or of a row of a
table inside one, that stands in the file as a text."""

import re

import tree

PAGE = "docs/seeds.md"
SEEDS = ("001", "002", "004")

_HEADING = re.compile(r"^## Seed (\d{3})\b", re.M)
_ROW = re.compile(r"^\|(.*)\|$")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
_PIECE = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def texts(source: str) -> set[str]:
    """The string literals of a source, those that the compiler joins as one."""
    return {"".join(_PIECE.findall(match.group(0))).replace('\\"', '"') for match in _TEXT.finditer(source)}


def rows(page: str):
    """(line number, seed, cells) of every row of a table below a seed's heading."""
    seed = ""
    for number, line in enumerate(page.splitlines(), 1):
        heading = _HEADING.match(line)
        if heading:
            seed = heading.group(1)
        elif line.startswith("## "):
            seed = ""
        row = _ROW.match(line)
        if seed and row and not re.fullmatch(r"[\s|:-]+", row.group(1)):
            yield number, seed, [cell.strip() for cell in row.group(1).split(" | ")]


def find(top) -> list[str]:
    if not (top / PAGE).exists():
        return []
    found, seen, sources = [], set(), {}
    for number, seed, cells in rows(tree.text(top, PAGE)):
        place = f"{PAGE}:{number}"
        if cells[-1] == "Where":
            continue
        seen.add(seed)
        if len(cells) != 3:
            found.append(f"{place}: a row has what the seed says, the test and the file")
            continue
        test, path = cells[1], cells[2].strip("`")
        if not (top / path).exists():
            found.append(f"{place}: {path} does not exist")
            continue
        if path not in sources:
            sources[path] = texts(tree.text(top, path))
        if test not in sources[path]:
            found.append(f"{place}: {path} has no test named: {test}")
        elif f"seed {seed}" not in test.lower():
            found.append(f"{place}: the name of the test does not say seed {seed}")
    for seed in SEEDS:
        if seed not in seen:
            found.append(f"{PAGE}: seed {seed} has no lines")
    return found


if __name__ == "__main__":
    tree.main("seeds", find, "Name the test that quotes the line, or write it.")
