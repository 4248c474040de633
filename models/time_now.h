// The time at which the simulation is, and the end of time, for code that asks for them many times
// in a chunk: SystemC's functions for that are calls into its library.
#pragma once

#include <systemc>

namespace copypath {

/// sc_core::sc_time_stamp()
inline const sc_core::sc_time& time_now() {
  return sc_core::sc_get_curr_simcontext()->time_stamp();
}
/// sc_core::sc_max_time()
inline const sc_core::sc_time& end_of_time() {
  static const sc_core::sc_time end = sc_core::sc_max_time();
  return end;
}

}  // namespace copypath
