#include "models/kernel/skb.h"

#include <algorithm>

#include "models/kernel/page_cache.h"

namespace copypath {

Bytes size_of(const FragmentList& list) {
  std::uint64_t total = 0;
  for (const Fragment& fragment : list) total += fragment.segment.bytes;
  return Bytes(total);
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
  skb->zerocopy = false;
  skb->linear = false;
  skb->checksummed = false;
  skb->in_device = false;
  skb->acknowledged = false;
  ++in_use_;
  return skb;
}

void SkbAllocator::free(Skb* skb) {
  for (unsigned i = 0; i < skb->fragment_count; ++i) put(skb->fragments[i]);
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
  if (fragment.place == Place::kPageCache) page_cache_.hold_page(fragment.segment);
  if (fragment.pages != nullptr) ++fragment.pages->references;
}

void SkbAllocator::put(const Fragment& fragment) {
  if (fragment.place == Place::kPageCache) page_cache_.put_pages(fragment.segment);
  if (fragment.pages != nullptr) put(*fragment.pages);
}

Segment SkbAllocator::append_memory(Skb& skb, PageFragment& from, Bytes wanted) {
  if (from.pages == nullptr || from.used == PageFragment::kSize.count()) refill(from);
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(wanted.count(), PageFragment::kSize.count() - from.used));
  const Segment piece{from.pages->address() + from.used, bytes};
  from.used += bytes;
  ++from.pages->references;
  append(skb, {piece, Place::kSocketBuffer, from.pages});
  return piece;
}

void SkbAllocator::append(Skb& skb, const Fragment& fragment) {
  skb.bytes += Bytes(fragment.segment.bytes);
  if (skb.fragment_count > 0) {
    Fragment& last = skb.fragments[skb.fragment_count - 1];
    // Pages that are held one by one are fragments of their own, even if they are adjacent.
    const bool same_memory =
        last.place == fragment.place && last.pages == fragment.pages &&
        (fragment.pages != nullptr || fragment.segment.address % kPageSize.count() != 0);
    if (same_memory && last.segment.address + last.segment.bytes == fragment.segment.address) {
      last.segment.bytes += fragment.segment.bytes;
      put(fragment);  // the last one has a reference already
      return;
    }
  }
  skb.fragments[skb.fragment_count++] = fragment;
}

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
