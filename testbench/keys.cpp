// The table itself. To add a key, add its field to models/platform/config.h and one line to
// make_keys(). How keys are found and listed is in keys_listing.cpp.
#include "testbench/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "models/paths/path.h"
#include "testbench/key_kinds.h"

namespace copypath {
namespace {

/// The least and the greatest accepted value, written as in a scenario.
struct Range {
  const char* least = nullptr;
  const char* most = nullptr;
};

/// Nothing to limit: a switch, a choice or a text.
const Range kAny{};

template <typename Access>
Key key(const char* name, Access access, Range range, const char* help, const char* source,
        const char* zero_word = "") {
  using Value = std::decay_t<decltype(access(std::declval<Config&>()))>;
  using Kind = KeyKind<Value>;
  Key result;
  result.name = name;
  result.type = Kind::kName;
  result.zero_word = zero_word;
  result.help = help;
  result.source = source;
  if (range.least != nullptr) {
    result.accepted = fmt::format("{} to {}", range.least, range.most);
  } else if constexpr (std::is_enum_v<Value>) {
    result.accepted = listed(Kind::words());
  } else if constexpr (std::is_same_v<Value, bool>) {
    result.accepted = "true or false";
  }
  if (!result.zero_word.empty() && !result.accepted.empty()) {
    result.accepted += ", or " + result.zero_word;
  }

  const std::string accepted = result.accepted;
  const std::string zero = zero_word;
  result.set = [access, range, accepted, zero](Config& config, const std::string& text) {
    if (!zero.empty() && text == zero) {
      access(config) = Value{};
      return;
    }
    const Value value = Kind::parse(text);
    if constexpr (!std::is_same_v<Value, std::vector<std::string>>) {
      if (range.least != nullptr &&
          (value < Kind::parse(range.least) || Kind::parse(range.most) < value)) {
        throw BadValue(quoted(text) + " is out of range, accepted: " + accepted);
      }
    }
    access(config) = value;
  };
  // Rates whose range is given in bits per second are printed in bits per second.
  const bool bits =
      range.least != nullptr && std::string(range.least).find("bps") != std::string::npos;
  result.get = [access, bits, zero](const Config& config) {
    const Value value = access(config);
    return !zero.empty() && value == Value{} ? zero : Kind::print(value, bits);
  };
  return result;
}

// The name of a key and its field, written once.
#define FIELD(field) \
#field, [](auto& config) -> auto& { return config.field; }
#define NAMED_FIELD(name, field) \
  name, [](auto& config) -> auto& { return config.field; }

const char* const kAssumed = "assumed";
const char* const kMeasuredApart = "none: contained in the others, until `calibrate` measures it";
const char* const kByDefinition = "by definition";

std::vector<Key> make_keys() {
  // clang-format off
  return {
    key(FIELD(title), kAny, "one line about the scenario, shown by compare", kByDefinition, "none"),
    key(FIELD(host), kAny, "host profile, beside the scenario file or in the shipped scenarios/", kByDefinition, "none"),
    key(NAMED_FIELD("path", paths), kAny, "data paths to run, separated by spaces, or all", kAssumed),
    key(FIELD(timing), kAny, "bus timing: fluid shares bandwidth, burst grants it burst by burst", kAssumed),

    key(NAMED_FIELD("host.kernel", kernel), Range{"2.6", "9.99"}, "version of Linux whose rules apply", kAssumed),

    key(FIELD(cpu.cores), Range{"1", "256"}, "cores of the server", kAssumed),
    key(FIELD(cpu.syscall), Range{"0ns", "1ms"}, "entry and exit of one system call", kAssumed),
    key(FIELD(cpu.context_switch), Range{"0ns", "10ms"}, "switching a core to another task", "1.07 us between threads (i7, Linux 6.6, ddumbying.vercel.app), rounded"),
    key(FIELD(cpu.time_slice), Range{"1us", "10s"}, "run time after which a waiting task gets the core", kAssumed),
    key(FIELD(cpu.interrupt), Range{"0ns", "10ms"}, "one device interrupt with its softirq", kAssumed),
    key(FIELD(cpu.copy_rate), Range{"1MB/s", "10TB/s"}, "copying by one core, in bytes of payload", kAssumed),
    key(FIELD(cpu.copy_rate_cached), Range{"1MB/s", "100TB/s"}, "the same, where both ends are in the cache; one that is not takes half the time of copy_rate", "three times the cold rate: memcpy reaches 57 GB/s in 4 MiB and 19.2 GB/s in 256 MiB, measured (AMD EPYC, Linux 6.18)"),
    key(FIELD(cpu.copy_rate_large), Range{"1MB/s", "10TB/s"}, "copying 512 KiB and more at once, out of one folio; none: as any other copy", "none: not told apart, until `calibrate` measures it", "none"),
    key(FIELD(cpu.checksum_rate), Range{"1MB/s", "10TB/s"}, "reading bytes for a checksum by one core", kAssumed),
    key(FIELD(cpu.crypto_rate), Range{"1MB/s", "10TB/s"}, "encrypting by one core (AES-256-GCM), in bytes of text", "4.3 to 5.0 GB/s in records of 16 KiB, measured (OpenSSL 3.0, AMD EPYC, Linux 6.18)"),
    key(FIELD(cpu.compress_rate), Range{"1MB/s", "10TB/s"}, "deflate by one core, in bytes that go in", "94 MB/s of text at level 1, measured (zlib, AMD EPYC, Linux 6.18)"),
    key(FIELD(cpu.page_lookup), Range{"0ns", "1ms"}, "finding and referencing one page-cache page", kAssumed),
    key(FIELD(cpu.minor_fault), Range{"0ns", "1ms"}, "one page fault, mapping what is in memory around it", "1.01 us, median of an anonymous fault (ddumbying.vercel.app), rounded"),
    key(FIELD(cpu.skb), Range{"0ns", "1ms"}, "building, queueing and freeing one skb", kAssumed),
    key(FIELD(cpu.sendpage), Range{"0ns", "1ms"}, "each page that splice() hands to the socket one by one, before Linux 6.5", kAssumed),
    key(FIELD(cpu.receive), Range{"0ns", "1ms"}, "the softirq's work on one received packet, after merging (GRO)", kAssumed),
    key(FIELD(cpu.acknowledgement), Range{"0ns", "1ms"}, "the softirq's work on one acknowledgement that comes, besides cpu.interrupt", kAssumed),
    key(FIELD(cpu.segment), Range{"0ns", "1ms"}, "cutting one frame off a packet, without segmentation offload", kAssumed),
    key(FIELD(cpu.pin_page), Range{"0ns", "1ms"}, "pinning and releasing one page of the program's memory", "18% of the time of vmsplice at 32.8 GiB/s goes to iov_iter_get_pages (mazzo.li, fast-pipes): 21 ns per page, rounded"),
    key(FIELD(cpu.zerocopy_notify), Range{"0ns", "1ms"}, "allocating, completing and queueing one notification of MSG_ZEROCOPY", "1.38 us per send of 64 KB, 0.68 us by io_uring with registered buffers (RFC v1 of its zero-copy send), less 16 pages pinned, rounded"),
    key(FIELD(cpu.read_call), Range{"0ns", "1ms"}, "a read() of a file, besides the call itself, its pages and its bytes", kMeasuredApart),
    key(FIELD(cpu.send_call), Range{"0ns", "1ms"}, "a send on a socket, besides the call itself, its skbs and its bytes", kMeasuredApart),
    key(FIELD(cpu.splice_call), Range{"0ns", "1ms"}, "a splice(), besides the call itself and what it does", kMeasuredApart),
    key(FIELD(cpu.vmsplice_call), Range{"0ns", "1ms"}, "a vmsplice(), besides the call itself and its pages", kMeasuredApart),
    key(FIELD(cpu.ioctl_call), Range{"0ns", "1ms"}, "an ioctl() that asks a socket what it has queued, besides the call itself", kMeasuredApart),
    key(FIELD(cpu.pipe_fill), Range{"0ns", "1ms"}, "filling a pipe from a file, in splice() and sendfile(), besides its pages", kMeasuredApart),
    key(FIELD(cpu.splice_page), Range{"0ns", "1ms"}, "taking one page through a pipe: in, out, and released", kMeasuredApart),
    key(FIELD(cpu.splice_send), Range{"0ns", "1ms"}, "handing what is in a pipe to a socket, besides the call itself, its skbs and its pages", kMeasuredApart),
    key(FIELD(cpu.send_page), Range{"0ns", "1ms"}, "appending one of those pages to an skb, and dropping it when it is acknowledged", kMeasuredApart),
    key(FIELD(cpu.read_page), Range{"0ns", "1ms"}, "taking one page of a read() from the page cache, besides its bytes", kMeasuredApart),
    key(FIELD(cpu.copy_folio), Range{"0ns", "1ms"}, "going on in a copy to what lies elsewhere in memory: another folio of the page cache, or a fragment of a packet that is not in the cache", kMeasuredApart),
    key(FIELD(cpu.map_page), Range{"0ns", "1ms"}, "entering one page into the page table, in a fault", kMeasuredApart),
    key(FIELD(cpu.map_folio), Range{"0ns", "1ms"}, "mapping one folio in a fault, besides its pages", kMeasuredApart),
    key(FIELD(cpu.unmap_page), Range{"0ns", "1ms"}, "taking one page out of the page table, in munmap()", kMeasuredApart),
    key(FIELD(cpu.unmap_folio), Range{"0ns", "1ms"}, "dropping one folio in munmap(), besides its pages", kMeasuredApart),
    key(FIELD(cpu.walk_page), Range{"0ns", "1ms"}, "finding one page that is to be pinned, after one that was not mapped", kMeasuredApart),
    key(FIELD(cpu.skb_memory), Range{"0ns", "1ms"}, "allocating and freeing 32 KiB for the payload of skbs", kMeasuredApart),
    key(FIELD(cpu.page_alloc), Range{"0ns", "1ms"}, "allocating and freeing a single page for what a packet refers to, or a pipe holds", kMeasuredApart),
    key(FIELD(cpu.disk_request), Range{"0ns", "1ms"}, "one request of direct I/O: file system, block layer and driver, until it has been completed", kMeasuredApart),
    key(FIELD(cpu.disk_page), Range{"0ns", "1ms"}, "adding one page to such a request, besides pinning it", kMeasuredApart),
    key(FIELD(cpu.disk_wait), Range{"0ns", "1ms"}, "ringing the disk's doorbell after such requests, going to sleep and coming back", kMeasuredApart),
    key(FIELD(cpu.refill_size), Range{"0B", "1GiB"}, "of a core's own caches, which are cold when it comes back from such a wait", kMeasuredApart),
    key(FIELD(cpu.refill_page), Range{"0ns", "1ms"}, "a copy that touches one page of that again, beyond its bytes", kMeasuredApart),
    key(FIELD(cpu.wakeup), Range{"0ns", "1ms"}, "waking who sleeps at the other end of a socket or pipe on the same machine, by who wakes it", kMeasuredApart),
    key(FIELD(cpu.wake_latency), Range{"0ns", "10ms"}, "until an idle core runs a task that was woken: an interrupt, and leaving the idle state", kMeasuredApart),
    key(FIELD(cpu.uring_request), Range{"0ns", "1ms"}, "issuing one request of io_uring", kAssumed),
    key(FIELD(cpu.uring_completion), Range{"0ns", "1ms"}, "posting one completion of io_uring", kAssumed),

    key(FIELD(memory.bandwidth), Range{"1MB/s", "100TB/s"}, "peak bandwidth of the memory bus", kAssumed),
    key(FIELD(memory.efficiency), Range{"0.01", "1"}, "share of the peak that mixed traffic reaches", "150 of 204.8 GB/s on 8-channel DDR4-3200 (Gallatin, Netflix, 2021), rounded"),
    key(FIELD(memory.latency), Range{"0ns", "100us"}, "from a request to its first byte", kAssumed),
    key(FIELD(memory.burst), Range{"64B", "4KiB"}, "bytes granted at once in burst timing, a power of two", kAssumed),
    key(FIELD(memory.arbitration), kAny, "how the masters share the memory bus", kAssumed),
    key(FIELD(memory.write_allocate), kAny, "a CPU store reads the line before it is written", kAssumed),

    key(FIELD(cache.size), Range{"0B", "16GiB"}, "the last-level cache; none: the textbook machine, in which every pass over the bytes reaches DRAM", "by definition of the textbook machine", "none"),
    key(FIELD(cache.ddio), Range{"0", "1"}, "share of the cache that DMA may fill (Intel DDIO); 0, or without a cache: DMA writes go to DRAM", kAssumed),
    key(FIELD(cache.dma_write_allocate), kAny, "a DMA write brings what is missing into that share (Intel DDIO); false: it goes to DRAM, and only what is in the cache is updated there", "true for Intel DDIO; false is what `calibrate` finds on AMD EPYC"),
    key(FIELD(cache.dma_share), Range{"0", "1"}, "share of the pages of DMA writes for which that is so; the others go to DRAM, and what the cache had of them is forgotten", "1 for devices; less for a virtual disk, whose data a processor of the host copies that may have another cache"),
    key(FIELD(cache.latency), Range{"0ns", "100us"}, "from a request to its first byte, when all of it is in the cache", "34 cycles, 10.3 ns (AMD Rome, AnandTech 14694), rounded"),

    key(FIELD(numa.nodes), Range{"1", "2"}, "sockets, each with DRAM of memory.bandwidth", kByDefinition),
    key(FIELD(numa.fabric_bandwidth), Range{"1MB/s", "100TB/s"}, "between two nodes, in each direction", "about 34 GB/s of remote reads in one direction (Intel Xeon Platinum 8160, 2 UPI links, boohere.com 201966)"),
    key(FIELD(numa.fabric_latency), Range{"0ns", "100us"}, "what the other node's memory takes longer", "40 to 50 ns over UPI (lowlat-ms.pages.dev)"),
    key(FIELD(numa.server_node), Range{"0", "1"}, "node of the cores that serve", kAssumed),
    key(FIELD(numa.disk_node), Range{"0", "1"}, "node of the disk", kAssumed),
    key(FIELD(numa.nic_node), Range{"0", "1"}, "node of the NIC", kAssumed),
    key(FIELD(numa.page_cache), kAny, "where pages of files are: on the node of the server, the disk or the NIC, on a node by number, or in turn", "Linux takes the node of the core that allocates (mm/mempolicy.c)"),
    key(FIELD(numa.memory), kAny, "where the server's memory and that behind skbs is", "Linux takes the node of the core that allocates (mm/mempolicy.c)"),

    key(FIELD(page_cache.size), Range{"1MiB", "1PiB"}, "capacity of the page cache", kAssumed),
    key(FIELD(page_cache.dirty_background), Range{"0", "1"}, "share of the size that may be dirty before it is written back", "Linux default (vm.dirty_background_ratio)"),
    key(FIELD(page_cache.dirty), Range{"0", "1"}, "share of the size that may be dirty before writers have to wait", "Linux default (vm.dirty_ratio)"),
    key(FIELD(page_cache.dirty_expire), Range{"0ns", "10000s"}, "after which what is dirty is written back in any case", "Linux default (vm.dirty_expire_centisecs)"),
    key(FIELD(page_cache.warm), Range{"0", "1"}, "share of every file that is resident at the start", kAssumed),
    key(FIELD(page_cache.fault_around), Range{"4KiB", "1GiB"}, "what one page fault maps at most, if it is in memory", "Linux default (mm/memory.c, fault_around_bytes)"),
    key(FIELD(page_cache.readahead), Range{"4KiB", "1GiB"}, "largest readahead window, whole pages", "Linux default (mm/readahead.c, 32 pages)"),
    key(FIELD(page_cache.folio), Range{"4KiB", "2MiB"}, "largest folio, a power of two: pages that are read, mapped and evicted as one", kAssumed),

    key(FIELD(disk.kind), kAny, "flash behind NVMe, flash behind SATA, or a hard disk behind SATA", kAssumed),
    key(FIELD(disk.count), Range{"1", "64"}, "drives, all alike, with the files striped over them", kAssumed),
    key(FIELD(disk.stripe), Range{"4KiB", "1GiB"}, "what lies on one drive before the next one's turn, whole pages", "Linux default of md (mdadm, 512K chunks)"),
    key(FIELD(disk.bandwidth), Range{"1kB/s", "10TB/s"}, "reading: what the interface of flash sustains, or the platter of a hard disk on average", "Samsung PM9A3, sequential read (heise.de 4720224)"),
    key(FIELD(disk.queue_depth), Range{"1", "65536"}, "entries of an NVMe submission queue, at least 2, of which one stays free; commands in a SATA drive, 1 (no NCQ) to 32", kAssumed),
    key(FIELD(disk.latency), Range{"0ns", "10s"}, "flash: from a command to its first byte, during which it has a channel", "Intel P3700, 77.9 us mean for 4 KB (AnandTech 11209), rounded"),
    key(FIELD(disk.channels), Range{"1", "4096"}, "flash: commands whose media access goes on in parallel", kAssumed),
    key(FIELD(disk.firmware), Range{"0ns", "10s"}, "the controller's part in a read, during which its channel serves others", kAssumed),
    key(FIELD(disk.seek), Range{"0ns", "1s"}, "hard disk: moving the arm, mean over all pairs of tracks", "HGST Ultrastar 7K4000, read, typical"),
    key(FIELD(disk.track_seek), Range{"0ns", "1s"}, "hard disk: moving the arm to the next track", kAssumed),
    key(FIELD(disk.rpm), Range{"60", "100000"}, "hard disk: turns of the platter per minute", "HGST Ultrastar 7K4000"),
    key(FIELD(disk.capacity), Range{"1MB", "1PB"}, "hard disk: what lies under the whole stroke of the arm", "HGST Ultrastar 7K4000"),
    key(FIELD(disk.buffer), Range{"4KiB", "1TiB"}, "hard disk: how far the head reads on after a read", "HGST Ultrastar 7K4000"),
    key(FIELD(disk.order), kAny, "hard disk: which of the commands in the drive is next", kAssumed),
    key(FIELD(disk.write_bandwidth), Range{"1kB/s", "10TB/s"}, "flash: what its media sustain in writing", kAssumed),
    key(FIELD(disk.write_buffer), Range{"4KiB", "1TiB"}, "memory of the drive in which writes are acknowledged", kAssumed),
    key(FIELD(disk.write_latency), Range{"0ns", "10s"}, "from a write's last byte to its acknowledgement", "Samsung 970 Pro, 4.0 us (NVMeVirt, ssd_config.h)"),

    key(NAMED_FIELD("pcie.disk_generation", pcie.disk.generation), Range{"1", "5"}, "PCI Express between drive and memory", "Samsung PM9A3: 4.0 (heise.de 4720224)"),
    key(NAMED_FIELD("pcie.disk_lanes", pcie.disk.lanes), Range{"1", "32"}, "its lanes, a power of two", kAssumed),
    key(NAMED_FIELD("pcie.nic_generation", pcie.nic.generation), Range{"1", "5"}, "PCI Express between NIC and memory", kAssumed),
    key(NAMED_FIELD("pcie.nic_lanes", pcie.nic.lanes), Range{"1", "32"}, "its lanes, a power of two", kAssumed),
    key(FIELD(pcie.max_payload), Range{"128B", "4KiB"}, "payload of one packet at most, a power of two", kAssumed),
    key(FIELD(pcie.max_read_request), Range{"128B", "4KiB"}, "what one packet asks for at most, a power of two", "default of the PCI Express base specification"),
    key(FIELD(pcie.read_completion), Range{"64B", "4KiB"}, "payload of a packet that answers a read, a power of two; older chipsets send 64 B", "pcie-bench/pcie-model", "max_payload"),

    key(FIELD(nic.link), kAny, "an adapter and a wire, or clients on the same machine (127.0.0.1)", kAssumed),
    key(FIELD(nic.rate), Range{"1kbps", "10Tbps"}, "line rate, in each direction", kAssumed),
    key(FIELD(nic.mtu), Range{"576B", "64KiB"}, "largest IP packet", "Ethernet (IEEE 802.3)"),
    key(FIELD(nic.scatter_gather), kAny, "gathers a packet from fragments; without it the kernel copies", kAssumed),
    key(FIELD(nic.checksum_offload), kAny, "computes TCP checksums; without it a core reads the bytes", kAssumed),
    key(FIELD(nic.segmentation_offload), kAny, "cuts packets into frames; needs the other two", kAssumed),
    key(FIELD(nic.tls_offload), kAny, "encrypts TLS records, from copies or from the pages themselves (TLS_TX_ZEROCOPY_RO); needs the other three", kAssumed),
    key(FIELD(nic.ring), Range{"19", "65536"}, "transmit descriptors of a queue; one skb takes up to 18, and one stays free", "mlx5 default (lucaberton.com)"),
    key(FIELD(nic.queues), Range{"1", "64"}, "pairs of rings, each with an interrupt on a core of its own: transmit by core, receive by RSS", kAssumed),
    key(FIELD(nic.count), Range{"1", "16"}, "NICs, each with a PCIe link and a wire of nic.rate; connections are spread over them", kAssumed),
    key(FIELD(nic.fifo), Range{"1kB", "1GiB"}, "transmit packet buffer, at least one frame", kAssumed),
    key(FIELD(nic.rx_fifo), Range{"4KiB", "1GiB"}, "receive packet buffer, at least two frames; what finds it full is dropped, unless nic.flow_control", "Intel 82599 datasheet (RXPBSIZE, 512 KB)"),
    key(FIELD(nic.flow_control), kAny, "whoever sends payload pauses where the receive FIFO has no room for it (IEEE 802.3x), instead of its being dropped", kAssumed),
    key(FIELD(nic.interrupt_delay), Range{"0ns", "1s"}, "least time between two interrupts", kAssumed),

    key(FIELD(pipe.size), Range{"4KiB", "1MiB"}, "capacity of a pipe (F_SETPIPE_SZ), a power of two", "Linux default (fs/pipe.c, 16 pages); most: /proc/sys/fs/pipe-max-size"),

    key(FIELD(socket.send_buffer), Range{"4KiB", "2GiB"}, "bytes queued in the socket before the sender blocks", kAssumed),
    key(FIELD(socket.window), Range{"1kB", "1GiB"}, "bytes that may be unacknowledged", "largest send buffer of Linux (net.ipv4.tcp_wmem)"),
    key(FIELD(socket.optmem), Range{"1KiB", "1GiB"}, "what a socket may allocate for notifications of MSG_ZEROCOPY, 960 bytes each", "Linux default since 6.8 (net.core.optmem_max)"),
    key(FIELD(socket.receive_buffer), Range{"4KiB", "1GiB"}, "bytes received that nobody has taken, before the sender has to wait", "largest receive buffer of Linux (net.ipv4.tcp_rmem)"),
    key(FIELD(socket.ack_every), Range{"1", "1000"}, "full segments that a client acknowledges at once (2: RFC 5681, without GRO), or merged: all that its GRO has merged, up to 64 KiB; on loopback nothing arrives in segments", "__tcp_ack_snd_check() of Linux, once per packet that GRO hands on", "merged"),
    key(FIELD(socket.initial_window), Range{"1", "1000000"}, "segments that an origin or a producer sends at first (10: RFC 6928), doubled per round trip (slow start), or open: what the receiver takes, as on a connection in use", kAssumed, "open"),
    key(FIELD(socket.rtt), Range{"0ns", "100s"}, "round-trip time to the clients", kAssumed),

    key(FIELD(workload.kind), kAny, "who asks for which bytes", kAssumed),
    key(FIELD(workload.list), kAny, "a CSV file of requests (time,client,file,offset,length), for kind = static_list", kByDefinition, "none"),
    key(FIELD(workload.clients), Range{"1", "100000"}, "clients served at the same time", kAssumed),
    key(FIELD(workload.files), Range{"1", "100000"}, "distinct files, at most one per client", kAssumed, "per_client"),
    key(FIELD(workload.file_size), Range{"0B", "1PB"}, "size of every file", kAssumed),
    key(FIELD(workload.file), kAny, "a real input file, whose size and bytes are used", kByDefinition, "none"),
    key(FIELD(workload.chunk), Range{"1B", "2147479552B"}, "bytes asked for per system call", "what sendfile moves per round (fs/splice.c, 16 pages)"),
    key(FIELD(workload.requests), Range{"1", "1000000000"}, "files fetched by each client, one after the other", kAssumed),
    key(FIELD(workload.range), Range{"1B", "1PB"}, "bytes that each request asks for, at most a file", kAssumed, "whole_file"),
    key(FIELD(workload.order), kAny, "ranges follow one another, or begin at random pages", kAssumed),
    key(FIELD(workload.data), kAny, "what travels: a tag per page, or real bytes", kAssumed),
    key(FIELD(workload.open), kAny, "how files are opened: through the page cache, O_DIRECT, or in persistent memory", kAssumed),
    key(FIELD(workload.map_populate), kAny, "mmap() reads and maps the whole file at once (MAP_POPULATE)", kAssumed),
    key(FIELD(workload.stream_buffer), Range{"512B", "16MiB"}, "buffer that copy_via_buffered_stream and copy_read_write read through", "java.io.BufferedInputStream, Python's io.DEFAULT_BUFFER_SIZE"),
    key(FIELD(workload.java_target), kAny, "what transferTo() of Java writes to: only a socket gets sendfile()", kAssumed),
    key(FIELD(workload.transform), kAny, "what has to happen to the bytes; paths that cannot do it are refused", kAssumed),
    key(FIELD(workload.huge_pages), kAny, "what a program writes into a pipe lies in huge pages (MADV_HUGEPAGE)", kAssumed),
    key(FIELD(workload.busy_loop), kAny, "at a pipe that is full or empty, programs ask again at once (SPLICE_F_NONBLOCK)", kAssumed),
    key(FIELD(workload.batch), Range{"1", "4096"}, "chunks that one io_uring_enter() sends, and reads ahead", kAssumed),
    key(FIELD(workload.buffers), Range{"1", "65536"}, "buffers of a connection whose sends go on using them; enough: what fills the send buffer twice and two more, at most 1024", kAssumed, "enough"),
    key(FIELD(workload.retry), Range{"1us", "1s"}, "how long vmsplice sleeps before it asks again whether a buffer is free", kAssumed),
    key(FIELD(workload.hazard), kAny, "what goes wrong: the server reuses a buffer that is being sent, or a file is overwritten or truncated meanwhile", kAssumed),
    key(FIELD(workload.modifier), kAny, "who writes to the files while they are served; if untrusted, copypath advise rules out the paths that would pass that on", kAssumed),
    key(FIELD(workload.sink), kAny, "what a client on the same machine does with what it receives: throw it away, copy it into a buffer, or throw it away without ever sleeping", kAssumed),
    key(FIELD(workload.compress_ratio), Range{"0.01", "1"}, "what deflate leaves, exactly of tags and about of synthetic bytes; a real file is what it is", kAssumed),
    key(FIELD(workload.client_rate), Range{"1kbps", "10Tbps"}, "what one client takes at most", kAssumed, "none"),

    key(FIELD(web.workers), Range{"1", "256"}, "processes, each of which serves its share of the connections", "nginx default (worker_processes)"),
    key(FIELD(web.files), Range{"1", "1000000"}, "files of the site", kAssumed),
    key(FIELD(web.smallest), Range{"1B", "1TB"}, "the smallest file", kAssumed),
    key(FIELD(web.largest), Range{"1B", "1TB"}, "the largest file; every doubling in between has as many files", kAssumed),
    key(FIELD(web.zipf), Range{"0", "3"}, "how much more popular some files are: the one of rank n is asked for as often as 1/n to this power", kAssumed),
    key(FIELD(web.header), Range{"1B", "64KiB"}, "header of a response", kAssumed),
    key(FIELD(web.tcp_nopush), kAny, "the header waits for the beginning of the file, for two more calls", "nginx default"),
    key(FIELD(web.sendfile_max_chunk), Range{"1B", "2147479552B"}, "what one sendfile() moves at most before other connections get their turn", "nginx default since 1.21.4"),
    key(FIELD(web.buffer), Range{"512B", "16MiB"}, "buffer of paths that copy", "nginx default (output_buffers)"),

    key(FIELD(broker.partitions), Range{"1", "1000"}, "logs; client n fetches from log n modulo their number", kAssumed),
    key(FIELD(broker.threads), Range{"1", "256"}, "that serve all connections", "Kafka default (num.network.threads)"),
    key(FIELD(broker.followers), Range{"0", "100000"}, "of the clients, the last so many are followers, which keep replicas", kAssumed),
    key(FIELD(broker.lagging), Range{"1", "100000"}, "of the clients, the first so many begin at the beginning of what a log holds, the others at its end", kAssumed, "all"),
    key(FIELD(broker.lag), Range{"0B", "1PB"}, "what every log holds when the run begins", kAssumed),
    key(FIELD(broker.stagger), Range{"0ns", "10000s"}, "between the first fetches of two clients of the same log", kAssumed),
    key(FIELD(broker.segment), Range{"4KiB", "1TB"}, "of a log, in a file of its own", "Kafka default (log.segment.bytes)"),
    key(FIELD(broker.record), Range{"1B", "100MB"}, "bytes of a record, as it lies in the log", kAssumed),
    key(FIELD(broker.fetch), Range{"1B", "2147479552B"}, "what a response carries at most", "Kafka default (max.partition.fetch.bytes, replica.fetch.max.bytes)"),
    key(FIELD(broker.fetch_min), Range{"1B", "1GB"}, "a fetch waits until there is that much", "Kafka default (fetch.min.bytes)"),
    key(FIELD(broker.fetch_wait), Range{"0ns", "100s"}, "but no longer than that", "Kafka default (fetch.max.wait.ms)"),
    key(FIELD(broker.header), Range{"1B", "64KiB"}, "of a response", kAssumed),
    key(FIELD(broker.batches), Range{"1", "1000000000"}, "that each producer sends; there is one for every log", kAssumed, "none"),
    key(FIELD(broker.batch), Range{"1B", "100MB"}, "of records, sent and appended as one", "Kafka default (batch.size)"),
    key(FIELD(broker.rate), Range{"0.001", "1000000000000"}, "records per second that all producers send together", kAssumed),
    key(FIELD(broker.compress), kAny, "the broker compresses what it appends, to workload.compress_ratio", "Kafka default (compression.type = producer)"),
    key(FIELD(broker.buffer), Range{"512B", "16MiB"}, "buffer of paths that copy", kAssumed),

    key(FIELD(faults.seed), Range{"0", "1000000000"}, "decides which of the things that can go wrong do", kAssumed),
    key(FIELD(faults.disk_error_rate), Range{"0", "1"}, "share of the pages of the files that the drives cannot read", kAssumed),
    key(FIELD(faults.frame_loss), Range{"0", "0.3"}, "share of the frames between server and clients that get lost, in either direction", kAssumed),
    key(FIELD(faults.link_down_at), Range{"0ns", "10000s"}, "when the server's NIC loses its carrier", kAssumed),
    key(FIELD(faults.link_down_for), Range{"0ns", "1000s"}, "how long it has none", kAssumed),
    key(FIELD(faults.disconnect_after), Range{"1B", "1PB"}, "bytes of files after which a client goes away, unless it has all", kAssumed, "never"),
    key(FIELD(faults.disconnect_every), Range{"1", "100000"}, "one of so many clients goes away: the last one of them", kAssumed),
    key(FIELD(faults.slow_clients), Range{"0", "100000"}, "the first so many clients take no more than faults.slow_rate", kAssumed),
    key(FIELD(faults.slow_rate), Range{"1kbps", "10Tbps"}, "what a slow client takes at most", kAssumed),
  };
  // clang-format on
}

#undef FIELD
#undef NAMED_FIELD

}  // namespace

KernelVersion KeyKind<KernelVersion>::parse(const std::string& text) {
  const std::size_t dot = text.find('.');
  const auto number = [](const std::string& digits) {
    return !digits.empty() && digits.size() < 4 &&
           digits.find_first_not_of("0123456789") == std::string::npos;
  };
  if (dot == std::string::npos || !number(text.substr(0, dot)) || !number(text.substr(dot + 1))) {
    throw BadValue(quoted(text) + " is no kernel version, accepted: two numbers, as in 6.18");
  }
  return {static_cast<unsigned>(std::stoul(text.substr(0, dot))),
          static_cast<unsigned>(std::stoul(text.substr(dot + 1)))};
}

std::vector<std::string> KeyKind<std::vector<std::string>>::parse(const std::string& text) {
  std::vector<std::string> known;
  for (const Path* path : paths()) known.push_back(path->name);
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (names == std::vector<std::string>{kAllPaths}) return names;
  std::string wrong;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto again = names.begin() + static_cast<std::ptrdiff_t>(i);
    const char* const separator = wrong.empty() ? "" : "; ";
    if (std::find(names.begin(), again, names[i]) != again) {
      wrong += separator + quoted(names[i]) + " is listed twice";
    } else if (find_path(names[i]) == nullptr) {
      wrong += separator + quoted(names[i]) + " is no data path" + did_you_mean(names[i], known);
    }
  }
  if (!wrong.empty()) throw BadValue(wrong + ", accepted: all, or some of " + listed(known));
  return names;
}

std::string KeyKind<std::vector<std::string>>::print(const std::vector<std::string>& value, bool) {
  return fmt::format("{}", fmt::join(value, " "));
}

std::string Key::section() const {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string Key::default_text() const { return get(Config{}); }

const std::vector<Key>& keys() {
  static const std::vector<Key> kKeys = make_keys();
  return kKeys;
}

}  // namespace copypath
