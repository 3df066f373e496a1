#include "base/leaks.h"

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include <stdlib.h>

namespace bext {
namespace {

/// Looking takes seconds, which not every test has. Read before main(): a worker empties its environment.
[[maybe_unused]] const bool wanted = getenv("BEXT_FIND_LEAKS") != nullptr;

}  // namespace

bool leaks_found() {
#if defined(__SANITIZE_ADDRESS__)
    return wanted && __lsan_do_recoverable_leak_check() != 0;
#else
    return false;
#endif
}

}  // namespace bext
