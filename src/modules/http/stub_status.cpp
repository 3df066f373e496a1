// stub_status: the connection figures of the process.
// https://nginx.org/en/docs/http/ngx_http_stub_status_module.html
#include "http/builder.h"
#include "http/thread.h"

namespace bext::http {
namespace {

std::uint64_t count(const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); }

Verdict show(Request& r) {
    if (r.method != Method::kGet && r.method != Method::kHead) return Verdict::status(status::kNotAllowed);
    auto& c = counters();
    auto number = [](const std::atomic<std::uint64_t>& counter) { return std::to_string(count(counter)); };
    auto text = r.arena.cat({"Active connections: ", number(c.active), " \nserver accepts handled requests\n ",
                             number(c.accepted), " ", number(c.handled), " ", number(c.requests), " \nReading: ",
                             number(c.reading), " Writing: ", number(c.writing), " Waiting: ", number(c.waiting), " \n"});
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

template <std::atomic<std::uint64_t> Counters::*kCounter>
std::optional<std::string_view> figure(Request& r, std::string_view) {
    return r.arena.copy(std::to_string(count(counters().*kCounter)));
}

constexpr Variable kVariables[] = {
    {"connections_active", figure<&Counters::active>, false},
    {"connections_reading", figure<&Counters::reading>, false},
    {"connections_writing", figure<&Counters::writing>, false},
    {"connections_waiting", figure<&Counters::waiting>, false},
};

}  // namespace

extern constinit const Module stub_status = {
    .name = "http_stub_status",
    .directives = kDirectives,
    .variables = kVariables,
};

}  // namespace bext::http
