#include "tests/simulators/mpi/mpi_simulator.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::simulators {
namespace {

using nlohmann::json;
using testing::MpiOutcome;

constexpr size_t kMostSeenIds = 200000;
constexpr size_t kGiantPadding = size_t{3} << 20;
constexpr size_t kDepth = 20000;
constexpr int kScore = 162;
constexpr int kScoreBelowThreshold = 12;

http::Response NoAnswer() {
  http::Response response;
  response.status = http::kNoAnswer;
  return response;
}

http::Response Xml(int status, const absl::StatusOr<std::string>& body) {
  if (!body.ok()) return http::Text(500, "the answer could not be written\n");
  http::Response response;
  response.status = status;
  response.headers.Set("Content-Type", "text/xml;charset=UTF-8");
  response.body = *body;
  return response;
}

bool Holds(const std::set<const testing::Persona*>& personas, MpiOutcome outcome) {
  return std::any_of(personas.begin(), personas.end(), [outcome](const testing::Persona* persona) {
    return persona->mpi.outcome == outcome;
  });
}

bool IsRetired(const testing::PersonaMpiRecord& person, const std::string& icn) {
  return std::find(person.icns.begin(), person.icns.end(), icn) != person.icns.end();
}

MatchOptions OptionsFor(const MpiQuery& query, const testing::PersonaMpiRecord& person, Mode mode) {
  MatchOptions options;
  const int score = mode == Mode::kLowScore ? kScoreBelowThreshold : kScore;
  options.score = query.traits ? score : 0;
  // Who asks by an ICN that is no longer one must be told why somebody else's comes back.
  options.history = query.search == "MVI.COMP2" || IsRetired(person, query.icn);
  options.relationships = query.search == "MVI.COMP1.RMS";
  return options;
}

// A whole person, and nobody who was asked about.
testing::PersonaMpiRecord SomebodyElse() {
  testing::PersonaMpiRecord person;
  person.icn = "1099999999V999999";
  person.names = {{"L", "", {"Somebody"}, "Else", ""}};
  person.birth_date = "19010101";
  person.ssn = "666999999";
  return person;
}

// `text` right after the XML declaration.
std::string AfterDeclaration(std::string body, const std::string& text) {
  const size_t end = body.find("?>");
  body.insert(end == std::string::npos ? 0 : end + 2, text);
  return body;
}

constexpr char kDoctype[] = "<!DOCTYPE Envelope [<!ENTITY who SYSTEM \"file:///etc/hostname\">]>";

// Ten entities, each ten of the one before.
std::string Laughs() {
  std::string doctype = "<!DOCTYPE Envelope [<!ENTITY l0 \"ha\">";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&doctype, "<!ENTITY l", i, " \"");
    for (int j = 0; j < 10; ++j) absl::StrAppend(&doctype, "&l", i - 1, ";");
    absl::StrAppend(&doctype, "\">");
  }
  return absl::StrCat(doctype, "]>");
}

std::string Laughing(std::string body) {
  body = AfterDeclaration(std::move(body), Laughs());
  const size_t text = body.find("<text>");
  if (text != std::string::npos) body.insert(text + 6, "&l9;");
  return body;
}

std::string Deep() {
  std::string body;
  for (size_t i = 0; i < kDepth; ++i) absl::StrAppend(&body, "<a>");
  return body;
}

// Well-formed and too long: the padding is a comment at the end.
std::string Giant(const std::string& body) {
  return absl::StrCat(body, "<!--", std::string(kGiantPadding, 'x'), "-->");
}

http::Response Spoilt(Mode mode, http::Response right) {
  switch (mode) {
    case Mode::kMalformed:
      right.body.resize(right.body.size() / 2);
      break;
    case Mode::kDoctype:
      right.body = AfterDeclaration(std::move(right.body), kDoctype);
      break;
    case Mode::kLaughs:
      right.body = Laughing(std::move(right.body));
      break;
    case Mode::kDeep:
      right.body = Deep();
      break;
    case Mode::kCharset:
      right.headers.Set("Content-Type", "text/xml;charset=ISO-8859-1");
      break;
    case Mode::kGiant:
      right.body = Giant(right.body);
      break;
    default:
      break;
  }
  return right;
}

Manner MannerOf(Mode mode) {
  switch (mode) {
    case Mode::kReset:
      return Manner::kReset;
    case Mode::kCut:
      return Manner::kCut;
    case Mode::kDrip:
      return Manner::kDrip;
    case Mode::kEndless:
      return Manner::kEndless;
    default:
      return Manner::kWhole;
  }
}

