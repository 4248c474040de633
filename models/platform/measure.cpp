// From a machine that has finished to its result record. Figures about bytes come from the ledger.
#include <algorithm>

#include "models/platform/machine.h"

namespace copypath {

namespace {

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }
double count(Bytes bytes) { return static_cast<double>(bytes.count()); }
double count(std::uint64_t n) { return static_cast<double>(n); }

ConsumerRecord record_of(const FetchAccount& account) {
  ConsumerRecord record;
  record.follower = account.follower;
  record.fetches = account.times.count();
  record.page_cache_misses = account.misses;
  record.page_cache_hits = account.pages > account.misses ? account.pages - account.misses : 0;
  record.fetch_median_s = account.times.quantile(0.5).to_seconds();
  record.fetch_p99_s = account.times.quantile(0.99).to_seconds();
  record.fetch_max_s = account.times.most().to_seconds();
  for (unsigned i = 0; i < Histogram::intervals(); ++i) {
    if (account.times.in(i) == 0) continue;
    record.histogram.emplace_back(Histogram::end_of(i).to_seconds(), account.times.in(i));
  }
  return record;
}

}  // namespace

Result Machine::result() const {
  const sc_time elapsed = clients.finish_time();
  const double seconds = elapsed.to_seconds();
  const double payload = count(clients.delivered());
  const double dma = count(ledger.bytes(Purpose::kDma));
  const double copied = count(ledger.bytes(Purpose::kCopy));
  const double on_bus = count(ledger.payload_bus_bytes());
  const double overhead = count(ledger.control_bus_bytes());
  const double busy = cpu.busy().to_seconds();
  const bool loopback = config_.nic.link == Link::kLoopback;
  sc_time server_time;
  std::uint64_t server_switches = 0;
  for (const auto& task : server.tasks()) {
    server_time += task->run_time();
    server_switches += task->switches();
  }

  Result result;
  result.path = path_.name;
  result.execution = config_.timing == Timing::kFluid ? "fluid" : "burst";
  auto& v = result.values;
  v["payload_bytes"] = payload;
  v["elapsed_s"] = seconds;
  v["throughput_Bps"] = ratio(payload, seconds);
  v["cpu_busy_s"] = busy;
  v["cpu_s_per_GB"] = ratio(busy, payload / 1e9);
  v["server_cpu_s"] = server_time.to_seconds();
  v["cpu_copied_bytes"] = copied;
  v["cpu_copies_per_byte"] = ratio(copied, payload);
  v["dma_copies_per_byte"] = ratio(dma, payload);
  v["cpu_crypto_bytes"] = count(ledger.bytes(Purpose::kCrypto));
  v["cpu_checksum_bytes"] = count(ledger.bytes(Purpose::kChecksum));
  v["dma_bytes"] = dma;
  v["bus_bytes"] = on_bus;
  v["bus_overhead_bytes"] = overhead;
  v["bus_crossings_per_byte"] = ratio(on_bus, payload);
  const DramTraffic dram = ledger.dram();
  v["dram_bytes"] = count(dram.total());
  v["dram_read_bytes"] = count(dram.read);
  v["dram_written_bytes"] = count(dram.written);
  v["dram_crossings_per_byte"] = ratio(count(ledger.payload_dram().total()), payload);
  const bool numa = config_.numa.nodes == 2;
  const auto busier = [](const NodeBytes& bytes) { return count(std::max(bytes[0], bytes[1])); };
  v["bus_utilisation"] =
      ratio(numa ? busier(ledger.numa().dram) : count(dram.total()), bus.capacity() * seconds);
  v["fabric_bytes"] = count(ledger.payload_dram().fabric);
  v["fabric_crossings_per_byte"] = ratio(v["fabric_bytes"], payload);
  v["fabric_utilisation"] = ratio(busier(ledger.numa().fabric),
                                  config_.numa.fabric_bandwidth.bytes_per_second() * seconds);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const auto call = static_cast<Call>(i);
    if (kernel.calls(call) > 0) result.syscalls[name_of(call)] = kernel.calls(call);
  }
  v["syscalls_total"] = count(kernel.calls());
  v["mode_switches"] = 2 * count(kernel.calls());
  v["context_switches"] = count(server_switches);
  v["faults_minor"] = count(kernel.faults.minor);
  v["faults_major"] = count(kernel.faults.major);
  v["faults_beyond_end"] = count(kernel.faults.beyond_end);
  v["page_cache_hits"] = count(kernel.page_cache.hits());
  v["page_cache_misses"] = count(kernel.page_cache.misses());
  v["page_cache_reads"] = count(kernel.page_cache.reads());
  v["page_cache_evictions"] = count(kernel.page_cache.evictions());
  const double written = count(ledger.account(Movement::kDiskWrite).bytes);
  const double read = count(ledger.payload_bytes(Agent::kDisk)) - written;
  v["disk_bytes"] = read;
  v["disk_written_bytes"] = written;
  v["disk_queue_full"] = count(kernel.block.queue_full_waits());
  v["disk_errors"] = count(kernel.block.errors());
  v["interrupts"] = count(cpu.interrupts());
  std::uint64_t packets = 0;
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  std::uint64_t without_buffer = 0;
  std::uint64_t pauses = 0;
  Bytes on_wires;
  Bytes from_wires;
  Bytes busiest_wire;
  Bytes busiest_from_wire;
  for (std::size_t i = 0; i < nics.size(); ++i) {
    packets += loopback ? kernel.devices[i]->looped_back() : nics[i]->packets_sent();
    on_wires += nics[i]->wire_bytes_sent();
    busiest_wire = std::max(busiest_wire, nics[i]->wire_bytes_sent());
    received += loopback ? kernel.devices[i]->looped_in() : nics[i]->receiver.frames();
    missed += nics[i]->receiver.missed();
    without_buffer += nics[i]->receiver.without_buffer();
    pauses += nics[i]->receiver.pauses();
    from_wires += nics[i]->receiver.wire_bytes();
    busiest_from_wire = std::max(busiest_from_wire, nics[i]->receiver.wire_bytes());
  }
  v["packets"] = count(packets);
  v["wire_bytes"] = count(on_wires);
  v["rx_packets"] = count(received);
  v["rx_wire_bytes"] = count(from_wires);
  v["rx_missed"] = count(missed);
  v["rx_no_buffer"] = count(without_buffer);
  v["rx_pauses"] = count(pauses);
  enter_provenance(result);
  std::uint64_t completed = 0;
  std::uint64_t copies = 0;
  std::uint64_t refused = 0;
  std::uint64_t full_buffers = 0;
  std::uint64_t retransmits = 0;
  for (const auto& connection : server.connections()) {
    retransmits += connection->socket.retransmits();
    const Zerocopy& zerocopy = connection->socket.zerocopy();
    const IoUring* ring = connection->io_uring.get();
    completed += zerocopy.completed() + (ring == nullptr ? 0 : ring->sends_completed());
    copies += zerocopy.copied() + (ring == nullptr ? 0 : ring->sends_copied());
    refused += zerocopy.refused();
    full_buffers += connection->socket.send_buffer_waits();
  }
  v["zerocopy_completions"] = count(completed);
  v["zerocopy_copied"] = count(copies);
  v["zerocopy_refused"] = count(refused);
  v["aborted_transfers"] = clients.aborted();
  std::uint64_t requeues = 0;
  for (const auto& device : kernel.devices) requeues += device->requeues();
  v["ring_full"] = count(requeues);
  v["send_buffer_waits"] = count(full_buffers);
  v["frames_lost"] = count(lossy_link ? lossy_link->frames_lost() : 0);
  v["retransmits"] = count(retransmits);
  v["retransmitted_bytes"] = count(ledger.account(Movement::kRetransmitPage).bytes +
                                   ledger.account(Movement::kRetransmitUser).bytes +
                                   ledger.account(Movement::kRetransmitCopy).bytes);
  v["tls_resync_bytes"] = count(ledger.account(Movement::kTlsResync).bytes);
  v["corrupted_bytes"] = count(clients.corrupted());
  const double wire = config_.nic.rate.bytes_per_second() * seconds;
  v["nic_utilisation"] = ratio(count(busiest_wire), wire);
  v["nic_rx_utilisation"] = ratio(count(busiest_from_wire), wire);
  const double drive_time = static_cast<double>(disks.size()) * seconds;
  sc_time media_busy;
  for (const auto& disk : disks) media_busy += disk->busy();
  const bool arm = config_.disk.kind == DiskKind::kHdd;
  const double interface =
      arm ? 0 : ratio(read, config_.disk.bandwidth.bytes_per_second() * drive_time);
  v["disk_utilisation"] = std::max(interface, ratio(media_busy.to_seconds(), drive_time));
  v["cpu_utilisation"] = ratio(busy, cpu.cores() * seconds);
  if (server.broker() != nullptr) add_fetches(result);
  const WriteBack* const write_back = server.write_back();
  if (server.broker() != nullptr || write_back != nullptr) {
    v["dirty_bytes"] = write_back == nullptr ? 0 : count(kPageSize * write_back->dirty());
    v["writers_throttled"] = write_back == nullptr ? 0 : count(write_back->throttled());
  }
  result.bottleneck = bottleneck(result, elapsed);
  result.delivered_ok = clients.correct() && clients.complete();
  result.movements = ledger.records();
  return result;
}

