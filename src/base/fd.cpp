#include "base/fd.h"

#include <fcntl.h>

namespace bext {

void open_standard_descriptors() {
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(fd, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));  // gets the lowest number that is free: this one
}

}  // namespace bext
