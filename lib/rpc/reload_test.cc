#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "absl/time/time.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/rpc/house_testing.h"

namespace va::rpc {
namespace {

namespace fs = std::filesystem;

// One set of files that a test overwrites, as an operator does.
class Files {
 public:
  explicit Files(const std::string& name) : name_(name) {}

  void Put(const PemFiles& pem, const std::string& ca_file) const {
    Copy(pem.certificate_file, "certificate.pem");
    Copy(pem.private_key_file, "key.pem");
    Copy(ca_file, "ca.pem");
  }
  void Copy(const std::string& from, const std::string& to) const {
    fs::copy_file(from, Path(to), fs::copy_options::overwrite_existing);
  }
  void Write(const std::string& to, const std::string& text) const {
    std::ofstream(Path(to), std::ios::binary | std::ios::trunc) << text;
  }
  TlsOptions options() const { return {Path("certificate.pem"), Path("key.pem"), Path("ca.pem")}; }

 private:
  std::string Path(const std::string& file) const { return dir_.path() + "/" + name_ + "-" + file; }

  const std::string name_;
  testing::TempDir dir_;
};

// A kind of key that certificates do not have here.
const crypto::IssuedPair& EdwardsPair() {
  static const auto* const pair = new crypto::IssuedPair(
      crypto::IssueSelfSigned({.common_name = "ed",
                               .dns_names = {"server.va.internal"},
                               .ip_addresses = {},
                               .is_authority = true,
                               .not_before = absl::FromUnixSeconds(1700000000),
                               .not_after = absl::FromUnixSeconds(4000000000)},
                              crypto::NewKey::kEd25519)
          .value());
  return *pair;
}

// Both authorities in one file, as during a change of the authority.
std::string Both(const TestPki& one, const TestPki& two) {
  return ReadAll(one.ca_file()) + ReadAll(two.ca_file());
}

// A server whose files the test changes, and fresh connections to it.
class Stage {
 public:
  Stage() {
    files.Put(old_pki.IssueService("server"), old_pki.ca_file());
    ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(kGet, &Echo);
    builder.Allow("gateway.va.internal", {kGet});
    ServerOptions options;
    options.tls = files.options();
    options.caller_rate = std::nullopt;  // a fast machine asks more often than one caller may
    server = builder.Start(std::move(options), pool_, clock_).value();
  }
  ~Stage() {
    server->Stop(absl::Seconds(5));
    pool_.Shutdown();
  }

  Channel Connect(const PemFiles& pem, const std::string& ca_file) const {
    return ConnectWith({pem.certificate_file, pem.private_key_file, ca_file});
  }
  Channel ConnectWith(const TlsOptions& tls) const {
    return rpc::Connect("127.0.0.1:" + std::to_string(server->port()), tls, "server.va.internal")
        .value();
  }
  static absl::StatusCode Ask(const Channel& channel) {
    return Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).status().code();
  }

  TestPki old_pki;
  TestPki new_pki;
  const Files files{"server"};
  std::unique_ptr<Server> server;

 private:
  const base::SystemClock clock_;
  base::WorkerPool pool_{4, 64};
};

}  // namespace

TEST_CASE("Server: reloaded files serve new handshakes, connections that stand live on", "[rpc]") {
  Stage stage;
  const PemFiles mine = stage.old_pki.IssueService("gateway");
  const Channel before = stage.Connect(mine, stage.old_pki.ca_file());
  REQUIRE(Stage::Ask(before) == absl::StatusCode::kOk);

  // Another authority for the server's own certificate; callers of the old one are still let in.
  stage.files.Put(stage.new_pki.IssueService("server"), stage.old_pki.ca_file());
  REQUIRE(stage.server->ReloadTls().ok());
  CHECK(Stage::Ask(before) == absl::StatusCode::kOk);
  CHECK(Stage::Ask(stage.Connect(mine, stage.new_pki.ca_file())) == absl::StatusCode::kOk);
  CHECK(Stage::Ask(stage.Connect(mine, stage.old_pki.ca_file())) == absl::StatusCode::kUnavailable);
}

