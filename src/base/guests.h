// Guests: the connections to a small listener that have not shown yet that they may ask. There is room for so many; when one
// more comes, one has to go, so that whoever opens many and says nothing keeps nobody else out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace bext {

class Guests {
public:
    using Id = std::uint64_t;

    explicit Guests(std::size_t most) : most_(most) {}

    /// One from `peer` has come, and may stay until `send_away` is called, which must not call back. When there is no room, the
    /// one is sent away that has been there longest, of the peer that has most.
    Id enter(std::string peer, std::function<void()> send_away);
    /// It has shown its right, or is gone.
    void leave(Id id) { guests_.erase(id); }

    std::size_t count() const { return guests_.size(); }

private:
    struct Guest {
        std::string peer;
        std::function<void()> send_away;
    };

    void make_room();

    std::size_t most_;
    Id last_ = 0;
    std::map<Id, Guest> guests_;  // the oldest first
};

}  // namespace bext
