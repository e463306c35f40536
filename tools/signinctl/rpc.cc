// rpc: calls any method of any service of the suite with what the server itself tells about its
// contracts, JSON in and JSON out.
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/library_log.h"
#include "lib/rpc/reflection_client.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/pii_mask.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using google::protobuf::Message;

// Which service of the suite answers for a package, and where ./dev up says that it listens.
struct Home {
  absl::string_view package;
  absl::string_view service;
  const char* variable;
};

constexpr Home kHomes[] = {
    {"va.attributes.", "user-attributes", "VA_USER_ATTRIBUTES_GRPC"},
    {"va.mhv.", "mhv-account", "VA_MHV_ACCOUNT_GRPC"},
    {"va.mpi.", "mpi-adapter", "VA_MPI_ADAPTER_GRPC"},
    {"va.proofing.", "inherited-proofing", "VA_INHERITED_PROOFING_GRPC"},
    {"va.session.", "auth-gateway", "VA_AUTH_GATEWAY_GRPC"},
};

// The machine's "no", as words and as JSON.
Result Failed(const absl::Status& status) {
  Result result;
  result.exit = Exit::kReject;
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string reason = base::ReasonOf(status);
  result.json = Json{{"status", code},
                     {"reason", reason},
                     {"message", std::string(status.message())},
                     {"retryable", base::IsRetryable(status)}};
  result.words = absl::StrCat(code, " (", reason, "): ", status.message());
  if (absl::IsPermissionDenied(status) && reason == "NOT_ALLOWED") {
    absl::StrAppend(
        &result.words,
        "; is reflection on (grpc.reflection), and does this certificate's row list it?");
  }
  return result;
}

struct Connection {
  std::string target;
  std::string server_name;
  rpc::TlsOptions tls;
};

// Flags first, then the environment that a development stack writes (.dev/env).
Connection ConnectionOf(const Arguments& arguments, const World& world, absl::string_view method) {
  Connection out;
  out.target = arguments.Text("--target");
  out.server_name = arguments.Text("--server-name");
  out.tls.ca_file = arguments.Text("--ca", world.env("VA_CA"));
  out.tls.certificate_file = arguments.Text("--cert", world.env("VA_CLIENT_CERT"));
  out.tls.private_key_file = arguments.Text("--key", world.env("VA_CLIENT_KEY"));
  for (const Home& home : kHomes) {
    const std::string address = world.env(home.variable);
    const bool by_name = absl::StartsWith(method, home.package);
    const bool by_address = !out.target.empty() && out.target == address;
    if (!by_name && !by_address) continue;
    if (out.target.empty()) out.target = address;
    if (out.server_name.empty()) out.server_name = absl::StrCat(home.service, ".va.internal");
  }
  return out;
}

std::string Missing(const Connection& connection) {
  if (connection.target.empty()) return "--target is missing (or source .dev/env)";
  if (connection.tls.ca_file.empty()) return "--ca is missing (or source .dev/env)";
  if (connection.tls.certificate_file.empty()) return "--cert is missing (or source .dev/env)";
  if (connection.tls.private_key_file.empty()) return "--key is missing (or source .dev/env)";
  return "";
}

Json MethodsOf(const google::protobuf::ServiceDescriptor& service) {
  Json methods = Json::array();
  for (int i = 0; i < service.method_count(); ++i) methods.push_back(service.method(i)->name());
  return methods;
}

Result ListAll(const rpc::Channel& channel, absl::Time deadline) {
  const rpc::ReflectionClient client(channel);
  const auto services = client.ListServices(deadline);
  if (!services.ok()) return Failed(services.status());
  Result result;
  result.json = Json{{"services", Json::object()}};
  for (const std::string& name : *services) {
    const auto contracts = client.Fetch(name, deadline);
    if (!contracts.ok()) return Failed(contracts.status());
    result.json["services"][name] = MethodsOf(*(*contracts)->FindService(name));
  }
  result.words = absl::StrCat(services->size(), " services");
  return result;
}

absl::Status Decode(const std::string& json, Message& message) {
  google::protobuf::util::JsonParseOptions strict;
  strict.ignore_unknown_fields = false;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message, strict);
  if (parsed.ok()) return absl::OkStatus();
  // The library's words quote the input, which may hold personal data.
  return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_JSON",
                         absl::StrCat("not JSON of a ", message.GetTypeName()));
}

