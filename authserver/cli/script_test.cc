// Runs testdata/*.script: command lines a person could type, with what they print.
//   $ command           must exit with 0; `$1 command` with 1
//   in: text            standard input of the next command
//   env: NAME=value     for all commands that follow
//   file: name line     a file of that one line in the working directory
//   err: line           expected on standard error; other lines after a command are expected on standard
//   output
//   ...                 any number of lines on standard output
//   files: a b          exactly these entries are in the working directory
// <name> stands for text that is not known beforehand: the first time it matches up to the character behind
// it (at the end of a line, the rest of the line), later it must be the same, also inside a command.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "authserver/cli/process.h"

namespace authplane::authserver::cli {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/authserver-script-XXXXXX";
    if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Blanks separate words, single quotes keep them together.
std::vector<std::string> words_of(std::string_view command) {
  std::vector<std::string> words;
  bool quoted = false, open = false;
  for (char c : command) {
    if (c == '\'') {
      quoted = !quoted;
      if (!open) words.emplace_back();
      open = true;
    } else if (c == ' ' && !quoted) {
      open = false;
    } else {
      if (!open) words.emplace_back();
      open = true;
      words.back() += c;
    }
  }
  return words;
}

class Script {
 public:
  void run(const std::filesystem::path& file) {
    std::ifstream in(file);
    ASSERT_TRUE(in) << file;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      SCOPED_TRACE(file.filename().string() + ":" + std::to_string(++number));
      if (line.empty() || line[0] == '#') continue;
      step(line);
      if (::testing::Test::HasFatalFailure()) return;
    }
    check_last();
  }

 private:
  void step(const std::string& line) {
    if (line.starts_with("env: ")) {
      std::string assignment = substituted(line.substr(5));
      std::size_t equals = assignment.find('=');
      environment_[assignment.substr(0, equals)] = assignment.substr(equals + 1);
    } else if (line.starts_with("in: ")) {
      input_ = line.substr(4);
    } else if (line.starts_with("file: ")) {
      const std::size_t blank = line.find(' ', 6);
      std::ofstream(directory_.path() + "/" + line.substr(6, blank - 6)) << line.substr(blank + 1) << "\n";
    } else if (line.starts_with("files:")) {
      check_files(words_of(line.substr(6)));
    } else if (line[0] == '$') {
      check_last();
      execute(line);
    } else if (line.starts_with("err: ")) {
      expected_err_.push_back(line.substr(5));
    } else {
      expected_out_.push_back(line);
    }
  }

  void execute(const std::string& line) {
    std::size_t blank = line.find(' ');
    expected_exit_ = blank > 1 ? std::stoi(line.substr(1, blank - 1)) : 0;
    command_ = substituted(line.substr(blank + 1));
    std::vector<std::string> words = words_of(command_);
    ASSERT_EQ(words.at(0), "authserver");
    words[0] = AUTHSERVER_BINARY;
    Process process({words, environment_, directory_.path(), input_});
    last_ = process.finish();
    input_.clear();
  }

  void check_last() {
    if (!last_) return;
    EXPECT_EQ(last_->exit_code, expected_exit_) << command_ << "\n" << last_->out << last_->err;
    check_lines(expected_out_, lines_of(last_->out), "standard output");
    check_lines(expected_err_, lines_of(last_->err), "standard error");
    last_.reset();
    expected_out_.clear();
    expected_err_.clear();
  }

