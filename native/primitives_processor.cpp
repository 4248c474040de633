// Primitives of the processor and of the scheduler: system call, context switch, copies of several
// working sets, latency of memory, encryption, compression, checksum.
#include <openssl/evp.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include "models/disk/media.h"
#include "native/add_up.h"
#include "native/calls.h"
#include "native/connection.h"
#include "native/primitives.h"
#include "native/processors.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

constexpr std::size_t kKi = 1024;
constexpr std::size_t kMi = 1024 * kKi;
constexpr std::size_t kPiece = 64 * kKi;     // what a path has in its hands at once
constexpr std::size_t kFarAway = 128 * kMi;  // more than a last-level cache keeps for one core
constexpr std::size_t kRecord = 16 * kKi;    // of TLS
constexpr std::size_t kCopiedPerBatch = 128 * kMi;

struct WorkingSet {
  const char* primitive;
  std::size_t mebibytes;
};
constexpr std::array<WorkingSet, 6> kWorkingSets{{{"copy_of_1m", 1},
                                                  {"copy_of_2m", 2},
                                                  {"copy_of_4m", 4},
                                                  {"copy_of_8m", 8},
                                                  {"copy_of_16m", 16},
                                                  {"copy_of_32m", 32}}};

/// Seconds per byte of copying `set` bytes, in pieces, to as many others.
double copy_within(const Buffer& from, const Buffer& to, std::size_t set) {
  const std::size_t passes = std::max<std::size_t>(1, kCopiedPerBatch / set);
  const double seconds = cpu_seconds([&] {
    for (std::size_t pass = 0; pass < passes; ++pass) {
      for (std::size_t at = 0; at < set; at += kPiece) {
        std::memcpy(to.data() + at % to.size(), from.data() + at, std::min(kPiece, set - at));
      }
    }
  });
  return seconds / static_cast<double>(passes * set);
}

Primitive copying(const char* name, std::size_t set, std::size_t target, const char* how) {
  auto from = std::make_shared<Buffer>(set);
  auto to = std::make_shared<Buffer>(target);
  return {name, "byte", how, [=] {
            copy_within(*from, *to, std::min(set, kMi));
            return copy_within(*from, *to, set);
          }};
}

double system_call() {
  constexpr int kCallsPerBatch = 50000;
  const double seconds = cpu_seconds([] {
    for (int i = 0; i < kCallsPerBatch; ++i) syscall(SYS_getppid);
  });
  return seconds / kCallsPerBatch;
}

/// Writes a byte into a pipe and reads one from another, over and over.
void play(int to, int from, int rounds, bool begins) {
  char ball = 0;
  for (int i = 0; i < rounds; ++i) {
    if (begins && write(to, &ball, 1) != 1) return;
    if (read(from, &ball, 1) != 1) return;
    if (!begins && write(to, &ball, 1) != 1) return;
  }
}

/// Two threads of one processor that wake each other: what a switch costs beyond the calls.
double context_switch() {
  constexpr int kRounds = 2500;
  const Pipe there(4096);
  const Pipe back(4096);
  const double alone = cpu_seconds([&] {
    char ball = 0;
    for (int i = 0; i < kRounds; ++i) {
      if (write(there.in, &ball, 1) != 1 || read(there.out, &ball, 1) != 1) return;
    }
  });
  double other = 0;
  std::thread partner([&] {  // inherits the processor
    other = cpu_seconds([&] { play(back.in, there.out, kRounds, false); });
  });
  const double own = cpu_seconds([&] { play(there.in, back.out, kRounds, true); });
  partner.join();
  return std::max(0.0, own + other - 2 * alone) / (2 * kRounds);
}

/// A chain of dependent loads through memory that is in no cache.
Primitive latency() {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLoads = 100000;
  auto memory = std::make_shared<Buffer>(kFarAway);
  auto place = std::make_shared<std::size_t>(0);
  const std::size_t lines = kFarAway / kLine;
  std::vector<std::uint32_t> order(lines);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  for (std::size_t i = 0; i < lines; ++i) {
    std::memcpy(memory->data() + order[i] * kLine, &order[(i + 1) % lines], sizeof order[0]);
  }
  return {"memory_latency", "load", "dependent loads in random order through 128 MiB", [=] {
            std::uint32_t at = static_cast<std::uint32_t>(*place);
            const double seconds = cpu_seconds([&] {
              for (std::size_t i = 0; i < kLoads; ++i) {
                std::memcpy(&at, memory->data() + at * kLine, sizeof at);
              }
            });
            *place = at;
            return seconds / kLoads;
          }};
}

