// The modules that distributions and nginx.org bring as files for load_module, and the directives that each has. bext loads
// none of them: a directive that is refused is told with its module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bext::loader {

/// "ngx_http_echo_module" for "modules/ngx_http_echo_module.so".
std::string_view module_name(std::string_view path);

/// Which module has that directive: of several one that is in `loaded`. Empty when none is known.
std::string_view module_of(std::string_view directive, const std::vector<std::string>& loaded = {});

/// Why a directive that bext does not have is refused; "" when neither nginx nor a known module in `loaded` has it, so that it is
/// "unknown" in nginx's words.
std::string refusal_of(std::string_view directive, const std::vector<std::string>& loaded);

}  // namespace bext::loader
