// The socket buffer (sk_buff): a packet of up to 64 KiB on its way to the NIC, as a list of
// fragments of memory. The bytes stay where they are; only references travel.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/cpu/execution.h"
#include "models/ledger/movement.h"
#include "models/memory/physical_memory.h"
#include "models/recycled.h"

namespace copypath {

class PageCache;
class TcpSocket;
class UbufInfo;

/// Adjacent pages of kernel memory; they live as long as a reference to a piece of them does.
struct KernelPages {
  Frame first = 0;
  unsigned frames = 0;
  std::uint32_t references = 0;

  std::uint64_t address() const { return address_of(first); }
};

/// Where a socket copies payload to at present (struct page_frag): pages that are handed out piece
/// by piece, 32 KiB of them (SKB_FRAG_PAGE_ORDER of net/core/sock.c).
struct PageFragment {
  static constexpr Bytes kSize{32 * 1024};
  static double share_of(Bytes bytes) {
    return static_cast<double>(bytes.count()) / static_cast<double>(kSize.count());
  }
  bool is_used_up() const { return pages == nullptr || used == kSize.count(); }

  KernelPages* pages = nullptr;
  std::uint32_t used = 0;  ///< bytes
};

/// A piece of memory with a reference on what holds it: a fragment of an skb, a buffer of a pipe.
/// Of pages that are held one by one, those that are adjacent in memory are several in one: each
/// page counts.
struct Fragment {
  Segment segment{};
  Place place = Place::kPageCache;  ///< pages of the page cache, of the user, or of the kernel
  bool of_folio = false;            ///< its pages are of one folio, and so one fragment
  KernelPages* pages = nullptr;     ///< of the kernel, held as a whole

  bool is_single() const { return pages != nullptr || of_folio; }
  unsigned count() const { return is_single() ? 1 : pages_of(segment); }
};
using FragmentList = std::vector<Fragment, Recycled<Fragment>>;

Bytes size_of(const FragmentList& list);
unsigned count_of(const FragmentList& list);

/// visit(where it lies), one after the other.
template <typename Visit>
void for_each_fragment(const Fragment& fragments, Visit visit) {
  if (fragments.is_single()) {
    visit(fragments.segment);
  } else {
    for_each_page(fragments.segment, visit);
  }
}

struct Skb;
/// What an skb refers to, by the kind of memory.
struct FragmentRun {
  Place place;
  SegmentList segments;
  unsigned fragments = 0;  ///< as the kernel counts them
};
std::vector<FragmentRun> runs_of(const Skb& skb);

/// What is asked of every skb comes first: that, and an only fragment, are two lines of the host's
/// cache.
struct alignas(64) Skb {
  /// The most fragments an skb can have (MAX_SKB_FRAGS).
  static constexpr unsigned kMaxFragments = 17;

  TcpSocket* socket = nullptr;
  std::uint64_t sequence = 0;  ///< of its first byte in the stream
  Bytes bytes;
  unsigned fragment_count = 0;  ///< as the kernel counts them
  unsigned run_count = 0;       ///< those that are several in one counted once
  UbufInfo* ubuf = nullptr;     ///< to be told when the skb is freed; with a reference

  bool again = false;        ///< a retransmission, which refers to the memory of another skb
  bool linear = false;       ///< in one piece, as a NIC needs it that cannot gather
  bool checksummed = false;  ///< by a core, in passing
  /// Refers to pages that somebody else may write to (SKBFL_SHARED_FRAG).
  bool shared = false;

  // Of TCP's: the skb is freed when both have happened.
  bool in_device = false;
  bool acknowledged = false;

  std::array<Fragment, kMaxFragments> runs{};  ///< the fragments

  // Of a retransmission:
  SegmentList resync;               ///< where the text of its TLS record begins, for the NIC
  std::uint64_t resync_record = 0;  ///< the number of that record

  sc_time sent;  ///< when it was handed to the device

  bool full(Bytes goal) const { return bytes >= goal || fragment_count == kMaxFragments; }
};

/// Makes and frees skbs and the kernel memory behind them.
class SkbAllocator {
public:
  SkbAllocator(PhysicalMemory& memory, PageCache& page_cache);

  Skb* allocate(TcpSocket& socket, std::uint64_t sequence);
  /// Frees the skb and drops its references.
  void free(Skb* skb);

  /// What the memory behind the skbs holds.
  Data data() const { return memory_.data(); }

  /// Adjacent pages for so many bytes, with one reference.
  KernelPages* allocate_pages(Bytes bytes);
  void put(KernelPages& pages);

  /// Takes one more reference on what holds the fragment, or drops one.
  void hold(const Fragment& fragment);
  void put(const Fragment& fragment);

  /// Up to `wanted` bytes of kernel memory, as far as the page fragment goes, with a reference.
  Fragment cut(PageFragment& from, Bytes wanted);
  /// Appends up to `wanted` bytes of kernel memory to the skb, as far as the page fragment goes,
  /// and returns them.
  Segment append_memory(Skb& skb, PageFragment& from, Bytes wanted);
  /// Cuts the first `bytes` off; both parts have references then.
  Fragment cut_off(Fragment& from, std::uint32_t bytes);
  /// How much of it an skb takes that is not full: as far as it may have fragments.
  std::uint32_t room_for(const Fragment& fragments, const Skb& skb) const;
  /// Appends no more than that; the skb takes over the references. What continues the last fragment
  /// in memory of the same kind lengthens that (skb_can_coalesce()).
  void append(Skb& skb, const Fragment& fragments);
  /// Copies all that the skb refers to into one piece of kernel memory, which takes its place.
  /// `movement` says what it is to copy from there.
  void copy_fragments(Skb& skb, Execution& by, Movement (*movement)(Place));

  std::uint64_t in_use() const { return in_use_; }

private:
  void add(Skb& skb, const Fragment& fragments);
  bool join(Skb& skb, const Fragment& fragments);
  void refill(PageFragment& fragment);
  void replace(Skb& skb, KernelPages& pages);

  PhysicalMemory& memory_;
  PageCache& page_cache_;
  bool large_folios_;
  std::vector<std::unique_ptr<Skb>> skbs_;
  std::vector<Skb*> free_skbs_;
  std::vector<std::unique_ptr<KernelPages>> pages_;
  std::vector<KernelPages*> free_pages_;
  std::uint64_t in_use_ = 0;
};

}  // namespace copypath
