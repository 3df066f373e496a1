// bext_status, bext_metrics: what the service has counted, as JSON and for Prometheus, through reloads and upgrades.
#include "base/figures.h"
#include "http/builder.h"

namespace bext::http {
namespace {

template <std::string (*kText)(const FigurePage&)>
Verdict show(Request& r, std::string_view type) {
    if (r.method != Method::kGet && r.method != Method::kHead) return Verdict::status(status::kNotAllowed);
    r.reply(status::kOk, type, r.arena.copy(kText(figure_page())));
    return Verdict::done();
}

Verdict show_json(Request& r) { return show<figures_json>(r, "application/json"); }
Verdict show_metrics(Request& r) { return show<figures_metrics>(r, "text/plain; version=0.0.4"); }

template <Verdict (*kShow)(Request&)>
conf::Status here(conf::Cursor& at) {
    at.owner<Builder>().set_content(kShow);
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"bext_status", conf::kServer | conf::kLocation, conf::kNone, conf::run<here<show_json>>},
    {"bext_metrics", conf::kServer | conf::kLocation, conf::kNone, conf::run<here<show_metrics>>},
};

}  // namespace

extern constinit const Module bext_status = {
    .name = "bext_status",
    .directives = kDirectives,
};

}  // namespace bext::http
