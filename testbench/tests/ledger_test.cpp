// Laws of the ledger: what is entered is what the sums show, payload and control traffic are kept
// apart, every byte is in exactly one purpose, and the table of movements is consistent in itself.
#include "models/ledger/ledger.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace copypath {
namespace {

constexpr Purpose kPurposes[] = {Purpose::kDma,    Purpose::kCopy,     Purpose::kChecksum,
                                 Purpose::kCrypto, Purpose::kCompress, Purpose::kControl};
constexpr Agent kAgents[] = {Agent::kCore, Agent::kDisk, Agent::kNic};

std::vector<Movement> all_movements() {
  std::vector<Movement> movements;
  for (std::size_t i = 0; i < kMovements; ++i) movements.push_back(static_cast<Movement>(i));
  return movements;
}

void enter(Ledger& ledger, Movement movement, std::uint64_t bytes, std::uint64_t bus_bytes) {
  ledger.open(movement);
  ledger.close(movement, Bytes(bytes), Bytes(bus_bytes), {Bytes(bus_bytes), Bytes(0)});
}

TEST(Ledger, BeginsEmpty) {
  const Ledger ledger;
  EXPECT_TRUE(ledger.records().empty());
  for (const Purpose purpose : kPurposes) EXPECT_EQ(ledger.bytes(purpose).count(), 0U);
  for (const Agent agent : kAgents) EXPECT_EQ(ledger.payload_bytes(agent).count(), 0U);
  EXPECT_EQ(ledger.payload_bus_bytes().count(), 0U);
  EXPECT_EQ(ledger.control_bus_bytes().count(), 0U);
}

TEST(Ledger, AnAccountAddsUpItsMovement) {
  Ledger ledger;
  ledger.open(Movement::kCopyToUser);
  ledger.open(Movement::kCopyToUser);
  EXPECT_EQ(ledger.account(Movement::kCopyToUser).active, 2U);
  EXPECT_EQ(ledger.account(Movement::kCopyToUser).bytes, 0U) << "nothing has moved yet";
  ledger.close(Movement::kCopyToUser, Bytes(100), Bytes(200), {Bytes(60), Bytes(5)});
  ledger.close(Movement::kCopyToUser, Bytes(10), Bytes(30), {Bytes(6), Bytes(1)});
  ledger.write_back(Movement::kCopyToUser, Bytes(64), Bytes(0));
  const Ledger::Account& account = ledger.account(Movement::kCopyToUser);
  EXPECT_EQ(account.active, 0U);
  EXPECT_EQ(account.bytes, 110U);
  EXPECT_EQ(account.bus_bytes, 230U);
  EXPECT_EQ(account.dram_read, 66U);
  EXPECT_EQ(account.dram_written, 70U);
  EXPECT_EQ(account.transfers, 2U);
  EXPECT_EQ(ledger.account(Movement::kCopyFromUser).transfers, 0U);
}

// Read + write of one byte, as the textbook counts it: two DMA copies, two CPU copies, six
// crossings. The descriptor that it took is neither.
TEST(Ledger, CountsCopiesAndCrossingsAsTheTextbookDoes) {
  Ledger ledger;
  enter(ledger, Movement::kDiskRead, 1, 1);
  enter(ledger, Movement::kCopyToUser, 1, 2);
  enter(ledger, Movement::kCopyFromUser, 1, 2);
  enter(ledger, Movement::kTransmitCopy, 1, 1);
  enter(ledger, Movement::kDescriptors, 16, 16);
  EXPECT_EQ(ledger.bytes(Purpose::kDma).count(), 2U);
  EXPECT_EQ(ledger.bytes(Purpose::kCopy).count(), 2U);
  EXPECT_EQ(ledger.bytes(Purpose::kControl).count(), 16U);
  EXPECT_EQ(ledger.payload_bus_bytes().count(), 6U);
  EXPECT_EQ(ledger.control_bus_bytes().count(), 16U);
  EXPECT_EQ(ledger.payload_bytes(Agent::kDisk).count(), 1U);
  EXPECT_EQ(ledger.payload_bytes(Agent::kCore).count(), 2U);
  EXPECT_EQ(ledger.payload_bytes(Agent::kNic).count(), 1U) << "the descriptor is not payload";
}

TEST(Ledger, EveryByteIsInOnePurposeAndEitherPayloadOrControl) {
  Ledger ledger;
  std::mt19937 random(4);
  std::uint64_t bytes = 0;
  std::uint64_t bus_bytes = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t n = random();
    const std::uint64_t crossings = random() % 4;
    enter(ledger, static_cast<Movement>(random() % kMovements), n, n * crossings);
    bytes += n;
    bus_bytes += n * crossings;
  }
  Bytes by_purpose;
  for (const Purpose purpose : kPurposes) by_purpose += ledger.bytes(purpose);
  EXPECT_EQ(by_purpose.count(), bytes);
  Bytes by_agent = ledger.bytes(Purpose::kControl);
  for (const Agent agent : kAgents) by_agent += ledger.payload_bytes(agent);
  EXPECT_EQ(by_agent.count(), bytes);
  EXPECT_EQ((ledger.payload_bus_bytes() + ledger.control_bus_bytes()).count(), bus_bytes);
}

