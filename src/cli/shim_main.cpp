// bext-nginx-shim: stands where /usr/sbin/nginx stands. It answers -v and -h itself and hands everything else to the
// bext-server beside it (or in its place of installation), so that it starts at once and links nothing. While masquerade
// is only half installed it is nginx.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "cli/shim_args.h"
#include "cli/shim_unit.h"
#include "cli/version.h"

#ifndef BEXT_SERVER_PATH
#define BEXT_SERVER_PATH "/usr/sbin/bext-server"
#endif

namespace {

/// What a shim is known by, whatever its version (src/masquerade/diversion.cpp).
[[gnu::used]] constexpr char kMark[] = "bext-nginx-shim: stands in for nginx";

std::string own_path() {
    char self[PATH_MAX];
    ssize_t n = ::readlink("/proc/self/exe", self, sizeof self);
    return n > 0 ? std::string(self, static_cast<std::size_t>(n)) : std::string();
}

/// The server next to this program when there is one, else the installed one.
std::string server_path(std::string path) {
    path.resize(path.rfind('/') + 1);
    path += "bext-server";
    return ::access(path.c_str(), X_OK) == 0 ? path : BEXT_SERVER_PATH;
}

int execute(const std::string& path, const std::vector<char*>& words) {
    ::execv(path.c_str(), words.data());
    fprintf(stderr, "nginx: [emerg] execv() \"%s\" failed (%d: %s): reinstall the bext package\n", path.c_str(), errno, strerror(errno));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    bext::open_standard_descriptors();
    auto self = own_path();
    // nginx executes its next binary by its own name: that name is kept.
    if (auto nginx = bext::cli::nginx_behind(self); !nginx.empty()) return execute(nginx, {argv, argv + argc + 1});
    auto args = bext::cli::parse_shim_args(argc, argv);
    if (!args) {
        fprintf(stderr, "nginx: %s\n", args.error().text.c_str());
        return 1;
    }
    if (args->show_version && !args->show_configure && !args->test) {
        fputs(bext::cli::version_line().c_str(), stderr);
        if (args->show_help) fputs(bext::cli::help_text().c_str(), stderr);
        return 0;
    }
    bool starts = !args->show_version && !args->test && !args->signal;
    if (starts && bext::cli::follows_nginx()) {
        bext::cli::enter_service();
    } else if (starts) {
        if (auto status = bext::cli::start_unit(*args)) return *status;
    }
    std::vector<char*> words{argv[0], const_cast<char*>("--as-nginx")};
    for (int i = 1; i < argc; ++i) words.push_back(argv[i]);
    words.push_back(nullptr);
    return execute(server_path(self), words);
}
