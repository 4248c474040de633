// Room for many server threads. SystemC gives each of its threads a stack with a guard page below
// it, and so two mappings; Linux lets a process have 65,530 of them (vm.max_map_count). Beyond some
// number of threads, stacks get no guard page, lie side by side and are one mapping together.
#pragma once

namespace copypath {

/// Called before threads are made.
void make_room_for_stacks();

}  // namespace copypath
