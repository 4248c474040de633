// A page's lines are the bits of a word, so that every question about a piece of a page is a mask.
#include "models/memory/cache.h"

#include <algorithm>

namespace copypath {

namespace {

constexpr std::uint64_t kLineSize = Cache::kLine.count();
constexpr std::uint64_t kPage = kPageSize.count();
static_assert(kPage / kLineSize == 64, "the lines of a page are the bits of a word");

constexpr std::uint64_t kAll = ~std::uint64_t{0};  // lines of a page
constexpr Bytes kEverything{~std::uint64_t{0}};

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

  /// False at the end.
  bool more() {
    while (in_segment_ == 0) {
      if (next_ == end_ || left_ == 0) return false;
      address_ = next_->address;
      in_segment_ = std::min<std::uint64_t>(next_->bytes, left_);
      left_ -= in_segment_;
      ++next_;
    }
    return true;
  }

  /// Whole pages from here to the end of the segment; 0 if the next piece is a part of one.
  Frame whole_pages() const {
    return address_ % kPage == 0 ? static_cast<Frame>(in_segment_ / kPage) : 0;
  }

  /// The first of so many whole pages, or a part of one, which are left behind.
  Piece take(Frame pages) {
    const std::uint64_t begin = address_ % kPage;
    Piece piece{frame_of(address_), kAll, kAll, std::min(kPage - begin, in_segment_), 0};
    if (piece.bytes < kPage) {
      const std::uint64_t end = begin + piece.bytes;
      piece.touched = lines_between(begin / kLineSize, (end + kLineSize - 1) / kLineSize);
      piece.covered = lines_between((begin + kLineSize - 1) / kLineSize, end / kLineSize);
    }
    address_ += pages * piece.bytes;
    in_segment_ -= pages * piece.bytes;
    return piece;
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
      dma_write_allocate_(config.dma_write_allocate),
      dma_share_(config.dma_share),
      write_back_(std::move(write_back)) {
  grow_to(kOwners);
  for (Entry head = 0; head < kOwners; ++head) links_[head] = {head, head};
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
  Walk reads(from, kEverything);
  Walk writes(to, produced);
  Piece read{};
  Piece written{};
  for (;;) {
    const bool reading = reads.more();
    const bool writing = writes.more();
    if (!reading && !writing) break;
    Frame pages = reading ? reads.whole_pages() : writes.whole_pages();
    if (writing) pages = std::min(pages, writes.whole_pages());
    pages = std::max<Frame>(pages, 1);
    if (reading) {
      read = reads.take(pages);
      outcome.lines += pages * count(read.touched);
      outcome.loads += pages * count(read.touched);
    }
    if (writing) {
      written = writes.take(pages);
      outcome.lines += pages * count(written.touched);
    }
    if (reading) page(read.frame + pages - 1);  // now all of them have an entry
    if (writing) page(written.frame + pages - 1);
    while (pages > 0) {
      if (other_ == nullptr && (core || !writing)) {  // to what is resident nothing else happens
        Frame hits = pages;
        if (reading) hits = resident(read, hits);
        if (writing) hits = resident(written, hits);
        if (core) use(reading ? &read : nullptr, writing ? &written : nullptr, hits, movement);
        read.frame += hits;
        written.frame += hits;
        pages -= hits;
        if (pages == 0) break;
      }
      if (reading) {
        if (other_ != nullptr) read.home = home_(kind.agent, kind.from, read.frame);
        core ? load(read, outcome) : dma_read(read, outcome);
      }
      if (writing) {
        if (other_ != nullptr) written.home = home_(kind.agent, kind.to, written.frame);
        core ? store(written, movement, outcome) : dma_write(written, movement, outcome);
      }
      ++read.frame;
      ++written.frame;
      --pages;
    }
  }
  report_saved();
  if (other_ != nullptr) other_->report_saved();
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

/// What is missing comes from the other cache or from DRAM.
inline void Cache::fill(const Piece& piece, std::uint64_t missing, Outcome& outcome) {
  const std::uint64_t forwarded = other_ == nullptr ? 0 : fetch(piece, missing, outcome);
  read_dram(piece, count(missing & ~forwarded) * kLineSize, outcome);
}

/// How many pages, from that of the piece on, have all of its lines.
inline Frame Cache::resident(const Piece& piece, Frame pages) const {
  const std::uint64_t touched = piece.touched;
  const Page* const first = &pages_[entry_of(piece.frame)];
  const Page* const end = first + pages;
  const Page* page = first;
  while (page != end && (touched & ~page->present) == 0) ++page;
  return static_cast<Frame>(page - first);
}

/// As load() and store(), page by page in turn, of so many that are resident. Either may be null.
inline void Cache::use(const Piece* read, const Piece* written, Frame pages, Movement movement) {
  Entry from = read == nullptr ? 0 : entry_of(read->frame);
  Entry to = written == nullptr ? 0 : entry_of(written->frame);
  Page* page_from = &pages_[from];
  Page* page_to = &pages_[to];
  std::uint64_t clock = clock_;
  for (; pages > 0; --pages) {
    if (read != nullptr) {
      page_from->used = ++clock;
      make_newest(from, page_from->owner);
      ++from;
      ++page_from;
    }
    if (written != nullptr) {
      page_to->used = ++clock;
      page_to->brought_in_for = kOwnCores;
      page_to->dirty |= written->touched;
      page_to->dirtied_by = movement;
      make_newest(to, page_to->owner);
      ++to;
      ++page_to;
    }
  }
  clock_ = clock;
}

inline void Cache::load(const Piece& piece, Outcome& outcome) {
  Page& held = pages_[entry_of(piece.frame)];
  const std::uint64_t missing = piece.touched & ~held.present;
  if (missing != 0) {
    outcome.misses += count(missing);
    outcome.missed_loads += count(missing);
    fill(piece, missing, outcome);
  }
  bring_in(held, piece.frame, missing, held.brought_in_for, outcome);
}

inline void Cache::store(const Piece& piece, Movement movement, Outcome& outcome) {
  Page& held = pages_[entry_of(piece.frame)];
  const std::uint64_t missing = piece.touched & ~held.present;
  if (missing != 0) {
    outcome.misses += count(missing);
    if (write_allocate_) fill(piece, missing, outcome);
  }
  if (other_ != nullptr) other_->forget(piece, outcome);
  held.brought_in_for = kOwnCores;
  bring_in(held, piece.frame, missing, kOwnCores, outcome);
  held.dirty |= piece.touched;
  held.dirtied_by = movement;
}

inline void Cache::dma_read(const Piece& piece, Outcome& outcome) {
  const std::uint64_t missing = piece.touched & ~pages_[entry_of(piece.frame)].present;
  if (missing == 0) return;
  outcome.misses += count(missing);
  // A device asks for bytes, not for lines: what is missing counts as its share of them.
  const std::uint64_t lines = count(piece.touched);
  const auto share = [&](std::uint64_t of) { return piece.bytes * count(of) / lines; };
  const std::uint64_t there = other_ == nullptr ? 0 : other_->page(piece.frame).present & missing;
  if (there != 0) {  // it looks, and changes nothing
    outcome.fabric += Bytes(share(there));
    outcome.nodes.fabric[other_->node_] += share(there);
  }
  read_dram(piece, share(missing & ~there), outcome);
}

inline void Cache::dma_write(const Piece& piece, Movement movement, Outcome& outcome) {
  Page& held = pages_[entry_of(piece.frame)];
  const std::uint64_t missing = piece.touched & ~held.present;
  outcome.misses += count(missing);
  if (other_ != nullptr) other_->forget(piece, outcome);
  if (passes_by()) {  // the cache forgets what it had
    write_past(piece, piece.touched, outcome);
    if (missing != piece.touched) forget(piece, outcome);
    return;
  }
  std::uint64_t resident = piece.touched;
  if (!dma_write_allocate_) {
    resident &= held.present;
    held.brought_in_for = kOwnDma;
    if (missing != 0) write_past(piece, missing, outcome);
    if (resident == 0) return;
  }
  bring_in(held, piece.frame, missing & resident, kOwnDma, outcome);
  held.dirty |= resident;
  held.dirtied_by = movement;
}

/// Whether the next page of a device goes past the cache as a whole: as many of them as its share
/// says, evenly.
inline bool Cache::passes_by() {
  if (most_by_dma_ == 0) return true;
  passed_by_ += 1 - dma_share_;
  if (passed_by_ < 1) return false;
  passed_by_ -= 1;
  return true;
}

/// A device's bytes that go to DRAM, of those lines: their share of the piece.
void Cache::write_past(const Piece& piece, std::uint64_t lines, Outcome& outcome) const {
  const std::uint64_t bytes = piece.bytes * count(lines) / count(piece.touched);
  outcome.written += Bytes(bytes);
  if (other_ == nullptr) return;
  outcome.nodes.dram[piece.home] += bytes;
  if (piece.home == node_) return;
  outcome.fabric += Bytes(bytes);
  outcome.nodes.fabric[node_] += bytes;
}

/// Those of the lines that the other cache has come from there; what is dirty DRAM gets on the way.
std::uint64_t Cache::fetch(Piece piece, std::uint64_t lines, Outcome& outcome) {
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
    count_saved(there.dirtied_by, saved, Bytes(0));
  }
  return forwarded;
}

/// The piece is written elsewhere; a line that is written in part is saved before.
void Cache::forget(Piece piece, Outcome& outcome) {
  Page& held = page(piece.frame);
  const std::uint64_t present = held.present & piece.touched;
  if (present == 0) return;
  write_back(entry_of(piece.frame), present & ~piece.covered, outcome);
  held.dirty &= ~present;
  held.present &= ~present;
  lines_[held.owner] -= count(present);
  if (held.present == 0) unlink(entry_of(piece.frame));
}

Bytes Cache::dirty() const {
  std::uint64_t lines = 0;
  for (std::size_t entry = kOwners; entry < pages_.size(); ++entry) {
    lines += count(pages_[entry].dirty);
  }
  return kLine * lines;
}

/// Makes the lines resident and the page the most recently used.
inline void Cache::bring_in(Page& held, Frame frame, std::uint64_t missing, Owner owner,
                            Outcome& outcome) {
  const Entry entry = entry_of(frame);
  held.used = ++clock_;
  if (held.present == 0) {
    held.owner = owner;
  } else {
    unlink(entry);
  }
  link_newest(entry, held.owner);
  if (missing == 0) return;
  held.present |= missing;
  lines_[held.owner] += count(missing);
  if (is_over_full()) make_room(entry, outcome);
}

/// The pages that were used longest ago go until all fits; but the page `besides` stays.
void Cache::make_room(Entry besides, Outcome& outcome) {
  const auto oldest = [this](Owner owner) { return links_[owner].newer; };
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

inline void Cache::evict(Entry entry, Outcome& outcome) {
  Page& page = pages_[entry];
  if (page.dirty != 0) write_back(entry, page.present, outcome);
  lines_[page.owner] -= count(page.present);
  page.present = 0;
  unlink(entry);
}

inline void Cache::write_back(Entry entry, std::uint64_t lines, Outcome& outcome) {
  Page& page = pages_[entry];
  const std::uint64_t saved = page.dirty & lines;
  if (saved == 0) return;
  page.dirty &= ~saved;
  const Bytes bytes = kLine * count(saved);
  outcome.written_back += bytes;
  count_saved(page.dirtied_by, bytes,
              other_ == nullptr ? Bytes(0) : send_home(entry, bytes, outcome));
}

/// To DRAM of the page's node; how much of it crosses to the other one.
Bytes Cache::send_home(Entry entry, Bytes saved, Outcome& outcome) const {
  const MovementKind& kind = kind_of(pages_[entry].dirtied_by);
  const unsigned home = home_(kind.agent, kind.to, frame_at(entry));
  outcome.nodes.dram[home] += saved.count();
  if (home == node_) return Bytes(0);
  outcome.nodes.fabric[node_] += saved.count();
  return saved;
}

/// Pages that are evicted one after the other have been written by the same movement as a rule.
inline void Cache::count_saved(Movement by, Bytes bytes, Bytes crossing) {
  if (by != saved_by_) {
    report_saved();
    saved_by_ = by;
  }
  saved_ += bytes;
  saved_crossing_ += crossing;
}

void Cache::report_saved() {
  if (saved_ == Bytes(0)) return;
  write_back_(saved_by_, saved_, saved_crossing_);
  saved_ = saved_crossing_ = Bytes(0);
}

}  // namespace copypath
