// Files: changes to the disk that are whole after a power cut: written beside, synced, renamed, the directory synced.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bext::masquerade {

/// The content; nothing when there is no such file.
Result<std::optional<std::string>> read_file(const std::string& path);

/// Puts a file with this content in the place of what was there, which is never missing meanwhile.
Result<> replace_file(const std::string& path, std::string_view content, mode_t mode);

/// rename(), and the disk has it.
Result<> move_file(const std::string& from, const std::string& to);

/// Swaps what the two names mean, at once; false where the file system cannot.
Result<bool> exchange_files(const std::string& a, const std::string& b);

/// Whether there was something to remove.
Result<bool> remove_file(const std::string& path);

/// A second name `to` for `from`; what was there is replaced.
Result<> link_file(const std::string& from, const std::string& to);

/// A symbolic link at `path`, in place of what was there.
Result<> point_to(const std::string& target, const std::string& path);

/// Whether the directory had to be made; its parent must be there.
Result<bool> make_directory(const std::string& path);

/// Removes the directory when it is empty.
Result<> remove_directory(const std::string& path);

/// Whether both names are of one file.
bool same_file(const std::string& a, const std::string& b);
bool exists(const std::string& path);

Result<> sync_directory(const std::string& path);
std::string directory_of(const std::string& path);

}  // namespace bext::masquerade
