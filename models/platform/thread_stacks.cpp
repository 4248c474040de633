// SystemC has no switch for its guard pages. Its function that makes one is replaced by ours, which
// calls it for the first threads only: the dynamic linker prefers what the program defines. Where
// SystemC is linked statically that cannot be done, and the limit stays (COPYPATH_SHARED_SYSTEMC).
#include "models/platform/thread_stacks.h"

#if defined(COPYPATH_SHARED_SYSTEMC)

#include <dlfcn.h>

namespace {

/// Two mappings each; the limit leaves as many for everything else.
constexpr unsigned kGuardedStacks = 16384;
unsigned stacks = 0;

}  // namespace

namespace sc_core {

/// As far as it is needed here; sysc/kernel/sc_cor_qt.h is not installed.
class sc_cor_qt {  // NOLINT(readability-identifier-naming)
public:
  void stack_protect(bool enable);
};

void sc_cor_qt::stack_protect(bool enable) {
  using Protect = void (*)(sc_cor_qt*, bool);
  static const auto kProtect =
      reinterpret_cast<Protect>(dlsym(RTLD_NEXT, "_ZN7sc_core9sc_cor_qt13stack_protectEb"));
  if (kProtect != nullptr && (!enable || stacks++ < kGuardedStacks)) kProtect(this, enable);
}

}  // namespace sc_core

#endif

namespace copypath {

void make_room_for_stacks() {
#if defined(COPYPATH_SHARED_SYSTEMC)
  stacks = 0;
#endif
}

}  // namespace copypath
