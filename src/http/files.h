// Files of a request: opened through the thread's cache, kept as long as the request.
#pragma once

#include <string_view>

#include "http/file_cache.h"

namespace bext::http {

class Request;

struct OpenedFile {
    FileRef file;                          // never null; file->error says why not
    std::string_view path;
    std::string_view failed_call = "open()";
};

/// Opens `path` (NUL-terminated) under the location's disable_symlinks.
OpenedFile open_file(Request& request, std::string_view path);
/// Leaves the whole of `file` to be sent and keeps it open until the request ends.
void push_file(Request& request, const FileRef& file);

}  // namespace bext::http
