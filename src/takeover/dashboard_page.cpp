// The page of the dashboard: one document without any other file, for a phone and a desk, light and dark.
#include <string>

#include "takeover/dashboard.h"
#include "takeover/dashboard_parts.h"

namespace bext::takeover {
namespace {

constexpr const char* kBody = R"html(
<header><h1>bext: takeover from nginx</h1><p id="file" class="soft small"></p><p id="lost" class="notice bad" role="alert"></p></header>
<main>
<div class="two"><section aria-labelledby="h-phase"><h2 id="h-phase" tabindex="-1">Phase</h2>
<ol class="path" id="path" aria-label="The way of a takeover"></ol>
<div class="phase" id="phase" role="status" aria-live="polite">…</div><p id="meaning"></p>
<p id="reason" class="soft"></p><p id="trouble" class="notice bad" role="alert"></p>
<div class="buttons"><button id="take" disabled aria-describedby="why">Take Over</button><button id="back" class="quiet" disabled aria-describedby="why">Rollback</button></div>
<p id="why" class="soft"></p></section>
<section aria-labelledby="h-history"><h2 id="h-history">History</h2><ol id="history" class="plain times" tabindex="0" aria-labelledby="h-history"></ol></section></div>
<dl class="stats" id="stats" aria-label="What the configuration has"></dl>
<section aria-labelledby="h-live"><h2 id="h-live">What clients get</h2><div class="charts" id="charts"></div>
<p class="soft small">The last two minutes, a point a second. <span class="key" aria-hidden="true"></span> bext serves for good; the broken line is the moment of the switch.
Requests and errors (a status of 500 or more) are counted in the access log; the answer time is that of one request of this command.</p></section>
<section aria-labelledby="h-checks"><h2 id="h-checks" tabindex="-1">Checks</h2><p id="counts" role="status">being read …</p><div id="checks"></div>
<div class="buttons"><button id="again" class="quiet" disabled>Check again</button></div>
<p class="soft small"><span id="looked"></span> Take Over checks again before it changes anything.</p></section>
<section aria-labelledby="h-rehearsal" id="rehearsal" hidden><h2 id="h-rehearsal">Rehearsal</h2><p id="rehearsed" role="status"></p><div id="locations"></div></section>
<section aria-labelledby="h-warn"><h2 id="h-warn">Warnings of the configuration</h2><ul id="warnings"></ul></section>
<section aria-labelledby="h-hosts"><h2 id="h-hosts">Virtual hosts</h2><table aria-labelledby="h-hosts"><thead><tr><th scope="col">Names</th><th scope="col">Listens</th><th scope="col">Certificate</th></tr></thead><tbody id="hosts"></tbody></table></section>
<section aria-labelledby="h-up"><h2 id="h-up">Upstreams</h2><table aria-labelledby="h-up"><thead><tr><th scope="col">Server</th><th scope="col">Health</th></tr></thead><tbody id="upstreams"></tbody></table>
<p class="soft small">Whether each accepts a connection: looked at every few seconds while this page is open.</p></section>
</main>
<div id="overlay" hidden><div><span class="turn" aria-hidden="true"></span><p id="moving" role="status" aria-live="polite"></p></div></div>
<dialog id="ask" aria-labelledby="question" aria-describedby="detail"><h2 id="question"></h2><p id="detail"></p>
<div class="buttons"><button id="yes"></button><button id="no" class="quiet" autofocus>Cancel</button></div></dialog>
<noscript><p>This page needs JavaScript; bext takeover status shows the phase on the terminal.</p></noscript>
)html";

}  // namespace

std::string dashboard_page(const std::string& nonce) {
    return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           "<title>bext: takeover from nginx</title><style nonce=\"" + nonce + "\">" + kDashboardStyle + "</style></head><body>" + kBody +
           "<script nonce=\"" + nonce + "\">" + kDashboardScript + "</script></body></html>\n";
}

/// sessionStorage belongs to this origin, port included, and to this tab; the browser sends it nowhere.
std::string entry_page(const std::string& nonce, const std::string& key) {
    return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>bext: takeover from nginx</title></head><body>"
           "<noscript><p>This page needs JavaScript; bext takeover status shows the phase on the terminal.</p></noscript>"
           "<script nonce=\"" + nonce + "\">sessionStorage.setItem('bext-key','" + key + "');location.replace('/')</script></body></html>\n";
}

}  // namespace bext::takeover
