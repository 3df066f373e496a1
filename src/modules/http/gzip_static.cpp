// gzip_static: sends FILE.gz in place of FILE; and the settings that it shares with gzip.
// https://nginx.org/en/docs/http/ngx_http_gzip_static_module.html
#include "http/builder.h"
#include "http/core_conf.h"
#include "http/files.h"
#include "http/gzip_ok.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

enum class Mode : std::uint8_t { kOff, kOn, kAlways };

struct Conf {
    conf::Setting<Mode> mode{Mode::kOff};
};

Verdict serve_compressed(Request& r) {
    auto mode = *r.conf<Conf>().mode;
    if (mode == Mode::kOff || (r.method != Method::kGet && r.method != Method::kHead)) return Verdict::pass();
    if (r.uri.ends_with('/')) return Verdict::pass();
    bool ok = mode == Mode::kAlways || gzip_ok(r);
    bool vary = *r.conf<GzipClient>().vary;
    if (!ok && !vary) return Verdict::pass();
    auto plain = r.path_of(r.uri);
    if (plain.empty()) return Verdict::status(status::kInternal);
    auto path = r.arena.cat({plain, {".gz\0", 4}});
    path.remove_suffix(1);
    auto opened = open_file(r, path);
    auto& file = *opened.file;
    if (int error = file.error) {
        bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
        bool denied = error == EACCES || error == ELOOP || error == EMLINK;
        if (!missing) r.log(denied ? Level::kError : Level::kCrit, r.arena.cat({opened.failed_call, " \"", path, "\" failed"}), error);
        return Verdict::pass();
    }
    if (mode == Mode::kOn && vary) r.out.vary_by_encoding = true;
    if (!ok || file.is_directory) return Verdict::pass();
    if (!file.is_file) {
        r.log(Level::kCrit, r.arena.cat({"\"", path, "\" is not a regular file"}));
        return Verdict::status(status::kNotFound);
    }
    r.out.status = status::kOk;
    r.out.content_length = file.size;
    r.out.last_modified = file.modified.tv_sec;
    r.set_etag(file.modified.tv_sec, static_cast<std::uint64_t>(file.size));
    r.set_content_type();
    r.out.headers.add("Content-Encoding", "gzip", Name::kContentEncoding);
    r.out.allow_ranges = compatible::serves_ranges_of_packed_files(r.site->nginx);
    push_file(r, opened.file);
    return Verdict::done();
}

Status disable(Cursor& at, GzipClient& conf) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        if (at.arg(i) == "msie6") {
            conf.disabled_msie6.set(true);
            continue;
        }
        auto regex = Regex::compile(at.arg(i), true, at.place());
        if (!regex) return conf::refuse(regex.error().text);
        conf.disabled.edit().push_back(*regex);
    }
    return conf::ok();
}

constexpr conf::Word kModes[] = {{"off", 0}, {"on", 1}, {"always", 2}};
constexpr conf::Word kVersions[] = {{"1.0", 1000}, {"1.1", 1001}};
constexpr conf::Word kProxied[] = {
    {"off", GzipClient::kOff}, {"expired", GzipClient::kExpired}, {"no-cache", GzipClient::kNoCache},
    {"no-store", GzipClient::kNoStore}, {"private", GzipClient::kPrivate},
    {"no_last_modified", GzipClient::kNoLastModified}, {"no_etag", GzipClient::kNoEtag},
    {"auth", GzipClient::kAuth}, {"any", GzipClient::kAny},
};

constexpr conf::Directive kDirectives[] = {
    {"gzip_static", conf::kHttp, conf::kOne, conf::one_of<&Conf::mode, kModes>},
    {"gzip_vary", conf::kHttp, conf::kFlag, conf::into<&GzipClient::vary>},
    {"gzip_http_version", conf::kHttp, conf::kOne, conf::one_of<&GzipClient::http_version, kVersions>},
    {"gzip_proxied", conf::kHttp, conf::kOneOrMore, conf::any_of<&GzipClient::proxied, kProxied>},
    {"gzip_disable", conf::kHttp, conf::kOneOrMore,
     conf::call<disable, &GzipClient::disabled, &GzipClient::disabled_msie6>},
};

}  // namespace

extern constinit const Module gzip_static = {
    .name = "http_gzip_static",
    .records = records_of<Conf, GzipClient>,
    .directives = kDirectives,
    .content = serve_compressed,
};

}  // namespace bext::http
