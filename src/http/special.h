// Special responses: error pages, redirects and bodies that stand for a status (ngx_http_special_response.c).
#pragma once

namespace bext::http {

class Request;

/// Answers `status`: by an error_page (then the phases begin again and it returns true) or by a page of its own,
/// which is left in Request::pending.
bool special_response(Request& request, int status);

}  // namespace bext::http
