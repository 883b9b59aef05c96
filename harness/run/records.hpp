// What stands in the journal of a run, record by record: the words that writers (run), readers (run_view,
// judge/rejudge) and auditors share. Bodies are JSON maps; names ending in _ns are nanoseconds, _ms milliseconds,
// everything a whole number.
//
//   open       {format: 1, run: {id, started_ms}, mccoy: {version, sha256}, command_line: [], seed, cwd, user: {uid,
//   name},
//               host: {name, kernel, distribution, cpus, memory, boot_id}, ci: {NAME: value}, options: {},
//               suites: [{name, path, sha256}], signed: false}                         (suite texts are blobs)
//   plan       {cases: [{id, suite, name, kind, file, line, require, soft, owner, expires, optional, skip, tags,
//   covers}]}
//               in chunks of at most 500; defaults are left out
//   planned    {cases: N}             durable; nothing was executed before it
//   preflight  {suite, what, name, line, ok, found, why}
//   service    {suite, name, event, …}  event: started {pid, exe, sha256, argv, containment, ports} | ready {how,
//   after_ns, responder}
//               | via {at: where its proxy listens}
//               | failed {why} | died {code|signal, why} | stopped {how} | restarted {for} | leftovers {processes,
//               ports, files} | log {stream: "out" | "err", bytes: of the stream, kept: of these, sha256: the blob,
//               masked; stream_sha256: of the whole stream, if there are no secrets; why: nothing was kept}
//   trial      {case, phase, attempt, round, nonce, started_ms, asked: [check], observation, facts, error, timed_out,
//               checks: [result], terms: of a case that another one asked, which is judged with that one}
//               phase: "baseline" | "challenge NAME" | "repeat NAME" | "same input NAME"; of another case that this one
//               asked, before the trial that asked it: "PHASE ATTEMPT: ROLE CASE", for example "baseline 1: steady
//               healthy" round: of an attempt that waits with `until`, from 2; the first leaves it out. No two trials
//               of a case share phase, attempt and round; each has its own seed, derived from
//               "SUITE/CASE/PHASE/ATTEMPT" or, from round 2, "SUITE/CASE/PHASE/ATTEMPT.ROUND"
//   challenge  {case, … judge::ChallengeRecord}
//   case       {case, terms, waited, interrupted, attempts, judgement, why_not_run, started_ms, wall_ns}   durable
//   problem    {text}                   something beside the cases that keeps the run from being proven: a failed
//   preflight, a
//                                       service that did not start or died, something left behind. Written before
//                                       "close"
//   note       {text}                   what a reader must know: a clock step, a keeper that was killed
//   close      {reason, summary: {planned, pass, fail, error, skip, not_run, …}, verdict, sentence}
//               reason: "finished" | "interrupted" | "aborted"
#pragma once
#include <string_view>

namespace mccoy::run::record {
constexpr std::string_view kOpen = "open", kPlan = "plan", kPlanned = "planned", kPreflight = "preflight",
                           kService = "service", kTrial = "trial", kChallenge = "challenge", kCase = "case",
                           kProblem = "problem", kNote = "note", kClose = "close";
constexpr std::size_t kPlanChunk = 500;
}  // namespace mccoy::run::record
