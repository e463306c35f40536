#include "lib/testing/test_pki.h"

#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"

namespace va::testing {
namespace {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "test PKI: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

crypto::CertificateRequest Request(absl::string_view common_name) {
  const absl::Time now = base::SystemClock().Now();
  return {.common_name = std::string(common_name),
          .dns_names = {},
          .ip_addresses = {},
          .is_authority = false,
          .not_before = now - absl::Hours(1),
          .not_after = now + absl::Hours(24 * 30)};
}

crypto::IssuedPair NewAuthority() {
  crypto::CertificateRequest request = Request("Test authority");
  request.is_authority = true;
  return OrDie(crypto::IssueSelfSigned(request, crypto::NewKey::kEcP256));
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/va-test-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(absl::string_view name, absl::string_view content, int mode) const {
  const std::string file = absl::StrCat(path_, "/", name);
  {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  chmod(file.c_str(), static_cast<mode_t>(mode));
  return file;
}

TestPki::TestPki() : ca_(NewAuthority()), ca_file_(dir_.Write("ca.crt", ca_.certificate_pem)) {}

PemFiles TestPki::Issue(const std::vector<std::string>& dns_names) {
  const crypto::CertificateRequest window = Request("");
  return IssueValid(dns_names, window.not_before, window.not_after);
}

PemFiles TestPki::IssueService(absl::string_view service) {
  return Issue({absl::StrCat(service, ".va.internal"), "localhost"});
}

PemFiles TestPki::IssueValid(const std::vector<std::string>& dns_names, absl::Time not_before,
                             absl::Time not_after) {
  crypto::CertificateRequest request = Request(dns_names.front());
  request.dns_names = dns_names;
  request.ip_addresses = {"127.0.0.1"};
  request.not_before = not_before;
  request.not_after = not_after;
  return Write(dns_names.front(),
               OrDie(crypto::IssueSigned(request, crypto::NewKey::kEcP256, ca_)));
}

PemFiles TestPki::SelfSignedRsa(absl::string_view name) {
  return Write(name, OrDie(crypto::IssueSelfSigned(Request(name), crypto::NewKey::kRsa2048)));
}

PemFiles TestPki::Write(absl::string_view name, const crypto::IssuedPair& pair) const {
  return {.certificate_file = dir_.Write(absl::StrCat(name, ".crt"), pair.certificate_pem),
          .private_key_file = dir_.Write(absl::StrCat(name, ".key"), pair.private_key_pem)};
}

}  // namespace va::testing
