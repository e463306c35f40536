#include "lib/config/fields.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/config/edit_distance.h"
#include "lib/testing/test_pki.h"

namespace va::config {
namespace {

struct Settings {
  std::string url;
  std::string level = "info";
  std::string listen = "127.0.0.1:0";
  int threads = 4;
  bool enabled = false;
  absl::Duration timeout = absl::Seconds(5);
  std::vector<std::string> hosts;
  std::map<std::string, std::vector<std::string>> callers;
  std::string ca_file;
  std::string key_file;
};

// A table as a service has it, and its settings.
struct Sample {
  Settings settings;
  Table table{"VA_SAMPLE__"};

  Sample() {
    table.String("mpi.http.url", &settings.url, "Where MPI answers.")
        .Required()
        .HttpUrl()
        .Example("https://mpi.test/psim");
    table.Duration("mpi.http.timeout", &settings.timeout, "Longest wait for MPI.")
        .Range(absl::Milliseconds(10), absl::Minutes(1));
    table.String("log.level", &settings.level, "Least severity.").OneOf({"info", "debug"});
    table.String("grpc.listen", &settings.listen, "Where gRPC is served.").HostPort();
    table.Int("workers.threads", &settings.threads, "Threads.").Range(1, 64);
    table.Bool("enabled", &settings.enabled, "Whether it does anything.");
    table.StringList("hosts", &settings.hosts, "Names we answer to.");
    table.StringListMap("grpc.callers", &settings.callers, "Who may call what.");
    table.FilePath("tls.ca_file", &settings.ca_file, "Roots.");
    table.SecretFile("tls.key_file", &settings.key_file, "Private key.");
  }

