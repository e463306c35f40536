#include "lib/service/flags.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "lib/service/frame.h"

namespace va::service {

std::optional<int> ParseFlags(int argc, char** argv, const ServiceSpec& spec, Flags& flags) {
  CLI::App app(spec.summary, spec.name);
  app.add_option("-c,--config", flags.config_file, "YAML file with the settings")
      ->type_name("FILE");
  CLI::Option_group* mode = app.add_option_group("instead of serving");
  mode->add_flag("--check-config", flags.check_config,
                 "list everything that is wrong with the settings and their files, open nothing");
  mode->add_flag("--print-example-config", flags.print_example_config,
                 "print a commented file with every setting");
  mode->add_flag("--migrate", flags.migrate,
                 "bring the database schema up to date as its owner, then exit");
  mode->require_option(0, 1);
  app.footer(absl::StrCat(
      "Every setting can also stand in the environment: ", spec.env_prefix, "<KEY>, dots as __.\n",
      "Exit codes: 0 asked to stop, 1 could not run, 2 wrong flags or settings."));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace va::service
