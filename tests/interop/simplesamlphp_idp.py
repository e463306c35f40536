"""An identity provider made of SimpleSAMLphp under PHP's built-in server: its own entity id and key, behind
real HTTPS. It signs in whomever a test names, without a question."""

import functools
import http.client
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import time
import urllib.parse

import browsing
import far_side
import observed
from far_side import Answer, Asked
from modes import Mode

HERE = pathlib.Path(__file__).resolve().parent
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
START_SECONDS = 15
# What concerns one connection only and is not handed on.
OF_THE_CONNECTION = ("connection", "transfer-encoding", "content-length", "host")


class SimpleSamlPhpIdp:
    software = "SimpleSAMLphp"

    def __init__(self, mode: Mode, folder: pathlib.Path, sp_metadata: str):
        self.mode, self.folder = mode, folder
        self.name = f"simplesamlphp_{mode.want}"
        far_side.make_key(folder, "idp")
        self.certificate = folder / "idp.crt"
        shutil.copytree(HERE / "simplesamlphp", folder / "config")
        (folder / "config" / "sp.xml").write_text(sp_metadata, encoding="utf-8")
        self._server = far_side.HttpsServer(self._hand_on)
        self.origin = self._server.origin
        base = f"{self.origin}/simplesaml/saml2/idp"
        self.entity_id = self.metadata_url = f"{base}/metadata.php"
        self.sso_url, self.slo_url = f"{base}/SSOService.php", f"{base}/SingleLogoutService.php"
        self.after_logout = f"{self.origin}/simplesaml/logout.php"
        self.logout_url = f"{self.slo_url}?{urllib.parse.urlencode({'ReturnTo': self.after_logout})}"
        self.become({"attributes": {}, "name_id": "", "authn_context": ""})
        self._start()

    @staticmethod
    def version() -> str:
        ask = 'require "/usr/share/simplesamlphp/lib/_autoload.php"; ' \
              'echo \SimpleSAML\Configuration::VERSION, " ", PHP_VERSION;'
        said = subprocess.run(["php8.2", "-r", ask], check=True, capture_output=True, text=True).stdout
        software, language = map(observed.released, said.split())
        return f"SimpleSAMLphp {software} under PHP {language}"

    def _start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._php = subprocess.Popen(
            ["php8.2", "-d", "display_errors=0", "-d", "log_errors=0", "-S", f"127.0.0.1:{self.port}",
             str(HERE / "simplesamlphp" / "router.php")],
            env=os.environ | {"SIMPLESAMLPHP_CONFIG_DIR": str(self.folder / "config")},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._php.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("PHP's built-in server does not start")

    def stop(self):
        self._server.stop()
        self._php.terminate()
        self._php.wait(10)

    def become(self, persona: dict, **choices):
        """Whoever comes next is this person; choices differ from what the mode says."""
        run = {"origin": self.origin, "folder": str(self.folder), "salt": secrets.token_hex(16),
               "entity_id": self.entity_id, "attributes": browsing.attribute_values(persona),
               "name_id": persona["name_id"], "authn_context": persona["authn_context"],
               "signature_algorithm": RSA_SHA256, "sign_assertion": self.mode.sign_assertion,
               "sign_response": self.mode.sign_response, "encrypt_assertion": self.mode.encrypt,
               "encrypt_name_id": False, "sign_logout": True,
               "sso_binding": self.mode.sso, "slo_binding": self.mode.slo,
               "sign_metadata": self.mode.known_by != "pinned_url"} | choices
        (self.folder / "config" / "run.json").write_text(json.dumps(run), encoding="utf-8")

    @functools.cached_property
    def metadata(self) -> bytes:
        """As it publishes it: signed unless its bytes are pinned, because each signature has a new id."""
        page = browsing.Browser().open(self.metadata_url)
        if page.status != 200:
            raise RuntimeError(f"SimpleSAMLphp does not say its metadata: {page.status}")
        return page.body.encode("utf-8")

    def _hand_on(self, asked: Asked) -> Answer:
        """TLS ends in front of PHP's built-in server, which speaks none."""
        if asked.path == "/simplesaml/logout.php":
            return Answer(200, b"<title>everywhere signed out</title>")
        origin = urllib.parse.urlsplit(self.origin).netloc
        headers = {name: value for name, value in asked.headers.items() if name not in OF_THE_CONNECTION}
        php = http.client.HTTPConnection("127.0.0.1", self.port, timeout=browsing.TIMEOUT_SECONDS)
        try:
            target = asked.path + (f"?{asked.query}" if asked.query else "")
            php.request(asked.method, target, asked.body or None, headers | {"Host": origin})
            answer = php.getresponse()
            kept = [(name, value) for name, value in answer.getheaders()
                    if name.lower() not in OF_THE_CONNECTION]
            return Answer(answer.status, answer.read(), kept)
        finally:
            php.close()