/// As TLS on a path does: four records between two sends of what they hold.
Primitive encryption(const Receiver& to) {
  auto plain = std::make_shared<Buffer>(kPiece);
  auto sealed = std::make_shared<Buffer>(kPiece);
  std::shared_ptr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  return {
      "aes_gcm", "byte",
      "OpenSSL, AES-256-GCM, 64 KiB in records of 16 KiB from one buffer to another and a send() "
      "of 64 KiB, less that send",
      [=] {
        constexpr std::size_t kPieces = 1024;
        const Awake awake(to);
        std::array<unsigned char, 32> key{};
        std::array<unsigned char, 12> nonce{};
        std::array<unsigned char, 16> tag{};
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data());
        const auto send = [&] { to->take(*sealed, kPiece); };
        return seconds_beside(
            *to, kPieces, packets_of(kPiece),
            [&] {
              for (std::size_t at = 0; at < kPiece; at += kRecord) {
                int n = 0;
                ++nonce[0];
                EVP_EncryptInit_ex(context.get(), nullptr, nullptr, nullptr, nonce.data());
                EVP_EncryptUpdate(context.get(), sealed->data() + at, &n, plain->data() + at,
                                  kRecord);
                EVP_EncryptFinal_ex(context.get(), sealed->data() + at + n, &n);
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data());
              }
              send();
            },
            send);
      },
      kPiece};
}

Primitive compression() {
  WorkloadConfig work;
  work.file_size = Bytes(16 * kPiece);
  work.data = Data::kBytes;
  auto content = std::make_shared<Content>();
  Media(work).read(0, 0, work.file_size, *content);
  auto deflated = std::make_shared<Buffer>(2 * kPiece);
  return {"deflate", "byte",
          "zlib at level 1, flushed every 64 KiB, of the content that runs serve", [=] {
            z_stream stream{};
            if (deflateInit(&stream, 1) != Z_OK) throw std::bad_alloc();
            const std::vector<std::uint8_t>& bytes = content->bytes();
            const double seconds = cpu_seconds([&] {
              for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
                stream.next_in = const_cast<std::uint8_t*>(bytes.data() + at);
                stream.avail_in = kPiece;
                stream.next_out = deflated->data();
                stream.avail_out = static_cast<uInt>(deflated->size());
                deflate(&stream, Z_SYNC_FLUSH);
              }
            });
            deflateEnd(&stream);
            return seconds / static_cast<double>(bytes.size());
          }};
}

Primitive checksum() {
  auto bytes = std::make_shared<Buffer>(kPiece);
  auto sum = std::make_shared<std::uint64_t>(0);
  return {"checksum", "byte", "adding up 64 KiB with end-around carry, as csum_partial()", [=] {
            constexpr int kPasses = 200;
            const double seconds = cpu_seconds([&] {
              for (int pass = 0; pass < kPasses; ++pass) {
                *sum += add_up(bytes->data(), kPiece);
              }
            });
            return seconds / (kPasses * static_cast<double>(kPiece));
          }};
}

}  // namespace

std::vector<Primitive> processor_primitives(const Receiver& to) {
  std::vector<Primitive> list{
      {"system_call", "call", "getppid(), 50,000 in a row", system_call},
      {"context_switch", "switch",
       "two threads on one processor that wake each other through pipes, less the calls",
       context_switch}};
  list.push_back(copying("copy_16k", 16 * kKi, 16 * kKi, "memcpy() within 32 KiB"));
  list.push_back(copying("copy_256k", 256 * kKi, 256 * kKi, "memcpy() within 512 KiB"));
  for (const auto& [name, mebibytes] : kWorkingSets) {
    list.push_back(copying(name, mebibytes * kMi, kPiece,
                           "memcpy() from a working set of so many MiB into 64 KiB"));
  }
  list.push_back(
      copying("copy_from_memory", kFarAway, kPiece, "memcpy() from 128 MiB into 64 KiB"));
  list.push_back(copying("copy_in_memory", kFarAway, kFarAway, "memcpy() from 128 MiB to others"));
  list.push_back(latency());
  list.push_back(encryption(to));
  list.push_back(compression());
  list.push_back(checksum());
  return list;
}

}  // namespace copypath::native
