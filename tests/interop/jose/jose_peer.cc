// Our side of tests/interop/jose_test.mjs: reads one request a line from standard input and answers
// each with one line, using lib/jose as a service would. Keys come first, as JSON Web Keys, and are
// named by the requests after them. A request it does not understand ends it: that is a mistake of
// the test, never a verdict.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jwe.h"
#include "lib/jose/jwk.h"
#include "lib/jose/jwks.h"
#include "lib/jose/jws.h"

namespace va::jose {
namespace {

using nlohmann::json;

[[noreturn]] void GiveUp(const std::string& why) {
  std::cerr << "jose_peer: " << why << std::endl;
  std::exit(3);
}

template <typename T>
T OrGiveUp(absl::StatusOr<T> value, const std::string& what) {
  if (!value.ok()) GiveUp(what + ": " + value.status().ToString());
  return *std::move(value);
}

template <typename T>
T OrGiveUp(std::optional<T> value, const std::string& what) {
  if (!value.has_value()) GiveUp(what);
  return *std::move(value);
}

std::string Text(const json& request, const char* name) {
  return request.contains(name) ? request.at(name).get<std::string>() : std::string();
}

std::string Bytes(const json& request, const char* name) {
  return OrGiveUp(base::Base64UrlDecode(Text(request, name)), name);
}

json Refused(const absl::Status& status) { return {{"reject", base::ReasonOf(status)}}; }

class Peer {
 public:
  json Answer(const json& request) {
    const std::string op = Text(request, "op");
    if (op == "key") return AddKey(request);
    if (op == "set") return AddSet(request);
    if (op == "sign") return Sign(request);
    if (op == "verify") return Verify(request);
    if (op == "encrypt") return Encrypt(request);
    if (op == "decrypt") return Decrypt(request);
    GiveUp("no such request: " + op);
  }

 private:
  json AddKey(const json& request) {
    auto key = ParseJwk(request.at("jwk").dump());
    if (!key.ok()) return Refused(key.status());
    keys_.insert_or_assign(Text(request, "name"), std::make_unique<Jwk>(*std::move(key)));
    return {{"accept", true}};
  }

  // A set, as the keys to verify with under the six algorithms.
  json AddSet(const json& request) {
    const auto set = Jwks::Parse(request.at("jwks").dump());
    if (!set.ok()) return Refused(set.status());
    std::vector<Algorithm> allowed;
    for (const json& name : request.at("alg")) {
      allowed.push_back(OrGiveUp(AlgorithmFromName(name.get<std::string>()), "algorithm"));
    }
    sets_.insert_or_assign(Text(request, "name"), OrGiveUp(set->Verifying(allowed), "set"));
    return {{"accept", true}, {"keys", set->keys().size()}, {"skipped", set->skipped().size()}};
  }

  const Jwk& KeyOf(const json& request) const {
    const auto found = keys_.find(Text(request, "key"));
    if (found == keys_.end()) GiveUp("no such key: " + Text(request, "key"));
    return *found->second;
  }

  json Sign(const json& request) {
    const Algorithm algorithm = OrGiveUp(AlgorithmFromName(Text(request, "alg")), "algorithm");
    const std::string name = Text(request, "key") + " " + Text(request, "alg");
    auto found = signing_.find(name);
    if (found == signing_.end()) {
      const Jwk& key = KeyOf(request);
      if (!key.private_key.has_value()) GiveUp("signing with a public key");
      auto made = SigningKey::Create(*key.private_key, algorithm, key.id);
      found = signing_.emplace(name, OrGiveUp(std::move(made), name)).first;
    }
    const auto token = SignCompact(found->second, {Text(request, "typ"), Text(request, "kid")},
                                   Bytes(request, "payload"));
    if (!token.ok()) return Refused(token.status());
    return {{"token", *token}};
  }

  json Verify(const json& request) {
    const auto found = sets_.find(Text(request, "set"));
    if (found == sets_.end()) GiveUp("no such set: " + Text(request, "set"));
    const auto verified = VerifyCompact(Text(request, "token"), found->second);
    if (!verified.ok()) return Refused(verified.status());
    return {{"accept", true},
            {"payload", base::Base64UrlEncode(verified->payload)},
            {"alg", ToString(verified->header.algorithm).data()},
            {"typ", verified->header.typ},
            {"cty", verified->header.cty},
            {"kid", verified->header.kid}};
  }

  json Encrypt(const json& request) {
    const std::string name =
        Text(request, "key") + " " + Text(request, "alg") + " " + Text(request, "enc");
    auto found = encrypting_.find(name);
    if (found == encrypting_.end()) {
      const auto management = OrGiveUp(KeyManagementFromName(Text(request, "alg")), "alg");
      const auto encryption = OrGiveUp(ContentEncryptionFromName(Text(request, "enc")), "enc");
      auto made = EncryptionKey::Create(KeyOf(request).key, management, encryption);
      found = encrypting_.emplace(name, OrGiveUp(std::move(made), name)).first;
    }
    JweFields fields;
    fields.typ = Text(request, "typ");
    fields.cty = Text(request, "cty");
    fields.kid = Text(request, "kid");
    fields.apu = Bytes(request, "apu");
    fields.apv = Bytes(request, "apv");
    const auto token = EncryptCompact(found->second, fields, Bytes(request, "payload"));
    if (!token.ok()) return Refused(token.status());
    return {{"token", *token}};
  }

  // With the key under the one algorithm that the request names and every encoding that we have.
  json Decrypt(const json& request) {
    const std::string name = Text(request, "key") + " " + Text(request, "alg");
    auto found = decrypting_.find(name);
    if (found == decrypting_.end()) {
      const Jwk& key = KeyOf(request);
      if (!key.private_key.has_value()) GiveUp("decrypting with a public key");
      const auto management = OrGiveUp(KeyManagementFromName(Text(request, "alg")), "alg");
      const auto all = AllContentEncryptions();
      std::vector<DecryptionKey> made;
      made.push_back(OrGiveUp(
          DecryptionKey::Create(*key.private_key, management, {all.begin(), all.end()}, key.id),
          name));
      found = decrypting_.emplace(name, std::move(made)).first;
    }
    const auto opened = DecryptCompact(Text(request, "token"), found->second);
    if (!opened.ok()) return Refused(opened.status());
    return {{"accept", true},
            {"payload", base::Base64UrlEncode(opened->plaintext)},
            {"alg", ToString(opened->header.management).data()},
            {"enc", ToString(opened->header.encryption).data()},
            {"typ", opened->header.typ},
            {"cty", opened->header.cty},
            {"kid", opened->header.kid}};
  }

  std::map<std::string, std::unique_ptr<Jwk>> keys_;
  std::map<std::string, std::vector<VerifyingKey>> sets_;
  std::map<std::string, SigningKey> signing_;
  std::map<std::string, EncryptionKey> encrypting_;
  std::map<std::string, std::vector<DecryptionKey>> decrypting_;
};

int Main() {
  Peer peer;
  std::string line;
  while (std::getline(std::cin, line)) {
    const json request = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!request.is_object()) GiveUp("a request that is no JSON object");
    std::cout << peer.Answer(request).dump() << "\n";
  }
  std::cout.flush();
  return 0;
}

}  // namespace
}  // namespace va::jose

int main() {
  try {
    std::ios::sync_with_stdio(false);
    return va::jose::Main();
  } catch (const std::exception& wrong) {
    std::fputs(wrong.what(), stderr);
    return 1;
  }
}
