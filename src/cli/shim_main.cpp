// bext-nginx-shim: stands where /usr/sbin/nginx stands. It answers -v and -h itself and hands everything else to the
// bext-server beside it (or in its place of installation), so that it starts at once and links nothing.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cli/shim_args.h"
#include "cli/version.h"

#ifndef BEXT_SERVER_PATH
#define BEXT_SERVER_PATH "/usr/sbin/bext-server"
#endif

namespace {

/// The server next to this program when there is one (a build tree), else the installed one.
std::string server_path() {
    char self[PATH_MAX];
    ssize_t n = ::readlink("/proc/self/exe", self, sizeof self);
    if (n > 0) {
        std::string path(self, static_cast<std::size_t>(n));
        path.resize(path.rfind('/') + 1);
        path += "bext-server";
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return BEXT_SERVER_PATH;
}

}  // namespace

int main(int argc, char** argv) {
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
    auto path = server_path();
    std::vector<char*> words{argv[0], const_cast<char*>("--as-nginx")};
    for (int i = 1; i < argc; ++i) words.push_back(argv[i]);
    words.push_back(nullptr);
    ::execv(path.c_str(), words.data());
    fprintf(stderr, "nginx: [emerg] execv() \"%s\" failed (%d: %s): reinstall the bext package\n", path.c_str(), errno, strerror(errno));
    return 1;
}
