// What a service counts and measures, in the text form of Prometheus. Every label has a closed set
// of values, named when the metric is made; any other value is counted as "other", so nothing from
// outside ever becomes a label (attack L1) and no flood of values can fill the memory. An update
// costs some tens of nanoseconds; a scrape reads beside updates and holds none of them up.
//
// Metrics owns the series. Handles are small, copied freely, and end with it.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::telemetry {

// A label and all values it may have. "other" is added by itself.
struct Label {
  std::string name;
  std::vector<std::string> values;
};

using LabelValues = std::initializer_list<absl::string_view>;

namespace internal {
class Series;
}

// Counts what happened. `labels` holds a value for each label, in their order.
class Counter {
 public:
  Counter() = default;  // counts nothing
  void Add(LabelValues labels = {}, double by = 1) const;

 private:
  friend class Metrics;
  explicit Counter(internal::Series* series) : series_(series) {}
  internal::Series* series_ = nullptr;
};

// A value that goes up and down.
class Gauge {
 public:
  Gauge() = default;
  void Set(LabelValues labels, double value) const;

 private:
  friend class Metrics;
  explicit Gauge(internal::Series* series) : series_(series) {}
  internal::Series* series_ = nullptr;
};

// How long something took, in seconds.
class Histogram {
 public:
  Histogram() = default;
  void Observe(LabelValues labels, absl::Duration took) const;

 private:
  friend class Metrics;
  explicit Histogram(internal::Series* series) : series_(series) {}
  internal::Series* series_ = nullptr;
};

// What a page about the metrics has to know of one.
struct MetricInfo {
  std::string name;
  std::string type;  // counter, gauge, histogram
  std::string help;
  std::vector<std::string> labels;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Names are [a-z][a-z0-9_]*; a counter's ends in _total, a histogram's in _seconds. The same name
  // again, with the same labels, is the same metric. A wrong name ends the program: it is written
  // in the code, and the first test run shows it.
  Counter AddCounter(const std::string& name, const std::string& help,
                     std::vector<Label> labels = {});
  Gauge AddGauge(const std::string& name, const std::string& help, std::vector<Label> labels = {});
  // `buckets` are upper bounds in seconds, rising; empty: DefaultBuckets().
  Histogram AddHistogram(const std::string& name, const std::string& help,
                         std::vector<Label> labels = {}, std::vector<double> buckets = {});

  // Asked at every scrape, by the thread that scrapes; what it reads must live as long as this. A
  // name that ends in _total is shown as a counter. One reading per set of label values.
  struct FixedLabel {
    std::string name;
    std::string value;
  };
  void AddReading(const std::string& name, const std::string& help, std::vector<FixedLabel> labels,
                  std::function<double()> read);

  // Everything, in the text format 0.0.4. Thread-safe.
  std::string Text() const;

  // All metrics by name.
  std::vector<MetricInfo> Catalogue() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The media type of Text().
inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// From 1 ms to 10 s: calls between services and answers of the edge.
std::vector<double> DefaultBuckets();

}  // namespace va::telemetry
