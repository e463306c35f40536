#include "lib/service/flags.h"

#include <iostream>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "lib/service/frame.h"

namespace va::service {

namespace {

std::string Footer(const ServiceSpec& spec) {
  return absl::StrCat(
      "First steps:\n"
      "  ",
      spec.name, " --print-example-config > ", spec.name,
      ".yaml    every setting, with its default\n"
      "  ",
      spec.name,
      " --explain database           what the keys of a section mean\n"
      "  ",
      spec.name,
      " --config FILE --check-config all problems at once, with their lines\n"
      "  ",
      spec.name,
      " --config FILE --migrate      then start it with --config FILE alone\n\n"
      "Every setting can also stand in the environment, which wins over the file: ",
      spec.env_prefix, "<KEY>,\nin capitals, dots as __. Example: ", spec.env_prefix,
      "LOG__LEVEL=debug\n"
      "Signals: TERM or INT drains and stops, HUP reads again what takes effect on reload.\n"
      "Exit codes: 0 asked to stop or done, 1 could not run, 2 wrong flags or settings.\n"
      "All settings: docs/configuration.md");
}

// An option whose value may be left out: "" then.
void AddOptional(CLI::Option_group& group, const std::string& name, const std::string& value_name,
                 std::optional<std::string>& value, const std::string& help) {
  group
      .add_option_function<std::vector<std::string>>(
          name,
          [&value](const std::vector<std::string>& given) {
            value = given.empty() ? "" : given.front();
          },
          help)
      ->expected(0, 1)
      ->type_name("")
      ->option_text(value_name);
}

}  // namespace

std::optional<int> ParseFlags(int argc, char** argv, const ServiceSpec& spec, Flags& flags) {
  CLI::App app(spec.summary, spec.name);
  app.add_option("-c,--config", flags.config_file, "YAML file with the settings")
      ->type_name("FILE");
  CLI::Option_group* mode = app.add_option_group("instead of serving");
  mode->add_flag("--check-config", flags.check_config,
                 "list everything that is wrong with the settings and their files, open nothing");
  mode->add_flag("--print-example-config", flags.print_example_config,
                 "print a commented file with every setting");
  AddOptional(*mode, "--explain", "[KEY]", flags.explain,
              "tell all about one setting, or about a section; without KEY list them all");
  mode->add_flag("--migrate", flags.migrate,
                 "bring the database schema up to date as its owner, then exit");
  AddOptional(*mode, "--print-config-reference", "common|own", flags.config_reference,
              "print the tables of docs/configuration.md: rows of all services, or its own");
  mode->require_option(0, 1);
  app.footer(Footer(spec));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace va::service
