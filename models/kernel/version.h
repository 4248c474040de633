// Which Linux the machine runs (host.kernel), and since when Linux does what: the versions at which
// something changed that a path can feel. Sources: the commit or the man page behind each line.
#pragma once

#include <string>

namespace copypath {

struct KernelVersion {
  unsigned major = 6;
  unsigned minor = 18;

  friend constexpr bool operator==(KernelVersion a, KernelVersion b) {
    return a.major == b.major && a.minor == b.minor;
  }
  friend constexpr bool operator<(KernelVersion a, KernelVersion b) {
    return a.major != b.major ? a.major < b.major : a.minor < b.minor;
  }
  friend constexpr bool operator>=(KernelVersion a, KernelVersion b) { return !(a < b); }

  std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};

namespace since {

/// TLS records for transmission in the kernel, TCP_ULP "tls" (commit 3c4d7559159b).
constexpr KernelVersion kKtls{4, 13};
/// MSG_ZEROCOPY for TCP (commit f214f915e7db).
constexpr KernelVersion kMsgZerocopy{4, 14};
/// TCP leaves it to the device layer to adapt packets to a plain NIC (commit 0a6b2a1dc2a2, "tcp:
/// switch to GSO being always on"); before, the socket copied for a NIC that cannot gather.
constexpr KernelVersion kAlwaysGso{4, 17};
/// TLS records encrypted by the NIC (commit e8f69799810c).
constexpr KernelVersion kKtlsDevice{4, 18};
/// A fault that waits for a page gives up its lock and is taken anew (commit 6b4c9f446981).
constexpr KernelVersion kFaultRetries{5, 1};
/// TLS_TX_ZEROCOPY_RO: sendfile without a bounce copy when the NIC encrypts (commit c1318b39c7d3).
constexpr KernelVersion kKtlsZerocopy{5, 19};
/// IORING_OP_SEND_ZC (io_uring_enter(2)).
constexpr KernelVersion kSendZc{6, 0};
/// splice() hands 16 pages to the socket at once, MSG_SPLICE_PAGES; before, one sendpage() call
/// for each (commit 2dc334f1a63a).
constexpr KernelVersion kSplicePages{6, 5};
/// A fault maps a large folio to its ends (commit 19773df031bc).
constexpr KernelVersion kFaultMapsFolio{6, 18};

}  // namespace since

}  // namespace copypath
