#include "dashboard/page.h"

namespace bext::dashboard {
namespace {

constexpr const char* kHead = R"html(
<header><h1 id="title">bext</h1><p id="file" class="soft small"></p></header>
<p id="lost" class="notice bad" role="alert"></p>
<main>
)html";

constexpr const char* kTakeover = R"html(
<div class="two"><section aria-labelledby="h-phase"><h2 id="h-phase" tabindex="-1">Phase</h2>
<ol class="path" id="path" aria-label="The way of a takeover"></ol>
<div class="phase" id="phase" role="status" aria-live="polite">…</div><p id="meaning"></p>
<div id="step" hidden><p id="doing"></p><progress id="bar" aria-labelledby="doing"></progress></div>
<p id="reason" class="soft"></p><p id="trouble" class="notice bad" role="alert"></p>
<div class="buttons"><button id="take" disabled aria-describedby="why">Take Over</button>
<button id="back" class="quiet" disabled aria-describedby="why">Rollback</button></div>
<p id="why" class="soft"></p></section>
<section aria-labelledby="h-history"><h2 id="h-history">History</h2>
<ol id="history" class="plain times" tabindex="0" aria-labelledby="h-history"></ol></section></div>
<section aria-labelledby="h-next" id="next" hidden><h2 id="h-next">What comes next</h2>
<p>Not yet: what asks for nginx by its name finds none, such as <code>nginx -s reload</code> and <code>systemctl reload nginx</code>.</p>
<ul id="asks" class="plain faults"></ul>
<p>Next: <code id="step-next"></code> has bext answer all of that; Rollback goes back to nginx.</p></section>
)html";

constexpr const char* kRunning = R"html(
<section aria-labelledby="h-service"><h2 id="h-service">Service</h2>
<p id="reason" class="notice bad" role="alert"></p><dl id="service" class="facts"></dl></section>
)html";

constexpr const char* kLive = R"html(
<dl class="stats" id="stats" aria-label="What the configuration has"></dl>
<section aria-labelledby="h-live"><h2 id="h-live">What clients get</h2>
<p class="choice"><label>The charts show <select id="span"><option value="120">the last two minutes</option>
<option value="3600">the last hour</option></select></label></p>
<div class="charts" id="charts"></div>
)html";

constexpr const char* kLiveTakeover = R"html(
<p class="soft small"><span class="key" aria-hidden="true"></span> bext serves for good; the broken line is the moment of the switch.
Requests and errors (a status of 500 or more) are counted in every access log of the configuration;
the answer time is that of one request of this command.</p></section>
<section aria-labelledby="h-checks"><h2 id="h-checks" tabindex="-1">Checks</h2><p id="counts" role="status">being read …</p><div id="checks"></div>
<div class="buttons"><button id="again" class="quiet" disabled>Check again</button></div>
<p class="soft small"><span id="looked"></span> Take Over checks again before it changes anything.</p></section>
<section aria-labelledby="h-rehearsal" id="rehearsal" hidden><h2 id="h-rehearsal" tabindex="-1">Rehearsal</h2>
<p id="rehearsed" role="status"></p><div id="locations"></div></section>
)html";

constexpr const char* kLiveRunning = R"html(
<p class="soft small">Requests, errors (a status of 500 or more) and the average time of an answer, as the server counts them;
its own page is not among them.</p></section>
)html";

constexpr const char* kNumbers = R"html(
<section aria-labelledby="h-numbers" id="numbers" hidden><h2 id="h-numbers">Servers and locations</h2>
<p class="choice"><label>Counted <select id="since"><option value="start">since the service was started</option>
<option value="window"></option></select></label></p>
<div id="series"></div>
<p class="soft small">Half of the answers were faster than p50, 95 % than p95, 99 % than p99; estimated from classes of duration.
A location's requests are its server's, too.</p></section>
<section aria-labelledby="h-warn"><h2 id="h-warn">Warnings of the configuration</h2><ul id="warnings" class="plain faults"></ul></section>
<section aria-labelledby="h-hosts"><h2 id="h-hosts">Virtual hosts</h2><div id="hosts"></div></section>
<section aria-labelledby="h-up"><h2 id="h-up">Upstreams</h2><div id="upstreams"></div>
<p class="soft small">Whether each accepts a connection: looked at every few seconds while this page is open.
Tries, failures and times are what bext has counted.</p></section>
<section aria-labelledby="h-certs"><h2 id="h-certs">Certificates</h2><div id="certificates"></div></section>
<section aria-labelledby="h-events" id="events-of" hidden><h2 id="h-events">Reloads and upgrades</h2><div id="events"></div></section>
<section aria-labelledby="h-errors"><h2 id="h-errors">Error log</h2><div id="errors"></div></section>
</main>
)html";

constexpr const char* kDialogs = R"html(
<div id="overlay" hidden><div><span class="turn" aria-hidden="true"></span><p id="moving" role="status" aria-live="polite"></p></div></div>
<dialog id="ask" aria-labelledby="question" aria-describedby="detail"><h2 id="question"></h2><p id="detail"></p>
<div class="buttons"><button id="yes"></button><button id="no" class="quiet" autofocus>Cancel</button></div></dialog>
<dialog id="accept" aria-labelledby="h-accept" aria-describedby="difference"><h2 id="h-accept">Accept this difference?</h2><p id="difference"></p>
<p><label for="why-accept">Why it may be</label><input id="why-accept" maxlength="200" autocomplete="off" autofocus></p>
<p class="soft small">The reason is kept in the history of the takeover. The difference then stops no takeover any more.</p>
<div class="buttons"><button id="accept-yes" disabled>Accept</button><button id="accept-no" class="quiet">Cancel</button></div></dialog>
)html";

/// What stands around every document of the dashboard.
std::string document(Page page, const std::string& head, const std::string& body) {
    bool takeover = page == Page::kTakeover;
    return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>bext: " +
           std::string(takeover ? "takeover from nginx" : "the running server") + "</title>" + head + "</head><body><noscript><p>This page needs JavaScript; " +
           (takeover ? "bext takeover status shows the phase" : "bext status shows the state") + " on the terminal.</p></noscript>" + body + "</body></html>\n";
}

std::string script(const std::string& nonce, const std::string& text) { return "<script nonce=\"" + nonce + "\">" + text + "</script>"; }

}  // namespace

std::string page_text(Page page, const std::string& nonce) {
    bool takeover = page == Page::kTakeover;
    std::string body = kHead;
    for (auto* part : {takeover ? kTakeover : kRunning, kLive, takeover ? kLiveTakeover : kLiveRunning, kNumbers, takeover ? kDialogs : ""}) body += part;
    std::string all;
    for (auto* part : {kScript, kChartScript, kNumberScript, takeover ? kTakeoverScript : kRunningScript}) all += part;
    return document(page, "<style nonce=\"" + nonce + "\">" + kStyle + "</style>", body + script(nonce, all + "follow();\n"));
}

/// sessionStorage belongs to this origin, port included, and to this tab; the browser sends it nowhere.
std::string entry_page(Page page, const std::string& nonce, const std::string& key) {
    return document(page, "", script(nonce, "sessionStorage.setItem('bext-key','" + key + "');location.replace('/')"));
}

}  // namespace bext::dashboard
