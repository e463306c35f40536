// Answers of gRPC server reflection: what a tool needs to call a server whose contracts it does not
// have. A pure function over a descriptor pool; the stream around it is lib/rpc/server.cc.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace va::rpc {

// The one method of reflection. A server answers it only with ServerOptions::reflection, and only
// to callers listed for it.
inline constexpr char kReflectionMethod[] =
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// Answers one question. `services` is what list_services tells; files and symbols are looked up in
// `pool`, and a file comes with everything it imports, imports first. What is unknown is an
// error_response NOT_FOUND, a question without content INVALID_ARGUMENT.
grpc::reflection::v1alpha::ServerReflectionResponse Reflect(
    const grpc::reflection::v1alpha::ServerReflectionRequest& request,
    const std::vector<std::string>& services, const google::protobuf::DescriptorPool& pool);

}  // namespace va::rpc
