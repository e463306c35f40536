// The units that several services have: key rings and the files of a TLS client.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/http/client.h"
#include "lib/service/reloads.h"

namespace va::service {

// A crypto::SealedBox or crypto::LookupHasher that takes over the ring of its file. `ring` outlives
// the reloads.
template <typename Ring>
ReloadUnit RingUnit(std::string name, FileSetting file, Ring& ring) {
  ReloadUnit unit;
  unit.name = std::move(name);
  unit.files = {file};
  unit.reload = [file, &ring](FileLoader& files) {
    const auto next = files.Take(file.key, Ring::FromKeyFile(file.path));
    if (!next) return;
    const absl::Status exchanged = ring.Exchange(*next);
    if (!exchanged.ok()) files.Report(file.key, exchanged.message());
  };
  unit.event = telemetry::AuditEvent::kKeyRotated;
  return unit;
}

// For a unit that reads a ring of private keys: the files that the ring names are watched with it.
inline std::function<std::vector<FileSetting>()> FilesOfRing(FileSetting ring) {
  return [ring = std::move(ring)] {
    std::vector<FileSetting> files;
    for (std::string& path : crypto::FilesOfRing(ring.path)) {
      if (path != ring.path) files.push_back({ring.key, std::move(path)});
    }
    return files;
  };
}

// The certificate, key and roots an HTTP client connects with: <section>.certificate_file and so
// on.
inline ReloadUnit HttpTlsUnit(std::string section, FileLoader::TlsFiles tls,
                              http::CurlClient& client) {
  ReloadUnit unit;
  unit.name = "http_tls";
  unit.files = FileLoader::SettingsOf(section, tls);
  unit.reload = [section = std::move(section), tls = std::move(tls), &client](FileLoader& files) {
    files.CheckTls(section, tls);
    if (!files.problems().empty()) return;
    const absl::Status reloaded = client.ReloadTls();
    if (!reloaded.ok())
      files.Report(absl::StrCat(section, ".certificate_file"), reloaded.message());
  };
  unit.event = telemetry::AuditEvent::kKeyRotated;
  return unit;
}

}  // namespace va::service
