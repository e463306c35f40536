"""A small reader of XML and the canonical forms of it (Exclusive XML Canonicalization 1.0 and Canonical
XML 1.0), written from the recommendations. It knows only what the messages here need: no document type,
and of inherited attributes none but namespaces."""

import xml.parsers.expat


class Element:
    def __init__(self, name: str, attributes: list[tuple[str, str]], parent: "Element | None"):
        self.name = name
        self.attributes = [(n, v) for n, v in attributes if n != "xmlns" and not n.startswith("xmlns:")]
        self.declared = {n[6:]: v for n, v in attributes if n == "xmlns" or n.startswith("xmlns:")}
        self.parent = parent
        self.children: list = []  # Element, or ("text" | "comment" | "pi", str)

    def scope(self) -> dict[str, str]:
        """Prefix to namespace, as it holds on this element."""
        above = self.parent.scope() if self.parent else {"xml": "http://www.w3.org/XML/1998/namespace"}
        return above | self.declared

    def attribute(self, name: str) -> str | None:
        return dict(self.attributes).get(name)

    def local(self) -> str:
        return self.name.rpartition(":")[2]

    def walk(self):
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def text(self) -> str:
        return "".join(c[1] for c in self.children if not isinstance(c, Element) and c[0] == "text")


def parse(text: str) -> Element:
    parser = xml.parsers.expat.ParserCreate("UTF-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    top = Element("", [], None)
    at = [top]

    def start(name, flat):
        element = Element(name, list(zip(flat[::2], flat[1::2])), at[-1])
        at[-1].children.append(element)
        at.append(element)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: at.pop()
    parser.CharacterDataHandler = lambda data: at[-1].children.append(("text", data))
    parser.CommentHandler = lambda data: at[-1].children.append(("comment", data))
    parser.ProcessingInstructionHandler = lambda target, data: at[-1].children.append(
        ("pi", f"{target} {data}" if data else target))
    parser.Parse(text.encode(), True)
    root = next(child for child in top.children if isinstance(child, Element))
    root.parent = None
    return root


def _text(value: str) -> str:
    return (value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            .replace("\r", "&#xD;"))


def _value(value: str) -> str:
    return (value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
            .replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;"))


def canonical(element: Element, *, exclusive: bool = True, prefixes: tuple[str, ...] = (),
              comments: bool = False, without: Element | None = None) -> str:
    """`prefixes`: the PrefixList, "" for #default. `without` is left out: the enveloped signature."""
    out: list[str] = []

    def write(at: Element, scope: dict[str, str], rendered: dict[str, str]) -> None:
        scope = scope | at.declared
        used = {at.name.rpartition(":")[0]} | {n.partition(":")[0] for n, _ in at.attributes if ":" in n}
        wanted = (used | set(prefixes)) if exclusive else set(scope)
        fresh = {p: scope.get(p, "") for p in wanted - {"xml"}
                 if (p in scope or p == "") and rendered.get(p, "") != scope.get(p, "")}
        rendered = rendered | fresh
        out.append("<" + at.name)
        for prefix in sorted(fresh):
            out.append(f' {"xmlns:" + prefix if prefix else "xmlns"}="{_value(fresh[prefix])}"')
        for name, value in sorted(at.attributes, key=lambda pair: (
                scope.get(pair[0].rpartition(":")[0], "") if ":" in pair[0] else "",
                pair[0].rpartition(":")[2])):
            out.append(f' {name}="{_value(value)}"')
        out.append(">")
        for child in at.children:
            if isinstance(child, Element):
                if child is not without:
                    write(child, scope, rendered)
            elif child[0] == "text":
                out.append(_text(child[1]))
            elif child[0] == "pi":
                out.append(f"<?{child[1]}?>")
            elif comments:
                out.append(f"<!--{child[1]}-->")
        out.append(f"</{at.name}>")

    above = element.parent.scope() if element.parent else {}
    write(element, above, {})
    return "".join(out)
