#include "supervisor/stand_aside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"

namespace bext::supervisor {
namespace {

Error others_can(const std::string& path) { return Error{"\"" + path + "\" can be changed by others than root"}; }

/// In a directory with the sticky bit others cannot touch what is not theirs; a link has no rights of its own.
bool is_kept(const struct stat& found) {
    bool shared = !S_ISLNK(found.st_mode) && (found.st_mode & (S_IWGRP | S_IWOTH)), sticky = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX);
    return (found.st_uid == 0 || found.st_uid == geteuid()) && (!shared || sticky);
}

Result<> each_must_be_kept(std::string at) {
    for (; !at.empty(); at.resize(at.rfind('/'))) {
        struct stat found {};
        if (lstat(at.c_str(), &found) != 0) return Error::from_errno("lstat() \"" + at + "\"");
        if (!is_kept(found)) return others_can(at);
    }
    return {};
}

/// The file, a link that leads to it, and every directory above either.
Result<> must_be_kept(const std::string& path) {
    if (!path.starts_with('/')) return Error{"\"" + path + "\" is no absolute path"};
    if (auto kept = each_must_be_kept(path); !kept) return kept;
    std::array<char, PATH_MAX> real;
    if (!realpath(path.c_str(), real.data())) return Error::from_errno("realpath() \"" + path + "\"");
    return each_must_be_kept(real.data());
}

}  // namespace

Result<StandAside> read_stand_aside(const std::string& path) {
    if (auto kept = must_be_kept(path); !kept) return kept.error();
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat found {};
    if (!fd || fstat(fd.get(), &found) != 0) return Error::from_errno("open() \"" + path + "\"");
    if (!S_ISREG(found.st_mode) || !is_kept(found)) return others_can(path);
    std::array<char, 16 * 1024> bytes;
    auto size = read(fd.get(), bytes.data(), bytes.size());
    if (size < 0) return Error::from_errno("read() \"" + path + "\"");
    auto lines = split(std::string_view(bytes.data(), static_cast<std::size_t>(size)), '\n');
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    if (lines.size() < 2) return Error{"\"" + path + "\" names no program and its words"};
    StandAside program{std::string(lines.front()), {lines.begin() + 1, lines.end()}};
    if (auto kept = must_be_kept(program.binary); !kept) return kept.error();
    return program;
}

std::string stand_aside_text(const StandAside& program) {
    auto text = program.binary + "\n";
    for (auto& word : program.argv) text += word + "\n";
    return text;
}

}  // namespace bext::supervisor
