#include "tests/conformance/driver.h"

#include "absl/strings/str_cat.h"
#include "tests/conformance/account_driver.h"
#include "tests/conformance/callback_driver.h"
#include "tests/conformance/mpi_build_driver.h"
#include "tests/conformance/mpi_driver.h"
#include "tests/conformance/mpi_facade_driver.h"
#include "tests/conformance/mpi_values_driver.h"
#include "tests/conformance/rfc7520_driver.h"
#include "tests/conformance/signin_legs_driver.h"
#include "tests/conformance/sis_driver.h"
#include "tests/conformance/sis_validation_driver.h"
#include "tests/conformance/ssoe_attributes_driver.h"

namespace va::conformance {
namespace {

constexpr std::size_t kLargestFixture = std::size_t{4} * 1024 * 1024;

}  // namespace

bool Fixtures::IsOurCopy(const std::filesystem::path& vector_file) const {
  std::error_code error;
  const std::filesystem::path ours = root_ / "tests" / "conformance" / "vectors";
  return std::filesystem::equivalent(
      vector_file.parent_path().empty() ? std::filesystem::path(".") : vector_file.parent_path(),
      ours, error);
}

absl::StatusOr<std::string> Fixtures::Read(const Row& row, const std::string& path) const {
  if (path.empty()) return absl::InvalidArgumentError("fixture names no file");
  std::filesystem::path folder = row.file.parent_path();
  if (IsOurCopy(row.file)) {
    const std::filesystem::path shared = root_ / ".." / "shared";
    if (!std::filesystem::is_directory(shared)) {
      return absl::UnavailableError("its sample answer lies in ../shared, which is absent");
    }
    folder = shared / "vectors";
  }
  std::error_code error;
  const auto type = std::filesystem::status(folder / path, error).type();
  // A pipe or a device might never end.
  const bool endless =
      type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::character;
  absl::StatusOr<std::string> bytes = endless ? absl::FailedPreconditionError("is no file")
                                              : ReadWholeFile(folder / path, kLargestFixture);
  if (bytes.ok()) return bytes;
  return absl::Status(bytes.status().code(),
                      absl::StrCat("fixture ", OneLine(path), ": ", bytes.status().message()));
}

const std::set<std::string>& KnownSwitches() {
  static const std::set<std::string>& known =
      *new std::set<std::string>{"mpi_compat", "pending_merges"};
  return known;
}

const std::map<std::string, Driver>& Drivers() {
  static const std::map<std::string, Driver>& drivers = *new std::map<std::string, Driver>{
      {"ssoe_attributes", RunSsoeAttributes},
      {"ssoe_attributes_2021", RunSsoeAttributes},
      {"legacy_attributes", RunSsoeAttributes},
      {"session_form", RunSessionForm},
      {"callback", RunCallback},
      {"new", RunNew},
      {"url", RunUrl},
      {"redirect", RunRedirect},
      {"logout", RunLogout},
      {"mpi.parse", RunMpiParse},
      {"mpi.ids", RunMpiIds},
      {"mpi.build", RunMpiBuild},
      {"mpi.sign-in", RunMpiSignIn},
      {"mpi.facade", RunMpiFacade},
      {"mpi.ssoe", RunMpiSsoe},
      {"mpi.values", RunMpiValues},
      {"rfc7520", RunRfc7520},
      {"sign_in.attribute_validator", RunAttributeValidator},
      {"sign_in.credential_level", RunCredentialLevel},
      {"sign_in.idme_normalise", RunIdmeNormalise},
      {"sign_in.logingov_normalise", RunLogingovNormalise},
      {"sign_in.credential_digest", RunCredentialDigest},
      {"sign_in.user_info_gcids", RunUserInfoGcIds},
      {"user_verifier", RunUserVerifier},
      {"sign_in.user_verifier", RunUserVerifier},
      {"sign_in.user_verification_model", RunUserVerificationModel},
      {"sign_in.user_avc", RunUserAvc},
  };
  return drivers;
}

}  // namespace va::conformance
