#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/base/status.h"
#include "lib/rpc/server.h"

namespace va::rpc::internal {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Traits = grpc::SerializationTraits<google::protobuf::MessageLite>;

bool KnownNumber(const FieldDescriptor& field, int number) {
  return field.enum_type()->FindValueByNumber(number) != nullptr;
}

bool KnownEnum(const Message& message, const Reflection& reflection, const FieldDescriptor& field) {
  if (!field.is_repeated()) return KnownNumber(field, reflection.GetEnumValue(message, &field));
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (!KnownNumber(field, reflection.GetRepeatedEnumValue(message, &field, i))) return false;
  }
  return true;
}

// proto3 keeps numbers outside an enumeration as they are. Rules switch over enumerations without a
// default, so such a number must not get past the door (attack G5). Depth is bounded by the parser.
bool AllEnumsKnown(const Message& message) {  // NOLINT(misc-no-recursion)
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      if (!KnownEnum(message, reflection, *field)) return false;
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        const Message& child = field->is_repeated()
                                   ? reflection.GetRepeatedMessage(message, field, i)
                                   : reflection.GetMessage(message, field);
        if (!AllEnumsKnown(child)) return false;
      }
    }
  }
  return true;
}

absl::Status Malformed(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE", what);
}

}  // namespace

absl::Status Decode(grpc::ByteBuffer& bytes, Message& message) {
  // An empty message is a valid one; gRPC's helper refuses a buffer without slices.
  if (bytes.Valid() && bytes.Length() == 0) return absl::OkStatus();
  if (!Traits::Deserialize(&bytes, &message).ok()) {
    return Malformed("the request is not such a message");
  }
  if (!AllEnumsKnown(message)) return Malformed("the request holds an unknown enumerator");
  return absl::OkStatus();
}

absl::Status Encode(const google::protobuf::MessageLite& message, grpc::ByteBuffer& bytes) {
  bool own_buffer = false;
  if (!Traits::Serialize(message, &bytes, &own_buffer).ok()) {
    return base::MakeError(absl::StatusCode::kInternal, "UNENCODABLE_RESPONSE",
                           "the response could not be encoded");
  }
  return absl::OkStatus();
}

}  // namespace va::rpc::internal
