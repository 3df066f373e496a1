// Leaks: what nobody can free any more when a process ends by _exit(), which a sanitizer does not see.
#pragma once

namespace bext {

/// In a build with the address sanitizer: reports what has leaked, where the sanitizer reports everything, and whether there was
/// any. False in other builds. For the last line of a process, when its threads have ended.
bool leaks_found();

}  // namespace bext
