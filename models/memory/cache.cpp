// A page's lines are the bits of a word, so that every question about a piece of a page is a mask.
#include "models/memory/cache.h"

#include <algorithm>

namespace copypath {

namespace {

constexpr std::uint64_t kLineSize = Cache::kLine.count();
constexpr std::uint64_t kPage = kPageSize.count();
static_assert(kPage / kLineSize == 64, "the lines of a page are the bits of a word");

constexpr std::uint64_t kAll = ~std::uint64_t{0};  // lines of a page

/// How many; nearly always all of a page or none.
inline std::uint64_t count(std::uint64_t lines) {
  if (lines == kAll) return 64;
  return lines == 0 ? 0 : static_cast<std::uint64_t>(__builtin_popcountll(lines));
}

/// Lines [first, end) of a page.
std::uint64_t lines_between(std::uint64_t first, std::uint64_t end) {
  if (first >= end) return 0;
  const std::uint64_t below_end = end == 64 ? kAll : (1ULL << end) - 1;
  return below_end & ~((1ULL << first) - 1);
}

}  // namespace

/// The pieces of pages that the first bytes of a list cover, one after the other.
class Cache::Walk {
public:
  Walk(const SegmentList* list, Bytes bytes) : left_(bytes.count()) {
    if (list == nullptr) return;
    next_ = list->data();
    end_ = next_ + list->size();
  }

