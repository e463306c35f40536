#include "lib/telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::telemetry {
namespace internal {
namespace {

// For what is written in the code and wrong there.
template <typename... Words>
[[noreturn]] void Die(const Words&... words) {
  std::fprintf(stderr, "metrics: %s\n", absl::StrCat(words...).c_str());
  std::abort();
}

constexpr size_t kPage = 64;
// A metric with more combinations of values than this was not thought through.
constexpr size_t kMostSeries = size_t{1} << 22;

}  // namespace

// All series of one metric. A combination of values is a number, and the number is a place in a
// table: an update takes no lock and asks no map for the series. Pages of the table, and the series
// in them, come with their first use and stay.
class Series {
 public:
  Series(MetricInfo info, prometheus::MetricType type, std::vector<Label> labels,
         std::vector<double> buckets)
      : info_(std::move(info)),
        type_(type),
        labels_(std::move(labels)),
        buckets_(std::move(buckets)) {
    size_t combinations = 1;
    for (Label& label : labels_) {
      label.values.emplace_back("other");
      combinations *= label.values.size();
      if (combinations > kMostSeries) {
        Die(info_.name, ": too many combinations of labels");
      }
    }
    pages_ = std::vector<std::atomic<Page*>>((combinations + kPage - 1) / kPage);
    // What has no labels, or one, is shown from the start as 0: a rate needs the first step too.
    if (labels_.size() <= 1 && type_ != prometheus::MetricType::Histogram) {
      for (size_t place = 0; place < combinations; ++place) At(place);
    }
  }

  ~Series() {
    for (auto& page : pages_) delete page.load();
  }

  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  void Add(LabelValues values, double by) {
    if (by > 0) At(PlaceOf(values)).value.Increment(by);
  }
  void Set(LabelValues values, double value) { At(PlaceOf(values)).value.Set(value); }
  void Observe(LabelValues values, double seconds) {
    At(PlaceOf(values)).histogram->Observe(seconds);
  }

  prometheus::MetricFamily Collect() const {
    prometheus::MetricFamily family;
    family.name = info_.name;
    family.help = info_.help;
    family.type = type_;
    for (size_t number = 0; number < pages_.size(); ++number) {
      const Page* const page = pages_[number].load(std::memory_order_acquire);
      if (page == nullptr) continue;
      for (size_t i = 0; i < kPage; ++i) {
        const Entry* const entry = (*page)[i].load(std::memory_order_acquire);
        if (entry != nullptr) family.metric.push_back(Read(*entry, number * kPage + i));
      }
    }
    return family;
  }

  const MetricInfo& info() const { return info_; }

 private:
  struct Entry {
    prometheus::Gauge value;  // of counters too: steps are checked in Add()
    std::unique_ptr<prometheus::Histogram> histogram;
  };
  struct Page : std::array<std::atomic<Entry*>, kPage> {
    Page() { fill_with_nothing(); }
    ~Page() {
      for (auto& entry : *this) delete entry.load();
    }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    void fill_with_nothing() {
      for (auto& entry : *this) entry.store(nullptr, std::memory_order_relaxed);
    }
  };

  // A value that is not in the set, and one that was left out, is the last one: "other".
  size_t PlaceOf(LabelValues values) const {
    size_t place = 0;
    const auto* value = values.begin();
    for (const Label& label : labels_) {
      size_t index = label.values.size() - 1;
      if (value != values.end()) {
        index = IndexOf(label, *value);
        ++value;
      }
      place = place * label.values.size() + index;
    }
    return place;
  }

  static size_t IndexOf(const Label& label, absl::string_view value) {
    const size_t last = label.values.size() - 1;
    for (size_t i = 0; i < last; ++i) {
      if (label.values[i] == value) return i;
    }
    return last;
  }

  Entry& At(size_t place) {
    std::atomic<Page*>& slot = pages_[place / kPage];
    Page* page = slot.load(std::memory_order_acquire);
    if (page == nullptr) page = MakePage(slot);
    std::atomic<Entry*>& there = (*page)[place % kPage];
    Entry* const entry = there.load(std::memory_order_acquire);
    return entry == nullptr ? MakeEntry(there) : *entry;
  }

  Page* MakePage(std::atomic<Page*>& slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (slot.load() == nullptr) slot.store(new Page, std::memory_order_release);
    return slot.load();
  }

  Entry& MakeEntry(std::atomic<Entry*>& there) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (there.load() == nullptr) {
      auto entry = std::make_unique<Entry>();
      if (type_ == prometheus::MetricType::Histogram) {
        entry->histogram = std::make_unique<prometheus::Histogram>(buckets_);
      }
      there.store(entry.release(), std::memory_order_release);
    }
    return *there.load();
  }

  prometheus::ClientMetric Read(const Entry& entry, size_t place) const {
    prometheus::ClientMetric metric;
    if (entry.histogram != nullptr) {
      metric = entry.histogram->Collect();
    } else {
      metric.counter.value = entry.value.Value();
      metric.gauge.value = metric.counter.value;
    }
    for (auto label = labels_.rbegin(); label != labels_.rend(); ++label) {
      metric.label.push_back({label->name, label->values[place % label->values.size()]});
      place /= label->values.size();
    }
    std::reverse(metric.label.begin(), metric.label.end());
    return metric;
  }

  const MetricInfo info_;
  const prometheus::MetricType type_;
  std::vector<Label> labels_;
  const std::vector<double> buckets_;
  std::mutex mutex_;  // of making pages and entries
  std::vector<std::atomic<Page*>> pages_;
};

}  // namespace internal

