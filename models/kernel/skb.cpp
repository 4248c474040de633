#include "models/kernel/skb.h"

#include <algorithm>

#include "models/kernel/page_cache.h"

namespace copypath {

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
  skb->in_device = false;
  skb->acknowledged = false;
  ++in_use_;
  return skb;
}

void SkbAllocator::free(Skb* skb) {
  for (unsigned i = 0; i < skb->fragment_count; ++i) {
    const Fragment& fragment = skb->fragments[i];
    if (fragment.memory == nullptr) {
      page_cache_.put_pages(fragment.segment);
    } else {
      put(*fragment.memory);
    }
  }
  free_skbs_.push_back(skb);
  --in_use_;
}

Segment SkbAllocator::append_memory(Skb& skb, PageFragmentCursor& cursor, Bytes wanted) {
  if (cursor.fragment == nullptr || cursor.used == PageFragment::kBytes) refill(cursor);
  PageFragment& memory = *cursor.fragment;
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(wanted.count(), PageFragment::kBytes - cursor.used));
  const Segment piece{address_of(memory.first) + cursor.used, bytes};
  cursor.used += bytes;
  skb.bytes += Bytes(bytes);
  if (skb.fragment_count > 0) {  // skb_can_coalesce()
    Fragment& last = skb.fragments[skb.fragment_count - 1];
    if (last.memory == &memory && last.segment.address + last.segment.bytes == piece.address) {
      last.segment.bytes += bytes;
      return piece;
    }
  }
  ++memory.references;
  skb.fragments[skb.fragment_count++] = {piece, &memory};
  return piece;
}

void SkbAllocator::append_page(Skb& skb, const Segment& piece) {
  skb.bytes += Bytes(piece.bytes);
  if (skb.fragment_count > 0 && piece.address % kPageSize.count() != 0) {  // skb_can_coalesce()
    Fragment& last = skb.fragments[skb.fragment_count - 1];
    if (last.memory == nullptr && last.segment.address + last.segment.bytes == piece.address) {
      last.segment.bytes += piece.bytes;
      page_cache_.put_pages(piece);  // the fragment has a reference on the page already
      return;
    }
  }
  skb.fragments[skb.fragment_count++] = {piece, nullptr};
}

// skb_page_frag_refill()
void SkbAllocator::refill(PageFragmentCursor& cursor) {
  if (cursor.fragment != nullptr) put(*cursor.fragment);
  if (free_fragments_.empty()) {
    fragments_.push_back(std::make_unique<PageFragment>());
    free_fragments_.push_back(fragments_.back().get());
  }
  cursor.fragment = free_fragments_.back();
  cursor.used = 0;
  free_fragments_.pop_back();
  cursor.fragment->first = memory_.allocate_adjacent(PageFragment::kFrames);
  cursor.fragment->references = 1;  // the cursor's
}

void SkbAllocator::put(PageFragment& memory) {
  if (--memory.references > 0) return;
  memory_.free_adjacent(memory.first, PageFragment::kFrames);
  free_fragments_.push_back(&memory);
}

}  // namespace copypath
