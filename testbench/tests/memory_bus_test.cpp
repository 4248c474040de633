// Laws of a transaction on the memory bus, in both timings: it crosses once per end in memory and
// once more for a core's store that allocates, it is in the ledger when it is over and not before,
// its latency is returned and not waited for, and nonsense is answered with an error.
#include "models/memory/memory_bus.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "models/nic/tls_record.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

constexpr Rate kUnlimited{1e12};

MemoryConfig bus_config() {
  MemoryConfig config;
  config.bandwidth = Rate(128e9);
  config.efficiency = 0.5;
  config.burst = Bytes(256);
  config.latency = nanoseconds(90);
  return config;
}

class MemoryBusTest : public SimulationTest, public ::testing::WithParamInterface<Timing> {
protected:
  MemoryBench& build(const MemoryConfig& config, unsigned masters) {
    bench_ = std::make_unique<MemoryBench>("bench", config, GetParam(), masters);
    return *bench_;
  }

  /// Adjacent memory of that size.
  SegmentList allocate(std::uint32_t bytes) {
    const auto frames = static_cast<unsigned>(units_covering(Bytes(bytes), kPageSize));
    return {{address_of(bench_->memory.allocate_adjacent(frames)), bytes}};
  }

private:
  std::unique_ptr<MemoryBench> bench_;
};

INSTANTIATE_TEST_SUITE_P(Timings, MemoryBusTest, ::testing::ValuesIn(kTimings), kNameOfParameter);

TEST_P(MemoryBusTest, CapacityIsBandwidthTimesEfficiency) {
  EXPECT_EQ(build(bus_config(), 1).capacity(), 64e9);
}

TEST_P(MemoryBusTest, LatencyIsReturnedAndNotWaitedFor) {
  MemoryBench& bench = build(bus_config(), 1);
  MemoryPort& port = bench.ports[0];
  const SegmentList from = allocate(6400);
  const SegmentList to = allocate(6400);
  spawn("master", [&] {
    EXPECT_EQ(port.copy(Movement::kCopyToUser, from, to, kUnlimited), nanoseconds(90));
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(200)) << "two crossings of 100 ns";
    Content content;
    EXPECT_EQ(port.dma_read(Movement::kTransmitPage, from, content, kUnlimited), nanoseconds(90));
    EXPECT_EQ(port.dma_write(Movement::kDiskRead, content, to, kUnlimited), nanoseconds(90));
    EXPECT_EQ(port.control(Movement::kHeaders, Bytes(6400), kUnlimited), nanoseconds(90));
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(500));
  });
  run();
}

// 64 bytes in 10 ns, then 6400 in a microsecond.
TEST_P(MemoryBusTest, ControlTrafficIsWaitedForTogetherWithWhatFollows) {
  MemoryBench& bench = build(bus_config(), 1);
  MemoryPort& port = bench.ports[0];
  const SegmentList from = allocate(6400);
  const Rate rate(6.4e9);
  const Process& master = spawn("master", [&] {
    EXPECT_EQ(port.control_ahead(Movement::kHeaders, Bytes(64), rate), nanoseconds(90));
    const bool waits = GetParam() == Timing::kBurst;  // in which everything has its event
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(waits ? 10 : 0));
    EXPECT_EQ(port.time(), nanoseconds(10));
    EXPECT_EQ(bench.ledger.account(Movement::kHeaders).bytes, 64U);
    Content content;
    port.dma_read(Movement::kTransmitPage, from, content, rate);
  });
  run();
  EXPECT_EQ(master.finish, nanoseconds(1010));
}

TEST_P(MemoryBusTest, ControlTrafficWaitsForItsShareOfABusyBus) {
  MemoryBench& bench = build(bus_config(), 2);
  const SegmentList from = allocate(64000);
  spawn("other", [&] {
    Content content;
    bench.ports[1].dma_read(Movement::kTransmitPage, from, content, kUnlimited);
  });
  const Process& master = spawn("master", [&] {
    bench.ports[0].control_ahead(Movement::kHeaders, Bytes(6400), kUnlimited);
    EXPECT_EQ(bench.ports[0].time(), sc_core::sc_time_stamp());
  });
  run();
  EXPECT_GE(master.finish, nanoseconds(196)) << "every second burst of 4 ns";
}

