// The probes behind `native --evidence`: look at every packet of the run's own connections as it is
// handed to the device and as TCP receives it, and count its payload by the kind of memory that it
// lies in. Raw tracepoints, with offsets that the loader takes from the running kernel (CO-RE);
// they change nothing and are gone when the program that loaded them is.
// Needs the layout of fragments since Linux 5.4 (page, length, offset).
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "provenance.h"
#include "seen_stream.h"

char copyright_terms[] SEC("license") = "GPL";

// Of each structure, only what is looked at.
#define KERNEL_TYPE __attribute__((preserve_access_index))

struct ns_common {
  unsigned int inum;
} KERNEL_TYPE;
struct net {
  struct ns_common ns;
} KERNEL_TYPE;
typedef struct {
  struct net* net;
} KERNEL_TYPE possible_net_t;
struct sock_common {
  __be16 skc_dport;
  __u16 skc_num;
  possible_net_t skc_net;
} KERNEL_TYPE;
struct sock {
  struct sock_common __sk_common;
} KERNEL_TYPE;
struct tcp_sock {
  __u32 rcv_nxt;
  __u32 snd_una;
} KERNEL_TYPE;
struct sk_buff {
  struct sock* sk;
  unsigned int len;
  unsigned int data_len;
  __u16 transport_header;
  unsigned int end;
  unsigned char* head;
  unsigned char* data;
} KERNEL_TYPE;
struct skb_shared_info {
  __u8 nr_frags;
  struct {
  } frags[17];
} KERNEL_TYPE;
struct super_block {
  __u32 s_dev;
} KERNEL_TYPE;
struct inode {
  unsigned long i_ino;
  struct super_block* i_sb;
} KERNEL_TYPE;
struct address_space {
  struct inode* host;
} KERNEL_TYPE;
struct page {
  unsigned long compound_head;
  struct address_space* mapping;
} KERNEL_TYPE;

struct fragment {  // bio_vec until 6.9, then skb_frag
  unsigned long page;
  __u32 bytes;
  __u32 offset;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ProvenanceSettings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 131072);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct ProvenanceFile);
  __type(value, __u8);
} files SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, kProvenanceSlots);
  __type(key, __u32);
  __type(value, __u64);
} bytes SEC(".maps");

/// By socket.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 131072);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);
  __type(value, struct SeenStream);
} streams SEC(".maps");

/// Threads in read(), and whether they have come to the page cache.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 131072);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u64);
  __type(value, __u8);
} readers SEC(".maps");

