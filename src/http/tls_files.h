// TlsFiles: the files that the TLS contexts of a Site were made of: certificates, keys, authorities, revocations. Builder::shared() has
// them by this key.
#pragma once

#include <set>
#include <string>

namespace bext::http {

using TlsFiles = std::set<std::string>;
inline constexpr const char* kTlsFiles = "tls files";

}  // namespace bext::http
