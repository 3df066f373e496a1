#include "http/files.h"

#include "http/request.h"
#include "http/thread.h"

namespace bext::http {

OpenedFile open_file(Request&, std::string_view path) {
    auto& thread = Thread::current();
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
