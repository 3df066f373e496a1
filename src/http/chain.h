// Chain: pieces of a response body on their way to the client: memory and file ranges. A piece does not own
// its bytes: they stay valid until the sink has drained (Request::drain) or the request ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "base/list.h"

namespace bext::http {

struct Piece {
    const char* data = nullptr;  // memory, or null for a file range
    std::uint64_t size = 0;
    int fd = -1;  // a file range of `size` bytes from `offset`
    off_t offset = 0;

    static Piece memory(std::string_view text) { return {text.data(), text.size(), -1, 0}; }
    static Piece file(int fd, off_t offset, std::uint64_t size) { return {nullptr, size, fd, offset}; }
    bool in_memory() const { return data != nullptr; }
    bool in_file() const { return fd >= 0; }
};

using Chain = List<Piece>;

inline std::uint64_t size_of(const Chain& chain) {
    std::uint64_t size = 0;
    for (auto& piece : chain) size += piece.size;
    return size;
}

}  // namespace bext::http
