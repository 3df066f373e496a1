// Status: what a server tells of itself, for people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bext::cli {

/// A JSON text by paths: {"a":{"b":1},"c":[2,3]} as a.b=1, c=2,3.
std::map<std::string, std::string> flattened(std::string_view json);

/// The answer to "status", in lines of a name and what there is to say. `now`: seconds since 1970.
std::string status_for_people(const std::string& json, std::int64_t now);

}  // namespace bext::cli
