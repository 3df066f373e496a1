// ssi: the settings of ngx_http_ssi_module and the filter that carries out the commands in a response.
// https://nginx.org/en/docs/http/ngx_http_ssi_module.html
#pragma once

#include "http/escape.h"
#include "http/gzip_ok.h"
#include "http/module.h"
#include "http/subrequest.h"
#include "modules/http/ssi_parser.h"

namespace bext::http::ssi {

struct Conf {
    conf::Setting<bool> on{false}, silent_errors{false}, ignore_recycled_buffers{false}, last_modified{false};
    conf::Setting<conf::Bytes> min_file_chunk{conf::Bytes{1024}}, value_length{conf::Bytes{255}};
    conf::Setting<MediaTypes> types;

    conf::Status finish(const Conf&, conf::Cursor& at) { return types->check(at); }
};

/// What the commands of a request and of everything it includes share: variables, blocks, the last match.
class Shared {
public:
    struct Variable {
        std::string_view name, value;
    };
    struct Block {
        std::string_view name;
        Chain* text;
    };
    explicit Shared(Arena& arena) : variables(arena), blocks(arena) {}
    /// That of the main request, made when first asked for.
    static Shared& of(Request& request);

    /// A capture or a variable that a command has set; `name` in lower case.
    std::optional<std::string_view> find(std::string_view name) const;
    void set(std::string_view name, std::string_view value);

    List<Variable> variables;
    List<Block> blocks;
    Captures captures;
};

/// A value with its variables put in; nothing after an error (logged). `relative`: a URI that may be below that of `r`.
std::optional<std::string_view> evaluate(Request& r, std::string_view text, bool relative = false);
/// What `expr` of `if` and `elif` says; nothing after an error (logged).
std::optional<bool> test(Request& r, std::string_view expression);
/// A variable of the commands or else of nginx, whatever the case of its name.
std::optional<std::string_view> variable(Request& r, std::string_view name);

constexpr std::size_t kMostParameters = 16;
using Arguments = std::string_view[kMostParameters];  // by their place in the command's list; data() is null when absent

class Filter final : public BodyFilter {
public:
    Filter(Request& r, const Conf& conf);
    bool pass(Request& r, Chain& chain, bool last, bool flush) override;

    /// "%A, %d-%b-%Y", for $date_local and $date_gmt.
    std::string_view time_format() const { return time_format_; }

private:
    struct Command {
        std::string_view name;
        bool (Filter::*run)(const Arguments& arguments);  // false: an error (logged)
        std::span<const std::string_view> parameters;
        unsigned mandatory = 0;   // how many of them, from the first
        unsigned conditional = 0;  // stands only where conditional_ is at least 1 and at most this
        bool ends_block = false;
    };
    static const Command kCommands[];

    // The text.
    void read(Piece& piece);
    std::size_t read_bytes(std::string_view bytes, const Piece* file);
    void put_text(std::string_view text, std::string_view bytes, const Piece* file);
    void put_error();

    // A command.
    bool obey();
    bool sort_arguments(const Command& command, Arguments& arguments);
    void quote_command();
    bool complain(std::initializer_list<std::string_view> text);
    bool include(const Arguments& a);
    bool check_include(const Arguments& a, bool& wait);
    Chain* find_stub(std::string_view name);
    bool echo(const Arguments& a);
    bool config(const Arguments& a);
    bool set(const Arguments& a);
    bool condition(const Arguments& a);
    bool otherwise(const Arguments& a);
    bool endif(const Arguments& a);
    bool block(const Arguments& a);
    bool endblock(const Arguments& a);
    void take_waited();

    Request& r_;
    const Conf& conf_;
    Shared& shared_;
    Parser parser_;
    Chain in_, out_;
    std::size_t next_ = 0;  // pieces of in_ before it are done with
    std::optional<Escape> encoding_;  // of echo
    std::string_view time_format_, error_text_;
    bool output_ = true, chosen_ = false, in_block_ = false;
    unsigned conditional_ = 0;  // 1 after if, 2 after else
    Subrequest* waited_ = nullptr;
    std::string_view waited_variable_;
};

}  // namespace bext::http::ssi
