#include "models/kernel/tls_socket.h"

#include <algorithm>

namespace copypath {

namespace {

SegmentList segments_of(const FragmentList& fragments) {
  SegmentList segments;
  for (const Fragment& fragment : fragments) append(segments, fragment.segment);
  return segments;
}

}  // namespace

TlsSocket::Mode TlsSocket::mode_of(KernelVersion version, const NetDevice& device) {
  const TlsOffload offload = device.tls_offload();
  if (offload == TlsOffload::kNone || version < since::kKtlsDevice) return Mode::kSoftware;
  const bool zerocopy = offload == TlsOffload::kZerocopy && version >= since::kKtlsZerocopy;
  return zerocopy ? Mode::kZerocopy : Mode::kBounce;
}

TlsSocket::TlsSocket(KernelVersion version, Kernel& kernel, Task& task, TcpSocket& tcp)
    : kernel_(kernel),
      tcp_(tcp),
      page_by_page_(version < since::kSplicePages),
      mode_(mode_of(version, kernel.device)),
      writer_(tcp.connection(),
              mode_ == Mode::kSoftware ? TlsWriter::Mode::kEncrypt : TlsWriter::Mode::kLayOut) {
  { const SystemCall ulp(kernel, task, Call::kSetsockopt); }  // TCP_ULP, "tls"
  { const SystemCall key(kernel, task, Call::kSetsockopt); }  // TLS_TX
  if (mode_ == Mode::kZerocopy) {
    const SystemCall readonly(kernel, task, Call::kSetsockopt);  // TLS_TX_ZEROCOPY_RO
  }
  if (mode_ != Mode::kSoftware) tcp.encrypt_in_device();
}

void TlsSocket::send(Task& task, const SegmentList& from) {
  for (const Segment& segment : from) {
    add(task, {segment, Place::kUserBuffer}, &segment != &from.back());
  }
}

void TlsSocket::send_pages(Task& task, const FragmentList& pages, bool more) {
  if (page_by_page_ && !pages.empty()) {
    task.spend(task.costs().sendpage * static_cast<double>(count_of(pages) - 1));
  }
  for (std::size_t i = 0; i < pages.size(); ++i) {
    try {
      add(task, pages[i], more || i + 1 < pages.size());
    } catch (const ConnectionReset&) {  // the references are the socket's, even so
      while (++i < pages.size()) kernel_.skbs.put(pages[i]);
      throw;
    }
  }
  if (!pages.empty() || more) return;
  if (text_bytes_ > Bytes(0)) close_record(task, false);  // tls_sw_splice_eof()
  tcp_.send_pages(task, {}, false);
}

/// Appends to the open record, and closes it when it is full or nothing follows.
void TlsSocket::add(Task& task, Fragment text, bool more) {
  while (text.segment.bytes > 0) {
    const auto n = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(text.segment.bytes, (kTlsLargestText - text_bytes_).count()));
    text_.push_back(kernel_.skbs.cut_off(text, n));
    const bool rest = text.segment.bytes > 0;  // it goes into another record
    text_bytes_ += Bytes(n);
    if (text_bytes_ < kTlsLargestText && (more || rest)) continue;
    try {
      close_record(task, more || rest);
    } catch (const ConnectionReset&) {
      if (rest) kernel_.skbs.put(text);
      throw;
    }
  }
}

void TlsSocket::discard() {
  for (const Fragment& text : text_) kernel_.skbs.put(text);
  text_.clear();
  text_bytes_ = Bytes(0);
}

// tls_push_record()
void TlsSocket::close_record(Task& task, bool more) {
  const Place place = text_.front().place;
  const CpuConfig& costs = task.costs();
  FragmentList record;
  if (mode_ == Mode::kSoftware) {
    record = make(task, encrypt(place), costs.crypto_rate);
  } else if (mode_ == Mode::kBounce || place == Place::kUserBuffer) {
    record = make(task, bounce(place), costs.copy_rate);
  } else {
    record = wrap(task);
  }
  text_.clear();
  text_bytes_ = Bytes(0);
  tcp_.send_pages(task, record, more);
}

/// The record in kernel memory, by one pass over its text; drops the references to that.
FragmentList TlsSocket::make(Task& task, Movement movement, Rate rate) {
  FragmentList record = allocate(text_bytes_ + kTlsFraming);
  const SegmentList from = segments_of(text_);
  const SegmentList to = segments_of(record);
  task.pass({movement, &from, &to, rate, &writer_});
  for (const Fragment& text : text_) kernel_.skbs.put(text);
  return record;
}

/// The record with its text where it lies, between a header and a trailer in kernel memory.
FragmentList TlsSocket::wrap(Task& task) {
  FragmentList record = allocate(kTlsHeader);
  const FragmentList trailer = allocate(kTlsTrailer);
  SegmentList framing = segments_of(record);
  for (const Fragment& fragment : trailer) append(framing, fragment.segment);
  Content content;
  writer_.lay_out(text_bytes_, kernel_.skbs.data(), content);
  task.pass({Movement::kTlsFraming, nullptr, &framing, task.costs().copy_rate, nullptr, &content});
  record.insert(record.end(), text_.begin(), text_.end());
  record.insert(record.end(), trailer.begin(), trailer.end());
  return record;
}

FragmentList TlsSocket::allocate(Bytes bytes) {
  FragmentList memory;
  for (Bytes left = bytes; left > Bytes(0); left -= Bytes(memory.back().segment.bytes)) {
    memory.push_back(kernel_.skbs.cut(memory_, left));
  }
  return memory;
}

}  // namespace copypath
