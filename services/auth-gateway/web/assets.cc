#include "services/auth-gateway/web/assets.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/auth-gateway/web/embedded.h"

namespace va::gateway {
namespace {

absl::string_view ContentTypeOf(absl::string_view name) {
  if (absl::EndsWith(name, ".css")) return "text/css; charset=utf-8";
  if (absl::EndsWith(name, ".js")) return "text/javascript; charset=utf-8";
  if (absl::EndsWith(name, ".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

// FNV-1a: tells versions of our own files apart, and need not resist anybody.
uint64_t Fingerprint(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

struct Table {
  std::vector<std::string> paths;  // what Asset::path looks at
  std::vector<Asset> assets;
};

const Table* MakeTable() {
  auto* const table = new Table;
  for (const EmbeddedFile& file : EmbeddedAssets()) {
    table->paths.push_back(absl::StrCat("/assets/", file.name));
  }
  for (size_t i = 0; i < table->paths.size(); ++i) {
    const EmbeddedFile& file = EmbeddedAssets()[i];
    table->assets.push_back({table->paths[i], ContentTypeOf(file.name), file.content,
                             absl::StrCat("\"", absl::Hex(Fingerprint(file.content)), "\"")});
  }
  return table;
}

}  // namespace

const std::vector<Asset>& Assets() {
  static const Table* const kTable = MakeTable();
  return kTable->assets;
}

const Asset* FindAsset(absl::string_view path) {
  for (const Asset& asset : Assets()) {
    if (asset.path == path) return &asset;
  }
  return nullptr;
}

}  // namespace va::gateway
