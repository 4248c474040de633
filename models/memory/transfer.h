// The transaction on the memory bus, and the port through which a master issues it. A transfer is
// a TLM-2.0 generic payload whose extension says what a plain address cannot: the kind of movement
// (for the ledger), a scatter-gather list at each end that lies in memory, and what the master
// itself can sustain. As the extension is not ignorable, the bus has a protocol of its own.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <systemc>
#include <tlm>

#include "models/ledger/movement.h"
#include "models/memory/physical_memory.h"
#include "models/time_now.h"

namespace copypath {

/// Generic payload with a mandatory Transfer extension; b_transport only.
struct MemoryProtocol {
  using tlm_payload_type = tlm::tlm_generic_payload;
  using tlm_phase_type = tlm::tlm_phase;
};

/// A stretch of coherent memory and its counterpart on the device.
struct ControlPiece {
  std::uint64_t address;
  std::uint8_t* data;
  std::uint32_t bytes;
};
using ControlList = std::vector<ControlPiece>;

inline Bytes size_of(const ControlList& list) {
  std::uint64_t total = 0;
  for (const ControlPiece& piece : list) total += piece.bytes;
  return Bytes(total);
}

/// What a pass does to the bytes that it moves: encryption, compression.
class Transform {
public:
  virtual ~Transform() = default;
  /// Appends what becomes of `in` to `out`.
  virtual void apply(const Content& in, Content& out) = 0;
};

class Transfer : public tlm::tlm_extension<Transfer> {
public:
  Movement movement{};
  const SegmentList* from = nullptr;     ///< memory that is read; nullptr: comes from the device
  const SegmentList* to = nullptr;       ///< memory that is written; nullptr: goes to the device
  const Content* source = nullptr;       ///< what the device delivers
  Content* sink = nullptr;               ///< where the device receives
  const ControlList* control = nullptr;  ///< control traffic whose bytes are real
  Transform* transform = nullptr;        ///< from memory to memory: nullptr copies
  Bytes produced;                        ///< by the transform, filled in by the bus
  Rate limit;         ///< bytes per second that the master can sustain; the bus takes account of
                      ///< what is in the cache
  Rate cached_limit;  ///< the same, when all of it is in the cache
  bool may_run_ahead = false;  ///< the master waits for the end together with what it does next
  bool must_not_wait = false;  ///< it has no process of its own: that, or nothing
  double missed = 1;  ///< share of what a core reads that is in no cache; filled in by the bus
  sc_time ahead;  ///< of now, by which the master has gone on without waiting; filled in by the bus

  tlm::tlm_extension_base* clone() const override { return new Transfer(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const Transfer&>(other);
  }
};

/// One pass of a core over bytes.
struct Pass {
  Movement movement;
  const SegmentList* from;         ///< nullptr: `source`, which no frame holds
  const SegmentList* to;           ///< nullptr: the pass only reads
  Rate limit;                      ///< what the core sustains alone, bytes of its source per second
  Transform* transform = nullptr;  ///< what happens to the bytes on the way; nullptr: nothing
  const Content* source = nullptr;
  sc_time apart{};  ///< going from piece to piece of the source, if the cache has nothing of it

  Bytes bytes() const { return from != nullptr ? size_of(*from) : source->size(); }
};

/// A master's way to memory. Every call blocks while the bytes move and returns the latency with
/// which the first of them arrives, for the caller to add where nothing hides it.
/// One transfer at a time.
class MemoryPort : public tlm_utils::simple_initiator_socket<MemoryPort, 64, MemoryProtocol> {
public:
  explicit MemoryPort(const char* name);
  ~MemoryPort() override;

  /// Device to memory.
  sc_time dma_write(Movement movement, const Content& from, const SegmentList& to, Rate limit);
  /// Memory to device: appends to `to`.
  sc_time dma_read(Movement movement, const SegmentList& from, Content& to, Rate limit);
  /// A pass of a core. `produced`: how many bytes it has written; with a transform, `to` must have
  /// room for what that makes of the bytes.
  sc_time pass(const Pass& pass, Bytes& produced);
  /// Memory to memory, by a core, unchanged.
  sc_time copy(Movement movement, const SegmentList& from, const SegmentList& to, Rate limit) {
    Bytes produced;
    return pass({movement, &from, &to, limit}, produced);
  }
  /// Control traffic (commands, completions) whose content is not simulated.
  sc_time control(Movement movement, Bytes bytes, Rate limit);
  /// The same between coherent memory and the device, byte for byte, in one go: reads the pieces or
  /// writes them, as the movement says.
  sc_time control(Movement movement, const ControlList& pieces, Rate limit);

  // The same without waiting for the end, if the bus has room for it and keeps time by shares: the
  // master runs ahead of the others until its next transfer, which begins that much later. For a
  // master whose control traffic nobody else waits for.
  sc_time control_ahead(Movement movement, Bytes bytes, Rate limit);
  sc_time control_ahead(Movement movement, const ControlList& pieces, Rate limit);
  /// The same for a master without a process of its own; false, and nothing has happened, if it
  /// would have to wait.
  bool try_control_ahead(Movement movement, Bytes bytes, Rate limit);
  bool try_control_ahead(Movement movement, const ControlList& pieces, Rate limit);
  /// Where the master is: now, or as far ahead of it as such traffic has brought it.
  sc_time time() const { return std::max(time_now(), time_); }
  /// The master does nothing before that time.
  void run_ahead_to(sc_time time) { time_ = std::max(time_, time); }

  /// What copies by this master reach when all they touch is in the cache.
  void set_cached_copy_rate(Rate rate) { cached_copy_rate_ = rate; }
  /// What the master could sustain in the last transfer, given what was in the cache.
  Rate sustained() const { return transfer_.limit; }
  /// Of what it read, the share that was not in its cache.
  double missed() const { return transfer_.missed; }

private:
  sc_time issue(tlm::tlm_command command, std::uint64_t address, Bytes bytes);

  tlm::tlm_generic_payload payload_;
  Transfer transfer_;
  Rate cached_copy_rate_;  ///< 0: none of its own
  sc_time time_;           ///< before now: nothing is outstanding
};

}  // namespace copypath
