#include "dashboard/serve.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "base/guests.h"
#include "base/interrupts.h"
#include "base/json.h"
#include "base/text.h"
#include "dashboard/access.h"

namespace bext::dashboard {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

namespace {

constexpr std::size_t kMostGuests = 32;
constexpr std::size_t kLargest = 16 * 1024;
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kEvery{500};

std::string host_name() {
    char name[256] = "";
    return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// What all connections share.
struct Board {
    Guests guests{kMostGuests};  // before what its connections wait in, which goes first
    asio::io_context io;
    tcp::acceptor acceptor{io};
    Actions actions;
    Access access{{}, 0};
    std::atomic<bool> busy = false;
    std::thread work;
    std::mutex mutex;
    const std::string host = host_name();
    std::string_view doing;  // what is under way, or was last; guarded by mutex, like the next
    std::string trouble;     // of what was done last

    /// Begins an action in a thread of its own; false when one is under way.
    bool begin(std::string_view name, const std::function<Result<>()>& action) {
        if (busy.exchange(true)) return false;
        if (work.joinable()) work.join();
        {
            std::lock_guard lock(mutex);
            doing = name;
        }
        SignalsHeld not_the_thread;
        work = std::thread([this, action] {
            auto done = action();
            std::lock_guard lock(mutex);
            trouble = done ? "" : done.error().text;
            busy = false;
        });
        return true;
    }

    /// A signal: a transition that is under way goes back, and is waited for.
    void end() {
        {
            std::lock_guard lock(mutex);
            if (busy && doing != "checks" && actions.interrupt) actions.interrupt();
        }
        io.stop();
    }

    std::string status() {
        auto text = actions.status();
        std::lock_guard lock(mutex);
        return cat({"{\"host\":", json_text(host), ",\"version\":\"", BEXT_VERSION, "\",\"command\":", json_text(actions.command), ",\"busy\":",
                    busy ? "true" : "false", ",\"doing\":", json_text(busy ? doing : ""), ",\"trouble\":", json_text(trouble), ",", text, "}"});
    }
};

/// A status line of JSON has no line ends, which would end an event.
std::string one_line(std::string text) {
    std::erase(text, '\n');
    return text;
}

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Board& board, tcp::socket socket) : board_(board), stream_(std::move(socket)), timer_(stream_.get_executor()) {
        parser_.header_limit(kLargest);
        parser_.body_limit(kLargest);
    }
    ~Session() { board_.guests.leave(guest_); }

    void read() {
        beast::error_code unknown;
        guest_ = board_.guests.enter(stream_.socket().remote_endpoint(unknown).address().to_string(), [weak = weak_from_this()] {
            if (auto self = weak.lock()) self->stream_.close();
        });
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->handle();
        });
    }