// What is answered whatever was asked; nullptr when the mode is not one of these.
const AnswerError* OwnError(Mode mode) {
  switch (mode) {
    case Mode::kAe:
      return &kInternalError;
    case Mode::kAr:
      return &kFailedError;
    case Mode::kQe:
      return &kQueryError;
    case Mode::kUnknownSender:
      return &kUnknownSenderError;
    case Mode::kMultiple:
      return &kSeveralError;
    case Mode::kDuplicate:
      return &kDuplicateKeyError;
    default:
      return nullptr;
  }
}

bool NeverAnswers(Mode mode) {
  return mode == Mode::kHang || mode == Mode::kDown || mode == Mode::kReset;
}

}  // namespace

bool UsedIds::IsUsedOtherwise(const std::string& id, const std::string& message) {
  const std::size_t hash = std::hash<std::string>()(message);
  const auto [seen, is_new] = seen_.emplace(id, hash);
  if (!is_new) return seen->second != hash;
  order_.push_back(id);
  if (order_.size() > kMostSeenIds) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return false;
}

void UsedIds::Clear() {
  seen_.clear();
  order_.clear();
}

absl::Status MpiSimulator::SetFaults(absl::string_view json) {
  auto faults = ParseFaults(json);
  if (!faults.ok()) return faults.status();
  knobs_.Set(*std::move(faults));
  return absl::OkStatus();
}

void MpiSimulator::Reset() {
  knobs_.Set({});
  const std::lock_guard<std::mutex> lock(mutex_);
  world_.Reset();
  message_ids_.Clear();
  query_ids_.Clear();
  calls_.clear();
}

std::string MpiSimulator::Calls() {
  json counts = json::object();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Interaction interaction :
       {Interaction::kFind, Interaction::kAdd, Interaction::kProxy, Interaction::kUpdate}) {
    counts[std::string(WordOf(interaction))] = calls_[interaction];
  }
  return counts.dump();
}

std::string MpiSimulator::State() {
  json altered = json::array();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [icn, ids] : world_.Altered()) altered.push_back({{"icn", icn}, {"ids", ids}});
  return json({{"altered", altered}}).dump();
}

Delivery MpiSimulator::Control(const http::Request& request) {
  const std::string what = absl::StrCat(request.method, " ", request.path);
  Delivery delivery;
  delivery.response = http::Json(200, "{}");
  if (what == "POST /_sim/faults") {
    const absl::Status set = SetFaults(request.body);
    if (!set.ok()) {
      delivery.response = http::Text(400, absl::StrCat(std::string(set.message()), "\n"));
    }
  } else if (what == "POST /_sim/reset") {
    Reset();
  } else if (what == "GET /_sim/calls") {
    delivery.response = http::Json(200, Calls());
  } else if (what == "GET /_sim/state") {
    delivery.response = http::Json(200, State());
  } else {
    delivery.response = http::Text(404, "there is nothing at this address\n");
  }
  return delivery;
}

AnswerFrame MpiSimulator::Frame(const CheckedRequest& checked) const {
  return {absl::StrCat("WSDOC", deps_.ids.Uuid()),
          absl::FormatTime("%Y%m%d%H%M%S", deps_.clock.Now(), absl::UTCTimeZone()), checked,
          checked.message_id, checked.query_id};
}

absl::StatusOr<std::string> MpiSimulator::DoFind(const AnswerFrame& frame, const Meant& meant) {
  const MpiQuery& query = frame.request.query;
  std::vector<Known> found;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    found = world_.Find(query, deps_.clock.Now());
    if (found.size() == 1 && query.traits && !query.traits->edipi.empty()) {
      world_.GiveToken(frame.answer_id, found[0].person.icn);
    }
  }
  if (found.empty()) return NoMatchAnswer(frame);
  const bool several = query.traits && found[0].outcome == MpiOutcome::kMultiple;
  if (found.size() > 1 || several) return ErrorAnswer(frame, kSeveralError);
  testing::PersonaMpiRecord& person = found[0].person;
  if (meant.mode == Mode::kDeceased) person.deceased_date = "20200131";
  if (meant.mode == Mode::kTheft) person.id_theft = true;
  return MatchAnswer(frame, person, OptionsFor(query, person, meant.mode));
}

absl::StatusOr<std::string> MpiSimulator::DoChange(const AnswerFrame& frame, const Meant& meant) {
  const absl::Time now = deps_.clock.Now();
  Changed changed;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed = world_.Apply(frame.request.interaction, frame.request.change, now,
                           now + meant.visible_after);
  }
  switch (changed.how) {
    case Changed::How::kDone:
      return AcceptedAnswer(frame, changed.codes);
    case Changed::How::kDuplicate:
      return ErrorAnswer(frame, kDuplicateKeyError);
    case Changed::How::kSeveral:
      return ErrorAnswer(frame, kSeveralError);
    case Changed::How::kRefused:
      break;
  }
  return ErrorAnswer(frame, kInvalidRequestError);
}

