"""Every text or bytes field of the published contracts says what personal data it holds: the log
layer drops whatever is not PII_NONE, so a field without a mark would be a hole."""

import re

import tree

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_FIELD = re.compile(
    r"(?:\b(?:optional|repeated)\s+)?\b(string|bytes|map\s*<\s*\w+\s*,\s*[\w.]+\s*>)\s+"
    r"(\w+)\s*=\s*\d+\s*(\[[^\]]*\])?\s*;", re.S)
_MARK = re.compile(r"\(\s*(?:va\.common\.v1\.)?pii\s*\)\s*=\s*PII_([A-Z_]+)")


def _blank(match) -> str:
    return re.sub(r"[^\n]", " ", match.group(0))


def problems_in(source: str) -> list[tuple[int, str]]:
    found = []
    plain = _COMMENT.sub(_blank, source)
    for match in _FIELD.finditer(plain):
        kind, name, options = match.groups()
        if kind.startswith("map") and not re.search(r"<\s*string|,\s*(string|bytes)", kind):
            continue
        mark = _MARK.search(options or "")
        line = plain.count("\n", 0, match.start(2)) + 1
        if not mark:
            found.append((line, f"{name} carries no pii mark"))
        elif mark.group(1) == "UNSPECIFIED":
            found.append((line, f"{name} is marked PII_UNSPECIFIED, which says nothing"))
    return found


def find(top) -> list[str]:
    return [f"{path}:{line}: {what}"
            for path in tree.files(top, ".proto") if path.startswith("proto/va/")
            for line, what in problems_in(tree.text(top, path))]


if __name__ == "__main__":
    tree.main("personal-data marks", find,
              "Add [(va.common.v1.pii) = PII_…] to the field; PII_NONE if it says nothing about a "
              "person (proto/va/common/v1/pii.proto).")
