// HPACK (RFC 7541): header blocks of clients are decoded by nghttp2; ours are written without the dynamic table, so that they
// depend on nothing that was sent before.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

struct nghttp2_hd_inflater;

namespace bext::http2 {

/// Decodes the header blocks of one connection, one after another. Throws std::bad_alloc.
class HeaderDecoder {
public:
    struct Field {
        std::string_view name, value;  // until the next call
    };
    enum class Step : std::uint8_t {
        kField,    // there is one
        kMore,     // `block` is used up, and the header block is not at its end
        kEnd,      // it is
        kInvalid,  // no later block can be decoded
    };
    HeaderDecoder();
    /// Takes what it needs from the front of `block`; `last`: nothing of this header block follows it.
    Step next(std::string_view& block, bool last, Field& field);

private:
    struct Free {
        void operator()(nghttp2_hd_inflater* inflater) const;
    };
    std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
};

/// Numbers of names in HPACK's static table (RFC 7541, appendix A).
enum class StaticName : std::uint8_t {
    kStatus = 8, kContentLength = 28, kContentType = 31, kDate = 33, kLastModified = 44, kLocation = 46, kServer = 54, kVary = 59,
};

/// Writes a header block into memory that is large enough: kFieldRoom bytes for each field beside its name and value.
class HeaderWriter {
public:
    static constexpr std::size_t kFieldRoom = 12;

    explicit HeaderWriter(char* at) : p(at) {}
    /// The table that we do not use has no room from now on: due in the first block after a client changed its size.
    void no_table() { *p++ = 0x20; }
    void status(int status);
    void field(StaticName name, std::string_view value);
    void field(StaticName name, std::uint64_t value);
    /// `name` in any case; it is sent in lower case.
    void field(std::string_view name, std::string_view value);

    char* p;

private:
    void number(std::uint8_t first, unsigned bits, std::size_t value);
    void text(std::string_view text);
};

}  // namespace bext::http2