  // All problems in one text, a line each.
  std::string Problems(const std::string& yaml, const Environment& environment = {}) {
    std::string out;
    for (const Problem& problem : table.LoadText(yaml, environment)) {
      absl::StrAppend(&out, ToString(problem), "\n");
    }
    return out;
  }
};

constexpr char kGood[] = "mpi: {http: {url: 'https://mpi.test/'}}\n";

}  // namespace

TEST_CASE("Table: values come from the file, the rest keeps its default", "[config]") {
  Sample sample;
  REQUIRE(sample
              .Problems("mpi:\n"
                        "  http:\n"
                        "    url: https://mpi.test/psim\n"
                        "    timeout: 1m\n"
                        "workers: {threads: 8}\n"
                        "enabled: true\n"
                        "hosts: [a.test, b.test]\n"
                        "grpc:\n"
                        "  callers:\n"
                        "    gateway.va.internal: [x/Y, x/Z]\n")
              .empty());
  CHECK(sample.settings.url == "https://mpi.test/psim");
  CHECK(sample.settings.timeout == absl::Minutes(1));
  CHECK(sample.settings.threads == 8);
  CHECK(sample.settings.enabled);
  CHECK(sample.settings.hosts == std::vector<std::string>{"a.test", "b.test"});
  CHECK(sample.settings.callers.at("gateway.va.internal").size() == 2);
  CHECK(sample.settings.level == "info");
}

TEST_CASE("Table: the environment wins over the file", "[config]") {
  Sample sample;
  REQUIRE(sample
              .Problems(kGood, {{"VA_SAMPLE__MPI__HTTP__URL", "https://other.test/"},
                                {"VA_SAMPLE__MPI__HTTP__TIMEOUT", "250ms"},
                                {"VA_SAMPLE__HOSTS", "a.test, b.test"},
                                {"VA_SAMPLE__GRPC__CALLERS", "one=x/Y,x/Z;two=x/Y"},
                                {"VA_OTHER__MPI", "not ours"},
                                {"PATH", "/bin"}})
              .empty());
  CHECK(sample.settings.url == "https://other.test/");
  CHECK(sample.settings.timeout == absl::Milliseconds(250));
  CHECK(sample.settings.hosts.size() == 2);
  CHECK(sample.settings.callers.at("one") == std::vector<std::string>{"x/Y", "x/Z"});
  CHECK(sample.settings.callers.at("two").size() == 1);
}

TEST_CASE("Table: every kind of problem is told with its key and line", "[config]") {
  struct Row {
    const char* what;
    std::string yaml;
    Environment environment;
    std::string problem;
  };
  const std::vector<Row> rows = {
      {"a required key is missing",
       "",
       {},
       "mpi.http.url: is required (or set VA_SAMPLE__MPI__HTTP__URL)\n"},
      {"a required key is empty",
       "mpi: {http: {url: ''}}\n",
       {},
       "mpi.http.url (line 1): is required (or set VA_SAMPLE__MPI__HTTP__URL)\n"},
      {"a required key is null",
       "mpi:\n  http:\n    url:\n",
       {},
       "mpi.http.url (line 3): is required (or set VA_SAMPLE__MPI__HTTP__URL)\n"},
      {"the environment empties a required key",
       kGood,
       {{"VA_SAMPLE__MPI__HTTP__URL", ""}},
       "mpi.http.url: is required (or set VA_SAMPLE__MPI__HTTP__URL)\n"},
      {"an unknown key",
       absl::StrCat(kGood, "log: {levle: info}\n"),
       {},
       "log.levle (line 2): unknown key; did you mean log.level?\n"},
      {"an unknown section",
       absl::StrCat(kGood, "wrokers: {threads: 1}\n"),
       {},
       "wrokers (line 2): unknown key; did you mean workers?\n"},
      {"an unknown key like none",
       absl::StrCat(kGood, "zzzzzzzzzzzz: 1\n"),
       {},
       "zzzzzzzzzzzz (line 2): unknown key\n"},
      {"a key twice",
       absl::StrCat(kGood, "enabled: true\nenabled: false\n"),
       {},
       "enabled (line 3): stands there twice\n"},
      {"a value where a section is",
       absl::StrCat(kGood, "log: info\n"),
       {},
       "log (line 2): must be a section with keys of its own\n"},
      {"a section where a value is",
       absl::StrCat(kGood, "enabled: {a: b}\n"),
       {},
       "enabled (line 2): must be true or false\n"},
      {"a list where a text is",
       absl::StrCat(kGood, "log: {level: [info]}\n"),
       {},
       "log.level (line 2): must be a single value, not a list or a section\n"},
      {"a number that is none",
       absl::StrCat(kGood, "workers: {threads: four}\n"),
       {},
       "workers.threads (line 2): must be a whole number\n"},
      {"a number out of range",
       absl::StrCat(kGood, "workers: {threads: 0}\n"),
       {},
       "workers.threads (line 2): must be from 1 to 64\n"},
      {"a number beyond all numbers",
       absl::StrCat(kGood, "workers: {threads: 99999999999}\n"),
       {},
       "workers.threads (line 2): must be a whole number\n"},
      {"a duration without unit",
       "mpi: {http: {url: 'https://a.test/', timeout: 5}}\n",
       {},
       "mpi.http.timeout (line 1): must be a duration with its unit, such as 5s, 30m or 250ms\n"},
      {"a duration out of range",
       "mpi: {http: {url: 'https://a.test/', timeout: 2m}}\n",
       {},
       "mpi.http.timeout (line 1): must be from 10ms to 1m\n"},
      {"another word for yes",
       absl::StrCat(kGood, "enabled: yes\n"),
       {},
       "enabled (line 2): must be true or false\n"},
      {"a word that is not offered",
       absl::StrCat(kGood, "log: {level: loud}\n"),
       {},
       "log.level (line 2): must be one of info, debug\n"},
      {"a word in capitals",
       absl::StrCat(kGood, "log: {level: INFO}\n"),
       {},
       "log.level (line 2): must be one of info, debug; did you mean info?\n"},
      {"a mistyped word in the environment",
       kGood,
       {{"VA_SAMPLE__LOG__LEVEL", "debgu"}},
       "log.level: must be one of info, debug; did you mean debug?\n"},
      {"an unknown variable like none",
       kGood,
       {{"VA_SAMPLE__ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "1"}},
       "VA_SAMPLE__ZZZZZZZZZZZZZZZZZZZZZZZZZZ: unknown variable\n"},
      {"a section in a variable",
       kGood,
       {{"VA_SAMPLE__LOG", "info"}},
       "VA_SAMPLE__LOG: unknown variable\n"},
      {"an address without port",
       absl::StrCat(kGood, "grpc: {listen: localhost}\n"),
       {},
       "grpc.listen (line 2): must be host:port\n"},
      {"no URL",
       "mpi: {http: {url: 'mpi.test'}}\n",
       {},
       "mpi.http.url (line 1): must be an absolute http(s) URL\n"},
      {"a list that is none",
       absl::StrCat(kGood, "hosts: a.test\n"),
       {},
       "hosts (line 2): must be a list\n"},
      {"a map of no lists",
       absl::StrCat(kGood, "grpc: {callers: {a: b}}\n"),
       {},
       "grpc.callers (line 2): 'a' must be a list\n"},
      {"a file that is not there",
       absl::StrCat(kGood, "tls: {ca_file: /nonexistent/ca}\n"),
       {},
       "tls.ca_file (line 2): cannot be used: /nonexistent/ca: No such file or directory\n"},
      {"an unknown variable",
       kGood,
       {{"VA_SAMPLE__LOG__LEVLE", "info"}},
       "VA_SAMPLE__LOG__LEVLE: unknown variable; did you mean VA_SAMPLE__LOG__LEVEL?\n"},
      {"an unusable variable",
       kGood,
       {{"VA_SAMPLE__WORKERS__THREADS", "x"}},
       "VA_SAMPLE__WORKERS__THREADS: must be a whole number\n"},
      {"a malformed map in a variable",
       kGood,
       {{"VA_SAMPLE__GRPC__CALLERS", "gateway"}},
       "VA_SAMPLE__GRPC__CALLERS: must be name=value,value;name2=...\n"},
      {"no mapping at all",
       "- a\n- b\n",
       {{"VA_SAMPLE__MPI__HTTP__URL", "https://a.test/"}},
       "the file must hold keys with values\n"},
      {"no YAML at all",
       "mpi: [\n",
       {{"VA_SAMPLE__MPI__HTTP__URL", "https://a.test/"}},
       "line 2: end of sequence flow not found\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Sample sample;
    CHECK(sample.Problems(row.yaml, row.environment) == row.problem);
  }
}

TEST_CASE("Table: all problems are told at once", "[config]") {
  Sample sample;
  CHECK(sample.table
            .LoadText("log: {levle: x}\nworkers: {threads: x}\nenabled: perhaps\n",
                      {{"VA_SAMPLE__NOPE", "1"}})
            .size() == 5);
}

TEST_CASE("Table: problems of every kind at once, each with its own line", "[config]") {
  Sample sample;
  CHECK(sample.Problems("log:\n"
                        "  levle: info\n"
                        "  level: loud\n"
                        "workers:\n"
                        "  threads: 65\n"
                        "enabled: perhaps\n"
                        "tls:\n"
                        "  ca_file: /nonexistent/ca\n",
                        {{"VA_SAMPLE__GRPC__LISTEN", "nowhere"}, {"VA_SAMPLE__HOST", "a.test"}}) ==
        "log.levle (line 2): unknown key; did you mean log.level?\n"
        "enabled (line 6): must be true or false\n"
        "VA_SAMPLE__HOST: unknown variable; did you mean VA_SAMPLE__HOSTS?\n"
        "log.level (line 3): must be one of info, debug\n"
        "grpc.listen: must be host:port\n"
        "workers.threads (line 5): must be from 1 to 64\n"
        "tls.ca_file (line 8): cannot be used: /nonexistent/ca: No such file or directory\n"
        "mpi.http.url: is required (or set VA_SAMPLE__MPI__HTTP__URL)\n");
}

TEST_CASE("Table: a tool that shares a file judges its own sections and no others", "[config]") {
  int port = 1;
  Table table("VA_SAMPLE__");
  table.Int("database.port", &port, "Port.").Range(1, 10);
  table.IgnoreOtherSections();
  CHECK(table
            .LoadText("log: {level: loud}\ndatabase: {port: 7}\nenabled: 1\n",
                      {{"VA_SAMPLE__LOG__LEVEL", "x"}})
            .empty());
  CHECK(port == 7);
  const auto problems =
      table.LoadText("database: {prot: 7}\n", {{"VA_SAMPLE__DATABASE__PROT", "1"}});
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].text == "unknown key; did you mean database.port?");
  CHECK(problems[1].text == "unknown variable; did you mean VA_SAMPLE__DATABASE__PORT?");
}

TEST_CASE("Table: an empty list does not satisfy a required key", "[config]") {
  std::vector<std::string> files;
  Table table("VA_SAMPLE__");
  table.StringList("files", &files, "At least one.").Required();
  const auto problems = table.LoadText("files: []\n", {});
  REQUIRE(problems.size() == 1);
  CHECK(ToString(problems[0]) == "files (line 1): is required (or set VA_SAMPLE__FILES)");
}

TEST_CASE("Table: a rule over several keys runs when each is fine by itself", "[config]") {
  Sample sample;
  sample.table.Rule("workers.threads", [&sample] {
    return sample.settings.enabled && sample.settings.threads < 2 ? "needs 2 when enabled" : "";
  });
  CHECK(sample.Problems(absl::StrCat(kGood, "enabled: true\nworkers: {threads: 1}\n")) ==
        "workers.threads (line 3): needs 2 when enabled\n");
}

TEST_CASE("Table K2: a secret's file must be closed to others", "[config][K2]") {
  const testing::TempDir dir;
  Sample sample;
  const auto problems = [&](int mode) {
    const std::string path = dir.Write(absl::StrCat("key", mode), "secret", mode);
    return sample.Problems(absl::StrCat(kGood, "tls: {key_file: ", path, "}\n"));
  };
  CHECK(problems(0600).empty());
  CHECK(problems(0640).empty());
  CHECK(problems(0644).find("must not be open to others") != std::string::npos);
  CHECK(problems(0660).find("must not be open to others") != std::string::npos);
}

TEST_CASE("Table K2: a secret's file that is missing, empty or no file is named with its line",
          "[config][K2]") {
  const testing::TempDir dir;
  Sample sample;
  const auto problems = [&](const std::string& path) {
    return sample.Problems(absl::StrCat(kGood, "tls: {key_file: ", path, "}\n"));
  };
  const std::string empty = dir.Write("empty", "", 0600);
  CHECK(problems(empty) == absl::StrCat("tls.key_file (line 2): is empty: ", empty, "\n"));
  CHECK(problems(dir.path()) ==
        absl::StrCat("tls.key_file (line 2): must name a file: ", dir.path(), "\n"));
  CHECK(problems("/nonexistent/key") ==
        "tls.key_file (line 2): cannot be used: /nonexistent/key: No such file or directory\n");
}

TEST_CASE("Table K1: a secret in place of its file's name is refused, and not repeated in full",
          "[config][K1]") {
  Sample sample;
  const std::string problem = sample.Problems(
      kGood, {{"VA_SAMPLE__TLS__KEY_FILE", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n"}});
  CHECK(problem.find("VA_SAMPLE__TLS__KEY_FILE") == std::string::npos);
  CHECK(problem.find("tls.key_file") != std::string::npos);
  CHECK(problem.find("MIIEvQIBADANBg") == std::string::npos);
  CHECK(sample.Problems(kGood, {{"VA_SAMPLE__TLS__KEY_FILE", "hunter2"}}).find("hunter2") ==
        std::string::npos);
}

TEST_CASE("Table K1: a key that names a secret must name a file", "[config][K1]") {
  std::string secret;
  Table table("VA_SAMPLE__");
  table.SecretFile("api_key", &secret, "Not like this.");
  const auto problems = table.LoadText("", {});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].text == "a key that names a secret must end in _file");
}

TEST_CASE("Table: the example file holds every key and can be read back", "[config]") {
  Sample sample;
  sample.settings.timeout = absl::ZeroDuration();
  const std::string example = sample.table.ExampleYaml();
  CHECK(sample.Problems(example).empty());
  for (const FieldInfo& field : sample.table.Describe()) {
    CAPTURE(field.key);
    CHECK(example.find(field.env) != std::string::npos);
    CHECK(example.find(field.doc) != std::string::npos);
  }
}

TEST_CASE("Table: what is missing comes after what was written wrong", "[config]") {
  Sample sample;
  const auto problems = sample.table.LoadText("log:\n  levle: info\n", {});
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].key == "log.levle");
  CHECK(problems[1].key == "mpi.http.url");
}

TEST_CASE("Table: a file that is no settings is refused in words, and bounded", "[config]") {
  Sample sample;
  const auto first = [&sample](const std::string& yaml) {
    return ToString(sample.table.LoadText(yaml, {}).front());
  };
  CHECK(first(std::string("a: \0", 4)) == "the file holds a NUL byte: it must be YAML in UTF-8");
  CHECK(first("enabled: true\n---\nenabled: false\n") ==
        "the file holds several documents: take out the lines ---");
  CHECK(absl::StrContains(first("log:\n\tlevel: info\n"), "with spaces, never tabs"));

  std::string many;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&many, "zzzzzzzzzzzz", i, ": x\n");
  CHECK(sample.table.LoadText(many, {}).size() <= 101);

  const auto load = [&sample](const std::string& path) {
    return ToString(sample.table.Load(path, {}).front());
  };
  CHECK(load("/tmp") == "/tmp is a folder: name the file in it");
  CHECK(load("/dev/zero") == "/dev/zero is longer than 1 MiB: that is no file of settings");
  CHECK(load("/nowhere/at-all") == "cannot read /nowhere/at-all: No such file or directory");
}

TEST_CASE("ParseDurationText: a number with its unit and nothing else", "[config]") {
  absl::Duration value;
  CHECK((ParseDurationText("1h30m", &value) && value == absl::Minutes(90)));
  CHECK((ParseDurationText("250ms", &value) && value == absl::Milliseconds(250)));
  for (const char* wrong : {"", "5", "0", "inf", "-inf", "5 s", "s", "5x", "five seconds"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseDurationText(wrong, &value));
  }
}

TEST_CASE("Nearest: finds what was meant and does not guess", "[config]") {
  CHECK(EditDistance("levle", "level") == 1);
  CHECK(EditDistance("", "abc") == 3);
  CHECK(Nearest("tiemout", {"timeout", "threads"}) == "timeout");
  CHECK(Nearest("qqq", {"timeout", "threads"}).empty());
}

}  // namespace va::config
