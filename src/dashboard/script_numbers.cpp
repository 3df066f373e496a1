// What the server has and has counted: servers and locations, upstreams, certificates, its error log, reloads and upgrades.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kNumberScript = R"js(
const MOST=200;  // rows of a table
let counted=null,inventory=null;
const bytes=n=>{
  let unit=0;for(;n>=1024&&unit<5;++unit)n/=1024;
  return (unit&&n<10?n.toFixed(1):Math.round(n))+[' B',' KiB',' MiB',' GiB',' TiB',' PiB'][unit];
};
const sum=list=>list.reduce((a,b)=>a+b,0);
// The time below which that part of the answers took, from classes of duration.
function percentile(classes,bounds,part){
  const all=sum(classes);if(!all)return '–';
  let below=0,i=0;
  while(i<bounds.length&&below+classes[i]<part*all)below+=classes[i++];
  if(i===bounds.length)return '> '+bounds.at(-1)/1000+' s';
  const from=i?bounds[i-1]:0,ms=from+(bounds[i]-from)*(classes[i]?(part*all-below)/classes[i]:1);
  return ms<10?ms.toFixed(1)+' ms':ms<1000?Math.round(ms)+' ms':(ms/1000).toFixed(1)+' s';
}
// The rows of one kind; of the time that is chosen: now less then.
function series(kind){
  if(!counted)return [];
  const before=new Map();
  if($('since').value==='window')for(const r of counted.before||[])before.set(r.kind+'\n'+r.name+'\n'+r.part,r);
  const less=(a,b)=>a.map((n,i)=>n-(b?b[i]:0));
  return counted.series.filter(r=>r.kind===kind).map(r=>{
    const b=before.get(r.kind+'\n'+r.name+'\n'+r.part);
    return {...r,statuses:less(r.statuses,b?.statuses),durations:less(r.durations,b?.durations),failures:r.failures-(b?.failures||0),
      received:r.received-(b?.received||0),sent:r.sent-(b?.sent||0)};
  }).map(r=>({...r,count:sum(r.durations)}));
}
const times=r=>[0.5,0.95,0.99].map(part=>percentile(r.durations,counted.bounds,part));
function seriesTable(){
  const servers=series('server').sort((a,b)=>b.count-a.count),locations=series('location').sort((a,b)=>b.count-a.count);
  $('series').replaceChildren();
  if(!servers.length)return none($('series'),'nothing yet');
  const t=table($('series'),'h-numbers',['Server, location','Requests','2xx','3xx','4xx','5xx','p50','p95','p99','Received','Sent']);
  const rows=servers.flatMap(s=>[[s,s.name],...locations.filter(l=>l.name===s.name).map(l=>[l,l.part])]);
  for(const [r,name] of rows.slice(0,MOST)){
    const tr=row(t,name||'(other)');if(r.kind==='location')tr.className='inner';
    cell(t,tr,r.count);
    for(const i of [1,2,3,4])cell(t,tr,r.statuses[i],i===4&&r.statuses[4]?'bad':'');
    for(const text of times(r))cell(t,tr,text);
    cell(t,tr,bytes(r.received));cell(t,tr,bytes(r.sent));
  }
  if(rows.length>MOST)none($('series'),'and '+(rows.length-MOST)+' more');
}
function upstreamTable(){
  if(!inventory)return;
  $('upstreams').replaceChildren();
  const all=inventory.upstreams.flatMap(u=>u.servers.map(b=>[b,u.name])).concat(inventory.backends.map(b=>[b,'']));
  if(!all.length)return none($('upstreams'));
  const peers=series('peer'),t=table($('upstreams'),'h-up',['Server','Health','Tries','Failures','p50','p95','p99']);
  for(const [b,block] of all){
    const tr=row(t,(block?block+': ':'')+b.address,b.place),td=cell(t,tr,undefined,'health');
    put(td,'span',b.state,{up:'good',down:'bad',unknown:'warn mark'}[b.state]);if(b.reason)put(td,'span',b.reason,'place');
    // What a *_pass names directly is a group of its own, named by its address.
    const bare=b.address.replace(/^[a-z]+:\/\//,'').replace(/\/.*$/,'');
    const p=peers.find(r=>block?r.name===block&&r.part===b.address:r.name===bare||r.part===bare);
    if(!p){for(let i=0;i<5;++i)cell(t,tr,'–','soft');continue}
    cell(t,tr,p.count);cell(t,tr,p.failures,p.failures?'bad':'');for(const text of times(p))cell(t,tr,text);
  }
}
async function numbers(){
  const n=await get('/api/numbers');
  $('numbers').hidden=!n.series;
  if(!n.series){if(counted){counted=null;upstreamTable()}return}
  if(!changed('numbers',n))return;
  counted=n;
  $('since').lastElementChild.textContent='in the last '+(n.seconds<120?many(n.seconds,'second'):Math.round(n.seconds/60)+' minutes');
  seriesTable();upstreamTable();
}
$('since').onchange=()=>{seriesTable();upstreamTable()};
function certificateTable(list){
  $('certificates').replaceChildren();
  if(!list.length)return none($('certificates'));
  const t=table($('certificates'),'h-certs',['File','Names','Expires']);
  for(const c of list){
    const tr=row(t,c.file,c.place),names=cell(t,tr,c.names.length?undefined:'–');
    for(const name of c.names)broken(put(names,'div'),name);
    cell(t,tr,left(c.days_left),leftKind(c.days_left));
  }
}
const left=d=>d===null?'cannot be read':d<0?'expired '+many(-d,'day')+' ago':d<14?'expires soon: '+many(d,'day')+' left':many(d,'day')+' left';
const leftKind=d=>d===null?'warn mark':d<0?'bad':d<14?'warn mark':'good';
function hostTable(list){
  $('hosts').replaceChildren();
  if(!list.length)return none($('hosts'));
  const t=table($('hosts'),'h-hosts',['Names','Listens','Certificate']);
  for(const s of list){
    const tr=row(t,s.names.join(' ')||'(no name)',s.place),at=cell(t,tr);for(const l of s.listens.length?s.listens:['80'])put(at,'div',l);
    const td=cell(t,tr);if(!s.certificate){td.textContent='none';td.className='soft';continue}
    put(td,'span',left(s.days_left),leftKind(s.days_left));broken(put(td,'span',undefined,'place'),s.certificate);
  }
}
async function config(){
  const c=await get('/api/config');if(!changed('config',c))return;
  inventory=c;
  const backends=c.upstreams.flatMap(u=>u.servers).concat(c.backends);
  for(const id of ['warnings','stats'])$(id).replaceChildren();
  say('file',c.file+(c.nginx?' of '+c.nginx:''));
  hostTable(c.servers);upstreamTable();certificateTable(c.certificates);
  faults($('warnings'),c.warnings.map(w=>{const found=/^(?:\[warn\] )?(.*?)(?: in (\/\S+:\d+))?$/s.exec(w);return {text:found[1],place:found[2]}}));
  if(!c.warnings.length)put($('warnings'),'li','none','soft');
  const down=backends.filter(b=>b.state==='down').length,warned=c.warnings.length;
  for(const [n,word,kind] of [[c.servers.length,'virtual host'],[c.listens.length,'listen'],[c.upstreams.length,'upstream'],[down,'backend down','bad'],
    [c.certificates.length,'certificate'],[c.directives,'directive'],[warned,'warning','warn']]){
    const div=put($('stats'),'div');put(div,'dt',n===1?word:word.replace(/^\S+$|^virtual host|^backend/,'$&s'));put(div,'dd',n,n?kind:'')}
}
// The newest line is the last, and stays in view unless somebody reads above it.
async function errors(){
  const logs=await get('/api/errors');if(!changed('errors',logs))return;
  $('errors').replaceChildren();
  if(!logs.length)none($('errors'),'the configuration names no file');
  for(const log of logs){
    broken(put($('errors'),'h3'),log.file);
    if(log.reason||!log.lines.length){none($('errors'),log.reason||'empty');continue}
    const pre=put($('errors'),'pre',log.lines.join('\n'),'log');
    pre.tabIndex=0;pre.setAttribute('role','region');pre.setAttribute('aria-label','The end of '+log.file);
    pre.scrollTop=pre.scrollHeight;
  }
}
function events(list){
  $('events-of').hidden=!list;if(!list||!changed('events',list))return;
  $('events').replaceChildren();
  if(!list.length)return none($('events'),'none yet');
  const t=table($('events'),'h-events',['When','What','Outcome']);
  for(const e of [...list].reverse()){
    const tr=row(t,day(e.at));cell(t,tr,e.what+(e.to?': '+(e.from===e.to?e.to+' as before':(e.from||'?')+' -> '+e.to):''));
    const td=cell(t,tr);put(td,'span',e.outcome==='ok'?'succeeded':'failed',e.outcome==='ok'?'good':'bad');if(e.error)put(td,'span',e.error,'place');
  }
}
for(const task of [config,numbers,errors])often(task);
)js";

}  // namespace bext::dashboard
