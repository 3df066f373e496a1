// Block: one level of configuration (main, http, a server, a location …) and the module records set in it. A block that
// sets nothing shares its parent's table of records, one that sets nothing of a module shares that module's record.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "conf/directive.h"

namespace bext::conf {

/// Every record type and directive that exists; slots are given in the order of add().
class Registry {
public:
    void add(std::span<const Record* const> records, std::span<const Directive> directives);

    struct Entry {
        const Directive* directive;
    };
    /// All directives of that name, in the order in which they were added.
    std::span<const Directive* const> find(std::string_view name) const;
    std::size_t slots() const { return records_.size(); }
    const Record& record(std::size_t slot) const { return *records_[slot]; }
    std::span<const Directive* const> directives_of(std::size_t slot) const { return by_slot_[slot]; }

    Registry();
    ~Registry();

private:
    struct Names;
    std::unique_ptr<Names> names_;
    std::vector<const Record*> records_;
    std::vector<std::vector<const Directive*>> by_slot_;
};

class Block {
public:
    /// All blocks, records and tables live in `arena`.
    Block(Arena& arena, const Registry& registry, Block* outer) : arena_(arena), registry_(registry), outer_(outer) {}

    Block* outer() const { return outer_; }
    Arena& arena() const { return arena_; }

    /// This block's own record; made when first asked for.
    void* own(const Record& record);
    bool owns(const Record& record) const;
    void own_all();

    /// A block inside this one. One that serves nothing itself (http, upstream) may hold what is wrong: that matters only
    /// to those inside that have it from there.
    Block& add_inner(bool serves = true);

    /// One with nothing around it, which holds defaults.
    Block& add_root() { return *arena_.make<Block>(arena_, registry_, nullptr); }

    /// Once everything is read, for the outermost block: every block gets its table of records …
    void lay_out();
    /// … and then, record by record in the order of nginx's modules, what it inherits, and is finished.
    Status settle(const Record& record, Cursor& at) { return settle(static_cast<std::size_t>(*record.slot), at, ok()); }
    /// What was needed only until then is given back.
    void settled();

    /// The records seen in this block, by slot; valid after lay_out().
    void* const* records() const { return records_; }

private:
    struct Own {
        int slot;
        void* record;
    };
    void* find(std::size_t slot) const;
    Status settle(std::size_t slot, Cursor& at, const Status& above);

    Arena& arena_;
    const Registry& registry_;
    Block* outer_;
    bool serves_ = true;
    std::vector<Own> own_;
    std::vector<Block*> inner_;
    void** records_ = nullptr;
};

}  // namespace bext::conf
