// Access logs: the requests that clients made lately, as far as they can be made again.
// https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bext::takeover {

/// One request that was logged.
struct Logged {
    std::string method;  // GET or HEAD
    std::string target;  // as it was sent: path and query
    std::string referer;  // "" for none
    int status = 0;      // 0: the line does not tell

    std::string text() const { return method + " " + target; }
};

/// Reads a line in which "$request" stands in quotes, with the status behind it (the combined format, and those that begin
/// or end otherwise). Nothing for other methods, for targets that are no path, and for what nginx itself found no request
/// (400, 408) or nobody waited for (499).
std::optional<Logged> parse_log_line(std::string_view line);

/// The last requests of a log file, the newest first, each once; `most` at most. A log that was just rotated goes on in
/// PATH.1.
std::vector<Logged> last_requests(const std::string& path, std::size_t most);

}  // namespace bext::takeover
