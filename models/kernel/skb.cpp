#include "models/kernel/skb.h"

#include <algorithm>

#include "models/kernel/page_cache.h"
#include "models/kernel/zerocopy.h"

namespace copypath {

Bytes size_of(const FragmentList& list) {
  std::uint64_t total = 0;
  for (const Fragment& fragment : list) total += fragment.segment.bytes;
  return Bytes(total);
}

std::vector<FragmentRun> runs_of(const Skb& skb) {
  std::vector<FragmentRun> runs;
  for (unsigned i = 0; i < skb.fragment_count; ++i) {
    const Fragment& fragment = skb.fragments[i];
    if (runs.empty() || runs.back().place != fragment.place) runs.push_back({fragment.place, {}});
    append(runs.back().segments, fragment.segment);
  }
  return runs;
}

SkbAllocator::SkbAllocator(PhysicalMemory& memory, PageCache& page_cache)
    : memory_(memory), page_cache_(page_cache), large_folios_(page_cache.large_folios()) {}

bool SkbAllocator::same_folio(std::uint64_t a, std::uint64_t b) const {
  return page_cache_.same_folio(a, b);
}

Skb* SkbAllocator::allocate(TcpSocket& socket, std::uint64_t sequence) {
  if (free_skbs_.empty()) {
    skbs_.push_back(std::make_unique<Skb>());
    free_skbs_.push_back(skbs_.back().get());
  }
  Skb* skb = free_skbs_.back();
  free_skbs_.pop_back();
  skb->socket = &socket;
  skb->sequence = sequence;
  skb->bytes = Bytes(0);
  skb->fragment_count = 0;
  skb->ubuf = nullptr;
  skb->again = false;
  skb->linear = false;
  skb->checksummed = false;
  skb->shared = false;
  skb->in_device = false;
  skb->acknowledged = false;
  ++in_use_;
  return skb;
}

void SkbAllocator::free(Skb* skb) {
  for (unsigned i = 0; i < skb->fragment_count; ++i) put(skb->fragments[i]);
  if (skb->ubuf != nullptr) skb->ubuf->put();
  free_skbs_.push_back(skb);
  --in_use_;
}

KernelPages* SkbAllocator::allocate_pages(Bytes bytes) {
  if (free_pages_.empty()) {
    pages_.push_back(std::make_unique<KernelPages>());
    free_pages_.push_back(pages_.back().get());
  }
  KernelPages* pages = free_pages_.back();
  free_pages_.pop_back();
  pages->frames = static_cast<unsigned>(units_covering(bytes, kPageSize));
  pages->first = memory_.allocate_adjacent(pages->frames);
  pages->references = 1;
  return pages;
}

void SkbAllocator::put(KernelPages& pages) {
  if (--pages.references > 0) return;
  memory_.free_adjacent(pages.first, pages.frames);
  free_pages_.push_back(&pages);
}

void SkbAllocator::hold(const Fragment& fragment) {
  if (fragment.place == Place::kPageCache) page_cache_.hold_pages(fragment.segment);
  if (fragment.pages != nullptr) ++fragment.pages->references;
}

void SkbAllocator::put(const Fragment& fragment) {
  if (fragment.place == Place::kPageCache) page_cache_.put_pages(fragment.segment);
  if (fragment.pages != nullptr) put(*fragment.pages);
}

Fragment SkbAllocator::cut(PageFragment& from, Bytes wanted) {
  if (from.is_used_up()) refill(from);
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(wanted.count(), PageFragment::kSize.count() - from.used));
  const Segment piece{from.pages->address() + from.used, bytes};
  from.used += bytes;
  ++from.pages->references;
  return {piece, Place::kSocketBuffer, from.pages};
}

Segment SkbAllocator::append_memory(Skb& skb, PageFragment& from, Bytes wanted) {
  const Fragment fragment = cut(from, wanted);
  append(skb, fragment);
  return fragment.segment;
}

void SkbAllocator::copy_fragments(Skb& skb, Execution& by, Movement (*movement)(Place)) {
  KernelPages& pages = *allocate_pages(skb.bytes);
  std::uint64_t to = pages.address();
  for (const auto& [place, from] : runs_of(skb)) {
    const Bytes bytes = size_of(from);
    by.copy(movement(place), from, {{to, static_cast<std::uint32_t>(bytes.count())}},
            by.costs().copy_rate);
    to += bytes.count();
  }
  replace(skb, pages);
}

/// Makes `pages` the only fragment of the skb, in the place of all that it had.
void SkbAllocator::replace(Skb& skb, KernelPages& pages) {
  for (unsigned i = 0; i < skb.fragment_count; ++i) put(skb.fragments[i]);
  const Segment all{pages.address(), static_cast<std::uint32_t>(skb.bytes.count())};
  skb.fragments[0] = {all, Place::kSocketBuffer, &pages};
  skb.fragment_count = 1;
}

// skb_page_frag_refill()
void SkbAllocator::refill(PageFragment& fragment) {
  if (fragment.pages != nullptr) put(*fragment.pages);
  fragment.pages = allocate_pages(PageFragment::kSize);
  fragment.used = 0;
}

}  // namespace copypath