// For who has no process that could wait: all of it, or nothing.
TEST_P(MemoryBusTest, ControlTrafficThatMustNotWaitIsMovedAtOnceOrNotAtAll) {
  MemoryBench& bench = build(bus_config(), 2);
  const SegmentList from = allocate(64000);
  const Rate rate(6.4e9);
  spawn("master", [&] {
    const bool moved = bench.ports[0].try_control_ahead(Movement::kHeaders, Bytes(64), rate);
    EXPECT_EQ(moved, GetParam() == Timing::kFluid) << "with bursts everything has its event";
    EXPECT_EQ(bench.ports[0].time(), nanoseconds(moved ? 10 : 0));
    EXPECT_EQ(bench.ledger.account(Movement::kHeaders).bytes, moved ? 64U : 0U);
    EXPECT_EQ(bench.ledger.account(Movement::kHeaders).active, 0U);
    sc_core::wait(nanoseconds(100));  // now the bus is busy
    EXPECT_FALSE(bench.ports[0].try_control_ahead(Movement::kHeaders, Bytes(64), rate));
    EXPECT_EQ(bench.ledger.account(Movement::kHeaders).bytes, moved ? 64U : 0U);
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(100));
  });
  spawn_at(nanoseconds(50), "other", [&] {
    Content content;
    bench.ports[1].dma_read(Movement::kTransmitPage, from, content, kUnlimited);
  });
  run();
}

// 640 bytes take 10 ns on this bus, long before the master asks for them.
TEST_P(MemoryBusTest, TransferOfAMasterThatIsAheadBeginsThen) {
  MemoryBench& bench = build(bus_config(), 1);
  const SegmentList from = allocate(640);
  const Process& master = spawn("master", [&] {
    Content content;
    bench.ports[0].run_ahead_to(microseconds(1));
    bench.ports[0].dma_read(Movement::kTransmitPage, from, content, kUnlimited);
  });
  run();
  EXPECT_EQ(master.finish, nanoseconds(1010));
}

TEST_P(MemoryBusTest, LedgerHoldsEveryTransferWithItsCrossings) {
  MemoryBench& bench = build(bus_config(), 2);
  const SegmentList page_cache = allocate(10000);
  const SegmentList user = allocate(10000);
  spawn("device", [&] {
    Content content;
    bench.ports[0].dma_read(Movement::kTransmitPage, page_cache, content, kUnlimited);
    bench.ports[0].dma_write(Movement::kDiskRead, content, page_cache, kUnlimited);
    bench.ports[0].control(Movement::kDescriptors, Bytes(16), kUnlimited);
  });
  spawn("core", [&] {
    for (int i = 0; i < 3; ++i) {
      bench.ports[1].copy(Movement::kCopyToUser, page_cache, user, kUnlimited);
    }
  });
  run();
  const auto expect = [&](Movement movement, std::uint64_t bytes, std::uint64_t crossings,
                          std::uint64_t transfers) {
    const Ledger::Account& account = bench.ledger.account(movement);
    EXPECT_EQ(account.bytes, bytes) << kind_of(movement).name;
    EXPECT_EQ(account.bus_bytes, bytes * crossings) << kind_of(movement).name;
    EXPECT_EQ(account.transfers, transfers) << kind_of(movement).name;
    EXPECT_EQ(account.active, 0U) << kind_of(movement).name;
  };
  expect(Movement::kTransmitPage, 10000, 1, 1);
  expect(Movement::kDiskRead, 10000, 1, 1);
  expect(Movement::kDescriptors, 16, 1, 1);
  expect(Movement::kCopyToUser, 30000, 2, 3);
  EXPECT_EQ(bench.ledger.records().size(), 4U) << "and nothing else";
}

TEST_P(MemoryBusTest, TransferIsActiveUntilItsLastByteHasCrossed) {
  MemoryBench& bench = build(bus_config(), 1);
  const Ledger::Account& account = bench.ledger.account(Movement::kHeaders);
  spawn("master", [&] { bench.ports[0].control(Movement::kHeaders, Bytes(6400), kUnlimited); });
  run_until(nanoseconds(100));
  EXPECT_EQ(account.active, 1U);
  EXPECT_EQ(account.bytes, 0U);
  run();
  EXPECT_EQ(account.active, 0U);
  EXPECT_EQ(account.bytes, 6400U);
}

