#include "tests/e2e/stack.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace va::e2e {
namespace {

using nlohmann::json;

constexpr store::Statement kSessions = {"e2e_sessions", "SELECT count(*) FROM sessions"};
constexpr store::Statement kAssertions = {"e2e_assertions", "SELECT count(*) FROM used_assertions"};
constexpr store::Statement kExpire = {"e2e_expire",
                                      "UPDATE flows SET expires_at = created_at "
                                      "WHERE handle_hash = sha256(convert_to($1, 'UTF8'))"};

constexpr store::Statement kSessionOf = {
    "e2e_session_of",
    "SELECT account_id, verification_id, flow_id FROM sessions "
    "WHERE token_hash = sha256(convert_to($1, 'UTF8'))"};

constexpr store::Statement kExpireMhv = {
    "e2e_expire_mhv", "UPDATE accounts SET ensured_at = ensured_at - interval '2 days'"};

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    FAIL(name << " is not set: run these tests by ./dev test e2e, which starts a stack");
  }
  return value;
}

std::string ReadFrom(const std::string& path, size_t offset) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A request to the stand-in of MHV, past everything it plays; whether it was taken.
bool AskMhv(const std::string& method, const std::string& path, const std::string& body,
            std::string* answer) {
  http::ClientRequest request;
  request.method = method;
  request.url = absl::StrCat(Stack::Get().mhv_url(), path);
  request.body = body;
  const auto response = Stack::Get().client().Send(request);
  if (!response.ok() || response->status != 200) return false;
  *answer = response->body;
  return true;
}

// The value of a counter of a process, whose page of figures has one sample a line.
int64_t Counted(const std::string& ops_url, const std::string& series) {
  http::ClientRequest request;
  request.method = "GET";
  request.url = absl::StrCat(ops_url, "/metrics");
  const auto page = Stack::Get().ops_client().Send(request);
  INFO(page.status());
  REQUIRE(page.ok());
  for (absl::string_view line : absl::StrSplit(page->body, '\n')) {
    int64_t value = 0;
    if (!absl::ConsumePrefix(&line, absl::StrCat(series, " "))) continue;
    REQUIRE(absl::SimpleAtoi(line, &value));
    return value;
  }
  FAIL("no figure " << series << " at " << request.url);
  std::abort();
}

bool IsRefusal(const json& event) {
  return event.value("ev", "") == "assertion.refused" || event.value("ev", "") == "request.refused";
}

}  // namespace

Stack& Stack::Get() {
  static Stack stack;
  return stack;
}

Stack::Stack()
    : url_(Env("VA_URL")),
      url_b_(Env("VA_URL_B")),
      ops_url_(Env("VA_OPS_URL")),
      ops_url_b_(Env("VA_OPS_URL_B")),
      idp_url_(Env("VA_IDP_URL")),
      mhv_url_(Env("VA_MHV_URL")),
      dev_dir_(Env("VA_DEV_DIR")),
      personas_(testing::LoadPersonas("tests/personas").value()) {
  http::TlsClientOptions tls;
  tls.ca_file = Env("VA_CA");
  tls.idle_handles = 64;
  client_ = http::CurlClient::Create(tls).value();
  tls.allow_plain_http = true;
  ops_client_ = http::CurlClient::Create(tls).value();
  database_ = Connect("gateway");
  mhv_database_ = Connect("mhv");
}

std::unique_ptr<store::Pool> Stack::Connect(const std::string& schema) const {
  store::PoolOptions database;
  database.host = Env("VA_PG_HOST");
  database.name = "va";
  database.user = absl::StrCat(schema, "_app");
  database.password_file = absl::StrCat(dev_dir_, "/secrets/", database.user, ".password");
  database.schema = schema;
  database.application_name = "e2e_test";
  database.size = 1;
  return store::Pool::Create(database).value();
}

const testing::Persona& Stack::persona(absl::string_view id) const {
  for (const testing::Persona& persona : personas_) {
    if (persona.id == id) return persona;
  }
  FAIL("there is no persona " << std::string(id));
  std::abort();
}

testing::UserAgent Stack::NewBrowser(bool follow) {
  testing::UserAgentOptions options;
  options.follow_redirects = follow;
  return {*client_, clock_, options};
}

int64_t Stack::Count(const store::Statement& statement) {
  const auto rows = database_->Exec(clock_.Now() + absl::Seconds(5), statement);
  INFO(rows.status());
  REQUIRE(rows.ok());
  return (*rows)[0].Int(0);
}

