#include "cli/compatible.h"

#include <fstream>

#include "cli/native_config.h"

namespace bext::cli {
namespace {

std::optional<NginxVersion> recorded(const std::string& path) {
    std::string line;
    std::ifstream in(path);
    if (!std::getline(in, line)) return std::nullopt;
    auto version = NginxVersion::parse(line);
    return version ? std::optional(followed(*version)) : std::nullopt;
}

}  // namespace

Result<std::optional<NginxVersion>> configured_version() {
    auto config = usable_native_config();
    if (!config) return config.error();
    return config->compatible;
}

Result<Compatible> find_compatible(const Records& records) {
    auto configured = configured_version();
    if (!configured) return configured.error();
    if (*configured) return Compatible{**configured, "bext.config.toml"};
    if (auto version = recorded(records.masquerade)) return Compatible{*version, "masquerade"};
    if (auto version = recorded(records.takeover)) return Compatible{*version, "takeover"};
    return Compatible{};
}

std::string text_of(const Compatible& compatible) {
    auto text = "nginx " + compatible.version.text();
    if (compatible.from.empty()) return text;
    return text + (compatible.from == "bext.config.toml" ? ", as bext.config.toml says" : ", which " + compatible.from + " has found here");
}

}  // namespace bext::cli
