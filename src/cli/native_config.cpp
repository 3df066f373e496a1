#include "cli/native_config.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <vector>

#include "base/text.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace bext::cli {
namespace {

constexpr std::uint64_t kLongestDrainMs = 24 * 3'600'000;

/// A key of a section: `take` says whether the value is `allowed`.
struct Key {
    std::string_view name;
    std::string_view allowed;
    std::function<bool(const toml::node&, NativeConfig&)> take;
};

struct Section {
    std::string_view name;
    std::vector<Key> keys;
};

bool take_text(const toml::node& node, std::string& to) {
    auto text = node.value_exact<std::string>();
    if (text) to = *text;
    return text && !text->empty() && text->find('\0') == std::string::npos;
}

bool take_bool(const toml::node& node, bool& to) {
    auto value = node.value_exact<bool>();
    if (value) to = *value;
    return value.has_value();
}

bool take_version(const toml::node& node, std::optional<NginxVersion>& to) {
    auto text = node.value_exact<std::string>();
    to = text && !text->starts_with("nginx/") ? NginxVersion::parse(*text) : std::nullopt;
    if (!to || *to < kOldestNginx || *to > NginxVersion{kNewestNginx.major, kNewestNginx.minor, NginxVersion::kLast}) return false;
    to = followed(*to);
    return true;
}

/// "30s", "500ms", "2m" or "1h" in milliseconds.
std::optional<std::uint64_t> duration_ms(std::string_view text) {
    auto unit = text.find_first_not_of("0123456789");
    if (unit == 0 || unit == std::string_view::npos) return {};
    auto number = parse_decimal(text.substr(0, unit), kLongestDrainMs);
    if (!number) return {};
    for (auto [name, ms] : {std::pair("ms", 1u), std::pair("s", 1000u), std::pair("m", 60'000u), std::pair("h", 3'600'000u)})
        if (text.substr(unit) == name) return static_cast<std::uint64_t>(*number) * ms;
    return {};
}

bool take_duration(const toml::node& node, std::uint32_t& to) {
    std::optional<std::uint64_t> ms;
    if (auto seconds = node.value_exact<std::int64_t>(); seconds && *seconds >= 0 && *seconds <= 86'400)
        ms = static_cast<std::uint64_t>(*seconds) * 1000;
    if (auto text = node.value_exact<std::string>()) ms = duration_ms(*text);
    if (ms) to = static_cast<std::uint32_t>(std::min(*ms, kLongestDrainMs));
    return ms && *ms <= kLongestDrainMs;
}

/// "127.0.0.1:8090" or "[::1]:8090": nobody else can reach it.
bool is_loopback(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    auto port = parse_decimal(text.substr(colon + 1), 65'535);
    std::string host(text.substr(0, colon));
    in_addr four{};
    bool local = host == "[::1]" || (inet_pton(AF_INET, host.c_str(), &four) == 1 && ntohl(four.s_addr) >> 24 == 127);
    return local && port && *port > 0;
}

const std::vector<Section>& sections() {
    static const std::vector<Section> all = {
        {"nginx",
         {{"config", "the path of an nginx.conf, from / on",
           [](const toml::node& node, NativeConfig& to) { return take_text(node, to.nginx_config) && to.nginx_config[0] == '/'; }},
          {"compatible", "the version of the nginx whose defaults hold, from \"1.18\" to \"1.31\", such as \"1.22\", or \"newest\"",
           [](const toml::node& node, NativeConfig& to) { return take_version(node, to.compatible); }}}},
        {"tls",
         {{"watch_certificates", "true or false", [](const toml::node& node, NativeConfig& to) { return take_bool(node, to.watch_certificates.emplace()); }}}},
        {"upgrade",
         {{"drain_timeout", "seconds (30) or a time (\"500ms\", \"30s\", \"2m\", \"1h\"), a day at most",
           [](const toml::node& node, NativeConfig& to) { return take_duration(node, to.drain_timeout_ms); }}}},
        {"git_deploy",
         {{"enabled", "true or false", [](const toml::node& node, NativeConfig& to) { return take_bool(node, to.git_deploy.enabled); }},
          {"secret", "the webhook's secret, a text", [](const toml::node& node, NativeConfig& to) { return take_text(node, to.git_deploy.secret); }},
          {"on_push", "a line for the shell", [](const toml::node& node, NativeConfig& to) { return take_text(node, to.git_deploy.on_push); }},
          {"listen", "a loopback address and a port, such as \"127.0.0.1:8090\"",
           [](const toml::node& node, NativeConfig& to) { return take_text(node, to.git_deploy.listen) && is_loopback(to.git_deploy.listen); }}}},
    };
    return all;
}

template <class Named>
const Named* find(const std::vector<Named>& all, std::string_view name) {
    for (auto& one : all)
        if (one.name == name) return &one;
    return nullptr;
}

template <class Named>
std::string names(const std::vector<Named>& all) {
    std::string text;
    for (auto& one : all) text += (text.empty() ? "" : ", ") + std::string(one.name);
    return text;
}

Error error_at(const std::string& path, const toml::source_region& where, const std::string& text) {
    return Error{path + ":" + std::to_string(where.begin.line) + ": " + text};
}

Result<> read_section(const Section& section, const toml::table& table, const std::string& path, NativeConfig& to) {
    for (auto&& [name, node] : table) {
        auto* key = find(section.keys, name.str());
        if (!key)
            return error_at(path, name.source(), cat({"[", section.name, "] has no key \"", name.str(), "\"; it has: ", names(section.keys)}));
        if (!key->take(node, to)) return error_at(path, node.source(), cat({"[", section.name, "] ", name.str(), " takes ", key->allowed}));
    }
    return {};
}

/// What an enabled [git_deploy] cannot do without.
Result<> check_git_deploy(const toml::table& table, const std::string& path, const GitDeploy& git_deploy) {
    if (!git_deploy.enabled) return {};
    for (auto [name, value] : {std::pair("secret", &git_deploy.secret), std::pair("on_push", &git_deploy.on_push)})
        if (value->empty()) return error_at(path, table.source(), cat({"[git_deploy] is enabled and needs \"", name, "\""}));
    return {};
}

}  // namespace

std::string native_config_path() {
    auto* named = getenv("BEXT_CONFIG");
    return named && *named ? named : kNativeConfigPath;
}

Result<NativeConfig> parse_native_config(std::string_view text, const std::string& path) {
    NativeConfig config;
    auto parsed = toml::parse(text, path);
    if (!parsed) return error_at(path, parsed.error().source(), std::string(parsed.error().description()));
    for (auto&& [name, node] : parsed.table()) {
        auto* section = find(sections(), name.str());
        if (!section) return error_at(path, name.source(), cat({"there is no \"", name.str(), "\"; there are the sections: ", names(sections())}));
        auto* table = node.as_table();
        if (!table) return error_at(path, node.source(), cat({"\"", name.str(), "\" is a section: write [", name.str(), "]"}));
        if (auto read = read_section(*section, *table, path, config); !read) return read.error();
        if (section->name == "git_deploy")
            if (auto checked = check_git_deploy(*table, path, config.git_deploy); !checked) return checked.error();
    }
    return config;
}

Result<NativeConfig> read_native_config(const std::string& path) {
    std::ifstream in(path);
    if (!in) return Error::from_errno("open() \"" + path + "\"");
    std::stringstream text;
    text << in.rdbuf();
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return Error{"\"" + path + "\" is no file"};
    auto config = parse_native_config(text.str(), path);
    if (config && config->git_deploy.enabled && (file.st_mode & S_IROTH))
        return Error{path + ": everybody can read the secret of [git_deploy] in it; chmod 600 it"};
    return config;
}

Result<NativeConfig> usable_native_config() {
    auto path = native_config_path();
    if (::access(path.c_str(), R_OK) != 0 && (errno == EACCES || path == kNativeConfigPath)) return NativeConfig();
    return read_native_config(path);
}

}  // namespace bext::cli
