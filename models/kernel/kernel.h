// The operating system: page cache, block layer, network device and skb memory, and what a system
// call is. Paths are written against this.
#pragma once

#include <array>

#include "models/kernel/mapping.h"
#include "models/kernel/tcp_socket.h"
#include "models/kernel/timer.h"

namespace copypath {

enum class Call : std::uint8_t {
  kRead,
  kWrite,
  kSendfile,
  kSplice,
  kMmap,
  kMunmap,
  kPread,
  kPwrite,
  kRecv,
  kSend,
  kSetsockopt,
  kSendmsg,
  kPoll,
  kRecvmsg,
  kVmsplice,
  kIoctl,
  kClockNanosleep,
  kIoUringSetup,
  kIoUringRegister,
  kIoUringEnter,
  kEpollWait,
  kWritev,
};
constexpr std::size_t kCalls = 22;
const char* name_of(Call call);

class Kernel : public sc_core::sc_module {
public:
  Media& media;
  BlockLayer block;
  PageCache page_cache;
  SkbAllocator skbs;
  std::vector<std::unique_ptr<NetDevice>> devices;  ///< one per NIC
  NetDevice& device;                                ///< the first; all can do the same
  Timer timer;
  Faults faults;

  Kernel(const sc_core::sc_module_name& name, const Config& config, PhysicalMemory& memory,
         Media& media, std::deque<DiskQueues>& disks, std::deque<NicQueues>& nics);

  /// The device that a connection uses.
  NetDevice& device_of(std::uint32_t connection) {
    return *devices[nic_of(connection, devices.size())];
  }

  void enter(Call call) {
    ++calls_[static_cast<std::size_t>(call)];
    ++mode_switches_;
  }
  void leave() { ++mode_switches_; }
  std::uint64_t calls(Call call) const { return calls_[static_cast<std::size_t>(call)]; }
  std::uint64_t calls() const;

  void trace(sc_core::sc_trace_file* file) const override;
  /// Lanes of calls that were never made, but for read(), write() and sendfile().
  std::vector<std::string> idle_lanes() const;

private:
  std::array<std::uint64_t, kCalls> calls_{};
  std::uint64_t mode_switches_ = 0;  // for the waveform
};

/// A system call, from entry to return: two mode switches, whose time the task spends.
class SystemCall {
public:
  SystemCall(Kernel& kernel, Task& task, Call call);
  ~SystemCall();
  SystemCall(const SystemCall&) = delete;
  SystemCall& operator=(const SystemCall&) = delete;

  /// The call returns without having done all (EAGAIN, or a short count), and is made again.
  void leave();
  void enter();

private:
  Kernel& kernel_;
  Task& task_;
  Call call_;
};

}  // namespace copypath
