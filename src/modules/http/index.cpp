// index: the file that stands for a directory.
// https://nginx.org/en/docs/http/ngx_http_index_module.html
#include <sys/stat.h>

#include "http/builder.h"
#include "http/core_conf.h"
#include "http/files.h"
#include "http/module.h"

namespace bext::http {
namespace {

struct Index {
    conf::Setting<std::vector<Expr>> names{std::vector<Expr>{Expr::literal("index.html")}};
};

Verdict go_to(Request& r, std::string_view uri) {
    return r.redirect(uri, r.args) ? Verdict::again() : Verdict::status(status::kInternal);
}

Verdict not_there(Request& r, std::string_view path, int error) {
    if (error == EACCES) {
        r.log(Level::kError, r.arena.cat({"\"", path, "\" is forbidden"}), error);
        return Verdict::status(status::kForbidden);
    }
    if (*r.conf<Core>().log_not_found) r.log(Level::kError, r.arena.cat({"\"", path, "\" is not found"}), error);
    return Verdict::status(status::kNotFound);
}

/// Whether there is a directory at all, asked when the first index file is missing. pass(): there is.
Verdict test_directory(Request& r, std::string_view path) {
    auto name = path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
    struct stat facts {};
    if (::stat(r.arena.cat({name, {"\0", 1}}).data(), &facts) == 0) {
        if (S_ISDIR(facts.st_mode)) return Verdict::pass();
        r.log(Level::kAlert, r.arena.cat({"\"", name, "\" is not a directory"}));
        return Verdict::status(status::kInternal);
    }
    int error = errno;
    if (error == EACCES) return Verdict::pass();
    if (error == ELOOP) return Verdict::status(status::kForbidden);
    if (error == ENOENT) return Verdict::status(status::kNotFound);
    r.log(Level::kCrit, r.arena.cat({"stat() \"", name, "\" failed"}), error);
    return Verdict::status(status::kInternal);
}

Verdict find_index(Request& r) {
    if (r.uri.empty() || r.uri.back() != '/') return Verdict::pass();
    if (r.method != Method::kGet && r.method != Method::kHead && r.method != Method::kPost) return Verdict::pass();
    std::string_view directory;
    bool directory_tested = false;
    for (auto& entry : *r.conf<Index>().names) {
        auto name = entry.evaluate(r);
        if (name.starts_with('/')) return go_to(r, name);
        if (!directory.data()) directory = r.path_of(r.uri);
        if (directory.empty()) return Verdict::status(status::kInternal);
        auto path = r.arena.cat({directory, name, {"\0", 1}});
        path.remove_suffix(1);
        auto opened = open_file(r, path);
        int error = opened.file->error;
        if (!error || opened.file->is_file || opened.file->is_directory) return go_to(r, r.arena.cat({r.uri, name}));
        if (error == EMLINK || error == ELOOP) return Verdict::status(status::kForbidden);
        if (error == ENOTDIR || error == ENAMETOOLONG || error == EACCES) return not_there(r, path, error);
        if (!directory_tested) {
            auto verdict = test_directory(r, directory);
            if (!verdict.passed()) return verdict.code() == status::kNotFound ? not_there(r, path, ENOENT) : verdict;
            directory_tested = true;
        }
        if (error == ENOENT) continue;
        r.log(Level::kCrit, r.arena.cat({"stat() \"", path, "\" failed"}), error);
        return Verdict::status(status::kInternal);
    }
    return Verdict::pass();
}

conf::Status index(conf::Cursor& at, Index& conf) {
    if (!conf.names.is_set()) conf.names.set({});
    for (std::size_t i = 1; i < at.count(); ++i) {
        auto& name = at.arg(i);
        if (name.starts_with('/') && i != at.count() - 1)
            at.warn("only the last index in \"index\" directive should be absolute");
        if (name.empty()) return conf::refuse(cat({"index \"", name, "\" in \"index\" directive is invalid"}));
        auto expr = Expr::compile(name, at.owner<Builder>());
        if (!expr) return conf::refuse(expr.error().text);
        conf.names.edit().push_back(std::move(*expr));
    }
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"index", conf::kHttp, conf::kOneOrMore, conf::call<index, &Index::names>},
};

}  // namespace

extern constinit const Module index_module = {
    .name = "http_index",
    .records = records_of<Index>,
    .directives = kDirectives,
    .content = find_index,
    .always = true,
};

}  // namespace bext::http
