// The least that judging a signed response costs on this machine: libxml2, xmlsec1 and OpenSSL with
// nothing around them, keys loaded once. A yardstick that only ratios are taken of, not part of the
// product: it checks no rule but the signature.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::bench {

class BareSaml {
 public:
  // `ours` opens what is encrypted; may be null. Both outlive it.
  static absl::StatusOr<BareSaml> Create(const crypto::PublicKey& provider,
                                         const crypto::PrivateKey* ours = nullptr);
  ~BareSaml();
  BareSaml(BareSaml&&) noexcept;
  BareSaml& operator=(BareSaml&&) noexcept;

  // Parse, canonicalize, digest, verify the first signature.
  bool Validate(absl::string_view xml) const;
  // The same from the form field, decrypted first when it is encrypted.
  bool ValidateForm(const std::string& form_value) const;

 private:
  struct Keys;
  explicit BareSaml(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

}  // namespace va::bench
