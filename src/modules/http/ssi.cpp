// ssi: server side includes. https://nginx.org/en/docs/http/ngx_http_ssi_module.html
#include "modules/http/ssi.h"

#include "http/thread.h"

namespace bext::http {
namespace ssi {
namespace {

std::optional<int> begin(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& out = r.out;
    if (!*conf.on || out.content_length == 0 || !conf.types->contains(out.content_type)) return std::nullopt;
    auto* filter = r.arena.make<Filter>(r, conf);
    r.context<Filter>() = filter;
    r.add_filter(filter);
    r.in_slices = true;
    if (r.parent) return std::nullopt;
    out.clear_content_length();
    out.clear_accept_ranges();
    if (*conf.last_modified) {
        out.weaken_etag(r.arena);
    } else {
        out.clear_last_modified();
        out.clear_etag();
    }
    return std::nullopt;
}

std::optional<std::string_view> date(Request& r, bool gmt) {
    auto* filter = r.context<Filter>();
    auto format = filter ? filter->time_format() : std::string_view("%A, %d-%b-%Y %H:%M:%S %Z");
    std::time_t now = Thread::current().loop.unix_seconds();
    if (format == "%s") return r.arena.copy(std::to_string(now));
    std::tm parts;
    gmt ? ::gmtime_r(&now, &parts) : ::localtime_r(&now, &parts);
    char text[2048];
    auto size = ::strftime(text, sizeof text, format.data(), &parts);
    if (size == 0) return std::nullopt;
    return r.arena.copy({text, size});
}

std::optional<std::string_view> date_local(Request& r, std::string_view) { return date(r, false); }
std::optional<std::string_view> date_gmt(Request& r, std::string_view) { return date(r, true); }

conf::Status types(conf::Cursor& at, Conf& conf) { return MediaTypes::read(at, conf.types); }

constexpr conf::Directive kDirectives[] = {
    {"ssi", conf::kHttp | conf::kLocationIf, conf::kFlag, conf::into<&Conf::on>},
    {"ssi_silent_errors", conf::kHttp, conf::kFlag, conf::into<&Conf::silent_errors>},
    {"ssi_ignore_recycled_buffers", conf::kHttp, conf::kFlag, conf::into<&Conf::ignore_recycled_buffers>},
    {"ssi_min_file_chunk", conf::kHttp, conf::kOne, conf::into<&Conf::min_file_chunk>},
    {"ssi_value_length", conf::kHttp, conf::kOne, conf::into<&Conf::value_length>},
    {"ssi_types", conf::kHttp, conf::kOneOrMore, conf::call<types, &Conf::types>},
    {"ssi_last_modified", conf::kHttp, conf::kFlag, conf::into<&Conf::last_modified>},
};

constexpr Variable kVariables[] = {{"date_local", date_local, false}, {"date_gmt", date_gmt, false}};

}  // namespace
}  // namespace ssi

extern constinit const Module ssi_filter = {
    .name = "http_ssi",
    .records = records_of<ssi::Conf>,
    .directives = ssi::kDirectives,
    .variables = ssi::kVariables,
    .header_filter = ssi::begin,
};

}  // namespace bext::http
