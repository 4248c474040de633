// Laws of bad input: every problem is reported at once with its place, in the order of the lines,
// and what keys say has to fit together.
#include "testbench/tests/scenario_bench.h"

namespace copypath {
namespace {

TEST_F(ScenarioTest, EveryProblemAtOnceInTheOrderOfTheLines) {
  const Lines found = problems(
      "path = sendfil\n"             // 1
      "clients = 5\n"                // 2
      "[]\n"                         // 3
      "[nik]\n"                      // 4
      "foo = 3\n"                    // 5: the section has been reported
      "[nic]\n"                      // 6
      "rate = 10\n"                  // 7
      "mtu = 10Gbps\n"               // 8
      "mtu = 1500B\n"                // 9
      "timing = burst\n"             // 10
      "what\n"                       // 11
      "= 5\n"                        // 12
      "[cpu] cores = 5\n"            // 13
      "ring =\n"                     // 14
      "fifo = 1MiB# packets\n"       // 15
      "[memory]\n"                   // 16
      "arbitration = round-robin\n"  // 17
      "burst = 96B\n");              // 18
  const std::string sections =
      "host, cpu, memory, cache, numa, page_cache, disk, pcie, nic, pipe, socket, workload, web, "
      "broker, faults "
      "or "
      "expect";
  const std::string sizes = "a size in B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB";
  const Lines expected{
      "a.ini:1: path: 'sendfil' is no data path (did you mean 'sendfile'?), accepted: all, "
      "or some of " +
          path_names(),
      "a.ini:2: clients: is unknown, 'copypath keys' lists what is accepted (did you mean "
      "'workload.clients'?)",
      "a.ini:3: '[]' is an unknown section, accepted: " + sections,
      "a.ini:4: '[nik]' is an unknown section, accepted: " + sections + " (did you mean 'nic'?)",
      "a.ini:7: nic.rate: '10' has no unit, accepted: a rate in B/s, kB/s, MB/s, GB/s, TB/s, "
      "PB/s, KiB/s, MiB/s, GiB/s, TiB/s, PiB/s, bps, kbps, Mbps, Gbps or Tbps",
      "a.ini:8: nic.mtu: '10Gbps' is a rate, accepted: " + sizes,
      "a.ini:9: nic.mtu: is set twice, first at a.ini:8",
      "a.ini:10: nic.timing: is unknown, 'timing' stands before the first [section]",
      "a.ini:11: 'what' is neither 'key = value' nor a '[section]'",
      "a.ini:12: '= 5' has no key before the '='",
      "a.ini:13: a '[section]' stands on a line of its own",
      "a.ini:14: nic.ring: has no value, accepted: 19 to 65536",
      "a.ini:15: fifo: a '#' begins a comment, put a space before it (no value can hold one)",
      "a.ini:17: memory.arbitration: 'round-robin' is unknown, accepted: round_robin, priority or "
      "weighted (did you mean 'round_robin'?)",
      "a.ini:18: memory.burst: 96B is not a power of two, accepted: 64B, 128B, ... 4KiB"};
  EXPECT_EQ(found, expected);
}

TEST_F(ScenarioTest, AllPathsAreThoseThatAreNotRefused) {
  const Scenario scenario =
      load("path = all\n[workload]\nchunk = 1000B\n[expect]\ndirect_write.packets = 3\n");
  std::size_t refused = 0;
  for (const Path* path : paths()) {
    const auto& chosen = scenario.config.paths;
    const bool runs = std::find(chosen.begin(), chosen.end(), path->name) != chosen.end();
    EXPECT_EQ(runs, refusal(*path, scenario.config).empty()) << path->name;
    refused += runs ? 0 : 1;
  }
  EXPECT_GT(refused, 0U) << "O_DIRECT";
  EXPECT_EQ(scenario.left_out.size(), refused);
}

TEST_F(ScenarioTest, ARefusedPathIsAProblemOfItsLine) {
  EXPECT_EQ(problems("path = sendfile direct_write\n[workload]\nchunk = 1000B\n").size(), 1U);
  EXPECT_EQ(problems("path = sendfile\n[workload]\ntransform = tls\n").size(), 1U);
}

TEST_F(ScenarioTest, TheSameKeyInTwoSpellingsIsSetTwice) {
  EXPECT_EQ(problems("nic.ring = 100\n[nic]\nring = 100\n"),
            (Lines{"a.ini:3: nic.ring: is set twice, first at a.ini:1"}));
  EXPECT_EQ(problems("path = sendfile\npath = read_write\n"),
            (Lines{"a.ini:2: path: is set twice, first at a.ini:1"}));
  EXPECT_EQ(problems("[expect]\nsendfile.packets / read_write.packets = 1\n"
                     "sendfile.packets/read_write.packets = 1\n"),
            (Lines{"a.ini:3: expect.sendfile.packets/read_write.packets: is set twice, first at "
                   "a.ini:2"}));
}

TEST_F(ScenarioTest, ProblemsOfTheCommandLine) {
  const std::string text = "timing = fluid\n";
  EXPECT_EQ(
      problems(text, {{"nic.rat=5"}, {"cpu.cores=0"}, {"what"}, {"=5"}, {""}}),
      (Lines{"--set: nic.rat: is unknown, 'copypath keys' lists what is accepted (did you "
             "mean 'nic.rate'?)",
             "--set: 'what' is not of the form key=value",
             "--set: '=5' is not of the form key=value", "--set: '' is not of the form key=value",
             "--set: cpu.cores: '0' is out of range, accepted: 1 to 256"}));
  EXPECT_EQ(problems(text, {{"timing=brust", "--timing"}}),
            (Lines{"--timing: timing: 'brust' is unknown, accepted: fluid or burst (did you mean "
                   "'burst'?)"}));
  EXPECT_EQ(problems(text, {{"timing=fluid"}, {"timing=burst", "--timing"}}),
            (Lines{"--timing: timing: is set twice, first at --set"}));
  EXPECT_EQ(problems(text, {{"title=a\ncpu.cores=3"}}),
            (Lines{"--set: is not UTF-8 or has control characters"}));
  EXPECT_EQ(problems(text, {{"title=C# and C"}}),
            (Lines{"--set: 'title=C# and C' has a '#', which begins a comment in scenario files"}));
  EXPECT_EQ(problems(text, {{"[nic]=x]"}}),
            (Lines{"--set: '[nic]=x]' is not of the form key=value"}));
  EXPECT_EQ(problems(text, {{"cpu.cores="}}),
            (Lines{"--set: cpu.cores: has no value, accepted: 1 to 256"}));
  // The command line and the file are both reported.
  EXPECT_EQ(problems_of_file(at("nope.ini"), {{"what"}}),
            (Lines{"--set: 'what' is not of the form key=value", "nope.ini: no such file"}));
}

TEST_F(ScenarioTest, AnOverriddenValueMustBeGoodAllTheSame) {
  EXPECT_EQ(problems("[cpu]\ncores = many\n", {{"cpu.cores=3"}}),
            (Lines{"a.ini:2: cpu.cores: 'many' is not a number, accepted: a whole number"}));
}

TEST_F(ScenarioTest, RulesBetweenKeys) {
  EXPECT_EQ(problems("[nic]\nfifo = 9000B\nmtu = 9000B\n"),
            (Lines{"a.ini:2: nic.fifo: 9kB does not hold one frame, accepted: at least 9018B with "
                   "nic.mtu = 9kB"}));
  EXPECT_EQ(problems("[nic]\nmtu = 9000B\nfifo = 9018B\n"), Lines{});
  EXPECT_EQ(
      problems("[disk]\nqueue_depth = 1\n"),
      (Lines{"a.ini:2: disk.queue_depth: 1 is a queue with no room for a command, accepted: at "
             "least 2 with disk.kind = nvme"}));
  EXPECT_EQ(problems("[cache]\nsize = 1KiB\n"),
            (Lines{"a.ini:2: cache.size: 1KiB does not hold one page, accepted: none, or at least "
                   "4KiB"}));
  EXPECT_EQ(
      problems("[cache]\nsize = 1MiB\nddio = 0.001\n"),
      (Lines{"a.ini:3: cache.ddio: 0.001 of the cache does not hold one page, accepted: 0, or "
             "at least 0.00391 with cache.size = 1MiB"}));
  EXPECT_EQ(problems("[numa]\nnodes = 2\n[cache]\nsize = 1MiB\n"), Lines{});
  EXPECT_EQ(problems("[numa]\nnic_node = 1\nmemory = interleave\n"),
            (Lines{"a.ini:2: numa.nodes: 1 leaves no second node for numa.nic_node, numa.memory, "
                   "accepted: 2"}));
  EXPECT_EQ(problems("[cpu]\ncopy_rate = 40GB/s\n"), Lines{});
  EXPECT_EQ(
      problems("[cpu]\ncopy_rate = 40GB/s\n[cache]\nsize = 1MiB\n"),
      (Lines{"a.ini:2: cpu.copy_rate_cached: 30GB/s is slower than copies from DRAM, accepted: "
             "at least cpu.copy_rate = 40GB/s"}));
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = 2\n"),
            (Lines{"a.ini:2: workload.files: 3 is more than there are clients, accepted: at most "
                   "workload.clients = 2"}));
  // Reported at the place that broke the rule.
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = 3\n", {{"workload.clients=2"}}),
            (Lines{"--set: workload.files: 3 is more than there are clients, accepted: at most "
                   "workload.clients = 2"}));
  // A rule is not held against a value that could not be read.
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = three\n"),
            (Lines{"a.ini:3: workload.clients: 'three' is not a number, accepted: a whole "
                   "number"}));
  EXPECT_EQ(problems("[nic]\nmtu = 64KiB\n[socket]\nsend_buffer = 32KiB\nwindow = 32KiB\n"),
            (Lines{"a.ini:4: socket.send_buffer: 32KiB does not hold one packet, accepted: at "
                   "least nic.mtu = 64KiB",
                   "a.ini:5: socket.window: 32KiB does not hold one packet, accepted: at least "
                   "nic.mtu = 64KiB"}));
  EXPECT_EQ(problems("[page_cache]\nreadahead = 10kB\n"),
            (Lines{"a.ini:2: page_cache.readahead: 10kB is not a whole number of pages, accepted: "
                   "multiples of 4KiB"}));
  EXPECT_EQ(problems("[page_cache]\nreadahead = 1GiB\n"),
            (Lines{"a.ini:2: page_cache.readahead: 1GiB does not fit the page cache twice, "
                   "accepted: at most half of page_cache.size = 1GiB"}));
  EXPECT_EQ(problems("[workload]\nfile_size = 1PB\n"), Lines{});
  EXPECT_EQ(problems("[workload]\nfile_size = 1PB\nclients = 1000\n"),
            (Lines{"a.ini:2: workload.file_size: all clients and requests together take some "
                   "9.26e+03 days at the slowest rate, accepted: at most 100"}));
  EXPECT_EQ(problems("[workload]\nrequests = 100000\n[socket]\nrtt = 100s\n"),
            (Lines{"a.ini:2: workload.requests: the round trips of 100000 requests take some 116 "
                   "days, accepted: at most 100"}));
}

