#include "lib/service/file_loader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"

namespace va::service {
namespace {

absl::StatusOr<std::vector<crypto::Certificate>> ReadRoots(const std::string& path) {
  const absl::StatusOr<std::string> pem = crypto::ReadPublicFile(path);
  if (!pem.ok()) return pem.status();
  return crypto::Certificate::AllFromPem(*pem);
}

// What keeps the certificate from being used now; empty: nothing.
std::string WrongTime(const crypto::Certificate& certificate, absl::Time now) {
  const auto text = [](absl::Time when) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", when, absl::UTCTimeZone());
  };
  if (now >= certificate.not_after()) {
    return absl::StrCat(" expired at ", text(certificate.not_after()));
  }
  if (now < certificate.not_before()) {
    return absl::StrCat(" is not valid before ", text(certificate.not_before()));
  }
  return "";
}

}  // namespace

FileLoader::FileLoader() : FileLoader(base::SystemClock().Now()) {}

std::optional<KeyPair> FileLoader::ReadKeyPair(const FileSetting& certificate,
                                               const FileSetting& key) {
  auto read_certificate = Take(certificate.key, crypto::Certificate::FromPemFile(certificate.path));
  auto read_key = Take(key.key, crypto::PrivateKey::FromPemFile(key.path));
  if (!read_certificate || !read_key) return std::nullopt;
  if (!read_certificate->Matches(*read_key)) {
    Report(certificate.key, absl::StrCat(certificate.path, " is not the certificate of the key in ",
                                         key.key, ", ", key.path));
    return std::nullopt;
  }
  if (!TakeCertificate(certificate.key, certificate.path, *read_certificate)) return std::nullopt;
  return KeyPair{*std::move(read_key), *std::move(read_certificate)};
}

bool FileLoader::TakeCertificate(absl::string_view key, absl::string_view name,
                                 const crypto::Certificate& certificate) {
  if (const std::string wrong = WrongTime(certificate, now_); !wrong.empty()) {
    Report(key, absl::StrCat(name, wrong));
    return false;
  }
  certificates_.push_back({std::string(key), certificate.not_after()});
  return true;
}

std::vector<FileSetting> FileLoader::SettingsOf(absl::string_view section, const TlsFiles& files) {
  return {{absl::StrCat(section, ".certificate_file"), files.certificate_file},
          {absl::StrCat(section, ".private_key_file"), files.private_key_file},
          {absl::StrCat(section, ".ca_file"), files.ca_file}};
}

void FileLoader::CheckTls(absl::string_view section, const TlsFiles& files) {
  const std::vector<FileSetting> settings = SettingsOf(section, files);
  if (!files.certificate_file.empty() || !files.private_key_file.empty()) {
    ReadKeyPair(settings[0], settings[1]);
  }
  if (!files.ca_file.empty()) Take(settings[2].key, ReadRoots(files.ca_file));
}

void FileLoader::Report(absl::string_view key, absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    problems_.push_back({std::string(key), 0, std::string(line)});
  }
}

}  // namespace va::service
