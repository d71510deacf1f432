#include "fault.h"

#include <stdio.h>

/* In parts, as a compiler need not take more than 4,095 bytes at once. */
static const char GRAMMAR[] =
    "A fault script says how the service misbehaves, one line for each trick:\n"
    "\n"
    "    SELECTOR action=value ... [count=N] [after=N]      # a comment\n"
    "\n"
    "SELECTOR is objects, metadata, upload, status, errors, jobs, cancel, unknown (any other\n"
    "path), page, or any (all but page). A line serves the next N requests of its kind (count,\n"
    "default 1, 0 = all), after letting `after` of them pass. Lines are tried in order and may\n"
    "work together on one request; when two want the same thing, or both want to be the answer,\n"
    "the later one waits for the next request. Values: %HH stands for a byte, quotes '...' hold\n"
    "spaces. Numbers are decimal, times are ms unless said otherwise.\n"
    "\n"
    "    upload status=413 count=2        413, 413, then as usual\n"
    "    upload lost=1                    job made, answer lost\n"
    "    any status=503 retry-after=7     the next request, whatever it is\n"
    "    status counts=10,none count=0    every status: 10 told, failures not said\n";

static const char ANSWERS[] =
    "\n"
    "The answer (one of these; an upload so answered makes no job unless made=1)\n"
    "  status=N        this status and an error body; 2xx: the real answer with status N\n"
    "  html=N          status N with a gateway's HTML page\n"
    "  redirect=URL    302 with Location: URL (status=N for another 3xx)\n"
    "  garbage=N       N bytes that are no HTTP, the same each time\n"
    "  raw=BYTES       exactly these bytes (no %00), then the end; raw= is the end at once\n"
    "Beside the answer\n"
    "  made=1          the job is made although the answer does not say so\n"
    "  body=TEXT       this body\n"
    "  header='N: V'   one header more (%0A starts another)\n"
    "  retry-after=V   header Retry-After; date:N writes it as a date N seconds ahead\n"
    "  date=N          header Date is N seconds off\n"
    "  delay=MS        wait before answering\n"
    "The connection\n"
    "  early=N         answer (413 unless status= says else) after N bytes of the body, close\n"
    "  cut=N           reset after N bytes of an upload's body; no job\n"
    "  job-of-half=1   cut here or by the client: a job of what came all the same\n"
    "  outage=MS       from this request on every connection is reset, for MS\n"
    "  lost=1          read everything, make the job, reset without an answer\n"
    "                  (lost=1 close=torn: end quietly instead)\n"
    "  read-delay=MS   wait before each read of the body\n"
    "  continue=N      N interim replies before anything else: 100, 103, 100 ...\n"
    "  drip=MS         the reply byte by byte, MS between them\n"
    "  chunked=N       the reply in chunks of N bytes\n"
    "  reply-cut=N     end, without TLS close_notify, after N bytes of the reply's body\n"
    "  close=said      Connection: close\n"
    "  close=silent    closes after the reply without having said so\n"
    "  close=end       HTTP/1.0, no length: the end of the connection ends the body\n"
    "  close=torn      as end, without TLS close_notify\n"
    "  close=rst       reset right after the reply; with early=: no patience for the rest\n";

static const char JOBS[] =
    "What is told about jobs (upload, status, jobs, errors)\n"
    "  slow=MS         upload: the job takes MS (usually 200)\n"
    "  late-job=MS     upload: status and list know the job only MS later\n"
    "  id=TEXT         upload, status, jobs: this id; a number becomes the job's own on upload\n"
    "  same-id=1       upload: the answer repeats the id of the job before\n"
    "  word=TEXT       this status word\n"
    "  counts=T,F      told and failed counts, each: a number, null, none (no such key), = (the\n"
    "                  truth), good (rows without error)\n"
    "  running=T,F     the same while the job runs (none,none; in the list null,null)\n"
    "  spelling=N      0 id and status only; 1 recordsCount (usual); 2 jobStatus, recordCount,\n"
    "                  numbers as ids; 3 record_count; 4 as 1 among decoys, nulls and nesting\n"
    "  twice=1         upload: two jobs are made of it, with one tag\n"
    "  lookalike=N     upload: N jobs of other devices are made around it: all the same but for\n"
    "                  whose tag it is, and without rows; jobs: N are told that are not there\n"
    "  metadata=HOW    status, jobs: metaData as an object (usual in a status), as a text in a\n"
    "                  string, or none (usual in the list)\n"
    "  hide-tags=1     status, jobs: no metaData, no callback URL\n"
    "  skew=S          jobs: createdDate and completion_time S seconds off\n"
    "  expire=MS       jobs older than MS are 404; jobs: are not in the list\n"
    "Lists (objects, metadata, errors, jobs)\n"
    "  items=N         N invented ones more (objects, metadata, errors)\n"
    "  items=strings   errors: strings; items=objects: objects as {\"name\":...}\n"
    "  items=long      errors, jobs: 10,000 bytes of something in each item\n"
    "  pages=loop      every page names itself as the next; lost: the list ends too early;\n"
    "                  twice: pages overlap by one; skip: they leave one out between them;\n"
    "                  empty: an empty page comes first; bad: a token that is no token; long: a\n"
    "                  token of 2,001 bytes\n";

void fault_help(void)
{
    fputs(GRAMMAR, stdout);
    fputs(ANSWERS, stdout);
    fputs(JOBS, stdout);
}
