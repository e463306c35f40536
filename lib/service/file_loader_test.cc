#include "lib/service/file_loader.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

// The key under a passphrase: as PKCS#8, or as tools wrote it of old, with a "Proc-Type" line.
std::string Encrypted(const std::string& pem, bool pkcs8) {
  BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO* const out = BIO_new(BIO_s_mem());
  const auto* const phrase = reinterpret_cast<const unsigned char*>("open");
  const int written = pkcs8 ? PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), "open", 4,
                                                            nullptr, nullptr)
                            : PEM_write_bio_PrivateKey_traditional(out, key, EVP_aes_256_cbc(),
                                                                   phrase, 4, nullptr, nullptr);
  REQUIRE(written == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string encrypted(text, static_cast<size_t>(size));
  BIO_free(out);
  BIO_free(in);
  EVP_PKEY_free(key);
  return encrypted;
}

// A kind of key that certificates do not have here.
crypto::IssuedPair EdwardsPair() {
  return crypto::IssueSelfSigned({.common_name = "ed",
                                  .dns_names = {"ed"},
                                  .ip_addresses = {},
                                  .is_authority = true,
                                  .not_before = absl::FromUnixSeconds(1700000000),
                                  .not_after = absl::FromUnixSeconds(4000000000)},
                                 crypto::NewKey::kEd25519)
      .value();
}

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
  const crypto::IssuedPair edwards = EdwardsPair();
  const std::string edwards_certificate = pki.dir().Write("ed.crt", edwards.certificate_pem);
  const std::string edwards_key = pki.dir().Write("ed.key", edwards.private_key_pem);
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
      {"P4 a pair of Ed25519",
       {edwards_certificate, edwards_key, pki.ca_file()},
       {"t.certificate_file"}},
      {"P4 an Ed25519 key beside another's certificate",
       {mine.certificate_file, edwards_key, pki.ca_file()},
       {"t.certificate_file"}},
      {"P4 an authority of Ed25519", {"", "", edwards_certificate}, {"t.ca_file"}},
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

TEST_CASE("FileLoader K2: a certificate of our own that is not valid now is a problem",
          "[service][config][K2]") {
  testing::TestPki pki;
  const absl::Time from = absl::FromUnixSeconds(1'768'478'400);
  const absl::Time to = from + absl::Hours(24);
  const testing::PemFiles pair = pki.IssueValid({"a.va.internal"}, from, to);
  const auto certificate = crypto::Certificate::FromPemFile(pair.certificate_file);
  REQUIRE(certificate.ok());
  struct Row {
    const char* rule;
    absl::Time now;
    bool good;
  };
  for (const Row& row :
       {Row{"not yet", from - absl::Seconds(1), false}, Row{"from then on", from, true},
        Row{"until then", to - absl::Seconds(1), true}, Row{"expired", to, false}}) {
    INFO(row.rule);
    FileLoader files(row.now);
    CHECK(files.ReadKeyPair({"t.crt", pair.certificate_file}, {"t.key", pair.private_key_file})
              .has_value() == row.good);
    CHECK(files.problems().empty() == row.good);
    CHECK(files.certificates().size() == (row.good ? 1U : 0U));
    // One that was read in another way, as those of a ring.
    FileLoader others(row.now);
    CHECK(others.TakeCertificate("t.ring", "its certificate", *certificate) == row.good);
    CHECK(others.certificates().size() == (row.good ? 1U : 0U));
    CHECK(others.problems().size() == (row.good ? 0U : 1U));
    if (!row.good) CHECK(absl::StartsWith(others.problems()[0].text, "its certificate "));
  }
}

TEST_CASE("FileLoader K2: a private key that cannot be used is told and never asked about",
          "[service][config][K2]") {
  testing::TestPki pki;
  const testing::PemFiles mine = pki.IssueService("one");
  const std::string good = crypto::ReadSecretFile(mine.private_key_file).value();
  struct Row {
    const char* rule;
    std::string key;
    int mode;
  };
  for (const Row& row :
       {Row{"under a passphrase, PKCS#8", Encrypted(good, true), 0600},
        Row{"under a passphrase, as OpenSSL wrote it of old", Encrypted(good, false), 0600},
        Row{"half written", good.substr(0, good.size() / 2), 0600},
        Row{"without its last line", good.substr(0, good.rfind("-----END")), 0600},
        Row{"empty", "", 0600}, Row{"readable by all", good, 0604},
        Row{"writable by the group", good, 0620}}) {
    INFO(row.rule);
    const std::string file = pki.dir().Write("spoiled.key", row.key, row.mode);
    FileLoader files;
    files.CheckTls("t", {mine.certificate_file, file, pki.ca_file()});
    CHECK(KeysOf(files) == std::vector<std::string>{"t.private_key_file"});
    CHECK(files.certificates().empty());
    for (const config::Problem& problem : files.problems()) {
      CHECK_FALSE(absl::StrContains(problem.text, "BEGIN"));
    }
  }
}

TEST_CASE("FileLoader: what is told in several lines is several problems", "[service][config]") {
  FileLoader files;
  files.Report("policy.file", "p.yaml:1: one\np.yaml:2: two\n");
  REQUIRE(files.problems().size() == 2);
  CHECK(config::ToString(files.problems()[1]) == "policy.file: p.yaml:2: two");
}

}  // namespace va::service
