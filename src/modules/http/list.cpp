// Every HTTP module, once, in the order in which hooks run within a phase and filters run on the way out.
#include "http/module.h"

namespace bext::http {

extern const Module access_logs;
extern const Module core_variables, core_variables_connection, core_variables_response;
extern const Module core, core_client, ssl, static_files;

std::span<const Module* const> modules() {
    static constexpr const Module* kModules[] = {
        &core, &core_client, &core_variables, &core_variables_connection, &core_variables_response, &access_logs, &ssl, &static_files,
    };
    return kModules;
}

}  // namespace bext::http
