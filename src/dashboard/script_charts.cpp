// The charts: two minutes or an hour, the newest second at the right. A value can be pointed at, or reached with the arrow keys.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kChartScript = R"js(
const HOUR=3600,FINE=120,BUCKET=15;
let seconds=[],asking=false;
// A sample is [time, requests, errors, milliseconds, committed]; what is missing is asked for.
function take(list){
  const known=seconds.length?seconds.at(-1)[0]:0;
  if(list.length&&list[0][0]>known+2&&!asking){
    asking=true;
    get('/api/samples').then(all=>{seconds=all}).catch(()=>{}).finally(()=>{asking=false});
  }
  for(const s of list)if(s[0]>(seconds.length?seconds.at(-1)[0]:0))seconds.push(s);
  if(seconds.length>HOUR)seconds=seconds.slice(-HOUR);
  if(changed('seconds',[seconds.length&&seconds.at(-1)[0],seconds.length]))for(const c of CHARTS)draw(c);
}
const average=list=>list.length?list.reduce((a,b)=>a+b,0)/list.length:0;
// Each second of two minutes, or the average of each quarter of a minute.
function points(which){
  if(+$('span').value===FINE)return seconds.slice(-FINE).map(s=>({time:s[0],value:s[which],committed:s[4]}));
  const all=new Map();
  for(const s of seconds){const at=Math.floor(s[0]/BUCKET)*BUCKET;(all.get(at)||all.set(at,[]).get(at)).push(s)}
  return [...all].map(([time,list])=>({time,value:average(list.map(s=>s[which])),committed:list.at(-1)[4]}));
}
const CHARTS=[{name:'requests',title:'Requests',unit:'/s',which:1},{name:'errors',title:'Errors',unit:'/s',which:2},
  {name:'milliseconds',title:'Answer time',unit:' ms',which:3}];
const HEIGHT=50,LABEL=16,SVG='http://www.w3.org/2000/svg';
const short=value=>Number.isInteger(value)?String(value):value.toFixed(1);
const nice=most=>{const step=10**Math.floor(Math.log10(Math.max(most,1)));return [1,2,5,10].map(n=>n*step).find(n=>n>=most)};
for(const c of CHARTS){
  const f=put($('charts'),'figure',undefined,c.name),caption=put(f,'figcaption',c.title);c.now=put(caption,'b','–');
  c.plot=put(f,'div',undefined,'plot');c.top=put(c.plot,'span','','top');
  c.svg=document.createElementNS(SVG,'svg');c.plot.append(c.svg);
  c.svg.setAttribute('preserveAspectRatio','none');c.svg.setAttribute('role','img');c.svg.id='c-'+c.name;
  c.range=put(c.plot,'input');c.range.type='range';c.range.min=0;c.range.setAttribute('aria-label',c.title+' at a moment');
  const axis=put(f,'div',undefined,'axis');axis.setAttribute('aria-hidden','true');c.from=put(axis,'span');c.value=put(axis,'output');put(axis,'span','now');
  c.facts=put(f,'p','','small');c.at=null;
  const point=index=>{c.at=c.points&&c.points[index]?c.points[index].time:null;mark(c)};
  c.range.addEventListener('input',()=>point(+c.range.value));
  c.range.addEventListener('pointermove',e=>{
    const box=c.svg.getBoundingClientRect(),n=width();
    point((c.points||[]).length-1-Math.round(n-n*(e.clientX-box.left)/box.width));
  });
  c.range.addEventListener('focus',()=>point(+c.range.value));
  for(const gone of ['pointerleave','blur'])c.range.addEventListener(gone,()=>{c.at=null;mark(c)});
}
$('span').onchange=()=>{for(const c of CHARTS){c.at=null;draw(c)}};
const width=()=>+$('span').value===FINE?FINE-1:HOUR/BUCKET;
// The value that is pointed at, as text, and where it is.
function mark(c){
  c.svg.querySelectorAll('.here').forEach(e=>e.remove());
  const index=c.at===null?-1:c.points.findIndex(p=>p.time>=c.at),p=c.points[index],text=p?clock(p.time)+': '+short(p.value)+c.unit:'';
  if(c.value.textContent!==text)c.value.textContent=text;
  const told=p||c.points.at(-1);
  if(told)c.range.setAttribute('aria-valuetext',clock(told.time)+': '+short(told.value)+c.unit);
  if(!p)return;
  c.range.value=index;
  const x=width()-(c.points.length-1-index),line=document.createElementNS(SVG,'line');
  for(const [k,v] of [['class','here'],['x1',x],['x2',x],['y1',0],['y2',HEIGHT]])line.setAttribute(k,v);
  c.svg.append(line);
}
function draw(c){
  const list=c.points=points(c.which),W=width(),top=nice(Math.max(1,...list.map(p=>p.value))),x=i=>W-(list.length-1-i),y=v=>HEIGHT-1-(HEIGHT-4)*v/top;
  const made=(tag,facts)=>{const e=document.createElementNS(SVG,tag);for(const k in facts)e.setAttribute(k,facts[k]);c.svg.append(e)};
  c.svg.setAttribute('viewBox','0 0 '+W+' '+HEIGHT);c.range.max=Math.max(0,list.length-1);if(c.at===null)c.range.value=c.range.max;
  c.from.textContent=+$('span').value===FINE?'2 min ago':'1 h ago';
  c.svg.replaceChildren();c.plot.querySelectorAll('.at').forEach(e=>e.remove());
  made('line',{class:'half',x1:0,x2:W,y1:y(top/2),y2:y(top/2)});
  const switches=list.map((p,i)=>i).filter(i=>i&&list[i].committed!==list[i-1].committed),ends=[0,...switches,list.length];
  for(let k=0;k+1<ends.length;k++){
    const from=x(ends[k]),to=x(Math.min(ends[k+1],list.length-1));
    if(list[ends[k]]?.committed)made('rect',{x:from,y:0,width:Math.max(0,to-from),height:HEIGHT});
  }
  made('polyline',{points:list.map((p,i)=>x(i)+','+y(p.value)).join(' ')});
  for(const i of switches)made('line',{class:'switch',x1:x(i),x2:x(i),y1:0,y2:HEIGHT});
  // The newest keep their places; one that is near the next goes to its left, and away where the axis has its own text.
  let room=95;
  for(const i of [...switches].reverse()){
    const left=Math.min(room,Math.max(22,100*x(i)/W));if(left<22)break;
    const at=put(c.plot,'span',list[i].committed?'bext':'nginx','at');at.setAttribute('aria-hidden','true');at.style.left=left+'%';
    room=left-LABEL;
  }
  const mean=part=>part.length?average(part.map(p=>p.value)).toFixed(1):'–',at=switches.at(-1);
  c.now.textContent=list.length?short(list.at(-1).value)+c.unit:'–';c.top.textContent='max '+top+c.unit;
  c.facts.textContent=at===undefined?'average '+mean(list)+c.unit:
    'average before the switch to '+(list[at].committed?'bext ':'nginx ')+mean(list.slice(switches.at(-2)||0,at))+c.unit+', after '+mean(list.slice(at))+c.unit;
  c.svg.setAttribute('aria-label',c.title+': now '+c.now.textContent+', axis to '+top+c.unit+'; '+c.facts.textContent+
    (at===undefined?'':'; switched at '+clock(list[at].time)));
  mark(c);
}
)js";

}  // namespace bext::dashboard
