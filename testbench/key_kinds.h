// How a configuration field of each C++ type is written in a scenario: its name for people, how
// its text is read, and how it is printed so that it reads back as the same value. A new type of
// field needs one more KeyKind here, a new enumeration one more choices_of().
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/platform/config.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

inline Choices<Timing> choices_of(Timing) {
  return {{"fluid", Timing::kFluid}, {"burst", Timing::kBurst}};
}
inline Choices<Arbitration> choices_of(Arbitration) {
  return {{"round_robin", Arbitration::kRoundRobin},
          {"priority", Arbitration::kPriority},
          {"weighted", Arbitration::kWeighted}};
}
inline Choices<DiskKind> choices_of(DiskKind) {
  return {{"nvme", DiskKind::kNvme}, {"sata_ssd", DiskKind::kSataSsd}, {"hdd", DiskKind::kHdd}};
}
inline Choices<DiskOrder> choices_of(DiskOrder) {
  return {{"fifo", DiskOrder::kFifo}, {"elevator", DiskOrder::kElevator}};
}
inline Choices<WorkloadKind> choices_of(WorkloadKind) {
  return {
      {"file_server", WorkloadKind::kFileServer},     {"proxy", WorkloadKind::kProxy},
      {"random_reader", WorkloadKind::kRandomReader}, {"static_list", WorkloadKind::kStaticList},
      {"web_server", WorkloadKind::kWebServer},       {"log_broker", WorkloadKind::kLogBroker},
      {"file_copy", WorkloadKind::kFileCopy},         {"pipe", WorkloadKind::kPipe}};
}
inline Choices<Modifier> choices_of(Modifier) {
  return {{"none", Modifier::kNone}, {"untrusted", Modifier::kUntrusted}};
}
inline Choices<Transformation> choices_of(Transformation) {
  return {{"none", Transformation::kNone},
          {"tls", Transformation::kTls},
          {"compress", Transformation::kCompress}};
}
inline Choices<FileSource> choices_of(FileSource) {
  return {{"buffered", FileSource::kBuffered},
          {"direct", FileSource::kDirect},
          {"dax", FileSource::kDax}};
}
inline Choices<JavaTarget> choices_of(JavaTarget) {
  return {{"socket", JavaTarget::kSocket},
          {"trusted", JavaTarget::kTrusted},
          {"arbitrary", JavaTarget::kArbitrary}};
}
inline Choices<Order> choices_of(Order) {
  return {{"sequential", Order::kSequential}, {"random", Order::kRandom}};
}
inline Choices<Hazard> choices_of(Hazard) {
  return {{"none", Hazard::kNone},
          {"reuse_buffer", Hazard::kReuseBuffer},
          {"overwrite", Hazard::kOverwrite},
          {"truncate", Hazard::kTruncate}};
}
inline Choices<Link> choices_of(Link) {
  return {{"ethernet", Link::kEthernet}, {"loopback", Link::kLoopback}};
}
inline Choices<Placement> choices_of(Placement) {
  return {{"server", Placement::kServer}, {"disk", Placement::kDisk},
          {"nic", Placement::kNic},       {"node0", Placement::kNode0},
          {"node1", Placement::kNode1},   {"interleave", Placement::kInterleave}};
}
inline Choices<Sink> choices_of(Sink) {
  return {{"discard", Sink::kDiscard}, {"copy", Sink::kCopy}, {"poll", Sink::kPoll}};
}
inline Choices<TlsOffload> choices_of(TlsOffload) {
  return {{"none", TlsOffload::kNone},
          {"bounce", TlsOffload::kBounce},
          {"zerocopy", TlsOffload::kZerocopy}};
}
inline Choices<Data> choices_of(Data) { return {{"tags", Data::kTags}, {"bytes", Data::kBytes}}; }

/// "a, b or c".
inline std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

/// Enumerations.
template <typename T, typename = void>
struct KeyKind {
  static_assert(std::is_enum_v<T>, "a field of this type needs a KeyKind");
  static constexpr const char* kName = "choice";
  static std::vector<std::string> words() {
    std::vector<std::string> words;
    for (const auto& choice : choices_of(T{})) words.push_back(choice.first);
    return words;
  }
  static T parse(const std::string& text) {
    for (const auto& choice : choices_of(T{})) {
      if (choice.first == text) return choice.second;
    }
    throw BadValue(quoted(text) + " is unknown, accepted: " + listed(words()) +
                   did_you_mean(text, words()));
  }
  static std::string print(T value, bool) {
    for (const auto& choice : choices_of(T{})) {
      if (choice.second == value) return choice.first;
    }
    throw std::logic_error("an enumeration value without a name");
  }
};

template <>
struct KeyKind<Bytes> {
  static constexpr const char* kName = "size";
  static Bytes parse(const std::string& text) { return parse_bytes(text); }
  static std::string print(Bytes value, bool) { return to_text(value); }
};

template <>
struct KeyKind<Rate> {
  static constexpr const char* kName = "rate";
  static Rate parse(const std::string& text) { return parse_rate(text); }
  static std::string print(Rate value, bool bits) { return to_text(value, bits); }
};

template <>
struct KeyKind<sc_time> {
  static constexpr const char* kName = "time";
  static sc_time parse(const std::string& text) { return parse_time(text); }
  static std::string print(const sc_time& value, bool) { return to_text(value); }
};

template <>
struct KeyKind<double> {
  static constexpr const char* kName = "ratio";
  static double parse(const std::string& text) { return parse_ratio(text); }
  static std::string print(double value, bool) { return ratio_to_text(value); }
};

template <typename T>
struct KeyKind<T, std::enable_if_t<std::is_unsigned_v<T> && !std::is_same_v<T, bool>>> {
  static constexpr const char* kName = "count";
  static T parse(const std::string& text) {
    const std::uint64_t value = parse_count(text);
    // What does not fit the field is beyond every range, too: let the range name itself.
    return static_cast<T>(std::min<std::uint64_t>(value, std::numeric_limits<T>::max()));
  }
  static std::string print(T value, bool) { return std::to_string(value); }
};

template <>
struct KeyKind<bool> {
  static constexpr const char* kName = "switch";
  static bool parse(const std::string& text) {
    if (text == "true" || text == "on" || text == "yes") return true;
    if (text == "false" || text == "off" || text == "no") return false;
    throw BadValue(quoted(text) + " is not a switch, accepted: true or false (on/off, yes/no)");
  }
  static std::string print(bool value, bool) { return value ? "true" : "false"; }
};

template <>
struct KeyKind<std::string> {
  static constexpr const char* kName = "text";
  static std::string parse(const std::string& text) { return text; }
  static std::string print(const std::string& value, bool) { return value; }
};

/// A version of Linux: "6.18".
template <>
struct KeyKind<KernelVersion> {
  static constexpr const char* kName = "version";
  static KernelVersion parse(const std::string& text);
  static std::string print(KernelVersion value, bool) { return value.text(); }
};

/// Names of data paths, separated by spaces.
template <>
struct KeyKind<std::vector<std::string>> {
  static constexpr const char* kName = "paths";
  static std::vector<std::string> parse(const std::string& text);
  static std::string print(const std::vector<std::string>& value, bool);
};

}  // namespace copypath
