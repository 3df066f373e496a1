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
    auto& defaults = at.block().add_root();
    auto& block = defaults.add_inner(false);
    site->main = &block;
    if (auto bad = at.read_block(block, conf::kHttpBlock)) return bad;
    defaults.own_all();
    block.own_all();  // what depends on the defaults of http is settled here, once for all servers
    auto* client = static_cast<Client*>(block.own(conf::record<Client>));
    if (!client->body_temp_path.is_set()) client->body_temp_path.set_default(temp_directory("body", "client_body_temp"));
    return finish_http(at, defaults);
}

Status Builder::server_block(Cursor& at) {
    auto owned = std::make_unique<Server>();
    auto* outer = std::exchange(server, owned.get());
    server->block = &at.block().add_inner();
    server->root.kind = Location::Kind::kServer;
    server->root.block = server->block;
    server->place = at.place();
    listen_given_ = false;
    if (auto bad = at.read_block(*server->block, conf::kServer)) return bad;
    if (!listen_given_)
        if (auto bad = add_listen(at, *server, net::Address::ipv4(0, defaults.privileged ? 80 : 8000), {})) return bad;
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
    level.statics.push_back({here.name, exact ? &here : nullptr, exact ? nullptr : &here, -1});
    return conf::ok();
}

Status Builder::location_block(Cursor& at) {
    auto* here = site->arena.make<Location>();
    if (auto bad = name_location(at, *here)) return bad;
    here->outer = location;
    here->place = site->arena.copy(at.place());
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

Status Builder::finish_locations(Locations& locations) {
    for (auto& s : locations.statics)
        for (auto* l : {s.exact, s.prefix})
            if (l && l->inner)
                if (auto bad = finish_locations(*l->inner)) return bad;
    for (auto* l : locations.regexes)
        if (l->inner)
            if (auto bad = finish_locations(*l->inner)) return bad;
    if (auto* twice = locations.finish())
        return conf::Refusal{cat({"duplicate location \"", twice->name, "\"", twice->place}), conf::Refusal::Kind::kComplete};
    return conf::ok();
}

Status Builder::finish_records(Cursor& at, conf::Block& defaults) {
    defaults.lay_out();
    for (auto& s : site->servers) s->root.records = s->block->records();
    for (auto* l : all_locations_) l->records = l->block->records();
    all_locations_ = {};
    for (auto* module : modules()) {
        if (!site->servers.empty())  // else nobody has what is set
            for (auto* record : module->records)
                if (auto bad = defaults.settle(*record, at)) return bad;
        if (module->merged)
            if (auto bad = module->merged(at, *this)) return bad;
    }
    defaults.settled();
    return conf::ok();
}

Status Builder::finish_http(Cursor& at, conf::Block& defaults) {
    if (auto bad = finish_records(at, defaults)) return bad;
    for (auto& s : site->servers)
        if (auto bad = finish_locations(s->locations)) return bad;
    for (auto* module : modules())
        if (module->prepare)
            if (auto bad = module->prepare(at, *this)) return bad;
    if (auto bad = finish_variables()) return bad;
    if (auto bad = finish_listens(at)) return bad;
    collect_hooks();
    return conf::ok();
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
