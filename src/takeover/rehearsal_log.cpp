#include "takeover/rehearsal_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/fd.h"
#include "base/text.h"

namespace bext::takeover {
namespace {

constexpr off_t kMostOfLog = 1 << 20;  // of a log's end
constexpr std::size_t kLongestTarget = 4096;

/// What the log module has escaped: \xHH, and \" in logs that other servers wrote.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' && hex_digit(text[i + 2]) >= 0 && hex_digit(text[i + 3]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 2]) * 16 + hex_digit(text[i + 3]));
            i += 3;
        } else if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
            out += text[++i];
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The text up to the next quote, which `rest` is then behind.
std::string_view quoted(std::string_view& rest) {
    auto begin = rest.find('"');
    if (begin == rest.npos) return {};
    auto end = begin + 1;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    if (end >= rest.size()) return {};
    auto text = rest.substr(begin + 1, end - begin - 1);
    rest.remove_prefix(end + 1);
    return text;
}

bool can_be_sent(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

std::optional<Logged> parse_request(std::string_view text) {
    auto words = split(text, ' ');
    if (words.size() != 3 || !words[2].starts_with("HTTP/") || (words[0] != "GET" && words[0] != "HEAD")) return std::nullopt;
    Logged logged{std::string(words[0]), unescaped(words[1]), "", 0};
    if (!logged.target.starts_with('/') || logged.target.size() > kLongestTarget || !can_be_sent(logged.target)) return std::nullopt;
    return logged;
}

std::string end_of(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!fd || fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return "";
    auto from = std::max<off_t>(facts.st_size - kMostOfLog, 0);
    std::string text(static_cast<std::size_t>(facts.st_size - from), '\0');
    auto size = pread(fd.get(), text.data(), text.size(), from);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (from > 0) text.erase(0, std::min(text.find('\n'), text.size()));  // a line that begins before
    return text;
}

}  // namespace

std::optional<Logged> parse_log_line(std::string_view line) {
    auto rest = line;
    std::optional<Logged> logged;
    while (!logged) {
        auto before = rest.size();
        auto text = quoted(rest);
        if (rest.size() == before) return std::nullopt;
        logged = parse_request(text);
    }
    auto after = trim(rest);
    auto status = after.substr(0, after.find(' '));
    if (status.size() == 3) logged->status = static_cast<int>(parse_decimal(status).value_or(0));
    if (logged->status == 400 || logged->status == 408 || logged->status == 499) return std::nullopt;
    auto referer = unescaped(quoted(rest));
    if (referer.starts_with("http") && can_be_sent(referer) && referer.size() <= kLongestTarget) logged->referer = referer;
    return logged;
}

std::vector<Logged> last_requests(const std::string& path, std::size_t most) {
    std::vector<Logged> all;
    std::set<std::string> seen;
    for (auto& file : {path, path + ".1"}) {
        auto text = end_of(file);
        auto lines = split(text, '\n');
        for (auto line = lines.rbegin(); line != lines.rend() && all.size() < most; ++line) {
            auto logged = parse_log_line(*line);
            if (logged && seen.insert(logged->text()).second) all.push_back(*std::move(logged));
        }
    }
    return all;
}

}  // namespace bext::takeover