absl::StatusOr<Json> Encode(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) {
    return base::MakeError(absl::StatusCode::kDataLoss, "BAD_RESPONSE",
                           "the answer cannot be written as JSON");
  }
  return Json::parse(text, nullptr, false);
}

absl::StatusOr<Json> CallMethod(const rpc::Channel& channel, const std::string& method_name,
                                const std::string& json, absl::Time deadline, bool reveal) {
  const std::vector<std::string> parts = absl::StrSplit(method_name, absl::MaxSplits('/', 1));
  const auto contracts = rpc::ReflectionClient(channel).Fetch(parts[0], deadline);
  if (!contracts.ok()) return contracts.status();
  const auto method = (*contracts)->FindMethod(method_name);
  if (!method.ok()) return method.status();
  if ((*method)->client_streaming() || (*method)->server_streaming()) {
    return base::MakeError(absl::StatusCode::kUnimplemented, "STREAMING_METHOD",
                           "only methods with one request and one answer can be called");
  }
  const std::unique_ptr<Message> request = (*contracts)->New(*(*method)->input_type());
  if (absl::Status decoded = Decode(json, *request); !decoded.ok()) return decoded;
  const std::unique_ptr<Message> response = (*contracts)->New(*(*method)->output_type());
  rpc::CallOptions options;
  options.deadline = deadline;
  if (absl::Status called = rpc::CallUnary(channel, method_name, *request, *response, options);
      !called.ok()) {
    return called;
  }
  if (!reveal) MaskPersonalData(*response);
  return Encode(*response);
}

Result Run(const Arguments& arguments, const World& world) {
  const std::string method = arguments.Text("SERVICE/METHOD");
  const bool list = arguments.Has("--list");
  if (!list && !absl::StrContains(method, '/')) {
    return Misuse("name a SERVICE/METHOD, or --list what there is");
  }
  absl::Duration wait;
  if (!absl::ParseDuration(arguments.Text("--deadline", "5s"), &wait) ||
      wait <= absl::ZeroDuration() || wait > absl::Minutes(10)) {
    return Misuse("--deadline is a time like 5s, at most 10m");
  }
  const Connection connection = ConnectionOf(arguments, world, method);
  if (const std::string missing = Missing(connection); !missing.empty()) return Misuse(missing);
  std::string json = arguments.Text("JSON", "{}");
  if (json == "-") {
    const auto bytes = ReadInput("-", world);
    if (!bytes.ok()) return CannotRead(bytes.status());
    json = *bytes;
  }

  // Why a connection failed stands in the status; the library would say it again, at length.
  rpc::SendLibraryErrors([](absl::string_view, absl::string_view) {});
  const auto channel = rpc::Connect(connection.target, connection.tls, connection.server_name);
  if (!channel.ok()) return Misuse(std::string(channel.status().message()));
  const absl::Time deadline = world.clock.Now() + wait;
  if (list) return ListAll(*channel, deadline);
  const absl::StatusOr<Json> answer =
      CallMethod(*channel, method, json, deadline, arguments.Has("--reveal"));
  if (!answer.ok()) return Failed(answer.status());
  Result result;
  result.json = *answer;
  result.words = "OK";
  return result;
}

}  // namespace

Verb Rpc() {
  Verb verb;
  verb.name = "rpc";
  verb.summary = "call a gRPC method of a service that answers reflection";
  verb.example =
      "set -a; . .dev/env; signinctl rpc va.mpi.v1.MpiService/GetProfile "
      "'{\"loa_current\":3,\"by_identifier\":{\"type\":\"IDENTIFIER_TYPE_ICN\","
      "\"value\":\"1013991212V661212\"}}'";
  verb.flags = {
      {"--target", "HOST:PORT", "where it listens (default: VA_<SERVICE>_GRPC)"},
      {"--ca", "FILE", "roots its certificate chains to (default: VA_CA)"},
      {"--cert", "FILE", "our certificate (default: VA_CLIENT_CERT)"},
      {"--key", "FILE", "its private key (default: VA_CLIENT_KEY)"},
      {"--server-name", "NAME", "name in its certificate (default: the service's)"},
      {"--deadline", "TIME", "how long all of it may take (default 5s)"},
      {"--list", "", "list the services and methods of --target instead"},
      {"--reveal", "", "show personal data in the answer"},
  };
  verb.positionals = {{"SERVICE/METHOD", "full name", false},
                      {"JSON", "the request; - for standard input (default {})", false}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
