#include "base/nginx_version.h"

#include "base/text.h"

namespace bext {

std::optional<NginxVersion> NginxVersion::parse(std::string_view text) {
    if (text == "newest") return kNewestNginx;
    if (text.starts_with("nginx/")) text.remove_prefix(6);
    text = text.substr(0, text.find_first_of(" \r\n"));
    int parts[3] = {0, 0, kLast};
    std::size_t count = 0;
    for (auto word : split(text, '.')) {
        auto number = parse_decimal(word, kLast - 1);
        if (!number || count == 3) return std::nullopt;
        parts[count++] = static_cast<int>(*number);
    }
    if (count < 2) return std::nullopt;
    return NginxVersion{parts[0], parts[1], parts[2]};
}

std::string NginxVersion::text() const {
    auto out = std::to_string(major) + "." + std::to_string(minor);
    return patch == kLast ? out : out + "." + std::to_string(patch);
}

}  // namespace bext