void Machine::enter_provenance(Result& result) const {
  auto& v = result.values;
  const auto in = [](const Ledger::Provenance& provenance, Place place) {
    return count(provenance.bytes[static_cast<std::size_t>(place)]);
  };
  v["sent_file_bytes"] = in(ledger.sent, Place::kPageCache);
  v["sent_other_file_bytes"] = 0;
  v["sent_user_bytes"] = in(ledger.sent, Place::kUserBuffer);
  v["sent_kernel_bytes"] = in(ledger.sent, Place::kSocketBuffer);
  v["sent_linear_bytes"] = count(ledger.sent.linear);
  v["read_copied_bytes"] = count(ledger.account(Movement::kCopyToUser).bytes);
  if (config_.nic.link != Link::kLoopback) return;
  v["received_file_bytes"] = in(ledger.received, Place::kPageCache);
  v["received_user_bytes"] = in(ledger.received, Place::kUserBuffer);
  v["received_kernel_bytes"] =
      in(ledger.received, Place::kSocketBuffer) + count(ledger.received.linear);
}

void Machine::add_fetches(Result& result) const {
  Histogram times;
  for (const FetchAccount& account : server.broker()->accounts()) {
    times.add(account.times);
    result.consumers.push_back(record_of(account));
  }
  auto& v = result.values;
  v["fetches"] = count(times.count());
  v["records_per_s"] = ratio(v["throughput_Bps"], count(config_.broker.record));
  const LogBroker& broker = *server.broker();
  v["appended_bytes"] = count(broker.appended());
  v["cpu_s_per_fetch"] = ratio(v["cpu_busy_s"], v["fetches"]);
  v["fetch_median_s"] = times.quantile(0.5).to_seconds();
  v["fetch_p99_s"] = times.quantile(0.99).to_seconds();
  v["fetch_max_s"] = times.most().to_seconds();
}

