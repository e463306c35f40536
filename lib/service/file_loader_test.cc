#include "lib/service/file_loader.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

std::vector<std::string> KeysOf(const FileLoader& files) {
  std::vector<std::string> keys;
  for (const config::Problem& problem : files.problems()) keys.push_back(problem.key);
  return keys;
}

}  // namespace

TEST_CASE("FileLoader: a certificate, its key and its roots are no problem", "[service][config]") {
  testing::TestPki pki;
  const testing::PemFiles mine = pki.IssueService("one");
  FileLoader files;
  CHECK(files.ReadKeyPair({"a", mine.certificate_file}, {"b", mine.private_key_file}).has_value());
  files.CheckTls("tls", {mine.certificate_file, mine.private_key_file, pki.ca_file()});
  files.CheckTls("tls", {mine.certificate_file, mine.private_key_file, ""});
  CHECK(files.problems().empty());
}

TEST_CASE("FileLoader: every TLS file that cannot be used is named by its key",
          "[service][config][rule]") {
  testing::TestPki pki;
  const testing::PemFiles mine = pki.IssueService("one");
  const testing::PemFiles other = pki.IssueService("two");
  const std::string nonsense = pki.dir().Write("nonsense.pem", "nonsense\n");
  struct Row {
    const char* rule;
    FileLoader::TlsFiles files;
    std::vector<std::string> keys;
  };
  const std::vector<Row> rows = {
      {"no certificate", {nonsense, mine.private_key_file, pki.ca_file()}, {"t.certificate_file"}},
      {"no key", {mine.certificate_file, nonsense, pki.ca_file()}, {"t.private_key_file"}},
      {"no roots", {mine.certificate_file, mine.private_key_file, nonsense}, {"t.ca_file"}},
      {"another's key",
       {mine.certificate_file, other.private_key_file, pki.ca_file()},
       {"t.certificate_file"}},
      {"a key that others may read",
       {mine.certificate_file, pki.dir().Write("open.key", "-", 0644), pki.ca_file()},
       {"t.private_key_file"}},
      {"a file that is not there",
       {pki.dir().path() + "/none", mine.private_key_file, pki.ca_file()},
       {"t.certificate_file"}},
      {"roots alone, no certificate of our own", {"", "", pki.ca_file()}, {}},
      {"half a pair", {mine.certificate_file, "", pki.ca_file()}, {"t.private_key_file"}},
      {"nothing usable",
       {nonsense, nonsense, nonsense},
       {"t.certificate_file", "t.private_key_file", "t.ca_file"}},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    FileLoader files;
    files.CheckTls("t", row.files);
    CHECK(KeysOf(files) == row.keys);
  }
}

TEST_CASE("FileLoader: what is told in several lines is several problems", "[service][config]") {
  FileLoader files;
  files.Report("policy.file", "p.yaml:1: one\np.yaml:2: two\n");
  REQUIRE(files.problems().size() == 2);
  CHECK(config::ToString(files.problems()[1]) == "policy.file: p.yaml:2: two");
}

}  // namespace va::service