TEST_F(ScenarioTest, ALogBrokerHasSomethingToServe) {
  const std::string kind = "[workload]\nkind = log_broker\n";
  EXPECT_EQ(
      problems(kind + "[broker]\nlag = 0B\n"),
      (Lines{"a.ini:4: broker.lag: is 0B, so there is nothing to fetch, accepted: at least 1B, "
             "or producers (broker.batches)"}));
  EXPECT_EQ(
      problems(kind + "clients = 2\n[broker]\nlagging = 1\n"),
      (Lines{"a.ini:5: broker.lag: is all that will ever be there, and is behind clients that "
             "begin at its end, accepted: broker.lagging = all, or producers "
             "(broker.batches)"}));
  EXPECT_EQ(problems(kind + "[broker]\nlagging = 1\nlag = 0B\nbatches = 1\n"), Lines{});
  EXPECT_EQ(problems(kind + "[broker]\nfollowers = 2\n"),
            (Lines{"a.ini:4: broker.followers: 2 is more than there are clients, accepted: at most "
                   "workload.clients = 1"}));
  EXPECT_EQ(
      problems(kind + "[broker]\nlag = 1PB\nsegment = 4KiB\n"),
      (Lines{"a.ini:5: broker.segment: 4KiB cuts the logs into 244140625000 files, accepted: at "
             "most 1000000 of them"}));
  EXPECT_EQ(problems("[broker]\ncompress = true\n[workload]\ndata = bytes\n"),
            (Lines{"a.ini:2: broker.compress: makes other bytes than a consumer could check, "
                   "accepted: workload.data = tags"}));
  EXPECT_EQ(
      problems(kind + "[broker]\nbatches = 1\n[faults]\ndisk_error_rate = 0.1\n"),
      (Lines{"a.ini:6: faults.disk_error_rate: is about files that are only read, accepted: 0 "
             "with producers (broker.batches)"}));
  EXPECT_EQ(problems(kind + "[broker]\nbatches = 10\nbatch = 1B\nrate = 1000000000000\n"),
            (Lines{"a.ini:6: broker.rate: makes batches that are less than a nanosecond apart, "
                   "accepted: a lower rate"}));
}

