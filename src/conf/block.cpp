#include "conf/block.h"

#include <unordered_map>

#include "conf/cursor.h"

namespace bext::conf {

struct Registry::Names {
    std::unordered_map<std::string_view, std::vector<const Directive*>> map;
};

Registry::Registry() : names_(std::make_unique<Names>()) {}
Registry::~Registry() = default;

void Registry::add(std::span<const Record* const> records, std::span<const Directive> directives) {
    for (auto* record : records) {
        *record->slot = static_cast<int>(records_.size());
        records_.push_back(record);
        by_slot_.emplace_back();
    }
    for (auto& directive : directives) {
        names_->map[directive.name].push_back(&directive);
        if (directive.action.record && directive.action.inherit)
            by_slot_[static_cast<std::size_t>(*directive.action.record->slot)].push_back(&directive);
    }
}

std::span<const Directive* const> Registry::find(std::string_view name) const {
    auto at = names_->map.find(name);
    if (at == names_->map.end()) return {};
    return at->second;
}

void* Block::find(std::size_t slot) const {
    for (auto& own : own_)
        if (own.slot == static_cast<int>(slot)) return own.record;
    return nullptr;
}

void* Block::own(const Record& record) {
    if (auto* known = find(static_cast<std::size_t>(*record.slot))) return known;
    void* memory = arena_.allocate(record.size, record.align);
    record.construct(memory);
    arena_.on_clear(record.destroy, memory);
    own_.push_back({*record.slot, memory});
    return memory;
}

bool Block::owns(const Record& record) const { return find(static_cast<std::size_t>(*record.slot)) != nullptr; }

void Block::own_all() {
    for (std::size_t i = 0; i < registry_.slots(); ++i) own(registry_.record(i));
}

Block& Block::add_inner(bool serves) {
    auto* inner = arena_.make<Block>(arena_, registry_, this);
    inner->serves_ = serves;
    inner_.push_back(inner);
    return *inner;
}

void Block::lay_out() {
    if (!outer_) serves_ = false;
    if (own_.empty() && outer_) {
        records_ = outer_->records_;
    } else {
        auto slots = registry_.slots();
        records_ = static_cast<void**>(arena_.allocate(slots * sizeof(void*), alignof(void*)));
        for (std::size_t i = 0; i < slots; ++i) records_[i] = outer_ ? outer_->records_[i] : nullptr;
        for (auto& own : own_) records_[own.slot] = own.record;
    }
    for (auto* inner : inner_) inner->lay_out();
}

Status Block::settle(std::size_t slot, Cursor& at, const Status& above) {
    Status bad = above;
    if (auto* own = find(slot)) {
        const void* outer = outer_ ? outer_->records_[slot] : nullptr;
        if (outer)
            for (auto* directive : registry_.directives_of(slot)) directive->action.inherit(own, outer);
        bad = registry_.record(slot).finish(own, outer ? outer : own, at);
    }
    if (bad && serves_) return bad;
    for (auto* inner : inner_)
        if (auto worse = inner->settle(slot, at, bad)) return worse;
    return ok();
}

void Block::settled() {
    for (auto* inner : inner_) inner->settled();
    inner_ = {};
    own_ = {};
}

}  // namespace bext::conf
