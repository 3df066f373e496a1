#include "supervisor/title.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace bext::supervisor {
namespace {

char* space = nullptr;
char* space_end = nullptr;
char** variables = nullptr;  // the moved environment, for the life of the process: setenv() may go on with an array of its own

}  // namespace

void keep_title_space(int argc, char** argv) {
    if (argc < 1 || space) return;
    char* end = argv[0];
    for (int i = 0; i < argc && argv[i] == end; ++i) end += std::strlen(argv[i]) + 1;
    char** moved = environ;
    std::size_t count = 0;
    while (moved && moved[count]) ++count;
    variables = new char*[count + 1]();
    for (std::size_t i = 0; i < count; ++i) {
        if (environ[i] == end) end += std::strlen(environ[i]) + 1;
        variables[i] = strdup(environ[i]);
    }
    environ = variables;
    space = argv[0];
    space_end = end;
}

void set_title(std::string_view title) {
    if (!space) return;
    auto room = static_cast<std::size_t>(space_end - space) - 1;
    auto size = std::min(room, title.size());
    std::memcpy(space, title.data(), size);
    std::memset(space + size, 0, room + 1 - size);
}

void set_comm(std::string_view name) { prctl(PR_SET_NAME, std::string(name.substr(0, 15)).c_str(), 0, 0, 0); }

}  // namespace bext::supervisor
