// What a path is made of, measured piece by piece: a system call, a copy, a page fault, a small
// packet on loopback. Never a path, so that what is predicted from these has not been measured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/cached_file.h"
#include "native/discarder.h"
#include "native/spread.h"

namespace copypath::native {

/// What calls took, each; and those that they made besides, which were made alone in turns with
/// them, so that what the machine did meanwhile has hit both alike.
struct Batch {
  Batch(double call, double other = 0) : seconds(call), besides(other) {}

  double without() const { return seconds - besides; }

  double seconds;
  double besides;
};

/// Seconds per call, of so many.
using SecondsPer = std::function<double(std::size_t times)>;
/// So many of both, in turns.
Batch in_turns(std::size_t times, const SecondsPer& calls, const SecondsPer& besides);

/// The same of calls to a receiver (seconds_per_call()).
Batch seconds_beside(const Discarder& to, std::size_t times, double packets,
                     const std::function<void()>& call, const std::function<void()>& besides);

/// At a place in a file.
using CallAt = std::function<void(off_t)>;

/// Measures calls of that size, with a pread() of the file, from the part of it that stays in a
/// cache, and a send() each, of a page: what a path calls besides reading and sending. With a
/// send() alone, each such call would be charged with what the send takes longer if anything else
/// was called before it.
std::function<Batch()> with_a_read_and_send(const Receiver& to, const File& file, std::size_t size,
                                            CallAt call);

/// What counts of several batches.
enum class Counts {
  /// The batch that took the least time as a whole, with what was made besides taken off.
  kFastest,
  /// How a call compares to what was made besides, times the least of that: what slows a batch down
  /// slows both. The median of the half of the batches that took the least. For calls that take
  /// much less than what is made besides.
  kShare,
  /// The same with nothing taken off, of calls in turns with a send() of 4 KiB, which takes the
  /// same for all of these: so their differences are not those of their luck.
  kMultiple
};

/// Something that can be measured in batches.
struct Primitive {
  const char* name;  ///< "read_hot_64k"
  const char* unit;  ///< what the value is per: "call", "byte", "page", "fault"
  const char* how;   ///< one line
  /// Measures one batch. Throws Unsupported if it cannot be done here.
  std::function<Batch()> batch;
  double units = 1;  ///< in a call
  Counts counts = Counts::kFastest;
};

struct Measured {
  std::string name;
  std::string unit;
  std::string how;
  std::string missing;  ///< why it could not be measured; then there is no spread
  Spread spread;        ///< of the batches, in seconds per unit
};

/// Of at least one batch. `least_send` is that of a send() of 4 KiB. The variation is
/// that of the batches as a whole.
Spread spread_of_batches(const std::vector<Batch>& batches, Counts counts = Counts::kFastest,
                         double least_send = 0);

/// What the operating system says of this machine.
struct HostFacts {
  std::string kernel;  ///< "6.18.1"
  unsigned processors = 0;
  std::uint64_t memory = 0;      ///< bytes
  std::uint64_t last_cache = 0;  ///< bytes of the last-level cache of one processor; 0: unknown
  std::uint64_t readahead = 0;   ///< bytes, of the disk below the folder; 0: unknown
};
HostFacts host_facts(const std::string& folder);

/// Rounds in which every primitive is measured once, in turns, so that what the machine does
/// meanwhile hits all of them alike.
class Calibration {
public:
  /// Temporary files are in `folder`. Where a file that is served has the folios that a primitive
  /// asks for, all in memory, that one is measured: how its pages lie in memory makes a difference.
  /// To be called while this process has only one thread. Throws MachineLacks.
  explicit Calibration(const std::string& folder, const InputFiles* served = nullptr);

  /// `tick` is called often, with the share of the round that is done; what it throws ends it.
  void round(const std::function<void(double share)>& tick);

  /// After at least one round.
  std::vector<Measured> measured() const;

private:
  struct Batches {
    Primitive primitive;
    std::vector<Batch> values;
    std::string missing;
  };

  /// Of a send() of 4 KiB, of as many batches as anything else has: the median of the primitives
  /// that have it besides.
  double least_send() const;

  std::vector<Batches> batches_;
};

// The groups, each with what it needs held by its batches.
std::vector<Primitive> processor_primitives(const Receiver& to);
std::vector<Primitive> file_primitives(const Receiver& to, const CachedFiles& files);
std::vector<Primitive> mapping_primitives(const Receiver& to, const CachedFiles& files);
std::vector<Primitive> network_primitives(const Receiver& to);
std::vector<Primitive> disk_primitives(const Receiver& to, const std::string& folder);

/// Seconds of CPU time that this thread takes for `work`.
double cpu_seconds(const std::function<void()>& work);

}  // namespace copypath::native
