// The kernel's TLS layer on a socket, for sending (net/tls): text is collected into records, and a
// record is closed when it is full or when the caller has no more. Who encrypts it is settled when
// the connection gets its key:
//   software  a core, from where the text lies into kernel memory of the socket's: no copy
//   bounce    the NIC, from a copy of the text, so that what is sent again is what was sent before
//   zerocopy  the NIC, from the pages themselves (TLS_TX_ZEROCOPY_RO); only sendfile() offers pages
// Follows tls_sw_sendmsg(), bpf_exec_tx_verdict() and tls_push_data() of net/tls (Linux 6.x).
// Left out: receiving, asynchronous crypto, rekeying. The text is encrypted or copied when its
// record is closed, where Linux copies for a NIC as it comes.
#pragma once

#include "models/kernel/kernel.h"
#include "models/nic/tls_record.h"

namespace copypath {

class TlsSocket {
public:
  enum class Mode { kSoftware, kBounce, kZerocopy };

  /// How a machine does it: its kernel has to know how, and its NIC has to be able to.
  static Mode mode_of(KernelVersion version, const NetDevice& device);

  /// The application's setsockopt() calls: the layer, the key, and the permission to send pages
  /// that may change.
  TlsSocket(KernelVersion version, Kernel& kernel, Task& task, TcpSocket& tcp);

  /// tls_sw_sendmsg(), tls_device_sendmsg(): the caller's buffer, sent as a whole.
  void send(Task& task, const SegmentList& from);

  /// The same with MSG_SPLICE_PAGES: takes over the references. `more`: the text goes on
  /// (MSG_MORE).
  void send_pages(Task& task, const FragmentList& pages, bool more);

  /// Drops the text of the open record: the connection has been reset.
  void discard();

private:
  void add(Task& task, Fragment text, bool more);
  void close_record(Task& task, bool more);
  FragmentList make(Task& task, Movement movement, Rate rate);
  FragmentList wrap(Task& task);
  FragmentList allocate(Bytes bytes);

  Kernel& kernel_;
  TcpSocket& tcp_;
  bool page_by_page_;  // this kernel enters for each page (tls_sw_sendpage())
  Mode mode_;
  TlsWriter writer_;
  FragmentList text_;  // of the open record
  Bytes text_bytes_;
  PageFragment memory_;
};

}  // namespace copypath
