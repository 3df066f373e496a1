// Chain: pieces of a response body on their way to the client: memory, file ranges, and the places of subrequests. A piece
// does not own its bytes: they stay valid until the sink has drained (Request::drain) or the request ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "base/list.h"

namespace bext::http {

class Subrequest;

struct Piece {
    static constexpr int kSubrequest = -2;  // in place of a descriptor

    const char* data = nullptr;  // memory, or null for a file range
    std::uint64_t size = 0;
    int fd = -1;  // a file range of `size` bytes from `offset`
    union {
        off_t offset = 0;
        Subrequest* subrequest;  // whose body comes here
    };

    static Piece memory(std::string_view text) { return {text.data(), text.size(), -1, 0}; }
    static Piece file(int fd, off_t offset, std::uint64_t size) { return {nullptr, size, fd, offset}; }
    static Piece place_of(Subrequest& subrequest) {
        Piece piece{nullptr, 0, kSubrequest, 0};
        piece.subrequest = &subrequest;
        return piece;
    }
    bool in_memory() const { return data != nullptr; }
    bool in_file() const { return fd >= 0; }
    bool is_place() const { return fd == kSubrequest; }
};

using Chain = List<Piece>;

inline std::uint64_t size_of(const Chain& chain) {
    std::uint64_t size = 0;
    for (auto& piece : chain) size += piece.size;
    return size;
}

}  // namespace bext::http
