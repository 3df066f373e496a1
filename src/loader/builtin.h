// What bext has of nginx: the modules by nginx's names, and the directives it knows of but does not have.
#pragma once

#include <string_view>
#include <vector>

namespace bext::loader {

/// Whether "ngx_http_NAME_module" (the file name of a load_module without ".so") is part of bext.
bool built_in_module(std::string_view name);
/// Whether bext has a directive of that name, wherever it may stand.
bool has_directive(std::string_view name);
/// Whether nginx 1.31 has a directive of that name.
bool nginx_directive(std::string_view name);

}  // namespace bext::loader
