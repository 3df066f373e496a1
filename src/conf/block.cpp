#include "conf/block.h"

#include <algorithm>
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

void* Block::own(const Record& record) {
    int slot = *record.slot;
    for (auto& own : own_)
        if (own.slot == slot) return own.record;
    void* memory = arena_.allocate(record.size, record.align);
    record.construct(memory);
    arena_.on_clear(record.destroy, memory);
    own_.push_back({slot, memory, {}});
    return memory;
}

bool Block::owns(const Record& record) const {
    return std::any_of(own_.begin(), own_.end(), [&](auto& own) { return own.slot == *record.slot; });
}

void Block::own_all() {
    for (std::size_t i = 0; i < registry_.slots(); ++i) own(registry_.record(i));
}

Block& Block::add_inner() {
    auto* inner = arena_.make<Block>(arena_, registry_, this);
    inner_.push_back(inner);
    return *inner;
}

Status Block::inherit(Cursor& at) {
    auto slots = registry_.slots();
    if (own_.empty() && outer_) {
        records_ = outer_->records_;
        return ok();
    }
    auto* table = static_cast<void**>(arena_.allocate(slots * sizeof(void*), alignof(void*)));
    for (std::size_t i = 0; i < slots; ++i) table[i] = outer_ ? outer_->records_[i] : nullptr;
    for (auto& own : own_) {
        auto slot = static_cast<std::size_t>(own.slot);
        const void* outer = table[slot];
        if (outer)
            for (auto* directive : registry_.directives_of(slot)) directive->action.inherit(own.record, outer);
        if (auto bad = registry_.record(slot).finish(own.record, outer ? outer : own.record, at)) return bad;
        table[slot] = own.record;
    }
    records_ = table;
    own_.clear();
    own_.shrink_to_fit();
    return ok();
}

Status Block::resolve(Cursor& at) {
    if (!outer_) own_all();
    if (auto bad = inherit(at)) return bad;
    for (auto* inner : inner_)
        if (auto bad = inner->resolve(at)) return bad;
    inner_.clear();
    inner_.shrink_to_fit();
    return ok();
}

}  // namespace bext::conf