TEST_F(ScenarioTest, AWebServerHasASiteOfItsOwn) {
  const std::string kind = "[workload]\nkind = web_server\n";
  EXPECT_EQ(
      problems(kind + "range = 4KiB\n"),
      (Lines{"a.ini:2: workload.kind: is web_server, accepted with it: workload.file = none, "
             "workload.range = whole_file, workload.hazard = none, workload.open = buffered"}));
  EXPECT_EQ(
      problems("[web]\nsmallest = 2MiB\n"),
      (Lines{"a.ini:2: web.smallest: 2MiB is more than the largest file has, accepted: at most "
             "web.largest = 1MiB"}));
  EXPECT_EQ(
      problems(kind + "clients = 2\nrequests = 6000000\n"),
      (Lines{"a.ini:4: workload.requests: 6000000 requests of each of 2 clients are too many, "
             "accepted: 10000000 in all with workload.kind = web_server"}));
}

TEST_F(ScenarioTest, ProgramsThatCopyFilesOrFillPipesDoNothingElse) {
  const std::string files = "path = copy_sendfile\n[workload]\nkind = file_copy\n";
  const std::string pipes = "path = pipe_write_read\n[workload]\nkind = pipe\n";
  const std::string rest =
      "workload.range = whole_file, workload.hazard = none, workload.open = buffered";
  EXPECT_EQ(problems(files + "requests = 2\n"),
            (Lines{"a.ini:3: workload.kind: is file_copy, accepted with it: "
                   "workload.requests = 1, " +
                   rest}));
  EXPECT_EQ(problems(pipes + "requests = 2\n"), Lines{});
  for (const char* const other : {"range = 4KiB\n", "hazard = overwrite\n"}) {
    EXPECT_EQ(problems(pipes + other),
              Lines{"a.ini:3: workload.kind: is pipe, accepted with it: " + rest});
  }
  EXPECT_EQ(problems(pipes + "file_size = 1GiB\n"), Lines{});
  EXPECT_EQ(problems(pipes + "file_size = 1025MiB\n"),
            Lines{"a.ini:4: workload.file_size: 1025MiB is more than a program's buffer holds, "
                  "accepted: at most 1GiB with workload.kind = pipe, sent as often as "
                  "workload.requests says"});
  EXPECT_EQ(problems(pipes + "busy_loop = true\n[cpu]\nsyscall = 1ns\n"), Lines{});
  EXPECT_EQ(problems(pipes + "busy_loop = true\n[cpu]\nsyscall = 0ns\n"),
            Lines{"a.ini:4: workload.busy_loop: asks again and again in no time, accepted: false, "
                  "or cpu.syscall of at least 1ns"});
}

}  // namespace
}  // namespace copypath
