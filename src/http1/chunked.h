// Chunked transfer coding, with the grammar of nginx's ngx_http_parse_chunked since 1.29.4: a bare LF is refused
// (RFC 9112, section 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bext::http1 {

/// Takes the chunked coding off a body. Chunk extensions and trailers are skipped.
class ChunkedDecoder {
public:
    enum class Step : std::uint8_t {
        kAgain,    ///< all input is used: more is needed
        kData,     ///< `data` is a run of body bytes
        kDone,     ///< the body and its trailers have ended; input after them is not used
        kInvalid,  ///< 400, or 502 from an upstream
    };

    /// The largest chunk, nginx's limit.
    static constexpr std::uint64_t kMaxChunk = INT64_MAX / 16;
    /// Bytes that extensions and zeros before a size may take, beyond as many as there were body bytes. nginx has no
    /// limit; a body of nothing but extensions costs time for no content.
    static constexpr std::uint64_t kFreeOverhead = 16 * 1024;
    /// Bytes that trailers may take altogether.
    static constexpr std::uint64_t kMaxTrailers = 32 * 1024;

    void reset() { *this = ChunkedDecoder(); }
    /// kDone comes behind the last chunk already: the trailers, and the empty line, are the caller's.
    void leave_trailers() { leave_trailers_ = true; }

    /// Reads from `in`; `used` is how much of it, `data` a run of body bytes inside `in` for kData. Call until it says
    /// kAgain, kDone or kInvalid.
    Step feed(std::string_view in, std::size_t& used, std::string_view& data);

    /// How many bytes the body needs at least until its end, for sizing reads.
    std::uint64_t expected_minimum() const;

    /// Bytes still to come of the chunk that is being read.
    std::uint64_t chunk_left() const { return size_; }

private:
    enum class State : std::uint8_t {
        kStart, kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf, kLastExtension, kLastLf, kTrailer, kEndLf,
        kTrailerLine, kTrailerLf, kFinished,
    };

    Step step(char c);
    Step on_size(char c);
    Step on_trailer(char c);
    Step spend(std::uint64_t& spent, std::uint64_t limit);
    Step expect(char c, char wanted, State next);
    Step go(State state) {
        state_ = state;
        return Step::kAgain;
    }

    State state_ = State::kStart;
    bool leave_trailers_ = false;
    std::uint64_t size_ = 0;
    std::uint64_t body_ = 0;      // body bytes given out
    std::uint64_t overhead_ = 0;  // extension bytes and leading zeros
    std::uint64_t trailers_ = 0;
};

/// Bytes that write_chunk_header needs at most.
inline constexpr std::size_t kChunkHeader = 18;

/// Writes "1f4\r\n" for a chunk of `size` bytes; returns the end.
char* write_chunk_header(char* out, std::uint64_t size);

}  // namespace bext::http1
