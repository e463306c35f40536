"""A browser without script for the interoperability tests: cookies, forms, redirects, in Python's own
library, so that nothing of this suite sits on both sides of a conversation."""

import dataclasses
import html.parser
import http.cookiejar
import os
import pathlib
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERSONAS = ROOT / "tests" / "personas"
TIMEOUT_SECONDS = 30


def stack(name: str) -> str:
    """An address or path of the running stack, as ./dev test hands it on."""
    value = os.environ.get(name, "")
    if not value:
        raise RuntimeError(f"{name} is not set: ./dev test interop starts a stack and sets it")
    return value


def pki(name: str) -> pathlib.Path:
    return pathlib.Path(stack("VA_DEV_DIR")) / "pki" / name


@dataclasses.dataclass
class Page:
    """What came back, redirects not followed."""
    url: str
    status: int
    headers: dict[str, str]
    body: str


class _FormParser(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms: list[tuple[dict[str, str], dict[str, str]]] = []

    def handle_starttag(self, tag, attrs):
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append((given, {}))
        elif tag == "input" and self.forms and "name" in given:
            self.forms[-1][1][given["name"]] = given.get("value", "")


def form_with(page: Page, field: str) -> tuple[str, dict[str, str]]:
    """Action and fields of the form that holds `field`."""
    parser = _FormParser()
    parser.feed(page.body)
    for attributes, fields in parser.forms:
        if field in fields:
            return urllib.parse.urljoin(page.url, attributes.get("action", "")), fields
    title = re.search(r"<title>(.*?)</title>", page.body, re.S)
    raise AssertionError(f"no form with {field} in the {page.status} page "
                         f"'{title.group(1).strip() if title else 'without title'}'")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """One person's browser: a cookie jar, the suite's CA and no script."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _NoRedirects(),
            urllib.request.HTTPCookieProcessor(self.jar),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=stack("VA_CA"))))

    def open(self, url: str, fields: dict[str, str] | None = None,
             headers: dict[str, str] | None = None) -> Page:
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(url, data=data, headers=headers or {})
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return self._page(url, answer.status, answer)
        except urllib.error.HTTPError as answer:
            return self._page(url, answer.code, answer)

    @staticmethod
    def _page(url: str, status: int, answer) -> Page:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Page(url, status, headers, answer.read().decode("utf-8"))

    def cookie(self, name: str) -> str | None:
        for cookie in self.jar:
            if cookie.name == name:
                return cookie.value
        return None


def personas() -> list[dict]:
    """Every persona, as its file says."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(PERSONAS.glob("*.yaml"))]


def attribute_values(persona: dict) -> dict[str, list[str]]:
    """The attribute set that the credential provider asserts."""
    return {name: value if isinstance(value, list) else [value]
            for name, value in persona["attributes"].items()}


def start(browser: Browser, persona: dict) -> tuple[str, dict[str, str]]:
    """Leaves for the identity provider: where the browser is sent, and with what."""
    page = browser.open(f"{stack('VA_URL')}/v1/sessions/{persona['type']}/new")
    return form_with(page, "SAMLRequest")


def check_end(test, browser: Browser, persona: dict, answer: Page) -> None:
    """The gateway ended the attempt as the persona's file says."""
    expected = persona["expect"]
    if expected["outcome"] != "session":
        test.assertIsNone(browser.cookie("__Host-va_session"), "a refused person got a session")
        test.assertIn(answer.status, (400, 401, 403, 409, 503), answer.body[:300])
        if expected.get("code"):
            test.assertIn(expected["code"], answer.body)
        return
    test.assertEqual(answer.status, 303, re.sub(r"\s+", " ", answer.body)[:1500])
    test.assertIsNotNone(browser.cookie("__Host-va_session"))
    user = browser.open(f"{stack('VA_URL')}/v0/user")
    test.assertEqual(user.status, 200)
    test.assertIn(f'"current":{expected["loa"]}', user.body)
