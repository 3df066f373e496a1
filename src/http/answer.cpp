#include "http/answer.h"

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/identity.h"
#include "http/request.h"
#include "http/site.h"

namespace bext::http {
namespace {

void fit_to_status(Response& out) {
    if (out.last_modified != -1 && out.status != 200 && out.status != 206 && out.status != 304) out.last_modified = -1;
    if (out.status != status::kNoContent || !out.status_line.empty()) return;  // an upstream's stays as it is
    out.set_type({});
    out.last_modified = -1;
    out.clear_content_length();
}

/// "http://host:port/x" of a location that begins with a slash (absolute_redirect).
std::string_view absolute_location(Request& r, std::string_view path) {
    auto& core = r.conf<Core>();
    std::string_view host = r.host;
    auto& local = r.connection.local_address();
    if (*core.server_name_in_redirect)
        host = r.server->name();
    else if (host.empty())
        host = r.arena.copy(local.host());
    auto port = *core.port_in_redirect ? local.port() : 0;
    bool tls = r.connection.tls;
    if (port == (tls ? 443 : 80)) port = 0;
    auto text = port ? ":" + std::to_string(port) : std::string();
    return r.arena.cat({tls ? "https://" : "http://", host, text, path});
}

}  // namespace

void settle_answer(Request& r) {
    fit_to_status(r.out);
    auto* location = r.out.headers.find(Name::kLocation);
    if (!location || !location->value.starts_with('/') || !*r.conf<Core>().absolute_redirect) return;
    r.out.location_sent = absolute_location(r, location->value);
    location->gone = true;
}

std::string_view server_field(const Request& r) {
    static const std::string full = identity().full();
    return *r.conf<Core>().server_tokens == Core::Tokens::kOff ? std::string_view(identity().name) : std::string_view(full);
}

}  // namespace bext::http
