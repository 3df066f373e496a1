// Disk: changes of small files that are on the disk, whole, when the call returns. fsync(2), rename(2)
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bext::takeover {

/// Puts `text` in the place of the file; a power cut leaves the old or the new one. Directories are made.
Result<> write_durably(const std::string& path, std::string_view text);
/// The file is gone for good; it may have been gone before.
Result<> remove_durably(const std::string& path);
/// Makes what happened in a directory last.
Result<> sync_directory(const std::string& path);

/// For tests: from now on this process finds no room on the disk, only in /run.
void pretend_full();
/// An error once that is so.
Result<> room_for(const std::string& path);

bool exists(const std::string& path);
/// The whole file, "" when it cannot be read.
std::string read_small(const std::string& path);

}  // namespace bext::takeover
