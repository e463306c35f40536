"""The include rule: which folder may include what. The tables below are the rule; ARCHITECTURE.md
explains it. A file is judged by the room it lies in, an include by the room it comes from."""

import re

import tree

ROOMS = ("domain", "saml", "oidc", "hl7", "web", "api", "adapters", "store")
CODECS = ("saml", "oidc", "hl7", "web")

# What a room of a service may use: rooms of its own service, parts of lib/, and whether generated
# protobuf code: none, of its own packages, or of any.
SERVICE_RULES = {
    "domain": ((), ("base", "identity"), "none"),
    "saml": (("domain", *CODECS), ("base", "identity", "xml", "jose", "crypto"), "none"),
    "oidc": (("domain", *CODECS), ("base", "identity", "xml", "jose", "crypto"), "none"),
    "hl7": (("domain", *CODECS), ("base", "identity", "xml", "jose", "crypto"), "none"),
    "web": (("domain", *CODECS), ("base", "identity", "xml", "jose", "crypto"), "none"),
    "api": (("domain", *CODECS),
            ("base", "identity", "jose", "http", "resilience", "rpc", "telemetry"), "own"),
    "adapters": (("domain", *CODECS), None, "any"),
    "store": (("domain",), ("base", "identity", "store", "crypto"), "none"),
}

# Packages of proto/va that a service answers for.
OWN_PROTO = {
    "auth-gateway": {"session", "common"},
    "user-attributes": {"attributes", "common"},
    "mpi-adapter": {"mpi", "common"},
    "mhv-account": {"mhv", "common"},
    "inherited-proofing": {"proofing", "common"},
}

# Libraries that one place hides from the rest: prefix of the include, who may, what to use instead.
CONFINED = (
    (("libxml/", "xmlsec/"), ("lib/xml/", "services/auth-gateway/saml/hostile_messages_test."), "lib/xml/document.h"),
    (("pqxx/",), ("lib/store/",), "lib/store/pool.h"),
    (("boost/", "curl/"), ("lib/http/",), "lib/http/server.h or lib/http/client.h"),
    # MHV's stand-in checks our tokens with code of its own (decision E2), in that one file.
    # Tests that speak raw TLS or make certificates and keys that nobody should accept do so by hand.
    (("openssl/evp",), ("lib/crypto/", "lib/jose/", "lib/xml/test_encrypter.", "tests/simulators/mhv/rs256.",
                        "lib/service/file_loader_test."), "lib/crypto"),
    (("openssl/",), ("lib/crypto/", "lib/jose/", "lib/http/", "lib/xml/test_encrypter.", "tests/simulators/mhv/rs256.",
                     "lib/rpc/hostile_test.", "lib/rpc/raw_http2_testing.",
                     "lib/service/file_loader_test."), "lib/crypto"),
    (("grpc++/", "grpcpp/", "grpc/"), ("lib/rpc/", "tests/"), "lib/rpc"),
    (("yaml-cpp/",), ("lib/config/", "lib/testing/", "tests/"), "lib/config/fields.h"),
)

# Rooms in which not even an allowed library's neighbour is welcome: pure code.
PURE = ("domain",)
IMPURE = ("nlohmann/", "google/", "CLI/", "prometheus/", "opentelemetry/")

# lib/: these two stand at the bottom; for the others only circles are forbidden.
LIB_RULES = {"base": set(), "identity": {"base"}, "resilience": {"base", "crypto"}}

SIMULATOR_LIBS = {"base", "http", "xml", "testing",
                  "crypto"}  # keys and certificates are part of lib/xml's interface

_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def is_test(path: str) -> bool:
    """Tests and their helpers (what_testing.h, what_fixture.h) lie beside the code they test."""
    helpers = ("_testing.h", "_testing.cc", "_fixture.h")
    return path.endswith(("_test.cc", *helpers)) or "/compile_fail/" in path


def _proto_package(include: str):
    match = re.match(r"va/([a-z]+)/v\d+/.*\.pb\.h$", include)
    return match.group(1) if match else None


def _service(path: str):
    """(service, room) of a file under services/, room "" for what lies beside the rooms."""
    parts = path.split("/")
    if parts[0] != "services" or len(parts) < 3:
        return None
    room = parts[2] if len(parts) > 3 and parts[2] in ROOMS else ""
    return parts[1], room


def _confined(path: str, include: str):
    # Tests that join several parts, and references to measure against, use what they need.
    if path.startswith("tests/") and not path.startswith("tests/simulators/"):
        return None
    for prefixes, allowed, instead in CONFINED:
        if include.startswith(prefixes):
            if path.startswith(allowed):
                return None
            return f"{include} is hidden behind {allowed[0]}: use {instead}"
    return None


