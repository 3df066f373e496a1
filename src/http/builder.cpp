// Builder: the http block, its servers and locations, as ngx_http.c and ngx_http_core_module.c read them.
#include "http/builder.h"

#include <algorithm>

#include "http/core_conf.h"

namespace bext::http {

using conf::Cursor;
using conf::Status;

Status Builder::http_block(Cursor& at) {
    if (http_seen) return conf::directive_is("is duplicate");
    http_seen = true;
    auto& block = at.block().add_inner();
    site->main = &block;
    if (auto bad = at.read_block(block, conf::kHttpBlock)) return bad;
    block.own_all();  // what depends on the defaults of http is settled here, once for all servers
    auto* client = static_cast<Client*>(block.own(conf::record<Client>));
    if (!client->body_temp_path.is_set()) client->body_temp_path.set_default(temp_directory("body", "client_body_temp"));
    return finish_http(at);
}

Status Builder::server_block(Cursor& at) {
    auto owned = std::make_unique<Server>();
    auto* outer = std::exchange(server, owned.get());
    server->block = &at.block().add_inner();
    server->root.kind = Location::Kind::kServer;
    server->root.block = server->block;
    server->place = at.place();
    auto listens = listens_.size();
    if (auto bad = at.read_block(*server->block, conf::kServer)) return bad;
    if (listens_.size() == listens) {  // nginx: *:80, or *:8000 for an ordinary user
        ListenOptions options;
        options.wildcard = true;
        listens_.push_back({server, net::Address::ipv4(0, ::geteuid() == 0 ? 80 : 8000), options, server->place});
    }
    if (server->names.empty()) server->names.push_back({"", nullptr});
    auto& first = server->names[0];
    server->name_text = first.regex ? "~" + first.text : first.text.starts_with(".") ? first.text.substr(1) : first.text;
    site->servers.push_back(std::move(owned));
    server = outer;
    return conf::ok();
}

Status Builder::name_location(Cursor& at, Location& here) {
    auto regex_of = [&](const std::string& pattern, bool ignore_case) -> Status {
        here.kind = Location::Kind::kRegex;
        auto compiled = regex(at, pattern, ignore_case);
        if (!compiled) return conf::refuse(compiled.error().text);
        here.regex = *compiled;
        here.name = site->arena.copy(pattern);
        return conf::ok();
    };
    auto plain = [&](std::string_view name, Location::Kind kind) {
        here.kind = kind;
        here.name = site->arena.copy(name);
        return conf::ok();
    };
    if (at.count() == 3) {
        auto& mark = at.arg(1);
        if (mark == "=") return plain(at.arg(2), Location::Kind::kExact);
        if (mark == "^~") return plain(at.arg(2), Location::Kind::kNoRegex);
        if (mark == "~") return regex_of(at.arg(2), false);
        if (mark == "~*") return regex_of(at.arg(2), true);
        return conf::refuse(cat({"invalid location modifier \"", mark, "\""}));
    }
    std::string_view name = at.arg(1);
    if (name.starts_with("=")) return plain(name.substr(1), Location::Kind::kExact);
    if (name.starts_with("^~")) return plain(name.substr(2), Location::Kind::kNoRegex);
    if (name.starts_with("~*")) return regex_of(std::string(name.substr(2)), true);
    if (name.starts_with("~")) return regex_of(std::string(name.substr(1)), false);
    return plain(name, name.starts_with("@") ? Location::Kind::kNamed : Location::Kind::kPrefix);
}

Status Builder::place_location(Location& here) {
    auto* outer = location;
    if (outer) {
        auto refuse_inside = [&](std::string_view what) {
            return conf::refuse(cat({"location \"", here.name, "\" cannot be inside the ", what, " location \"", outer->name, "\""}));
        };
        if (outer->kind == Location::Kind::kExact) return refuse_inside("exact");
        if (outer->kind == Location::Kind::kNamed) return refuse_inside("named");
        if (here.kind == Location::Kind::kNamed)
            return conf::refuse(cat({"named location \"", here.name, "\" can be on the server level only"}));
        if (here.kind != Location::Kind::kRegex && !here.name.starts_with(outer->name))
            return conf::refuse(cat({"location \"", here.name, "\" is outside location \"", outer->name, "\""}));
        if (!outer->inner) outer->inner = std::make_unique<Locations>();
    }
    if (here.kind == Location::Kind::kNamed) {
        server->named.emplace(here.name, &here);  // of two with one name nginx finds the first
        return conf::ok();
    }
    auto& level = outer ? *outer->inner : server->locations;
    if (here.kind == Location::Kind::kRegex) {
        level.regexes.push_back(&here);
        return conf::ok();
    }
    bool exact = here.kind == Location::Kind::kExact;
    for (auto& other : level.statics) {
        if (other.name != here.name) continue;
        auto& slot = exact ? other.exact : other.prefix;
        if (slot) return conf::refuse(cat({"duplicate location \"", here.name, "\""}));
        slot = &here;
        return conf::ok();
    }
    level.statics.push_back({here.name, exact ? &here : nullptr, exact ? nullptr : &here, -1});
    return conf::ok();
}

Status Builder::location_block(Cursor& at) {
    auto* here = site->arena.make<Location>();
    if (auto bad = name_location(at, *here)) return bad;
    here->outer = location;
    here->block = &at.block().add_inner();
    if (auto bad = place_location(*here)) return bad;
    auto* outer = std::exchange(location, here);
    all_locations_.push_back(here);
    auto bad = at.read_block(*here->block, conf::kLocation);
    location = outer;
    return bad;
}

Status Builder::read_unnamed(Cursor& at, Location::Kind kind, std::uint32_t context, Location*& out) {
    auto* here = site->arena.make<Location>();
    here->kind = kind;
    here->outer = location;
    here->name = location ? location->name : std::string_view();
    here->block = &at.block().add_inner();
    all_locations_.push_back(here);
    out = here;
    auto* outer = std::exchange(location, here);
    auto bad = at.read_block(*here->block, context);
    location = outer;
    return bad;
}

void Builder::finish_locations(Locations& locations) {
    locations.finish();
    for (auto& s : locations.statics)
        for (auto* l : {s.exact, s.prefix})
            if (l && l->inner) finish_locations(*l->inner);
    for (auto* l : locations.regexes)
        if (l->inner) finish_locations(*l->inner);
}

Status Builder::finish_http(Cursor& at) {
    http_place_ = at.place();
    if (auto bad = finish_listens(at)) return bad;
    collect_hooks();
    return conf::ok();
}

Status Builder::finish(Cursor& at) {
    if (!site->main) return conf::ok();
    auto placed = [&](Status bad) {
        if (bad->kind == conf::Refusal::Kind::kMessage) bad->text += http_place_;
        return bad;
    };
    if (auto bad = at.block().resolve(at)) return placed(std::move(bad));
    for (auto& s : site->servers) {
        s->root.records = s->block->records();
        finish_locations(s->locations);
    }
    for (auto* l : all_locations_) l->records = l->block->records();
    for (auto* module : modules())
        if (module->prepare)
            if (auto bad = module->prepare(at, *this)) return placed(std::move(bad));
    all_locations_ = {};
    return finish_variables(at);
}

void Builder::collect_hooks() {
    for (auto* module : modules()) {
        bool wanted = module->always || module->records.empty();
        for (auto* record : module->records) wanted = wanted || used(*record);
        if (!wanted) continue;
        const Hook* hooks[] = {&module->post_read, &module->server_rewrite, &module->rewrite, &module->preaccess,
                               &module->access, &module->precontent, &module->content};
        for (int phase = 0; phase < Site::kPhases; ++phase)
            if (*hooks[phase]) site->hooks[static_cast<std::size_t>(phase)].push_back(hooks[phase]);
        if (module->header_filter) site->header_filters.push_back(module->header_filter);
        if (module->log) site->loggers.push_back(module->log);
    }
}

}  // namespace bext::http
