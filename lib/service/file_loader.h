// Reads what the files named by the settings hold. A file that is there and says nonsense is wrong
// configuration like a wrong field: it is told with the key that names the file, together with
// everything else that is wrong, before a port is opened or the database is touched.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/crypto/keys.h"

namespace va::service {

// A setting and the file it names.
struct FileSetting {
  std::string key;
  std::string path;
};

struct KeyPair {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

// A certificate of our own that was read, for whoever watches its end.
struct OwnCertificate {
  std::string key;
  absl::Time not_after;
};

class FileLoader {
 public:
  // Certificates are judged at `now`; without it, at the time of construction.
  FileLoader();
  explicit FileLoader(absl::Time now) : now_(now) {}

  absl::Time now() const { return now_; }

  // The value; or nothing, and what is wrong is reported under `key`.
  template <typename T>
  std::optional<T> Take(absl::string_view key, absl::StatusOr<T> read) {
    if (read.ok()) return *std::move(read);
    Report(key, read.status().message());
    return std::nullopt;
  }

  // A certificate and the private key it was issued for. A certificate that is not valid yet or not
  // any more is a problem like any other: nobody would accept it (attack K2).
  std::optional<KeyPair> ReadKeyPair(const FileSetting& certificate, const FileSetting& key);

  // Judges the time of a certificate of ours that was read in another way; `name` is what the
  // problem calls it. What is good is remembered, so that its end is watched.
  bool TakeCertificate(absl::string_view key, absl::string_view name,
                       const crypto::Certificate& certificate);

  // The files of a TLS connection, as far as a setting below `section` names them:
  // <section>.certificate_file with <section>.private_key_file, and the roots in <section>.ca_file.
  struct TlsFiles {
    std::string certificate_file;  // with private_key_file; both empty: none
    std::string private_key_file;
    std::string ca_file;  // empty: none
  };
  void CheckTls(absl::string_view section, const TlsFiles& files);
  // The three settings themselves.
  static std::vector<FileSetting> SettingsOf(absl::string_view section, const TlsFiles& files);

  // One problem per line of `text`.
  void Report(absl::string_view key, absl::string_view text);

  const std::vector<config::Problem>& problems() const { return problems_; }
  // Those that were good.
  const std::vector<OwnCertificate>& certificates() const { return certificates_; }

 private:
  const absl::Time now_;
  std::vector<OwnCertificate> certificates_;
  std::vector<config::Problem> problems_;
};

}  // namespace va::service
