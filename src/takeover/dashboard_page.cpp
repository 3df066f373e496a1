// The page of the dashboard: one document without any other file, for a phone and a desk, light and dark.
#include <string>

#include "takeover/dashboard.h"

namespace bext::takeover {
namespace {

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#17202a;--soft:#566573;--line:#d5dbe1;--good:#157a43;--warn:#8a5a00;--bad:#b3261e;--accent:#1454b8}
@media (prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1a212a;--text:#e8edf2;--soft:#a3b1bf;--line:#323d49;--good:#58c98b;--warn:#e6b450;--bad:#ff8a80;--accent:#82b1ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.45 system-ui,sans-serif}
header,main{max-width:64rem;margin:auto;padding:1rem}
h1{font-size:1.3rem;margin:0}h2{font-size:1.05rem;margin:0 0 .6rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:0 0 1rem;overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .5rem;border-top:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}figure{margin:0}ol{margin:0;padding-left:1.2rem}
.phase{font-size:1.6rem;font-weight:700}.pass{color:var(--good)}.warn{color:var(--warn)}.fail{color:var(--bad)}.soft{color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:1rem}svg{width:100%;height:5rem;background:var(--bg);border-radius:.3rem}
polyline{fill:none;stroke:var(--accent);stroke-width:2;vector-effect:non-scaling-stroke}line{stroke:var(--warn);stroke-dasharray:4;vector-effect:non-scaling-stroke}
button{font:inherit;padding:.7rem 1.2rem;border-radius:.5rem;border:1px solid var(--accent);background:var(--accent);color:var(--card);font-weight:600;min-height:2.75rem}
button.quiet{background:none;color:var(--accent)}button:disabled{opacity:.45}
button:focus-visible,summary:focus-visible{outline:3px solid var(--warn);outline-offset:2px}
.buttons{display:flex;flex-wrap:wrap;gap:.8rem;margin-top:.8rem}
dialog{border:1px solid var(--line);border-radius:.6rem;background:var(--card);color:var(--text);max-width:30rem}dialog::backdrop{background:#0008}
#overlay{position:fixed;inset:auto 0 0 0;background:var(--accent);color:var(--card);padding:1rem;text-align:center;font-weight:600}
[hidden]{display:none!important}
)css";

constexpr const char* kBody = R"html(
<header><h1>bext: takeover from nginx</h1></header>
<main>
<section aria-labelledby="h-phase"><h2 id="h-phase">Phase</h2>
<div class="phase" id="phase" role="status" aria-live="polite">…</div><p id="reason" class="soft"></p><p id="trouble" class="fail" role="alert"></p>
<div class="buttons"><button id="take" disabled>Take Over</button><button id="back" class="quiet" disabled>Rollback</button></div></section>
<section aria-labelledby="h-live"><h2 id="h-live">Live</h2><div class="charts">
<figure><figcaption>Requests per second: <b id="n-requests">–</b></figcaption><svg id="c-requests" viewBox="0 0 120 50" preserveAspectRatio="none" role="img" aria-label="requests per second"></svg></figure>
<figure><figcaption>Errors (5xx) per second: <b id="n-errors">–</b></figcaption><svg id="c-errors" viewBox="0 0 120 50" preserveAspectRatio="none" role="img" aria-label="errors per second"></svg></figure>
<figure><figcaption>Answer time, ms: <b id="n-milliseconds">–</b></figcaption><svg id="c-milliseconds" viewBox="0 0 120 50" preserveAspectRatio="none" role="img" aria-label="answer time"></svg></figure></div>
<p class="soft">The broken line is the moment of the switch. Requests and errors are those of the access log.</p></section>
<section aria-labelledby="h-checks"><h2 id="h-checks">Checks <span id="counts" class="soft"></span></h2><table><thead><tr><th scope="col">Verdict</th><th scope="col">Check</th><th scope="col">Seen</th></tr></thead><tbody id="checks"></tbody></table></section>
<section aria-labelledby="h-hosts"><h2 id="h-hosts">Virtual hosts</h2><table><thead><tr><th scope="col">Names</th><th scope="col">Listens</th><th scope="col">Certificate</th></tr></thead><tbody id="hosts"></tbody></table></section>
<section aria-labelledby="h-up"><h2 id="h-up">Upstreams</h2><table><thead><tr><th scope="col">Name</th><th scope="col">Servers</th></tr></thead><tbody id="upstreams"></tbody></table></section>
<section aria-labelledby="h-warn"><h2 id="h-warn">Warnings of the configuration</h2><ol id="warnings"></ol></section>
<section aria-labelledby="h-history"><h2 id="h-history">History</h2><ol id="history"></ol></section>
</main>
<div id="overlay" role="status" hidden></div>
<dialog id="ask" aria-labelledby="question"><p id="question"></p><div class="buttons"><button id="yes">Yes</button><button id="no" class="quiet">No</button></div></dialog>
)html";

constexpr const char* kScript = R"js(
const $=id=>document.getElementById(id);
const put=(parent,tag,text,kind)=>{const e=document.createElement(tag);if(text!==undefined)e.textContent=text;if(kind)e.className=kind;parent.append(e);return e};
const row=(id,cells)=>{const tr=put($(id),'tr');for(const [text,kind] of cells)put(tr,'td',text,kind);return tr};
let blocked=true;
function draw(name,samples){
  const svg=$('c-'+name),most=Math.max(1,...samples.map(s=>s[name]));svg.replaceChildren();
  $('n-'+name).textContent=samples.length?samples.at(-1)[name]:'–';
  const made=(tag,facts)=>{const e=document.createElementNS('http://www.w3.org/2000/svg',tag);for(const k in facts)e.setAttribute(k,facts[k]);svg.append(e)};
  made('polyline',{points:samples.map((s,i)=>i+','+(49-48*s[name]/most)).join(' ')});
  samples.forEach((s,i)=>{if(i&&s.committed!==samples[i-1].committed)made('line',{x1:i,x2:i,y1:0,y2:50})});
}
function show(status){
  const t=status.takeover.state;
  $('phase').textContent=t.phase;$('reason').textContent=t.reason;$('trouble').textContent=status.trouble;
  $('take').disabled=status.busy||blocked||t.committed||['TakingOver','RollingBack','Active'].includes(t.phase);
  $('back').disabled=status.busy||!(t.phase==='Active'||t.phase==='Failed');
  $('overlay').hidden=!status.busy;
  const steps=t.history.filter(r=>r.kind!=='note');
  if(status.busy)$('overlay').textContent=steps.length?(steps.at(-1).text||steps.at(-1).name)+' …':'beginning …';
  $('history').replaceChildren();
  for(const r of steps)put($('history'),'li',new Date(r.time*1000).toLocaleTimeString()+'  '+r.name+(r.text?': '+r.text:''));
  for(const name of ['requests','errors','milliseconds'])draw(name,status.takeover.samples);
}
async function checks(){
  const all=await (await fetch('/api/checks')).json();$('checks').replaceChildren();
  const n={pass:0,warn:0,fail:0};blocked=false;
  for(const c of all){n[c.verdict]++;blocked=blocked||(c.critical&&c.verdict==='fail');
    row('checks',[[c.verdict,c.verdict],[c.name+(c.critical?' (critical)':'')],[[c.looked_at,c.reason,c.mend&&('→ '+c.mend)].filter(Boolean).join(' · ')]])}
  $('counts').textContent=n.pass+' passed, '+n.warn+' warnings, '+n.fail+' failed';
}
async function config(){
  const c=await (await fetch('/api/config')).json();
  for(const s of c.servers)row('hosts',[[(s.names.join(' ')||'(no name)')+' · '+s.place],[s.listens.join(' ')],[s.certificate?s.certificate+(s.days_left===null?'':' · '+s.days_left+' days left'):'–',s.days_left!==null&&s.days_left<14?'fail':'']]);
  for(const u of c.upstreams)row('upstreams',[[u.name+' · '+u.place],[u.servers.join(' ')]]);
  for(const w of c.warnings)put($('warnings'),'li',w,'warn');
  if(!c.warnings.length)put($('warnings'),'li','none');
}
function ask(text,path){
  $('question').textContent=text;$('ask').showModal();
  $('no').onclick=()=>$('ask').close();
  $('yes').onclick=async()=>{$('ask').close();const r=await fetch(path,{method:'POST',headers:{'X-Bext-Token':token}});
    if(!r.ok)$('trouble').textContent=(await r.json()).error};
}
$('take').onclick=()=>ask('Let bext serve in nginx’s place now? Nobody is refused meanwhile.','/api/takeover');
$('back').onclick=()=>ask('Give the ports back to nginx now?','/api/rollback');
checks();config();
new EventSource('/api/events').onmessage=e=>show(JSON.parse(e.data));
)js";

}  // namespace

std::string dashboard_page(const std::string& nonce, const std::string& token) {
    return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           "<title>bext: takeover from nginx</title><style nonce=\"" + nonce + "\">" + kStyle + "</style></head><body>" + kBody +
           "<script nonce=\"" + nonce + "\">const token=\"" + token + "\";" + kScript + "</script></body></html>\n";
}

}  // namespace bext::takeover
