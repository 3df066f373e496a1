// NativeConfig: /etc/bext/bext.config.toml, what bext can do that an nginx.conf has no words for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/nginx_version.h"
#include "base/result.h"

namespace bext::cli {

inline constexpr const char* kNativeConfigPath = "/etc/bext/bext.config.toml";

/// [git_deploy]: a command that a push to a repository runs.
struct GitDeploy {
    bool enabled = false;
    std::string secret;                     // the webhook's
    std::string on_push;                    // a line for sh
    std::string listen = "127.0.0.1:8090";  // a loopback address and a port
};

struct NativeConfig {
    std::string nginx_config;                  // [nginx] config; "": the default
    std::optional<NginxVersion> compatible;    // [nginx] compatible
    std::optional<bool> watch_certificates;    // [tls] watch_certificates
    std::uint32_t drain_timeout_ms = 30'000;   // [upgrade] drain_timeout
    GitDeploy git_deploy;
};

/// Where it is: what the environment's BEXT_CONFIG names, else the usual path.
std::string native_config_path();

/// Reads the file. Every key that is unknown or has a value of another kind is an error "FILE:LINE: …" that says what
/// is allowed.
Result<NativeConfig> read_native_config(const std::string& path);

/// What is at native_config_path(), for those who can do without: nothing when the usual file is not there, or may not be read
/// (`nginx -t` of a user).
Result<NativeConfig> usable_native_config();

/// The same of `text`; `path` is only what errors say.
Result<NativeConfig> parse_native_config(std::string_view text, const std::string& path);

}  // namespace bext::cli
