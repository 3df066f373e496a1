#include "loader/builtin.h"

#include "base/text.h"
#include "http/module.h"

namespace bext::loader {

bool built_in_module(std::string_view name) {
    if (!name.starts_with("ngx_") || !name.ends_with("_module")) return false;
    auto ours = name.substr(4, name.size() - 11);  // "http_auth_basic"
    for (auto* module : http::modules())
        if (module->name == ours) return true;
    return false;
}

}  // namespace bext::loader
