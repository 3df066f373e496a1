#include "masquerade/settings.h"

#include <unistd.h>

namespace bext::masquerade {
namespace {

void first_there(std::string& path, const std::vector<std::string>& places) {
    for (auto& place : places)
        if (access(path.c_str(), X_OK) != 0 && access(place.c_str(), X_OK) == 0) path = place;
}

}  // namespace

void find_programs(Settings& settings) {
    first_there(settings.bext_bin, {"/usr/local/sbin/bext-server", "/usr/local/bin/bext-server"});
    auto beside = settings.bext_bin.substr(0, settings.bext_bin.rfind('/') + 1) + "bext-nginx-shim";
    first_there(settings.shim_source, {"/usr/local/lib/bext/nginx", beside});
}

}  // namespace bext::masquerade
