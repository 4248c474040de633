// The arithmetic. Names are those of the primitives (native/primitives_*.cpp); times are what
// counts of their batches (native::Counts), or their median where it says so.
#include "testbench/host_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "native/discarder.h"
#include "testbench/derivation.h"

namespace copypath {

namespace {

using native::HostFacts;
using native::Measured;

constexpr double kPagesPerPiece = 16;  // of 64 KiB
constexpr double kPagesPerMebibyte = 256;
constexpr double kDeep = 128;  // reads at a time
constexpr double kPageBytes = 4096;
constexpr double kPieceBytes = 65536;
constexpr double kMebibyte = 1024 * 1024;
constexpr double kSentPages = native::kPagesOfPacket / kPageBytes;  // by send_packet
constexpr double kFragmentBytes = 32768;
constexpr double kShareOfSkb = 0.4;  // of what an skb costs on loopback; the rest is the softirq's

class Profile : private Derivation {
public:
  Profile(const std::vector<Measured>& measured, const HostFacts& facts)
      : Derivation(measured), facts_(facts) {}

  std::vector<ProfileKey> keys() {
    machine();
    copies();
    calls();
    pages();
    network();
    transformations();
    disk();
    return derived();
  }

private:
  void machine() {
    const auto dot = facts_.kernel.find('.', facts_.kernel.find('.') + 1);
    fact("host.kernel",
         facts_.kernel.substr(0, facts_.kernel.find_first_not_of("0123456789.")).substr(0, dot),
         "uname", "sure");
    fact("cpu.cores", std::to_string(facts_.processors), "the processors that a run uses", "sure");
    time(
        "cpu.syscall", {"system_call"}, [&] { return t_["system_call"]; }, "system_call");
    time(
        "cpu.context_switch", {"context_switch"}, [&] { return t_["context_switch"]; },
        "context_switch");
    time(
        "memory.latency", {"memory_latency"}, [&] { return t_["memory_latency"]; },
        "memory_latency");
    rate(
        "memory.bandwidth", {"copy_in_memory"},
        [&] { return t_["copy_in_memory"] / (3.0 * facts_.processors); },
        "3 / copy_in_memory (read, read for ownership, write) for each core: at least that");
    fact("memory.efficiency", "1", "contained in memory.bandwidth", "by definition");
    cache();
    fact("page_cache.size", fmt::format("{}B", facts_.memory / 2), "half of the memory", "assumed");
    if (facts_.readahead > 0) {
      fact("page_cache.readahead", fmt::format("{}B", facts_.readahead), "sysfs", "sure");
    }
  }

  void cache() {
    const Reach reach = reach_of("copy_of", [this](const std::string& name) { return t_[name]; });
    if (reach.ends) {
      remember("cache.size", reach.bytes);
      fact("cache.size", fmt::format("{:.0f}KiB", reach.bytes / 1024),
           "the working set of which copy_of_* takes the mean of copy_of_1m and copy_from_memory",
           sureness_of(reach.variation));
      return;
    }
    if (facts_.last_cache == 0) return;
    remember("cache.size", static_cast<double>(facts_.last_cache));
    fact("cache.size", fmt::format("{}B", facts_.last_cache), "sysfs, of one processor", "fair");
  }

  /// Up to how many bytes what a series copies is nearer to the cache than to memory.
  struct Reach {
    double bytes = 0;
    bool ends = false;     ///< within what was measured
    double variation = 0;  ///< of the series as far as that
  };
  template <typename Figure>  // of a primitive, by name
  Reach reach_of(const std::string& series, Figure figure) const {
    Reach reach;
    if (!t_.has("copy_of_1m") || !t_.has("copy_from_memory")) return reach;
    const double middle = (figure("copy_of_1m") + figure("copy_from_memory")) / 2;
    double before = 0;  // seconds per byte of the last one that is nearer to the cache
    for (const int mebibytes : {1, 2, 4, 8, 16, 32}) {
      const std::string name = fmt::format("{}_{}m", series, mebibytes);
      if (!t_.has(name)) break;
      const double bytes = mebibytes * kMebibyte;
      reach.variation = std::max(reach.variation, t_.variation(name));
      if (figure(name) > middle) {
        reach.ends = true;
        if (reach.bytes > 0) {
          reach.bytes += (bytes - reach.bytes) * (middle - before) / (figure(name) - before);
        }
        break;
      }
      reach.bytes = bytes;
      before = figure(name);
    }
    return reach;
  }

