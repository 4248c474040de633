// The table of movements. The reasons are what `copypath compare` prints.
#include "models/ledger/movement.h"

namespace copypath {

namespace {

constexpr std::array<MovementKind, kMovements> kKinds{{
    {"disk_read", Agent::kDisk, Purpose::kDma, Place::kDisk, Place::kPageCache,
     "the drive's DMA must bring the file into memory before anyone can send it"},
    {"disk_read_direct", Agent::kDisk, Purpose::kDma, Place::kDisk, Place::kUserBuffer,
     "O_DIRECT lets the drive's DMA fill the caller's buffer, past the page cache"},
    {"disk_read_pipe", Agent::kDisk, Purpose::kDma, Place::kDisk, Place::kSocketBuffer,
     "O_DIRECT lets the drive's DMA fill pages of the pipe, past the page cache"},
    {"disk_write", Agent::kDisk, Purpose::kDma, Place::kPageCache, Place::kDisk,
     "what was written to the file is in the page cache, and the drive has to have it"},
    {"copy_from_origin", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kSocketBuffer,
     "the origin is a program on the same machine, and send() lets it reuse its buffer at once"},
    {"dax_to_user", Agent::kCore, Purpose::kCopy, Place::kPersistent, Place::kUserBuffer,
     "read() must place the bytes of persistent memory in the caller's buffer"},
    {"dax_to_pipe", Agent::kCore, Purpose::kCopy, Place::kPersistent, Place::kSocketBuffer,
     "persistent memory has no pages to refer to, so the kernel copies it into pages of the pipe"},
    {"copy_to_user", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kUserBuffer,
     "read() must place the bytes in the caller's buffer"},
    {"receive", Agent::kNic, Purpose::kDma, Place::kNic, Place::kSocketBuffer,
     "the NIC's DMA must place what arrives in memory"},
    {"copy_from_socket", Agent::kCore, Purpose::kCopy, Place::kSocketBuffer, Place::kUserBuffer,
     "recv() must place the bytes in the caller's buffer"},
    {"decrypt_user", Agent::kCore, Purpose::kCrypto, Place::kUserBuffer, Place::kUserBuffer,
     "the server's TLS library decrypts what has come, from one buffer into another"},
    {"copy_in_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kUserBuffer,
     "the stream reads ahead into a buffer of its own, and the caller wants the bytes in another"},
    {"file_write", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kPageCache,
     "somebody writes to the file, whose pages are in the page cache"},
    {"file_write_page", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kPageCache,
     "a page belongs to one file, so what goes from file to file is copied into a page of the "
     "other's"},
    {"pipe_write", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kPipe,
     "write() lets the caller reuse its buffer at once, so the pipe keeps pages of its own"},
    {"pipe_read", Agent::kCore, Purpose::kCopy, Place::kPipe, Place::kUserBuffer,
     "read() must place the bytes in the caller's buffer"},
    {"pipe_read_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kUserBuffer,
     "read() must place the bytes in the caller's buffer; the pipe refers to the other program's "
     "own pages"},
    {"copy_from_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kSocketBuffer,
     "write() lets the caller reuse its buffer at once, so the kernel keeps its own copy until "
     "the peer acknowledges it"},
    {"copy_from_mapping", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kSocketBuffer,
     "write() from a mapped file still copies: the file may change before the peer acknowledges"},
    {"compress", Agent::kCore, Purpose::kCompress, Place::kUserBuffer, Place::kUserBuffer,
     "the server compresses one buffer into another, in user space"},
    {"encrypt_user", Agent::kCore, Purpose::kCrypto, Place::kUserBuffer, Place::kUserBuffer,
     "the server's TLS library encrypts one buffer into another, in user space"},
    {"encrypt_mapping", Agent::kCore, Purpose::kCrypto, Place::kPageCache, Place::kUserBuffer,
     "the server's TLS library encrypts straight from the mapped file into a buffer"},
    {"ktls_from_page", Agent::kCore, Purpose::kCrypto, Place::kPageCache, Place::kSocketBuffer,
     "the kernel encrypts straight from the page cache into memory of its own: nothing is copied"},
    {"ktls_from_user", Agent::kCore, Purpose::kCrypto, Place::kUserBuffer, Place::kSocketBuffer,
     "the kernel encrypts straight from the caller's buffer into memory of its own"},
    {"ktls_from_pipe", Agent::kCore, Purpose::kCrypto, Place::kSocketBuffer, Place::kSocketBuffer,
     "the kernel encrypts from the pages of a pipe into memory of its own"},
    {"tls_bounce_page", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kSocketBuffer,
     "the NIC encrypts a record again when it is sent again, so the kernel keeps a copy that "
     "cannot change meanwhile"},
    {"tls_bounce_pipe", Agent::kCore, Purpose::kCopy, Place::kSocketBuffer, Place::kSocketBuffer,
     "the kernel keeps a copy of what the NIC encrypts, even of pages of a pipe that nobody else "
     "knows"},
    {"linearise_page", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kSocketBuffer,
     "the NIC cannot gather fragments or sum them up, so the kernel copies the pages into one "
     "piece of memory"},
    {"linearise_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kSocketBuffer,
     "the NIC cannot gather fragments or sum them up, so the kernel copies the caller's pages into "
     "one piece of memory"},
    {"linearise_copy", Agent::kCore, Purpose::kCopy, Place::kSocketBuffer, Place::kSocketBuffer,
     "the NIC cannot gather fragments, so the kernel copies its own memory into one piece"},
    {"orphan_page", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kSocketBuffer,
     "a packet that is received on the same machine must not refer to the sender's mapping, so the "
     "kernel copies the pages after all"},
    {"orphan_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kSocketBuffer,
     "a packet that is received on the same machine must not refer to the sender's memory, so the "
     "kernel copies the caller's pages after all"},
    {"checksum_page", Agent::kCore, Purpose::kChecksum, Place::kPageCache, Place::kCore,
     "the NIC computes no checksums, so a core must read what it has not copied"},
    {"checksum_user", Agent::kCore, Purpose::kChecksum, Place::kUserBuffer, Place::kCore,
     "the NIC computes no checksums, so a core must read the caller's pages"},
    {"checksum_copy", Agent::kCore, Purpose::kChecksum, Place::kSocketBuffer, Place::kCore,
     "the NIC computes no checksums, so a core must read what it copied before"},
    {"response_header", Agent::kCore, Purpose::kControl, Place::kCore, Place::kUserBuffer,
     "the server writes the header of a response"},
    {"sum_user", Agent::kCore, Purpose::kChecksum, Place::kUserBuffer, Place::kCore,
     "the program adds up what it has read into its buffer"},
    {"sum_mapped", Agent::kCore, Purpose::kChecksum, Place::kPageCache, Place::kCore,
     "the program adds up what it has mapped, where the kernel keeps it"},
    {"transmit_page", Agent::kNic, Purpose::kDma, Place::kPageCache, Place::kNic,
     "the NIC's DMA gathers the bytes straight from the page cache to put them on the wire"},
    {"transmit_user", Agent::kNic, Purpose::kDma, Place::kUserBuffer, Place::kNic,
     "the NIC's DMA gathers the bytes straight from the caller's pages to put them on the wire"},
    {"transmit_copy", Agent::kNic, Purpose::kDma, Place::kSocketBuffer, Place::kNic,
     "the NIC's DMA must fetch the bytes to put them on the wire"},
    {"retransmit_page", Agent::kNic, Purpose::kDma, Place::kPageCache, Place::kNic,
     "a frame was lost: the NIC's DMA must fetch its bytes once more"},
    {"retransmit_user", Agent::kNic, Purpose::kDma, Place::kUserBuffer, Place::kNic,
     "a frame was lost: the NIC's DMA must fetch its bytes once more"},
    {"retransmit_copy", Agent::kNic, Purpose::kDma, Place::kSocketBuffer, Place::kNic,
     "a frame was lost: the NIC's DMA must fetch its bytes once more"},
    {"tls_resync", Agent::kNic, Purpose::kDma, Place::kSocketBuffer, Place::kNic,
     "part of a TLS record is sent again, and to encrypt it the NIC must read what is before it"},
    {"copy_to_receiver_page", Agent::kCore, Purpose::kCopy, Place::kPageCache, Place::kUserBuffer,
     "recv() must place the bytes in the receiver's buffer; loopback hands it the sender's own "
     "page-cache pages"},
    {"copy_to_receiver_user", Agent::kCore, Purpose::kCopy, Place::kUserBuffer, Place::kUserBuffer,
     "recv() must place the bytes in the receiver's buffer; loopback hands it the sender's own "
     "pages"},
    {"copy_to_receiver", Agent::kCore, Purpose::kCopy, Place::kSocketBuffer, Place::kUserBuffer,
     "recv() must place the bytes in the receiver's buffer; loopback hands it the sender's kernel "
     "memory"},
    {"tls_framing", Agent::kCore, Purpose::kControl, Place::kCore, Place::kSocketBuffer,
     "every TLS record has a header and a tag, which a core writes"},
    {"tls_framing_copy", Agent::kCore, Purpose::kControl, Place::kUserBuffer, Place::kSocketBuffer,
     "headers and tags of TLS records are copied together with what they frame"},
    {"tls_framing_sum", Agent::kCore, Purpose::kControl, Place::kSocketBuffer, Place::kCore,
     "a checksum covers headers and tags of TLS records, too"},
    {"tls_framing_fetch", Agent::kNic, Purpose::kControl, Place::kSocketBuffer, Place::kNic,
     "headers and tags of TLS records go on the wire, too"},
    {"headers", Agent::kNic, Purpose::kControl, Place::kSocketBuffer, Place::kNic,
     "every packet needs its Ethernet, IP and TCP headers"},
    {"descriptors", Agent::kNic, Purpose::kControl, Place::kQueues, Place::kNic,
     "the NIC fetches descriptors to learn where the fragments of a packet lie"},
    {"completion", Agent::kNic, Purpose::kControl, Place::kNic, Place::kQueues,
     "the NIC writes back which packets it has sent"},
    {"receive_descriptors", Agent::kNic, Purpose::kControl, Place::kQueues, Place::kNic,
     "the NIC fetches descriptors to learn where it may place frames"},
    {"receive_frames", Agent::kNic, Purpose::kControl, Place::kNic, Place::kQueues,
     "every frame brings its headers, and the NIC writes back where it has placed it"},
    {"disk_command", Agent::kDisk, Purpose::kControl, Place::kQueues, Place::kDisk,
     "the drive fetches the command and the list of pages to fill"},
    {"disk_completion", Agent::kDisk, Purpose::kControl, Place::kDisk, Place::kQueues,
     "the drive writes back which commands it has finished"},
}};

Movement by_place(Place from, Movement page, Movement user, Movement kernel) {
  return from == Place::kPageCache ? page : from == Place::kUserBuffer ? user : kernel;
}

}  // namespace

Movement linearise(Place from) {
  return by_place(from, Movement::kLinearisePage, Movement::kLineariseUser,
                  Movement::kLineariseCopy);
}

Movement orphan(Place from) {
  return from == Place::kPageCache ? Movement::kOrphanPage : Movement::kOrphanUser;
}

Movement checksum(Place from) {
  return by_place(from, Movement::kChecksumPage, Movement::kChecksumUser, Movement::kChecksumCopy);
}

Movement transmit(Place from) {
  return by_place(from, Movement::kTransmitPage, Movement::kTransmitUser, Movement::kTransmitCopy);
}

Movement retransmit(Place from) {
  return by_place(from, Movement::kRetransmitPage, Movement::kRetransmitUser,
                  Movement::kRetransmitCopy);
}

Movement copy_to_receiver(Place from) {
  return by_place(from, Movement::kCopyToReceiverPage, Movement::kCopyToReceiverUser,
                  Movement::kCopyToReceiver);
}

Movement encrypt(Place from) {
  return by_place(from, Movement::kKtlsFromPage, Movement::kKtlsFromUser, Movement::kKtlsFromPipe);
}

Movement bounce(Place from) {
  return by_place(from, Movement::kTlsBouncePage, Movement::kCopyFromUser,
                  Movement::kTlsBouncePipe);
}

Movement framing_of(const MovementKind& payload, bool made) {
  if (payload.agent != Agent::kCore) return Movement::kTlsFramingFetch;
  if (made) return Movement::kTlsFraming;
  return payload.writes_memory() ? Movement::kTlsFramingCopy : Movement::kTlsFramingSum;
}

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
    case Place::kPersistent:
      return "persistent memory";
    case Place::kPageCache:
      return "page cache";
    case Place::kUserBuffer:
      return "user buffer";
    case Place::kSocketBuffer:
      return "socket buffer";
    case Place::kPipe:
      return "pipe";
    case Place::kQueues:
      return "queues";
    case Place::kNic:
      return "nic";
    case Place::kCore:
      return "core";
  }
  return "?";
}

}  // namespace copypath