// Memory changes when the transfer is over: who looks earlier sees what was there.
TEST_P(MemoryBusTest, ContentArrivesWithTheLastByte) {
  MemoryBench& bench = build(bus_config(), 2);
  const SegmentList page = allocate(4096);
  const SegmentList first_byte{{page[0].address, 1}};
  Content file;
  file.append({7, 0, 0, 4096});
  Content early;
  Content late;
  spawn("writer", [&] {
    bench.ports[0].dma_write(Movement::kDiskRead, file, page, Rate(4.096e9));  // 1 us
    bench.ports[0].dma_read(Movement::kTransmitPage, first_byte, late, kUnlimited);
  });
  spawn_at(nanoseconds(500), "reader", [&] {
    bench.ports[1].dma_read(Movement::kTransmitPage, first_byte, early, kUnlimited);
  });
  run();
  ASSERT_EQ(early.runs().size(), 1U);
  EXPECT_EQ(early.runs()[0].file, kUndefined);
  ASSERT_EQ(late.runs().size(), 1U);
  EXPECT_EQ(late.runs()[0].file, 7U);
}

// A core's store first reads the line: three crossings for a copy. DMA writes whole lines.
TEST_P(MemoryBusTest, WriteAllocateAddsACrossingToStoresOfCoresOnly) {
  MemoryConfig config = bus_config();
  config.write_allocate = true;
  MemoryBench& bench = build(config, 1);
  const SegmentList from = allocate(6400);
  const SegmentList to = allocate(6400);
  spawn("master", [&] {
    bench.ports[0].copy(Movement::kCopyToUser, from, to, kUnlimited);
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(300));
    bench.ports[0].copy(Movement::kCopyToUser, from, to, Rate(16e9 / 3));
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(1500)) << "the core's own pace stays the same";
    Content content;
    bench.ports[0].dma_read(Movement::kTransmitPage, from, content, kUnlimited);
    bench.ports[0].dma_write(Movement::kDiskRead, content, to, kUnlimited);
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(1700));
  });
  run();
  EXPECT_EQ(bench.ledger.account(Movement::kCopyToUser).bus_bytes, 2U * 3 * 6400);
  EXPECT_EQ(bench.ledger.account(Movement::kDiskRead).bus_bytes, 6400U);
  EXPECT_EQ(bench.ledger.account(Movement::kTransmitPage).bus_bytes, 6400U);
}

TEST_P(MemoryBusTest, TransferOfNothingTakesNoTimeAndIsNotInTheLedger) {
  MemoryBench& bench = build(bus_config(), 1);
  spawn("master", [&] {
    MemoryPort& port = bench.ports[0];
    Content content;
    port.copy(Movement::kCopyToUser, {}, {}, kUnlimited);
    port.dma_read(Movement::kTransmitPage, {}, content, kUnlimited);
    port.dma_write(Movement::kDiskRead, content, {}, kUnlimited);
    port.control(Movement::kHeaders, Bytes(0), kUnlimited);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
    EXPECT_TRUE(content.runs().empty());
  });
  run();
  EXPECT_TRUE(bench.ledger.records().empty());
}

TEST_P(MemoryBusTest, PresetTakesNoTimeAndIsNotInTheLedger) {
  MemoryBench& bench = build(bus_config(), 1);
  const SegmentList page = allocate(4096);
  Content file;
  file.append({3, 0, 8192, 4096});
  bench.bus.preset(page, file);
  spawn("master", [&] {
    Content content;
    bench.ports[0].dma_read(Movement::kTransmitPage, page, content, kUnlimited);
    ASSERT_EQ(content.runs().size(), 1U);
    EXPECT_EQ(content.runs()[0].file, 3U);
    EXPECT_EQ(content.runs()[0].offset, 8192U);
  });
  run();
  EXPECT_EQ(bench.ledger.records().size(), 1U);
}