Stack::Signed Stack::SessionOf(const std::string& token) {
  const auto rows = database_->Exec(clock_.Now() + absl::Seconds(5), kSessionOf, {token});
  INFO(rows.status());
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 1);
  return {(*rows)[0].Text(0), (*rows)[0].Text(1), (*rows)[0].Text(2)};
}

int64_t Stack::Sessions() { return Count(kSessions); }
int64_t Stack::UsedAssertions() { return Count(kAssertions); }

void Stack::ExpireFlow(const std::string& relay_state) {
  const auto rows = database_->Exec(clock_.Now() + absl::Seconds(5), kExpire, {relay_state});
  INFO(rows.status());
  REQUIRE(rows.ok());
  REQUIRE(rows->affected() == 1);
}

void Stack::ExpireMhvAccounts() {
  const auto rows = mhv_database_->Exec(clock_.Now() + absl::Seconds(5), kExpireMhv);
  INFO(rows.status());
  REQUIRE(rows.ok());
}

std::array<int64_t, 2> Stack::LockEvents(absl::string_view kind) {
  const std::string series = absl::StrCat("va_gateway_lock_events_total{kind=\"", kind, "\"}");
  return {Counted(ops_url_, series), Counted(ops_url_b_, series)};
}

AuditMark Stack::MarkAudit() const {
  AuditMark mark;
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(dev_dir_, "/audit"))) {
    mark[entry.path().string()] = static_cast<size_t>(entry.file_size());
  }
  return mark;
}

std::vector<json> Stack::AuditSince(const AuditMark& mark) const {
  std::vector<json> events;
  for (const auto& [path, size] : MarkAudit()) {
    const auto before = mark.find(path);
    std::string text = ReadFrom(path, before == mark.end() ? 0 : before->second);
    // A record that is being written at this moment may be there in part.
    text.resize(text.rfind('\n') + 1);
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      events.push_back(json::parse(line.begin(), line.end()));
    }
  }
  return events;
}

simulators::StartAt At(const std::string& type, const std::string& application,
                       const std::string& to) {
  return {Stack::Get().url(), type, application, to};
}

bool HoldsSession(testing::UserAgent& agent) { return !User(agent).is_null(); }

json User(testing::UserAgent& agent) {
  const auto page = agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v0/user"));
  REQUIRE(page.ok());
  if (page->status() != 200 && page->status() != 296) return nullptr;
  return json::parse(page->body());
}

MhvFault::MhvFault(const json& fault) {
  std::string answer;
  INFO(fault.dump());
  REQUIRE(AskMhv("POST", "/_sim/faults", fault.dump(), &answer));
}

MhvFault::~MhvFault() {
  std::string answer;
  AskMhv("POST", "/_sim/faults", R"({"mode":"none"})", &answer);
}

json MhvCalls() {
  std::string answer;
  REQUIRE(AskMhv("GET", "/_sim/calls", "", &answer));
  return json::parse(answer);
}

RefusalCheck::RefusalCheck()
    : mark_(Stack::Get().MarkAudit()), sessions_(Stack::Get().Sessions()) {}

void RefusalCheck::Expect(const testing::Page& page, int status, absl::string_view code) const {
  CHECK(page.status() == status);
  CHECK_FALSE(page.content.headings.empty());
  CHECK_FALSE(page.content.title.empty());
  const auto shown = simulators::ReadErrorPage(page);
  if (!code.empty()) CHECK(shown.code == code);
  CHECK(shown.request_id.size() >= 16);
  for (const absl::string_view cookie : page.last().headers.GetAll("set-cookie")) {
    CHECK_FALSE(absl::StartsWith(cookie, "__Host-va_session="));
  }
  CHECK(Stack::Get().Sessions() == sessions_);
  int refusals = 0;
  for (const json& event : Stack::Get().AuditSince(mark_)) {
    INFO(event.dump());
    if (!IsRefusal(event)) continue;
    ++refusals;
    CHECK(event.value("req", event.value("request_id", "")) == shown.request_id);
    for (const testing::Persona& persona : Stack::Get().personas()) {
      for (const std::string& value : persona.PersonalValues()) {
        CHECK_FALSE(absl::StrContains(event.dump(), value));
      }
    }
  }
  CHECK(refusals == 1);
}

}  // namespace va::e2e
