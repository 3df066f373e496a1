#include "net/dns.h"

#include <netinet/in.h>

#include <algorithm>

#include "base/text.h"

namespace bext::net::dns {
namespace {

constexpr std::size_t kHead = 12;
constexpr std::size_t kLongestName = 255;  // two more than the RFC, as nginx
constexpr int kMostJumps = 32;  // compression pointers in one name

void put16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xff);
}

/// Reads forward through a packet; every read past its end fails.
class Reader {
public:
    explicit Reader(std::string_view packet) : packet_(packet) {}
    bool number(std::size_t bytes, std::uint32_t& out) {
        if (packet_.size() - at_ < bytes) return false;
        out = 0;
        for (std::size_t i = 0; i < bytes; ++i) out = out << 8 | static_cast<unsigned char>(packet_[at_++]);
        return true;
    }
    bool bytes(std::size_t size, std::string_view& out) {
        if (packet_.size() - at_ < size) return false;
        out = packet_.substr(at_, size);
        at_ += size;
        return true;
    }
    /// A domain name, lower case, possibly compressed.
    bool name(std::string& out) {
        out.clear();
        std::size_t from = at_;
        bool jumped = false;
        for (int jumps = 0;;) {
            if (from >= packet_.size()) return false;
            auto length = static_cast<unsigned char>(packet_[from++]);
            if (length == 0) break;
            if (length >= 0xc0) {
                if (from >= packet_.size() || ++jumps > kMostJumps) return false;
                auto target = static_cast<std::size_t>(length & 0x3f) << 8 | static_cast<unsigned char>(packet_[from++]);
                if (!jumped) at_ = from;
                jumped = true;
                from = target;
                continue;
            }
            if (length > 63 || packet_.size() - from < length || out.size() + length > kLongestName + 1) return false;
            if (!out.empty()) out += '.';
            for (unsigned i = 0; i < length; ++i) out += to_lower(packet_[from + i]);
            from += length;
        }
        if (!jumped) at_ = from;
        return true;
    }

private:
    std::string_view packet_;
    std::size_t at_ = 0;
};

struct Record {
    std::string owner, target;
    std::uint32_t type = 0, ttl = 0;
    std::string_view data;
};

bool read_record(Reader& in, Record& out) {
    std::uint32_t family, size;
    if (!in.name(out.owner) || !in.number(2, out.type) || !in.number(2, family) || !in.number(4, out.ttl) || !in.number(2, size))
        return false;
    Reader inside = in;
    if (!in.bytes(size, out.data)) return false;
    if (family != 1) out.type = 0;
    return out.type != static_cast<std::uint32_t>(Type::kCname) || inside.name(out.target);
}

std::optional<Address> address_of(const Record& record, Type type) {
    if (record.type != static_cast<std::uint32_t>(type)) return std::nullopt;
    if (type == Type::kA && record.data.size() == 4) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        std::copy_n(record.data.data(), 4, reinterpret_cast<char*>(&in.sin_addr));
        return Address(reinterpret_cast<sockaddr*>(&in), sizeof in);
    }
    if (type == Type::kAaaa && record.data.size() == 16) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        std::copy_n(record.data.data(), 16, reinterpret_cast<char*>(&in.sin6_addr));
        return Address(reinterpret_cast<sockaddr*>(&in), sizeof in);
    }
    return std::nullopt;
}

}  // namespace

std::string query(std::uint16_t id, std::string_view name, Type type) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > kLongestName) return {};
    std::string out;
    put16(out, id);
    put16(out, 0x0100);  // recursion desired
    put16(out, 1);
    out.append(6, '\0');
    for (auto label : split(name, '.')) {
        if (label.empty() || label.size() > 63) return {};
        out += static_cast<char>(label.size());
        out += label;
    }
    out += '\0';
    put16(out, static_cast<unsigned>(type));
    put16(out, 1);
    return out;
}

std::optional<Answer> parse(std::string_view packet, std::uint16_t id, std::string_view name, Type type) {
    if (name.ends_with('.')) name.remove_suffix(1);
    Reader in(packet);
    std::uint32_t got_id, flags, questions, answers, rest, got_type, family;
    if (!in.number(2, got_id) || !in.number(2, flags) || !in.number(2, questions) || !in.number(2, answers) || !in.number(4, rest))
        return std::nullopt;
    if (got_id != id || !(flags & 0x8000) || questions != 1) return std::nullopt;
    std::string asked;
    if (!in.name(asked) || !in.number(2, got_type) || !in.number(2, family)) return std::nullopt;
    if (!iequals(asked, name) || got_type != static_cast<std::uint32_t>(type) || family != 1) return std::nullopt;
    Answer out;
    out.code = static_cast<int>(flags & 15);
    out.truncated = flags & 0x0200;
    if (out.code || out.truncated) return out;
    std::vector<Record> records(std::min<std::uint32_t>(answers, 512));
    for (auto& record : records)
        if (!read_record(in, record)) return std::nullopt;
    std::string current = lower(name);
    // An alias may stand anywhere; each can be followed once.
    for (std::size_t steps = 0; steps <= records.size(); ++steps) {
        auto next = std::find_if(records.begin(), records.end(), [&](auto& r) {
            return r.type == static_cast<std::uint32_t>(Type::kCname) && r.owner == current;
        });
        if (next == records.end()) break;
        out.ttl = std::min(out.ttl, next->ttl);
        current = out.alias = next->target;
    }
    for (auto& record : records) {
        auto address = record.owner == current ? address_of(record, type) : std::nullopt;
        if (!address) continue;
        out.addresses.push_back(*address);
        out.ttl = std::min(out.ttl, record.ttl);
    }
    return out;
}

}  // namespace bext::net::dns
