"""Who judges a file: the operator's program with the gateway's own code, and xmlsec1 alone."""

import json
import os
import pathlib
import re
import subprocess

from case import Case
from message import ACS, IDP, NOW, REQUEST, SAML, SAMLP, SLO, SP

STANDARD = {"--idp-entity-id": IDP, "--idp-cert": "idp.crt", "--sp-entity-id": SP, "--acs": ACS,
            "--in-response-to": REQUEST, "--now": NOW}
FILES = ("--idp-cert", "--sp-key")


def command(case: Case, keys: pathlib.Path, file: pathlib.Path) -> list[str]:
    """The arguments of signinctl for this case; `keys` is where certificates and keys lie."""
    flags: dict[str, object] = dict(STANDARD)
    if case.logout:
        flags |= {"--acs": SLO, "--expect": case.logout}
    flags |= case.flags
    line = ["saml", "verify-logout" if case.logout else "verify", "--json"]
    for name, given in flags.items():
        for value in given if isinstance(given, list) else [given]:
            if value is None:
                continue
            line.append(name)
            if value is not True:
                line.append(str(keys / value) if name in FILES else str(value))
    if case.query:
        return [*line, "--query", case.bytes().decode()]
    return [*line, str(file)]


def signinctl(case: Case, keys: pathlib.Path, file: pathlib.Path) -> tuple[int, dict]:
    program = pathlib.Path(os.environ.get("VA_BIN", "build/release/bin")) / "signinctl"
    done = subprocess.run([str(program), *command(case, keys, file)], capture_output=True, check=False,
                          timeout=60)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"stdout": done.stdout.decode("utf-8", "replace"),
                                 "stderr": done.stderr.decode("utf-8", "replace")}


def opened(case: Case, keys: pathlib.Path, file: pathlib.Path) -> set[str]:
    """What signinctl opens, sockets included, while it judges the case; the case's own file is left out."""
    file.write_bytes(case.bytes())
    program = pathlib.Path(os.environ.get("VA_BIN", "build/release/bin")) / "signinctl"
    trace = file.with_suffix(".trace")
    subprocess.run(["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=open,openat,openat2,socket,connect,execve",
                    str(program), *command(case, keys, file)], capture_output=True, check=False, timeout=120)
    calls = trace.read_text(errors="replace")
    if "execve(" not in calls:
        raise RuntimeError("strace saw nothing")
    paths = set(re.findall(r'open(?:at2?)?\([^"]*"([^"]*)"', calls)) - {str(file)}
    return paths | {f"{call}({rest}" for call, rest in re.findall(r"(socket|connect)\((.*)", calls)}


def library(file: pathlib.Path, certificate: pathlib.Path) -> bool:
    """What xmlsec1 says about the first Signature of the file, trusting the pinned key and told which
    attributes are ids: what a careless service provider asks."""
    done = subprocess.run(
        ["xmlsec1", "--verify", "--pubkey-cert-pem", str(certificate), "--id-attr:ID", f"{SAML}:Assertion",
         "--id-attr:ID", f"{SAMLP}:Response", str(file)], capture_output=True, check=False, timeout=60)
    return done.returncode == 0
