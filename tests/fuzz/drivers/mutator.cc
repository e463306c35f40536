// How libFuzzer changes an input that carries XML: half of the time byte by byte, as always, half
// of the time element by element, so that most of what comes out is still well-formed and reaches
// what lies behind the parser. What stands in front of the first '<' are the input's options.
#include <algorithm>
#include <cstring>
#include <string>

#include "tests/fuzz/harness.h"
#include "tests/fuzz/markup.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

// The bits of libFuzzer's seed, a few at a time: the same seed makes the same mutation.
class Dice {
 public:
  explicit Dice(unsigned int seed) : state_(seed * 2654435769U + 1) {}
  uint8_t Byte() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return static_cast<uint8_t>(state_ >> 11);
  }

 private:
  uint32_t state_;
};

std::string MutateElements(absl::string_view input, size_t xml_at, Dice& dice) {
  std::string xml(input.substr(xml_at));
  const int edits = 1 + dice.Byte() % 4;
  for (int i = 0; i < edits; ++i) {
    xml = va::fuzz::Apply({dice.Byte(), dice.Byte(), dice.Byte(), dice.Byte()}, xml);
  }
  return std::string(input.substr(0, xml_at)) + xml;
}

// The options alone, byte by byte.
size_t MutateOptions(uint8_t* data, size_t size, size_t max_size, size_t xml_at) {
  const std::string xml(reinterpret_cast<const char*>(data) + xml_at, size - xml_at);
  const size_t room = std::min<size_t>(max_size - xml.size(), 72);
  const size_t options = LLVMFuzzerMutate(data, std::min(xml_at, room), room);
  std::memcpy(data + options, xml.data(), xml.size());
  return options + xml.size();
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  Dice dice(seed);
  const absl::string_view input = va::fuzz::TextOf(data, size);
  const size_t xml_at = input.find('<');
  const int choice = dice.Byte() % 8;
  if (xml_at == absl::string_view::npos || choice < 3)
    return LLVMFuzzerMutate(data, size, max_size);
  if (choice == 3 && max_size - (size - xml_at) > 0) {
    return MutateOptions(data, size, max_size, xml_at);
  }
  const std::string mutated = MutateElements(input, xml_at, dice);
  if (mutated.empty() || mutated.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, mutated.data(), mutated.size());
  return mutated.size();
}
