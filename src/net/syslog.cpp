#include "net/syslog.h"

#include <unistd.h>

#include "base/text.h"
#include "net/address.h"

namespace bext::net {
namespace {

constexpr std::string_view kFacilities[] = {"kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news",
                                            "uucp", "clock", "authpriv", "ftp", "ntp", "audit", "alert", "cron",
                                            "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::string_view kSeverities[] = {"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};

template <std::size_t N>
int find(const std::string_view (&names)[N], std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<int>(i);
    return -1;
}

Result<Address> server_address(std::string_view text, Names& names) {
    auto failed = [&](std::string_view why) { return Error{cat({why, " in syslog server \"", text, "\""})}; };
    if (text.starts_with("unix:")) {
        auto address = Address::unix_path(text.substr(5));
        if (!address) return failed(address.error().text);
        return *address;
    }
    auto closing = text.starts_with('[') ? text.find(']') : 0;
    if (closing == text.npos || text.find_first_of("/?", closing) != text.npos) return failed("invalid host");
    std::uint16_t port = 514;
    auto host = text;
    auto colon = text.rfind(':');
    if (colon != std::string_view::npos && (text[0] != '[' || colon > text.find(']'))) {
        auto number = parse_decimal(text.substr(colon + 1), 65535);
        if (!number || *number == 0) return failed("invalid port");
        port = static_cast<std::uint16_t>(*number);
        host = text.substr(0, colon);
    }
    if (host.empty()) return failed("no host");
    if (host[0] == '[') {
        auto address = Address::bracketed(host, port);
        if (!address) return failed(host == "[]" ? "no host" : "invalid IPv6 address");
        return *address;
    }
    auto found = names.addresses(std::string(host), port);
    if (!found) return failed(found.error().text);
    return found->front();
}

/// The words so far; -1 and empty: not given.
struct Options {
    std::string server, tag;
    int facility = -1, severity = -1;
    bool with_hostname = true;

    Result<> take(std::string_view word, Names& names);
};

Result<> Options::take(std::string_view word, Names& names) {
    if (word.starts_with("server=")) {
        if (!server.empty()) return Error{"duplicate syslog \"server\""};
        auto address = server_address(word.substr(7), names);
        if (!address) return address.error();
        server.assign(reinterpret_cast<const char*>(address->raw()), address->size());
    } else if (word.starts_with("facility=")) {
        if (facility >= 0) return Error{"duplicate syslog \"facility\""};
        facility = find(kFacilities, word.substr(9));
        if (facility < 0) return Error{cat({"unknown syslog facility \"", word.substr(9), "\""})};
    } else if (word.starts_with("severity=")) {
        if (severity >= 0) return Error{"duplicate syslog \"severity\""};
        severity = find(kSeverities, word.substr(9));
        if (severity < 0) return Error{cat({"unknown syslog severity \"", word.substr(9), "\""})};
    } else if (word.starts_with("tag=")) {
        if (!tag.empty()) return Error{"duplicate syslog \"tag\""};
        tag = word.substr(4);
        if (tag.size() > 32) return Error{"syslog tag length exceeds 32"};
        for (char c : tag)
            if (!is_digit(c) && c != '_' && (to_lower(c) < 'a' || to_lower(c) > 'z'))
                return Error{"syslog \"tag\" only allows alphanumeric characters and underscore"};
    } else if (word == "nohostname") {
        with_hostname = false;
    } else {
        return Error{cat({"unknown syslog parameter \"", word, "\""})};
    }
    return {};
}

}  // namespace

Result<SyslogPlace> parse_syslog(std::string_view text, Names& names) {
    Options options;
    for (auto word : split(text, ','))
        if (auto done = options.take(word, names); !done) return done.error();
    if (options.server.empty()) return Error{"no syslog server specified"};
    SyslogPlace place;
    place.address = options.server;
    if (options.facility >= 0) place.facility = options.facility;
    if (options.severity >= 0) place.severity = options.severity;
    if (!options.tag.empty()) place.tag = options.tag;
    char host[256] = "";
    if (options.with_hostname) ::gethostname(host, sizeof host - 1);
    place.host = host;
    return place;
}

}  // namespace bext::net
