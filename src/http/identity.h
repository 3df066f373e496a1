// Identity: the name and version that answers show: nginx's when bext stands in for it, else its own.
#pragma once

#include <string>
#include <string_view>

namespace bext::http {

struct Identity {
    std::string name = "bext";
    std::string version = BEXT_VERSION;
    std::string full() const { return name + "/" + version; }
};

/// Set once, before any thread starts.
Identity& identity();

}  // namespace bext::http
