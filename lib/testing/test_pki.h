// Keys and certificates for tests, made on the spot in a temporary folder: no key lies in the
// repository, and no test depends on a date.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::testing {

// A folder under the system's temporary one, removed with everything in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file with the given mode and returns its path.
  std::string Write(absl::string_view name, absl::string_view content, int mode = 0600) const;

 private:
  std::string path_;
};

// Where a certificate and its key were written.
struct PemFiles {
  std::string certificate_file;
  std::string private_key_file;
};

// One private certificate authority. Methods end the test program when the machine fails them.
class TestPki {
 public:
  TestPki();

  // The authority's certificate, as services are given it.
  const std::string& ca_file() const { return ca_file_; }
  const TempDir& dir() const { return dir_; }

  // A certificate for server and client use with these DNS names and "127.0.0.1"; the first name is
  // its file name. EC P-256.
  PemFiles Issue(const std::vector<std::string>& dns_names);
  // As our services are named: `<service>.va.internal` and `localhost`.
  PemFiles IssueService(absl::string_view service);
  // A self-signed RSA-2048 pair, as for SAML signing.
  PemFiles SelfSignedRsa(absl::string_view name);
  // As Issue, valid in the given window only.
  PemFiles IssueValid(const std::vector<std::string>& dns_names, absl::Time not_before,
                      absl::Time not_after);

 private:
  PemFiles Write(absl::string_view name, const crypto::IssuedPair& pair) const;

  TempDir dir_;
  crypto::IssuedPair ca_;
  std::string ca_file_;
};

}  // namespace va::testing
