// Site: everything that a configuration says about HTTP, immutable once built. A request runs to its end on the Site it
// began with (docs/adr/0003-reload-in-place.md).
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/nginx_version.h"
#include "base/series.h"
#include "base/text.h"
#include "conf/block.h"
#include "conf/hash_limits.h"
#include "http/module.h"
#include "http/regex.h"
#include "net/address.h"

namespace bext::http {

struct Location;

/// The locations of one level: a server's, or those nested in a location.
struct Locations {
    struct Static {
        std::string_view name;
        Location* exact = nullptr;
        Location* prefix = nullptr;
        std::int32_t shorter = -1;  // the longest other name that begins this one
    };
    std::vector<Static> statics;  // sorted by name
    std::vector<Location*> regexes;

    bool empty() const { return statics.empty() && regexes.empty(); }
    /// Sorts what was added, joins the two kinds of one name and links each name to its longest prefix. The location that
    /// is there twice, or null.
    const Location* finish();
};

struct Location {
    enum class Kind : std::uint8_t { kServer, kExact, kPrefix, kNoRegex, kRegex, kNamed, kIf, kLimitExcept };
    Kind kind = Kind::kPrefix;
    std::string_view name, place;  // place: " in FILE:LINE"
    std::shared_ptr<const Regex> regex;
    conf::Block* block = nullptr;
    void* const* records = nullptr;
    Hook content;
    bool auto_redirect = false;  // "/dir" is redirected to this location "/dir/"
    std::string_view upstream_name;  // for proxy_pass with auto_redirect etc.
    std::unique_ptr<Locations> inner;
    Location* outer = nullptr;
    Location* limit_except = nullptr;  // the block for all other methods
    std::uint32_t limit_methods = 0;   // bits of Method that are not limited
    SeriesTable::Row series = SeriesTable::other(SeriesKind::kLocation);  // where its requests are counted
};

struct ServerName {
    std::string text;  // as written, lower case
    std::shared_ptr<const Regex> regex;
};

struct Server {
    std::vector<ServerName> names;
    conf::Block* block = nullptr;
    Location root;  // the server level itself, as a location without a name
    Locations locations;
    std::unordered_map<std::string_view, Location*> named;
    std::string place;  // " in FILE:LINE"
    SeriesTable::Row series = SeriesTable::other(SeriesKind::kServer);  // where its requests are counted
    /// The first name ($server_name), empty when none.
    std::string_view name() const { return name_text; }
    std::string name_text;
};

/// Options of a `listen`.
struct ListenOptions {
    bool set = false;  // anything that makes bind() and listen() differ was given here
    bool bind = false, is_default = false, ssl = false, http2 = false, quic = false, proxy_protocol = false;
    bool reuseport = false, deferred = false, ipv6only = true, wildcard = false;
    int backlog = 511, receive_buffer = -1, send_buffer = -1, fastopen = -1;
    enum class KeepAlive : std::uint8_t { kSystem, kOn, kOff } keepalive = KeepAlive::kSystem;
    int keepalive_idle = 0, keepalive_interval = 0, keepalive_count = 0;
};

/// The servers that share one address and port, found by the request's host.
class VirtualHosts {
public:
    struct Found {
        const Server* server = nullptr;
        const Regex* regex = nullptr;  // whose captures are to be set
        int failure = 0;               // of that expression: nobody knows which server is meant, the connection ends
    };
    void add(Server& server) { servers_.push_back(&server); }
    /// Builds the tables; warns of names that occur twice. An error of nginx's hash of names, which has those limits.
    std::optional<std::string> finish(const std::function<void(std::string)>& warn, const std::string& address,
                                      const conf::HashLimits& limits);
    /// The server for a lower-case host; the default when none matches.
    Found find(std::string_view host) const;

    Server* default_server = nullptr;
    const std::vector<Server*>& servers() const { return servers_; }

private:
    using Table = std::unordered_map<std::string_view, Server*>;
    std::vector<Server*> servers_;
    Table exact_, head_, tail_;
    std::vector<std::pair<const Regex*, Server*>> regexes_;
};

/// One address and port of `listen` directives.
struct Listen {
    net::Address address;
    ListenOptions options;
    VirtualHosts hosts;
    bool bound = true;           // has a socket of its own (else a wildcard's socket receives for it)
    std::vector<Listen*> covers;  // of a wildcard: the addresses it receives for
};

class Site {
public:
    Site() = default;
    Site(const Site&) = delete;

    Arena arena;
    conf::Block* main = nullptr;
    std::vector<std::unique_ptr<Server>> servers;
    std::vector<std::unique_ptr<Listen>> listens;

    /// Hooks of the modules that the configuration uses, by phase, in their order.
    enum Phase { kPostRead, kServerRewrite, kRewrite, kPreaccess, kAccess, kPrecontent, kContent, kPhases };
    std::array<std::vector<const Hook*>, kPhases> hooks;
    std::vector<std::optional<int> (*)(Request&)> header_filters;
    std::vector<void (*)(Request&)> loggers;

    struct VariableSlot {
        std::string name;
        std::function<std::optional<std::string_view>(Request&)> get;
        bool cached = true;
        bool defined = false;
        void (*set)(Request&, std::string_view) = nullptr;
        bool changeable = false;
        std::string place;  // of the first use, for "unknown variable"
    };
    std::vector<VariableSlot> variables;
    std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> variable_numbers;

    /// Every log file that is written; the supervisor opens them.
    std::vector<std::shared_ptr<LogFile>> log_files;
    /// Directories for temporary files; the supervisor makes them.
    std::vector<std::string> temp_directories;
    std::shared_ptr<Log> error_log;  // of the main level
    NginxVersion nginx = kNewestNginx;  // whose defaults and behaviour this site has
    std::uint64_t generation = 0;
    std::uint32_t close_after_reload_ms = 0;  // worker_shutdown_timeout; 0: a reload closes nothing

    /// The listen of the same address as one of an earlier Site; null when it is gone.
    const Listen* listen_like(const Listen& other) const {
        for (auto& l : listens)
            if (l.get() == &other || l->address == other.address) return l.get();
        return nullptr;
    }

    /// Module data that lives as long as the Site (zones, upstreams), by key.
    std::map<std::string, std::shared_ptr<void>, std::less<>> shared;
};

/// The location for `uri` below `level`; what ngx_http_core_find_location answers.
struct Routed {
    Location* location = nullptr;
    bool slash_missing = false;  // redirect to the name with its slash
};
class Request;
Routed find_location(const Locations& level, Request& request);

}  // namespace bext::http
