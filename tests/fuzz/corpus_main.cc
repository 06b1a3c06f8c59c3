// Runs a fuzzer over files and folders of inputs, for compilers without libFuzzer. Each input is also tried
// with every prefix and with single bytes changed, so that a small corpus reaches the places where reading
// stops.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// A copy of exactly that size, so that AddressSanitizer sees a read past the end.
void run(const std::string& input) {
  const std::string exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(exact.data()), exact.size());
}

void run_with_neighbours(const std::string& input) {
  run(input);
  const std::size_t step = input.size() / 64 + 1;
  for (std::size_t at = 0; at < input.size(); at += step) {
    run(input.substr(0, at));
    for (const char c : {'\0', '"', '\xFF'}) {
      std::string changed = input;
      changed[at] = c;
      run(changed);
    }
  }
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  int inputs = 0;
  run("");
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      run_with_neighbours(read(entry.path()));
      ++inputs;
    }
  }
  std::printf("%d inputs with their neighbours\n", inputs);
  return inputs > 0 ? 0 : 1;
}