absl::StatusOr<std::string> MpiSimulator::RightAnswer(const AnswerFrame& frame,
                                                      const Meant& meant) {
  return frame.request.interaction == Interaction::kFind ? DoFind(frame, meant)
                                                         : DoChange(frame, meant);
}

// The right answer, or what the mode makes of it.
absl::StatusOr<std::string> MpiSimulator::Damaged(AnswerFrame frame, const Meant& meant) {
  const bool find = frame.request.interaction == Interaction::kFind;
  if (const AnswerError* const error = OwnError(meant.mode)) return ErrorAnswer(frame, *error);
  if (meant.mode == Mode::kNf && find) return NoMatchAnswer(frame);
  if (meant.mode == Mode::kOtherPerson && find) {
    const testing::PersonaMpiRecord person = SomebodyElse();
    return MatchAnswer(frame, person, OptionsFor(frame.request.query, person, meant.mode));
  }
  if (meant.mode == Mode::kWrongMessage) {
    frame.message_id = absl::StrCat("200VGOV-", deps_.ids.Uuid());
  }
  if (meant.mode == Mode::kWrongQuery) frame.query_id = deps_.ids.Uuid();
  const auto right = RightAnswer(frame, meant);
  if (meant.mode == Mode::kOtherPerson) {
    return AcceptedAnswer(frame, {{SomebodyElse().icn, "ICN"}});
  }
  return right;
}

// Counts the message, finds what is wrong with it and what is to go wrong.
Meant MpiSimulator::Judge(const http::Request& request, CheckedRequest& checked, bool* silent) {
  std::set<const testing::Persona*> about;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_[checked.interaction];
    if (!checked.message_id.empty() &&
        message_ids_.IsUsedOtherwise(checked.message_id, request.body)) {
      checked.problems.push_back("the message id stood on another message");
    }
    // The reference client says 18204 in every message, and MPI is used to it.
    if (!checked.query_id.empty() && checked.query_id != "18204" &&
        query_ids_.IsUsedOtherwise(checked.query_id, request.body)) {
      checked.problems.push_back("the query id stood on another message");
    }
    about = world_.PersonasOf(checked);
  }
  if (Holds(about, MpiOutcome::kNotAsked)) {
    checked.problems.push_back("a question about somebody MPI must not be asked about");
  }
  *silent = Holds(about, MpiOutcome::kDown);
  return knobs_.Take(checked.interaction, about);
}

Delivery MpiSimulator::AnswerMessage(const http::Request& request, CheckedRequest& checked) {
  Delivery delivery;
  bool silent = false;
  const Meant meant = Judge(request, checked, &silent);
  if (!checked.problems.empty() && deps_.on_refused) deps_.on_refused(checked.problems);
  delivery.delay = meant.wait;
  delivery.manner = MannerOf(meant.mode);
  if (meant.mode == Mode::kDrip) {
    delivery.delay = absl::ZeroDuration();
    delivery.drip_pause = meant.wait;
  }
  if (NeverAnswers(meant.mode)) {
    delivery.response = NoAnswer();
  } else if (meant.mode == Mode::kError) {
    delivery.response = http::Text(meant.status, "Service Unavailable\n");
  } else if (meant.mode == Mode::kHtml) {
    delivery.response =
        http::Html(meant.status, "<!doctype html><title>Maintenance</title><h1>Back soon</h1>\n");
  } else if (meant.mode == Mode::kFault) {
    delivery.response = Xml(meant.status, SoapFault("env:Server", "Internal Error (from server)"));
  } else if (checked.message_id.empty()) {
    delivery.response = Xml(500, SoapFault("env:Client", "no message"));
  } else if (!checked.problems.empty()) {
    const AnswerError& error = checked.unknown_sender ? kUnknownSenderError : kInvalidRequestError;
    delivery.response = Xml(200, ErrorAnswer(Frame(checked), error));
  } else if (silent) {
    delivery.response = NoAnswer();
  } else {
    delivery.response = Spoilt(meant.mode, Xml(200, Damaged(Frame(checked), meant)));
    if (meant.mode == Mode::kLost) delivery.response = NoAnswer();
  }
  if (delivery.response.status != http::kNoAnswer) {
    delivery.response.headers.Set("x-global-transaction-id", deps_.ids.Uuid());
  }
  return delivery;
}

Delivery MpiSimulator::Answer(const http::Request& request) {
  if (absl::StartsWith(request.path, "/_sim/")) return Control(request);
  CheckedRequest checked = CheckRequest(request);
  return AnswerMessage(request, checked);
}

http::Response MpiSimulator::Handle(const http::Request& request) {
  Delivery delivery = Answer(request);
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(delivery.delay));
  if (delivery.manner == Manner::kWhole) return std::move(delivery.response);
  return NoAnswer();
}

}  // namespace va::simulators
