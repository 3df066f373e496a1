// Memory: what happens when there is none. A large piece fails with std::bad_alloc, which ends the one request or connection
// that wanted it; small pieces then come from a reserve of the thread, so that the loop, its timers, the log and whatever has
// to be undone go on (docs/adr/0014-failing-workers.md).
#pragma once

#include <cstddef>

namespace bext::memory {

/// malloc(), or std::bad_alloc.
void* allocate(std::size_t size);

/// Fills the reserve of the calling thread, as far as there is memory. One that never does has none.
void fill_reserve();

/// Whether the calling thread's reserve has been drawn on since: nothing new should be begun.
bool is_short();

}  // namespace bext::memory
