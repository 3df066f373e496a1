// Whether a client may be sent gzip (ngx_http_gzip_ok), and media type lists (gzip_types, charset_types …).
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/text.h"
#include "conf/into.h"
#include "http/regex.h"

namespace bext::http {

class Request;

/// gzip_vary, gzip_http_version, gzip_proxied, gzip_disable: nginx's core settings, shared by gzip and gzip_static.
struct GzipClient {
    conf::Setting<bool> vary{false};
    conf::Setting<int> http_version{1001};
    enum Proxied : std::uint32_t {
        kOff = 2, kExpired = 4, kNoCache = 8, kNoStore = 16, kPrivate = 32, kNoLastModified = 64, kNoEtag = 128,
        kAuth = 256, kAny = 512,
    };
    conf::Setting<std::uint32_t> proxied{kOff};
    conf::Setting<std::vector<std::shared_ptr<const Regex>>> disabled;
    conf::Setting<bool> disabled_msie6{false};
};

/// Tested once per request and remembered there.
bool gzip_ok(Request& request);

/// A list of media types; text/html always belongs to it.
class MediaTypes {
public:
    explicit MediaTypes(std::vector<std::string> defaults = {"text/html"});
    /// The words of a directive such as gzip_types, added to `setting`.
    static conf::Status read(conf::Cursor& at, conf::Setting<MediaTypes>& setting);
    bool contains(std::string_view type) const;
    /// Whether nginx's hash, whose size nobody can set, would hold them.
    conf::Status check(const conf::Cursor& at) const;

private:
    bool all_ = false;
    std::unordered_set<std::string, TextHash, std::equal_to<>> types_;
};

}  // namespace bext::http
