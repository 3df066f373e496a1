// The listing of a directory as text: HTML, JSON or XML.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace bext::http {

struct DirectoryEntry {
    std::string name;
    bool is_directory = false, is_file = false;
    std::time_t modified = 0;
    std::int64_t size = 0;
};

struct ListingStyle {
    bool exact_size = true, local_time = false;
    bool utf8 = false;  // names are shown by characters, not bytes
};

std::string html_listing(std::string_view uri, const std::vector<DirectoryEntry>& entries, const ListingStyle& style);
/// `callback`: empty for plain JSON.
std::string json_listing(const std::vector<DirectoryEntry>& entries, std::string_view callback);
std::string xml_listing(const std::vector<DirectoryEntry>& entries);

}  // namespace bext::http
