// What a machine and its work are made of: one struct per box of the block diagram.
// The initialisers are the built-in defaults (the textbook host); testbench/keys.cpp gives every
// field its key, unit, range, help and source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/kernel/version.h"
#include "models/units.h"

namespace copypath {

/// How the memory bus keeps time: every burst an event, or shares of bandwidth.
enum class Timing { kFluid, kBurst };

enum class Arbitration { kRoundRobin, kPriority, kWeighted };

struct CpuConfig {
  unsigned cores = 8;
  sc_time syscall = nanoseconds(100);          ///< entry and exit of one system call
  sc_time context_switch = nanoseconds(1000);  ///< switching a core to another task
  sc_time time_slice = milliseconds(3);     ///< run time after which a waiting task gets the core
  sc_time interrupt = nanoseconds(1000);    ///< one interrupt with its softirq
  Rate copy_rate{10e9};                     ///< copying, bytes per second of payload, one core
  Rate copy_rate_cached{30e9};              ///< the same, from and to what is in the cache
  Rate copy_rate_large{0};                  ///< of kLargePiece and more at once; 0: as any
  Rate checksum_rate{20e9};                 ///< reading for an Internet checksum, one core
  Rate crypto_rate{4.3e9};                  ///< AES-256-GCM, bytes of text, one core
  Rate compress_rate{94e6};                 ///< deflate, bytes that go in, one core
  sc_time page_lookup = nanoseconds(20);    ///< finding and referencing one page-cache page
  sc_time minor_fault = nanoseconds(1000);  ///< one page fault, mapping what is in memory
  sc_time skb = nanoseconds(500);           ///< building, queueing and freeing one skb
  sc_time sendpage = nanoseconds(60);       ///< each further entry into the socket in one call
  sc_time segment = nanoseconds(150);       ///< cutting one frame off a packet in software
  sc_time pin_page = nanoseconds(20);       ///< pinning and releasing one page of a program
  sc_time zerocopy_notify = nanoseconds(400);  ///< one notification of MSG_ZEROCOPY
  sc_time uring_request = nanoseconds(100);    ///< issuing one request of io_uring
  sc_time uring_completion = nanoseconds(50);  ///< posting one completion of io_uring
  sc_time receive = nanoseconds(1000);         ///< the softirq's work on one received packet
  sc_time acknowledgement;                     ///< and on one acknowledgement

  // What a measured host profile tells apart; the textbook machine has it in the costs above.
  sc_time read_call;      ///< a read() of a file, besides the call, its pages and its bytes
  sc_time send_call;      ///< a send on a socket, besides the call, its skbs and its bytes
  sc_time splice_call;    ///< a splice(), besides the call and what it does
  sc_time vmsplice_call;  ///< a vmsplice(), besides the call and its pages
  sc_time ioctl_call;     ///< an ioctl() that asks a socket, besides the call
  sc_time pipe_fill;      ///< filling a pipe from a file, besides its pages
  sc_time splice_page;    ///< taking one page through a pipe
  sc_time read_page;      ///< taking one page of a read(), besides its bytes
  sc_time copy_folio;     ///< going on in a copy to what lies elsewhere: a folio, a fragment
  sc_time map_page;       ///< entering one page into the page table, in a fault
  sc_time map_folio;      ///< mapping one folio: its references and counts, in a fault
  sc_time unmap_page;     ///< taking one page out of the page table, in munmap()
  sc_time unmap_folio;    ///< dropping one folio, in munmap()
  sc_time walk_page;      ///< finding one page to be pinned after one that was not mapped
  sc_time splice_send;    ///< handing what is in a pipe to a socket, besides its pages
  sc_time send_page;      ///< and each page of it
  sc_time skb_memory;     ///< allocating and freeing 32 KiB for the payload of skbs
  sc_time page_alloc;     ///< allocating and freeing a single page
  sc_time disk_request;   ///< one request of direct I/O, until it has been completed
  sc_time disk_page;      ///< adding one page to it, besides pinning it
  sc_time disk_wait;      ///< ringing the disk's doorbell, sleeping until it answers, coming back
  Bytes refill_size;      ///< of a core's own caches, which are cold after a wait for the disk
  sc_time refill_page;    ///< touching one page of that again
  sc_time wakeup;         ///< waking a task that sleeps on another core, by the one that does it
  sc_time wake_latency;   ///< until an idle core runs a task that was woken

