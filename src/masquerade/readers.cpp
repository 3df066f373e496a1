#include "masquerade/readers.h"

#include <stdio.h>

#include <algorithm>
#include <regex>

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

namespace {

/// Directives and braces of a configuration that is known to be good, as far as finding status pages needs them.
class Words {
public:
    explicit Words(std::string_view text) : text_(text) {}

    /// The words up to ';', '{' or '}', which is the result; 0 at the end.
    char next(std::vector<std::string>& words) {
        words.clear();
        while (at_ < text_.size()) {
            char c = text_[at_];
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == ';' || c == '{' || c == '}') {
                ++at_;
                return c;
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                ++at_;
            } else {
                words.push_back(word());
            }
        }
        return 0;
    }

private:
    std::string word() {
        std::string out;
        char quote = text_[at_] == '"' || text_[at_] == '\'' ? text_[at_++] : '\0';
        for (; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '\\' && at_ + 1 < text_.size()) {
                out += text_[++at_];
            } else if (quote ? c == quote : std::string_view(" \t\r\n;{").find(c) != std::string_view::npos && !(c == '{' && out.ends_with('$'))) {
                at_ += quote != '\0';
                break;
            } else {
                out += c;
            }
        }
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// What a server {} has said of where it is, and the paths of its status pages.
struct Around {
    bool listens = false, reachable = false;
    StatusPage page;
    std::vector<std::string> paths;

    void take_listen(const std::vector<std::string>& words) {
        listens = true;
        bool other = words.size() < 2 || words[1].starts_with("unix:");
        for (auto& word : words) other |= word == "ssl" || word == "quic";
        if (other || reachable) return;
        reachable = true;
        auto& text = words[1];
        auto colon = text.rfind(':');
        if (colon != std::string::npos && text.find(']', colon) == std::string::npos) {
            page.address = text.substr(0, colon);
            page.port = text.substr(colon + 1);
        } else if (text.find_first_not_of("0123456789") == std::string::npos) {
            page.port = text;
        } else {
            page.address = text;
        }
        if (page.address.starts_with('[')) page.address = page.address.substr(1, page.address.size() - 2);
        if (page.address == "*" || page.address == "0.0.0.0" || page.address.empty()) page.address = "127.0.0.1";
        if (page.address == "::") page.address = "::1";
    }

    void take_names(const std::vector<std::string>& words) {
        for (std::size_t i = 1; i < words.size() && page.host.empty(); ++i)
            if (words[i].find_first_of("*~") == std::string::npos && !words[i].starts_with('.')) page.host = words[i];
    }

    void add_to(std::vector<StatusPage>& all) {
        if (listens && !reachable) return;
        for (auto& path : paths) {
            page.path = path;
            all.push_back(page);
        }
    }
};

/// The path that leads into a location, "" when its words do not say.
std::string path_of(const std::vector<std::string>& words) {
    if (words.size() == 2 && words[1].starts_with('/')) return words[1];
    return words.size() == 3 && (words[1] == "=" || words[1] == "^~") ? words[2] : std::string();
}

}  // namespace

std::vector<StatusPage> status_pages(std::string_view dump) {
    std::vector<StatusPage> pages;
    std::vector<std::string> words, blocks, locations;
    Around server;
    Words text(dump);
    while (char end = text.next(words)) {
        if (end == '}') {
            if (blocks.empty()) continue;
            if (blocks.back() == "location") locations.pop_back();
            if (blocks.back() == "server") server.add_to(pages);
            blocks.pop_back();
        } else if (end == '{') {
            auto name = words.empty() ? std::string() : words.front();
            if (name == "server") server = {};
            if (name == "location") locations.push_back(path_of(words));
            blocks.push_back(std::move(name));
        } else if (!words.empty()) {
            if (words.front() == "listen") server.take_listen(words);
            if (words.front() == "server_name") server.take_names(words);
            auto path = locations.empty() ? std::string("/") : locations.back();
            if (words.front() == "stub_status" && !path.empty()) server.paths.push_back(path);
        }
    }
    return pages;
}

}  // namespace bext::masquerade
