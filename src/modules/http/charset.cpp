// charset: names the charset of a response and recodes it.
// https://nginx.org/en/docs/http/ngx_http_charset_module.html
#include <map>

#include "http/builder.h"
#include "http/gzip_ok.h"
#include "http/recode.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

/// The tables of all charset_map blocks, by "from to" in lower case.
struct Tables {
    std::map<std::string, std::shared_ptr<const RecodeTable>, std::less<>> all;
    std::shared_ptr<const RecodeTable> find(std::string_view from, std::string_view to) const {
        auto at = all.find(lower(cat({from, " ", to})));
        return at == all.end() ? nullptr : at->second;
    }
};

struct Conf {
    conf::Setting<Expr> charset, source;  // empty: off
    conf::Setting<bool> override_charset{false};
    conf::Setting<MediaTypes> types{MediaTypes({"text/html", "text/xml", "text/plain", "text/vnd.wap.wml",
                                                "application/javascript", "application/rss+xml"})};
    std::shared_ptr<Tables> tables;

    Status finish(const Conf&, Cursor& at) {
        if (auto bad = types->check(at)) return bad;
        tables = at.owner<Builder>().shared<Tables>("charset_map");
        if (charset->empty() || source->empty() || !charset->constant() || !source->constant()) return conf::ok();
        auto& from = source->source();
        auto& to = charset->source();
        if (iequals(from, to) || tables->find(from, to)) return conf::ok();
        return conf::Refusal{cat({"no \"charset_map\" between the charsets \"", from, "\" and \"", to, "\""}),
                             conf::Refusal::Kind::kComplete};
    }
};

/// The charset of a main request's answer, which is also that of what its subrequests put into it.
struct Named {
    explicit Named(std::string_view name) : charset(name) {}
    std::string_view charset;
};

void name_charset(Request& r, std::string_view charset) {
    if (r.parent) return;
    r.context<Named>() = r.arena.make<Named>(charset);
    bool redirect = r.out.status == status::kMoved || r.out.status == status::kFound;
    r.out.charset = redirect ? std::string_view() : charset;
}

/// What the answer is to be in; empty: as it is.
std::string_view wanted_charset(Request& r, const Conf& conf) {
    auto& out = r.out;
    if (r.parent) {
        auto* named = r.main.context<Named>();
        return named ? named->charset : std::string_view();
    }
    if (conf.charset->empty() || out.content_type.empty()) return {};
    if (!out.charset.empty() ? !*conf.override_charset : !conf.types->contains(out.content_type)) return {};
    return conf.charset->evaluate(r);
}

std::optional<int> set_charset(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& out = r.out;
    auto to = wanted_charset(r, conf);
    if (to.empty()) {
        if (!r.parent && !out.charset.empty()) r.context<Named>() = r.arena.make<Named>(out.charset);
        return std::nullopt;
    }
    auto from = out.charset.empty() ? conf.source->evaluate(r) : out.charset;
    if (from.empty() && conf.source->empty()) {
        name_charset(r, to);
        return std::nullopt;
    }
    if (!iequals(from, to)) {
        if (!out.headers.value(Name::kContentEncoding).empty()) return std::nullopt;
        auto table = conf.tables->find(from, to);
        if (!table) {
            r.log(Level::kError, r.arena.cat({"no \"charset_map\" between the charsets \"", from, "\" and \"", to, "\""}));
            return std::nullopt;
        }
        if (table->from_utf8 || table->to_utf8) {
            if (!r.parent) out.clear_content_length();
            r.in_slices = true;
        }
        r.add_filter(r.arena.make<Recoder>(table, r.arena));
    }
    out.type_rest = {};
    name_charset(r, to);
    return std::nullopt;
}

Status set_expr(Cursor& at, conf::Setting<Expr>& out, bool may_be_off) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    if (may_be_off && at.arg(1) == "off") return out.set({}), conf::ok();
    auto expr = at.arg(1).starts_with('$') ? Expr::compile(at.arg(1), at.owner<Builder>()) : Expr::literal(at.arg(1));
    if (!expr) return conf::refuse(expr.error().text);
    out.set(std::move(*expr));
    return conf::ok();
}

Status charset(Cursor& at, Conf& conf) { return set_expr(at, conf.charset, true); }
Status source_charset(Cursor& at, Conf& conf) { return set_expr(at, conf.source, false); }
Status types(Cursor& at, Conf& conf) { return MediaTypes::read(at, conf.types); }

Status charset_map(Cursor& at) {
    auto& from = at.arg(1);
    auto& to = at.arg(2);
    if (iequals(from, to)) return conf::refuse(cat({"\"charset_map\" between the same charsets \"", from, "\" and \"", to, "\""}));
    if (iequals(from, "utf-8")) return conf::refuse("\"charset_map\" with \"utf-8\" charset should be given in the second column");
    auto tables = at.owner<Builder>().shared<Tables>("charset_map");
    if (tables->find(from, to)) return conf::refuse(cat({"duplicate \"charset_map\" between \"", from, "\" and \"", to, "\""}));
    auto map = std::make_shared<CharsetMap>(iequals(to, "utf-8"));
    tables->all[lower(cat({from, " ", to}))] = {map, &map->forth};
    tables->all[lower(cat({to, " ", from}))] = {map, &map->back};
    return at.read_entries([&](const std::vector<std::string>& words) -> Status {
        if (words.size() != 2) return conf::refuse("invalid parameters number");
        if (auto bad = map->add(words[0], words[1])) return conf::refuse(cat({"invalid value \"", *bad, "\""}));
        return conf::ok();
    });
}

constexpr auto kWhere = conf::kHttp | conf::kLocationIf;

constexpr conf::Directive kDirectives[] = {
    {"charset", kWhere, conf::kOne, conf::call<charset, &Conf::charset>},
    {"source_charset", kWhere, conf::kOne, conf::call<source_charset, &Conf::source>},
    {"override_charset", kWhere, conf::kFlag, conf::into<&Conf::override_charset>},
    {"charset_types", conf::kHttp, conf::kOneOrMore, conf::call<types, &Conf::types>},
    {"charset_map", conf::kHttpBlock, conf::kTwo | conf::kBlock, conf::run<charset_map>},
};

}  // namespace

extern constinit const Module charset_filter = {
    .name = "http_charset",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .header_filter = set_charset,
};

}  // namespace bext::http
