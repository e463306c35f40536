// Reflection over the wire with the client that tools use, and where the door stays shut.
#include "lib/rpc/reflection.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <set>
#include <utility>

#include <catch2/catch.hpp>

#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/reflection_client.h"
#include "lib/rpc/server.h"
#include "lib/rpc/status.h"
#include "lib/testing/test_pki.h"
#include "va/common/v1/pii.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::rpc {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using mpi::v1::GetProfileRequest;
using mpi::v1::GetProfileResponse;
using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;
using testing::PemFiles;
using testing::TestPki;
using Stream = grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>;

constexpr char kGet[] = "va.mpi.v1.MpiService/GetProfile";

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(10); }

// A server with one method; "dev" may use it and reflection, "gateway" the method alone.
class House {
 public:
  explicit House(bool with_reflection, ServerOptions options = {}) : pool_(2, 16) {
    ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(
        kGet, [](const CallContext&, const GetProfileRequest& request) {
          GetProfileResponse response;
          response.set_message_id(request.request_id());
          return response;
        });
    builder.Allow("gateway.va.internal", {kGet});
    builder.Allow("dev.va.internal", {kGet});
    if (with_reflection) builder.Allow("dev.va.internal", {kReflectionMethod});
    options.tls = Files("server");
    options.reflection = with_reflection;
    auto server = builder.Start(std::move(options), pool_, clock_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }

  Channel As(const std::string& service) {
    auto channel = Connect("127.0.0.1:" + std::to_string(server_->port()), Files(service),
                           "server.va.internal");
    REQUIRE(channel.ok());
    return *channel;
  }
  Server& server() { return *server_; }

 private:
  TlsOptions Files(const std::string& service) {
    const PemFiles files = pki_.IssueService(service);
    return {files.certificate_file, files.private_key_file, pki_.ca_file()};
  }

  TestPki pki_;
  base::SystemClock clock_;
  base::WorkerPool pool_;
  std::unique_ptr<Server> server_;
};

ServerReflectionRequest AskForSymbol(const std::string& symbol) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  return request;
}

ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
  return Reflect(request, {"a.B"}, *DescriptorPool::generated_pool());
}

std::vector<std::string> FileNames(const ServerReflectionResponse& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

}  // namespace

TEST_CASE("Reflect: a file comes with everything it imports, imports first", "[rpc]") {
  const std::vector<std::string> wanted = {"google/protobuf/descriptor.proto",
                                           "va/common/v1/pii.proto"};
  ServerReflectionRequest by_name;
  by_name.set_file_by_filename("va/common/v1/pii.proto");
  CHECK(FileNames(Ask(by_name)) == wanted);

  const std::vector<std::string> files = FileNames(Ask(AskForSymbol("va.mpi.v1.MpiService")));
  CHECK(files.back() == "va/mpi/v1/mpi.proto");
  CHECK(std::count(files.begin(), files.end(), "va/common/v1/pii.proto") == 1);
  CHECK(std::set<std::string>(files.begin(), files.end()).size() == files.size());
}

TEST_CASE("Reflect: methods, messages and fields are symbols", "[rpc]") {
  for (const char* symbol : {"va.mpi.v1.MpiService.GetProfile", "va.mpi.v1.GetProfileRequest",
                             "va.mpi.v1.GetProfileRequest.request_id"}) {
    CAPTURE(symbol);
    CHECK(FileNames(Ask(AskForSymbol(symbol))).back() == "va/mpi/v1/mpi.proto");
  }
}

TEST_CASE("Reflect: the extension that marks personal data can be asked for", "[rpc]") {
  ServerReflectionRequest numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  const ServerReflectionResponse known_here = Ask(numbers);
  const auto& known = known_here.all_extension_numbers_response();
  CHECK(std::count(known.extension_number().begin(), known.extension_number().end(), 50001) == 1);
  ServerReflectionRequest file;
  file.mutable_file_containing_extension()->set_containing_type("google.protobuf.FieldOptions");
  file.mutable_file_containing_extension()->set_extension_number(50001);
  CHECK(FileNames(Ask(file)).back() == "va/common/v1/pii.proto");
}

