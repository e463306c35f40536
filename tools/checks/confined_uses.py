"""Words of the source that have one place, or none: the clock, randomness, revealed personal data,
sleeps in tests, and what would tie this repository to one machine."""

import re

import tree

_REVEAL_ROOMS = r"^services/[^/]+/(api|adapters|hl7|saml|oidc|store)/|^lib/(identity|jose|crypto)/"
_TESTS = r"_test\.cc$|^tests/|^lib/testing/"

# Pattern, files it is looked for in, files that may use it, what to do instead.
RULES = (
    (r"\babsl::Now\(", r"\.(cc|h)$", r"^lib/base/clock\.cc$",
     "take absl::Time now or a Clock& as an argument"),
    (r"\bRAND_(priv_)?bytes\(", r"\.(cc|h)$", r"^lib/crypto/random\.cc$",
     "take an IdGenerator& as an argument"),
    # Attack K4. Span ids of traces are no secrets and are drawn a million times a second.
    (r"\bs?rand\(|\brand_r\(|\b[dlm]rand48\(|[^\w.]random\(\)|#include <random>",
     r"^(lib|services|tools)/.*\.(cc|h)$", r"^lib/base/trace_context\.cc$|" + _TESTS,
     "randomness comes from an IdGenerator&: anything else can be predicted"),
    # Attack K5.
    (r"\b(CRYPTO_)?memcmp\(|\bstrn?cmp\(|Reveal\(\)\s*[!=]=|[!=]=\s*[\w.>*()-]+Reveal\(\)",
     r"^(lib|services)/.*\.(cc|h)$",
     r"^lib/crypto/hash\.cc$|^lib/http/(ip_address|tls_context)\.cc$|/hl7/|"
     r"^lib/identity/pii\.cc$|" + _TESTS,
     "what is secret is compared by crypto::ConstantTimeEqual, which takes as long for a near miss"),
    (r"\.Reveal\(\)", r"^(services|lib|tools)/.*\.(cc|h)$", _REVEAL_ROOMS + "|" + _TESTS,
     "personal data is opened only in codecs, api/, adapters/, store/ and lib/{identity,jose,crypto}"),
    (r"\bDisclose\(|\bJoinNames\(|lib/identity/disclosure\.h", r"^(services|lib|tools)/.*\.(cc|h)$",
     r"^tools/signinctl/|^lib/identity/disclosure", "only an operator's tool discloses personal data"),
    # Attack L1: what crosses the wire is a person. No program but signinctl, which masks it, can turn a
    # message into text, so none can write one anywhere.
    (r"\b(?:Print|Short|Utf8)?DebugString\(|\bTextFormat\b|google/protobuf/text_format\.h"
     r"|\bMessageTo(?:Json|Binary)\w*\(|\bBinaryToJson\w*\(|\bJsonPrintOptions\b"
     r"|google/protobuf/(?:util/)?json(?:_util)?\b|\bGetReflection\(\)",
     r"^(services|lib|tools)/.*\.(cc|h)$",
     # lib/rpc looks at enumerations only, and writes none.
     r"^tools/signinctl/(?:rpc|pii_mask)\.cc$|^lib/rpc/message\.cc$|" + _TESTS,
     "only signinctl turns a message into text, masked by the fields' marks (tools/signinctl/rpc.cc)"),
    # Decision P4: what lowers the bar for a SAML message is set by the operator's tool alone; everybody
    # else only asks for it or hands it on.
    (r"(?:(?<![=!])=|[(,{]|\breturn)\s*(?:\w+::)*Algorithms::kLegacyToo\b|\bany_context\s*=(?!\s*false)"
     r"|\ballow_legacy\s*=(?!\s*false|\s*expected\.algorithms == Algorithms::kLegacyToo;)",
     r"^(lib|services|tools)/.*\.(cc|h)$", r"^tools/signinctl/|" + _TESTS,
     "the gateway judges by the rules of today: only signinctl looks at old messages"),
    (r"\bkAnySize\b", r"^(lib|services|tools)/.*\.(cc|h)$",
     r"^tools/signinctl/|^lib/crypto/keys\.(cc|h)$|_testing\.cc$|" + _TESTS,
     "a service reads no key that is too short to be trusted"),
    (r"\boperator<<\s*\((?!.*= delete)|\bAbslStringify\(", r"^(services|lib|tools)/.*\.(cc|h)$",
     _TESTS, "a type that streams itself ends in a log: hand its fields to the log one by one"),
    (r"\bstd::format\(|#include <format>", r"\.(cc|h)$", r"^$", "GCC 12 has no std::format: absl::StrCat"),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\(|\babsl::SleepFor\(|[^\w.:]sleep\(",
     r"_test\.cc$|^tests/(?!bench/|simulators/).*\.(cc|h|mjs|js|py)$", r"^$",
     "tests do not sleep: wait for a condition or move the fake clock"),
    # To release a key is not to use it; tests make what nobody should accept by hand.
    (r"\bEVP_(?!PKEY_free\b)[A-Za-z0-9_]+\(", r"^(lib|services|tools)/.*\.(cc|h)$",
     r"^lib/(crypto|jose)/|^lib/(rpc/hostile|service/file_loader|xml/enc)_test\.cc$|^lib/xml/test_encrypter\.h$",
     "use lib/crypto"),
    # Put together here, so that this file does not name what it forbids.
    (r"\b(?:deb|security|snapshot|ftp)\.debian" + r"\.org\b|\bregistry\.npmjs" + r"\.org\b"
     r"|\bregistry\.yarnpkg" + r"\.com\b",
     r"", r"^$", "no address of a package host: machines bring their own"),
    (r'"resolved":\s*"http', r"package-lock\.json$", r"^$",
     "make the lock file with omit-lockfile-registry-resolved=true (.npmrc beside it)"),
    (r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b", r"\.(cc|h|py|sh|mjs|proto|yaml|md|cmake|txt)$|(^|/)dev$",
     r"^$", "finish it, or file an issue"),
)

_BINARY = (".png", ".ico", ".woff2", ".der", ".bin", ".gz")


def find(top) -> list[str]:
    found = []
    rules = [(re.compile(p), re.compile(where), re.compile(may), advice)
             for p, where, may, advice in RULES]
    machine = str(top.resolve()) + "/"
    for path in tree.files(top):
        if path.endswith(_BINARY):
            continue
        source = tree.text(top, path)
        for pattern, where, may, advice in rules:
            if not where.search(path) or may.search(path):
                continue
            for match in pattern.finditer(source):
                line = source.count("\n", 0, match.start()) + 1
                found.append(f"{path}:{line}: {match.group(0).strip()}: {advice}")
        if len(machine) > 3 and machine in source:
            line = source.count("\n", 0, source.index(machine)) + 1
            found.append(f"{path}:{line}: names the folder of this checkout: write paths from the root")
    return found


if __name__ == "__main__":
    tree.main("words with one place", find, "Each line says what to do.")
