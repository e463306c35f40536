// The client's side of reflection, for tools: learns a server's contracts from itself and calls its
// methods with messages made of them. What a server says is not trusted: sizes are bounded, and
// files that do not fit together are an error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "lib/rpc/channel.h"

namespace va::rpc {

// Contracts as a server told them. Owns its descriptors and the messages' types; messages made of
// it must not outlive it.
class Contracts {
 public:
  // NOT_FOUND (UNKNOWN_METHOD) for a "package.Service/Method" that is not there.
  absl::StatusOr<const google::protobuf::MethodDescriptor*> FindMethod(
      absl::string_view full_method) const;
  // nullptr when there is none.
  const google::protobuf::ServiceDescriptor* FindService(const std::string& name) const;

  // An empty message of that type.
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor& type);

 private:
  friend class ReflectionClient;
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

// Asks one server. Every call opens a stream of its own and ends it before `deadline`.
class ReflectionClient {
 public:
  explicit ReflectionClient(Channel channel) : channel_(std::move(channel)) {}

  // Full names of the server's services.
  absl::StatusOr<std::vector<std::string>> ListServices(absl::Time deadline) const;

  // The contracts of one service. NOT_FOUND (UNKNOWN_SERVICE) when the server has no such service,
  // DATA_LOSS (BAD_CONTRACTS) when what it told does not fit together. Other failures are those of
  // the call, PERMISSION_DENIED where reflection is off.
  absl::StatusOr<std::unique_ptr<Contracts>> Fetch(const std::string& service,
                                                   absl::Time deadline) const;

 private:
  Channel channel_;
};

}  // namespace va::rpc
