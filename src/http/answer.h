// Answer: what the header of a response says of itself, whatever wire it goes out on (ngx_http_header_filter).
#pragma once

#include <string_view>

namespace bext::http {

class Request;
struct Response;

/// Makes the header fit to be sent: takes out what the status forbids, and makes a Location absolute where it is to be, which is then
/// in `out.location_sent` instead of the fields.
void settle_answer(Request& request);
/// The value of bext's own Server field; it stays.
std::string_view server_field(const Request& request);

}  // namespace bext::http
