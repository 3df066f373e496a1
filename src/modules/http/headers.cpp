// headers: add_header, add_trailer, expires.
// https://nginx.org/en/docs/http/ngx_http_headers_module.html
#include <time.h>

#include "http/builder.h"
#include "http/core_conf.h"
#include "http/dates.h"
#include "http/module.h"
#include "http/thread.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Expires {
    enum class Kind : std::uint8_t { kOff, kEpoch, kMax, kAccess, kModified, kDaily };
    Kind kind = Kind::kOff;
    std::int64_t seconds = 0;
    Expr variable;  // empty: `kind` and `seconds` hold
};

struct Field {
    std::string name;
    Expr value;
    bool always;
    Name known;
};

enum class Inherit : std::uint8_t { kOff, kOn, kMerge };

struct Conf {
    conf::Setting<Expires> expires;
    conf::Setting<std::vector<Field>> headers, trailers;
    conf::Setting<Inherit> headers_inherit{Inherit::kOn}, trailers_inherit{Inherit::kOn};

    Status finish(const Conf& outer, Cursor&) {
        if (&outer == this) return conf::ok();
        take(headers, outer.headers, *headers_inherit);
        take(trailers, outer.trailers, *trailers_inherit);
        return conf::ok();
    }

private:
    static void take(conf::Setting<std::vector<Field>>& own, const conf::Setting<std::vector<Field>>& outer, Inherit how) {
        if (how == Inherit::kOff) return;
        if (!own.is_set())
            own = outer;
        else if (how == Inherit::kMerge)
            own.edit().insert(own.edit().end(), outer->begin(), outer->end());
    }
};

/// Reads an `expires` value into `out`; an error text when it is none.
std::string_view parse_expires(std::string_view text, Expires& out) {
    bool modified = out.kind == Expires::Kind::kModified;
    if (!modified) {
        if (text == "epoch") return out.kind = Expires::Kind::kEpoch, "";
        if (text == "max") return out.kind = Expires::Kind::kMax, "";
        if (text == "off") return out.kind = Expires::Kind::kOff, "";
    }
    bool minus = text.starts_with('-');
    if (text.starts_with('@')) {
        if (modified) return "daily time cannot be used with \"modified\" parameter";
        out.kind = Expires::Kind::kDaily;
    }
    if (minus || text.starts_with('+') || text.starts_with('@')) text.remove_prefix(1);
    auto seconds = conf::parse_seconds(text);
    if (!seconds) return "invalid value";
    out.seconds = seconds->count();
    if (out.kind == Expires::Kind::kDaily && out.seconds > 24 * 60 * 60) return "daily time value must be less than 24 hours";
    if (minus) out.seconds = -out.seconds;
    return "";
}

Status expires(Cursor& at, Conf& conf) {
    if (conf.expires.is_set()) return conf::directive_is("is duplicate");
    Expires made;
    made.kind = Expires::Kind::kAccess;
    if (at.count() == 3) {
        if (at.arg(1) != "modified") return conf::directive_is("invalid value");
        made.kind = Expires::Kind::kModified;
    }
    auto& text = at.arg(at.count() - 1);
    auto expr = Expr::compile(text, at.owner<Builder>());
    if (!expr) return conf::refuse(expr.error().text);
    if (!expr->constant()) made.variable = std::move(*expr);
    else if (auto bad = parse_expires(text, made); !bad.empty()) return conf::directive_is(std::string(bad));
    conf.expires.set(std::move(made));
    return conf::ok();
}

Status add_field(Cursor& at, conf::Setting<std::vector<Field>>& list) {
    auto value = Expr::compile(at.arg(2), at.owner<Builder>());
    if (!value) return conf::refuse(value.error().text);
    bool always = at.count() == 4;
    if (always && at.arg(3) != "always") return conf::refuse(cat({"invalid parameter \"", at.arg(3), "\""}));
    auto known = known_name(at.arg(1));  // others come on top of nginx's own: two Server, two Location …
    if (known != Name::kCacheControl && known != Name::kLink && known != Name::kLastModified && known != Name::kEtag) known = Name::kOther;
    list.edit().push_back({at.arg(1), std::move(*value), always, known});
    return conf::ok();
}

Status add_header(Cursor& at, Conf& conf) { return add_field(at, conf.headers); }
Status add_trailer(Cursor& at, Conf& conf) { return add_field(at, conf.trailers); }
/// Statuses whose answers get headers without `always`.
bool ordinary(int code) {
    switch (code) {
        case 200: case 201: case 204: case 206: case 301: case 302: case 303: case 304: case 307: case 308: return true;
        default: return false;
    }
}

/// The next time the local clock shows `seconds` after midnight.
std::int64_t next_daily(std::int64_t seconds, std::int64_t now) {
    time_t t = now;
    struct tm local;
    localtime_r(&t, &local);
    local.tm_hour = static_cast<int>(seconds / 3600);
    local.tm_min = static_cast<int>(seconds % 3600 / 60);
    local.tm_sec = static_cast<int>(seconds % 60);
    auto next = mktime(&local);
    if (next > now) return next;
    ++local.tm_mday;
    return mktime(&local);
}

