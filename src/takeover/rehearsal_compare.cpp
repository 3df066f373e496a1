#include "takeover/rehearsal_compare.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/digest.h"
#include "base/text.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kShownValue = 80;
constexpr std::string_view kLength = "header content-length", kFraming = "framing: ";
constexpr std::string_view kIgnored[] = {"connection", "keep-alive", "transfer-encoding", "server", "date", "age"};

/// https://www.rfc-editor.org/rfc/rfc9112#section-7.1; what comes before it breaks off is kept.
std::string without_chunks(std::string_view bytes) {
    std::string out;
    while (true) {
        auto end = bytes.find("\r\n");
        if (end == bytes.npos) return out;
        auto size = parse_hex(bytes.substr(0, std::min(end, bytes.find(';'))));
        if (!size || *size == 0) return out;
        bytes.remove_prefix(end + 2);
        out += bytes.substr(0, *size);
        if (bytes.size() < *size + 2) return out;
        bytes.remove_prefix(*size + 2);
    }
}

/// For a report: short, and nothing that a terminal or JSON could stumble over.
std::string shown(std::string_view value) {
    std::string out(value.substr(0, kShownValue));
    for (char& c : out)
        if (c < ' ' || c > '~') c = '?';
    return out + (value.size() > kShownValue ? "..." : "");
}

std::string name_of_cookie(std::string_view value) { return std::string(trim(value.substr(0, value.find('=')))); }

std::string digest_of(std::string_view body) {
    Digest digest(Digest::Kind::kSha1);
    auto raw = digest.add(body).finish();
    std::string text = std::to_string(body.size()) + " bytes, sha1 ";
    char byte[3];
    for (std::size_t i = 0; i < 4; ++i) {
        snprintf(byte, sizeof byte, "%02x", static_cast<unsigned char>(raw[i]));
        text += byte;
    }
    return text;
}

using Facts = std::map<std::string, std::string>;

const std::string* find(const Facts& facts, const std::string& name) {
    auto at = facts.find(name);
    return at == facts.end() ? nullptr : &at->second;
}

/// Whether all of nginx's answers say the same of `name`: in value, or at least in its presence.
struct Steady {
    bool value = true, presence = true;
    const std::string* first = nullptr;
};

Steady steady(const std::vector<Facts>& all, const std::string& name) {
    Steady result;
    result.first = find(all.front(), name);
    for (auto& facts : all) {
        auto* other = find(facts, name);
        if (!other != !result.first) result.value = result.presence = false;
        else if (other && *other != *result.first) result.value = false;
    }
    return result;
}

std::vector<std::string> compare(const std::vector<Facts>& nginx, const Facts& bext) {
    std::set<std::string> names;
    for (auto& facts : nginx)
        for (auto& [name, value] : facts) names.insert(name);
    for (auto& [name, value] : bext) names.insert(name);
    std::vector<std::string> found;
    for (auto& name : names) {
        auto expected = steady(nginx, name);
        if (!expected.presence) continue;
        auto* now = find(bext, name);
        if (!now == !expected.first && (!now || !expected.value || *now == *expected.first)) continue;
        if (name == kLength && !now != !expected.first) {  // the body, which is compared, is as long either way
            auto how = [](const std::string* length) { return length ? "a length" : "chunks or the end of the connection"; };
            found.push_back(cat({kFraming, "nginx ", how(expected.first), ", bext ", how(now)}));
            continue;
        }
        auto text = [](const std::string* value) { return value ? shown(*value) : std::string("has none"); };
        auto line = name + ": nginx " + text(expected.first) + ", bext " + text(now);
        found.insert(name == "status" ? found.begin() : found.end(), std::move(line));
    }
    return found;
}

}  // namespace

Reply Reply::parse(std::string_view bytes, bool head_only) {
    Reply reply;
    auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos || !bytes.starts_with("HTTP/1.") || bytes.size() < 12) return reply;
    reply.status = static_cast<int>(parse_decimal(bytes.substr(9, 3)).value_or(0));
    if (reply.status >= 100 && reply.status < 200 && reply.status != 101) return parse(bytes.substr(end + 4), head_only);
    bool chunked = false;
    auto lines = split(bytes.substr(0, end), '\n');
    for (auto line : std::vector<std::string_view>(lines.begin() + 1, lines.end())) {
        auto colon = line.find(':');
        if (colon == line.npos) continue;
        reply.fields.emplace_back(lower(line.substr(0, colon)), trim(line.substr(colon + 1), " \t\r"));
        chunked |= reply.fields.back().first == "transfer-encoding" && iequals(reply.fields.back().second, "chunked");
    }
    if (!head_only) reply.body = chunked ? without_chunks(bytes.substr(end + 4)) : std::string(bytes.substr(end + 4));
    return reply;
}

std::map<std::string, std::string> facts_of(const Reply& reply) {
    Facts facts{{"status", reply.status ? std::to_string(reply.status) : "none"}, {"body", digest_of(reply.body)}};
    for (auto& [name, value] : reply.fields) {
        if (std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored)) continue;
        auto& all = facts["header " + name];
        if (!all.empty()) all += ", ";
        all += name == "set-cookie" ? name_of_cookie(value) : value;
    }
    return facts;
}

std::vector<std::string> differences(const std::vector<Reply>& nginx, const std::vector<Reply>& bext) {
    std::vector<Facts> expected;
    for (auto& reply : nginx) expected.push_back(facts_of(reply));
    std::vector<std::string> found;
    for (auto& reply : bext) {
        found = compare(expected, facts_of(reply));
        if (found.empty()) break;
    }
    return found;
}

bool only_framing(const std::vector<std::string>& differences) {
    return !differences.empty() && std::all_of(differences.begin(), differences.end(), [](auto& one) { return one.starts_with(kFraming); });
}

std::string percent_text(std::size_t part, std::size_t whole) {
    auto tenths = whole ? part * 1000 / whole : 1000;
    return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "");
}

}  // namespace bext::takeover
