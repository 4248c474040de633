// Which pages are in memory: the tree by which they are found, the order of use, and reclaim.
#include <algorithm>

#include "models/kernel/page_cache.h"

namespace copypath {

namespace {
/// Pages in use that reclaim passes over for one window of readahead before it gives up
/// (SWAP_CLUSTER_MAX).
constexpr unsigned kReclaimScan = 32;
}  // namespace

PageCache::Node* PageCache::look_up(std::uint64_t key) {
  const auto node = nodes_.find(key);
  if (node == nodes_.end()) return nullptr;
  return last_node_ = &node->second;
}

/// Takes over the memory of one that was freed.
PageCache::Node& PageCache::new_node(std::uint64_t key) {
  if (free_nodes_.empty()) {
    last_node_ = &nodes_.emplace(key, key).first->second;
    last_node_->number = static_cast<std::uint32_t>(numbered_nodes_.size());
    numbered_nodes_.push_back(last_node_);
  } else {
    auto node = std::move(free_nodes_.back());
    free_nodes_.pop_back();
    node.key() = key;
    node.mapped().key = key;
    last_node_ = &nodes_.insert(std::move(node)).position->second;
  }
  return *last_node_;
}

void PageCache::free_node(const Node& node) {
  if (last_node_ == &node) last_node_ = nullptr;
  free_nodes_.push_back(nodes_.extract(node.key));
}

/// Pages of their own that are being read, and not in the order of use yet: adjacent frames.
void PageCache::enter(Frame first, unsigned frames, Node& node, std::uint64_t index, Read& read) {
  node.used += frames;
  read.add(first, frames);
  Page* page = &pages_[first];
  Frame* at = &node.frames[index % kNodePages];
  Page fresh;
  fresh.index = static_cast<std::uint32_t>(index);
  fresh.head = first;
  fresh.read = read.number;
  fresh.node = node.number;
  for (Page* const end = page + frames; page != end; ++page, ++at) {
    fresh.newer = page->newer;
    fresh.older = page->older;
    *page = fresh;
    *at = fresh.head;
    ++fresh.index;
    ++fresh.head;
  }
}

/// Pages of adjacent frames leave the node in which they are one after the other.
void PageCache::leave_node(const Page& first, unsigned frames) {
  Node& node = *numbered_nodes_[first.node];
  Frame* const at = &node.frames[first.index % kNodePages];
  std::fill(at, at + frames, kNoFrame);
  node.used -= frames;
  if (node.used == 0) free_node(node);
}

Frame PageCache::add(std::uint32_t file, std::uint64_t index, std::uint64_t pages) {
  if (resident_ + pages > capacity_) make_room(pages);
  const auto count = static_cast<unsigned>(pages);
  const Frame head = count == 1 ? memory_.allocate() : memory_.allocate_adjacent(count);
  grow_to(head + pages);
  for (unsigned i = 0; i < count; ++i) {
    Node& node = make_node(key_of(file, index + i));
    node.frames[(index + i) % kNodePages] = head + i;
    ++node.used;
    Page page;
    page.index = static_cast<std::uint32_t>(index + i);
    page.node = node.number;
    page.head = head;
    pages_[head + i] = page;
  }
  pages_[head].pages = static_cast<std::uint16_t>(pages);
  link_newest(head);
  resident_ += pages;
  return head;
}

/// Adds the missing page `index` and those after it before `end`: a folio, or pages up to the next
/// one that is there, within a node. They are locked by `read`. Returns the index after them.
std::uint64_t PageCache::add_missing(std::uint32_t file, std::uint64_t index, std::uint64_t end,
                                     Read& read) {
  if (config_.folio > kPageSize) {
    const std::uint64_t pages = folio_at(file, index, end);
    const Frame head = add(file, index, pages);
    for (Frame frame = head; frame < head + pages; ++frame) {
      pages_[frame].read = read.number;
    }
    read.add(head, static_cast<unsigned>(pages));
    return index + pages;
  }
  if (resident_ >= capacity_) make_room(1);  // before the node, which may go with its last page
  Node& node = make_node(key_of(file, index));
  end = std::min(end, (index / kNodePages + 1) * kNodePages);
  for (;;) {
    const Frame frame = memory_.allocate();
    grow_to(std::size_t{frame} + 1);
    enter(frame, 1, node, index, read);
    link_newest(frame);
    ++resident_;
    ++index;
    if (index == end || node.frames[index % kNodePages] != kNoFrame) return index;
    if (resident_ < capacity_) continue;
    index = replace_oldest(node, index, end, read);
    if (index == end || node.frames[index % kNodePages] != kNoFrame) return index;
    make_room(1);
  }
}

/// The next window takes as many, which nobody has looked at since they were read.
[[gnu::always_inline]] inline void PageCache::prefetch_oldest(unsigned frames) const {
  pages_.prefetch(oldest_, frames);
  references_.prefetch(oldest_, frames);
  memory_.prefetch(oldest_, frames);
}

/// What make_room(), allocate() and link_newest() do in turns when the cache is full: pages that
/// nobody uses go, and their frames take the missing ones. As they follow each other in the order
/// of use, they become the newest as one piece. Returns the first index that is not done.
std::uint64_t PageCache::replace_oldest(Node& node, std::uint64_t index, std::uint64_t end,
                                        Read& read) {
  if (resident_ != capacity_ || passed_over_ >= kReclaimScan) return index;
  const std::uint64_t begin = index;
  const Frame first = oldest_;
  Frame last = kNoFrame;
  for (Frame frame = first; index < end;) {
    const unsigned frames = replaceable(frame, node, index, end);
    if (frames == 0) break;
    leave_node(pages_[frame], frames);
    memory_.renew(frame, frames);
    enter(frame, frames, node, index, read);
    index += frames;
    last = frame + frames - 1;
    frame = pages_[last].newer;
  }
  if (last != kNoFrame) touch(first, last);
  evictions_ += index - begin;
  prefetch_oldest(static_cast<unsigned>(index - begin));
  return index;
}

/// How many pages from there on can give their frames to the missing ones as one piece: of their
/// own and used by nobody, adjacent in memory and in a node, one after the other in the order of
/// use, and not the newest.
unsigned PageCache::replaceable(Frame first, const Node& node, std::uint64_t index,
                                std::uint64_t end) const {
  const Page* page = &pages_[first];
  const std::uint32_t* references = &references_[first];
  const std::uint32_t into_node = page->index % kNodePages;
  const auto most =
      static_cast<unsigned>(std::min<std::uint64_t>(end - index, kNodePages - into_node));
  const Frame* at = &node.frames[index % kNodePages];
  const std::uint32_t of_node = page->node;
  const std::uint32_t minus_frame = page->index - first;
  Frame frame = first;
  for (const Frame* const stop = at + most; at != stop && *at == kNoFrame;
       ++at, ++page, ++references) {
    const bool adjacent = page->node == of_node && page->index - frame == minus_frame;
    const bool in_use = page->is_busy() || *references > 0;
    if (!adjacent || page->pages > 1 || page->newer == kNoFrame || in_use) break;
    ++frame;
    if (page->newer != frame) break;
  }
  return frame - first;
}

void PageCache::remove(Frame head) {
  const unsigned count = pages_[head].pages;
  unlink(head);
  for (unsigned i = 0; i < count; ++i) leave_node(pages_[head + i], 1);
  resident_ -= count;
  if (count == 1) {
    memory_.free(head);
  } else {
    memory_.free_adjacent(head, count);
  }
}

void PageCache::make_room(std::uint64_t pages) {
  // A folio that cannot go now gets another round, as in shrink_page_list(). When too many cannot,
  // the cache exceeds its size for a while instead of looking at all of them for every window.
  while (resident_ > 0 && resident_ + pages > capacity_ && passed_over_ < kReclaimScan) {
    const Frame head = oldest_;
    if (in_use(head)) {
      touch(head);
      ++passed_over_;
      continue;
    }
    evictions_ += pages_[head].pages;
    remove(head);
  }
}

/// Makes folios the newest that follow each other in the order of use.
void PageCache::touch(Frame first, Frame last) {
  if (last == newest_) return;
  const Frame older = pages_[first].older;
  const Frame newer = pages_[last].newer;
  pages_[newer].older = older;
  if (older == kNoFrame) {
    oldest_ = newer;
  } else {
    pages_[older].newer = newer;
  }
  pages_[newest_].newer = first;
  pages_[first].older = newest_;
  pages_[last].newer = kNoFrame;
  newest_ = last;
}

}  // namespace copypath
