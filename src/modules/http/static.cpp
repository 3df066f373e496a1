// static: serves files below root or alias.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#root
#include <fcntl.h>

#include "http/core_conf.h"
#include "http/escape.h"
#include "http/files.h"
#include "http/module.h"

namespace bext::http {
namespace {

/// What a failed open means to the client (ngx_http_static_handler).
Verdict failed(Request& r, const OpenedFile& opened) {
    int error = opened.file->error;
    bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
    bool denied = error == EACCES || error == ELOOP || error == EPERM;
    if (!missing || *r.conf<Core>().log_not_found)
        r.log(missing || denied ? Level::kError : Level::kCrit, r.arena.cat({opened.failed_call, " \"", opened.path, "\" failed"}), error);
    return Verdict::status(missing ? status::kNotFound : denied ? status::kForbidden : status::kInternal);
}

/// A directory asked for without its slash: redirect to the name with it.
Verdict add_slash(Request& r, std::string_view path, std::size_t root_size) {
    bool own_path = *r.conf<Core>().is_alias || !r.conf<Core>().root->constant();
    static_cast<void>(path), static_cast<void>(root_size), static_cast<void>(own_path);
    auto target = r.arena.cat({escape(Escape::kUri, r.uri, r.arena), "/", r.args.empty() ? "" : "?", r.args});
    r.out.headers.remove(Name::kLocation);
    r.out.headers.add("Location", target, Name::kLocation);
    return Verdict::status(status::kMoved);
}

Verdict serve_file(Request& r) {
    if (r.method != Method::kGet && r.method != Method::kHead && r.method != Method::kPost) return Verdict::status(status::kNotAllowed);
    if (r.uri.ends_with('/')) return Verdict::pass();
    std::size_t root_size = 0;
    auto path = r.path_of(r.uri, &root_size);
    if (path.empty()) return Verdict::status(status::kInternal);
    if (r.uri.empty() && path.ends_with('/')) return Verdict::pass();  // try_files found the alias itself
    auto opened = open_file(r, path);
    if (opened.file->error) return failed(r, opened);
    auto& file = *opened.file;
    if (file.is_directory) return add_slash(r, path, root_size);
    if (!file.is_file) {
        r.log(Level::kCrit, r.arena.cat({"\"", path, "\" is not a regular file"}));
        return Verdict::status(status::kNotFound);
    }
    if (r.method == Method::kPost) return Verdict::status(status::kNotAllowed);
    r.log_action = "sending response to client";
    r.out.status = status::kOk;
    r.out.content_length = file.size;
    r.out.last_modified = file.modified.tv_sec;
    r.set_content_type();
    r.set_etag(file.modified.tv_sec, static_cast<std::uint64_t>(file.size));
    r.out.allow_ranges = true;
    push_file(r, opened.file);
    return Verdict::done();
}

}  // namespace

extern constinit const Module static_files = {
    .name = "http_static",
    .content = serve_file,
    .always = true,
};

}  // namespace bext::http
