#include "http/thread.h"

#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "http/dates.h"
#include "http/site.h"

namespace bext::http {

thread_local Thread* Thread::current_ = nullptr;

Thread::Thread() : random(std::random_device{}()), figures(figure_page().claim()), series_(figure_page().series()), slot_(figure_page().slot_of(figures)) {
    current_ = this;
    loop.show_in(figures.pulse());
    loop.on_shortage([this] { note_shortage(); });
    memory::fill_reserve();
    loop.set_first(files.event_fd(), [this] { files.drain(); });
}

Thread::~Thread() {
    FigurePage::give_back(figures);
    if (site) site->release();
    current_ = nullptr;
}

/// nginx's words for it.
void Thread::note_shortage() {
    if (site) site->site().error_log->write(Level::kEmerg, "malloc() failed (12: Cannot allocate memory)");
}

void Thread::refresh() {
    auto now = loop.unix_seconds();
    if (now == second_) return;
    second_ = now;
    time_t t = now;
    struct tm local;
    localtime_r(&t, &local);
    int offset = static_cast<int>(local.tm_gmtoff / 60);
    put_http_date(date_, now);
    local_size_ = static_cast<std::size_t>(put_log_date(local_, now, offset) - local_);
    iso_size_ = static_cast<std::size_t>(put_iso_date(iso_, now, offset) - iso_);
}

std::string_view Thread::http_date() {
    refresh();
    return {date_, kHttpDate};
}
std::string_view Thread::local_time() {
    refresh();
    return {local_, local_size_};
}
std::string_view Thread::iso_time() {
    refresh();
    return {iso_, iso_size_};
}

}  // namespace bext::http
