// Fuzz target: the chunked decoder. The oracle: the same bytes in any segmentation give the same body and end, data is
// never taken from outside of the input, and what write_chunk_header() encodes decodes to itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "http1/chunked.h"

namespace {

using bext::http1::ChunkedDecoder;
using Step = ChunkedDecoder::Step;

void require(bool condition) {
    if (!condition) std::abort();
}

// Decodes one segment from a buffer of its size.
Step decode_piece(ChunkedDecoder& decoder, std::string_view piece, std::string& body, std::size_t& consumed) {
    const std::unique_ptr<char[]> copy(new char[piece.size() + 1]);
    piece.copy(copy.get(), piece.size());
    std::size_t at = 0;
    for (;;) {
        const std::string_view in(copy.get() + at, piece.size() - at);
        std::size_t used = 0;
        std::string_view data;
        const Step step = decoder.feed(in, used, data);
        require(used <= in.size());
        require(data.empty() || (data.data() >= in.data() && data.data() + data.size() <= in.data() + used));
        require((step == Step::kData) != data.empty());
        require(step != Step::kAgain || used == in.size());
        body += data;
        at += used;
        consumed += used;
        if (step != Step::kData) return step;
    }
}

// Body and verdict; an invalid body is only that, whatever came before.
std::string decode(std::string_view bytes, std::size_t segment) {
    ChunkedDecoder decoder;
    std::string body;
    std::size_t consumed = 0;
    Step step = Step::kAgain;
    for (std::size_t at = 0; at < bytes.size() && step == Step::kAgain; at += segment) {
        require(decoder.expected_minimum() > 0);
        step = decode_piece(decoder, bytes.substr(at, segment), body, consumed);
    }
    if (step == Step::kInvalid) return "invalid";
    if (step == Step::kDone) return body + " done " + std::to_string(consumed);
    return body + " more " + std::to_string(decoder.expected_minimum());
}

void check_round_trip(std::string_view body) {
    std::string coded;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t size = std::min<std::size_t>(1 + static_cast<unsigned char>(body[at]), body.size() - at);
        char header[bext::http1::kChunkHeader];
        coded.append(header, bext::http1::write_chunk_header(header, size));
        coded.append(body.substr(at, size)).append("\r\n");
        at += size;
    }
    coded += "0\r\n\r\n";
    require(decode(coded + "next", 13) == std::string(body) + " done " + std::to_string(coded.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string whole = decode(bytes, size + 1);
    for (const std::size_t segment : {1, 2, 3, 5, 16, 33}) require(decode(bytes, segment) == whole);
    check_round_trip(bytes);
    return 0;
}