namespace {

using internal::Die;

struct Reading {
  std::vector<Metrics::FixedLabel> labels;
  std::function<double()> read;
};

struct ReadingFamily {
  MetricInfo info;
  std::vector<Reading> readings;
};

bool IsName(absl::string_view text) {
  if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void RequireNames(const std::string& metric, const std::vector<std::string>& labels) {
  if (!IsName(metric)) Die("not a metric's name: ", metric);
  for (const std::string& label : labels) {
    if (!IsName(label)) Die(metric, ": not a label: ", label);
  }
}

prometheus::MetricFamily Collect(const ReadingFamily& family) {
  prometheus::MetricFamily out;
  out.name = family.info.name;
  out.help = family.info.help;
  out.type = family.info.type == "counter" ? prometheus::MetricType::Counter
                                           : prometheus::MetricType::Gauge;
  for (const Reading& reading : family.readings) {
    prometheus::ClientMetric metric;
    metric.counter.value = reading.read();
    // What does not exist at the moment has no value; 0 would be one, and an alarm.
    if (std::isnan(metric.counter.value)) continue;
    metric.gauge.value = metric.counter.value;
    for (const auto& label : reading.labels) metric.label.push_back({label.name, label.value});
    out.metric.push_back(std::move(metric));
  }
  return out;
}

prometheus::MetricType TypeOf(absl::string_view type) {
  if (type == "counter") return prometheus::MetricType::Counter;
  if (type == "histogram") return prometheus::MetricType::Histogram;
  return prometheus::MetricType::Gauge;
}

}  // namespace

class Metrics::Impl {
 public:
  internal::Series* Add(MetricInfo info, std::vector<Label> labels, std::vector<double> buckets) {
    for (const Label& label : labels) info.labels.push_back(label.name);
    RequireNames(info.name, info.labels);
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& series = series_[info.name];
    if (series == nullptr) {
      if (readings_.contains(info.name)) {
        Die(info.name, " is a reading already");
      }
      const prometheus::MetricType type = TypeOf(info.type);
      series = std::make_unique<internal::Series>(std::move(info), type, std::move(labels),
                                                  std::move(buckets));
    } else if (series->info().labels != info.labels || series->info().type != info.type) {
      Die(info.name, " exists with other labels");
    }
    return series.get();
  }

  void AddReading(MetricInfo info, Reading reading) {
    for (const auto& label : reading.labels) info.labels.push_back(label.name);
    RequireNames(info.name, info.labels);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (series_.contains(info.name)) {
      Die(info.name, " is counted already");
    }
    auto& family = readings_[info.name];
    family.info = std::move(info);
    family.readings.push_back(std::move(reading));
  }

  std::string Text() const {
    std::vector<prometheus::MetricFamily> families;
    std::vector<ReadingFamily> asked;
    {
      // Held against new metrics alone: updates do not take it.
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& [name, series] : series_) families.push_back(series->Collect());
      for (const auto& [name, family] : readings_) asked.push_back(family);
    }
    // Without the lock: a reading may wait for somebody who is about to make a metric.
    for (const ReadingFamily& family : asked) families.push_back(Collect(family));
    std::sort(families.begin(), families.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return prometheus::TextSerializer().Serialize(families);
  }

  std::vector<MetricInfo> Catalogue() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<MetricInfo> all;
    for (const auto& [name, series] : series_) all.push_back(series->info());
    for (const auto& [name, family] : readings_) all.push_back(family.info);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<internal::Series>> series_;
  std::map<std::string, ReadingFamily> readings_;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}

Metrics::~Metrics() = default;

Counter Metrics::AddCounter(const std::string& name, const std::string& help,
                            std::vector<Label> labels) {
  if (!absl::EndsWith(name, "_total")) {
    Die(name, ": a counter's name ends in _total");
  }
  return Counter(impl_->Add({name, "counter", help, {}}, std::move(labels), {}));
}

Gauge Metrics::AddGauge(const std::string& name, const std::string& help,
                        std::vector<Label> labels) {
  return Gauge(impl_->Add({name, "gauge", help, {}}, std::move(labels), {}));
}

Histogram Metrics::AddHistogram(const std::string& name, const std::string& help,
                                std::vector<Label> labels, std::vector<double> buckets) {
  if (!absl::EndsWith(name, "_seconds")) {
    Die(name, ": a histogram's name ends in _seconds");
  }
  if (buckets.empty()) buckets = DefaultBuckets();
  return Histogram(
      impl_->Add({name, "histogram", help, {}}, std::move(labels), std::move(buckets)));
}

void Metrics::AddReading(const std::string& name, const std::string& help,
                         std::vector<FixedLabel> labels, std::function<double()> read) {
  const char* const type = absl::EndsWith(name, "_total") ? "counter" : "gauge";
  impl_->AddReading({name, type, help, {}}, {std::move(labels), std::move(read)});
}

std::string Metrics::Text() const { return impl_->Text(); }

std::vector<MetricInfo> Metrics::Catalogue() const { return impl_->Catalogue(); }

void Counter::Add(LabelValues labels, double by) const {
  if (series_ != nullptr) series_->Add(labels, by);
}

void Gauge::Set(LabelValues labels, double value) const {
  if (series_ != nullptr) series_->Set(labels, value);
}

void Histogram::Observe(LabelValues labels, absl::Duration took) const {
  if (series_ != nullptr) series_->Observe(labels, absl::ToDoubleSeconds(took));
}

std::vector<double> DefaultBuckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

}  // namespace va::telemetry
