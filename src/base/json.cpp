#include "base/json.h"

namespace bext {

std::string json_text(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (unsigned char c : text) {
        if (c < ' ') {
            out += "\\u00";
            out += {kHex[c >> 4], kHex[c & 15]};
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<char>(c);
    }
    return out + "\"";
}

}  // namespace bext
