// Cursor: what a directive's setter sees: its arguments, its place, the block it stands in, and the rest of the file.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "conf/block.h"
#include "conf/directive.h"
#include "conf/files.h"
#include "conf/units.h"

namespace bext::conf {

class Reader;

class Cursor {
public:
    Cursor(Reader& reader, Block& block, std::uint32_t context = kMain) : reader_(reader), block_(block), context_(context) {}

    /// args()[0] is the directive itself.
    const std::vector<std::string>& args() const { return *args_; }
    const std::string& arg(std::size_t i) const { return (*args_)[i]; }
    std::size_t count() const { return args_->size(); }
    const std::string& name() const { return (*args_)[0]; }

    Block& block() const { return block_; }
    std::uint32_t context() const { return context_; }

    /// The record of type C that belongs to this block; made when first asked for.
    template <class C>
    C& own() {
        return *static_cast<C*>(block_.own(record<C>));
    }

    /// Reads the block that this directive opens, its directives standing in `context` of `inner`.
    Status read_block(Block& inner, std::uint32_t context);
    /// Reads the block as free-form entries (map, types, geo): `entry` gets each one's words. `include` works inside.
    Status read_entries(const std::function<Status(const std::vector<std::string>&)>& entry);

    /// Reads the directives of another file as if they stood here.
    Status include(const std::string& path);

    Files& files() const;
    /// The path below the configuration's directory (certificates, includes) …
    std::string conf_path(std::string_view path) const;
    /// … and below the prefix (everything else).
    std::string full_path(std::string_view path) const;

    /// nginx's [warn], [notice] … line with the place appended.
    void warn(std::string text) const;
    /// A line of another level, with the place appended.
    void note(std::string_view level, std::string_view text) const;
    /// The same without a place, for what concerns no line.
    void warn_plain(std::string text) const;
    /// " in FILE:LINE" of the directive being read.
    std::string place() const;
    /// The tree that is being built (http::Builder).
    template <class T>
    T& owner() const {
        return *static_cast<T*>(owner_pointer());
    }

private:
    friend class Reader;
    void* owner_pointer() const;

    Reader& reader_;
    Block& block_;
    std::uint32_t context_;
    const std::vector<std::string>* args_ = nullptr;
};

/// The `include` directive, allowed in every context.
Status include_directive(Cursor& at);

}  // namespace bext::conf