// 1000 bytes that are sealed, copied, summed up and fetched, with 22 of framing that is made on the
// way: the time is that of all bytes, the payload's account has only the 1000.
TEST_P(MemoryBusTest, FramingIsEnteredApartAsControl) {
  MemoryBench& bench = build(bus_config(), 1);
  const SegmentList text = allocate(1000);
  const SegmentList sealed = allocate(1022);
  const SegmentList copied = allocate(1022);
  Content file;
  file.append({3, 0, 0, 1000});
  bench.bus.preset(text, file);
  spawn("master", [&] {
    MemoryPort& port = bench.ports[0];
    TlsWriter writer(0, TlsWriter::Mode::kEncrypt);
    Bytes produced;
    port.pass({Movement::kEncryptUser, &text, &sealed, kUnlimited, &writer}, produced);
    EXPECT_EQ(produced, Bytes(1022));
    port.copy(Movement::kCopyFromUser, sealed, copied, kUnlimited);
    port.pass({Movement::kChecksumCopy, &copied, nullptr, kUnlimited}, produced);
    Content wire;
    port.dma_read(Movement::kTransmitCopy, copied, wire, kUnlimited);
    EXPECT_EQ(wire.framing(), Bytes(22));
    if (GetParam() == Timing::kFluid) {
      const Rate rate(64e9);
      const sc_time all =
          Bytes(2022) / rate + Bytes(2044) / rate + Bytes(1022) / rate + Bytes(1022) / rate;
      EXPECT_EQ(sc_core::sc_time_stamp(), all);
    }
  });
  run();
  const auto expect_account = [&](Movement movement, std::uint64_t bytes, std::uint64_t on_bus) {
    SCOPED_TRACE(kind_of(movement).name);
    EXPECT_EQ(bench.ledger.account(movement).bytes, bytes);
    EXPECT_EQ(bench.ledger.account(movement).bus_bytes, on_bus);
    EXPECT_EQ(bench.ledger.account(movement).active, 0U);
  };
  expect_account(Movement::kEncryptUser, 1000, 2000);
  expect_account(Movement::kTlsFraming, 22, 22);
  expect_account(Movement::kCopyFromUser, 1000, 2000);
  expect_account(Movement::kTlsFramingCopy, 22, 44);
  expect_account(Movement::kChecksumCopy, 1000, 1000);
  expect_account(Movement::kTlsFramingSum, 22, 22);
  expect_account(Movement::kTransmitCopy, 1000, 1000);
  expect_account(Movement::kTlsFramingFetch, 22, 22);
}

TEST_P(MemoryBusTest, InspectionTakesNoTimeAndIsNotInTheLedger) {
  MemoryBench& bench = build(bus_config(), 1);
  const SegmentList page = allocate(4096);
  Content file;
  file.append({3, 0, 8192, 4096});
  const Process& master = spawn("master", [&] {
    bench.bus.preset(page, file);
    const Content content = bench.bus.inspect(slice(page, Bytes(96), Bytes(1000)));
    ASSERT_EQ(content.runs().size(), 1U);
    EXPECT_EQ(content.runs()[0].offset, 8288U);
    EXPECT_EQ(content.runs()[0].bytes, 1000U);
  });
  run();
  EXPECT_EQ(master.finish, sc_core::SC_ZERO_TIME);
  EXPECT_TRUE(bench.ledger.records().empty());
}

/// A master that sends a payload as it is.
struct RawMaster : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<RawMaster, 64, MemoryProtocol> memory{"memory"};
  explicit RawMaster(const sc_core::sc_module_name& name) : sc_module(name) {}
};

TEST_P(MemoryBusTest, PayloadWithoutTheExtensionGetsAnErrorResponse) {
  MemoryBench& bench = build(bus_config(), 0);
  RawMaster master("master");
  master.memory.bind(bench.bus.in);
  spawn("master", [&] {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_READ_COMMAND);
    payload.set_data_length(64);
    sc_time delay = nanoseconds(5);
    master.memory->b_transport(payload, delay);
    EXPECT_EQ(payload.get_response_status(), tlm::TLM_GENERIC_ERROR_RESPONSE);
    EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::SC_ZERO_TIME);
  });
  run();
  EXPECT_TRUE(bench.ledger.records().empty());
}

// A master that is ahead of the simulated time by its local delay is waited for.
TEST_P(MemoryBusTest, LocalTimeOfTheMasterPassesFirst) {
  MemoryBench& bench = build(bus_config(), 0);
  RawMaster master("master");
  master.memory.bind(bench.bus.in);
  spawn("master", [&] {
    Transfer transfer;
    transfer.movement = Movement::kHeaders;
    transfer.limit = kUnlimited;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&transfer);
    payload.set_data_length(6400);
    sc_time delay = nanoseconds(30);
    master.memory->b_transport(payload, delay);
    payload.clear_extension(&transfer);
    EXPECT_TRUE(payload.is_response_ok());
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(130));
    EXPECT_EQ(delay, nanoseconds(90));
  });
  run();
}

}  // namespace
}  // namespace copypath
