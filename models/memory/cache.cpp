// A page's lines are the bits of a word, so that every question about a piece of a page is a mask.
#include "models/memory/cache.h"

#include <algorithm>

namespace copypath {

namespace {

constexpr std::uint64_t kLineSize = Cache::kLine.count();
constexpr std::uint64_t kPage = kPageSize.count();
static_assert(kPage / kLineSize == 64, "the lines of a page are the bits of a word");

std::uint64_t count(std::uint64_t lines) {
  return static_cast<std::uint64_t>(__builtin_popcountll(lines));
}

/// Lines [first, end) of a page.
std::uint64_t lines_between(std::uint64_t first, std::uint64_t end) {
  if (first >= end) return 0;
  const std::uint64_t below_end = end == 64 ? ~0ULL : (1ULL << end) - 1;
  return below_end & ~((1ULL << first) - 1);
}

}  // namespace

/// The pieces of pages that the first bytes of a list cover, one after the other.
class Cache::Walk {
public:
  Walk(const SegmentList* list, Bytes bytes) : list_(list), left_(bytes.count()) {}

  bool next(Piece& piece) {
    if (list_ == nullptr || left_ == 0) return false;
    while (segment_ < list_->size() && done_ == (*list_)[segment_].bytes) {
      ++segment_;
      done_ = 0;
    }
    if (segment_ == list_->size()) return false;
    const Segment& segment = (*list_)[segment_];
    const std::uint64_t address = segment.address + done_;
    const std::uint64_t begin = address % kPage;
    const std::uint64_t bytes =
        std::min({kPage - begin, std::uint64_t{segment.bytes - done_}, left_});
    const std::uint64_t end = begin + bytes;
    piece.frame = frame_of(address);
    piece.touched = lines_between(begin / kLineSize, (end + kLineSize - 1) / kLineSize);
    piece.covered = lines_between((begin + kLineSize - 1) / kLineSize, end / kLineSize);
    piece.bytes = Bytes(bytes);
    piece.home = 0;
    done_ += static_cast<std::uint32_t>(bytes);
    left_ -= bytes;
    return true;
  }

private:
  const SegmentList* list_;
  std::uint64_t left_;
  std::size_t segment_ = 0;
  std::uint32_t done_ = 0;  // bytes of the segment
};

Cache::Cache(const CacheConfig& config, bool write_allocate, WriteBack write_back)
    : write_allocate_(write_allocate),
      most_(config.size / kLine),
      most_by_dma_(static_cast<std::uint64_t>(static_cast<double>(most_) * config.ddio)),
      write_back_(std::move(write_back)) {}

void Cache::join(Cache& first, Cache& second, const Home& home) {
  first.other_ = &second;
  second.other_ = &first;
  second.node_ = 1;
  first.home_ = second.home_ = home;
}

Cache::Outcome Cache::transfer(Movement movement, const SegmentList* from, const SegmentList* to,
                               Bytes produced) {
  const MovementKind& kind = kind_of(movement);
  const bool core = kind.agent == Agent::kCore;
  Outcome outcome;
  Walk reads(from, from == nullptr ? Bytes(0) : size_of(*from));
  Walk writes(to, produced);
  Piece piece{};
  for (bool more = true; more;) {
    more = false;
    if (reads.next(piece)) {
      if (other_ != nullptr) piece.home = home_(kind.agent, kind.from, piece.frame);
      core ? load(piece, outcome) : dma_read(piece, outcome);
      more = true;
    }
    if (writes.next(piece)) {
      if (other_ != nullptr) piece.home = home_(kind.agent, kind.to, piece.frame);
      core ? store(piece, movement, outcome) : dma_write(piece, movement, outcome);
      more = true;
    }
  }
  return outcome;
}

void Cache::load(const Piece& piece, Outcome& outcome) {
  const std::uint64_t missing = piece.touched & ~page(piece.frame).present;
  outcome.lines += count(piece.touched);
  outcome.hits += count(piece.touched & ~missing);
  const std::uint64_t forwarded = fetch(piece, missing, outcome);
  read_dram(piece, kLine * count(missing & ~forwarded), outcome);
  bring_in(piece.frame, piece.touched, kOwnCores, outcome);
}

void Cache::store(const Piece& piece, Movement movement, Outcome& outcome) {
  const std::uint64_t missing = piece.touched & ~page(piece.frame).present;
  outcome.lines += count(piece.touched);
  outcome.hits += count(piece.touched & ~missing);
  if (write_allocate_) {
    const std::uint64_t forwarded = fetch(piece, missing, outcome);
    read_dram(piece, kLine * count(missing & ~forwarded), outcome);
  }
  if (other_ != nullptr) other_->forget(piece, outcome);
  bring_in(piece.frame, piece.touched, kOwnCores, outcome);
  Page& held = pages_[piece.frame];
  held.dirty |= piece.touched;
  held.dirtied_by = movement;
}

void Cache::dma_read(const Piece& piece, Outcome& outcome) {
  const std::uint64_t lines = count(piece.touched);
  const std::uint64_t missing = piece.touched & ~page(piece.frame).present;
  outcome.lines += lines;
  outcome.hits += count(piece.touched & ~missing);
  // A device asks for bytes, not for lines: what is missing counts as its share of them.
  const auto share = [&](std::uint64_t of) {
    return Bytes(piece.bytes.count() * count(of) / lines);
  };
  const std::uint64_t there = other_ == nullptr ? 0 : other_->page(piece.frame).present & missing;
  if (there != 0) {  // it looks, and changes nothing
    outcome.fabric += share(there);
    outcome.nodes.fabric[other_->node_] += share(there).count();
  }
  read_dram(piece, share(missing & ~there), outcome);
}

void Cache::dma_write(const Piece& piece, Movement movement, Outcome& outcome) {
  Page& held = page(piece.frame);
  outcome.lines += count(piece.touched);
  outcome.hits += count(held.present & piece.touched);
  if (other_ != nullptr) other_->forget(piece, outcome);
  if (most_by_dma_ > 0) {
    bring_in(piece.frame, piece.touched, kOwnDma, outcome);
    held.dirty |= piece.touched;
    held.dirtied_by = movement;
    return;
  }
  // Past the cache, which forgets what it had.
  outcome.written += piece.bytes;
  if (other_ != nullptr) {
    outcome.nodes.dram[piece.home] += piece.bytes.count();
    if (piece.home != node_) {
      outcome.fabric += piece.bytes;
      outcome.nodes.fabric[node_] += piece.bytes.count();
    }
  }
  forget(piece, outcome);
}

void Cache::read_dram(const Piece& piece, Bytes bytes, Outcome& outcome) const {
  outcome.read += bytes;
  if (other_ == nullptr) return;
  outcome.nodes.dram[piece.home] += bytes.count();
  if (piece.home == node_) return;
  outcome.fabric += bytes;
  outcome.nodes.fabric[piece.home] += bytes.count();
}

/// Those of the lines that the other cache has come from there; what is dirty DRAM gets on the way.
std::uint64_t Cache::fetch(const Piece& piece, std::uint64_t lines, Outcome& outcome) {
  if (other_ == nullptr) return 0;
  Page& there = other_->page(piece.frame);
  const std::uint64_t forwarded = there.present & lines;
  const Bytes bytes = kLine * count(forwarded);
  outcome.fabric += bytes;
  outcome.nodes.fabric[other_->node_] += bytes.count();
  const Bytes saved = kLine * count(there.dirty & forwarded);
  if (saved > Bytes(0)) {
    there.dirty &= ~forwarded;
    outcome.written_back += saved;
    outcome.nodes.dram[piece.home] += saved.count();
    write_back_(there.dirtied_by, saved, Bytes(0));
  }
  return forwarded;
}

/// The piece is written elsewhere; a line that is written in part is saved before.
void Cache::forget(const Piece& piece, Outcome& outcome) {
  Page& held = page(piece.frame);
  const std::uint64_t present = held.present & piece.touched;
  if (present == 0) return;
  write_back(piece.frame, present & ~piece.covered, outcome);
  held.dirty &= ~present;
  held.present &= ~present;
  lru_[held.owner].lines -= count(present);
  if (held.present == 0) unlink(piece.frame);
}

Bytes Cache::dirty() const {
  std::uint64_t lines = 0;
  for (const Page& page : pages_) lines += count(page.dirty);
  return kLine * lines;
}

Cache::Page& Cache::page(Frame frame) {
  if (frame >= pages_.size()) pages_.resize(std::max<std::size_t>(frame + 1, 2 * pages_.size()));
  return pages_[frame];
}

void Cache::bring_in(Frame frame, std::uint64_t lines, Owner owner, Outcome& outcome) {
  Page& held = pages_[frame];
  if (held.present == 0) {
    held.owner = owner;
  } else {
    unlink(frame);
  }
  Lru& lru = lru_[held.owner];
  lru.lines += count(lines & ~held.present);
  held.present |= lines;
  held.used = ++clock_;
  link_newest(frame);
  const Lru& cores = lru_[kOwnCores];
  const Lru& dma = lru_[kOwnDma];
  while (dma.lines > most_by_dma_ && dma.oldest != frame) evict(dma.oldest, outcome);
  while (cores.lines + dma.lines > most_) {
    const auto age = [&](Frame oldest) {
      return oldest == kNoFrame ? clock_ + 1 : pages_[oldest].used;
    };
    const Frame victim = age(cores.oldest) < age(dma.oldest) ? cores.oldest : dma.oldest;
    if (victim == frame) break;
    evict(victim, outcome);
  }
}

void Cache::write_back(Frame frame, std::uint64_t lines, Outcome& outcome) {
  Page& page = pages_[frame];
  const Bytes bytes = kLine * count(page.dirty & lines);
  if (bytes == Bytes(0)) return;
  page.dirty &= ~lines;
  outcome.written_back += bytes;
  Bytes crossing;
  if (other_ != nullptr) {
    const MovementKind& kind = kind_of(page.dirtied_by);
    const unsigned home = home_(kind.agent, kind.to, frame);
    outcome.nodes.dram[home] += bytes.count();
    if (home != node_) {
      crossing = bytes;
      outcome.nodes.fabric[node_] += bytes.count();
    }
  }
  write_back_(page.dirtied_by, bytes, crossing);
}

void Cache::evict(Frame frame, Outcome& outcome) {
  Page& page = pages_[frame];
  write_back(frame, page.present, outcome);
  lru_[page.owner].lines -= count(page.present);
  page.present = 0;
  unlink(frame);
}

void Cache::link_newest(Frame frame) {
  Lru& lru = lru_[pages_[frame].owner];
  Page& page = pages_[frame];
  page.newer = kNoFrame;
  page.older = lru.newest;
  if (lru.newest != kNoFrame) pages_[lru.newest].newer = frame;
  lru.newest = frame;
  if (lru.oldest == kNoFrame) lru.oldest = frame;
}

void Cache::unlink(Frame frame) {
  const Page& page = pages_[frame];
  Lru& lru = lru_[page.owner];
  if (page.newer != kNoFrame) pages_[page.newer].older = page.older;
  if (page.older != kNoFrame) pages_[page.older].newer = page.newer;
  if (lru.newest == frame) lru.newest = page.older;
  if (lru.oldest == frame) lru.oldest = page.newer;
}

}  // namespace copypath