TEST(Ledger, RecordsTheAccountsThatWereUsedInTheOrderOfTheDataPath) {
  Ledger ledger;
  enter(ledger, Movement::kTransmitPage, 7, 7);
  enter(ledger, Movement::kDiskRead, 5, 5);
  enter(ledger, Movement::kDiskRead, 6, 6);
  ledger.open(Movement::kHeaders);  // under way: nothing has moved
  const std::vector<MovementRecord> records = ledger.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "disk_read");
  EXPECT_EQ(records[0].agent, "disk");
  EXPECT_EQ(records[0].purpose, "dma");
  EXPECT_EQ(records[0].from, "disk");
  EXPECT_EQ(records[0].to, "page cache");
  EXPECT_EQ(records[0].bytes, 11U);
  EXPECT_EQ(records[0].transfers, 2U);
  EXPECT_EQ(records[0].reason, kind_of(Movement::kDiskRead).reason);
  EXPECT_EQ(records[1].name, "transmit_page");
  EXPECT_EQ(records[1].bytes, 7U);
}

TEST(Movements, HaveNamesOfTheirOwnAndAReason) {
  std::set<std::string> names;
  for (const Movement movement : all_movements()) {
    const MovementKind& kind = kind_of(movement);
    ASSERT_NE(kind.name, nullptr);
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name << " occurs twice";
    EXPECT_GT(std::string(kind.reason).size(), 20U) << kind.name;
  }
}

TEST(Movements, StandInTheTableWhereTheirNumbersSay) {
  EXPECT_STREQ(kind_of(Movement::kDiskRead).name, "disk_read");
  EXPECT_STREQ(kind_of(Movement::kCopyToUser).name, "copy_to_user");
  EXPECT_STREQ(kind_of(Movement::kCopyFromUser).name, "copy_from_user");
  EXPECT_STREQ(kind_of(Movement::kTransmitCopy).name, "transmit_copy");
  EXPECT_STREQ(kind_of(Movement::kTransmitPage).name, "transmit_page");
  EXPECT_STREQ(kind_of(Movement::kHeaders).name, "headers");
  EXPECT_STREQ(kind_of(Movement::kDescriptors).name, "descriptors");
  EXPECT_STREQ(kind_of(Movement::kCompletion).name, "completion");
  EXPECT_STREQ(kind_of(Movement::kDiskCommand).name, "disk_command");
  EXPECT_STREQ(kind_of(Movement::kDiskCompletion).name, "disk_completion");
}

// A core copies from memory to memory; a device's DMA has one end in memory and one in the device.
TEST(Movements, CrossTheBusOncePerEndInMemory) {
  for (const Movement movement : all_movements()) {
    const MovementKind& kind = kind_of(movement);
    SCOPED_TRACE(kind.name);
    if (kind.agent == Agent::kCore) {
      EXPECT_EQ(kind.reads_memory(), kind.from != Place::kCore) << "or it makes them itself";
      EXPECT_EQ(kind.writes_memory(), kind.to != Place::kCore) << "or it only looks at them";
      EXPECT_TRUE(kind.reads_memory() || !kind.is_payload()) << "no core makes payload";
      EXPECT_EQ(kind.writes_memory() || !kind.is_payload(), kind.purpose != Purpose::kChecksum);
    } else {
      const Place device = kind.agent == Agent::kDisk ? Place::kDisk : Place::kNic;
      EXPECT_NE(kind.reads_memory(), kind.writes_memory());
      EXPECT_EQ(kind.reads_memory() ? kind.to : kind.from, device);
    }
  }
}

TEST(Movements, CopiesAreTheCoresAndDmaTheDevices) {
  for (const Movement movement : all_movements()) {
    const MovementKind& kind = kind_of(movement);
    SCOPED_TRACE(kind.name);
    if (kind.is_payload()) {
      EXPECT_EQ(kind.agent == Agent::kCore, kind.purpose != Purpose::kDma);
    }
    EXPECT_EQ(kind.is_payload(), kind.purpose != Purpose::kControl);
    const bool queues = kind.from == Place::kQueues || kind.to == Place::kQueues;
    EXPECT_FALSE(queues && kind.is_payload()) << "queues hold no payload";
  }
}

TEST(Movements, NamesOfAgentsPurposesAndPlacesDiffer) {
  std::set<std::string> names;
  for (const Agent agent : kAgents) names.insert(name_of(agent));
  EXPECT_EQ(names, (std::set<std::string>{"core", "disk", "nic"}));
  names.clear();
  for (const Purpose purpose : kPurposes) names.insert(name_of(purpose));
  EXPECT_EQ(names,
            (std::set<std::string>{"dma", "copy", "checksum", "crypto", "compress", "control"}));
  names.clear();
  for (int i = 0; i <= static_cast<int>(Place::kCore); ++i) {
    names.insert(name_of(static_cast<Place>(i)));
  }
  EXPECT_EQ(names, (std::set<std::string>{"disk", "persistent memory", "page cache", "user buffer",
                                          "socket buffer", "queues", "pipe", "nic", "core"}));
}

}  // namespace
}  // namespace copypath
