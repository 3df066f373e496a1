// Chunked transfer coding, with the grammar of nginx's ngx_http_parse_chunked (RFC 9112, section 7.1).
#include "http1/chunked.h"

#include <algorithm>
#include <bit>

#include "base/text.h"

namespace bext::http1 {

ChunkedDecoder::Step ChunkedDecoder::feed(std::string_view in, std::size_t& used, std::string_view& data) {
    used = 0;
    data = {};
    while (used < in.size()) {
        if (state_ == State::kData) {
            const std::size_t run = std::min<std::uint64_t>(size_, in.size() - used);
            data = in.substr(used, run);
            used += run;
            size_ -= run;
            body_ += run;
            if (size_ == 0) state_ = State::kDataCr;
            return Step::kData;
        }
        if (const Step verdict = step(in[used]); verdict != Step::kAgain) {
            if (verdict == Step::kDone) ++used;
            return verdict;
        }
        ++used;
    }
    return Step::kAgain;
}

ChunkedDecoder::Step ChunkedDecoder::step(char c) {
    switch (state_) {
        case State::kStart:
            if (hex_digit(c) < 0) return Step::kInvalid;
            size_ = static_cast<std::uint64_t>(hex_digit(c));
            return go(State::kSize);
        case State::kSize: return on_size(c);
        case State::kExtension:
        case State::kLastExtension:
            if (c == '\n') return Step::kInvalid;
            if (c == '\r') return go(state_ == State::kExtension ? State::kSizeLf : State::kLastLf);
            return spend(overhead_, kFreeOverhead + body_);
        case State::kSizeLf: return expect(c, '\n', State::kData);
        case State::kDataCr: return expect(c, '\r', State::kDataLf);
        case State::kDataLf: return expect(c, '\n', State::kStart);
        case State::kLastLf:
            if (!leave_trailers_ || c != '\n') return expect(c, '\n', State::kTrailer);
            state_ = State::kFinished;
            return Step::kDone;
        case State::kTrailer:
        case State::kEndLf:
        case State::kTrailerLine:
        case State::kTrailerLf: return on_trailer(c);
        case State::kData:
        case State::kFinished: break;
    }
    return Step::kInvalid;
}

ChunkedDecoder::Step ChunkedDecoder::on_size(char c) {
    if (const int digit = hex_digit(c); digit >= 0) {
        if (size_ == 0 && spend(overhead_, kFreeOverhead + body_) == Step::kInvalid) return Step::kInvalid;
        size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
        return size_ > kMaxChunk ? Step::kInvalid : Step::kAgain;
    }
    const bool last = size_ == 0;
    if (c == '\r') return go(last ? State::kLastLf : State::kSizeLf);
    // As nginx: a blank starts an extension as well as ';' does.
    if (c == ';' || c == ' ' || c == '\t') return go(last ? State::kLastExtension : State::kExtension);
    return Step::kInvalid;
}

ChunkedDecoder::Step ChunkedDecoder::on_trailer(char c) {
    if (state_ == State::kEndLf) {
        if (c != '\n') return Step::kInvalid;
        state_ = State::kFinished;
        return Step::kDone;
    }
    if (state_ == State::kTrailerLf) return expect(c, '\n', State::kTrailer);
    if (c == '\n') return Step::kInvalid;
    if (c == '\r') return go(state_ == State::kTrailer ? State::kEndLf : State::kTrailerLf);
    state_ = State::kTrailerLine;
    return spend(trailers_, kMaxTrailers);
}

ChunkedDecoder::Step ChunkedDecoder::spend(std::uint64_t& spent, std::uint64_t limit) {
    return ++spent > limit ? Step::kInvalid : Step::kAgain;
}

ChunkedDecoder::Step ChunkedDecoder::expect(char c, char wanted, State next) {
    return c == wanted ? go(next) : Step::kInvalid;
}

std::uint64_t ChunkedDecoder::expected_minimum() const {
    constexpr std::uint64_t kLastChunk = 5;                // "0" CRLF CRLF
    constexpr std::uint64_t kAfterData = 2 + kLastChunk;   // CRLF before it
    switch (state_) {
        case State::kStart: return kLastChunk;
        case State::kSize: return 2 + (size_ != 0 ? size_ + kAfterData : 2);
        case State::kExtension: return 2 + size_ + kAfterData;
        case State::kSizeLf: return 1 + size_ + kAfterData;
        case State::kData: return size_ + kAfterData;
        case State::kDataCr: return kAfterData;
        case State::kDataLf: return kAfterData - 1;
        case State::kLastExtension:
        case State::kTrailerLine: return 4;
        case State::kLastLf:
        case State::kTrailerLf: return 3;
        case State::kTrailer: return 2;
        case State::kEndLf: return 1;
        case State::kFinished: break;
    }
    return 0;
}

char* write_chunk_header(char* out, std::uint64_t size) {
    const int digits = (static_cast<int>(std::bit_width(size | 1)) + 3) / 4;
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[(size >> shift) & 0xf];
    *out++ = '\r';
    *out++ = '\n';
    return out;
}

}  // namespace bext::http1
