"""Makes the running gateway know the identity providers of a test beside the simulated one: rows of its
list of providers, rows of the policy, and an IdP for each credential provider. Everything is put back
afterwards."""

import contextlib
import copy
import hashlib
import os
import pathlib
import re
import time
import urllib.request

import yaml

import browsing
from modes import POST

PATIENCE_SECONDS = 90
GATEWAYS = ("GATEWAY", "GATEWAY_B")
RULES = ("USER_ATTRIBUTES", "USER_ATTRIBUTES_B")


def until(condition, what: str):
    """Asks again and again until the answer is true, and returns it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")
        time.sleep(0.05)


def _opener():
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def metrics(process: str) -> str:
    port = browsing.stack(f"VA_PORT_{process}_OPS")
    with _opener().open(f"http://127.0.0.1:{port}/metrics", timeout=browsing.TIMEOUT_SECONDS) as answer:
        return answer.read().decode("utf-8")


def _reloads(process: str, unit: str) -> float:
    found = re.search(rf'^va_reload_total{{(?=[^}}]*unit="{unit}")(?=[^}}]*outcome="ok")[^}}]*}} (\S+)$',
                      metrics(process), re.M)
    return float(found.group(1)) if found else 0


def running(processes: tuple[str, ...]) -> list[str]:
    """Those that this stack has: the second ones only with two processes of everything."""
    return [one for one in processes if os.environ.get(f"VA_PORT_{one}_OPS")]


class LiveFile:
    """A file of the stack that its services follow. A change returns once every one of them has taken it."""

    def __init__(self, path: pathlib.Path, unit: str, followers: tuple[str, ...]):
        self.path, self.unit, self.followers = path, unit, running(followers)
        self.before = path.read_bytes()

    def put(self, content: bytes):
        if self.path.read_bytes() == content:
            return
        taken = {one: _reloads(one, self.unit) for one in self.followers}
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(self.path)
        for one in self.followers:
            until(lambda one=one: _reloads(one, self.unit) > taken[one], f"{one} takes {self.path.name}")

    def restore(self):
        self.put(self.before)


def row_of(idp) -> dict:
    """How the gateway is told of a provider, in one of four ways."""
    row = {"entity_id": idp.entity_id}
    if idp.mode.known_by == "settings":
        for role, url, binding in (("sso", idp.sso_url, idp.mode.sso), ("slo", idp.slo_url, idp.mode.slo)):
            row |= {f"{role}_url": url, f"{role}_binding": "post" if binding == POST else "redirect"}
        return row | {"certificate_files": [str(idp.certificate)]}
    signer = {"signing_certificate_files": [str(idp.certificate)]}
    if idp.mode.known_by == "file":
        kept = idp.folder / "metadata.xml"
        kept.write_bytes(idp.metadata)
        return row | {"metadata": {"file": str(kept)} | signer}
    pin = {"sha256": hashlib.sha256(idp.metadata).hexdigest()}
    trust = pin if idp.mode.known_by == "pinned_url" else signer
    return row | {"metadata": {"url": idp.metadata_url, "ca_file": browsing.stack("VA_CA")} | trust}


class Arrangement:
    """These providers, one for each CSP, in a running stack."""

    def __init__(self, idps: list):
        folder = pathlib.Path(browsing.stack("VA_DEV_DIR"))
        self._idps = LiveFile(folder / "idps.yaml", "saml", GATEWAYS)
        self._policy = LiveFile(folder / "policy.yaml", "policy", GATEWAYS + RULES)
        self._known = yaml.safe_load(self._idps.before)
        self._known["idps"] |= {one.name: row_of(one) for one in idps}
        policy = yaml.safe_load(self._policy.before)
        policy["version"] += f"-{idps[0].software.lower()}"
        for one in idps:
            policy["idps"][one.name] = {"allow_unsolicited": False, "want": one.mode.want}
            policy["csps"][one.mode.csp]["idp"] = one.name
        try:
            # A policy names no provider that the gateway does not know: so in this order.
            self._tell(self._known)
            self._policy.put(yaml.safe_dump(policy, sort_keys=False).encode())
            for one in idps:
                self._until_open(one, True)
        except AssertionError:
            self.undo()
            raise

    def _tell(self, known: dict):
        self._idps.put(yaml.safe_dump(known, sort_keys=False).encode())

    @staticmethod
    def _until_open(idp, wanted: bool):
        """Metadata at an address is asked for in the background."""
        start = f"{browsing.stack('VA_URL')}/v1/sessions/{idp.mode.csp}/new"
        until(lambda: (browsing.Browser().open(start).status != 503) == wanted,
               f"{idp.name} is {'open' if wanted else 'switched off'}")

    @contextlib.contextmanager
    def another_signer(self, idp, certificate: pathlib.Path):
        """Meanwhile the gateway expects the metadata of `idp` to be signed with somebody else's key."""
        changed = copy.deepcopy(self._known)
        changed["idps"][idp.name]["metadata"]["signing_certificate_files"] = [str(certificate)]
        self._tell(changed)
        try:
            self._until_open(idp, False)
            yield
        finally:
            self._tell(self._known)
            self._until_open(idp, True)

    def undo(self):
        self._policy.restore()
        self._idps.restore()
