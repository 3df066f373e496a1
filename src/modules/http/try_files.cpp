// try_files: the first file that exists, or else another URI, a named location or a status.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files
#include "http/builder.h"
#include "http/core_conf.h"
#include "http/files.h"
#include "http/module.h"
#include "http/uri.h"

namespace bext::http {
namespace {

/// It holds for the very level it was written in: not for locations or `if` blocks inside.
struct TryFiles {
    struct Candidate {
        Expr name;
        bool directory = false;
    };
    bool set = false;
    const Location* level = nullptr;  // null: a server
    std::vector<Candidate> candidates;
    Expr last;
    int code = 0;  // "=404"
};

/// Whether a file or directory is there, and which.
enum class There : std::uint8_t { kNothing, kFile, kDirectory };

There look(Request& r, std::string_view path) {
    auto opened = open_file(r, path);
    auto& file = *opened.file;
    if (!file.error || file.is_file || file.is_directory) return file.is_directory ? There::kDirectory : There::kFile;
    if (file.error != ENOENT && file.error != ENOTDIR && file.error != ENAMETOOLONG)
        r.log(Level::kCrit, r.arena.cat({"stat() \"", path, "\" failed"}), file.error);
    return There::kNothing;
}

/// A name with variables usually holds the whole URI; what an alias replaces is cut off again.
std::string_view below_alias(Request& r, const Expr& name, std::size_t alias) {
    auto text = name.evaluate(r);
    bool cut = !name.constant() && alias && alias != kWholeAlias && text.starts_with(r.uri.substr(0, alias));
    return cut ? text.substr(std::min(alias, text.size())) : text;
}

void use(Request& r, std::string_view name, std::size_t alias, There there) {
    if (!alias) return r.set_uri(name);
    if (alias != kWholeAlias) return r.set_uri(r.arena.cat({r.uri.substr(0, alias), name}));
    if (there == There::kDirectory) return;
    r.set_uri(name);
    r.add_uri_to_alias = true;
}

Verdict try_files(Request& r) {
    auto& conf = r.conf<TryFiles>();
    auto* level = r.location->kind == Location::Kind::kServer ? nullptr : r.location;
    if (!conf.set || conf.level != level) return Verdict::pass();
    std::size_t root_size = 0;
    auto whole = r.path_of(r.uri, &root_size);
    if (!whole.data()) return Verdict::status(status::kInternal);
    auto root = whole.substr(0, root_size);
    auto alias = *r.conf<Core>().alias_size;
    for (auto& candidate : conf.candidates) {
        auto name = below_alias(r, candidate.name, alias);
        auto path = r.arena.cat({root, name, {"\0", 1}});
        auto there = look(r, path.substr(0, path.size() - 1));
        if (there == There::kNothing || (there == There::kDirectory) != candidate.directory) continue;
        use(r, name, alias, there);
        return Verdict::pass();
    }
    if (conf.code) return Verdict::status(conf.code);
    auto target = below_alias(r, conf.last, alias);
    bool went;
    if (target.starts_with('@')) {
        went = r.redirect_named(target);
    } else {
        auto args = split_args(target);
        went = r.redirect(target, args);
    }
    return went ? Verdict::again() : Verdict::status(status::kInternal);
}

conf::Status read(conf::Cursor& at, TryFiles& conf) {
    if (conf.set) return conf::directive_is("is duplicate");
    conf.set = true;
    conf.level = at.owner<Builder>().location;
    auto last = at.count() - 1;
    for (std::size_t i = 1; i <= last; ++i) {
        std::string_view name = at.arg(i);
        bool directory = i < last && name.ends_with('/');
        if (directory) name.remove_suffix(1);
        auto expr = Expr::compile(name, at.owner<Builder>());
        if (!expr) return conf::refuse(expr.error().text);
        if (i < last) conf.candidates.push_back({std::move(*expr), directory});
        else conf.last = std::move(*expr);
    }
    std::string_view target = at.arg(last);
    if (target.starts_with('=')) {
        auto code = parse_decimal(target.substr(1));
        if (!code || *code > 999) return conf::refuse(cat({"invalid code \"", target, "\""}));
        conf.code = static_cast<int>(*code);
    }
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"try_files", conf::kServer | conf::kLocation, conf::kTwoOrMore, conf::call<read>},
};

}  // namespace

extern constinit const Module try_files_module = {
    .name = "http_try_files",
    .records = records_of<TryFiles>,
    .directives = kDirectives,
    .precontent = try_files,
};

}  // namespace bext::http
