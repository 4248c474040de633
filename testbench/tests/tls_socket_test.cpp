// Laws of TLS in the kernel: a record is closed when it is full or nothing follows, and not before;
// software reads the text once and copies nothing, and lets go of the pages when it is encrypted; a
// NIC that encrypts gets a copy, or the pages themselves, which then stay until they are
// acknowledged. What leaves the machine is what the client's key opens.
#include "models/kernel/tls_socket.h"

#include "models/kernel/file_read.h"
#include "models/workload/tls_reader.h"
#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

class TlsSocketTest : public KernelTest {
protected:
  TlsSocketTest() { config_.workload.file_size = Bytes(1 << 20); }

  void offload(TlsOffload how) { config_.nic.tls_offload = how; }

  /// The texts of the records that have arrived, or {} if one of them is not authentic.
  std::vector<std::uint64_t> records() {
    TlsReader reader(0);
    std::vector<std::uint64_t> texts;
    std::uint64_t framing = 0;
    for (const auto& arrival : bench().peer.arrivals) {
      for (const copypath::Run& run : arrival.content.runs()) {
        if (run.form != Form::kFraming) continue;
        if (framing == 0) texts.push_back(run.version);
        framing = (framing + run.bytes) % kTlsFraming.count();
      }
      if (!reader.decode(arrival.content, file_)) return {};
    }
    return texts;
  }

  /// sendfile() of a stretch, as one call makes it: in rounds of the internal pipe.
  void sendfile(Task& task, TlsSocket& tls, OpenFile& file, std::uint64_t bytes) {
    for (Bytes left(bytes); left > Bytes(0);) {
      const FragmentList pipe = filemap_splice_read(task, page_cache(), file, left);
      left -= size_of(pipe);
      tls.send_pages(task, pipe, left > Bytes(0));
    }
  }

  std::uint64_t moved(Movement movement) { return bench().memory.ledger.account(movement).bytes; }

  Content file_;  // that has arrived
};

