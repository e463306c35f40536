"""One message, how it is judged, and what the verdict must be."""

import dataclasses


@dataclasses.dataclass
class Case:
    row: str  # the row of the catalogue of attacks; V for a message that is odd and good
    name: str
    body: bytes | str  # the file; with query, the query
    reasons: tuple[str, ...] = ()  # any of them; none: it is accepted
    flags: dict[str, object] = dataclasses.field(default_factory=dict)  # None takes a flag away
    query: bool = False
    logout: str = ""  # request or response: for saml verify-logout
    subject: str | None = "alice"  # of an accepted message
    expect: dict[str, object] = dataclasses.field(default_factory=dict)  # more of the answer
    # Whether xmlsec1, given the pinned key, takes the first signature of the file. None: not asked.
    library: bool | None = None

    @property
    def accepted(self) -> bool:
        return not self.reasons

    def bytes(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


def rejected(row: str, name: str, body: bytes | str, reasons: str, **more) -> Case:
    return Case(row, name, body, tuple(reasons.split()), **more)


def accepted(row: str, name: str, body: bytes | str, **more) -> Case:
    return Case(row, name, body, **more)
