#include "lib/telemetry/queued_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace va::telemetry {
namespace {

// How often a thread that waits for room looks whether it should give up.
constexpr int kPollMs = 50;

}  // namespace

QueuedSink::QueuedSink(int fd, std::string service, const base::Clock& clock,
                       QueuedSinkOptions options)
    : fd_(fd), service_(std::move(service)), clock_(clock), options_(options), thread_([this] {
        Run();
      }) {}

QueuedSink::~QueuedSink() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    closing_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.flush_timeout),
                      [this] { return bytes_ == 0; });
    give_up_ = true;
  }
  thread_.join();
}

bool QueuedSink::Write(absl::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (bytes_ + line.size() > options_.max_bytes) {
    ++stats_.dropped_full;
    ++untold_;
    return false;
  }
  bytes_ += line.size();
  lines_.emplace_back(line);
  if (lines_.size() == 1) changed_.notify_all();
  return true;
}

QueuedSinkStats QueuedSink::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

void QueuedSink::Run() {
  while (true) {
    std::deque<std::string> lines;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return closing_ || !lines_.empty(); });
      if (lines_.empty()) break;
      lines.swap(lines_);
    }
    for (const std::string& line : lines) Deliver(line);
  }
  TellDropped();
}

void QueuedSink::Deliver(const std::string& line) {
  const bool written = TellDropped() && WriteOut(line);
  const std::lock_guard<std::mutex> lock(mutex_);
  // Until now, so that what is being written counts against the bound as well.
  bytes_ -= line.size();
  written ? ++stats_.written : ++stats_.dropped_failed;
  untold_ += written ? 0 : 1;
  if (bytes_ == 0) changed_.notify_all();
}

// True when the log is known to hold everything or to say what it lacks.
bool QueuedSink::TellDropped() {
  int64_t untold = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    untold = untold_;
  }
  if (untold == 0) return true;
  if (!WriteOut(FormatLine(clock_.Now(), service_, Severity::kWarn, "log.dropped",
                           {{"lines", untold}}))) {
    return false;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  untold_ -= untold;
  return true;
}

// The descriptor may be a blocking one. In pieces that a pipe takes without waiting once it says
// that it has room, so that a reader who stopped reading does not hold the thread for ever.
bool QueuedSink::WriteOut(absl::string_view line) {
  const std::string whole = absl::StrCat(torn_ ? "\n" : "", line);
  absl::string_view text = whole;
  while (!text.empty()) {
    pollfd waited{fd_, POLLOUT, 0};
    const int ready = ::poll(&waited, 1, give_up_ ? 0 : kPollMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) {
      if (!give_up_) continue;
      break;
    }
    const ssize_t written = ::write(fd_, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<size_t>(written));
  }
  // Nothing of the line, or all of it, leaves the file as whole as it was; a line end alone mends
  // it.
  if (text.size() != whole.size()) torn_ = !text.empty() && text.size() < line.size();
  return text.empty();
}

}  // namespace va::telemetry
