// referer: $invalid_referer, whether the Referer field names none of the valid places.
// https://nginx.org/en/docs/http/ngx_http_referer_module.html
#include <algorithm>

#include "conf/hash_limits.h"
#include "http/builder.h"
#include "http/wildcards.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Referers {
    bool none = false, blocked = false, server_names = false;
    Wildcards hosts;                // each with its place in `paths`
    std::vector<std::string> paths;  // what the path must begin with
    std::vector<std::shared_ptr<const Regex>> patterns;
    std::vector<std::string> names;  // of the hosts

    bool empty() const { return hosts.empty() && !server_names && patterns.empty(); }
};

struct Conf {
    conf::Setting<std::shared_ptr<Referers>> valid;
    conf::Setting<std::int64_t> hash_max_size{2048}, hash_bucket_size{64};

    Status finish(const Conf&, Cursor& at) {
        auto* own = valid->get();
        if (own && (own->none || own->blocked) && own->hosts.empty() && !own->server_names)
            return conf::Refusal{"the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive "
                                 "without any valid referer",
                                 conf::Refusal::Kind::kComplete};
        if (!own || own->names.empty()) return conf::ok();
        std::vector<std::string_view> names(own->names.begin(), own->names.end());
        return conf::check_wildcard_hash(conf::hash_limits("referer_hash", hash_max_size, hash_bucket_size), names,
                                         [&](std::string text) { at.warn_plain(std::move(text)); });
    }
};

Status add_host(Referers& valid, const std::string& word) {
    auto slash = word.find('/');
    auto host = word.substr(0, slash);
    valid.paths.push_back(slash == std::string::npos ? "" : word.substr(slash));
    switch (valid.hosts.add(host, static_cast<std::uint32_t>(valid.paths.size() - 1), true)) {
        case Wildcards::Added::kYes: valid.names.push_back(lower(host)); return conf::ok();
        case Wildcards::Added::kInvalid: return conf::refuse(cat({"invalid hostname or wildcard \"", host, "\""}));
        case Wildcards::Added::kConflict: break;
    }
    return conf::refuse(cat({"conflicting parameter \"", host, "\""}));
}

Status valid_referers(Cursor& at, Conf& conf) {
    if (!conf.valid.is_set()) conf.valid.set(std::make_shared<Referers>());
    auto& valid = **conf.valid;
    for (std::size_t i = 1; i < at.count(); ++i) {
        auto& word = at.arg(i);
        if (word.empty()) return conf::refuse("invalid referer \"\"");
        if (word == "none") valid.none = true;
        else if (word == "blocked") valid.blocked = true;
        else if (word == "server_names") valid.server_names = true;
        else if (word[0] != '~') {
            if (auto bad = add_host(valid, word)) return bad;
        } else {
            if (word.size() == 1) return conf::refuse("empty regex in \"~\"");
            auto regex = Regex::compile(word.substr(1), true, at.place());
            if (!regex) return conf::refuse(regex.error().text);
            valid.patterns.push_back(*regex);
        }
    }
    return conf::ok();
}

/// Whether the host is one of the server's names, wildcards and regular expressions included.
bool is_server_name(Request& r, std::string_view host) {
    for (auto& name : r.server->names) {
        std::string_view text = name.text;
        if (name.regex ? r.test(*name.regex, host) : text == host) return true;
        if (name.regex) continue;
        if (text.starts_with('.') && (host.ends_with(text) || host == text.substr(1))) return true;
        if (text.starts_with("*.") && host.size() > text.size() - 1 && host.ends_with(text.substr(1))) return true;
        if (text.ends_with(".*") && host.size() > text.size() - 1 && host.starts_with(text.substr(0, text.size() - 1))) return true;
    }
    return false;
}

bool valid_place(Request& r, const Referers& valid, std::string_view place) {
    auto end = std::min(place.find_first_of("/:"), place.size());
    if (end > 256) return false;
    auto host = lower(place.substr(0, end));
    if (auto found = valid.hosts.find(host)) {
        auto slash = std::min(place.find('/', end), place.size());
        return place.substr(slash).starts_with(valid.paths[*found]);
    }
    if (valid.server_names && is_server_name(r, host)) return true;
    return std::any_of(valid.patterns.begin(), valid.patterns.end(), [&](auto& regex) { return r.test(*regex, place); });
}

std::optional<std::string_view> invalid_referer(Request& r, std::string_view) {
    auto* valid = r.conf<Conf>().valid->get();
    if (!valid || valid->empty()) return "";
    auto* given = r.in.find(Name::kReferer);
    if (!given) return valid->none ? "" : "1";
    constexpr std::size_t kShortest = 11;  // "http://i.ru"
    for (std::string_view scheme : {"http://", "https://"})
        if (given->value.size() >= kShortest && istarts_with(given->value, scheme))
            return valid_place(r, *valid, given->value.substr(scheme.size())) ? "" : "1";
    return valid->blocked ? "" : "1";
}

constexpr auto kWhere = conf::kServer | conf::kLocation;

constexpr conf::Directive kDirectives[] = {
    {"valid_referers", kWhere, conf::kOneOrMore, conf::call<valid_referers, &Conf::valid>},
    {"referer_hash_max_size", kWhere, conf::kOne, conf::into<&Conf::hash_max_size>},
    {"referer_hash_bucket_size", kWhere, conf::kOne, conf::into<&Conf::hash_bucket_size>},
};

constexpr Variable kVariables[] = {{.name = "invalid_referer", .get = invalid_referer, .changeable = true}};

}  // namespace

extern constinit const Module referer = {
    .name = "http_referer",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
};

}  // namespace bext::http
