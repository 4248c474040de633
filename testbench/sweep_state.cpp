#include "testbench/sweep_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "models/platform/simulate.h"
#include "testbench/keys.h"

namespace copypath {

using Json = nlohmann::ordered_json;

namespace {

const std::string kHeader = "copypath sweep, results so far\n";
constexpr std::size_t kDigest = 64;  // characters

std::string digest(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", bytes.at(i));
  return hex;
}

std::string content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The same through a descriptor that stays open: closing another one would give up the lock.
std::string content_of(int descriptor) {
  std::string text;
  std::array<char, 65536> block{};
  for (ssize_t count = 0; (count = pread(descriptor, block.data(), block.size(),
                                         static_cast<off_t>(text.size()))) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

/// The program itself: what is built anew may compute something else under the same version.
const std::string& program() {
  static const std::string kDigestOfIt = digest(content_of("/proc/self/exe"));
  return kDigestOfIt;
}

/// What is known of an input file without reading it.
std::string input(const std::string& file) {
  struct stat status {};
  if (file.empty() || stat(file.c_str(), &status) != 0) return "";
  return fmt::format("{} {} {}.{:09}\n", file, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  throw OutputError(fmt::format("cannot write {}: {}", file, what));
}

/// The line without its digest; empty if it is not whole.
std::string checked(const std::string& line) {
  if (line.size() <= kDigest || line[kDigest] != ' ') return "";
  const std::string rest = line.substr(kDigest + 1);
  return digest(rest) == line.substr(0, kDigest) ? rest : "";
}

}  // namespace

std::string fingerprint(const Config& config, const std::string& path) {
  std::string text =
      program() + "\n" + path + "\n" + input(config.workload.file) + input(config.workload.list);
  for (const Key& key : keys()) {
    const bool says_nothing = key.name == "title" || key.name == "host" || key.name == "path";
    if (!says_nothing) text += key.name + " = " + key.get(config) + "\n";
  }
  return digest(text);
}

SweepState::SweepState(std::string file) : file_(std::move(file)) {
  if (file_.empty()) return;
  descriptor_ = open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(file_, std::strerror(errno));
  // Not flock(): that would live on in simulations which outlive a killed sweep by a moment.
  struct flock lock {};
  lock.l_type = F_WRLCK;
  if (fcntl(descriptor_, F_SETLK, &lock) != 0) {
    close(descriptor_);
    fail(file_,
         errno == EAGAIN || errno == EACCES ? "another sweep is writing it" : std::strerror(errno));
  }
  try {
    read();
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

SweepState::~SweepState() {
  if (descriptor_ >= 0) close(descriptor_);
}

/// Takes the lines that are whole, and cuts off what follows them.
void SweepState::read() {
  const std::string text = content_of(descriptor_);
  const bool begun = text.compare(0, kHeader.size(), kHeader) == 0;
  if (!begun && kHeader.compare(0, text.size(), text) != 0) {
    fail(file_, "it is there, and not what an interrupted sweep has left; remove or rename it");
  }
  std::size_t good = begun ? kHeader.size() : 0;
  for (std::size_t end = 0; (end = text.find('\n', good)) != std::string::npos; good = end + 1) {
    const std::string line = checked(text.substr(good, end - good));
    if (line.empty()) break;
    const Json json = Json::parse(line);
    results_[json.at("of").get<std::string>()] = result_from_json(json.at("result"));
  }
  restored_ = results_.size();
  if (ftruncate(descriptor_, static_cast<off_t>(good)) != 0) fail(file_, std::strerror(errno));
  if (!begun) append(kHeader);
}

void SweepState::append(const std::string& line) {
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write(descriptor_, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file_, std::strerror(errno));
    written += static_cast<std::size_t>(count);
  }
}

const Result* SweepState::find(const std::string& fingerprint) const {
  const auto found = results_.find(fingerprint);
  return found == results_.end() ? nullptr : &found->second;
}

void SweepState::add(const std::string& fingerprint, const Result& result) {
  results_[fingerprint] = result;
  if (descriptor_ < 0) return;
  const std::string rest = Json{{"of", fingerprint}, {"result", to_json(result)}}.dump();
  append(digest(rest) + " " + rest + "\n");
}

void SweepState::remove() {
  if (descriptor_ >= 0) unlink(file_.c_str());
}

}  // namespace copypath