  void check_lines(const std::vector<std::string>& expected, const std::vector<std::string>& seen,
                   const char* stream) {
    if (expected.size() == 1 && expected[0] == "...") return;
    ASSERT_EQ(seen.size(), expected.size()) << command_ << ", " << stream << ":\n"
                                            << ::testing::PrintToString(seen);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_TRUE(matches(expected[i], seen[i]))
          << command_ << "\n expected " << expected[i] << "\n seen     " << seen[i];
    }
  }

  void check_files(const std::vector<std::string>& expected) {
    check_last();
    std::set<std::string> seen;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      seen.insert(entry.path().filename().string());
    }
    EXPECT_EQ(seen, std::set<std::string>(expected.begin(), expected.end()));
  }

  // Position and length of the first placeholder at or after `from`.
  static std::optional<std::pair<std::size_t, std::size_t>> placeholder(std::string_view text,
                                                                        std::size_t from = 0) {
    std::size_t open = text.find('<', from);
    if (open == std::string_view::npos) return std::nullopt;
    std::size_t close = text.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    return std::pair(open, close - open + 1);
  }

  std::string substituted(std::string text) const {
    for (std::size_t from = 0; auto found = placeholder(text, from);) {
      auto known = values_.find(text.substr(found->first, found->second));
      from = found->first + 1;
      if (known != values_.end()) text.replace(found->first, found->second, known->second);
    }
    return text;
  }

  bool matches(std::string_view expected, std::string_view seen) {
    auto found = placeholder(expected);
    if (!found) return expected == seen;
    if (expected.substr(0, found->first) != seen.substr(0, found->first)) return false;
    std::string name(expected.substr(found->first, found->second));
    std::string_view rest = expected.substr(found->first + found->second);
    seen.remove_prefix(found->first);
    std::size_t length = rest.empty() ? seen.size() : seen.find(rest.front());
    if (length == 0 || length == std::string_view::npos) return false;
    auto [known, added] = values_.emplace(name, seen.substr(0, length));
    return known->second == seen.substr(0, length) && matches(rest, seen.substr(length));
  }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> environment_, values_;
  std::string input_, command_;
  int expected_exit_ = 0;
  std::optional<Process::Result> last_;
  std::vector<std::string> expected_out_, expected_err_;
};

class CommandScript : public ::testing::TestWithParam<const char*> {};

TEST_P(CommandScript, PrintsWhatItSays) {
  Script().run(std::filesystem::path(SCRIPT_DIRECTORY) / (std::string(GetParam()) + ".script"));
}

INSTANTIATE_TEST_SUITE_P(Cli, CommandScript,
                         ::testing::Values("usage", "configuration", "resources", "clients", "users", "purge",
                                           "keys", "encryption", "registration", "delegation", "xaa"),
                         [](const auto& script) { return std::string(script.param); });

TEST(Reference, DocumentIsTheOneTheProgramWrites) {
  TemporaryDirectory directory;
  Process process({{AUTHSERVER_BINARY, "config", "reference"}, {}, directory.path(), ""});
  Process::Result result = process.finish();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::ifstream in(REFERENCE_DOCUMENT);
  std::ostringstream document;
  document << in.rdbuf();
  EXPECT_EQ(result.out, document.str()) << "run: authserver config reference > docs/configuration.md";
}

TEST(SampleConfiguration, IsValidAndChangesNothing) {
  TemporaryDirectory directory;
  Process sample(
      {{AUTHSERVER_BINARY, "config", "check", "--config", SAMPLE_CONFIGURATION}, {}, directory.path(), ""});
  Process::Result with_sample = sample.finish();
  EXPECT_EQ(with_sample.exit_code, 0) << with_sample.err;
  EXPECT_EQ(with_sample.err.find("unknown key"), std::string::npos) << with_sample.err;
  EXPECT_NE(with_sample.out.find("  file  "), std::string::npos);
}

TEST(Help, ParentCommandsPrintItAndUnknownOnesFail) {
  TemporaryDirectory directory;
  for (std::vector<std::string> words :
       {std::vector<std::string>{}, {"admin"}, {"admin", "client"}, {"config"}, {"--help"}}) {
    words.insert(words.begin(), AUTHSERVER_BINARY);
    Process::Result result = Process({words, {}, directory.path(), ""}).finish();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("Subcommands"), std::string::npos);
  }
  Process::Result help =
      Process({{AUTHSERVER_BINARY, "admin", "client", "create", "--help"}, {}, directory.path(), ""})
          .finish();
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("authserver admin client create"), std::string::npos) << help.out;
  for (std::vector<std::string> words : {std::vector<std::string>{"start"},
                                         {"admin", "nobody"},
                                         {"serve", "--fast"},
                                         {"admin", "client", "list", "x"}}) {
    words.insert(words.begin(), AUTHSERVER_BINARY);
    Process::Result result = Process({words, {}, directory.path(), ""}).finish();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
    EXPECT_EQ(lines_of(result.err).size(), 1u) << result.err;
  }
}

}  // namespace
}  // namespace authplane::authserver::cli
