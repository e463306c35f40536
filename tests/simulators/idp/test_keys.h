// Keys of both sides for the tests of this simulator, made once a program: an RSA key takes a
// while.
#pragma once

#include <string>

#include "lib/crypto/keys.h"
#include "lib/testing/test_pki.h"

namespace va::simulators {

struct Keys {
  std::string key_file;
  crypto::Certificate certificate;

  crypto::PrivateKey Private() const { return crypto::PrivateKey::FromPemFile(key_file).value(); }
};

inline Keys MakeKeys(const char* name) {
  static testing::TestPki pki;
  const testing::PemFiles files = pki.SelfSignedRsa(name);
  return {files.private_key_file, crypto::Certificate::FromPemFile(files.certificate_file).value()};
}
inline const Keys& Sp() {
  static const Keys keys = MakeKeys("sp");
  return keys;
}
inline const Keys& Idp() {
  static const Keys keys = MakeKeys("idp");
  return keys;
}

}  // namespace va::simulators
