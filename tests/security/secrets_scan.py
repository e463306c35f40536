"""What must never leave a service, and the search for it in everything a service writes (attack L1).

How short values are searched without false alarms and without blind spots:
  - a number of eight digits or more, an address, an e-mail, an id of eight characters or more: anywhere,
    but not within a longer run of the same kind of characters (a time stamp holds no birth date);
  - a name of three characters or more: as a word of its own, in its own spelling;
  - words of a closed vocabulary (levels, provider names, country, state, gender, yes and no) and what is
    shorter than three characters say nothing about one person and are not searched.
skipped_values() names what the last rule leaves out, so that a test can hold it to a short list."""

import base64
import pathlib
import re
import urllib.parse

# Attributes whose values come from a closed vocabulary of the provider.
CLOSED = re.compile(
    r"csid|assurancelevel|_ial|_aal|multifactor|csp_method|csp_identifier|authenticationMethod|"
    r"authncontext|mhvassurance|dslogonassurance|gender|pnidtype|proofingAuthority|state|country|"
    r"mhvprofile|status|idtype|level|transactionid_kind", re.I)
NOTHING = {"", "NOT_FOUND", "true", "false"}


def ssn_spellings(digits: str) -> set[str]:
    return {digits, f"{digits[:3]}-{digits[3:5]}-{digits[5:]}", f"{digits[:3]} {digits[3:5]} {digits[5:]}"}


def date_spellings(compact: str) -> set[str]:
    year, month, day = compact[:4], compact[4:6], compact[6:8]
    return {compact, f"{year}-{month}-{day}", f"{month}/{day}/{year}", f"{year}/{month}/{day}"}


def _words(value) -> list[str]:
    if isinstance(value, dict):
        return [word for one in value.values() for word in _words(one)]
    if isinstance(value, list):
        return [word for one in value for word in _words(one)]
    return [str(value)]


def personal_values(persona: dict) -> set[str]:
    """Every value of the person, in every spelling, parts of compound values for themselves."""
    values: set[str] = set()
    for name, given in persona["attributes"].items():
        for value in _words(given):
            if value in NOTHING or CLOSED.search(name):
                continue
            if "pnid" in name.lower() and re.fullmatch(r"\d{9}", value):
                values |= ssn_spellings(value)
            elif "birthdate" in name.lower() and re.fullmatch(r"\d{8}", value):
                values |= date_spellings(value)
            elif "^" in value:
                values |= {part.split("^")[0] for part in value.split("|")}
            else:
                values.add(value)
    return {value.strip() for value in values | _known_to_mpi((persona.get("mpi") or {}).get("person"))} - NOTHING


def _known_to_mpi(person: dict | None) -> set[str]:
    """What MPI answers about the person, and about those who may act for them: nobody asserts most of it."""
    if not person:
        return set()
    values: set[str] = set()
    for name in person.get("names", []):
        values |= set(_words(name.get("given", []))) | set(_words(name.get("family", [])))
    values |= set(_words(person.get("icns", [])))
    values |= {number.split("^")[0] for number in person.get("ids", [])}
    values |= {str((person.get("address") or {}).get(key, "")) for key in ("street", "city", "postal_code")}
    for relation in person.get("relationships", []):
        values |= _known_to_mpi(relation.get("holder")) | {str(relation.get("email", ""))}
    for key in ("icn", "edipi", "ssn", "birth_date", "secid", "phone", "email"):
        if not person.get(key):
            continue
        value = str(person[key])
        if key == "ssn" and re.fullmatch(r"\d{9}", value):
            values |= ssn_spellings(value)
        elif key == "birth_date" and re.fullmatch(r"\d{8}", value):
            values |= date_spellings(value)
        else:
            values.add(value)
    return values


def searched(value: str) -> bool:
    return len(value) >= 3


def skipped_values(values: set[str]) -> set[str]:
    return {value for value in values if not searched(value)}


def pattern_of(value: str) -> re.Pattern:
    quoted = re.escape(value)
    if value.isdigit() and len(value) < 7:
        # So few digits stand in a hash, or behind the point of a number, by chance.
        return re.compile(rf"(?<![A-Za-z0-9.]){quoted}(?![A-Za-z0-9])")
    if value.isdigit():
        return re.compile(rf"(?<![0-9]){quoted}(?![0-9])")
    if len(value) < 8 or value.replace(" ", "").isalpha():
        return re.compile(rf"(?<![A-Za-z0-9]){quoted}(?![A-Za-z0-9])")
    return re.compile(quoted)


def secret_forms(secret: str) -> set[str]:
    """A token, cookie, code or message, and how it would look in an address."""
    forms = {secret, urllib.parse.quote(secret, safe="")}
    if len(secret) > 200:
        # Of a long message also every part of some length, so that a cut-off one is seen.
        forms |= {secret[at:at + 64] for at in range(0, len(secret) - 64, 512)}
    return {form for form in forms if len(form) >= 8}


class Canaries:
    """The values to search for, each with a word that says what it is without showing it."""

    def __init__(self):
        self._patterns: list[tuple[str, re.Pattern]] = []
        self._seen: set[str] = set()

    def add_person(self, persona: dict) -> None:
        for value in sorted(personal_values(persona)):
            if searched(value) and value not in self._seen:
                self._seen.add(value)
                self._patterns.append((f"{persona['id']}: {value[:2]}… ({len(value)})", pattern_of(value)))

    def add_secret(self, what: str, secret: str | None) -> None:
        for form in sorted(secret_forms(secret or "")):
            if form not in self._seen:
                self._seen.add(form)
                self._patterns.append((what, re.compile(re.escape(form))))

    def __len__(self) -> int:
        return len(self._patterns)

    def values(self) -> list[str]:
        return sorted(self._seen)

    def find(self, name: str, text: str) -> list[str]:
        """One line for each value that stands in the text."""
        return [f"{name}: {what}" for what, pattern in self._patterns if pattern.search(text)]


def saml_parts(response: str) -> set[str]:
    """What of a SAML response, in base64, must not appear: the form itself and what is inside it."""
    parts = {response}
    text = base64.b64decode(response).decode("utf-8", "replace")
    for tag in ("SignatureValue", "NameID", "DigestValue"):
        parts |= {re.sub(r"\s+", "", value) for value in re.findall(rf"<[\w:]*{tag}[^>]*>([^<]+)<", text)}
    return parts


def texts_below(folder: pathlib.Path) -> dict[str, str]:
    """Every file below the folder, bytes that are no text replaced."""
    return {str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace")
            for path in sorted(folder.rglob("*")) if path.is_file()}