def _service_problem(path: str, include: str):
    service, room = _service(path)
    other = _service(include)
    if other and other[0] != service:
        return f"services/{service} may not include services/{other[0]}"
    if include.startswith("tests/") and not is_test(path):
        return "a service may not include tests/"
    if not is_test(path) and (include.startswith("lib/testing/") or is_test(include)):
        return f"{include} is for tests"
    if not room:
        return None
    rooms, libs, proto = SERVICE_RULES[room]
    if other and other[1] != room and other[1] not in rooms:
        return f"{room}/ may not include {other[1] or 'what lies beside the rooms'}/"
    part = include.split("/")[1] if include.startswith("lib/") else None
    if part and libs is not None and part not in libs:
        # A test of a codec or a handler may arrange its world with any library; one of the pure
        # rules has only the shipped policy to read.
        if not is_test(path) or (room in PURE and part not in ("testing", "config")):
            return f"{room}/ may not include lib/{part}"
    package = _proto_package(include)
    if package or include.endswith(".pb.h"):
        if proto == "none":
            return f"{room}/ may not include generated protobuf code"
        if proto == "own" and package and package not in OWN_PROTO.get(service, set()):
            return f"{room}/ may not include the contract of another service"
    if room in PURE and include.startswith(IMPURE):
        return f"{room}/ is pure: no {include.split('/')[0]}"
    return None


def _lib_problem(path: str, include: str):
    part = path.split("/")[1]
    if include.startswith(("services/", "tests/", "tools/")):
        return "lib/ may not include what is built on it"
    if not is_test(path) and part != "testing":
        if include.startswith("lib/testing/") or is_test(include):
            return f"{include} is for tests"
    used = include.split("/")[1] if include.startswith("lib/") else None
    if part in LIB_RULES and used and used != part and used not in LIB_RULES[part]:
        if not (is_test(path) and used == "testing"):
            return f"lib/{part} stands at the bottom and may not include lib/{used}"
    if part in LIB_RULES and not is_test(path) and include.endswith(".pb.h"):
        return f"lib/{part} may not include generated protobuf code"
    return None


def _elsewhere_problem(path: str, include: str):
    other = _service(include)
    if path.startswith("tests/simulators/"):
        if include.startswith("services/"):
            return "simulators share no code with the services they test (decision E2)"
        part = include.split("/")[1] if include.startswith("lib/") else None
        if part and part not in SIMULATOR_LIBS:
            return f"simulators may not include lib/{part}"
    elif path == "tools/signinctl/migrate.cc" and re.fullmatch(r"services/[^/]+/migrations\.h", include):
        return None  # the SQL that a service carries, and nothing of what works with it
    elif (path == "tools/signinctl/keys_rewrap.cc"
          and re.fullmatch(r"services/[^/]+/(migrations|sealed_columns)\.h", include)):
        return None  # what a service declares about its schema, and nothing of what works with it
    elif (path == "tools/signinctl/mpi_connection.cc"
          and include in ("services/mpi-adapter/config.h", "services/mpi-adapter/adapters/soap_mpi_gateway.h")):
        return None  # asks MPI as the adapter does: with its settings and its client
    elif path.startswith("tools/signinctl/"):
        if other and other[1] not in ("domain", *CODECS):
            return f"tools/signinctl may not include {other[1]}/ of a service"
    elif path.startswith("tests/conformance/"):
        if other and other[1] == "adapters":
            return "tests/conformance may not include adapters/"
    return None


def problem(path: str, include: str):
    """Why `path` may not include `include`, or None."""
    confined = _confined(path, include)
    if confined:
        return confined
    if path.startswith("services/"):
        return _service_problem(path, include) if _service(path) else None
    if path.startswith("lib/"):
        return _lib_problem(path, include)
    return _elsewhere_problem(path, include)


def _circles(edges: dict[str, dict[str, str]]) -> list[str]:
    """Circles between parts of lib/, each named once with one include that closes it."""
    found, done = [], set()

    def walk(part, trail):
        if part in trail:
            circle = trail[trail.index(part):] + [part]
            where = edges[circle[-2]][part]
            found.append(f"{where}: closes a circle: " + " -> ".join(f"lib/{p}" for p in circle))
            return
        if part in done:
            return
        for nxt in sorted(edges.get(part, {})):
            walk(nxt, trail + [part])
        done.add(part)

    for part in sorted(edges):
        walk(part, [])
    return found


def find(top) -> list[str]:
    found, edges = [], {}
    for path in tree.files(top, ".cc", ".h"):
        source = tree.text(top, path)
        for match in _INCLUDE.finditer(source):
            include = match.group(1) or match.group(2)
            line = source.count("\n", 0, match.start(1) if match.group(1) else match.start(2)) + 1
            why = problem(path, include)
            if why:
                found.append(f"{path}:{line}: {why}")
            if include.startswith("../") or include.startswith("./"):
                found.append(f"{path}:{line}: write includes from the repository root")
            if path.startswith("lib/") and include.startswith("lib/") and not is_test(path):
                one, two = path.split("/")[1], include.split("/")[1]
                if one != two:
                    edges.setdefault(one, {}).setdefault(two, f"{path}:{line}")
    return found + _circles(edges)


if __name__ == "__main__":
    tree.main("include rule", find, "Move the code to the room that may, or put a port between them "
              "(ARCHITECTURE.md, Layout).")