TEST_F(TlsSocketTest, RecordIsClosedWhenItIsFullOrNothingFollows) {
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    tls.send(task, bench().buffer(0, 0, 40'000));
    tls.send(task, bench().buffer(0, 40'000, 16'384));
    tls.send(task, bench().buffer(0, 56'384, 1));
  });
  run();
  EXPECT_EQ(records(), (std::vector<std::uint64_t>{16384, 16384, 7232, 16384, 1}));
  EXPECT_EQ(file_.size(), Bytes(56'385));
  EXPECT_EQ(moved(Movement::kKtlsFromUser), 56'385U);
  EXPECT_EQ(moved(Movement::kTlsFraming), 5 * 22U);
  EXPECT_EQ(moved(Movement::kCopyFromUser), 0U);
}

TEST_F(TlsSocketTest, SendfileFillsRecordsAcrossRoundsOfItsPipe) {
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    OpenFile file = page_cache().open(0);
    sendfile(task, tls, file, 1000);     // the next round begins in the middle of a page,
    sendfile(task, tls, file, 100'000);  // so that pipes end where no record does
  });
  run();
  EXPECT_EQ(records(), (std::vector<std::uint64_t>{1000, 16384, 16384, 16384, 16384, 16384, 16384,
                                                   100'000 - 6 * 16384}));
  EXPECT_EQ(file_.runs().size(), 1U);
  EXPECT_EQ(moved(Movement::kKtlsFromPage), 101'000U);
}

/// Sends the beginning of a file that fills the cache twice, which nobody acknowledges, and reads
/// the rest: is the first page still in memory?
class TlsPages : public TlsSocketTest {
protected:
  bool first_page_stays(TlsOffload how) {
    offload(how);
    config_.page_cache.size = kMiB;
    config_.workload.file_size = Bytes(2 << 20);
    bench().peer.acknowledges = false;
    TcpSocket& tcp = bench().add_socket();
    std::uint64_t misses = 0;
    spawn_task([&](Task& task) {
      TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
      OpenFile file = page_cache().open(0);
      sendfile(task, tls, file, 200'000);
      const std::uint64_t buffer = address_of(bench().memory.memory.allocate_adjacent(512));
      while (filemap_read(task, page_cache(), file, buffer, Bytes(65'536)) > Bytes(0)) continue;
      const std::uint64_t before = page_cache().misses();
      OpenFile again = page_cache().open(0);
      filemap_read(task, page_cache(), again, buffer, Bytes(4096));
      misses = page_cache().misses() - before;
    });
    run();
    return misses == 0;
  }
};

TEST_F(TlsPages, SoftwareLetsGoOfThemWhenTheyAreEncrypted) {
  EXPECT_FALSE(first_page_stays(TlsOffload::kNone));
}

TEST_F(TlsPages, BounceLetsGoOfThemWhenTheyAreCopied) {
  EXPECT_FALSE(first_page_stays(TlsOffload::kBounce));
}

TEST_F(TlsPages, ZerocopyKeepsThemUntilTheyAreAcknowledged) {
  EXPECT_TRUE(first_page_stays(TlsOffload::kZerocopy));
}

TEST_F(TlsSocketTest, BounceIsACopyForTheNicAndNoEncryptionByACore) {
  offload(TlsOffload::kBounce);
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    OpenFile file = page_cache().open(0);
    sendfile(task, tls, file, 50'000);
    tls.send(task, bench().buffer(0, 50'000, 10'000));
  });
  run();
  EXPECT_EQ(records(), (std::vector<std::uint64_t>{16384, 16384, 16384, 848, 10'000}));
  EXPECT_EQ(file_.runs().size(), 1U);
  EXPECT_EQ(moved(Movement::kTlsBouncePage), 50'000U);
  EXPECT_EQ(moved(Movement::kCopyFromUser), 10'000U);
  EXPECT_EQ(moved(Movement::kTransmitCopy), 60'000U);
  EXPECT_EQ(bench().memory.ledger.bytes(Purpose::kCrypto), Bytes(0));
}

TEST_F(TlsSocketTest, ZerocopySendsThePagesBetweenHeaderAndTrailer) {
  offload(TlsOffload::kZerocopy);
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    OpenFile file = page_cache().open(0);
    sendfile(task, tls, file, 50'000);
  });
  run();
  EXPECT_EQ(records(), (std::vector<std::uint64_t>{16384, 16384, 16384, 848}));
  EXPECT_EQ(moved(Movement::kTransmitPage), 50'000U);
  EXPECT_EQ(moved(Movement::kTransmitCopy), 0U) << "but for framing";
  EXPECT_EQ(moved(Movement::kTlsFramingFetch), 4 * 22U);
  EXPECT_EQ(bench().memory.ledger.bytes(Purpose::kCopy), Bytes(0));
}

// 16 KiB by reference are four pages, header and trailer: the trailer lies where the next header
// begins, so that n records are 5 n + 1 fragments, of which an skb has 17.
TEST_F(TlsSocketTest, ZerocopyPacketsHoldAsManyPagesAsFragmentsAllow) {
  offload(TlsOffload::kZerocopy);
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    OpenFile file = page_cache().open(0);
    sendfile(task, tls, file, 65'536);
  });
  run();
  // 3 records and the header of the fourth are 16 fragments, its first page is the 17th.
  EXPECT_EQ(bench().peer.packet_sizes(),
            (std::vector<std::uint64_t>{3 * 16406 + 5 + 4096, 3 * 4096 + 17}));
}

TEST_F(TlsSocketTest, TheKeyTakesTwoCallsAndPermissionForPagesAThird) {
  config_.nic.tls_offload = TlsOffload::kZerocopy;
  TcpSocket& tcp = bench().add_socket();
  spawn_task([&](Task& task) {
    const TlsSocket tls(config_.kernel, bench().kernel, task, tcp);
    EXPECT_EQ(bench().kernel.calls(Call::kSetsockopt), 3U);
  });
  run();
}

struct Machine {
  const char* name;
  KernelVersion kernel;
  TlsOffload offload;
  TlsSocket::Mode mode;

  // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for that name
  friend void PrintTo(const Machine& machine, std::ostream* out) { *out << machine.name; }
};

class TlsMode : public KernelTest, public ::testing::WithParamInterface<Machine> {};

constexpr auto kNameOfMachine = [](const auto& info) { return std::string(info.param.name); };

using Mode = TlsSocket::Mode;

INSTANTIATE_TEST_SUITE_P(
    , TlsMode,
    ::testing::Values(Machine{"TheFirstKernel", {4, 13}, TlsOffload::kZerocopy, Mode::kSoftware},
                      Machine{"BeforeDevices", {4, 17}, TlsOffload::kBounce, Mode::kSoftware},
                      Machine{"Devices", {4, 18}, TlsOffload::kBounce, Mode::kBounce},
                      Machine{"NoDevice", {4, 18}, TlsOffload::kNone, Mode::kSoftware},
                      Machine{"BeforeZerocopy", {5, 18}, TlsOffload::kZerocopy, Mode::kBounce},
                      Machine{"Zerocopy", {5, 19}, TlsOffload::kZerocopy, Mode::kZerocopy},
                      Machine{"NoZerocopy", {5, 19}, TlsOffload::kBounce, Mode::kBounce}),
    kNameOfMachine);

TEST_P(TlsMode, IsWhatBothKernelAndNicCan) {
  config_.kernel = GetParam().kernel;
  config_.nic.tls_offload = GetParam().offload;
  EXPECT_EQ(TlsSocket::mode_of(config_.kernel, bench().kernel.device), GetParam().mode);
}

struct Lack {
  const char* name;
  bool NicConfig::*capability;

  // NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for that name
  friend void PrintTo(const Lack& lack, std::ostream* out) { *out << lack.name; }
};

class PlainNic : public KernelTest, public ::testing::WithParamInterface<Lack> {};

INSTANTIATE_TEST_SUITE_P(, PlainNic,
                         ::testing::Values(Lack{"NoScatterGather", &NicConfig::scatter_gather},
                                           Lack{"NoChecksumOffload", &NicConfig::checksum_offload},
                                           Lack{"NoSegmentationOffload",
                                                &NicConfig::segmentation_offload}),
                         kNameOfMachine);

TEST_P(PlainNic, DoesNotEncrypt) {
  config_.nic.tls_offload = TlsOffload::kZerocopy;
  config_.nic.*GetParam().capability = false;
  EXPECT_EQ(TlsSocket::mode_of(config_.kernel, bench().kernel.device), TlsSocket::Mode::kSoftware);
}

}  // namespace
}  // namespace copypath
