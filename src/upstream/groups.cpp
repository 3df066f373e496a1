#include "upstream/groups.h"

#include "base/figures.h"

#include "base/text.h"
#include "http/builder.h"
#include "upstream/health.h"

namespace bext::upstream {

using conf::Status;

std::shared_ptr<Groups> Groups::of(http::Builder& builder) { return builder.shared<Groups>("upstreams"); }

namespace {

std::string place_of(conf::Cursor& at) {
    auto place = at.place();
    return place.starts_with(" in ") ? place.substr(4) : place;
}

Status whole(std::string text) { return conf::Refusal{std::move(text), conf::Refusal::Kind::kComplete}; }

}  // namespace

Status Groups::create(conf::Cursor& at, std::string_view name, std::shared_ptr<Group>& out) {
    for (auto& group : list_) {
        if (!iequals(group->name, name)) continue;
        if (group->explicit_block) return conf::refuse(cat({"duplicate upstream \"", name, "\""}));
        if (!group->no_port)
            return whole(cat({"upstream \"", name, "\" may not have port ", std::to_string(group->port), " in ", group->place}));
        group->explicit_block = true;
        group->port = 0;
        group->place = place_of(at);
        out = group;
        return conf::ok();
    }
    out = std::make_shared<Group>();
    out->name = name;
    out->place = place_of(at);
    out->no_port = true;
    out->explicit_block = true;
    list_.push_back(out);
    return conf::ok();
}

Status Groups::use(conf::Cursor& at, const Url& url, std::shared_ptr<Group>& out) {
    for (auto& group : list_) {
        if (!iequals(group->name, url.host)) continue;
        if (group->explicit_block && !url.no_port)
            return conf::refuse(cat({"upstream \"", url.host, "\" may not have port ", std::to_string(url.port)}));
        if (group->port && url.port && group->port != url.port) continue;
        out = group;
        return conf::ok();
    }
    out = std::make_shared<Group>();
    out->name = url.host;
    out->place = place_of(at);
    out->port = url.port;
    out->no_port = url.no_port;
    if (url.address && (url.port || url.unix_socket)) {
        auto peer = std::make_unique<Peer>();
        peer->address = *url.address;
        peer->name = peer->server = url.address->text();
        out->add(false, std::move(peer));
    }
    list_.push_back(out);
    return conf::ok();
}

Status Groups::finish(Group& group, net::Names& names) {
    if (group.explicit_block) {
        if (group.main.peers.empty()) return whole(cat({"no servers in upstream \"", group.name, "\" in ", group.place}));
        group.finish();
        return conf::ok();
    }
    if (group.main.peers.empty()) {
        if (group.port == 0) return whole(cat({"no port in upstream \"", group.name, "\" in ", group.place}));
        auto found = names.addresses(group.name, group.port);
        if (!found) return whole(cat({found.error().text, " in upstream \"", group.name, "\" in ", group.place}));
        for (auto& address : *found) {
            auto peer = std::make_unique<Peer>();
            peer->address = address;
            peer->name = address.text();
            peer->server = group.name;
            group.add(false, std::move(peer));
        }
    }
    group.finish();
    return conf::ok();
}

namespace {

/// Each server of the group is counted apart, if there is room. Groups that only a request names are counted together.
void give_series(Group& group) {
    auto* series = figure_page().series();
    if (!series) return;
    for (auto* set : {&group.main, &group.backup})
        for (auto& peer : set->peers) peer->series = series->row_of(SeriesKind::kPeer, group.name, peer->name);
}

}  // namespace

Status Groups::finish(net::Names& names) {
    if (std::exchange(finished_, true)) return conf::ok();
    for (auto& group : list_) {
        if (auto bad = finish(*group, names)) return bad;
        give_series(*group);
        remember_health(group);
    }
    return conf::ok();
}

std::shared_ptr<Group> Groups::find(const Url& url) const {
    for (auto& group : list_)
        if (((group->port == 0 && url.no_port) || group->port == url.port) && iequals(group->name, url.host)) return group;
    if (!url.address || (url.port == 0 && !url.unix_socket)) return nullptr;
    return Group::of(*url.address, std::string(url.host));
}

}  // namespace bext::upstream
