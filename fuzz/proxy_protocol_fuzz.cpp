// Fuzz target: the PROXY protocol. The oracle: a beginning of the bytes either asks for more or says what all of them
// say, and fields are found only inside of the header.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "net/proxy_protocol.h"

namespace {

using namespace bext::net;

void require(bool condition) {
    if (!condition) std::abort();
}

void check_fields(std::string_view tlvs) {
    for (const auto name : {"alpn", "authority", "unique_id", "ssl", "netns", "ssl_version", "ssl_cn", "ssl_cipher",
                            "ssl_sig_alg", "ssl_key_alg", "0x03", "ssl_0x22", "0xfff"}) {
        TlvNumber number;
        std::string_view value;
        if (find_named_tlv(tlvs, name, number, value) != Tlv::kFound) continue;
        require(value.data() >= tlvs.data() && value.data() + value.size() <= tlvs.data() + tlvs.size());
    }
    TlvNumber number;
    std::string_view value;
    if (find_named_tlv(tlvs, "ssl_verify", number, value) == Tlv::kFound) require(!value.empty() && value.size() <= 10);
}

// The verdict on the first `size` bytes, in a buffer of that size.
std::string parse(std::string_view bytes, std::size_t size) {
    const std::unique_ptr<char[]> copy(new char[size == 0 ? 1 : size]);
    bytes.copy(copy.get(), size);
    ProxyHeader header;
    const ProxyParse verdict = parse_proxy_header({copy.get(), size}, header);
    if (verdict == ProxyParse::kAgain) return {};
    if (verdict != ProxyParse::kDone) return "invalid " + std::to_string(static_cast<int>(verdict));
    require(header.size <= size && header.tlvs.size() <= header.size);
    require(header.proxied || (header.source().empty() && header.tlvs.empty()));
    check_fields(header.tlvs);
    return std::to_string(header.size) + " " + std::string(header.source()) + " " + std::string(header.destination()) +
           " " + std::to_string(header.source_port) + " " + std::to_string(header.destination_port) +
           std::string(header.tlvs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string whole = parse(bytes, size);
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 300); ++i) {
        const std::string begun = parse(bytes, i);
        require(begun.empty() || begun == whole);
    }
    return 0;
}
