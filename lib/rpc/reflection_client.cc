#include "lib/rpc/reflection_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;

constexpr int kMostFiles = 256;

absl::Status BadContracts(absl::string_view words) {
  return base::MakeError(absl::StatusCode::kDataLoss, "BAD_CONTRACTS", words);
}

// One question, one answer, one stream.
absl::StatusOr<reflection::ServerReflectionResponse> Ask(
    const Channel& channel, const reflection::ServerReflectionRequest& request,
    absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  const auto stub = reflection::ServerReflection::NewStub(channel.shared());
  const auto stream = stub->ServerReflectionInfo(&context);
  reflection::ServerReflectionResponse response;
  const bool answered = stream->Write(request) && stream->WritesDone() && stream->Read(&response);
  if (const grpc::Status status = stream->Finish(); !status.ok()) return FromGrpc(status);
  if (!answered) return BadContracts("the server answered nothing");
  return response;
}

// Swallows what protobuf would otherwise write to standard error: the first error is told instead.
class FirstError final : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& words) override {
    if (text_.empty()) text_ = absl::StrCat(file, ": ", element, ": ", words);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status Build(const reflection::FileDescriptorResponse& files, DescriptorPool& pool) {
  if (files.file_descriptor_proto_size() > kMostFiles) return BadContracts("too many files");
  std::vector<FileDescriptorProto> left;
  for (const std::string& bytes : files.file_descriptor_proto()) {
    FileDescriptorProto& file = left.emplace_back();
    if (!file.ParseFromString(bytes)) return BadContracts("a file that is no descriptor");
  }
  // Servers send them in any order: a file is built once all it imports are there.
  while (!left.empty()) {
    std::vector<FileDescriptorProto> waiting;
    for (FileDescriptorProto& file : left) {
      bool ready = true;
      for (const std::string& import : file.dependency()) {
        ready = ready && pool.FindFileByName(import) != nullptr;
      }
      if (!ready) {
        waiting.push_back(std::move(file));
        continue;
      }
      FirstError errors;
      if (pool.BuildFileCollectingErrors(file, &errors) == nullptr) {
        return BadContracts(errors.text());
      }
    }
    if (waiting.size() == left.size()) {
      return BadContracts(absl::StrCat(waiting.front().name(), ": an import is missing"));
    }
    left = std::move(waiting);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<const google::protobuf::MethodDescriptor*> Contracts::FindMethod(
    absl::string_view full_method) const {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(full_method, absl::MaxSplits('/', 1));
  const google::protobuf::ServiceDescriptor* service = FindService(parts.first);
  const google::protobuf::MethodDescriptor* method =
      service == nullptr ? nullptr : service->FindMethodByName(parts.second);
  if (method != nullptr) return method;
  return base::MakeError(absl::StatusCode::kNotFound, "UNKNOWN_METHOD",
                         absl::StrCat(parts.first, " has no method ", parts.second));
}

const google::protobuf::ServiceDescriptor* Contracts::FindService(const std::string& name) const {
  return pool_.FindServiceByName(name);
}

std::unique_ptr<google::protobuf::Message> Contracts::New(
    const google::protobuf::Descriptor& type) {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(&type)->New());
}

absl::StatusOr<std::vector<std::string>> ReflectionClient::ListServices(absl::Time deadline) const {
  reflection::ServerReflectionRequest request;
  request.set_list_services("*");
  const auto response = Ask(channel_, request, deadline);
  if (!response.ok()) return response.status();
  std::vector<std::string> names;
  for (const auto& service : response->list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

absl::StatusOr<std::unique_ptr<Contracts>> ReflectionClient::Fetch(const std::string& service,
                                                                   absl::Time deadline) const {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol(service);
  const auto response = Ask(channel_, request, deadline);
  if (!response.ok()) return response.status();
  auto contracts = std::make_unique<Contracts>();
  if (!response->has_error_response()) {
    if (absl::Status built = Build(response->file_descriptor_response(), contracts->pool_);
        !built.ok()) {
      return built;
    }
  }
  if (contracts->FindService(service) == nullptr) {
    return base::MakeError(absl::StatusCode::kNotFound, "UNKNOWN_SERVICE",
                           absl::StrCat("the server has no service ", service));
  }
  return contracts;
}

}  // namespace va::rpc
