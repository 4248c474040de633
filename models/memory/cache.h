// The last-level cache in front of DRAM, as an account of what it holds: for every page frame,
// which of its 64 lines of 64 bytes are resident and which are dirty. Pages are replaced as a
// whole, the least recently used first; dirty lines are written back then. DMA reads what is
// resident and brings nothing in; DMA writes past the cache, or into the share of it that is open
// to DMA (Intel's DDIO). Plain arithmetic, no simulation kernel.
// On a machine of two nodes each has one, for what its own agents touch, wherever that lies. What
// the other one holds comes from there instead of from DRAM, and a write takes it away from there.
// Left out: sets and ways, caches private to a core, the time and bandwidth of the cache itself.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "models/ledger/movement.h"
#include "models/ledger/traffic.h"
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
    std::uint64_t hits = 0;  ///< of the lines

    double hit_share() const {
      return lines == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(lines);
    }
  };

  /// The agent reads `from` and writes the first `produced` bytes of `to`, page by page in turn.
  /// Either may be null.
  Outcome transfer(Movement movement, const SegmentList* from, const SegmentList* to,
                   Bytes produced);

  /// Bytes resident, those that DMA has brought in, and those that DRAM does not have yet.
  Bytes resident() const { return kLine * (lru_[kOwnCores].lines + lru_[kOwnDma].lines); }
  Bytes resident_by_dma() const { return kLine * lru_[kOwnDma].lines; }
  Bytes dirty() const;

private:
  enum Owner : std::uint8_t { kOwnCores, kOwnDma };  ///< who brought in a page's first line
  static constexpr Frame kNoFrame = 0xffffffff;

  struct Page {
    std::uint64_t present = 0;  ///< a bit for each line
    std::uint64_t dirty = 0;
    std::uint64_t used = 0;  ///< when; counts accesses
    Frame newer = kNoFrame;
    Frame older = kNoFrame;
    Owner owner = kOwnCores;
    Movement dirtied_by{};
  };
  struct Lru {
    Frame newest = kNoFrame;
    Frame oldest = kNoFrame;
    std::uint64_t lines = 0;
  };
  /// A piece of a page: the lines that it touches, and those that it covers as a whole.
  struct Piece {
    Frame frame;
    std::uint64_t touched;
    std::uint64_t covered;
    Bytes bytes;
    unsigned home;  ///< node
  };
  class Walk;

  void load(const Piece& piece, Outcome& outcome);
  void store(const Piece& piece, Movement movement, Outcome& outcome);
  void dma_read(const Piece& piece, Outcome& outcome);
  void dma_write(const Piece& piece, Movement movement, Outcome& outcome);

  Page& page(Frame frame);
  void read_dram(const Piece& piece, Bytes bytes, Outcome& outcome) const;
  std::uint64_t fetch(const Piece& piece, std::uint64_t lines, Outcome& outcome);
  void forget(const Piece& piece, Outcome& outcome);
  /// Makes the lines resident and the page the most recently used.
  void bring_in(Frame frame, std::uint64_t lines, Owner owner, Outcome& outcome);
  void write_back(Frame frame, std::uint64_t lines, Outcome& outcome);
  void evict(Frame frame, Outcome& outcome);
  void link_newest(Frame frame);
  void unlink(Frame frame);

  bool write_allocate_;
  std::uint64_t most_;         ///< lines
  std::uint64_t most_by_dma_;  ///< lines
  WriteBack write_back_;
  unsigned node_ = 0;
  Cache* other_ = nullptr;   ///< of the other node
  Home home_;                ///< if there is one
  std::vector<Page> pages_;  // by frame
  std::array<Lru, 2> lru_;   // by owner
  std::uint64_t clock_ = 0;
};

}  // namespace copypath