  void copies() {
    rate(
        "cpu.copy_rate_cached", {"copy_256k"}, [&] { return cached(); }, "copy_256k");
    rate(
        "cpu.copy_rate", {"copy_from_memory", "copy_256k"},
        [&] { return from_memory(t_["copy_from_memory"]); },
        "2 x copy_from_memory - copy_256k: of a copy from memory into the cache, each end is half");
  }
  double cached() const { return t_["copy_256k"]; }
  /// The copy rate, as seconds per byte, if a copy from memory into the cache takes `copy`.
  double from_memory(double copy) const { return std::max(cached(), 2 * copy - cached()); }

  void calls() {
    // A large folio is looked up once in 64 KiB, and a copy goes on to no other one.
    constexpr double kPieceToPage = kPagesPerPiece / (kPagesPerPiece - 1);
    time(
        "cpu.page_lookup", {"refer_folios"}, [&] { return kPieceToPage * t_["refer_folios"]; },
        "16/15 x refer_folios");
    time(
        "cpu.copy_folio", {"read_folios", "refer_folios"},
        [&] { return kPieceToPage * t_["read_folios"] - value("cpu.page_lookup"); },
        "16/15 x read_folios - page_lookup");
    const auto read = [&] { return t_["read_4k"] - kPageBytes * cached(); };
    time(
        "cpu.read_page", {"read_64k", "copy_from_memory", "read_4k", "copy_256k", "memory_latency"},
        [&] {
          const double latency = t_["memory_latency"];  // which the model adds to a pass
          const double page = t_["read_64k"] - kPageBytes * t_["copy_from_memory"];
          return kPieceToPage * std::max(0.0, page - (read() + latency) / kPagesPerPiece);
        },
        "16/15 x (read_64k - its copy as in copy_from_memory - (read_4k + memory_latency) / 16)");
    rate(
        "cpu.copy_rate_large", {"read_1m", "read_4k", "copy_256k", "memory_latency", "read_64k"},
        [&] {
          const double pages = (kPagesPerMebibyte - 1) * value("cpu.read_page");
          const double copy = t_["read_1m"] - read() - t_["memory_latency"] - pages;
          return from_memory(copy / kMebibyte);
        },
        "2 x (read_1m - read_4k - memory_latency - 255 x read_page) / 1 MiB - copy_256k");
    time(
        "cpu.read_call",
        {"read_4k", "copy_256k", "system_call", "refer_folios", "read_folios", "read_64k",
         "memory_latency"},
        [&] {
          return read() - t_["system_call"] - value("cpu.page_lookup") - value("cpu.copy_folio") -
                 value("cpu.read_page");
        },
        "read_4k - its copy as in copy_256k - system_call - page_lookup - copy_folio - read_page");
    time(
        "cpu.splice_page", {"refer", "refer_4k_large_folios"},
        [&] {
          return (kPagesPerPiece * t_["refer"] - t_["refer_4k_large_folios"]) /
                 (kPagesPerPiece - 1);
        },
        "(16 x refer - refer_4k_large_folios) / 15");
    time(
        "cpu.pipe_fill", {"refer_4k_large_folios", "refer", "system_call", "refer_folios"},
        [&] {
          return t_["refer_4k_large_folios"] - t_["system_call"] - value("cpu.page_lookup") -
                 value("cpu.splice_page");
        },
        "refer_4k_large_folios - system_call - page_lookup - splice_page");
    time(
        "cpu.splice_call", {"splice_4k_large_folios", "refer_4k_large_folios", "system_call"},
        [&] {
          return (t_["splice_4k_large_folios"] - t_["refer_4k_large_folios"] - t_["system_call"]) /
                 2;
        },
        "(splice_4k_large_folios - refer_4k_large_folios - system_call) / 2");
  }

