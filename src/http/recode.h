// Recode: tables from one charset to another (charset_map), and the body filter that uses one.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/request.h"

namespace bext::http {

/// One direction of a charset_map.
struct RecodeTable {
    bool from_utf8 = false, to_utf8 = false;
    std::array<std::string, 256> bytes;              // of a charset of single bytes
    std::unordered_map<std::uint32_t, char> points;  // of UTF-8
};

/// Both directions of `charset_map SOURCE TARGET`.
struct CharsetMap {
    /// `utf8`: the target is UTF-8, else one of single bytes.
    explicit CharsetMap(bool utf8);
    /// Adds "C0 D0B0". The word at fault when it is malformed.
    std::optional<std::string> add(const std::string& from, const std::string& to);
    RecodeTable forth, back;
};

class Recoder : public BodyFilter {
public:
    Recoder(std::shared_ptr<const RecodeTable> table, Arena& arena) : table_(std::move(table)), buffers_(arena) {}
    bool pass(Request& request, Chain& chain, bool last, bool flush) override;

private:
    void put(Request& request, std::string_view text, Chain& out);
    void recode(Request& request, std::string_view text, Chain& out);
    void recode_utf8(Request& request, std::string_view text, Chain& out);
    bool recode_file(Request& request, const Piece& piece, Chain& out);
    void take_output(Chain& out);

    std::shared_ptr<const RecodeTable> table_;
    List<char*> buffers_;
    std::size_t used_ = 0;    // buffers in use
    std::size_t filled_ = 0;  // bytes of the last one
    bool begun_ = false;      // the last one is being filled
    std::string rest_;        // the beginning of a character that the next piece goes on with
};

}  // namespace bext::http