  /// What one core reaches in copying `piece` at once.
  static constexpr Bytes kLargePiece{512 * 1024};
  Rate copy_rate_of(Bytes piece) const {
    return piece < kLargePiece || copy_rate_large == Rate(0) ? copy_rate : copy_rate_large;
  }
};

struct MemoryConfig {
  Rate bandwidth{128e9};     ///< peak
  double efficiency = 0.75;  ///< share of the peak that mixed traffic reaches
  sc_time latency = nanoseconds(90);
  Bytes burst{256};  ///< bytes granted at once in burst timing
  Arbitration arbitration = Arbitration::kRoundRobin;
  bool write_allocate = false;  ///< a CPU store reads the line before it is written
};

/// The last-level cache.
struct CacheConfig {
  Bytes size{0};    ///< 0: the textbook machine, in which every pass over the bytes reaches DRAM
  double ddio = 0;  ///< share that DMA may fill
  bool dma_write_allocate = true;  ///< DMA brings in what is missing; else it writes past
  double dma_share = 1;            ///< of DMA's pages, those that the cache is asked for
  sc_time latency = nanoseconds(10);
};

/// On which node of a machine with two sockets some memory lies.
enum class Placement { kServer, kDisk, kNic, kNode0, kNode1, kInterleave };

struct NumaConfig {
  unsigned nodes = 1;           ///< each with the DRAM of MemoryConfig
  Rate fabric_bandwidth{34e9};  ///< between them, in each direction
  sc_time fabric_latency = nanoseconds(50);
  unsigned server_node = 0;  ///< of the cores
  unsigned disk_node = 0;
  unsigned nic_node = 0;
  Placement page_cache = Placement::kServer;
  Placement memory = Placement::kServer;  ///< of the server, and behind skbs
};

struct PageCacheConfig {
  Bytes size{1024ull * 1024 * 1024};
  double warm = 0;                ///< share of every file resident at the start
  Bytes fault_around{64 * 1024};  ///< mapped by one fault, as far as it is in memory
  Bytes readahead{128 * 1024};    ///< largest readahead window
  Bytes folio{4096};              ///< largest folio: what is read, mapped and evicted as one
  // Of what is written to files, the share of the size that may be dirty
  double dirty_background = 0.1;                ///< before the flusher begins to write it back
  double dirty = 0.2;                           ///< before writers have to wait
  sc_time dirty_expire = milliseconds(30'000);  ///< after which it is written back in any case
};

enum class DiskKind { kNvme, kSataSsd, kHdd };

/// In which order a hard disk serves what waits in it.
enum class DiskOrder { kFifo, kElevator };

struct DiskConfig {
  DiskKind kind = DiskKind::kNvme;
  unsigned count = 1;           ///< drives, all alike, with the files striped over them
  Bytes stripe{512 * 1024};     ///< on one drive before the next one's turn
  Rate bandwidth{6.5e9};        ///< reading: the interface of flash, the platter of a hard disk
  unsigned queue_depth = 1024;  ///< submission queue entries; tags of a SATA drive
  // Flash:
  sc_time latency = microseconds(80);
  unsigned channels = 64;  ///< commands whose media access goes on in parallel
  // Hard disks:
  sc_time seek = microseconds(8200);       ///< mean over all pairs of tracks
  sc_time track_seek = microseconds(500);  ///< to the next track
  unsigned rpm = 7200;
  Bytes capacity{4'000'000'000'000};
  Bytes buffer{64 * 1024 * 1024};  ///< read ahead by the drive
  DiskOrder order = DiskOrder::kElevator;
  // All:
  sc_time firmware;           ///< the controller's part in a read, which occupies nothing
  Rate write_bandwidth{1e9};  ///< what the media sustain
  Bytes write_buffer{64 * 1024 * 1024};     ///< in which writes are acknowledged
  sc_time write_latency = microseconds(4);  ///< from a write's last byte to its acknowledgement
};

/// What goes wrong, if it is to. The same seed makes the same faults, whatever the timing.
struct FaultConfig {
  std::uint32_t seed = 1;
  double disk_error_rate = 0;  ///< share of the pages of the files that the drives cannot read

  // On the way to the clients:
  double frame_loss = 0;             ///< share of the frames, in either direction
  sc_time link_down_at;              ///< when the carrier is lost
  sc_time link_down_for;             ///< and for how long; 0: it is not
  Bytes disconnect_after{0};         ///< of a file's bytes a client goes away; 0: it stays
  unsigned disconnect_every = 1;     ///< every so many clients one that does
  unsigned slow_clients = 0;         ///< the first so many clients
  Rate slow_rate = Rate::bits(1e6);  ///< take no more than that

