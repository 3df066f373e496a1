#include "upstream/health.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "base/warm.h"
#include "base/wire.h"

namespace bext::upstream {
namespace {

/// The living groups of one name, of successive configurations.
using Generations = std::vector<std::weak_ptr<Group>>;

struct Registry {
    std::mutex mutex;
    std::map<std::string, Generations> groups;
};

Registry& registry() {
    static Registry all;
    return all;
}

template <class Each>
void each_peer(Group& group, Each each) {
    for (auto* set : {&group.main, &group.backup})
        for (auto& peer : set->peers) each(*peer);
}

Peer* peer_named(Group& group, std::string_view name) {
    Peer* found = nullptr;
    each_peer(group, [&](Peer& peer) {
        if (peer.name == name) found = &peer;
    });
    return found;
}

void copy(const Peer& from, Peer& to) {
    to.fails = from.fails;
    to.accessed = from.accessed;
    to.checked = from.checked;
    to.effective_weight = std::min(from.effective_weight, to.weight);
    to.current_weight = from.current_weight;
}

std::string save(Group& group) {
    std::lock_guard lock(group.mutex);
    WireWriter wire;
    each_peer(group, [&](const Peer& peer) {
        wire.text(peer.name);
        for (int value : {peer.fails, peer.effective_weight, peer.current_weight}) wire.number(value);
        for (auto value : {peer.accessed, peer.checked}) wire.number(value);
    });
    return wire.take();
}

void restore(Group& group, std::string_view bytes) {
    WireReader wire(bytes);
    while (wire.ok() && !wire.at_end()) {
        Peer read;
        auto* peer = peer_named(group, wire.text());
        for (int* value : {&read.fails, &read.effective_weight, &read.current_weight}) wire.number(*value);
        for (auto* value : {&read.accessed, &read.checked}) wire.number(*value);
        if (peer && wire.ok()) copy(read, *peer);
    }
}

/// The last one that still lives; the registry's mutex is held.
std::shared_ptr<Group> living(Generations& generations) {
    std::erase_if(generations, [](auto& one) { return one.expired(); });
    return generations.empty() ? nullptr : generations.back().lock();
}

}  // namespace

void remember_health(const std::shared_ptr<Group>& group) {
    auto identity = cat({"upstream ", group->name, ":", std::to_string(group->port)});
    auto& all = registry();
    std::lock_guard lock(all.mutex);
    auto& generations = all.groups[identity];
    if (auto before = living(generations)) {
        std::lock_guard before_lock(before->mutex);
        each_peer(*group, [&](Peer& peer) {
            if (auto* known = peer_named(*before, peer.name)) copy(*known, peer);
        });
    } else if (auto bytes = warm_state().take(identity)) {
        restore(*group, *bytes);
    }
    generations.push_back(group);
    warm_state().keep(identity, [identity]() -> std::optional<std::string> {
        std::lock_guard lock(registry().mutex);
        auto alive = living(registry().groups[identity]);
        if (!alive) return std::nullopt;
        return save(*alive);
    });
}

}  // namespace bext::upstream
