"""The checks bite: a planted violation of each kind is found, and its innocent twin is not."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import confined_uses
import doc_links
import include_rule
import migrations
import pii_marks
import rule_ids
import seed_lines


class Tree:
    """A small repository in a temporary folder."""

    def __init__(self, files: dict[str, str]):
        self.files = files

    def __enter__(self) -> pathlib.Path:
        self.folder = tempfile.TemporaryDirectory()
        top = pathlib.Path(self.folder.name)
        for name, text in self.files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text, encoding="utf-8")
        return top

    def __exit__(self, *_):
        self.folder.cleanup()


def found(check, path: str, text: str) -> list[str]:
    with Tree({path: text}) as top:
        return check.find(top)


# (includer, include, whether it is forbidden)
INCLUDES = [
    ("services/auth-gateway/domain/a.cc", "services/auth-gateway/domain/a.h", False),
    ("services/auth-gateway/domain/a.cc", "lib/identity/pii.h", False),
    ("services/auth-gateway/domain/a.cc", "absl/time/time.h", False),
    ("services/auth-gateway/domain/a.cc", "lib/telemetry/log.h", True),
    ("services/auth-gateway/domain/a.cc", "lib/store/pool.h", True),
    ("services/auth-gateway/domain/a.cc", "nlohmann/json.hpp", True),
    ("services/auth-gateway/domain/a.cc", "google/protobuf/message.h", True),
    ("services/auth-gateway/domain/a.cc", "va/session/v1/session.pb.h", True),
    ("services/auth-gateway/domain/a.cc", "libxml/parser.h", True),
    ("services/auth-gateway/domain/a.cc", "services/auth-gateway/store/a.h", True),
    ("services/auth-gateway/domain/a.cc", "services/mpi-adapter/domain/a.h", True),
    ("services/auth-gateway/domain/a_test.cc", "lib/testing/fake_clock.h", False),
    ("services/auth-gateway/domain/a_test.cc", "lib/store/pool.h", True),
    ("services/auth-gateway/domain/a.cc", "lib/testing/fake_clock.h", True),
    ("services/auth-gateway/saml/a.cc", "services/auth-gateway/domain/a.h", False),
    ("services/auth-gateway/saml/a.cc", "lib/xml/document.h", False),
    ("services/auth-gateway/saml/a.cc", "lib/http/client.h", True),
    ("services/auth-gateway/web/a.cc", "lib/store/pool.h", True),
    ("services/mpi-adapter/hl7/a.cc", "va/mpi/v1/mpi.pb.h", True),
    ("services/mpi-adapter/api/a.cc", "va/mpi/v1/mpi.pb.h", False),
    ("services/mpi-adapter/api/a.cc", "va/common/v1/person.pb.h", False),
    ("services/mpi-adapter/api/a.cc", "va/attributes/v1/attributes.pb.h", True),
    ("services/mpi-adapter/api/a.cc", "services/mpi-adapter/adapters/a.h", True),
    ("services/mpi-adapter/api/a.cc", "services/mpi-adapter/store/a.h", True),
    ("services/mpi-adapter/api/a.cc", "lib/store/pool.h", True),
    ("services/mpi-adapter/api/a_test.cc", "lib/crypto/random.h", False),
    ("services/mpi-adapter/api/a.cc", "services/mpi-adapter/api/a_testing.h", True),
    ("services/auth-gateway/adapters/a.cc", "va/mpi/v1/mpi.pb.h", False),
    ("services/auth-gateway/adapters/a.cc", "lib/rpc/channel.h", False),
    ("services/auth-gateway/adapters/a.cc", "services/auth-gateway/api/a.h", True),
    ("services/auth-gateway/store/a.cc", "lib/store/pool.h", False),
    ("services/auth-gateway/store/a.cc", "lib/http/message.h", True),
    ("services/auth-gateway/store/a.cc", "services/auth-gateway/saml/a.h", True),
    ("services/auth-gateway/store/a.cc", "pqxx/pqxx", True),
    ("services/auth-gateway/wiring.cc", "services/auth-gateway/store/a.h", False),
    ("services/auth-gateway/wiring.cc", "services/mpi-adapter/domain/a.h", True),
    ("lib/xml/a.cc", "libxml/parser.h", False),
    ("lib/http/a.cc", "libxml/parser.h", True),
    ("lib/http/a.cc", "boost/beast/core.hpp", False),
    ("lib/rpc/a.cc", "curl/curl.h", True),
    ("lib/crypto/a.cc", "openssl/evp.h", False),
    ("lib/http/a.cc", "openssl/ssl.h", False),
    ("lib/http/a.cc", "openssl/evp.h", True),
    ("lib/store/a.cc", "pqxx/pqxx", False),
    ("lib/base/a.cc", "lib/identity/pii.h", True),
    ("lib/identity/a.cc", "lib/base/status.h", False),
    ("lib/identity/a.cc", "lib/crypto/hash.h", True),
    ("lib/http/a.cc", "services/auth-gateway/domain/a.h", True),
    ("tests/simulators/idp/a.cc", "lib/xml/dsig.h", False),
    ("tests/simulators/idp/a.cc", "services/auth-gateway/saml/a.h", True),
    ("tests/simulators/idp/a.cc", "lib/store/pool.h", True),
    ("tests/simulators/idp/a.cc", "openssl/evp.h", True),
    ("tests/simulators/mhv/rs256.cc", "openssl/evp.h", False),
    ("tests/simulators/mhv/token.cc", "openssl/evp.h", True),
    ("tests/simulators/mhv/token.cc", "lib/jose/jws.h", True),
    ("tests/integration/a.cc", "services/auth-gateway/store/a.h", False),
    ("tests/conformance/a.cc", "services/auth-gateway/adapters/a.h", True),
    ("tests/conformance/a.cc", "services/auth-gateway/api/a.h", False),
    ("tools/signinctl/a.cc", "services/auth-gateway/domain/a.h", False),
    ("tools/signinctl/a.cc", "services/auth-gateway/store/a.h", True),
    ("tools/signinctl/migrate.cc", "services/auth-gateway/migrations.h", False),
    ("tools/signinctl/migrate.cc", "services/auth-gateway/config.h", True),
    ("tools/signinctl/a.cc", "services/auth-gateway/migrations.h", True),
    ("tools/signinctl/keys_rewrap.cc", "services/auth-gateway/sealed_columns.h", False),
    ("tools/signinctl/migrate.cc", "services/auth-gateway/sealed_columns.h", True),
    ("tools/signinctl/mpi_connection.cc", "services/mpi-adapter/adapters/soap_mpi_gateway.h", False),
    ("tools/signinctl/mpi_connection.cc", "services/mpi-adapter/config.h", False),
    ("tools/signinctl/mpi_connection.cc", "services/mpi-adapter/wiring.h", True),
    ("tools/signinctl/mpi_find.cc", "services/mpi-adapter/adapters/soap_mpi_gateway.h", True),
]


class IncludeRule(unittest.TestCase):
    def test_every_row_of_the_table(self):
        for path, include, forbidden in INCLUDES:
            with self.subTest(path=path, include=include):
                got = found(include_rule, path, f'// one\n#include "{include}"\n')
                self.assertEqual(bool(got), forbidden, got)
                if forbidden:
                    self.assertTrue(got[0].startswith(f"{path}:2: "), got)

    def test_E2_simulators_share_no_code_with_the_services(self):
        for include in ("services/auth-gateway/saml/a.h", "services/mpi-adapter/hl7/a.h",
                        "lib/store/pool.h", "lib/identity/pii.h", "lib/rpc/channel.h"):
            with self.subTest(include=include):
                self.assertTrue(found(include_rule, "tests/simulators/mpi/a.cc", f'#include "{include}"\n'))
        self.assertFalse(found(include_rule, "tests/simulators/mpi/a.cc", '#include "lib/xml/document.h"\n'))

    def test_angle_brackets_and_blanks_do_not_hide_an_include(self):
        self.assertTrue(found(include_rule, "lib/http/a.cc", "#  include <libxml/parser.h>\n"))

    def test_relative_includes_are_refused(self):
        self.assertTrue(found(include_rule, "lib/http/a.cc", '#include "../base/a.h"\n'))

    def test_a_circle_between_libraries_is_found(self):
        with Tree({"lib/http/a.h": '#include "lib/rpc/b.h"\n',
                   "lib/rpc/b.h": '#include "lib/config/c.h"\n',
                   "lib/config/c.h": '#include "lib/http/a.h"\n'}) as top:
            self.assertEqual(len(include_rule.find(top)), 1)


class PiiMarks(unittest.TestCase):
    def check(self, fields: str) -> list[str]:
        return found(pii_marks, "proto/va/x/v1/x.proto", f"message X {{\n{fields}\n}}\n")

    def test_marked_fields_pass(self):
        self.assertFalse(self.check("string a = 1 [(pii) = PII_NONE];"))
        self.assertFalse(self.check("optional bytes a = 1 [(va.common.v1.pii) = PII_SSN];"))
        self.assertFalse(self.check("repeated string a = 1\n  [(pii) = PII_NAME,\n  deprecated = true];"))
        self.assertFalse(self.check("int32 a = 1; bool b = 2; Other c = 3;"))
        self.assertFalse(self.check("map<int32, Other> a = 1;"))
        self.assertFalse(self.check("// string a = 1;\n/* string b = 2; */"))

    def test_unmarked_fields_are_found(self):
        for field in ("string a = 1;", "bytes a = 1;", "optional string a = 1;",
                      "repeated string a = 1 [deprecated = true];", "map<string, int32> a = 1;",
                      "map<int32, bytes> a = 1;", "oneof x { string a = 1; }",
                      "string a = 1; // [(pii) = PII_NONE]", "string a = 1 [(pii) = PII_UNSPECIFIED];"):
            with self.subTest(field=field):
                self.assertEqual(len(self.check(field)), 1)

    def test_the_line_is_that_of_the_field(self):
        self.assertIn("x.proto:4:", self.check("\n// c\nstring a = 1;")[0])


class DocLinks(unittest.TestCase):
    def check(self, text: str) -> list[str]:
        with Tree({"README.md": text, "docs/a.md": "# Some Title\n\n## It's `here`: now\n",
                   "docs/b.png": ""}) as top:
            return doc_links.find(top)

    def test_good_links_pass(self):
        self.assertFalse(self.check("[a](docs/a.md) [b](docs/a.md#some-title) ![c](docs/b.png)\n"
                                    "[d](docs/a.md#its-here-now) [e](https://example.gov/x) [f](docs/)\n"))
        self.assertFalse(self.check("`[a](nowhere.md)`\n\n```\n[a](nowhere.md)\n```\n"))

    def test_dead_links_are_found(self):
        self.assertEqual(len(self.check("[a](docs/none.md)\n")), 1)
        self.assertEqual(len(self.check("[a](docs/a.md#other)\n")), 1)
        self.assertEqual(len(self.check("[a](#here)\n")), 1)
        self.assertEqual(len(self.check("[a]: docs/none.md\n")), 1)


class RuleIds(unittest.TestCase):
    PAGE = "| Id | Attack | Tested in |\n|---|---|---|\n| S45 | weak | `lib/a_test.cc` |\n"

    def check(self, page: str, test: str) -> list[str]:
        with Tree({"docs/attacks.md": page, "lib/a_test.cc": f'TEST_CASE("{test}", "[a]") {{}}\n'}) as top:
            return rule_ids.find(top)

    def test_an_id_with_its_line_passes(self):
        self.assertFalse(self.check(self.PAGE, "Verify: S45 weak keys"))

    def test_an_id_without_a_line_and_a_line_without_its_test_are_found(self):
        self.assertEqual(len(self.check(self.PAGE, "Verify: S45 S46 weak keys")), 1)
        self.assertEqual(len(self.check(self.PAGE, "Verify: weak keys")), 1)
        self.assertEqual(len(self.check(self.PAGE.replace("a_test", "b_test"), "Verify: S45 weak keys")), 1)


class SeedLines(unittest.TestCase):
    HEAD = "| The document says | Test | Where |\n|---|---|---|\n"

    def check(self, rows: str, test: str = "Seed 004: a rule that is long enough") -> list[str]:
        page = "".join(f"## Seed {seed}\n\n{self.HEAD}" +
                       (rows if seed == "004" else f"| a | Seed {seed}: b | `lib/b_test.cc` |\n") + "\n"
                       for seed in seed_lines.SEEDS)
        half = len(test) // 2
        with Tree({"docs/seeds.md": page,
                   "lib/a_test.cc": f'TEST_CASE("{test[:half]}"\n          "{test[half:]}", "[a]") {{}}\n',
                   "lib/b_test.cc": 'TEST_CASE("Seed 001: b") {}\nTEST_CASE("Seed 002: b") {}\n'}) as top:
            return seed_lines.find(top)

    def test_a_line_with_its_test_passes(self):
        self.assertFalse(self.check("| a | Seed 004: a rule that is long enough | `lib/a_test.cc` |\n"))

    def test_a_line_whose_test_is_gone_or_elsewhere_is_found(self):
        self.assertEqual(len(self.check("| a | Seed 004: another rule | `lib/a_test.cc` |\n")), 1)
        self.assertEqual(len(self.check("| a | Seed 004: a rule that is long enough | `lib/b_test.cc` |\n")), 1)
        self.assertEqual(len(self.check("| a | Seed 004: a rule that is long enough | `lib/c_test.cc` |\n")), 1)
        self.assertEqual(len(self.check("| a | Seed 004: a rule that is long enough |\n")), 1)

    def test_a_test_that_does_not_say_the_seed_and_a_seed_without_lines_are_found(self):
        self.assertEqual(len(self.check("| a | a rule | `lib/a_test.cc` |\n", "a rule")), 1)
        self.assertEqual(len(self.check("")), 1)


class Migrations(unittest.TestCase):
    FIRST = "CREATE TABLE a (id int NOT NULL, note text);\n"

    def check(self, sql: str) -> list[str]:
        with Tree({"services/x/migrations/0001_first.sql": self.FIRST,
                   "services/x/migrations/0002_next.sql": sql}) as top:
            return migrations.find(top)

    def test_what_only_adds_passes(self):
        for sql in ("ALTER TABLE a ADD COLUMN b int;", "ALTER TABLE a ADD b int NOT NULL DEFAULT 0;",
                    "CREATE TABLE c (id int NOT NULL, CHECK (id > 0), UNIQUE (id));",
                    "CREATE INDEX a_by_note ON a (note);", "ALTER TABLE a DROP CONSTRAINT a_check;",
                    "ALTER TABLE a ALTER COLUMN id DROP NOT NULL;", "-- DROP TABLE a;\nSELECT id FROM a;",
                    "ALTER TABLE a SET (fillfactor = 80);", "COMMENT ON TABLE a IS 'we never DROP TABLE a';",
                    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; END $$;",
                    "CREATE TRIGGER t BEFORE UPDATE OR DELETE OR TRUNCATE ON a EXECUTE FUNCTION f();",
                    "CREATE TYPE t AS ENUM ('a');"):
            with self.subTest(sql=sql):
                self.assertEqual(self.check(sql), [])

    def test_what_the_previous_release_cannot_live_with_needs_a_reason(self):
        for sql in ("DROP TABLE a;", "alter table a drop column note;", "ALTER TABLE a DROP note;",
                    "ALTER TABLE a\n  RENAME COLUMN note TO notes;", "ALTER TABLE a RENAME note TO notes;",
                    "ALTER TABLE a RENAME TO b;", "ALTER TABLE a ALTER COLUMN note SET NOT NULL;",
                    "ALTER TABLE a ALTER note TYPE int;", "ALTER TABLE a ALTER COLUMN note SET DATA TYPE int;",
                    "ALTER TYPE t ADD VALUE 'b';", "ALTER TABLE a ADD COLUMN b int NOT NULL;",
                    "ALTER TABLE a ADD c int DEFAULT 1, ADD b int NOT NULL;",
                    "ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0);", "TRUNCATE a;", "DELETE FROM a;",
                    "DROP FUNCTION f;"):
            with self.subTest(sql=sql):
                got = self.check("-- A comment.\n\n" + sql)
                self.assertEqual(len(got), 1, got)
                self.assertIn("0002_next.sql:3: ", got[0])
                self.assertEqual(self.check("-- three-state: 1.4 no longer reads it\n" + sql), [])
                # The reason belongs to the statement, and says something.
                self.assertEqual(len(self.check("-- three-state: ok\n" + sql)), 1)
                self.assertEqual(
                    len(self.check("-- three-state: 1.4 no longer reads it\nSELECT 1;\n" + sql)), 1)

    def test_the_page_of_retention_names_every_table(self):
        for page, wrong in (("| x | `a` | a day |", 0), ("| x | a | a day |", 1), ("| x | `ab` |", 1)):
            with self.subTest(page=page), \
                    Tree({"services/x/migrations/0001_first.sql": self.FIRST,
                          "docs/runbooks/retention.md": page}) as top:
                got = migrations.find(top)
                self.assertEqual(len(got), wrong, got)

    def test_numbers_have_no_gap_no_duplicate_and_a_name(self):
        for names, wrong in ((("0001_a.sql", "0002_b.sql"), 0), (("0001_a.sql", "0003_b.sql"), 1),
                             (("0001_a.sql", "0001_b.sql"), 1), (("0002_a.sql",), 1),
                             (("0001_a.sql", "2_b.sql"), 1), (("0001_A.sql",), 1)):
            with self.subTest(names=names), \
                    Tree({f"services/x/migrations/{name}": "SELECT 1;" for name in names}) as top:
                self.assertEqual(len(migrations.find(top)), wrong)

    def test_sql_names_its_columns(self):
        for path, text, wrong in (("services/x/store/a.cc", '"SELECT * FROM a"', 1),
                                  ("services/x/store/a.cc", '"select a.* from a"', 1),
                                  ("lib/store/a.cc", '"DELETE FROM a RETURNING *"', 1),
                                  ("services/x/store/a.cc", '"SELECT count(*) FROM a"', 0),
                                  ("services/x/domain/a.cc", '"SELECT * FROM a"', 0)):
            with self.subTest(text=text):
                self.assertEqual(len(found(migrations, path, text)), wrong)


class ConfinedUses(unittest.TestCase):
    def test_each_word_outside_its_place_is_found_and_inside_it_is_not(self):
        cases = [
            ("lib/http/a.cc", "absl::Now()", True),
            ("lib/base/clock.cc", "absl::Now()", False),
            ("lib/http/a.cc", "RAND_bytes(x, 1)", True),
            ("lib/crypto/random.cc", "RAND_bytes(x, 1)", False),
            ("services/auth-gateway/domain/a.cc", "ssn.Reveal()", True),
            ("services/auth-gateway/web/a.cc", "ssn.Reveal()", True),
            ("services/auth-gateway/domain/a_test.cc", "ssn.Reveal()", False),
            ("services/auth-gateway/saml/a.cc", "ssn.Reveal()", False),
            ("lib/telemetry/a.cc", "ssn.Reveal()", True),
            ("services/auth-gateway/domain/a.cc", "Disclose(ssn, Disclosure::kRevealed)", True),
            ("services/auth-gateway/api/a.cc", '#include "lib/identity/disclosure.h"', True),
            ("tools/signinctl/a.cc", "Disclose(ssn, how)", False),
            # Attack K4, and K5 below.
            ("lib/base/a.cc", "int x = rand();", True),
            ("services/auth-gateway/web/a.cc", "#include <random>", True),
            ("lib/base/a_test.cc", "#include <random>", False),
            ("services/auth-gateway/web/a.cc", "if (memcmp(a, b, 32) == 0)", True),
            ("lib/crypto/hash.cc", "CRYPTO_memcmp(a, b, 32)", False),
            ("services/mhv-account/store/a.cc", "if (token.Reveal() == given)", True),
            ("services/mhv-account/store/a.cc", "if (given != token.Reveal())", True),
            # Attack L1: a message has no text form outside of the masked printer.
            ("lib/rpc/a.cc", "log.Debug(request.DebugString())", True),
            ("services/mpi-adapter/api/a.cc", "Info(x, {{\"r\", response->ShortDebugString()}})", True),
            ("services/mpi-adapter/api/a.cc", "Info(x, {{\"r\", response.Utf8DebugString()}})", True),
            ("services/mpi-adapter/api/a_test.cc", "INFO(response.Utf8DebugString())", False),
            ("services/mpi-adapter/api/a.cc", "message.PrintDebugString()", True),
            ("lib/rpc/a.cc", "google::protobuf::TextFormat::PrintToString(m, &s)", True),
            ("lib/rpc/a.cc", "#include <google/protobuf/text_format.h>", True),
            ("lib/rpc/a.cc", "google::protobuf::util::MessageToJsonString(m, &s)", True),
            ("lib/rpc/a.cc", "#include <google/protobuf/util/json_util.h>", True),
            ("lib/telemetry/a.cc", "message.GetReflection()", True),
            ("tools/signinctl/users.cc", "message.DebugString()", True),
            ("tools/signinctl/rpc.cc", "google::protobuf::util::MessageToJsonString(m, &s)", False),
            ("lib/rpc/a.cc", "message.SerializeToString(&bytes)", False),
            ("lib/identity/a.h", "std::ostream& operator<<(std::ostream& out, const Person& p)", True),
            ("lib/identity/a.h", "std::ostream& operator<<(std::ostream&, const Ssn&) = delete", False),
            ("lib/identity/a.h", "friend void AbslStringify(Sink& sink, const Person& p)", True),
            # Decision P4: old algorithms and short keys are for the operator's tool.
            ("services/auth-gateway/a.cc", "expected.algorithms = Algorithms::kLegacyToo", True),
            ("services/auth-gateway/a.cc", "Verify(text, gateway::Algorithms::kLegacyToo)", True),
            ("services/auth-gateway/a.cc", "if (expected.algorithms == Algorithms::kLegacyToo)", False),
            ("services/auth-gateway/a.cc", "if (algorithms != Algorithms::kLegacyToo)", False),
            ("services/auth-gateway/a.cc", "expected.any_context = true", True),
            ("services/auth-gateway/a.cc", "options.allow_legacy = true", True),
            ("services/auth-gateway/a.cc",
             "options.allow_legacy = expected.algorithms == Algorithms::kLegacyToo;", False),
            ("services/auth-gateway/a.cc", "PublicKey::FromCertificatePem(x, KeyStrength::kAnySize)", True),
            ("tools/signinctl/a.cc", "expected.algorithms = gateway::Algorithms::kLegacyToo", False),
            ("lib/http/a.cc", "EVP_DigestInit(x)", True),
            ("lib/crypto/a.cc", "EVP_DigestInit(x)", False),
            ("lib/http/a_test.cc", "std::this_thread::sleep_for(x)", True),
            ("lib/http/a.cc", "std::this_thread::sleep_for(x)", False),
            ("README.md", "http://deb.debian" + ".org/debian", True),
            ("tools/x/package-lock.json", '"resolved": "https://', True),
            ("lib/http/a.cc", "// TO" + "DO: later", True),
        ]
        for path, text, forbidden in cases:
            with self.subTest(path=path, text=text):
                self.assertEqual(bool(found(confined_uses, path, f"x\n{text};\n")), forbidden)

    def test_the_folder_of_the_checkout_may_not_be_named(self):
        with Tree({"README.md": ""}) as top:
            (top / "README.md").write_text(f"cd {top.resolve()}/build\n", encoding="utf-8")
            self.assertEqual(len(confined_uses.find(top)), 1)


if __name__ == "__main__":
    unittest.main()