  /// Packets can get lost, so that TCP has to be prepared.
  bool lossy() const { return frame_loss > 0 || link_down_for > sc_core::SC_ZERO_TIME; }
  bool has_carrier(sc_time now) const {
    return now < link_down_at || now >= link_down_at + link_down_for;
  }
  bool disconnects(unsigned client) const {
    return disconnect_after > Bytes(0) && (client + 1) % disconnect_every == 0;
  }
};

/// Where a device is plugged in.
struct PcieSlot {
  unsigned generation;  ///< of PCI Express, 1 to 5
  unsigned lanes;       ///< 1, 2, 4, 8, 16 or 32
};

struct PcieConfig {
  PcieSlot disk{4, 4};
  PcieSlot nic{3, 8};
  Bytes max_payload{256};       ///< of one packet
  Bytes max_read_request{512};  ///< asked for by one packet
  Bytes read_completion{0};     ///< of a packet that answers a read; 0: max_payload
};

/// What the server's sockets are connected with: an adapter and a wire, or the clients are tasks of
/// the same machine (127.0.0.1).
enum class Link { kEthernet, kLoopback };

/// Who encrypts on a kTLS connection: no NIC, or a NIC from copies of the pages, or from the pages.
enum class TlsOffload { kNone, kBounce, kZerocopy };

struct NicConfig {
  Link link = Link::kEthernet;
  Rate rate = Rate::bits(10e9);  ///< line rate
  Bytes mtu{1500};
  bool scatter_gather = true;                  ///< gathers a packet from fragments
  bool checksum_offload = true;                ///< computes TCP checksums
  bool segmentation_offload = true;            ///< cuts packets into frames (TSO)
  TlsOffload tls_offload = TlsOffload::kNone;  ///< encrypts TLS records on their way out
  unsigned ring = 1024;                        ///< transmit descriptors of a queue
  unsigned queues = 1;                         ///< pairs of rings, each with an interrupt
  unsigned count = 1;                          ///< NICs, each with a wire
  Bytes fifo{160 * 1024};                      ///< transmit packet buffer
  Bytes rx_fifo{512 * 1024};                   ///< receive packet buffer
  bool flow_control = false;                   ///< a full one pauses the wire (IEEE 802.3x)
  sc_time interrupt_delay = microseconds(50);  ///< least time between two interrupts
};

struct PipeConfig {
  Bytes size{64 * 1024};  ///< F_SETPIPE_SZ
};

struct SocketConfig {
  Bytes send_buffer{256 * 1024};
  Bytes optmem{128 * 1024};               ///< for notifications of MSG_ZEROCOPY
  Bytes window{4 * 1024 * 1024};          ///< bytes that may be unacknowledged
  Bytes receive_buffer{6 * 1024 * 1024};  ///< bytes received that nobody has taken yet
  unsigned ack_every = 0;                 ///< segments that a client acknowledges at once; 0: all
                                          ///< that its GRO has merged
  unsigned initial_window = 0;            ///< segments that an origin or a producer begins with
                                          ///< (slow start); 0: all that the receiver takes
  sc_time rtt = microseconds(100);
};

/// Who asks for which bytes.
enum class WorkloadKind {
  kFileServer,    ///< clients fetch files, or ranges of them
  kProxy,         ///< the same, from a server that fetches them from another one
  kRandomReader,  ///< programs on the machine itself read a file, and send nothing
  kStaticList,    ///< clients ask for what a list says, at the times that it says
  kWebServer,     ///< clients ask for files of a site, some more popular than others
  kLogBroker,     ///< consumers fetch what producers append to logs
  kFileCopy,      ///< programs on the machine itself copy files to files
  kPipe           ///< programs on the machine itself write into pipes, others read from them
};

struct RequestList;  // models/workload/request_list.h

/// Who writes to the files while they are served.
enum class Modifier { kNone, kUntrusted };

/// How the server opens its files.
enum class FileSource {
  kBuffered,  ///< through the page cache
  kDirect,    ///< O_DIRECT
  kDax        ///< on a file system in persistent memory, mounted with -o dax
};

/// What FileChannel.transferTo() of Java finds at the other end.
enum class JavaTarget {
  kSocket,    ///< a SocketChannel: sendfile()
  kTrusted,   ///< a channel of the runtime's for which sendfile() is not supported: mmap() and
              ///< write()
  kArbitrary  ///< a channel that somebody wrote, around a socket (for TLS, say): a buffer
};

/// What has to happen to the bytes between disk and wire.
enum class Transformation { kNone, kTls, kCompress };

/// What the server does wrong.
enum class Hazard {
  kNone,
  kReuseBuffer,  ///< the server fills a buffer again while the kernel still sends from it
  kOverwrite,    ///< somebody overwrites a file when the last call that sends it has returned
  kTruncate      ///< somebody cuts off half of a file when a quarter has been sent
};

/// Where in a file the next request of a client begins.
enum class Order { kSequential, kRandom };

/// What travels: one tag per page (file, index, version), or real bytes.
enum class Data { kTags, kBytes };

/// What a client on the same machine does with what it receives: recv() with MSG_TRUNC, or into a
/// buffer; or as the first, but it looks again and again instead of sleeping.
enum class Sink { kDiscard, kCopy, kPoll };

struct WorkloadConfig {
  WorkloadKind kind = WorkloadKind::kFileServer;
  unsigned clients = 1;
  unsigned files = 0;  ///< distinct files; 0: one per client
  Bytes file_size{100'000'000};
  std::string file;        ///< a real input file (absolute once loaded); empty: synthetic
  Bytes chunk{64 * 1024};  ///< bytes asked for per system call
  unsigned requests = 1;   ///< files fetched by each client, one after the other
  Data data = Data::kTags;
  Rate client_rate{0};                               ///< what a client takes at most; 0: no limit
  Transformation transform = Transformation::kNone;  ///< that the clients insist on
  double compress_ratio = 0.4;                       ///< what deflate leaves of tags
  Bytes range{0};                                    ///< bytes per request; 0: the whole file
  Order order = Order::kSequential;                  ///< of the ranges
  FileSource open = FileSource::kBuffered;
  bool map_populate = false;  ///< mmap(MAP_POPULATE)
  Bytes stream_buffer{8192};  ///< of a buffered stream
  JavaTarget java_target = JavaTarget::kSocket;
  unsigned batch = 16;               ///< chunks that one io_uring_enter() sends, and reads ahead
  unsigned buffers = 0;              ///< of a connection that sends from them; 0: enough
  sc_time retry = microseconds(50);  ///< sleep before asking again what nobody would tell
  bool huge_pages = false;           ///< of what is written into a pipe (MADV_HUGEPAGE)
  bool busy_loop = false;            ///< on a pipe that is full or empty: asks again at once
  Hazard hazard = Hazard::kNone;
  Sink sink = Sink::kDiscard;  ///< of clients on the same machine
  Modifier modifier = Modifier::kNone;
  std::string list;                           ///< a CSV file of requests (absolute once loaded)
  std::shared_ptr<const RequestList> listed;  ///< what it says; nullptr: nothing
};

/// A web server: a few processes that serve many connections each, and a site of many files.
struct WebConfig {
  unsigned workers = 1;
  unsigned files = 1000;
  Bytes smallest{1024};  ///< of the files
  Bytes largest{1024 * 1024};
  double zipf = 0.8;        ///< the file of rank n is asked for as often as n to the power of -zipf
  Bytes header{256};        ///< of a response
  bool tcp_nopush = false;  ///< the header waits for the beginning of the file (TCP_CORK)
  Bytes sendfile_max_chunk{2 * 1024 * 1024};  ///< per call, of paths that send by reference
  Bytes buffer{32 * 1024};                    ///< of the others
};

/// A log broker: logs of records, fetched from an offset on, to whose ends producers append.
struct BrokerConfig {
  unsigned partitions = 1;  ///< logs
  unsigned threads = 3;     ///< that serve all connections (num.network.threads)
  unsigned followers = 0;   ///< of the clients, the last so many, are follower replicas
  unsigned lagging = 0;     ///< of the clients, the first so many, begin at the log's beginning,
                            ///< the others at its end; 0: all
  Bytes lag{100'000'000};   ///< what every log holds at first
  sc_time stagger;          ///< between the first fetches of clients that share a log
  Bytes segment{1024ull * 1024 * 1024};
  Bytes record{1000};
  Bytes fetch{1024 * 1024};  ///< at most
  Bytes fetch_min{1};        ///< less than that waits for records
  sc_time fetch_wait = milliseconds(500);
  Bytes header{100};        ///< of a response
  Bytes buffer{32 * 1024};  ///< of paths that copy
  // Producers, one for each log:
  unsigned batches = 0;  ///< that each of them sends; 0: there are none
  Bytes batch{16 * 1024};
  double rate = 1e6;      ///< records per second, of all of them together
  bool compress = false;  ///< the broker compresses what it appends

  unsigned producers() const { return batches == 0 ? 0 : partitions; }
  /// Between two batches of one producer.
  sc_time batch_interval() const {
    const double records = static_cast<double>(batch.count()) / static_cast<double>(record.count());
    return sc_time(records * partitions / rate, sc_core::SC_SEC);
  }
};

/// What a drive reads at least, and O_DIRECT insists on.
constexpr Bytes kLogicalBlock{512};

/// The whole effective configuration of a run.
struct Config {
  std::vector<std::string> paths{"read_write", "sendfile"};
  std::string host;   ///< the host profile that was named
  std::string title;  ///< one line about the scenario, shown by compare
  Timing timing = Timing::kFluid;
  KernelVersion kernel;  ///< whose rules apply
  CpuConfig cpu;
  MemoryConfig memory;
  CacheConfig cache;
  NumaConfig numa;
  PageCacheConfig page_cache;
  DiskConfig disk;
  PcieConfig pcie;
  NicConfig nic;
  PipeConfig pipe;
  SocketConfig socket;
  WorkloadConfig workload;
  FaultConfig faults;
  WebConfig web;
  BrokerConfig broker;
};

}  // namespace copypath
