#include "tools/signinctl/account_call.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/library_log.h"

namespace va::signinctl {
namespace {

// What to do about a reason of the service, where its own words do not say it.
struct Advice {
  absl::string_view reason;
  absl::string_view words;
};

constexpr Advice kAdvice[] = {
    {"ACCOUNT_UNKNOWN",
     "ACCOUNT is the id of the account, that of a credential goes behind --verification; "
     "`signinctl account list` shows both, and no account that was forgotten"},
    {"MERGE_UNKNOWN", "`signinctl merge list` shows those that wait"},
    {"SECOND_OPERATOR",
     "your word is on record already; a colleague does the same with their own --operator"},
    {"MERGE_DECIDED",
     "`signinctl merge show` tells its state; `merge revert` undoes what was accepted, and nothing "
     "else"},
    {"MERGE_CHANGED",
     "the account is not what it was then. A merge that waits is brought up to date by the "
     "person's "
     "next sign-in and then decided; one that was carried out stays as it is"},
    {"MERGE_LOCKED",
     "an account of the merge, or this kind of credential there, is locked: clear that up, "
     "`account unlock`, and say it again"},
    {"AUDIT_WRITE", "mend the audit trail of user-attributes first (docs/runbooks/audit.md)"},
    {"NOT_ALLOWED",
     "this certificate may not: use the operator's (--cert, --key or VA_OPERATOR_CERT, "
     "VA_OPERATOR_KEY); grpc.callers of user-attributes lists who may what"},
    {"PAGE_TOKEN", "--after takes the `next` of an answer, with the same other flags"},
    {"OPERATOR", "--operator names you"},
    {"REASON", "--reason says why, e.g. a ticket number"},
};

std::string AdviceFor(const absl::Status& status, const std::string& target) {
  const std::string reason = base::ReasonOf(status);
  for (const Advice& advice : kAdvice) {
    if (advice.reason == reason) return std::string(advice.words.data(), advice.words.size());
  }
  if (absl::IsUnavailable(status)) {
    return absl::StrCat("is user-attributes at ", target,
                        " running, and its database? Its /readyz tells");
  }
  return "";
}

// The machine's "no", as `rpc` tells it, with what to do about it.
Result Failed(const absl::Status& status, const std::string& target) {
  Result result;
  result.exit = Exit::kReject;
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string reason = base::ReasonOf(status);
  const std::string advice = AdviceFor(status, target);
  result.json = Json{{"verdict", "reject"},
                     {"status", code},
                     {"reason", reason},
                     {"message", std::string(status.message())},
                     {"retryable", base::IsRetryable(status)}};
  result.words = absl::StrCat(reason.empty() ? code : reason, ": ", status.message());
  if (!advice.empty()) {
    result.json["advice"] = advice;
    absl::StrAppend(&result.words, "; ", advice);
  }
  return result;
}

struct Connection {
  std::string target;
  std::string server_name;
  rpc::TlsOptions tls;
};

// Flags first, then the environment that a development stack writes (.dev/env).
Connection ConnectionOf(const Arguments& arguments, const World& world) {
  Connection out;
  out.target = arguments.Text("--target", world.env("VA_USER_ATTRIBUTES_GRPC"));
  out.server_name = arguments.Text("--server-name", "user-attributes.va.internal");
  out.tls.ca_file = arguments.Text("--ca", world.env("VA_CA"));
  out.tls.certificate_file = arguments.Text("--cert", world.env("VA_OPERATOR_CERT"));
  out.tls.private_key_file = arguments.Text("--key", world.env("VA_OPERATOR_KEY"));
  return out;
}

std::string Missing(const Connection& connection) {
  constexpr absl::string_view kHint = " is missing (or `set -a; . .dev/env`)";
  if (connection.target.empty()) return absl::StrCat("--target", kHint);
  if (connection.tls.ca_file.empty()) return absl::StrCat("--ca", kHint);
  if (connection.tls.certificate_file.empty()) return absl::StrCat("--cert", kHint);
  if (connection.tls.private_key_file.empty()) return absl::StrCat("--key", kHint);
  return "";
}

void Append(std::vector<Flag> more, std::vector<Flag>& flags) {
  flags.insert(flags.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<Flag> CallFlags() {
  return {
      {"--target", "HOST:PORT", "where user-attributes listens (default: VA_USER_ATTRIBUTES_GRPC)"},
      {"--ca", "FILE", "roots its certificate chains to (default: VA_CA)"},
      {"--cert", "FILE", "the operator's certificate (default: VA_OPERATOR_CERT)"},
      {"--key", "FILE", "its private key (default: VA_OPERATOR_KEY)"},
      {"--server-name", "NAME", "name in its certificate (default: user-attributes.va.internal)"},
      {"--deadline", "TIME", "how long it may take (default 10s)"},
  };
}

std::vector<Flag> ActorFlags() {
  std::vector<Flag> flags = {
      {"--operator", "NAME", "who you are, e.g. an employee id (default: VA_OPERATOR)"},
      {"--reason", "TEXT", "why, in a few words that name no person; stands in the audit trail"},
  };
  Append(CallFlags(), flags);
  return flags;
}

std::vector<Flag> RevealFlags() {
  std::vector<Flag> flags = {
      {"--reveal", "", "show personal data; needs --operator and --reason, and is audited"}};
  Append(ActorFlags(), flags);
  return flags;
}

std::optional<Result> ReadActor(const Arguments& arguments, const World& world,
                                attributes::v1::Actor& actor) {
  actor.set_operator_(arguments.Text("--operator", world.env("VA_OPERATOR")));
  actor.set_reason(arguments.Text("--reason"));
  if (actor.operator_().empty()) {
    return Misuse("--operator is missing: who you are stands in the audit trail");
  }
  if (actor.reason().empty()) {
    return Misuse("--reason is missing: why you do it stands in the audit trail");
  }
  return std::nullopt;
}

std::optional<Result> CheckId(const std::string& id, const std::string& name) {
  constexpr absl::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  bool fits = id.size() == kForm.size();
  for (size_t i = 0; fits && i < kForm.size(); ++i) {
    const bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
    fits = kForm[i] == 'x' ? hex : id[i] == '-';
  }
  if (fits) return std::nullopt;
  return Misuse(absl::StrCat(name, " is an id like 0f0e0d0c-0b0a-4908-8706-050403020100"));
}

std::string NewRequestId() { return crypto::SystemIdGenerator().Uuid(); }

std::optional<Result> CallAccounts(const Arguments& arguments, const World& world,
                                   absl::string_view method,
                                   const google::protobuf::Message& request,
                                   google::protobuf::Message& response) {
  absl::Duration wait;
  if (!absl::ParseDuration(arguments.Text("--deadline", "10s"), &wait) ||
      wait <= absl::ZeroDuration() || wait > absl::Minutes(10)) {
    return Misuse("--deadline is a time like 5s, at most 10m");
  }
  const Connection connection = ConnectionOf(arguments, world);
  if (const std::string missing = Missing(connection); !missing.empty()) return Misuse(missing);
  // Why a connection failed stands in the status; the library would say it again, at length.
  rpc::SendLibraryErrors([](absl::string_view, absl::string_view) {});
  const auto channel = rpc::Connect(connection.target, connection.tls, connection.server_name);
  if (!channel.ok()) return Misuse(std::string(channel.status().message()));
  rpc::CallOptions options;
  options.deadline = world.clock.Now() + wait;
  const absl::Status called =
      rpc::CallUnary(*channel, absl::StrCat(kAccounts, method), request, response, options);
  if (!called.ok()) return Failed(called, connection.target);
  return std::nullopt;
}

}  // namespace va::signinctl