  void pages() {
    const auto pages = [&] { return t_["pages_per_fault_large_folios"]; };
    const auto page = [&] { return t_["populate_large_folios"]; };
    const auto folio = [&] {
      return std::max(
          0.0, (t_["fault"] - t_["fault_large_folios"] + (pages() - kPagesPerPiece) * page()) /
                   (kPagesPerPiece - 1));
    };
    const std::initializer_list<const char*> faults{"fault", "fault_large_folios",
                                                    "populate_large_folios"};
    time("cpu.map_page", {"populate_large_folios"}, page, "populate_large_folios");
    time("cpu.map_folio", faults, folio,
         "(fault - fault_large_folios + what more pages that maps) / 15");
    time(
        "cpu.minor_fault", faults,
        [&] { return t_["fault"] - kPagesPerPiece * (folio() + page()); },
        "fault - 16 x (map_folio + map_page)");
    time(
        "cpu.unmap_page", {"unmap_large_folios"}, [&] { return t_["unmap_large_folios"]; },
        "unmap_large_folios");
    time(
        "cpu.unmap_folio", {"unmap", "unmap_large_folios"},
        [&] { return t_["unmap"] - t_["unmap_large_folios"]; }, "unmap - unmap_large_folios");
    time(
        "cpu.walk_page", {"pin_unmapped", "pin", "fault"},
        [&] { return t_["pin_unmapped"] - t_["pin"] - t_["fault"] / kPagesPerPiece; },
        "pin_unmapped - pin - fault / 16");
    time(
        "cpu.pin_page", {"pin", "pin_4k", "refer", "refer_4k_large_folios"},
        [&] {
          return (kPagesPerPiece * t_["pin"] - t_["pin_4k"]) / (kPagesPerPiece - 1) -
                 value("cpu.splice_page");
        },
        "(16 x pin - pin_4k) / 15 - splice_page");
    time(
        "cpu.vmsplice_call", {"pin_4k", "pin", "splice_4k_large_folios", "system_call"},
        [&] {
          return t_["pin_4k"] - 2 * t_["system_call"] - value("cpu.splice_call") -
                 value("cpu.pin_page") - value("cpu.splice_page");
        },
        "pin_4k - 2 x system_call - splice_call - pin_page - splice_page");
  }

