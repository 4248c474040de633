// Every way in which bytes can move in this machine, and why: one row per kind of movement.
// A movement has an agent (who moves the bytes), a place it reads from and one it writes to, and
// a purpose. Each end that lies in memory is one crossing of the memory bus.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace copypath {

enum class Agent : std::uint8_t { kCore, kDisk, kNic };
enum class Purpose : std::uint8_t { kDma, kCopy, kChecksum, kCrypto, kCompress, kControl };
enum class Place : std::uint8_t {
  kDisk,          ///< in the drive
  kPersistent,    ///< files in persistent memory, on the memory bus (DAX)
  kPageCache,     ///< pages of files, in memory
  kUserBuffer,    ///< the server's own memory
  kSocketBuffer,  ///< kernel memory behind an skb
  kPipe,          ///< kernel memory behind a pipe
  kQueues,        ///< descriptor rings and command queues, in memory
  kNic,           ///< in the adapter, on its way to the wire
  kCore           ///< in a core that only reads
};
constexpr std::size_t kPlaces = 9;

const char* name_of(Agent agent);
const char* name_of(Purpose purpose);
const char* name_of(Place place);

constexpr bool in_memory(Place place) {
  return place == Place::kPersistent || place == Place::kPageCache || place == Place::kUserBuffer ||
         place == Place::kSocketBuffer || place == Place::kPipe || place == Place::kQueues;
}

/// The kinds of movement, in the order in which a byte meets them.
enum class Movement : std::uint8_t {
  kDiskRead,
  kDiskReadDirect,
  kDiskReadPipe,
  kDiskWrite,
  kCopyFromOrigin,
  kDaxToUser,
  kDaxToPipe,
  kCopyToUser,
  kReceive,
  kCopyFromSocket,
  kDecryptUser,
  kCopyInUser,
  kFileWrite,
  kFileWritePage,
  kPipeWrite,
  kPipeRead,
  kPipeReadUser,
  kCopyFromUser,
  kCopyFromMapping,
  kCompress,
  kEncryptUser,
  kEncryptMapping,
  kKtlsFromPage,
  kKtlsFromUser,
  kKtlsFromPipe,
  kTlsBouncePage,
  kTlsBouncePipe,
  kLinearisePage,
  kLineariseUser,
  kLineariseCopy,
  kOrphanPage,
  kOrphanUser,
  kChecksumPage,
  kChecksumUser,
  kChecksumCopy,
  kResponseHeader,
  kSumUser,
  kSumMapped,
  kTransmitPage,
  kTransmitUser,
  kTransmitCopy,
  kRetransmitPage,
  kRetransmitUser,
  kRetransmitCopy,
  kTlsResync,
  kCopyToReceiverPage,
  kCopyToReceiverUser,
  kCopyToReceiver,
  kTlsFraming,
  kTlsFramingCopy,
  kTlsFramingSum,
  kTlsFramingFetch,
  kHeaders,
  kDescriptors,
  kCompletion,
  kReceiveDescriptors,
  kReceiveFrames,
  kDiskCommand,
  kDiskCompletion,
};
constexpr std::size_t kMovements = 59;

constexpr std::size_t index_of(Movement movement) { return static_cast<std::size_t>(movement); }

struct MovementKind {
  const char* name;
  Agent agent;
  Purpose purpose;
  Place from;
  Place to;
  const char* reason;  ///< why these bytes must move, one sentence

  constexpr bool reads_memory() const { return in_memory(from); }
  constexpr bool writes_memory() const { return in_memory(to); }
  constexpr bool is_payload() const { return purpose != Purpose::kControl; }
};

const MovementKind& kind_of(Movement movement);

/// What the network does with payload that lies in `from`: the page cache, the user's pages, or
/// memory of the kernel.
Movement linearise(Place from);
Movement orphan(Place from);
Movement checksum(Place from);
Movement transmit(Place from);
Movement retransmit(Place from);
/// recv() on the same machine, of payload that lies there.
Movement copy_to_receiver(Place from);

/// What the kernel's TLS does with text that lies there: encrypts it, or copies it for the NIC.
Movement encrypt(Place from);
Movement bounce(Place from);

/// How the framing of TLS records travels that is among payload of that kind; `made`: this pass
/// makes it, it was not there before.
Movement framing_of(const MovementKind& payload, bool made);

}  // namespace copypath
