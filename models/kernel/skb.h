// The socket buffer (sk_buff): a packet of up to 64 KiB on its way to the NIC, as a list of
// fragments of memory. The bytes stay where they are; only references travel.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/memory/physical_memory.h"

namespace copypath {

class PageCache;
class TcpSocket;

/// Kernel memory that payload is copied to, handed out piece by piece; it lives as long as a piece
/// of it does (struct page_frag: 32 KiB, SKB_FRAG_PAGE_ORDER of net/core/sock.c).
struct PageFragment {
  static constexpr unsigned kFrames = 8;
  static constexpr std::uint32_t kBytes = kFrames * 4096;

  Frame first = 0;
  std::uint32_t references = 0;
};

/// The one that a socket fills at present.
struct PageFragmentCursor {
  PageFragment* fragment = nullptr;
  std::uint32_t used = 0;  ///< bytes
};

/// A piece of payload. `memory` is nullptr when it is a page of the page cache.
struct Fragment {
  Segment segment;
  PageFragment* memory;
};

struct Skb {
  /// The most fragments an skb can have (MAX_SKB_FRAGS).
  static constexpr unsigned kMaxFragments = 17;

  TcpSocket* socket = nullptr;
  std::uint64_t sequence = 0;  ///< of its first byte in the stream
  Bytes bytes;
  unsigned fragment_count = 0;
  std::array<Fragment, kMaxFragments> fragments{};

  // Of TCP's: the skb is freed when both have happened.
  bool in_device = false;
  bool acknowledged = false;

  bool full(Bytes goal) const { return bytes >= goal || fragment_count == kMaxFragments; }
};

/// Makes and frees skbs and the memory behind copied payload.
class SkbAllocator {
public:
  SkbAllocator(PhysicalMemory& memory, PageCache& page_cache)
      : memory_(memory), page_cache_(page_cache) {}

  Skb* allocate(TcpSocket& socket, std::uint64_t sequence);
  /// Frees the skb and drops its references.
  void free(Skb* skb);

  /// Appends up to `wanted` bytes of kernel memory to the skb, as far as the memory at the cursor
  /// goes, and returns them.
  Segment append_memory(Skb& skb, PageFragmentCursor& cursor, Bytes wanted);
  /// Appends a piece of one page of the page cache; the skb takes over a reference. A piece that
  /// continues the last one within its page lengthens that fragment.
  void append_page(Skb& skb, const Segment& piece);

  std::uint64_t in_use() const { return in_use_; }

private:
  void refill(PageFragmentCursor& cursor);
  void put(PageFragment& memory);

  PhysicalMemory& memory_;
  PageCache& page_cache_;
  std::vector<std::unique_ptr<Skb>> skbs_;
  std::vector<Skb*> free_skbs_;
  std::vector<std::unique_ptr<PageFragment>> fragments_;
  std::vector<PageFragment*> free_fragments_;
  std::uint64_t in_use_ = 0;
};

}  // namespace copypath
