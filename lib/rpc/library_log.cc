#include "lib/rpc/library_log.h"

#include <grpc/support/log.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace va::rpc {
namespace {

using Receiver = std::function<void(absl::string_view, absl::string_view)>;

// gRPC takes a bare function and logs until the very end of the process: the receiver never goes.
Receiver& TheReceiver() {
  static auto* const receiver = new Receiver;  // NOLINT(cppcoreguidelines-owning-memory)
  return *receiver;
}

void Forward(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  absl::string_view file = args->file;
  file.remove_prefix(file.rfind('/') == absl::string_view::npos ? 0 : file.rfind('/') + 1);
  TheReceiver()(absl::StrCat(file, ":", args->line), args->message);
}

}  // namespace

void SendLibraryErrors(Receiver receive) {
  if (!receive) {
    gpr_set_log_function(nullptr);
    return;
  }
  TheReceiver() = std::move(receive);
  gpr_set_log_function(&Forward);
}

}  // namespace va::rpc