TEST_CASE("Server G1: after a reload the new roots alone decide who gets a handshake",
          "[rpc][G1]") {
  Stage stage;
  const PemFiles old_caller = stage.old_pki.IssueService("gateway");
  const PemFiles new_caller = stage.new_pki.IssueService("gateway");
  const std::string& trusted = stage.old_pki.ca_file();
  CHECK(Stage::Ask(stage.Connect(old_caller, trusted)) == absl::StatusCode::kOk);
  CHECK(Stage::Ask(stage.Connect(new_caller, trusted)) == absl::StatusCode::kUnavailable);

  stage.files.Write("ca.pem", Both(stage.old_pki, stage.new_pki));
  REQUIRE(stage.server->ReloadTls().ok());
  CHECK(Stage::Ask(stage.Connect(old_caller, trusted)) == absl::StatusCode::kOk);
  CHECK(Stage::Ask(stage.Connect(new_caller, trusted)) == absl::StatusCode::kOk);

  stage.files.Copy(stage.new_pki.ca_file(), "ca.pem");
  REQUIRE(stage.server->ReloadTls().ok());
  CHECK(Stage::Ask(stage.Connect(old_caller, trusted)) == absl::StatusCode::kUnavailable);
  CHECK(Stage::Ask(stage.Connect(new_caller, trusted)) == absl::StatusCode::kOk);

  // No certificate at all is refused still.
  grpc::SslCredentialsOptions bare;
  bare.pem_root_certs = ReadAll(trusted);
  grpc::ChannelArguments args;
  args.SetSslTargetNameOverride("server.va.internal");
  const auto nobody = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(stage.server->port()),
                                                grpc::SslCredentials(bare), args);
  CHECK(RawSoon(*nobody, std::string("/") + kGet).error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("Server: files that cannot be used leave it on the old ones", "[rpc]") {
  Stage stage;
  const PemFiles mine = stage.old_pki.IssueService("gateway");
  const PemFiles next = stage.new_pki.IssueService("server");
  SECTION("a key that is another certificate's") {
    stage.files.Copy(next.private_key_file, "key.pem");
  }
  SECTION("a certificate written by half") {
    const std::string whole = ReadAll(next.certificate_file);
    stage.files.Write("certificate.pem", whole.substr(0, whole.size() / 2));
  }
  SECTION("a chain whose second certificate is written by half") {
    const std::string whole = ReadAll(next.certificate_file);
    stage.files.Copy(next.private_key_file, "key.pem");
    stage.files.Write("certificate.pem", whole + whole.substr(0, whole.size() / 2));
  }
  SECTION("no roots") { stage.files.Write("ca.pem", ""); }
  SECTION("P4 a certificate of Ed25519 with its key") {
    stage.files.Write("certificate.pem", EdwardsPair().certificate_pem);
    stage.files.Write("key.pem", EdwardsPair().private_key_pem);
  }
  SECTION("P4 an Ed25519 certificate among the roots") {
    stage.files.Write("ca.pem", ReadAll(stage.old_pki.ca_file()) + EdwardsPair().certificate_pem);
  }
  const absl::Status reloaded = stage.server->ReloadTls();
  CHECK(base::ReasonOf(reloaded) == "TLS_FILES");
  CHECK(Stage::Ask(stage.Connect(mine, stage.old_pki.ca_file())) == absl::StatusCode::kOk);
}

TEST_CASE("Channel: reloaded files are shown from the next call on", "[rpc]") {
  Stage stage;
  const Files mine("gateway");
  mine.Put(stage.old_pki.IssueService("gateway"), stage.old_pki.ca_file());
  const Channel channel = stage.ConnectWith(mine.options());
  REQUIRE(Stage::Ask(channel) == absl::StatusCode::kOk);

  SECTION("good ones") {
    mine.Put(stage.old_pki.IssueService("stranger"), stage.old_pki.ca_file());
    REQUIRE(channel.ReloadTls().ok());
    CHECK(Stage::Ask(channel) == absl::StatusCode::kPermissionDenied);
  }
  SECTION("bad ones") {
    mine.Copy(stage.new_pki.IssueService("gateway").private_key_file, "key.pem");
    CHECK(base::ReasonOf(channel.ReloadTls()) == "TLS_FILES");
    CHECK(Stage::Ask(channel) == absl::StatusCode::kOk);
  }
}

TEST_CASE("Channel: a call in flight finishes on the connection it began on", "[rpc]") {
  Gate gate;
  House house([&gate](const CallContext& context, const GetProfileRequest& request) {
    gate.Pass();
    return Echo(context, request);
  });
  const Channel channel = house.As("gateway");
  std::thread caller([&channel] { CHECK(Stage::Ask(channel) == absl::StatusCode::kOk); });
  gate.AwaitArrivals(1);
  CHECK(channel.ReloadTls().ok());
  gate.Open();
  caller.join();
  CHECK(Stage::Ask(channel) == absl::StatusCode::kOk);
}

TEST_CASE("Server and Channel: reloading again and again under calls loses none", "[rpc]") {
  Stage stage;
  const PemFiles mine = stage.old_pki.IssueService("gateway");
  const Channel channel = stage.Connect(mine, stage.old_pki.ca_file());
  std::atomic<bool> over{false};
  std::atomic<int> failed{0};
  std::thread caller([&] {
    while (!over) failed += Stage::Ask(channel) == absl::StatusCode::kOk ? 0 : 1;
  });
  for (int i = 0; i < 20; ++i) {
    stage.files.Put(stage.old_pki.IssueService("server"), stage.old_pki.ca_file());
    CHECK(stage.server->ReloadTls().ok());
    CHECK(channel.ReloadTls().ok());
    CHECK(Stage::Ask(channel) == absl::StatusCode::kOk);
  }
  over = true;
  caller.join();
  CHECK(failed == 0);
}

}  // namespace va::rpc