static __always_inline const struct ProvenanceSettings* wanted(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline void count(__u32 slot, __u64 n) {
  __u64* sum = bpf_map_lookup_elem(&bytes, &slot);
  if (sum) *sum += n;
}

static __always_inline __u32 kind_of_page(unsigned long address) {
  const struct page* page = (const struct page*)(address & ~3ul);
  const unsigned long head = BPF_CORE_READ(page, compound_head);
  if (head & 1) page = (const struct page*)(head - 1);
  const unsigned long mapping = (unsigned long)BPF_CORE_READ(page, mapping);
  if (mapping == 0) return kProvenanceKernel;
  if (mapping & 1) return kProvenanceUser;
  const struct address_space* space = (const struct address_space*)(mapping & ~3ul);
  struct ProvenanceFile file = {};
  file.inode = BPF_CORE_READ(space, host, i_ino);
  file.device = BPF_CORE_READ(space, host, i_sb, s_dev);
  return bpf_map_lookup_elem(&files, &file) ? kProvenanceFile : kProvenanceOtherFile;
}

/// Counts the payload of a packet whose TCP header is at `header`, as far as it has not been seen
/// before. `expected`: where the stream begins, if this is the first packet of it.
static __always_inline void count_payload(const struct sock* sk, const struct sk_buff* skb,
                                          const unsigned char* header, __u32 first_slot,
                                          __u32 expected) {
  __u32 sequence = 0;
  bpf_probe_read_kernel(&sequence, sizeof sequence, header + 4);
  __u8 offset = 0;
  bpf_probe_read_kernel(&offset, sizeof offset, header + 12);
  const unsigned char* payload = header + (offset >> 4) * 4;
  const __u32 in_fragments = BPF_CORE_READ(skb, data_len);
  const unsigned char* linear_end =
      BPF_CORE_READ(skb, data) + (BPF_CORE_READ(skb, len) - in_fragments);
  const __s32 linear = linear_end - payload;
  if (linear + in_fragments == 0) return;

  const __u64 key = (__u64)sk;
  const struct SeenStream unseen = {.up_to = expected};
  bpf_map_update_elem(&streams, &key, &unseen, BPF_NOEXIST);
  struct SeenStream* stream = bpf_map_lookup_elem(&streams, &key);
  if (!stream) return;
  struct FreshParts fresh;
  count(kProvenanceUnfollowed, follow(stream, bpf_ntohl(sequence), linear + in_fragments, &fresh));

  struct StreamPart part = {0, linear};
  count(first_slot + kProvenanceLinear, fresh_bytes(&fresh, part));
  if (in_fragments == 0) return;
  const unsigned char* head = BPF_CORE_READ(skb, head);
  const struct skb_shared_info* info =
      (const struct skb_shared_info*)(head + BPF_CORE_READ(skb, end));
  const __u32 fragments = BPF_CORE_READ(info, nr_frags);
  const unsigned char* list =
      (const unsigned char*)info + bpf_core_field_offset(struct skb_shared_info, frags);
  for (__u32 i = 0; i < 17; ++i) {
    if (i >= fragments) break;
    struct fragment fragment;
    if (bpf_probe_read_kernel(&fragment, sizeof fragment, list + i * sizeof fragment)) break;
    part.from = part.to;
    part.to += fragment.bytes;
    const __u32 shown = fresh_bytes(&fresh, part);
    if (shown > 0) count(first_slot + kind_of_page(fragment.page), shown);
  }
}

SEC("raw_tp/net_dev_start_xmit")
int handed_to_device(struct bpf_raw_tracepoint_args* context) {
  const struct sk_buff* skb = (const struct sk_buff*)context->args[0];
  const struct ProvenanceSettings* of = wanted();
  const struct sock* sk = BPF_CORE_READ(skb, sk);
  if (!of || !sk) return 0;
  if (BPF_CORE_READ(sk, __sk_common.skc_num) != of->server_port) return 0;
  if (BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) != of->server_network) return 0;
  count_payload(sk, skb, BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header), 0,
                BPF_CORE_READ((const struct tcp_sock*)sk, snd_una));
  return 0;
}

SEC("raw_tp/tcp_probe")
int received_by_tcp(struct bpf_raw_tracepoint_args* context) {
  const struct sock* sk = (const struct sock*)context->args[0];
  const struct sk_buff* skb = (const struct sk_buff*)context->args[1];
  const struct ProvenanceSettings* of = wanted();
  if (!of) return 0;
  if (bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) != of->server_port) return 0;
  if (BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) != of->client_network) return 0;
  count_payload(sk, skb, BPF_CORE_READ(skb, data), kProvenanceReceived,
                BPF_CORE_READ((const struct tcp_sock*)sk, rcv_nxt));
  return 0;
}

SEC("raw_tp/sys_enter")
int call_entered(struct bpf_raw_tracepoint_args* context) {
  const struct ProvenanceSettings* of = wanted();
  const __u64 thread = bpf_get_current_pid_tgid();
  const __u32 call = context->args[1];
  const __u8 outside = 0;
  if (!of || thread >> 32 != of->server_process) return 0;
  if (call == of->read_calls[0] || call == of->read_calls[1]) {
    bpf_map_update_elem(&readers, &thread, &outside, BPF_ANY);
  }
  return 0;
}

SEC("raw_tp/mm_filemap_get_pages")
int pages_of_file_taken(struct bpf_raw_tracepoint_args* context) {
  const __u64 thread = bpf_get_current_pid_tgid();
  __u8* inside = bpf_map_lookup_elem(&readers, &thread);
  if (inside) *inside = 1;
  return 0;
}

SEC("raw_tp/sys_exit")
int call_left(struct bpf_raw_tracepoint_args* context) {
  const __u64 thread = bpf_get_current_pid_tgid();
  const __u8* inside = bpf_map_lookup_elem(&readers, &thread);
  const long result = context->args[1];
  if (!inside) return 0;
  if (*inside && result > 0) count(kProvenanceReadCopied, result);
  bpf_map_delete_elem(&readers, &thread);
  return 0;
}
