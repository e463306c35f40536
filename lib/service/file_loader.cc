#include "lib/service/file_loader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::service {
namespace {

absl::StatusOr<std::vector<crypto::Certificate>> ReadRoots(const std::string& path) {
  const absl::StatusOr<std::string> pem = crypto::ReadPublicFile(path);
  if (!pem.ok()) return pem.status();
  return crypto::Certificate::AllFromPem(*pem);
}

}  // namespace

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
  return KeyPair{*std::move(read_key), *std::move(read_certificate)};
}

void FileLoader::CheckTls(absl::string_view section, const TlsFiles& files) {
  if (!files.certificate_file.empty() || !files.private_key_file.empty()) {
    ReadKeyPair({absl::StrCat(section, ".certificate_file"), files.certificate_file},
                {absl::StrCat(section, ".private_key_file"), files.private_key_file});
  }
  if (!files.ca_file.empty()) Take(absl::StrCat(section, ".ca_file"), ReadRoots(files.ca_file));
}

void FileLoader::Report(absl::string_view key, absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    problems_.push_back({std::string(key), 0, std::string(line)});
  }
}

}  // namespace va::service
