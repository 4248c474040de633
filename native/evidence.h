// Evidence of copies: what the kernel itself shows about the memory behind every payload byte of
// the run's own connections (provenance.bpf.c). The probes are in the kernel while an object of
// this class lives, and are removed by the kernel when the process ends, however it does. They take
// a third to all of a run's time again, so a run that is watched is not timed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/ledger/result.h"
#include "native/input_files.h"
#include "native/provenance.h"

namespace copypath::native {

/// Payload by what it lies in (ProvenanceSlot), as far as the kernel has the tracepoint.
struct Provenance {
  using Bytes = std::array<std::uint64_t, kProvenanceKinds>;
  Bytes sent{};                              ///< when it was handed to the device
  Bytes received{};                          ///< when TCP received it at the other end
  std::optional<std::uint64_t> read_copied;  ///< by read() and pread() from the page cache

  void enter(Result& result) const;  ///< as metrics
};

class Evidence {
public:
  /// Whom to watch.
  struct Subject {
    std::uint16_t port = 0;  ///< of the server, which is this process
    int client_process = 0;
  };

  /// Throws Unsupported with the reason: no privileges, no BTF, not built in.
  Evidence(const Subject& subject, const InputFiles& files);
  ~Evidence();
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;

  void restart();                ///< counts from zero
  bool complete() const;         ///< whether the probes have seen all that has happened since then
  Provenance collected() const;  ///< since then

private:
  class Probes;
  std::unique_ptr<Probes> probes_;
  std::uint64_t missed_before_ = 0;
};

}  // namespace copypath::native