TEST_CASE("Reflect: what is unknown is an error response, not the end of the stream", "[rpc]") {
  ServerReflectionRequest file;
  file.set_file_by_filename("va/nowhere.proto");
  ServerReflectionRequest extension;
  extension.mutable_file_containing_extension()->set_containing_type("va.mpi.v1.GetProfileRequest");
  extension.mutable_file_containing_extension()->set_extension_number(7);
  ServerReflectionRequest numbers;
  numbers.set_all_extension_numbers_of_type("va.Nothing");
  for (const auto& request : {AskForSymbol("va.Nothing"), file, extension, numbers}) {
    CAPTURE(request.ShortDebugString());
    const ServerReflectionResponse response = Ask(request);
    CHECK(response.error_response().error_code() == grpc::NOT_FOUND);
    CHECK(response.original_request().SerializeAsString() == request.SerializeAsString());
  }
  CHECK(Ask(ServerReflectionRequest()).error_response().error_code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("Reflection: a listed caller learns the services of the table and health", "[rpc]") {
  House house(true);
  const auto services = ReflectionClient(house.As("dev")).ListServices(Soon());
  REQUIRE(services.ok());
  CHECK(*services == std::vector<std::string>{"grpc.health.v1.Health", "va.mpi.v1.MpiService"});
}

TEST_CASE("Reflection: a call with nothing but what the server told", "[rpc]") {
  House house(true);
  const Channel channel = house.As("dev");
  const auto contracts = ReflectionClient(channel).Fetch("va.mpi.v1.MpiService", Soon());
  REQUIRE(contracts.ok());
  const auto method = (*contracts)->FindMethod(kGet);
  REQUIRE(method.ok());
  const auto request = (*contracts)->New(*(*method)->input_type());
  const auto* id = request->GetDescriptor()->FindFieldByName("request_id");
  REQUIRE(id != nullptr);
  // The mark survives the way through the descriptors.
  CHECK(id->options().GetExtension(common::v1::pii) == common::v1::PII_NONE);
  request->GetReflection()->SetString(request.get(), id, "r-1");
  const auto response = (*contracts)->New(*(*method)->output_type());
  CallOptions options;
  options.deadline = Soon();
  REQUIRE(CallUnary(channel, kGet, *request, *response, options).ok());
  GetProfileResponse typed;
  REQUIRE(typed.ParseFromString(response->SerializeAsString()));
  CHECK(typed.message_id() == "r-1");
}

TEST_CASE("ReflectionClient: what is not there has its own reason", "[rpc]") {
  House house(true);
  const ReflectionClient client(house.As("dev"));
  CHECK(base::ReasonOf(client.Fetch("va.mpi.v1.Nothing", Soon()).status()) == "UNKNOWN_SERVICE");
  // A symbol that exists and is no service.
  CHECK(base::ReasonOf(client.Fetch("va.mpi.v1.ByTraits", Soon()).status()) == "UNKNOWN_SERVICE");
  const auto contracts = client.Fetch("va.mpi.v1.MpiService", Soon());
  REQUIRE(contracts.ok());
  for (const char* name : {"va.mpi.v1.MpiService/Nothing", "va.mpi.v1.MpiService", "", "/"}) {
    CHECK(base::ReasonOf((*contracts)->FindMethod(name).status()) == "UNKNOWN_METHOD");
  }
}

TEST_CASE("Reflection G2: refused like any unknown path without its setting or without a row",
          "[rpc][G2]") {
  House off(false);
  House on(true);
  for (const Channel& channel :
       {off.As("dev"), off.As("gateway"), on.As("gateway"), on.As("stranger")}) {
    const auto services = ReflectionClient(channel).ListServices(Soon());
    CHECK(services.status().code() == absl::StatusCode::kPermissionDenied);
    CHECK(base::ReasonOf(services.status()) == "NOT_ALLOWED");
  }
}

TEST_CASE("ServerBuilder G2: nobody can be allowed reflection on a server that has none",
          "[rpc][G2]") {
  TestPki pki;
  base::WorkerPool pool(1, 1);
  const base::SystemClock clock;
  ServerBuilder builder;
  builder.Allow("dev.va.internal", {kReflectionMethod});
  CHECK(base::ReasonOf(builder.Start({}, pool, clock).status()) == "UNKNOWN_METHOD");
}

TEST_CASE("Reflection: one stream carries many questions, answered in order", "[rpc]") {
  House house(true);
  const Channel channel = house.As("dev");
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon()));
  const auto stub = reflection::ServerReflection::NewStub(channel.shared());
  const auto stream = stub->ServerReflectionInfo(&context);
  for (const char* symbol : {"va.mpi.v1.MpiService", "va.Nothing", "grpc.health.v1.Health"}) {
    REQUIRE(stream->Write(AskForSymbol(symbol)));
    ServerReflectionResponse response;
    REQUIRE(stream->Read(&response));
    CHECK(response.original_request().file_containing_symbol() == symbol);
    CHECK(response.has_error_response() == (std::string(symbol) == "va.Nothing"));
  }
  REQUIRE(stream->WritesDone());
  CHECK(stream->Finish().ok());
}