// The resource that is busiest. Cores that wait for the memory bus in a copy are not what limits
// the run, so that time does not count for them; and fewer threads than cores cannot use them all.
std::string Machine::bottleneck(const Result& result, sc_time elapsed) const {
  sc_time stalled;
  double busiest_thread = 0;
  for (const auto& task : server.tasks()) {
    stalled += task->stall_time();
    busiest_thread =
        std::max(busiest_thread,
                 ratio((task->run_time() - task->stall_time()).to_seconds(), elapsed.to_seconds()));
  }
  if (sinks) stalled += sinks->stall_time();
  if (origin) stalled += origin->stall_time();
  const double working = (cpu.busy() - stalled).to_seconds();
  const double cores = ratio(working, cpu.cores() * elapsed.to_seconds());

  std::pair<double, const char*> busiest{-1, ""};
  const auto consider = [&](double utilisation, const char* name) {
    if (utilisation > busiest.first) busiest = {utilisation, name};
  };
  if (!sinks) consider(*result.value("nic_utilisation"), "nic");
  if (!sinks) consider(*result.value("nic_rx_utilisation"), "nic");
  consider(*result.value("disk_utilisation"), "disk");
  consider(*result.value("bus_utilisation"), "memory_bus");
  if (config_.numa.nodes == 2) consider(*result.value("fabric_utilisation"), "fabric");
  consider(std::max(cores, busiest_thread), "cpu");
  consider(sinks ? sinks->utilisation(elapsed) : clients.utilisation(elapsed), "client");
  if (origin) consider(origin->utilisation(elapsed), "client");
  return busiest.second;
}

}  // namespace copypath
