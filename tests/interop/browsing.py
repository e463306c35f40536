"""A browser without script for the interoperability tests: cookies, forms, redirects, in Python's own
library, so that nothing of this suite sits on both sides of a conversation."""

import base64
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
import zlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERSONAS = ROOT / "tests" / "personas"
TIMEOUT_SECONDS = 30
# More than any conversation needs; two sides that send a browser back and forth are an error.
MOST_STEPS = 20


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
    cookies_set: tuple[str, ...] = ()


@dataclasses.dataclass
class Message:
    """A SAML message that this browser carried."""
    kind: str  # SAMLRequest or SAMLResponse
    binding: str  # POST or Redirect
    to: str
    parameters: dict[str, str]

    @property
    def xml(self) -> bytes:
        raw = base64.b64decode(self.parameters[self.kind])
        return raw if self.binding == "POST" else zlib.decompress(raw, -15)


def _message_in(binding: str, to: str, parameters: dict[str, str]) -> Message | None:
    for kind in ("SAMLRequest", "SAMLResponse"):
        if kind in parameters:
            return Message(kind, binding, to, parameters)
    return None


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
    form = _form_with_any(page, (field,))
    if form is None:
        title = re.search(r"<title>(.*?)</title>", page.body, re.S)
        raise AssertionError(f"no form with {field} in the {page.status} page "
                             f"'{title.group(1).strip() if title else 'without title'}'")
    return form


def _form_with_any(page: Page, names: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    parser = _FormParser()
    parser.feed(page.body)
    for attributes, fields in parser.forms:
        if any(name in fields for name in names):
            return urllib.parse.urljoin(page.url, attributes.get("action", "")), fields
    return None


def sent_on_to(page: Page) -> str | None:
    """Where a redirect, or a page that refreshes itself at once, sends the browser."""
    if page.status in (301, 302, 303, 307, 308):
        return urllib.parse.urljoin(page.url, page.headers["location"])
    refresh = re.fullmatch(r"0; *url=(.*)", page.headers.get("refresh", ""), re.I)
    return urllib.parse.urljoin(page.url, refresh.group(1)) if refresh else None


def self_posting_form(page: Page) -> tuple[str, dict[str, str]] | None:
    """The form that hands a SAML message on, which a script sends at once."""
    return _form_with_any(page, ("SAMLRequest", "SAMLResponse"))


def _stays_within_its_site(cookie: http.cookiejar.Cookie) -> bool:
    """SameSite, with today's meaning of a cookie that does not say."""
    said = next((value for name, value in cookie._rest.items() if name.lower() == "samesite"), "Lax")
    return (said or "Lax").lower() != "none"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """One person's browser: a cookie jar, the suite's CA and no script."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.carried: list[Message] = []
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

    def travel(self, page: Page, last: str | None = None) -> Page:
        """Does what a browser does by itself: follows redirects and refreshes, and sends the forms that post
        themselves, until nothing is left to do, or the address `last` has answered."""
        for _ in range(MOST_STEPS):
            if page.url.partition("?")[0] == last:
                return page
            address, form = sent_on_to(page), self_posting_form(page)
            if address is not None:
                page = self.get(address)
            elif form is not None:
                page = self.post(*form)
            else:
                return page
        raise AssertionError(f"sent back and forth {MOST_STEPS} times, last to {page.url.partition('?')[0]}")

    def get(self, url: str) -> Page:
        address, _, query = url.partition("?")
        parameters = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self._remember(_message_in("Redirect", address, parameters))
        return self.open(url)

    def post(self, url: str, fields: dict[str, str]) -> Page:
        """A form of another site: cookies that stay within their own site stay behind."""
        self._remember(_message_in("POST", url, fields))
        kept = [one for one in self.jar if _stays_within_its_site(one)]
        for one in kept:
            self.jar.clear(one.domain, one.path, one.name)
        page = self.open(url, fields, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
                                       "Sec-Fetch-Dest": "document"})
        for one in kept:
            if one.name not in page.cookies_set:
                self.jar.set_cookie(one)
        return page

    def _remember(self, message: Message | None):
        if message is not None:
            self.carried.append(message)

    def carried_one(self, kind: str) -> Message:
        """The last message of this kind."""
        return next(one for one in reversed(self.carried) if one.kind == kind)

    @staticmethod
    def _page(url: str, status: int, answer) -> Page:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        cookies = tuple(one.partition("=")[0] for one in answer.headers.get_all("set-cookie") or ())
        return Page(url, status, headers, answer.read().decode("utf-8"), cookies)

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
