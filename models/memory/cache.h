// The last-level cache in front of DRAM, as an account of what it holds: for every page frame,
// which of its 64 lines of 64 bytes are resident and which are dirty. Pages are replaced as a
// whole, the least recently used first; dirty lines are written back then. DMA reads what is
// resident and brings nothing in; DMA writes past the cache, or into the share of it that is open
// to DMA (Intel's DDIO). Without write-allocate it updates what is resident there, and only cores
// bring in what it has written, into the same share. Of a virtual disk, whose data a processor of
// the host copies, some pages go past it always: that processor may have another cache. Plain
// arithmetic, no simulation kernel.
// On a machine of two nodes each has one, for what its own agents touch, wherever that lies. What
// the other one holds comes from there instead of from DRAM, and a write takes it away from there.
// Left out: sets and ways, caches private to a core, the time and bandwidth of the cache itself.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "models/ledger/movement.h"
#include "models/ledger/traffic.h"
#include "models/memory/frame_table.h"
#include "models/memory/physical_memory.h"

namespace copypath {

class Cache {
public:
  static constexpr Bytes kLine{64};

  /// Told of dirty lines that leave the cache: which movement had written them, how much that is,
  /// and how much of it crosses to the other node.
  using WriteBack = std::function<void(Movement, Bytes, Bytes)>;
  /// The node of a page, by who moves it and what it is for.
  using Home = std::function<unsigned(Agent, Place, Frame)>;

  Cache(const CacheConfig& config, bool write_allocate, WriteBack write_back);

  /// Makes two caches those of nodes 0 and 1, with memory on both.
  static void join(Cache& first, Cache& second, const Home& home);

  /// What a transfer takes of DRAM, and how much of it was resident.
  struct Outcome {
    Bytes read;
    Bytes written;       ///< past the cache
    Bytes written_back;  ///< of other movements, to make room
    Bytes fabric;        ///< what came from the other node or went there, but for those
    NumaTraffic nodes;   ///< all of it, with two nodes
    std::uint64_t lines = 0;
    std::uint64_t misses = 0;        ///< of the lines
    std::uint64_t loads = 0;         ///< of the lines, those that are read
    std::uint64_t missed_loads = 0;  ///< by a core: of these

    std::uint64_t hits() const { return lines - misses; }
    double hit_share() const {
      return lines == 0 ? 0 : static_cast<double>(hits()) / static_cast<double>(lines);
    }
    /// Of what a core reads.
    double missed_share() const {
      return loads == 0 ? 0 : static_cast<double>(missed_loads) / static_cast<double>(loads);
    }
  };

  /// The agent reads `from` and writes the first `produced` bytes of `to`, page by page in turn.
  /// Either may be null.
  Outcome transfer(Movement movement, const SegmentList* from, const SegmentList* to,
                   Bytes produced);

  /// Bytes resident, those that DMA has brought in, and those that DRAM does not have yet.
  Bytes resident() const { return kLine * (lines_[kOwnCores] + lines_[kOwnDma]); }
  Bytes resident_by_dma() const { return kLine * lines_[kOwnDma]; }
  Bytes dirty() const;

private:
  enum Owner : std::uint8_t { kOwnCores, kOwnDma };  ///< who brought in a page's first line
  static constexpr std::size_t kOwners = 2;

  /// A frame's place in the table, behind a head for each owner. The pages of an owner are a ring
  /// through its head, in the order of use.
  using Entry = std::uint32_t;
  static constexpr Entry entry_of(Frame frame) { return static_cast<Entry>(frame + kOwners); }
  static constexpr Frame frame_at(Entry entry) { return static_cast<Frame>(entry - kOwners); }

  struct Page {
    std::uint64_t present = 0;               ///< a bit for each line
    std::uint64_t dirty = 0;                 ///< the same
    std::uint64_t used = ~std::uint64_t{0};  ///< when; counts accesses. Of a head: never
    Owner owner = kOwnCores;
    Movement dirtied_by{};
    Owner brought_in_for = kOwnCores;  ///< by a core: who wrote it last
  };
  struct Links {
    Entry newer = 0;  ///< from a head: the oldest one
    Entry older = 0;  ///< from a head: the newest one
  };
  /// A piece of a page: the lines that it touches, and those that it covers as a whole.
  struct Piece {
    Frame frame;
    std::uint64_t touched;
    std::uint64_t covered;
    std::uint64_t bytes;
    unsigned home;  ///< node
  };
  class Walk;

  Frame resident(const Piece& piece, Frame pages) const;
  void use(const Piece* read, const Piece* written, Frame pages, Movement movement);
  void load(const Piece& piece, Outcome& outcome);
  void store(const Piece& piece, Movement movement, Outcome& outcome);
  void dma_read(const Piece& piece, Outcome& outcome);
  void dma_write(const Piece& piece, Movement movement, Outcome& outcome);

  Page& page(Frame frame) {
    const Entry entry = entry_of(frame);
    if (entry >= pages_.size()) grow_to(entry + 1);
    return pages_[entry];
  }
  void grow_to(std::size_t entries) {
    pages_.grow_to(entries);
    links_.grow_to(entries);
  }
  void read_dram(const Piece& piece, std::uint64_t bytes, Outcome& outcome) const;
  void fill(const Piece& piece, std::uint64_t missing, Outcome& outcome);
  bool passes_by();
  void write_past(const Piece& piece, std::uint64_t lines, Outcome& outcome) const;
  std::uint64_t fetch(Piece piece, std::uint64_t lines, Outcome& outcome);
  void forget(Piece piece, Outcome& outcome);
  void bring_in(Page& held, Frame frame, std::uint64_t missing, Owner owner, Outcome& outcome);
  bool is_over_full() const {
    return lines_[kOwnDma] > most_by_dma_ || lines_[kOwnCores] + lines_[kOwnDma] > most_;
  }
  void make_room(Entry besides, Outcome& outcome);
  void write_back(Entry entry, std::uint64_t lines, Outcome& outcome);
  Bytes send_home(Entry entry, Bytes saved, Outcome& outcome) const;
  void evict(Entry entry, Outcome& outcome);
  void count_saved(Movement by, Bytes bytes, Bytes crossing);
  void report_saved();
  void link_newest(Entry entry, Entry head) {
    const Entry newest = links_[head].older;
    links_[entry] = {head, newest};
    links_[newest].newer = entry;
    links_[head].older = entry;
  }
  void make_newest(Entry entry, Entry head) {
    unlink(entry);
    link_newest(entry, head);
  }
  void unlink(Entry entry) {
    const Links around = links_[entry];
    links_[around.newer].older = around.older;
    links_[around.older].newer = around.newer;
  }

  bool write_allocate_;
  std::uint64_t most_;         ///< lines
  std::uint64_t most_by_dma_;  ///< lines
  bool dma_write_allocate_;
  double dma_share_;
  double passed_by_ = 0;  ///< the part of a page by which DMA is behind with those
  WriteBack write_back_;
  unsigned node_ = 0;
  Cache* other_ = nullptr;                      ///< of the other node
  Home home_;                                   ///< if there is one
  FrameTable<Page> pages_;                      // by entry
  FrameTable<Links> links_;                     // the same
  std::array<std::uint64_t, kOwners> lines_{};  // resident, by owner
  std::uint64_t clock_ = 0;
  Movement saved_by_{};  // what this transfer has evicted, as far as it is not yet reported
  Bytes saved_;
  Bytes saved_crossing_;  // of that
};

}  // namespace copypath
