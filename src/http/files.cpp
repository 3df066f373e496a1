#include "http/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "http/core_conf.h"
#include "http/request.h"
#include "http/symlinks.h"
#include "http/thread.h"

namespace bext::http {
namespace {

/// Opens past the cache: what links point to may belong to another owner at any time.
OpenedFile open_past_cache(Request& request, std::string_view path, Core::Symlinks mode) {
    auto from = request.conf<Core>().disable_symlinks_from->evaluate(request);
    bool free = !from.empty() && path.starts_with(from) &&
                (from.size() == path.size() || from.back() == '/' || path[from.size()] == '/');
    auto opened = open_checked(path, free ? from.size() : 0, mode == Core::Symlinks::kIfNotOwner);
    auto* file = new File;
    OpenedFile out{FileRef(file), path, opened.failed_call};
    struct stat facts;
    file->error = opened.error;
    if (file->error || ::fstat(opened.fd.get(), &facts) != 0) {
        if (!file->error) file->error = errno;
        return out;
    }
    file->is_file = S_ISREG(facts.st_mode);
    file->is_directory = S_ISDIR(facts.st_mode);
    file->mode = facts.st_mode;
    file->dev = facts.st_dev;
    file->ino = facts.st_ino;
    file->size = facts.st_size;
    file->modified = facts.st_mtim;
    file->changed = facts.st_ctim;
    file->fd = std::move(opened.fd);
    return out;
}

}  // namespace

OpenedFile open_file(Request& request, std::string_view path) {
    auto& thread = Thread::current();
    auto mode = *request.conf<Core>().disable_symlinks;
    if (mode != Core::Symlinks::kOff && path.starts_with('/')) return open_past_cache(request, path, mode);
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
