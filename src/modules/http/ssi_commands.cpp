// ssi, the commands: include, echo, config, set, if … endif, block … endblock.
#include "http/escape.h"
#include "http/uri.h"
#include "modules/http/ssi.h"

namespace bext::http::ssi {
namespace {

enum Include { kVirtual, kFile, kWait, kSet, kStub };

std::string_view lower_name(Request& r, std::string_view name) { return r.main.arena.copy(lower(name)); }

/// The answer of an include with a stub: the block, when the subrequest failed or gave nothing.
int answer_with_stub(Subrequest& made, int code, void* context) {
    auto& r = made.request;
    if (r.output_begun || (code == 0 && !r.pending.empty())) return code;
    auto& block = *static_cast<Chain*>(context);
    r.pending.clear();
    for (auto& piece : block) r.pending.push(piece);
    made.decide = nullptr;
    if (code == 0 && !r.header_sent) r.send_header();  // of the empty answer: its filters are those of the block
    if (r.header_sent) return 0;
    r.out.content_type = r.parent->out.content_type;
    r.out.type_rest = r.parent->out.type_rest;
    r.out.clear_content_length();
    if (!r.out.status) r.out.status = status::kOk;
    return 0;
}

}  // namespace

bool Filter::check_include(const Arguments& a, bool& wait) {
    if (a[kVirtual].data() && a[kFile].data())
        return complain({"inclusion may be either virtual=\"", a[kVirtual], "\" or file=\"", a[kFile], "\""});
    if (!a[kVirtual].data() && !a[kFile].data()) return complain({"no parameter in \"include\" SSI command"});
    if (a[kSet].data() && a[kStub].data())
        return complain({"\"set\" and \"stub\" cannot be used together in \"include\" SSI command"});
    wait = a[kFile].data();
    if (!a[kWait].data()) return true;
    if (!a[kVirtual].data()) return complain({"\"wait\" cannot be used with file=\"", a[kFile], "\""});
    wait = iequals(a[kWait], "yes");
    if (!wait && !iequals(a[kWait], "no")) return complain({"invalid value \"", a[kWait], "\" in the \"wait\" parameter"});
    return true;
}

/// The text of a block; null after an error (logged).
Chain* Filter::find_stub(std::string_view name) {
    for (auto& block : shared_.blocks)
        if (block.name == name) return block.text;
    complain({"\"stub\"=\"", name, "\" for \"include\" not found"});
    return nullptr;
}

bool Filter::include(const Arguments& a) {
    bool wait;
    if (!check_include(a, wait)) return false;
    auto target = evaluate(r_, a[kVirtual].data() ? a[kVirtual] : a[kFile], true);
    if (!target) return false;
    auto uri = *target;
    std::string_view args;
    if (!parse_unsafe_uri(uri, args, r_.arena)) return complain({"unsafe URI \"", uri, "\" was detected"});
    Chain* stub = nullptr;
    if (a[kStub].data() && !(stub = find_stub(a[kStub]))) return false;
    bool keep = a[kSet].data();
    auto* made = Subrequest::create(r_, uri, args, keep ? Subrequest::Body::kMemory : Subrequest::Body::kPlaced);
    if (!made) return false;
    if (stub) {
        made->decide = answer_with_stub;
        made->context = stub;
    }
    out_.push(Piece::place_of(*made));
    if (keep) {
        waited_variable_ = lower_name(r_, a[kSet]);
        if (!shared_.find(waited_variable_)) shared_.set(waited_variable_, {});
    }
    if (wait || keep) waited_ = made;
    return true;
}

bool Filter::echo(const Arguments& a) {
    auto value = variable(r_, a[0]);
    if (!value) value = a[1].data() ? a[1] : std::string_view("(none)");
    if (value->empty()) return true;
    if (a[2] == "url") encoding_ = Escape::kUriHtml;
    else if (a[2] == "entity") encoding_ = Escape::kHtml;
    else if (a[2] == "none") encoding_.reset();
    else if (a[2].data()) complain({"unknown encoding \"", a[2], "\" in the \"echo\" command"});
    out_.push(Piece::memory(encoding_ ? escape(*encoding_, *value, r_.arena) : *value));
    return true;
}

bool Filter::config(const Arguments& a) {
    if (a[1].data()) time_format_ = r_.arena.cat({a[1], {"\0", 1}}).substr(0, a[1].size());
    if (a[0].data()) error_text_ = a[0];
    return true;
}

bool Filter::set(const Arguments& a) {
    auto value = evaluate(r_, a[1]);
    if (value) shared_.set(lower_name(r_, a[0]), *value);
    return value.has_value();
}

/// if and elif.
bool Filter::condition(const Arguments& a) {
    if (parser_.command() == "if" && conditional_) return complain({"the \"if\" command inside the \"if\" command"});
    if (chosen_) {
        output_ = false;
        return true;
    }
    auto holds = test(r_, a[0]);
    if (!holds) return false;
    output_ = *holds;
    if (*holds) chosen_ = true;
    conditional_ = 1;
    return true;
}

bool Filter::otherwise(const Arguments&) {
    output_ = !chosen_;
    conditional_ = 2;
    return true;
}

bool Filter::endif(const Arguments&) {
    output_ = true;
    chosen_ = false;
    conditional_ = 0;
    return true;
}

bool Filter::block(const Arguments& a) {
    auto& arena = r_.main.arena;
    shared_.blocks.push({arena.copy(a[0]), arena.make<Chain>(arena)});
    output_ = false;
    in_block_ = true;
    return true;
}

bool Filter::endblock(const Arguments&) {
    output_ = true;
    in_block_ = false;
    return true;
}

}  // namespace bext::http::ssi
