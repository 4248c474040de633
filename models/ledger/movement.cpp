// The table of movements. The reasons are what `copypath compare` prints.
#include "models/ledger/movement.h"

namespace copypath {

namespace {

constexpr std::array<MovementKind, kMovements> kKinds{{
    {"disk_read", Agent::kDisk, Purpose::kDma, Place::kDisk, Place::kPageCache,
     "the drive's DMA must bring the file into memory before anyone can send it"},
    {"disk_read_direct", Agent::kDisk, Purpose::kDma, Place::kDisk, Place::kUserBuffer,
     "O_DIRECT lets the drive's DMA fill the caller's buffer, past the page cache"},
    {"copy_to_user", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kUserBuffer,
     "read() must place the bytes in the caller's buffer"},
    {"copy_from_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kSocketBuffer,
     "write() lets the caller reuse its buffer at once, so the kernel keeps its own copy until "
     "the peer acknowledges it"},
    {"copy_from_mapping", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kSocketBuffer,
     "write() from a mapped file still copies: the file may change before the peer acknowledges"},
    {"transmit_copy", Agent::kNic, Purpose::kDma, Place::kSocketBuffer, Place::kNic,
     "the NIC's DMA must fetch the bytes to put them on the wire"},
    {"transmit_page", Agent::kNic, Purpose::kDma, Place::kPageCache, Place::kNic,
     "the NIC's DMA gathers the bytes straight from the page cache to put them on the wire"},
    {"headers", Agent::kNic, Purpose::kControl, Place::kSocketBuffer, Place::kNic,
     "every packet needs its Ethernet, IP and TCP headers"},
    {"descriptors", Agent::kNic, Purpose::kControl, Place::kQueues, Place::kNic,
     "the NIC fetches descriptors to learn where the fragments of a packet lie"},
    {"completion", Agent::kNic, Purpose::kControl, Place::kNic, Place::kQueues,
     "the NIC writes back which packets it has sent"},
    {"disk_command", Agent::kDisk, Purpose::kControl, Place::kQueues, Place::kDisk,
     "the drive fetches the command and the list of pages to fill"},
    {"disk_completion", Agent::kDisk, Purpose::kControl, Place::kDisk, Place::kQueues,
     "the drive writes back which commands it has finished"},
}};

}  // namespace

const MovementKind& kind_of(Movement movement) { return kKinds[index_of(movement)]; }

const char* name_of(Agent agent) {
  switch (agent) {
    case Agent::kCore:
      return "core";
    case Agent::kDisk:
      return "disk";
    case Agent::kNic:
      return "nic";
  }
  return "?";
}

const char* name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::kDma:
      return "dma";
    case Purpose::kCopy:
      return "copy";
    case Purpose::kChecksum:
      return "checksum";
    case Purpose::kCrypto:
      return "crypto";
    case Purpose::kCompress:
      return "compress";
    case Purpose::kControl:
      return "control";
  }
  return "?";
}

const char* name_of(Place place) {
  switch (place) {
    case Place::kDisk:
      return "disk";
    case Place::kPageCache:
      return "page cache";
    case Place::kUserBuffer:
      return "user buffer";
    case Place::kSocketBuffer:
      return "socket buffer";
    case Place::kQueues:
      return "queues";
    case Place::kNic:
      return "nic";
  }
  return "?";
}

}  // namespace copypath
