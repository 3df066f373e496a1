#include "http/listing.h"

#include <cstdio>

#include "base/text.h"
#include "http/dates.h"
#include "http/escape.h"

namespace bext::http {
namespace {

constexpr std::size_t kNameWidth = 50;  // characters of a name's column
constexpr std::size_t kCutName = 47;    // of a longer name, before "..>"

/// Bytes of the UTF-8 character at the front; 0 when it is none.
std::size_t character(std::string_view text) {
    auto first = static_cast<unsigned char>(text[0]);
    std::size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size == 0 || size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    return size;
}

/// Characters of `text`, its bytes when it is not UTF-8; `cut` becomes the bytes of its first kCutName characters.
std::size_t length(std::string_view text, bool utf8, std::size_t& cut) {
    cut = std::min(text.size(), kCutName);
    if (!utf8) return text.size();
    std::size_t count = 0, end = text.size();
    for (std::size_t i = 0; i < text.size(); ++count) {
        if (count == kCutName) end = i;
        auto size = character(text.substr(i));
        if (!size) return text.size();
        i += size;
    }
    cut = end;
    return count;
}

void append_name(std::string& out, const DirectoryEntry& entry, bool utf8) {
    std::size_t cut;
    auto count = length(entry.name, utf8, cut);
    if (count > kNameWidth) {
        append_escaped(out, Escape::kHtml, std::string_view(entry.name).substr(0, cut));
        out += "..&gt;</a>";
        return;
    }
    append_escaped(out, Escape::kHtml, entry.name);
    if (entry.is_directory && count < kNameWidth) {
        out += '/';
        ++count;
    }
    out += "</a>";
    out.append(kNameWidth - count, ' ');
}

void append_time(std::string& out, std::time_t time, bool local) {
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t {};
    if (time < 0) time = 0;
    if (local) localtime_r(&time, &t);
    else gmtime_r(&time, &t);
    char text[64];
    auto n = snprintf(text, sizeof text, "%02d-%s-%d %02d:%02d ", t.tm_mday, kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min);
    out.append(text, static_cast<std::size_t>(n));
}

void append_size(std::string& out, const DirectoryEntry& entry, bool exact) {
    char text[64];
    int n;
    auto rounded = [&](std::int64_t unit) { return entry.size / unit + (entry.size % unit > unit / 2 - 1 ? 1 : 0); };
    if (exact) {
        n = entry.is_directory ? snprintf(text, sizeof text, "%19s", "-") : snprintf(text, sizeof text, "%19lld", static_cast<long long>(entry.size));
    } else if (entry.is_directory) {
        n = snprintf(text, sizeof text, "%7s", "-");
    } else if (entry.size > (1 << 30) - 1) {
        n = snprintf(text, sizeof text, "%6lldG", static_cast<long long>(rounded(1 << 30)));
    } else if (entry.size > (1 << 20) - 1) {
        n = snprintf(text, sizeof text, "%6lldM", static_cast<long long>(rounded(1 << 20)));
    } else if (entry.size > 9999) {
        n = snprintf(text, sizeof text, "%6lldK", static_cast<long long>(rounded(1 << 10)));
    } else {
        n = snprintf(text, sizeof text, " %6lld", static_cast<long long>(entry.size));
    }
    out.append(text, static_cast<std::size_t>(n));
}

std::string_view kind(const DirectoryEntry& entry) {
    return entry.is_directory ? "directory" : entry.is_file ? "file" : "other";
}

}  // namespace

std::string html_listing(std::string_view uri, const std::vector<DirectoryEntry>& entries, const ListingStyle& style) {
    std::string out = "<html>\r\n<head><title>Index of ";
    append_escaped(out, Escape::kHtml, uri);
    out += "</title></head>\r\n<body>\r\n<h1>Index of ";
    append_escaped(out, Escape::kHtml, uri);
    out += "</h1><hr><pre><a href=\"../\">../</a>\r\n";
    for (auto& entry : entries) {
        out += "<a href=\"";
        append_escaped(out, Escape::kUriComponent, entry.name);
        out += entry.is_directory ? "/\">" : "\">";
        append_name(out, entry, style.utf8);
        out += ' ';
        append_time(out, entry.modified, style.local_time);
        append_size(out, entry, style.exact_size);
        out += "\r\n";
    }
    return out += "</pre><hr></body>\r\n</html>\r\n";
}

std::string json_listing(const std::vector<DirectoryEntry>& entries, std::string_view callback) {
    std::string out = callback.empty() ? "[" : cat({"/* callback */\r\n", callback, "(["});
    for (auto& entry : entries) {
        char date[kHttpDate];
        put_http_date(date, entry.modified);
        if (&entry != &entries.front()) out += ',';
        out += "\r\n{ \"name\":\"";
        append_escaped(out, Escape::kJson, entry.name);
        out.append("\", \"type\":\"").append(kind(entry)).append("\", \"mtime\":\"").append(date, sizeof date).append("\"");
        if (entry.is_file) out.append(", \"size\":").append(std::to_string(entry.size));
        out += " }";
    }
    return out += callback.empty() ? "\r\n]" : "\r\n]);";
}

std::string xml_listing(const std::vector<DirectoryEntry>& entries) {
    std::string out = "<?xml version=\"1.0\"?>\r\n<list>\r\n";
    for (auto& entry : entries) {
        struct tm t {};
        std::time_t time = entry.modified < 0 ? 0 : entry.modified;
        gmtime_r(&time, &t);
        char date[80];
        auto n = snprintf(date, sizeof date, "%4d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
        out.append("<").append(kind(entry)).append(" mtime=\"").append(date, static_cast<std::size_t>(n)).append("\"");
        if (entry.is_file) out.append(" size=\"").append(std::to_string(entry.size)).append("\"");
        out += '>';
        append_escaped(out, Escape::kHtml, entry.name);
        out.append("</").append(kind(entry)).append(">\r\n");
    }
    return out += "</list>\r\n";
}

}  // namespace bext::http
