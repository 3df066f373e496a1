// VirtualHosts: nginx's precedence of server names: exact, longest leading wildcard, longest trailing one, first regex.
#include "base/text.h"
#include "http/site.h"

namespace bext::http {

std::optional<std::string> VirtualHosts::finish(const std::function<void(std::string)>& warn, const std::string& address,
                                                const conf::HashLimits& limits) {
    std::vector<std::string_view> names;
    bool alone = servers_.size() == 1;  // it is the default: its names are not looked up, but for regex captures
    for (auto* server : servers_) {
        for (auto& name : server->names) {
            if (name.regex) {
                regexes_.emplace_back(name.regex.get(), server);
                continue;
            }
            if (alone) continue;
            std::string_view text = name.text;
            names.push_back(text);
            bool added = true;
            if (text.starts_with("*.")) {
                added = head_.emplace(text.substr(2), server).second;
            } else if (text.starts_with(".")) {  // the name itself and everything below it
                added = exact_.emplace(text.substr(1), server).second;
                head_.emplace(text.substr(1), server);
            } else if (text.ends_with(".*")) {
                added = tail_.emplace(text.substr(0, text.size() - 2), server).second;
            } else {
                added = exact_.emplace(text, server).second;
            }
            if (!added) warn(cat({"conflicting server name \"", text, "\" on ", address, ", ignored"}));
        }
    }
    auto bad = names.empty() ? conf::ok() : conf::check_wildcard_hash(limits, names, warn);
    return bad ? std::optional(bad->text) : std::nullopt;
}

VirtualHosts::Found VirtualHosts::find(std::string_view host) const {
    if (host.empty() && exact_.find(host) == exact_.end()) return {default_server, nullptr, 0};
    if (auto at = exact_.find(host); at != exact_.end()) return {at->second, nullptr, 0};
    if (!head_.empty())
        for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
            if (auto at = head_.find(host.substr(dot + 1)); at != head_.end() && dot > 0) return {at->second, nullptr, 0};
    if (!tail_.empty())
        for (auto dot = host.rfind('.'); dot != std::string_view::npos && dot > 0; dot = host.rfind('.', dot - 1))
            if (auto at = tail_.find(host.substr(0, dot)); at != tail_.end()) return {at->second, nullptr, 0};
    for (auto& [regex, server] : regexes_)
        if (int rc = regex->test(host)) return rc > 0 ? Found{server, regex, 0} : Found{default_server, regex, rc};
    return {default_server, nullptr, 0};
}

}  // namespace bext::http
