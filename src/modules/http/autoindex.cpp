// autoindex: lists directories.
// https://nginx.org/en/docs/http/ngx_http_autoindex_module.html
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

#include "http/listing.h"
#include "http/module.h"

namespace bext::http {
namespace {

struct Autoindex {
    enum class Format : std::uint8_t { kHtml, kJson, kJsonp, kXml };
    conf::Setting<bool> on{false};
    conf::Setting<Format> format{Format::kHtml};
    conf::Setting<bool> local_time{false};
    conf::Setting<bool> exact_size{true};
};

/// False when the listing has to be given up. Entries that vanish meanwhile are listed as what is left of them.
bool add_entry(Request& r, const std::string& directory, const char* name, std::vector<DirectoryEntry>& entries) {
    auto path = directory + "/" + name;
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) {
        int error = errno;
        if (error != ENOENT && error != ELOOP) {
            r.log(Level::kCrit, cat({"stat() \"", path, "\" failed"}), error);
            return error == EACCES;
        }
        if (::lstat(path.c_str(), &facts) != 0) {
            r.log(Level::kCrit, cat({"lstat() \"", path, "\" failed"}), errno);
            return false;
        }
    }
    entries.push_back({name, S_ISDIR(facts.st_mode), S_ISREG(facts.st_mode), facts.st_mtime, facts.st_size});
    return true;
}

bool read_entries(Request& r, const std::string& path, DIR* directory, std::vector<DirectoryEntry>& entries) {
    for (;;) {
        errno = 0;
        auto* entry = ::readdir(directory);
        if (!entry && errno) {
            r.log(Level::kCrit, cat({"readdir() \"", path, "\" failed"}), errno);
            return false;
        }
        if (!entry) break;
        if (entry->d_name[0] != '.' && !add_entry(r, path, entry->d_name, entries)) return false;
    }
    std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) {
        return a.is_directory != b.is_directory ? a.is_directory : a.name < b.name;
    });
    return true;
}

Verdict cannot_open(Request& r, const std::string& path, int error) {
    bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
    r.log(missing || error == EACCES ? Level::kError : Level::kCrit, cat({"opendir() \"", path, "\" failed"}), error);
    return Verdict::status(missing ? status::kNotFound : error == EACCES ? status::kForbidden : status::kInternal);
}

/// The name in ?callback=; false when it is none that a script may be trusted with.
bool callback_of(Request& r, std::string_view& name) {
    static constexpr std::string_view kParameter = "callback=";
    for (auto part : split(r.args, '&')) {
        if (!istarts_with(part, kParameter)) continue;
        name = part.substr(kParameter.size());
        if (name.size() > 128) {
            r.log(Level::kInfo, r.arena.cat({"client sent too long callback name: \"", name, "\""}));
            return false;
        }
        bool good = std::all_of(name.begin(), name.end(), [](char c) {
            return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || is_digit(c) || c == '_' || c == '.';
        });
        if (!good) r.log(Level::kInfo, r.arena.cat({"client sent invalid callback name: \"", name, "\""}));
        return good;
    }
    return true;
}

std::string_view type_of(Autoindex::Format format) {
    switch (format) {
        case Autoindex::Format::kJson: return "application/json";
        case Autoindex::Format::kJsonp: return "application/javascript";
        case Autoindex::Format::kXml: return "text/xml";
        case Autoindex::Format::kHtml: break;
    }
    return "text/html";
}

std::string listing(Request& r, Autoindex::Format format, std::string_view callback, const std::vector<DirectoryEntry>& entries) {
    auto& conf = r.conf<Autoindex>();
    if (format == Autoindex::Format::kXml) return xml_listing(entries);
    if (format != Autoindex::Format::kHtml) return json_listing(entries, callback);
    return html_listing(r.uri, entries, {*conf.exact_size, *conf.local_time, iequals(r.out.charset, "utf-8")});
}

Verdict list(Request& r) {
    auto& conf = r.conf<Autoindex>();
    if (!*conf.on || r.uri.empty() || r.uri.back() != '/') return Verdict::pass();
    if (r.method != Method::kGet && r.method != Method::kHead) return Verdict::pass();
    std::string path(r.path_of(r.uri));
    if (path.empty()) return Verdict::status(status::kInternal);
    if (path.size() > 1) path.pop_back();
    auto format = *conf.format;
    std::string_view callback;
    if (format == Autoindex::Format::kJsonp) {
        if (!callback_of(r, callback)) return Verdict::status(status::kBadRequest);
        if (callback.empty()) format = Autoindex::Format::kJson;
    }
    auto* directory = ::opendir(path.c_str());
    if (!directory) return cannot_open(r, path, errno);
    r.out.status = status::kOk;
    r.out.content_type = type_of(format);
    if (format == Autoindex::Format::kXml) r.out.charset = "utf-8";
    auto refused = r.send_header();  // before the body: its length is not told, and the charset filter has spoken
    std::vector<DirectoryEntry> entries;
    bool whole = refused || r.out.header_only || read_entries(r, path, directory, entries);
    ::closedir(directory);
    if (refused) return Verdict::status(*refused);
    if (!whole) {
        r.aborted = true;
        return Verdict::done();
    }
    if (!r.out.header_only) r.pending.push(Piece::memory(r.arena.copy(listing(r, format, callback, entries))));
    return Verdict::done();
}

constexpr conf::Word kFormats[] = {{"html", 0}, {"json", 1}, {"jsonp", 2}, {"xml", 3}};

constexpr conf::Directive kDirectives[] = {
    {"autoindex", conf::kHttp, conf::kFlag, conf::into<&Autoindex::on>},
    {"autoindex_format", conf::kHttp, conf::kOne, conf::one_of<&Autoindex::format, kFormats>},
    {"autoindex_localtime", conf::kHttp, conf::kFlag, conf::into<&Autoindex::local_time>},
    {"autoindex_exact_size", conf::kHttp, conf::kFlag, conf::into<&Autoindex::exact_size>},
};

}  // namespace

extern constinit const Module autoindex = {
    .name = "http_autoindex",
    .records = records_of<Autoindex>,
    .directives = kDirectives,
    .content = list,
};

}  // namespace bext::http
