// addition: puts the answers to subrequests before and after a response.
// https://nginx.org/en/docs/http/ngx_http_addition_module.html
#include "http/gzip_ok.h"
#include "http/module.h"
#include "http/subrequest.h"

namespace bext::http {
namespace {

struct Conf {
    conf::Setting<std::string> before, after;
    conf::Setting<MediaTypes> types;

    conf::Status finish(const Conf&, conf::Cursor& at) { return types->check(at); }
};

class Surroundings : public BodyFilter {
public:
    explicit Surroundings(const Conf& conf) : conf_(conf) {}

    bool pass(Request& r, Chain& chain, bool last, bool) override {
        bool begins = !begun_ && !conf_.before->empty();
        begun_ = true;
        if (!begins && !last) return true;
        Chain out(r.arena);
        if (begins && !place(r, *conf_.before, out)) return false;
        for (auto& piece : chain) out.push(piece);
        if (last && !conf_.after->empty() && !place(r, *conf_.after, out)) return false;
        chain = out;
        return true;
    }

private:
    static bool place(Request& r, const std::string& uri, Chain& out) {
        auto* subrequest = Subrequest::create(r, uri, {}, Subrequest::Body::kPlaced);
        if (!subrequest) return false;
        out.push(Piece::place_of(*subrequest));
        return true;
    }

    const Conf& conf_;
    bool begun_ = false;
};

std::optional<int> surround(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& out = r.out;
    if (out.status != status::kOk || r.parent || (conf.before->empty() && conf.after->empty())) return std::nullopt;
    if (!conf.types->contains(out.content_type)) return std::nullopt;
    out.clear_content_length();
    out.clear_accept_ranges();
    out.weaken_etag(r.arena);
    r.add_filter(r.arena.make<Surroundings>(conf));
    return std::nullopt;
}

conf::Status types(conf::Cursor& at, Conf& conf) { return MediaTypes::read(at, conf.types); }

constexpr conf::Directive kDirectives[] = {
    {"add_before_body", conf::kHttp, conf::kOne, conf::into<&Conf::before>},
    {"add_after_body", conf::kHttp, conf::kOne, conf::into<&Conf::after>},
    {"addition_types", conf::kHttp, conf::kOneOrMore, conf::call<types, &Conf::types>},
};

}  // namespace

extern constinit const Module addition = {
    .name = "http_addition",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .header_filter = surround,
};

}  // namespace bext::http
