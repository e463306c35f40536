// fuzz-replay-TARGET PATH…: feeds files, and every file of folders, to one target, in any build and
// without libFuzzer. Exit 1 when there is none, or when none reached the verdict that the target
// names: a corpus that was refused at the door covers nothing.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/harness.h"

namespace {

std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool Feed(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return false;
  }
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  // A finding ends the program: what it read last stands in front of it.
  std::fprintf(stderr, "%s\n", file.filename().c_str());
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  size_t fed = 0;
  bool asked_for_folder = false;
  for (int i = 1; i < argc; ++i) {
    asked_for_folder = asked_for_folder || std::filesystem::is_directory(argv[i]);
    for (const std::filesystem::path& file : FilesOf(argv[i])) {
      if (!Feed(file)) return 2;
      ++fed;
    }
  }
  std::printf("%zu inputs\n%s", fed, va::fuzz::VerdictTable().c_str());
  if (fed == 0) {
    std::printf("no input\n");
    return 1;
  }
  if (asked_for_folder && va::fuzz::VerdictCount(va::fuzz::kMustReach) == 0) {
    std::printf("none reached %s\n", va::fuzz::kMustReach);
    return 1;
  }
  return 0;
}
