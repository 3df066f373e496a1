// bext_series: requests counted by server and location (base/series.h), always and without a directive; bext_metrics shows them.
#include "base/figures.h"
#include "http/builder.h"
#include "http/module.h"
#include "http/progress.h"
#include "http/site.h"
#include "http/thread.h"

namespace bext::http {
namespace {

std::string_view sign_of(const Location& location) {
    switch (location.kind) {
        case Location::Kind::kExact: return "= ";
        case Location::Kind::kNoRegex: return "^~ ";
        case Location::Kind::kRegex: return location.regex->ignores_case() ? "~* " : "~ ";
        default: return "";
    }
}

class Naming {
public:
    Naming(SeriesTable& table, const Server& server) : table_(table), server_(name_of(server)) {}

    /// "_" is what people write for a server without a name.
    static std::string_view name_of(const Server& server) { return server.name().empty() ? std::string_view("_") : server.name(); }

    void name(Location* location) {
        if (!location) return;
        location->series = table_.row_of(SeriesKind::kLocation, server_, cat({sign_of(*location), location->name}));
        if (location->inner) name(*location->inner);
    }
    void name(const Locations& level) {
        for (auto& at : level.statics) {
            name(at.exact);
            name(at.prefix);
        }
        for (auto* location : level.regexes) name(location);
    }

private:
    SeriesTable& table_;
    std::string_view server_;
};

conf::Status prepare(conf::Cursor&, Builder& builder) {
    auto* table = figure_page().series();
    if (!table) return conf::ok();  // the configuration is only tested
    auto& servers = builder.site->servers;
    for (auto& server : servers) server->series = table->row_of(SeriesKind::kServer, Naming::name_of(*server), {});
    for (auto& server : servers) {
        Naming naming(*table, *server);
        naming.name(server->locations);
        for (auto& [name, location] : server->named) naming.name(location);
    }
    return conf::ok();
}

/// The block that is counted: an `if` or `limit_except` belongs to what it stands in. Null: none, the server itself.
const Location* counted(const Location* at) {
    while (at && (at->kind == Location::Kind::kIf || at->kind == Location::Kind::kLimitExcept)) at = at->outer;
    return at && at->kind != Location::Kind::kServer ? at : nullptr;
}

void log(Request& r) {
    if (r.parent) return;
    auto& thread = Thread::current();
    Observation what{final_status(r), false, elapsed_ms(r), r.request_length, bytes_sent(r)};
    if (r.server) thread.count(r.server->series, what);
    if (auto* location = counted(r.location)) thread.count(location->series, what);
}

}  // namespace

extern constinit const Module bext_series = {
    .name = "bext_series",
    .log = log,
    .always = true,
    .prepare = prepare,
};

}  // namespace bext::http
