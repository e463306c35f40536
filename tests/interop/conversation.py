"""What both kinds of identity provider are tested with: sign-in and single logout, by a browser that carries
everything and remembers it."""

import base64
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import arrangement
import browsing
import modes
import observed


WORDS = {"sign_response": "signed response", "sign_assertion": "signed assertion",
         "encrypt_assertion": "encrypted assertion"}


class Conversation(unittest.TestCase):
    """One provider for each mode, all known to the gateway at once."""
    kind: type  # of provider; set by those who derive
    idps: dict

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="va-interop."))
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.sp_metadata = browsing.Browser().open(f"{browsing.stack('VA_URL')}/v1/sessions/metadata").body
        cls.idps = {}
        for mode in modes.MODES:
            (folder / mode.want).mkdir()
            cls.idps[mode.want] = cls.kind(mode, folder / mode.want, cls.sp_metadata)
            cls.addClassCleanup(cls.idps[mode.want].stop)
        cls.table = observed.Table(cls.kind.software, cls.kind.version())
        cls.arranged = arrangement.Arrangement(list(cls.idps.values()))
        cls.addClassCleanup(cls.arranged.undo)

    # --- sign-in

    def person(self, want: str) -> dict:
        return next(one for one in browsing.personas() if one["id"] == modes.mode(want).persona)

    def sign_in(self, persona: dict, browser: browsing.Browser, **choices) -> browsing.Page:
        """From our page through the provider to our callback; what the callback answered."""
        csp = persona["type"].removesuffix("_verified")
        idp = next(one for one in self.idps.values() if one.mode.csp == csp)
        idp.become(persona, **choices)
        url = browsing.stack("VA_URL")
        callback = f"{url}/v1/sessions/callback"
        answer = browser.travel(browser.open(f"{url}/v1/sessions/{persona['type']}/new"), callback)
        self.assertEqual(answer.url, callback, f"never came back: {answer.status} {answer.body[:600]}")
        request = browser.carried_one("SAMLRequest")
        self.assertEqual((request.to, request.binding), (idp.sso_url, modes.short(idp.mode.sso)))
        return answer

    def admitted(self, case: str, want: str, **choices) -> browsing.Browser:
        """Signs in somebody through the provider of this mode; the browser that has the session then."""
        browser = browsing.Browser()
        persona = self.person(want)
        browsing.check_end(self, browser, persona, self.sign_in(persona, browser, **choices))
        self._saw(case, browser, "session")
        return browser

    def refused(self, case: str, want: str, reason: str, **choices) -> browsing.Browser:
        """For this reason and no other, as the audit trail says; the person is told none of it."""
        browser = browsing.Browser()
        answer = self.sign_in(self.person(want), browser, **choices)
        self.assertIsNone(browser.cookie("__Host-va_session"), "a refused response made a session")
        self.assertEqual(answer.status, 403, answer.body[:600])
        self.assertEqual(self._reason(answer), reason)
        self.assertNotIn(reason, answer.body)
        self._saw(case, browser, f"refused: `{reason}`")
        return browser

    @staticmethod
    def _reason(answer: browsing.Page) -> str:
        request_id = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.body).group(0)
        trail = pathlib.Path(browsing.stack("VA_DEV_DIR")) / "audit" / "auth-gateway.jsonl"

        def told() -> str | None:
            for line in reversed(trail.read_text(encoding="utf-8").splitlines()):
                if request_id in line and '"assertion.refused"' in line:
                    return json.loads(line)["tag"]
            return None
        return arrangement.until(told, f"the audit trail says why {request_id} was refused")

    def _saw(self, case: str, browser: browsing.Browser, result: str):
        request, response = browser.carried_one("SAMLRequest"), browser.carried_one("SAMLResponse")
        self.table.saw(case, f"request {request.binding}, response {response.binding}",
                       observed.protection(response), result)

    def everybody(self):
        """Each persona through the provider of their CSP, and so in one of the four modes."""
        for persona in browsing.personas():
            with self.subTest(persona["id"]):
                browser = browsing.Browser()
                browsing.check_end(self, browser, persona, self.sign_in(persona, browser))
        self.table.saw("every persona, through the provider of their CSP", "as above", "as above",
                       "each ends as their file says")

    def less_than_wanted(self):
        """Each demand of the policy, and what falls short of it."""
        for want, reason, less in (
                ("response", "response_not_signed", {"sign_response": False, "sign_assertion": True}),
                ("assertion", "assertion_not_signed", {"sign_response": True, "sign_assertion": False}),
                ("assertion", "unsigned", {"sign_assertion": False}),
                ("both", "response_not_signed", {"sign_response": False}),
                ("both", "assertion_not_signed", {"sign_assertion": False}),
                ("encrypted", "assertion_not_encrypted", {"encrypt_assertion": False})):
            words = [f"{'' if sent else 'no '}{WORDS[name]}" for name, sent in less.items()]
            with self.subTest(want, less=less):
                self.refused(f"where the policy wants {want}: {', '.join(words)}", want, reason, **less)

    # --- what the provider makes of our messages

    def leaves(self, want: str) -> tuple[browsing.Browser, browsing.Page]:
        """The page or redirect that sends a person to the provider."""
        persona, browser = self.person(want), browsing.Browser()
        self.idps[want].become(persona)
        return browser, browser.open(f"{browsing.stack('VA_URL')}/v1/sessions/{persona['type']}/new")

    def alters_the_query(self, want: str):
        """Shows that its check of our signature is one that can fail."""
        browser, page = self.leaves(want)
        location = browsing.sent_on_to(page)
        self.assertIn("&RelayState=", location)
        altered = location.replace("&RelayState=", "&RelayState=x")
        self._answers_nothing("AuthnRequest with another RelayState, Redirect", browser, browser.get(altered))

    def alters_the_message(self, want: str):
        browser, page = self.leaves(want)
        to, fields = browsing.self_posting_form(page)
        xml = base64.b64decode(fields["SAMLRequest"])
        self.assertIn(b'ForceAuthn="true"', xml)
        altered = base64.b64encode(xml.replace(b'ForceAuthn="true"', b'ForceAuthn="false"')).decode()
        sent = browser.post(to, fields | {"SAMLRequest": altered})
        self._answers_nothing("AuthnRequest without ForceAuthn, POST", browser, sent)

    def _answers_nothing(self, case: str, browser: browsing.Browser, page: browsing.Page):
        end = browser.travel(page)
        self.assertEqual([one.kind for one in browser.carried], ["SAMLRequest"])
        self.assertNotEqual(end.status, 404, "that did not reach it")
        request = browser.carried_one("SAMLRequest")
        self.table.saw(case, f"request {request.binding}", observed.protection(request), "refused by it")

    def our_metadata_says_all_it_needs(self):
        """The providers know us from the running gateway alone."""
        names = [one.tag.rpartition("}")[2] for one in observed.tree(self.sp_metadata).iter()]
        self.assertEqual(names.count("SingleLogoutService"), 2, names)
        uses = [one.get("use") for one in observed.tree(self.sp_metadata).iter() if one.get("use")]
        self.assertEqual(sorted(set(uses)), ["encryption", "signing"])
        self.table.saw("our metadata read by it", "-", "signing and encryption certificate",
                       "it verifies, encrypts and signs out with what stands in it")

    # --- its metadata

    def its_metadata_is_believed(self, case: str, known_by: str):
        """The gateway has the addresses and the key from nowhere else, and people sign in."""
        idp = next(one for one in self.idps.values() if one.mode.known_by == known_by)
        browser, persona = browsing.Browser(), self.person(idp.mode.want)
        browsing.check_end(self, browser, persona, self.sign_in(persona, browser))
        signed = observed.signature_of(idp.metadata)
        self.table.saw(f"its metadata {case}", "-", signed or "hash of its bytes",
                       "believed, people sign in through it")
        self.assertEqual(signed, None if known_by == "pinned_url" else "rsa-sha256/sha256")

    def its_metadata_under_another_key_is_not_believed(self, want: str):
        """Shows that this check is one that can fail, and that nobody is sent to whom nobody can verify."""
        idp, other = self.idps[want], next(one for one in self.idps.values() if one.mode.want != want)
        with self.arranged.another_signer(idp, other.certificate):
            browser, page = self.leaves(want)
            browser.travel(page)
            self.assertEqual((page.status, browser.carried), (503, []), page.body[:600])
        self.table.saw("its metadata, signed with a key that is not the pinned one", "-",
                       observed.signature_of(idp.metadata), "refused, the provider is switched off")
        browsing.check_end(self, browser, self.person(want), self.sign_in(self.person(want), browser))

    # --- what was really sent

    def sent(self, browser: browsing.Browser) -> str:
        return observed.protection(browser.carried_one("SAMLResponse"))

    # --- single logout

    def signed_in(self, browser: browsing.Browser) -> bool:
        return browser.open(f"{browsing.stack('VA_URL')}/v0/user").status == 200

    def log_out_here(self, want: str) -> browsing.Browser:
        """Our sign-out button ends our session, then the provider's."""
        browser = browsing.Browser()
        persona = self.person(want)
        browsing.check_end(self, browser, persona, self.sign_in(persona, browser))
        browser.carried.clear()
        url = browsing.stack("VA_URL")
        page = browser.open(f"{url}/v0/logout", {}, {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
        end = browser.travel(page)
        self.assertFalse(self.signed_in(browser), "our session lives on")
        self.assertEqual([one.kind for one in browser.carried], ["SAMLRequest", "SAMLResponse"],
                         end.body[:600])
        answer = browser.carried_one("SAMLResponse")
        self.assertEqual(observed.status_of(answer), observed.SUCCESS)
        self.assertTrue(end.url.startswith(url), end.url)
        self.assertEqual(end.status, 200, end.body[:600])
        self._saw_logout(f"logout from our side, {answer.binding}", want, browser)
        return browser

    def log_out_there(self, want: str) -> browsing.Browser:
        """The provider's sign-out button ends its session, then ours."""
        browser = browsing.Browser()
        persona = self.person(want)
        browsing.check_end(self, browser, persona, self.sign_in(persona, browser))
        other = browsing.Browser()
        browsing.check_end(self, other, persona, self.sign_in(persona, other))
        browser.carried.clear()
        end = browser.travel(browser.open(self.idps[want].logout_url))
        self.assertEqual([one.kind for one in browser.carried], ["SAMLRequest", "SAMLResponse"],
                         end.body[:600])
        self.assertEqual(observed.status_of(browser.carried_one("SAMLResponse")), observed.SUCCESS)
        self.assertIn("everywhere signed out", end.body)
        self.assertFalse(self.signed_in(browser), "our session lives on")
        self.assertTrue(self.signed_in(other), "another session of this person ended, too")
        self._saw_logout(f"logout from its side, {browser.carried_one('SAMLRequest').binding}", want, browser)
        return browser

    def unsigned_logout_request(self, want: str):
        """Shows that the gateway's check of logout messages is one that can fail."""
        browser = browsing.Browser()
        persona = self.person(want)
        browsing.check_end(self, browser, persona, self.sign_in(persona, browser))
        self.idps[want].become(persona, sign_logout=False)
        browser.carried.clear()
        end = browser.travel(browser.open(self.idps[want].logout_url))
        request = browser.carried_one("SAMLRequest")
        self.assertEqual(observed.protection(request), "nothing")
        self.assertTrue(self.signed_in(browser), "a request that anybody could have sent ended a session")
        self.assertNotIn("everywhere signed out", end.body)
        self.table.saw(f"unsigned LogoutRequest, {request.binding}", f"request {request.binding}", "nothing",
                       "refused, the session lives")

    def _saw_logout(self, case: str, want: str, browser: browsing.Browser):
        request, answer = browser.carried_one("SAMLRequest"), browser.carried_one("SAMLResponse")
        for one in (request, answer):
            self.assertEqual(one.binding, modes.short(modes.mode(want).slo))
            protected = observed.protection(one)
            by = "query" if one.binding == "Redirect" else "message"
            self.assertTrue(protected.startswith(by), protected)
        self.table.saw(case, f"request {request.binding}, response {answer.binding}",
                       f"request: {observed.protection(request)}; response: {observed.protection(answer)}",
                       "both sessions ended")