  void network() {
    const std::initializer_list<const char*> splices{"splice_2_packets", "splice_packet",
                                                     "splice_4k"};
    const auto handed_page = [&] {
      return (t_["splice_packet"] - t_["splice_4k"]) / (kPagesPerPiece - 1);
    };
    const auto packet = [&] {
      return t_["splice_2_packets"] - t_["splice_packet"] - kPagesPerPiece * handed_page();
    };
    const auto per_byte = [&] {
      return (t_["send_packet"] - t_["send_4k"]) / ((kSentPages - 1) * kPageBytes);
    };
    time(
        "cpu.skb", splices, [&] { return kShareOfSkb * packet(); },
        "0.4 x (splice_2_packets - splice_packet - 16 pages as in splice_packet - splice_4k); the "
        "share is assumed");
    time(
        "cpu.receive", splices, [&] { return (1 - kShareOfSkb) * packet(); }, "0.6 x the same");
    time(
        "cpu.send_call",
        {"send_4k", "system_call", "send_packet", "splice_2_packets", "splice_packet", "splice_4k"},
        [&] { return t_["send_4k"] - t_["system_call"] - packet() - kPageBytes * per_byte(); },
        "send_4k - system_call - skb - receive - its bytes as in send_packet - send_4k");
    time(
        "cpu.ioctl_call", {"ioctl_outq", "system_call"},
        [&] { return t_["ioctl_outq"] - t_["system_call"]; }, "ioctl_outq - system_call");
    time("cpu.send_page", {"splice_packet", "splice_4k"}, handed_page,
         "(splice_packet - splice_4k) / 15");
    time(
        "cpu.splice_send", splices, [&] { return t_["splice_4k"] - packet() - handed_page(); },
        "splice_4k - skb - receive - send_page");
    time(
        "cpu.wakeup", {"wake_receiver"}, [&] { return t_["wake_receiver"]; }, "wake_receiver");
    time(
        "cpu.wake_latency", {"wake_latency"}, [&] { return t_.median("wake_latency"); },
        "wake_latency, the median: nothing is added to it, it varies");
    time(
        "cpu.skb_memory", {"send_packet", "send_4k", "copy_256k"},
        [&] { return kFragmentBytes * (per_byte() - cached()); },
        "32 KiB x ((send_packet - send_4k) per byte - that of a copy in the cache)");
    time(
        "cpu.page_alloc", {"send_zerocopy_packet", "send_zerocopy_4k", "pin", "copy_256k"},
        [&] {
          const double page =
              (t_["send_zerocopy_packet"] - t_["send_zerocopy_4k"]) / (kPagesPerPiece - 1);
          return page - value("cpu.pin_page") - kPageBytes * cached();
        },
        "(send_zerocopy_packet - send_zerocopy_4k) / 15 - pin_page - its copy in the cache");
    time(
        "cpu.zerocopy_notify", {"send_zerocopy_4k", "send_4k", "pin"},
        [&] {
          const double memory = value("cpu.skb_memory") * kPageBytes / kFragmentBytes;
          return t_["send_zerocopy_4k"] - t_["send_4k"] + memory - value("cpu.pin_page") -
                 value("cpu.page_alloc");
        },
        "send_zerocopy_4k - send_4k + skb_memory / 8 - pin_page - page_alloc");
    const std::initializer_list<const char*> rings{"uring_nop", "uring_16_nops"};
    const auto request = [&] { return (t_["uring_16_nops"] - t_["uring_nop"]) / 15; };
    time(
        "cpu.uring_request", rings, [&] { return request() * 2 / 3; },
        "2/3 x (uring_16_nops - uring_nop) / 15; the share is assumed");
    time(
        "cpu.uring_completion", rings, [&] { return request() / 3; },
        "1/3 x (uring_16_nops - uring_nop) / 15");
  }

  void transformations() {
    rate(
        "cpu.checksum_rate", {"checksum"}, [&] { return t_["checksum"]; }, "checksum");
    rate(
        "cpu.crypto_rate", {"aes_gcm"}, [&] { return t_["aes_gcm"]; }, "aes_gcm");
    rate(
        "cpu.compress_rate", {"deflate"}, [&] { return t_["deflate"]; }, "deflate");
  }

