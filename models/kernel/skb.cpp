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

unsigned count_of(const FragmentList& list) {
  unsigned total = 0;
  for (const Fragment& fragment : list) total += fragment.count();
  return total;
}

namespace {

/// Whether it goes on where the last fragment of the skb ends, in the same kind of memory.
bool continues(const Skb& skb, const Fragment& fragments) {
  if (skb.run_count == 0) return false;
  const Fragment& last = skb.runs[skb.run_count - 1];
  return last.segment.address + last.segment.bytes == fragments.segment.address &&
         last.place == fragments.place && last.pages == fragments.pages;
}

bool begins_within_page(const Fragment& fragments) {
  return fragments.segment.address % kPageSize.count() != 0;
}

/// The first byte of it, to hold or put what that is in.
Fragment beginning_of(const Fragment& fragments) {
  return {{fragments.segment.address, 1}, fragments.place, false, fragments.pages};
}

}  // namespace

std::vector<FragmentRun> runs_of(const Skb& skb) {
  std::vector<FragmentRun> runs;
  for (unsigned i = 0; i < skb.run_count; ++i) {
    const Fragment& fragment = skb.runs[i];
    if (runs.empty() || runs.back().place != fragment.place) runs.push_back({fragment.place, {}});
    append(runs.back().segments, fragment.segment);
    runs.back().fragments += fragment.count();
  }
  return runs;
}

SkbAllocator::SkbAllocator(PhysicalMemory& memory, PageCache& page_cache)
    : memory_(memory), page_cache_(page_cache), large_folios_(page_cache.large_folios()) {}

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
  skb->fragment_count = skb->run_count = 0;
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
  for (unsigned i = 0; i < skb->run_count; ++i) put(skb->runs[i]);
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

Fragment SkbAllocator::cut_off(Fragment& from, std::uint32_t bytes) {
  Fragment first = from;
  first.segment.bytes = bytes;
  from.segment.address += bytes;
  from.segment.bytes -= bytes;
  const bool shared = from.pages != nullptr || begins_within_page(from);
  if (from.segment.bytes > 0 && shared) hold(beginning_of(from));
  return first;
}

std::uint32_t SkbAllocator::room_for(const Fragment& fragments, const Skb& skb) const {
  if (fragments.pages != nullptr) return fragments.segment.bytes;
  // With large folios a page may take a fragment or not.
  std::uint32_t pages = large_folios_ ? 1 : Skb::kMaxFragments - skb.fragment_count;
  if (!large_folios_ && begins_within_page(fragments) && continues(skb, fragments)) ++pages;
  const std::uint64_t begin = fragments.segment.address;
  const std::uint64_t end = address_of(frame_of(begin) + pages);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(fragments.segment.bytes, end - begin));
}

void SkbAllocator::append(Skb& skb, const Fragment& fragments) {
  if (!large_folios_ || fragments.place != Place::kPageCache) return add(skb, fragments);
  for_each_page(fragments.segment, [&](const Segment& page) {
    add(skb, {page, fragments.place, true});
  });
}

void SkbAllocator::add(Skb& skb, const Fragment& fragments) {
  skb.bytes += Bytes(fragments.segment.bytes);
  if (continues(skb, fragments) && join(skb, fragments)) return;
  skb.runs[skb.run_count++] = fragments;
  skb.fragment_count += fragments.count();
}

/// Whether the last fragment of an skb is lengthened by what continues it: not if that is of
/// another folio. Pages that are held one by one count as fragments of their own even so.
bool SkbAllocator::join(Skb& skb, const Fragment& fragments) {
  const std::uint64_t begin = fragments.segment.address;
  const bool within_page = begins_within_page(fragments);
  if (fragments.of_folio && !within_page && !page_cache_.same_folio(begin - 1, begin)) return false;
  if (!fragments.is_single()) skb.fragment_count += fragments.count() - (within_page ? 1 : 0);
  skb.runs[skb.run_count - 1].segment.bytes += fragments.segment.bytes;
  // It has a reference already, on its pages of the kernel or on this very page.
  if (fragments.pages != nullptr || within_page) put(beginning_of(fragments));
  return true;
}

Fragment SkbAllocator::cut(PageFragment& from, Bytes wanted) {
  if (from.is_used_up()) refill(from);
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(wanted.count(), PageFragment::kSize.count() - from.used));
  const Segment piece{from.pages->address() + from.used, bytes};
  from.used += bytes;
  ++from.pages->references;
  return {piece, Place::kSocketBuffer, false, from.pages};
}

Segment SkbAllocator::append_memory(Skb& skb, PageFragment& from, Bytes wanted) {
  const Fragment fragment = cut(from, wanted);
  append(skb, fragment);
  return fragment.segment;
}

void SkbAllocator::copy_fragments(Skb& skb, Execution& by, Movement (*movement)(Place)) {
  KernelPages& pages = *allocate_pages(skb.bytes);
  std::uint64_t to = pages.address();
  for (const auto& [place, from, fragments] : runs_of(skb)) {
    const Bytes bytes = size_of(from);
    by.copy(movement(place), from, {{to, static_cast<std::uint32_t>(bytes.count())}},
            by.costs().copy_rate, by.costs().copy_folio * fragments);
    to += bytes.count();
  }
  replace(skb, pages);
}

/// Makes `pages` the only fragment of the skb, in the place of all that it had.
void SkbAllocator::replace(Skb& skb, KernelPages& pages) {
  for (unsigned i = 0; i < skb.run_count; ++i) put(skb.runs[i]);
  const Segment all{pages.address(), static_cast<std::uint32_t>(skb.bytes.count())};
  skb.runs[0] = {all, Place::kSocketBuffer, false, &pages};
  skb.fragment_count = skb.run_count = 1;
}

// skb_page_frag_refill()
void SkbAllocator::refill(PageFragment& fragment) {
  if (fragment.pages != nullptr) put(*fragment.pages);
  fragment.pages = allocate_pages(PageFragment::kSize);
  fragment.used = 0;
}

}  // namespace copypath
