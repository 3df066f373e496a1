// stub_status: the connection figures of the process.
// https://nginx.org/en/docs/http/ngx_http_stub_status_module.html
#include "base/figures.h"
#include "http/builder.h"

namespace bext::http {
namespace {

template <class Kind>
std::string total(Kind which) {
    return std::to_string(figure_page().total(which));
}

Verdict show(Request& r) {
    if (r.method != Method::kGet && r.method != Method::kHead) return Verdict::status(status::kNotAllowed);
    auto text = r.arena.cat({"Active connections: ", total(Gauge::kActive), " \nserver accepts handled requests\n ",
                             total(Tally::kAccepted), " ", total(Tally::kHandled), " ", total(Tally::kRequests), " \nReading: ",
                             total(Gauge::kReading), " Writing: ", total(Gauge::kWriting), " Waiting: ", total(Gauge::kWaiting), " \n"});
    r.reply(status::kOk, "text/plain", text);
    return Verdict::done();
}

conf::Status stub_status_here(conf::Cursor& at) {
    at.owner<Builder>().set_content(show);
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"stub_status", conf::kServer | conf::kLocation, conf::kNone | conf::kOne, conf::run<stub_status_here>},
};

template <Gauge kWhich>
std::optional<std::string_view> figure(Request& r, std::string_view) {
    return r.arena.copy(total(kWhich));
}

constexpr Variable kVariables[] = {
    {"connections_active", figure<Gauge::kActive>, false},
    {"connections_reading", figure<Gauge::kReading>, false},
    {"connections_writing", figure<Gauge::kWriting>, false},
    {"connections_waiting", figure<Gauge::kWaiting>, false},
};

}  // namespace

extern constinit const Module stub_status = {
    .name = "http_stub_status",
    .directives = kDirectives,
    .variables = kVariables,
};

}  // namespace bext::http
