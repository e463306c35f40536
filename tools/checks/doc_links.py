"""Links between the pages of this repository lead somewhere: to a file that exists, and to a heading
that exists in it."""

import re
import urllib.parse

import tree

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.M)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.M)


def _blank(match) -> str:
    return re.sub(r"[^\n]", " ", match.group(0))


def anchors(source: str) -> set[str]:
    """Heading anchors as code hosts make them: lower case, punctuation dropped, spaces to hyphens."""
    made, seen = set(), {}
    for heading in _HEADING.findall(_FENCE.sub(_blank, source)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        made.add(anchor if count == 0 else f"{anchor}-{count}")
    return made


def find(top) -> list[str]:
    found = []
    for path in tree.files(top, ".md"):
        source = tree.text(top, path)
        plain = _CODE.sub(_blank, _FENCE.sub(_blank, source))
        for match in [*_LINK.finditer(plain), *_REFERENCE.finditer(plain)]:
            target = match.group(1)
            line = plain.count("\n", 0, match.start(1)) + 1
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            name, _, anchor = target.partition("#")
            base = (top / path).parent if not name.startswith("/") else top
            file = (base / urllib.parse.unquote(name.lstrip("/"))).resolve() if name else top / path
            if not file.exists():
                found.append(f"{path}:{line}: {target} does not exist")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8")):
                found.append(f"{path}:{line}: {target}: there is no such heading")
    return found


if __name__ == "__main__":
    tree.main("links", find, "Correct the target, or add what it names.")
