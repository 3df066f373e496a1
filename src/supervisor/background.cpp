#include "supervisor/background.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bext::supervisor {
namespace {

[[noreturn]] void wait_for_outcome(Fd child) {
    char word = 0;
    ssize_t n = 0;
    while ((n = read(child.get(), &word, 1)) < 0 && errno == EINTR) {
    }
    _exit(n == 1 ? 0 : 1);
}

}  // namespace

Result<Background> Background::enter() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno("pipe()");
    Fd reader(ends[0]);
    Fd writer(ends[1]);
    auto pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid > 0) {
        writer.reset();
        wait_for_outcome(std::move(reader));
    }
    if (setsid() < 0) return Error::from_errno("setsid()");
    umask(0);
    Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return Error::from_errno("open(\"/dev/null\")");
    if (dup2(null.get(), STDIN_FILENO) < 0) return Error::from_errno("dup2(STDIN)");
    if (dup2(null.get(), STDOUT_FILENO) < 0) return Error::from_errno("dup2(STDOUT)");
    return Background(std::move(writer));
}

void Background::succeeded() {
    if (parent_) [[maybe_unused]]
        auto n = write(parent_.get(), "+", 1);
    parent_.reset();
}

}  // namespace bext::supervisor