  bool next(Piece& piece) {
    while (in_segment_ == 0) {
      if (next_ == end_ || left_ == 0) return false;
      address_ = next_->address;
      in_segment_ = std::min<std::uint64_t>(next_->bytes, left_);
      left_ -= in_segment_;
      ++next_;
    }
    const std::uint64_t begin = address_ % kPage;
    const std::uint64_t bytes = std::min(kPage - begin, in_segment_);
    piece.frame = frame_of(address_);
    piece.bytes = Bytes(bytes);
    piece.touched = piece.covered = kAll;
    if (bytes < kPage) {
      const std::uint64_t end = begin + bytes;
      piece.touched = lines_between(begin / kLineSize, (end + kLineSize - 1) / kLineSize);
      piece.covered = lines_between((begin + kLineSize - 1) / kLineSize, end / kLineSize);
    }
    piece.home = 0;
    address_ += bytes;
    in_segment_ -= bytes;
    return true;
  }

private:
  const Segment* next_ = nullptr;
  const Segment* end_ = nullptr;
  std::uint64_t left_;            // bytes behind the segment at hand
  std::uint64_t address_ = 0;     // in it
  std::uint64_t in_segment_ = 0;  // bytes of it
};

Cache::Cache(const CacheConfig& config, bool write_allocate, WriteBack write_back)
    : write_allocate_(write_allocate),
      most_(config.size / kLine),
      most_by_dma_(static_cast<std::uint64_t>(static_cast<double>(most_) * config.ddio)),
      write_back_(std::move(write_back)) {
  pages_.grow_to(kOwners);
  for (Entry head = 0; head < kOwners; ++head) pages_[head].newer = pages_[head].older = head;
}

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

inline void Cache::read_dram(const Piece& piece, std::uint64_t bytes, Outcome& outcome) const {
  outcome.read += Bytes(bytes);
  if (other_ == nullptr) return;
  outcome.nodes.dram[piece.home] += bytes;
  if (piece.home == node_) return;
  outcome.fabric += Bytes(bytes);
  outcome.nodes.fabric[piece.home] += bytes;
}

void Cache::load(const Piece& piece, Outcome& outcome) {
  Page& held = page(piece.frame);
  const std::uint64_t missing = piece.touched & ~held.present;
  const std::uint64_t lines = count(piece.touched);
  outcome.lines += lines;
  outcome.hits += lines - count(missing);
  const std::uint64_t forwarded = missing == 0 ? 0 : fetch(piece, missing, outcome);
  read_dram(piece, count(missing & ~forwarded) * kLineSize, outcome);
  bring_in(held, piece, kOwnCores, outcome);
}

void Cache::store(const Piece& piece, Movement movement, Outcome& outcome) {
  Page& held = page(piece.frame);
  const std::uint64_t missing = piece.touched & ~held.present;
  const std::uint64_t lines = count(piece.touched);
  outcome.lines += lines;
  outcome.hits += lines - count(missing);
  if (write_allocate_) {
    const std::uint64_t forwarded = missing == 0 ? 0 : fetch(piece, missing, outcome);
    read_dram(piece, count(missing & ~forwarded) * kLineSize, outcome);
  }
  if (other_ != nullptr) other_->forget(piece, outcome);
  bring_in(held, piece, kOwnCores, outcome);
  held.dirty |= piece.touched;
  held.dirtied_by = movement;
}

void Cache::dma_read(const Piece& piece, Outcome& outcome) {
  const std::uint64_t lines = count(piece.touched);
  const std::uint64_t missing = piece.touched & ~page(piece.frame).present;
  outcome.lines += lines;
  outcome.hits += lines - count(missing);
  // A device asks for bytes, not for lines: what is missing counts as its share of them.
  const auto share = [&](std::uint64_t of) { return piece.bytes.count() * count(of) / lines; };
  const std::uint64_t there = other_ == nullptr ? 0 : other_->page(piece.frame).present & missing;
  if (there != 0) {  // it looks, and changes nothing
    outcome.fabric += Bytes(share(there));
    outcome.nodes.fabric[other_->node_] += share(there);
  }
  read_dram(piece, share(missing & ~there), outcome);
}

void Cache::dma_write(const Piece& piece, Movement movement, Outcome& outcome) {
  Page& held = page(piece.frame);
  outcome.lines += count(piece.touched);
  outcome.hits += count(held.present & piece.touched);
  if (other_ != nullptr) other_->forget(piece, outcome);
  if (most_by_dma_ > 0) {
    bring_in(held, piece, kOwnDma, outcome);
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
  write_back(entry_of(piece.frame), present & ~piece.covered, outcome);
  held.dirty &= ~present;
  held.present &= ~present;
  lines_[held.owner] -= count(present);
  if (held.present == 0) unlink(held);
}

Bytes Cache::dirty() const {
  std::uint64_t lines = 0;
  for (std::size_t entry = kOwners; entry < pages_.size(); ++entry) {
    lines += count(pages_[entry].dirty);
  }
  return kLine * lines;
}

void Cache::bring_in(Page& held, const Piece& piece, Owner owner, Outcome& outcome) {
  if (held.present == 0) {
    held.owner = owner;
  } else {
    unlink(held);
  }
  const std::uint64_t more = piece.touched & ~held.present;
  held.present |= more;
  held.used = ++clock_;
  link_newest(held, entry_of(piece.frame));
  lines_[held.owner] += count(more);
  if (lines_[kOwnDma] > most_by_dma_ || lines_[kOwnCores] + lines_[kOwnDma] > most_) {
    make_room(entry_of(piece.frame), outcome);
  }
}

/// The pages that were used longest ago go until all fits; but the page `besides` stays.
void Cache::make_room(Entry besides, Outcome& outcome) {
  const auto oldest = [this](Owner owner) { return pages_[owner].newer; };
  while (lines_[kOwnDma] > most_by_dma_ && oldest(kOwnDma) != besides) {
    evict(oldest(kOwnDma), outcome);
  }
  while (lines_[kOwnCores] + lines_[kOwnDma] > most_) {
    const Entry of_cores = oldest(kOwnCores);
    const Entry of_dma = oldest(kOwnDma);
    const Entry victim = pages_[of_cores].used < pages_[of_dma].used ? of_cores : of_dma;
    if (victim == besides) break;
    evict(victim, outcome);
  }
}

void Cache::write_back(Entry entry, std::uint64_t lines, Outcome& outcome) {
  Page& page = pages_[entry];
  const std::uint64_t saved = page.dirty & lines;
  if (saved == 0) return;
  page.dirty &= ~saved;
  const Bytes bytes = kLine * count(saved);
  outcome.written_back += bytes;
  Bytes crossing;
  if (other_ != nullptr) {
    const MovementKind& kind = kind_of(page.dirtied_by);
    const unsigned home = home_(kind.agent, kind.to, frame_at(entry));
    outcome.nodes.dram[home] += bytes.count();
    if (home != node_) {
      crossing = bytes;
      outcome.nodes.fabric[node_] += bytes.count();
    }
  }
  write_back_(page.dirtied_by, bytes, crossing);
}

void Cache::evict(Entry entry, Outcome& outcome) {
  Page& page = pages_[entry];
  write_back(entry, page.present, outcome);
  lines_[page.owner] -= count(page.present);
  page.present = 0;
  unlink(page);
}

}  // namespace copypath