TEST_CASE("Reflection G4: a stream has an end: of questions, of time", "[rpc][G4]") {
  ServerOptions options;
  options.max_stream_requests = 3;
  options.default_deadline = absl::Seconds(1);
  House house(true, options);
  const Channel channel = house.As("dev");
  const auto stub = reflection::ServerReflection::NewStub(channel.shared());
  {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon()));
    const auto stream = stub->ServerReflectionInfo(&context);
    int answers = 0;
    ServerReflectionResponse response;
    while (stream->Write(AskForSymbol("va.mpi.v1.MpiService")) && stream->Read(&response)) {
      ++answers;
    }
    CHECK(answers == 3);
    CHECK(stream->Finish().error_code() == grpc::RESOURCE_EXHAUSTED);
  }
  {
    // No deadline of the client's, no question, no end: the server's own clock ends it.
    grpc::ClientContext context;
    const auto stream = stub->ServerReflectionInfo(&context);
    ServerReflectionResponse response;
    CHECK_FALSE(stream->Read(&response));
    CHECK(stream->Finish().error_code() == grpc::DEADLINE_EXCEEDED);
  }
  {
    // One that asks and never reads is ended as well, and holds nothing open: the server stops.
    grpc::ClientContext context;
    const auto stream = stub->ServerReflectionInfo(&context);
    while (stream->Write(AskForSymbol("va.mpi.v1.MpiService"))) {
    }
    ServerReflectionResponse response;
    while (stream->Read(&response)) {
    }
    CHECK_FALSE(stream->Finish().ok());
  }
}

TEST_CASE("Reflection G5: bytes that are no question end the stream", "[rpc][G5]") {
  House house(true);
  const Channel channel = house.As("dev");
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon()));
  const auto stub = reflection::ServerReflection::NewStub(channel.shared());
  const auto stream = stub->ServerReflectionInfo(&context);
  // Text that is no UTF-8: the client's library warns, the server refuses.
  REQUIRE(stream->Write(AskForSymbol("\xff\xfe")));
  ServerReflectionResponse response;
  CHECK_FALSE(stream->Read(&response));
  const absl::Status status = FromGrpc(stream->Finish());
  CHECK(base::ReasonOf(status) == "MALFORMED_MESSAGE");
}

TEST_CASE("Reflection: stopping ends open streams at once", "[rpc]") {
  House house(true);
  const Channel channel = house.As("dev");
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(base::SystemClock().Now() + absl::Seconds(50)));
  const auto stub = reflection::ServerReflection::NewStub(channel.shared());
  const auto stream = stub->ServerReflectionInfo(&context);
  REQUIRE(stream->Write(AskForSymbol("va.mpi.v1.MpiService")));
  ServerReflectionResponse response;
  REQUIRE(stream->Read(&response));
  const base::Stopwatch watch;
  house.server().Stop(absl::Seconds(40));
  CHECK(watch.Elapsed() < absl::Seconds(20));
  CHECK_FALSE(stream->Finish().ok());
}

}  // namespace va::rpc
