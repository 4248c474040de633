// Whole machines on which several things go wrong at once: frames get lost, the carrier goes away,
// clients leave or are slow, pages cannot be read - on several NICs, with more queues than cores,
// files of no byte or one, the smallest rings and FIFOs. Whatever happens, what arrives is right,
// in order and once, nothing hangs, and nothing is used for longer than the run.
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"
#include "testbench/tests/settings_bench.h"

namespace copypath {
namespace {

const std::vector<Choice>& choices() {
  static const std::vector<Choice> kChoices{
      {"timing", {"fluid", "fluid", "fluid", "burst"}},
      {"cpu.cores", {"1", "2", "8"}},
      {"cpu.interrupt", {"0ns", "1us", "10us"}},
      {"memory.bandwidth", {"500MB/s", "128GB/s"}},
      {"cache.size", {"none", "4KiB", "8KiB", "32MiB", "16GiB"}},
      {"cache.ddio", {"0", "1"}},
      {"page_cache.size", {"1MiB", "1GiB"}},
      {"page_cache.folio", {"4KiB", "64KiB"}},
      {"disk.queue_depth", {"2", "3", "32"}},
      {"disk.count", {"1", "3"}},
      {"nic.rate", {"100Mbps", "10Gbps", "100Gbps"}},
      {"nic.mtu", {"576B", "1500B", "9000B"}},
      {"nic.scatter_gather", {"true", "true", "false"}},
      {"nic.segmentation_offload", {"true", "true", "false"}},
      {"nic.tls_offload", {"none", "bounce", "zerocopy"}},
      {"nic.ring", {"19", "20", "1024"}},
      {"nic.queues", {"1", "5", "13", "64"}},
      {"nic.count", {"1", "2", "3"}},
      {"nic.fifo", {"9018B", "160KiB"}},
      {"nic.rx_fifo", {"18036B", "512KiB"}},
      {"nic.interrupt_delay", {"0ns", "50us", "1ms"}},
      {"socket.send_buffer", {"9000B", "256KiB"}},
      {"socket.window", {"9000B", "100000B", "4MiB"}},
      {"socket.rtt", {"0ns", "100us", "10ms"}},
      {"socket.ack_every", {"1", "2", "merged"}},
      {"socket.receive_buffer", {"9000B", "6MiB"}},
      {"workload.clients", {"1", "2", "5", "9"}},
      {"workload.requests", {"1", "2", "3"}},
      {"workload.file_size",
       {"0B", "1B", "1447B", "1448B", "1449B", "4095B", "4097B", "65537B", "99991B", "300007B"}},
      {"workload.chunk", {"4096B", "64KiB", "1MiB"}},
      {"workload.data", {"tags", "bytes"}},
      {"faults.seed", {"1", "2", "3", "77"}},
      {"faults.frame_loss", {"0", "0.001", "0.05", "0.3"}},
      {"faults.link_down_at", {"0ns", "50us", "3ms"}},
      {"faults.link_down_for", {"0ns", "1us", "1ms", "700ms"}},
      {"faults.disconnect_after", {"never", "never", "1B", "1448B", "60000B"}},
      {"faults.disconnect_every", {"1", "2", "3"}},
      {"faults.slow_clients", {"0", "1"}},
      {"faults.slow_rate", {"1Mbps", "100Mbps"}},
      {"faults.disk_error_rate", {"0", "0", "0.01", "0.5"}},
  };
  return kChoices;
}

class FaultCombination : public ::testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seed, FaultCombination, ::testing::Range(1U, 5U));

TEST_P(FaultCombination, DeliversWhatIsNotAborted) {
  std::mt19937 random(GetParam());
  for (int i = 0; i < 8; ++i) {
    Settings settings = chosen(choices(), random);
    settings.emplace_back("cpu.copy_rate_cached", "1TB/s");
    const Config config = configured(settings);
    SCOPED_TRACE(text_of(settings));
    ASSERT_EQ(broken_rule(config), "");
    const std::uint64_t asked =
        config.workload.file_size.count() * config.workload.clients * config.workload.requests;
    const bool gives_up =
        config.faults.disk_error_rate > 0 || config.faults.disconnect_after > Bytes(0);
    for (const char* const path : {"read_write", "sendfile", "msg_zerocopy_mmap", "vmsplice",
                                   "io_uring_zc", "ktls_sendfile", "user_tls"}) {
      try {
        const Result result = simulate_apart(config, path);
        EXPECT_TRUE(result.delivered_ok) << path;
        EXPECT_EQ(metric_of(result, "corrupted_bytes"), 0U) << path;
        EXPECT_LE(metric_of(result, "payload_bytes"), asked) << path;
        if (metric_of(result, "aborted_transfers") == 0) {
          EXPECT_EQ(metric_of(result, "payload_bytes"), asked) << path;
        } else {
          EXPECT_TRUE(gives_up) << path;
        }
        if (!config.faults.lossy()) {
          EXPECT_EQ(metric_of(result, "retransmitted_bytes"), 0U) << path;
        }
        expect_shares(result);
      } catch (const std::exception& error) {
        ADD_FAILURE() << path << ": " << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace copypath
