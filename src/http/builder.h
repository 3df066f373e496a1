// Builder: reads the http block into a Site: servers, locations, variables, listens. Modules' setters reach it through
// Cursor::owner<Builder>().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/reader.h"
#include "http/site.h"
#include "net/names.h"

namespace bext::http {

class Builder {
public:
    Builder(std::shared_ptr<Site> site, net::Names& names) : site(std::move(site)), names(names) {}

    std::shared_ptr<Site> site;
    net::Names& names;  // the addresses of host names; nothing here asks the system itself
    Server* server = nullptr;      // being read
    Location* location = nullptr;  // being read; null at http and server level
    bool http_seen = false;

    /// The number of a variable, defined or not yet.
    std::uint32_t variable(std::string_view name);
    /// Defines `$name` by a function (map, set, geo …). An error when a built-in of that name cannot be changed.
    Result<Site::VariableSlot*> define(std::string_view name, std::function<std::optional<std::string_view>(Request&)> get,
                                       bool cached = true);
    /// A regular expression, written at `at`, whose named groups become variables.
    Result<std::shared_ptr<const Regex>> regex(const conf::Cursor& at, const std::string& pattern, bool ignore_case);

    /// The handler of the location being read (proxy_pass, stub_status …).
    void set_content(Hook hook) {
        if (location) location->content = hook;
    }
    /// A nested location without a name: `if`, `limit_except`. Reads its block in `context`.
    conf::Status read_unnamed(conf::Cursor& at, Location::Kind kind, std::uint32_t context, Location*& out);

    /// The log file of that path, one object for all who write to it.
    std::shared_ptr<LogFile> log_file(const std::string& path);
    /// Adds the destination of an `error_log` directive.
    conf::Status error_log(conf::Cursor& at, Log& log);

    /// What stands in for directives that were not given.
    struct Defaults {
        std::string access_log = "/var/log/nginx/access.log";
        std::string temp = "/var/lib/nginx/";  // + "body", "proxy" …; with -p: PREFIX + "client_body_temp" …
        bool debian = true;
        bool privileged = true;  // who listens is root: a server without listen has port 80, else 8000
    } defaults;
    /// A directory for temporary files: `name` as in Debian's layout ("body"), `prefixed` as below a -p prefix.
    std::string temp_directory(std::string_view name, std::string_view prefixed);

    /// Reads `…_temp_path`: a directory and up to three levels below it.
    conf::Status temp_path(conf::Cursor& at, conf::Setting<std::string>& out);

    /// Data shared by name across the modules of this Site.
    template <class T>
    std::shared_ptr<T> shared(const std::string& key) {
        auto& slot = site->shared[key];
        if (!slot) slot = std::make_shared<T>();
        return std::static_pointer_cast<T>(slot);
    }
    template <class T>
    std::shared_ptr<T> find_shared(const std::string& key) const {
        auto at = site->shared.find(key);
        return at == site->shared.end() ? nullptr : std::static_pointer_cast<T>(at->second);
    }

    conf::Status http_block(conf::Cursor& at);
    conf::Status server_block(conf::Cursor& at);
    conf::Status location_block(conf::Cursor& at);
    conf::Status listen(conf::Cursor& at);
    conf::Status server_name(conf::Cursor& at);

    /// Checks that nginx makes after "syntax is ok": each returns an error text or nothing.
    std::vector<std::function<std::optional<std::string>()>> late_checks;

    /// Whether any directive of that record was given.
    std::function<bool(const conf::Record&)> used;

private:
    /// What servers said of an address's protocols so far, to warn when they contradict each other.
    struct Protocols {
        unsigned now = 0;
        bool set = false, changed = false;
        bool redefined(unsigned said, unsigned before, bool options_now, bool options_before);
    };
    conf::Status place_location(Location& location);
    conf::Status name_location(conf::Cursor& at, Location& location);
    conf::Status add_listen(conf::Cursor& at, Server& server, const net::Address& address, ListenOptions options);
    /// When the http block closes: inheritance, checks of the whole, in nginx's order.
    conf::Status finish_http(conf::Cursor& at, conf::Block& defaults);
    conf::Status finish_records(conf::Cursor& at, conf::Block& defaults);
    conf::Status finish_variables();
    conf::Status finish_listens(conf::Cursor& at);
    conf::Status finish_locations(Locations& locations);
    void collect_hooks();
    bool define_builtin(Site::VariableSlot& slot);

    struct TempPath {
        std::string path, place;
        std::vector<std::uint64_t> levels;
    };
    std::vector<TempPath> temp_paths_;
    std::vector<Protocols> protocols_;  // of each of site->listens
    bool listen_given_ = false;         // in the server being read
    std::vector<Location*> all_locations_;
};

}  // namespace bext::http
