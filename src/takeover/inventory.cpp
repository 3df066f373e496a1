#include "takeover/inventory.h"

#include <functional>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "conf/files.h"
#include "takeover/backends.h"
#include "tls/radar.h"

namespace bext::takeover {
namespace {

std::string list_of(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (auto& text : texts) out += (out.size() > 1 ? "," : "") + json_text(text);
    return out + "]";
}

/// The arguments of a directive, those of all its occurrences that `wanted` takes.
std::vector<std::string> arguments(const Subject& subject, std::string_view name, const std::function<bool(const Found&)>& wanted, bool first_only) {
    std::vector<std::string> all;
    for (auto* one : subject.survey.named(name))
        if (wanted(*one))
            for (std::size_t i = 1; i < one->words.size() && (!first_only || i == 1); ++i) all.push_back(one->words[i]);
    return all;
}

std::string server_json(const Subject& subject, const Found& server, int number, const std::string& directory) {
    auto inside = [number](const Found& one) { return one.server == number; };
    auto certificates = arguments(subject, "ssl_certificate", inside, true), keys = arguments(subject, "ssl_certificate_key", inside, true);
    std::string days = "null";
    if (!certificates.empty() && !keys.empty() && certificates.front().find('$') == std::string::npos)
        if (auto facts = tls::look_at(conf::absolute_path(directory, certificates.front()), conf::absolute_path(directory, keys.front())))
            days = std::to_string(facts->days_left);
    return cat({"{\"names\":", list_of(arguments(subject, "server_name", inside, false)), ",\"listens\":",
                list_of(arguments(subject, "listen", inside, true)), ",\"place\":", json_text(server.place), ",\"certificate\":",
                certificates.empty() ? "null" : json_text(certificates.front()), ",\"days_left\":", days, "}"});
}

/// Every certificate once, with the names that it is good for.
std::string certificates_json(const Subject& subject, const std::string& directory) {
    std::string text;
    std::set<std::string> seen;
    for (auto* one : subject.survey.named("ssl_certificate")) {
        if (one->words.size() < 2 || !seen.insert(one->words[1]).second) continue;
        auto same = [&](const Found& key) { return key.inside == one->inside && key.server == one->server; };
        auto keys = arguments(subject, "ssl_certificate_key", same, true);
        std::string days = "null", names = "[]";
        if (!keys.empty() && one->words[1].find('$') == std::string::npos)
            if (auto facts = tls::look_at(conf::absolute_path(directory, one->words[1]), conf::absolute_path(directory, keys.front()))) {
                days = std::to_string(facts->days_left);
                names = list_of(facts->names);
            }
        text += cat({text.empty() ? "" : ",", "{\"file\":", json_text(one->words[1]), ",\"place\":", json_text(one->place), ",\"names\":", names,
                     ",\"days_left\":", days, "}"});
    }
    return text;
}

std::string backend_json(const Backend& backend) {
    return cat({"{\"address\":", json_text(backend.address), ",\"place\":", json_text(backend.place), ",\"state\":\"", name_of(backend.health),
                "\",\"reason\":", json_text(backend.reason), "}"});
}

/// The upstream blocks with their servers; `direct` gets the backends that stand in none.
std::string upstreams_json(const Survey& survey, std::string& direct) {
    std::string text;
    auto backends = backends_of(survey);
    for (auto* block : survey.named("upstream")) {
        if (block->words.size() < 2) continue;
        std::string servers;
        for (auto& one : backends)
            if (one.upstream == block->words[1]) servers += (servers.empty() ? "" : ",") + backend_json(one);
        text += cat({text.empty() ? "" : ",", "{\"name\":", json_text(block->words[1]), ",\"place\":", json_text(block->place), ",\"servers\":[", servers, "]}"});
    }
    for (auto& one : backends)
        if (one.upstream.empty()) direct += (direct.empty() ? "" : ",") + backend_json(one);
    return text;
}

}  // namespace

std::string inventory_of(const Subject& subject) {
    auto path = loader::conf_file_of(subject.nginx.source);
    auto directory = path.substr(0, path.rfind('/') + 1);
    std::string servers;
    int number = 0;
    for (auto& one : subject.survey.directives) {
        if (one.words.front() == "server" && one.inside == std::vector<std::string>{"http"} && one.words.size() == 1)
            servers += (servers.empty() ? "" : ",") + server_json(subject, one, number++, directory);
    }
    std::string direct, upstreams = upstreams_json(subject.survey, direct);
    std::vector<std::string> listens;
    if (subject.configuration)
        for (auto& listen : subject.configuration->plan.listens) listens.push_back(listen.text);
    return cat({"{\"file\":", json_text(path), ",\"nginx\":", json_text(subject.nginx.version), ",\"directives\":", std::to_string(subject.survey.directives.size()), ",\"listens\":", list_of(listens), ",\"servers\":[",
                servers, "],\"upstreams\":[", upstreams, "],\"backends\":[", direct, "],\"certificates\":[", certificates_json(subject, directory), "],\"warnings\":", list_of(subject.warnings), "}\n"});
}

}  // namespace bext::takeover
