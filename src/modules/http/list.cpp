// Every HTTP module, once, in the order in which hooks run within a phase and filters run on the way out.
#include "http/module.h"

namespace bext::http {

extern const Module core, core_client, static_files;

std::span<const Module* const> modules() {
    static constexpr const Module* kModules[] = {
        &core, &core_client, &static_files,
    };
    return kModules;
}

}  // namespace bext::http
