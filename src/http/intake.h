// Intake: what a request's head must satisfy, and what is taken from it, whatever wire it came on (ngx_http_request.c).
#pragma once

#include <string_view>

#include "http/core_conf.h"
#include "http/headers.h"
#include "http/request.h"
#include "http/site.h"

namespace bext::http {

/// Why a head is refused: the status to answer with, and what the error log says. No status: it is not.
struct Refusal {
    int status = 0;
    std::string_view why;     // empty when nothing is to be logged
    bool unanswered = false;  // the connection ends without an answer; it was logged
    explicit operator bool() const { return status != 0; }
};

/// Takes one head, field by field: of the request line or pseudo-headers by its wire, of fields here. Valid as long as the request.
class Intake {
public:
    /// The head of `request`, which came on `listen`; the settings of `server` hold until its host is known.
    void begin(Request& request, const Listen& listen, const Server& server);
    /// Limits of the server that holds by now.
    const Wire& wire() const { return *wire_; }

    /// The host, of the request line (an authority) or of a Host field: finds the server.
    Refusal host(std::string_view text, bool from_line);
    /// Another field. `invalid`: its name has what no name may have.
    Refusal field(std::string_view name, std::string_view value, bool invalid);
    /// All fields are there. What is left to the wire: whether the connection is kept, where the body comes from.
    Refusal complete();

private:
    void use(const Server& server);
    Refusal known_field(Name name, std::string_view value);

    Request* request_ = nullptr;
    const Listen* listen_ = nullptr;
    const Wire* wire_ = nullptr;
    std::int64_t count_ = 0;
};

}  // namespace bext::http
