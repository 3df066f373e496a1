#include "base/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bext {
namespace {

struct Stream {
    unsigned long long device = 0;
    unsigned long long inode = 0;  // 0: there is none
    bool operator==(const Stream&) const = default;
};

Stream journal;

}  // namespace

void find_journal() {
    const char* value = ::getenv("JOURNAL_STREAM");
    Stream found;
    if (!value || ::sscanf(value, "%llu:%llu", &found.device, &found.inode) != 2) return;
    if (found != journal) journal = found;
}

std::string_view journal_prefix(Level level) {
    // Not kept: stderr becomes the error log's file when that is known.
    struct stat now;
    if (!journal.inode || ::fstat(STDERR_FILENO, &now) != 0 || now.st_dev != journal.device || now.st_ino != journal.inode) return "";
    // An emerg of nginx is the end of a server, not of the machine: as <0> it would be written to every terminal.
    static constexpr std::string_view kPrefixes[] = {"<1>", "<1>", "<1>", "<2>", "<3>", "<4>", "<5>", "<6>", "<7>"};
    return kPrefixes[static_cast<int>(level)];
}

}  // namespace bext
