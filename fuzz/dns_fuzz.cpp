// Fuzz target: DNS answers. The oracles: a packet made from the input's own records gives the addresses and the lifetime
// of a slow model; any bytes give the same verdict twice, and no more addresses than they have room for.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/dns.h"

namespace {

using namespace bext;
using net::dns::Type;

void require(bool condition) {
    if (!condition) std::abort();
}

std::string describe(const std::optional<net::dns::Answer>& answer) {
    if (!answer) return "ignored";
    std::string out = std::to_string(answer->code) + (answer->truncated ? "T" : "-") + std::to_string(answer->ttl) + " " + answer->alias;
    for (auto& address : answer->addresses) out += " " + address.host();
    return out;
}

/// The verdict on `bytes` in a buffer of exactly their size.
std::optional<net::dns::Answer> read_answer(std::string_view bytes, std::uint16_t id, std::string_view name, Type type) {
    const std::unique_ptr<char[]> copy(new char[bytes.empty() ? 1 : bytes.size()]);
    bytes.copy(copy.get(), bytes.size());
    return net::dns::parse({copy.get(), bytes.size()}, id, name, type);
}

/// The input as it is: as if for the question that it holds itself.
void check_any(std::string_view bytes, Type type) {
    if (bytes.size() < 12) return;
    auto id = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
    for (auto name : {"a", "a.b", "www.example.com"}) {
        auto answer = read_answer(bytes, id, name, type);
        require(describe(answer) == describe(read_answer(bytes, id, name, type)));
        require(!read_answer(bytes, static_cast<std::uint16_t>(id + 1), name, type));
        if (!answer) continue;
        // An owner, type, class, lifetime, length: eleven bytes and the address.
        require(answer->addresses.size() * (type == Type::kA ? 15 : 27) <= bytes.size());
        require(answer->addresses.empty() || answer->ttl < UINT32_MAX || bytes.find("\xff\xff\xff\xff") != bytes.npos);
    }
}

void put(std::string& out, std::uint32_t value, int bytes) {
    while (bytes-- > 0) out += static_cast<char>(value >> 8 * bytes);
}

/// The answer that records drawn from the input make, and what it must be read as.
class Made {
public:
    Made(std::string_view bytes, Type type) : bytes_(bytes), type_(type) {
        packet_ = net::dns::query(7, kNames[0], type);
        packet_[2] = static_cast<char>(0x80);
        for (int i = 0; i < 12 && !bytes_.empty(); ++i) record();
        packet_[7] = static_cast<char>(records_.size());
    }

    void check() const {
        std::string current = kNames[0];
        std::uint32_t ttl = UINT32_MAX;
        for (std::size_t steps = 0; steps <= records_.size(); ++steps) {
            auto alias = std::find_if(records_.begin(), records_.end(), [&](auto& r) { return r.alias && r.owner == current; });
            if (alias == records_.end()) break;
            current = alias->data;
            ttl = std::min(ttl, alias->ttl);
        }
        std::string expected;
        for (auto& r : records_) {
            if (r.alias || r.owner != current) continue;
            expected += r.data;
            ttl = std::min(ttl, r.ttl);
        }
        auto answer = read_answer(packet_, 7, kNames[0], type_);
        require(answer && answer->code == 0 && answer->ttl == ttl);
        std::string got;
        for (auto& address : answer->addresses) got += address.bytes();
        require(got == expected);
        require(answer->alias == (current == kNames[0] && answer->alias.empty() ? "" : current));
        for (std::size_t size = 0; size < packet_.size(); ++size)
            require(!read_answer(std::string_view(packet_).substr(0, size), 7, kNames[0], type_));
    }

private:
    struct Record {
        std::string owner, data;
        bool alias;
        std::uint32_t ttl;
    };
    static constexpr const char* kNames[] = {"a.b", "c.b", "d", "e.f.g"};

    unsigned draw() {
        if (bytes_.empty()) return 0;
        auto value = static_cast<unsigned char>(bytes_[0]);
        bytes_.remove_prefix(1);
        return value;
    }
    /// A name at the packet's end, or a pointer to the question's.
    void name(std::string_view text, bool pointer) {
        if (pointer && text == kNames[0]) return put(packet_, 0xc00c, 2);
        auto whole = net::dns::query(0, text, Type::kA);
        packet_ += whole.substr(12, whole.size() - 16);
    }
    void record() {
        auto kind = draw();
        Record r{kNames[kind & 3], {}, (kind & 4) != 0, draw() << 16 | draw()};
        name(r.owner, kind & 8);
        put(packet_, static_cast<unsigned>(r.alias ? Type::kCname : type_), 2);
        put(packet_, 1, 2);
        put(packet_, r.ttl, 4);
        auto length_at = packet_.size();
        put(packet_, 0, 2);
        if (r.alias) {
            r.data = kNames[draw() & 3];
            name(r.data, kind & 16);
        } else {
            r.data.assign(type_ == Type::kA ? 4 : 16, static_cast<char>(draw()));
            packet_ += r.data;
        }
        packet_[length_at + 1] = static_cast<char>(packet_.size() - length_at - 2);
        records_.push_back(std::move(r));
    }

    std::string_view bytes_;
    Type type_;
    std::string packet_;
    std::vector<Record> records_;
};

/// A name that can be asked for is found in its own question again.
void check_query(std::string_view name) {
    auto packet = net::dns::query(9, name, Type::kA);
    if (packet.empty()) return;
    require(!read_answer(packet, 9, name, Type::kA));  // a question is no answer
    packet[2] = static_cast<char>(0x80);
    auto answer = read_answer(packet, 9, name, Type::kA);
    require(answer && answer->addresses.empty() && answer->alias.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto type = data[0] & 1 ? Type::kAaaa : Type::kA;
    switch (data[0] >> 1 & 3) {
        case 0: check_query(bytes.substr(0, 300)); break;
        case 1: Made(bytes, type).check(); break;
        default: check_any(bytes, type);
    }
    return 0;
}