  void disk() {
    const std::initializer_list<const char*> cold{"direct_4k_send_64k", "direct_4k_send_1m",
                                                  "direct_4k"};
    const auto refill = [&] {
      return (t_["direct_4k_send_64k"] - t_["direct_4k"]) / (kPagesPerPiece - 1);
    };
    time("cpu.refill_page", cold, refill, "(direct_4k_send_64k - direct_4k) / 15");
    if (value("cpu.refill_page") > 0) {
      const double pages = 1 + (t_["direct_4k_send_1m"] - t_["direct_4k"]) / refill();
      fact("cpu.refill_size",
           fmt::format("{:.0f}KiB",
                       std::clamp(pages, kPagesPerPiece, kPagesPerMebibyte) * kPageBytes / 1024),
           "4 KiB x (1 + (direct_4k_send_1m - direct_4k) / refill_page)",
           sureness_of(t_.variation("direct_4k_send_1m")));
    }
    const auto wait = [&] {
      const double ring = value("cpu.uring_request") + value("cpu.uring_completion");
      const double alone = t_["direct_4k"] - value("cpu.refill_page");
      return (alone - t_["direct_deep_4k"] + ring) * kDeep / (kDeep - 1) - t_["system_call"];
    };
    const auto page = [&] {
      const double more = (t_["direct_1m"] - t_["direct_4k"]) / (kPagesPerMebibyte - 1);
      return more - value("cpu.pin_page");
    };
    const std::initializer_list<const char*> one{"direct_4k", "direct_deep_4k", "system_call"};
    time("cpu.disk_wait", one, wait,
         "(direct_4k - refill_page - direct_deep_4k + uring_request + uring_completion) x 128 / "
         "127 - system_call");
    time("cpu.disk_page", {"direct_1m", "direct_4k"}, page,
         "(direct_1m - direct_4k) / 255 - pin_page");
    time(
        "cpu.disk_request", one,
        [&] {
          return t_["direct_4k"] - t_["system_call"] - value("cpu.refill_page") -
                 value("cpu.disk_wait") - value("cpu.disk_page") - value("cpu.pin_page");
        },
        "direct_4k - system_call - refill_page - disk_wait - disk_page - pin_page");
    if (t_.has("copy_from_disk_1m") && value("cache.size") > 0) delivered();
    rate(
        "disk.bandwidth", {"disk_sequential"}, [&] { return t_["disk_sequential"]; },
        "disk_sequential");
    time(
        "disk.latency", {"disk_random_4k", "disk_sequential"},
        [&] { return t_["disk_random_4k"] - kPageBytes * t_["disk_sequential"]; },
        "disk_random_4k - its transfer");
    if (!t_.has("disk_random_4k") || !t_.has("disk_deep_4k")) return;
    const double channels = std::clamp(t_["disk_random_4k"] / t_["disk_deep_4k"], 1.0, 4096.0);
    fact("disk.channels", fmt::format("{:.0f}", channels), "disk_random_4k / disk_deep_4k",
         sureness_of(std::max(t_.variation("disk_random_4k"), t_.variation("disk_deep_4k"))));
  }

  /// What the cache has of what a disk has delivered, by medians: which of the host's processors
  /// copies a virtual disk's data, and whether that one has the same cache, changes while a path
  /// runs.
  void delivered() {
    const auto figure = [this](const std::string& name) { return t_.median(name); };
    const Reach reach = reach_of("copy_from_disk", figure);
    const double part = std::min(1.0, reach.bytes / value("cache.size"));
    fact("cache.ddio", fmt::format("{:.2g}", part),
         "of how much copy_from_disk_* takes the mean of copy_of_1m and copy_from_memory, / "
         "cache.size; medians",
         sureness_of(reach.variation));
    fact("cache.dma_write_allocate", part > 0.5 ? "true" : "false",
         "whether that is more than half: what DMA brings in cores then keep in their part",
         sureness_of(reach.variation));
    const double near = figure("copy_of_1m");
    const double far = figure("copy_from_memory");
    if (far <= near) return;
    const double share = (far - figure("copy_from_disk_1m")) / (far - near);
    fact("cache.dma_share", fmt::format("{:.2g}", std::clamp(share, 0.0, 1.0)),
         "(copy_from_memory - copy_from_disk_1m) / (copy_from_memory - copy_of_1m); medians",
         sureness_of(t_.variation("copy_from_disk_1m")));
  }

  const HostFacts& facts_;
};

}  // namespace

std::vector<ProfileKey> host_profile(const std::vector<Measured>& measured,
                                     const HostFacts& facts) {
  return Profile(measured, facts).keys();
}

}  // namespace copypath
