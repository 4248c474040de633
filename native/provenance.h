// What the probes in the kernel (provenance.bpf.c) and the program that loads them (evidence.cpp)
// have in common. C and C++.
#ifndef COPYPATH_NATIVE_PROVENANCE_H
#define COPYPATH_NATIVE_PROVENANCE_H

#include <linux/types.h>

/// The memory behind payload, then what is counted besides.
enum ProvenanceSlot {
  kProvenanceFile,       ///< page cache of a file that the run serves
  kProvenanceOtherFile,  ///< page cache of another file
  kProvenanceUser,       ///< anonymous page of a program
  kProvenanceKernel,     ///< page that the kernel has allocated: the bytes were copied into it
  kProvenanceLinear,     ///< in one piece with the headers: copied, too
  kProvenanceKinds,

  kProvenanceReceived = kProvenanceKinds,        ///< the same kinds once more, when it is received
  kProvenanceReadCopied = 2 * kProvenanceKinds,  ///< read() of the server from the page cache
  kProvenanceUnfollowed,  ///< in gaps of streams that have more gaps than can be kept in mind
  kProvenanceSlots
};

/// Whose traffic is looked at.
struct ProvenanceSettings {
  __u32 server_process;
  __u32 server_network;  ///< inode numbers of network namespaces
  __u32 client_network;
  __u16 server_port;
  __u16 padding;
  __u32 read_calls[2];  ///< numbers of read() and pread()
};

/// A file that the run serves.
struct ProvenanceFile {
  __u64 inode;
  __u64 device;  ///< as the kernel writes it: major << 20 | minor
};

#endif
