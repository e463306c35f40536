#include "lib/rpc/reflection.h"

#include <set>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.pb.h"

namespace va::rpc {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;

void SetError(absl::StatusCode code, const std::string& words, ServerReflectionResponse& out) {
  out.mutable_error_response()->set_error_code(static_cast<int>(code));
  out.mutable_error_response()->set_error_message(words);
}

void SetNotFound(ServerReflectionResponse& out) {
  SetError(absl::StatusCode::kNotFound, "not known here", out);
}

// Imports first, so that a client can build its descriptors in the order they come.
void AddWithImports(const FileDescriptor& file,  // NOLINT(misc-no-recursion)
                    std::set<const FileDescriptor*>& done,
                    reflection::FileDescriptorResponse& out) {
  if (!done.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), done, out);
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  out.add_file_descriptor_proto(proto.SerializeAsString());
}

void SetFile(const FileDescriptor* file, ServerReflectionResponse& out) {
  if (file == nullptr) return SetNotFound(out);
  std::set<const FileDescriptor*> done;
  AddWithImports(*file, done, *out.mutable_file_descriptor_response());
}

void SetFileOfExtension(const reflection::ExtensionRequest& wanted, const DescriptorPool& pool,
                        ServerReflectionResponse& out) {
  const Descriptor* type = pool.FindMessageTypeByName(wanted.containing_type());
  if (type == nullptr) return SetNotFound(out);
  const FieldDescriptor* field = pool.FindExtensionByNumber(type, wanted.extension_number());
  SetFile(field == nullptr ? nullptr : field->file(), out);
}

void SetExtensionNumbers(const std::string& type_name, const DescriptorPool& pool,
                         ServerReflectionResponse& out) {
  const Descriptor* type = pool.FindMessageTypeByName(type_name);
  if (type == nullptr) return SetNotFound(out);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(type, &extensions);
  out.mutable_all_extension_numbers_response()->set_base_type_name(type_name);
  for (const FieldDescriptor* extension : extensions) {
    out.mutable_all_extension_numbers_response()->add_extension_number(extension->number());
  }
}

void SetServices(const std::vector<std::string>& services, ServerReflectionResponse& out) {
  reflection::ListServiceResponse& list = *out.mutable_list_services_response();
  for (const std::string& name : services) list.add_service()->set_name(name);
}

}  // namespace

ServerReflectionResponse Reflect(const ServerReflectionRequest& request,
                                 const std::vector<std::string>& services,
                                 const DescriptorPool& pool) {
  ServerReflectionResponse out;
  out.set_valid_host(request.host());
  *out.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      SetFile(pool.FindFileByName(request.file_by_filename()), out);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      SetFile(pool.FindFileContainingSymbol(request.file_containing_symbol()), out);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      SetFileOfExtension(request.file_containing_extension(), pool, out);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), pool, out);
      break;
    case ServerReflectionRequest::kListServices:
      SetServices(services, out);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      SetError(absl::StatusCode::kInvalidArgument, "nothing is asked", out);
      break;
  }
  return out;
}

}  // namespace va::rpc
