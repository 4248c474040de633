#include "testbench/request_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "testbench/csv.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace {

constexpr std::size_t kMostClients = 100'000;  // as workload.clients
constexpr std::uint64_t kMostBytes = 1'000'000'000'000'000;
constexpr std::uint64_t kMostSeconds = 8'640'000;  // 100 days, which SystemC's clock can count
constexpr std::size_t kDigitsOfPicoseconds = 12;

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

/// Seconds as a decimal number, exactly.
sc_time time_of(const std::string& text) {
  const std::size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? "0" : text.substr(point + 1);
  if (!is_number(whole) || !is_number(fraction) || fraction.size() > kDigitsOfPicoseconds ||
      std::stoull(whole) > kMostSeconds) {
    throw BadValue(fmt::format("time: {} is no time, accepted: seconds from 0 to {}, as in 1.25",
                               quoted(text), kMostSeconds));
  }
  fraction.resize(kDigitsOfPicoseconds, '0');
  return sc_time::from_value(std::stoull(whole) * 1'000'000'000'000 + std::stoull(fraction));
}

Bytes bytes_of(const char* column, const std::string& text, std::uint64_t least) {
  const std::uint64_t count = is_number(text) ? std::stoull(text) : 0;
  if (!is_number(text) || count < least || count > kMostBytes) {
    throw BadValue(fmt::format("{}: {} is no such number of bytes, accepted: {} to {}", column,
                               quoted(text), least, kMostBytes));
  }
  return Bytes(count);
}

/// Numbers names as they come up.
class Names {
public:
  std::uint32_t number(const char* column, const std::string& name) {
    if (name.empty()) {
      throw BadValue(fmt::format("{}: is empty, accepted: a name or a number", column));
    }
    const auto next = static_cast<std::uint32_t>(numbers_.size());
    return numbers_.try_emplace(name, next).first->second;
  }

private:
  std::map<std::string, std::uint32_t> numbers_;
};

class Reader {
public:
  void row(const std::string& line) {
    const auto fields = csv_fields(line);
    if (!fields) throw BadValue("a quoted field does not end where it should");
    if (fields->size() != 5) {
      throw BadValue(
          fmt::format("has {} fields, accepted: the five of {}", fields->size(), kRequestHeading));
    }
    ListedRequest request;
    request.time = time_of((*fields)[0]);
    request.offset = bytes_of("offset", (*fields)[3], 0);
    request.bytes = bytes_of("length", (*fields)[4], 1);
    const std::uint32_t client = clients_.number("client", (*fields)[1]);
    request.file = files_.number("file", (*fields)[2]);
    if (client == kMostClients) {
      throw BadValue(fmt::format("client: one too many, accepted: at most {}", kMostClients));
    }
    if (client >= list_.clients.size()) list_.clients.resize(client + std::size_t{1});
    if (request.file >= list_.file_sizes.size()) {
      list_.file_sizes.resize(request.file + std::size_t{1});
    }
    list_.clients[client].push_back(request);
    Bytes& size = list_.file_sizes[request.file];
    size = std::max(size, request.offset + request.bytes);
  }

  RequestList take() {
    for (auto& requests : list_.clients) {
      std::stable_sort(requests.begin(), requests.end(),
                       [](const auto& a, const auto& b) { return a.time < b.time; });
    }
    return std::move(list_);
  }

  bool empty() const { return list_.clients.empty(); }

private:
  RequestList list_;
  Names clients_;
  Names files_;
};

}  // namespace

std::shared_ptr<const RequestList> read_request_list(const std::string& text,
                                                     const std::string& file, Problems& problems) {
  const std::size_t before = problems.size();
  Reader reader;
  bool headed = false;
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    try {
      if (headed) {
        reader.row(line);
      } else if (line != kRequestHeading) {
        throw BadValue(quoted(line) + " is no heading, accepted: " + kRequestHeading);
      }
    } catch (const BadValue& bad) {
      problems.push_back(fmt::format("{}:{}: {}", file, number, bad.what()));
    }
    headed = true;
  }
  if (problems.size() == before && reader.empty()) {
    problems.push_back(file + ": has no requests, accepted: at least one row");
  }
  if (problems.size() > before) return nullptr;
  return std::make_shared<const RequestList>(reader.take());
}

}  // namespace copypath
