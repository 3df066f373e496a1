#include "http/files.h"

#include "http/request.h"
#include "http/thread.h"

namespace bext::http {

OpenedFile open_file(Request& request, std::string_view path) {
    auto& thread = Thread::current();
    // Notices of changes are taken at the beginning of each batch of events. A request whose first byte came before that
    // began after whatever it may expect to see; any other one (pipelined, read without waiting) looks again.
    if (request.main.recheck_files) {
        request.main.recheck_files = false;
        thread.files.drain();
    }
    return {thread.files.open(path, thread.loop.now()), path};
}

void push_file(Request& request, const FileRef& file) {
    request.arena.make<FileRef>(file);
    if (file->has_content) {
        if (!file->content.empty()) request.pending.push(Piece::memory(file->content));
    } else if (file->size > 0) {
        request.pending.push(Piece::file(file->fd.get(), 0, static_cast<std::uint64_t>(file->size)));
    }
}

}  // namespace bext::http
