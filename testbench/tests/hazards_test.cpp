// What happens to bytes that change while they travel. Paths that pass references deliver what the
// pages hold when the NIC fetches them; paths that copy deliver what they held when the call was
// made. The clients compare every byte, so nothing here is taken on trust.
// On Linux 6.18: 16384 of 16384 bytes are new after sendfile, none after read+write.
#include <gtest/gtest.h>

#include <set>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

double value(const Result& result, const char* metric) { return *result.value(metric); }

Config config_with(Hazard hazard, Data data) {
  Config config;
  config.workload.file_size = Bytes(1'000'000);
  config.workload.clients = 2;
  config.workload.hazard = hazard;
  config.workload.data = data;
  return config;
}

// Paths whose skbs refer to pages of the file when the last call returns. With MSG_ZEROCOPY the
// server waits for the completions before anybody may touch the pages.
const std::set<std::string> kAliasing{"sendfile", "splice", "java_transfer_to"};

TEST(Overwrite, ReachesThePeerOfWhoeverPassesReferences) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const auto& [path, result] : simulate_apart(config_with(Hazard::kOverwrite, data))) {
      SCOPED_TRACE(path);
      EXPECT_EQ(value(result, "payload_bytes"), 2'000'000);
      if (kAliasing.count(path) == 0) {
        EXPECT_EQ(value(result, "corrupted_bytes"), 0);
        EXPECT_TRUE(result.delivered_ok);
      } else {
        // What was in the send buffer of 256 KiB and had not been fetched by the NIC.
        EXPECT_GT(value(result, "corrupted_bytes"), 0);
        EXPECT_LT(value(result, "corrupted_bytes"), 2 * (256 + 64) * 1024);
        EXPECT_FALSE(result.delivered_ok);
      }
    }
  }
}

// The MAC of a TLS record is that of the text that was encrypted: a core has read the old bytes.
TEST(Overwrite, DoesNotReachRecordsThatACoreHasEncrypted) {
  Config config = config_with(Hazard::kOverwrite, Data::kBytes);
  EXPECT_TRUE(simulate_apart(config, "ktls_sendfile").delivered_ok);
  config.nic.tls_offload = TlsOffload::kBounce;
  EXPECT_TRUE(simulate_apart(config, "ktls_sendfile").delivered_ok);
  config.nic.tls_offload = TlsOffload::kZerocopy;
  EXPECT_FALSE(simulate_apart(config, "ktls_sendfile").delivered_ok) << "TLS_TX_ZEROCOPY_RO";
}

TEST(Overwrite, IsOneCallAndOneCopyOfWhatIsCached) {
  const Result result = simulate_apart(config_with(Hazard::kOverwrite, Data::kTags), "sendfile");
  EXPECT_EQ(result.syscalls.at("pwrite"), 2U);
  EXPECT_EQ(moved(result, "file_write"), 2'000'000U);
}

TEST(Truncate, EndsTheTransferAtTheNewEnd) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const auto& [path, result] : simulate_apart(config_with(Hazard::kTruncate, data))) {
      SCOPED_TRACE(path);
      const bool reads_file = find_path(path)->reads != Reads::kOrigin;
      // A program that is killed while it encrypts does not send the chunk at hand.
      const double half = path == "user_tls_mmap" ? 500'000 / 65536 * 65536 : 500'000;
      EXPECT_EQ(value(result, "payload_bytes"), 2 * (reads_file ? half : 1'000'000));
      EXPECT_EQ(result.delivered_ok, !reads_file) << "the clients asked for more";
      EXPECT_EQ(value(result, "corrupted_bytes"), 0) << "what came was right";
      const bool mapped = path.find("mmap") != std::string::npos;
      EXPECT_EQ(value(result, "faults_beyond_end"), mapped ? 2 : 0);
    }
  }
}

TEST(Hazards, ChangeFilesThatAreAskedForOnce) {
  // The rules of the loader refuse the rest; see Rules in scenario_test.cpp.
  for (const Hazard hazard : {Hazard::kOverwrite, Hazard::kTruncate}) {
    Config config = config_with(hazard, Data::kTags);
    config.workload.file_size = Bytes(0);
    for (const auto& [path, result] : simulate_apart(config)) {
      EXPECT_TRUE(result.delivered_ok) << path << ": there is nothing to change";
    }
  }
}

}  // namespace
}  // namespace copypath