void put_expires(Request& r, std::string_view date, std::string_view cache) {
    auto& headers = r.out.headers;
    if (auto* h = headers.find(Name::kExpires)) h->value = date;
    else headers.add("Expires", date, Name::kExpires);
    auto* first = headers.find(Name::kCacheControl);
    if (!first) {
        headers.add("Cache-Control", cache, Name::kCacheControl);
        return;
    }
    for (auto& h : headers)
        if (h.known == Name::kCacheControl && &h != first) h.gone = true;
    first->value = cache;
}

void set_expires(Request& r, const Expires& conf) {
    using Kind = Expires::Kind;
    auto kind = conf.kind;
    auto seconds = conf.seconds;
    if (!conf.variable.empty()) {
        Expires found;
        found.kind = kind;
        if (!parse_expires(conf.variable.evaluate(r), found).empty() || found.kind == Kind::kOff) return;
        kind = found.kind;
        seconds = found.seconds;
    }
    if (kind == Kind::kEpoch) return put_expires(r, "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
    if (kind == Kind::kMax) return put_expires(r, "Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000");
    auto now = Thread::current().loop.unix_seconds();
    auto date = [&](std::int64_t time) {
        char* text = r.arena.bytes(kHttpDate);
        return std::string_view(text, static_cast<std::size_t>(put_http_date(text, time) - text));
    };
    if (seconds == 0 && kind != Kind::kDaily) return put_expires(r, date(now), "max-age=0");
    auto at = now + seconds;
    if (kind == Kind::kDaily) at = next_daily(seconds, now);
    else if (kind == Kind::kModified && r.out.last_modified != -1) at = r.out.last_modified + seconds;
    // nginx looks at the configured time here, which a variable leaves at zero.
    put_expires(r, date(at), conf.seconds < 0 || at < now ? std::string_view("no-cache") : r.arena.cat({"max-age=", std::to_string(at - now)}));
}

void put_field(Request& r, const Field& field, std::string_view value) {
    auto& headers = r.out.headers;
    bool date = field.known == Name::kLastModified, single = date || field.known == Name::kEtag;
    if (date) r.out.last_modified = value.empty() ? -1 : parse_http_date(value).value_or(-1);
    auto* old = single ? headers.find(field.known) : nullptr;
    if (value.empty()) {
        if (old) old->gone = true;
    } else if (old) {
        old->name = field.name;
        old->value = value;
    } else {
        headers.add(field.name, value, date || single || field.known == Name::kCacheControl ? field.known : Name::kOther);
    }
}

class Trailers : public BodyFilter {
public:
    explicit Trailers(const std::vector<Field>& fields) : fields_(fields) {}
    bool pass(Request& request, Chain&, bool last, bool) override {
        if (!last || !request.out.trailers) return true;
        bool all = ordinary(request.out.status);
        for (auto& field : fields_) {
            if (!all && !field.always) continue;
            auto value = field.value.evaluate(request);
            if (!value.empty()) request.out.trailers->add(field.name, value, field.known);
        }
        return true;
    }

private:
    const std::vector<Field>& fields_;
};

/// Whether the location has the outer level's record as its own: then an inherited `off` takes the lists away.
bool inherited(Request& r) {
    auto slot = static_cast<std::size_t>(conf::slot_of<Conf>);
    auto* location = r.location;
    if (!location) return false;
    if (location->kind == Location::Kind::kServer) return r.records[slot] == r.site->main->records()[slot];
    auto& outer = location->outer ? *location->outer : r.server->root;
    return r.records[slot] == outer.records[slot];
}

std::optional<int> add_fields(Request& r) {
    if (r.parent) return std::nullopt;
    auto& conf = r.conf<Conf>();
    bool all = ordinary(r.out.status);
    if (all && conf.expires->kind != Expires::Kind::kOff) set_expires(r, *conf.expires);
    if (*conf.headers_inherit != Inherit::kOff || !inherited(r))
        for (auto& field : *conf.headers)
            if (all || field.always) put_field(r, field, field.value.evaluate(r));
    if (conf.trailers->empty() || (*conf.trailers_inherit == Inherit::kOff && inherited(r))) return std::nullopt;
    for (auto& field : *conf.trailers) {
        if (!all && !field.always) continue;
        r.out.trailers = r.arena.make<Headers>(r.arena);
        r.add_filter(r.arena.make<Trailers>(*conf.trailers));
        break;
    }
    return std::nullopt;
}

constexpr conf::Word kInherit[] = {{"off", 0}, {"on", 1}, {"merge", 2}};
constexpr auto kWhere = conf::kHttp | conf::kLocationIf;

constexpr conf::Directive kDirectives[] = {
    {"expires", kWhere, conf::kOne | conf::kTwo, conf::call<expires, &Conf::expires>},
    {"add_header", kWhere, conf::kTwo | conf::kThree, conf::call<add_header>},
    {"add_trailer", kWhere, conf::kTwo | conf::kThree, conf::call<add_trailer>},
    {"add_header_inherit", kWhere, conf::kOne, conf::one_of<&Conf::headers_inherit, kInherit>},
    {"add_trailer_inherit", kWhere, conf::kOne, conf::one_of<&Conf::trailers_inherit, kInherit>},
};

}  // namespace

extern constinit const Module headers_filter = {
    .name = "http_headers_filter",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .header_filter = add_fields,
};

}  // namespace bext::http