private:
    void handle() {
        auto& request = parser_.get();
        auto target = view(request.target());
        auto mark = target.find('?');
        Asking asking;
        asking.post = request.method() == http::verb::post;
        if (!asking.post && request.method() != http::verb::get) return refuse(http::status::method_not_allowed, "GET or POST");
        asking.path = target.substr(0, mark);
        if (mark != std::string_view::npos) asking.query = target.substr(mark + 1);
        asking.host = view(request[http::field::host]);
        asking.origin = view(request[http::field::origin]);
        asking.cookie = view(request[http::field::cookie]);
        asking.token = view(request["X-Bext-Token"]);
        asking.key = view(request["X-Bext-Key"]);
        switch (board_.access.judge(asking)) {
            case Answerable::kWrongHost: return refuse(http::status::misdirected_request, "this name is not this machine's");
            case Answerable::kWrongOrigin: return refuse(http::status::forbidden, "another page may not ask");
            case Answerable::kNoToken: return refuse(http::status::forbidden, "the token is missing: open the URL that " + board_.actions.command + " printed");
            case Answerable::kEnter: return enter();
            case Answerable::kPage: return page();
            case Answerable::kYes: break;
        }
        board_.guests.leave(guest_);
        if (asking.post) return change(asking.path);
        show(asking.path);
    }

    void show(std::string_view path) {
        if (path == "/") return page();
        if (path == "/api/events") return events();
        auto name = name_in(path);
        if (name == "status") return answer(http::status::ok, "application/json", board_.status());
        auto& shows = board_.actions.shows;
        if (auto found = shows.find(name); found != shows.end()) return answer(http::status::ok, "application/json", found->second());
        refuse(http::status::not_found, "there is nothing of that name");
    }

    void change(std::string_view path) {
        auto& decisions = board_.actions.decisions;
        auto& changes = board_.actions.changes;
        if (auto found = decisions.find(name_in(path)); found != decisions.end()) {
            auto done = found->second(parser_.get().body());
            return done ? answer(http::status::ok, "application/json", "{\"done\":true}\n") : refuse(http::status::conflict, done.error().text);
        }
        auto found = changes.find(name_in(path));
        if (found == changes.end()) return refuse(http::status::not_found, "there is nothing of that name");
        if (!board_.begin(found->first, found->second))
            return refuse(http::status::conflict, "the machine is being checked, or a transition is under way");
        answer(http::status::accepted, "application/json", "{\"started\":true}\n");
    }

    /// NAME of /api/NAME
    static std::string_view name_in(std::string_view path) {
        constexpr std::string_view kStart = "/api/";
        return path.starts_with(kStart) ? path.substr(kStart.size()) : std::string_view();
    }

    void page() {
        auto nonce = random_text();
        html(nonce, page_text(board_.actions.page, nonce));
    }

    void enter() {
        auto nonce = random_text();
        response_.set(http::field::set_cookie, board_.access.cookie());
        html(nonce, entry_page(board_.actions.page, nonce, board_.access.key()));
    }

    void html(const std::string& nonce, std::string text) {
        response_.set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                                                 "script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'");
        answer(http::status::ok, "text/html; charset=utf-8", std::move(text));
    }

    void refuse(http::status status, std::string_view reason) {
        answer(status, "application/json", "{\"error\":" + json_text(reason) + "}\n");
    }

    void answer(http::status status, std::string_view type, std::string text) {
        response_.result(status);
        response_.set(http::field::content_type, std::string(type));
        response_.set(http::field::cache_control, "no-store");
        response_.set("X-Content-Type-Options", "nosniff");
        response_.set("X-Frame-Options", "DENY");
        response_.set("Referrer-Policy", "no-referrer");
        response_.keep_alive(false);
        response_.body() = std::move(text);
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        });
    }

    /// https://html.spec.whatwg.org/multipage/server-sent-events.html
    void events() {
        write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
              "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n");
    }

    void write(std::string text) {
        piece_ = std::move(text);
        stream_.expires_after(kPatience);
        asio::async_write(stream_, asio::buffer(piece_), [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error) return;
            self->timer_.expires_after(kEvery);
            self->timer_.async_wait([self](beast::error_code ended) {
                if (!ended) self->write("data: " + one_line(self->board_.status()) + "\n\n");
            });
        });
    }

    Board& board_;
    Guests::Id guest_ = 0;
    beast::tcp_stream stream_;
    asio::steady_timer timer_;
    beast::flat_buffer buffer_{2 * kLargest};
    http::request_parser<http::string_body> parser_;
    http::response<http::string_body> response_;
    std::string piece_;
};

void accept(Board& board) {
    board.acceptor.async_accept([&board](beast::error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) std::make_shared<Session>(board, std::move(socket))->read();
        accept(board);
    });
}

}  // namespace

Result<> serve(int port, const Actions& actions, const std::function<void(const std::string&)>& opened) {
    Board board;
    board.actions = actions;
    board.access = Access(Secrets::create(), port);
    if (board.access.key().empty()) return Error{"the system has no random bytes"};
    tcp::endpoint endpoint(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port));
    beast::error_code error;
    board.acceptor.open(endpoint.protocol(), error);
    if (!error) board.acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) board.acceptor.bind(endpoint, error);
    if (!error) board.acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Error::from_errno("listening on 127.0.0.1:" + std::to_string(port), error.value());
    accept(board);
    asio::signal_set ends(board.io, SIGTERM, SIGINT, SIGHUP);
    ends.async_wait([&board](auto, int) { board.end(); });
    opened("http://127.0.0.1:" + std::to_string(port) + "/?token=" + board.access.token());
    board.io.run();
    if (board.work.joinable()) board.work.join();
    return {};
}

}  // namespace bext::dashboard
