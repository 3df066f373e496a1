// JSON texts: what is written, not read. RFC 8259
#pragma once

#include <string>
#include <string_view>

namespace bext {

/// `text` as a JSON string, with its quotes. Bytes that are no UTF-8 stay as they are.
std::string json_text(std::string_view text);

}  // namespace bext
