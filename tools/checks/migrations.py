"""Migrations that the release before cannot live with, and SQL that reads columns it does not name.

The previous programs serve on the new schema while a rollout is under way, so a column or table goes
in three releases: one that no longer needs it, one whose migration removes it, and nothing in
between. Whoever removes says that the first has happened, in the line above the statement:

    -- three-state: <why no running program needs it>

What a table holds goes some day, or stays for a reason: the page of retention names every table.
"""

import re

import tree

_FILE = re.compile(r"^services/([^/]+)/migrations/(.*)$")
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_REASON = re.compile(r"^--\s*three-state:\s*(\S.*)$")
_SHORTEST_REASON = 10

# What breaks a program that knows the schema as it was.
_DESTRUCTIVE = (
    (re.compile(r"\bDROP\s+(TABLE|SCHEMA|VIEW|MATERIALIZED\s+VIEW|TYPE|DOMAIN|FUNCTION|SEQUENCE)\b", re.I),
     "drops what the previous program may use"),
    (re.compile(r"\bDROP\s+COLUMN\b", re.I), "drops a column"),
    # DROP is the whole action in ALTER TABLE t DROP c; constraints, defaults and NOT NULL only loosen.
    (re.compile(r"\bALTER\s+TABLE\b.*\bDROP\s+(?!COLUMN\b|CONSTRAINT\b|DEFAULT\b|NOT\s+NULL\b|"
                r"IDENTITY\b|EXPRESSION\b)\w+", re.I | re.S), "drops a column"),
    (re.compile(r"\bRENAME\s+(TO|COLUMN|\w+\s+TO)\b", re.I), "renames what the previous program names"),
    (re.compile(r"\bSET\s+NOT\s+NULL\b", re.I), "refuses rows that the previous program writes"),
    (re.compile(r"\bALTER\s+TYPE\b|\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b", re.I),
     "changes a type that the previous program reads"),
    (re.compile(r"\bALTER\s+TABLE\b.*\bADD\s+(?!CONSTRAINT\b)(?:(?!\bDEFAULT\b)[^,])*(?<!IS )\bNOT\s+NULL\b"
                r"(?:(?!\bDEFAULT\b)[^,])*(?:,|$)", re.I | re.S),
     "adds a column that the previous program does not fill"),
    (re.compile(r"\bADD\s+(CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY|EXCLUDE)\b", re.I),
     "adds a condition that rows of the previous program may not meet"),
    (re.compile(r"\bTRUNCATE\s+(?!OR\b|ON\b)\w|\bDELETE\s+FROM\b", re.I), "removes rows"),
)
_TABLE = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.I)
_RETENTION = "docs/runbooks/retention.md"
_SELECT_STAR = re.compile(r"\bSELECT\s+(DISTINCT\s+)?(\w+\.)?\*|\bRETURNING\s+\*", re.I)
_SQL_PLACES = re.compile(r"^services/[^/]+/store/|^lib/store/|^services/[^/]+/migrations/")


def without_comments(sql: str) -> str:
    """The same text, position by position, with comments and quoted bodies blank."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", blank, sql, flags=re.S)


def statements(sql: str):
    """(position, text) of each statement."""
    start = 0
    for part in without_comments(sql).split(";"):
        lead = len(part) - len(part.lstrip())
        if part.strip():
            yield start + lead, part.strip()
        start += len(part) + 1


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def reason_above(sql: str, position: int) -> bool:
    """Whether the comment lines right above the statement give a reason."""
    for line in reversed(sql[:position].splitlines()):
        line = line.strip()
        if not line.startswith("--"):
            return False
        given = _REASON.match(line)
        if given:
            return len(given.group(1)) >= _SHORTEST_REASON
    return False


def destructive(path: str, sql: str) -> list[str]:
    found = []
    for position, statement in statements(sql):
        for pattern, what in _DESTRUCTIVE:
            if pattern.search(statement) and not reason_above(sql, position):
                found.append(f"{path}:{line_of(sql, position)}: {what}: put `-- three-state: <why no "
                             "running program needs it>` right above it, or do otherwise")
                break
    return found


def numbering(service: str, names: list[str]) -> list[str]:
    found, numbers = [], []
    for name in sorted(names):
        match = _NAME.match(name)
        if not match:
            found.append(f"services/{service}/migrations/{name}: is not named NNNN_name.sql")
            continue
        numbers.append(int(match.group(1)))
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            found.append(f"services/{service}/migrations: number {number:04d} stands where "
                         f"{expected:04d} is due: numbers have no gap and no duplicate")
            break
    return found


def stars(path: str, text: str) -> list[str]:
    return [f"{path}:{line_of(text, match.start())}: {match.group(0)}: name the columns, or a new "
            "one breaks the previous program" for match in _SELECT_STAR.finditer(text)]


def untold(path: str, sql: str, page: str) -> list[str]:
    return [f"{path}:{line_of(sql, position)}: {_RETENTION} does not say how long rows of `{name}` stay"
            for position, statement in statements(sql) for name in _TABLE.findall(statement)
            if f"`{name}`" not in page]


def find(top) -> list[str]:
    found, folders = [], {}
    page = tree.text(top, _RETENTION) if (top / _RETENTION).exists() else None
    for path in tree.files(top, ".sql", ".cc", ".h"):
        match = _FILE.match(path)
        if match:
            folders.setdefault(match.group(1), []).append(match.group(2))
            found += destructive(path, tree.text(top, path))
            if page is not None:
                found += untold(path, tree.text(top, path), page)
        if _SQL_PLACES.match(path) and not path.endswith("_test.cc"):
            found += stars(path, tree.text(top, path))
    for service, names in sorted(folders.items()):
        found += numbering(service, names)
    return found


if __name__ == "__main__":
    tree.main("migrations", find, "The previous release must run on the new schema (CONTRIBUTING.md, "
              "Migrations).")
