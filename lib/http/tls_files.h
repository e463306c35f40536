// The PEM files of a TLS endpoint, read once into memory and checked as a whole: what a handshake
// uses later is what was checked, even while somebody rewrites the files (K2). Private keys are
// wiped when they go.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace va::http {

struct TlsFileNames {
  std::string certificate_file;  // with private_key_file; both empty: none
  std::string private_key_file;
  std::string ca_file;  // empty: none
};

class TlsMaterial {
 public:
  // INVALID_ARGUMENT, naming the file: one cannot be read, is larger than any real one, holds
  // anything but whole PEM blocks of its kind; the key is not the certificate's.
  static absl::StatusOr<TlsMaterial> Read(const TlsFileNames& names);

  TlsMaterial() = default;
  ~TlsMaterial();
  TlsMaterial(TlsMaterial&& other) noexcept = default;
  TlsMaterial& operator=(TlsMaterial&& other) noexcept;
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;

  // INVALID_ARGUMENT when the leaf's time is over: no reason to keep out of service who has nothing
  // better, but never to be taken for something that still holds.
  absl::Status CheckTime() const;

  // PEM; empty where there is none. The chain has the leaf first.
  const std::string& certificates() const { return certificates_; }
  const std::string& private_key() const { return private_key_; }
  const std::string& roots() const { return roots_; }

 private:
  std::string certificates_;
  std::string private_key_;
  std::string roots_;
};

}  // namespace va::http
