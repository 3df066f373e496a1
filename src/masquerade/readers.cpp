#include "masquerade/readers.h"

#include <stdio.h>

#include <regex>
#include <utility>

#include "base/text.h"

namespace bext::masquerade {

std::optional<std::string> version_read(const std::string& text) {
    std::smatch found;
    if (!std::regex_search(text, found, std::regex("nginx version: ([^/]+)/([0-9\\.]*)"))) return std::nullopt;
    auto version = found[2].str();
    if (found[1] != "nginx" || version.empty()) return std::nullopt;
    return version;
}

std::string missing_in_configure(const std::string& text) {
    if (!version_read(text)) return "nginx version: nginx/X.Y.Z";
    for (std::string wanted : {"TLS SNI support enabled", " --with-http_ssl_module"})
        if (text.find(wanted) == std::string::npos) return wanted;
    if (!std::regex_search(text, std::regex("(running|built) with OpenSSL ([^ ]+) "))) return "built with OpenSSL X";
    return {};
}

std::string unread_status(const std::string& body) {
    std::regex netdata("^Active connections: ([0-9]+) ?\\n[^\\d]+([0-9]+) ([0-9]+) ([0-9]+) ?([0-9]+)? ?\\n"
                       "Reading: ([0-9]+) Writing: ([0-9]+) Waiting: ([0-9]+)");
    std::regex munin("\\n\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)");
    long n[7];
    int read = sscanf(body.c_str(), "Active connections: %ld \nserver accepts handled requests\n %ld %ld %ld \nReading: %ld Writing: %ld Waiting: %ld",
                      n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6);
    if (!std::regex_search(body, netdata)) return "netdata";
    if (!std::regex_search(body, munin)) return "munin";
    return read == 7 ? "" : "nginx-prometheus-exporter";
}

std::vector<std::string> status_locations(std::string_view dump) {
    std::vector<std::string> paths;
    std::string location;
    for (auto line : split(dump, '\n')) {
        line = trim(line.substr(0, line.find('#')));
        std::string text(line);
        std::smatch found;
        if (std::regex_search(text, found, std::regex("(^|[ {;])location\\s+(=\\s+|\\^~\\s+)?(/[^ {]*)\\s*\\{"))) location = found[3].str();
        if (!location.empty() && std::regex_search(text, std::regex("(^|[ {;])stub_status(\\s+on)?\\s*;"))) paths.push_back(std::exchange(location, {}));
    }
    return paths;
}

}  // namespace bext::masquerade
